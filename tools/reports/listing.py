"""The program's text for the page: lines, and in each line the texts that can be clicked."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...rasp_grammar.span import Source
from .cross_links import Links, Region

#: CSS classes of words; the first pattern that matches decides.
_WORDS = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<string>"[^"\n]*"|'[^'\n]*')
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<keyword>\b(?:set|vocab|max_length|example|load|def|return|for|in|if|else|and|or|not|True|False)\b)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class TextRun:
    """Adjacent characters of a line.

    regions: the linked expressions around them.  key: the one that a click selects.
    """

    text: str
    style: str
    regions: tuple[str, ...]
    key: str | None


@dataclass(frozen=True)
class Line:
    """A line of a file.

    keys: the expressions that it is about.  unused: the output needs none of its expressions.
    """

    number: int
    runs: tuple[TextRun, ...]
    keys: tuple[str, ...]
    unused: bool


@dataclass(frozen=True)
class Listing:
    """A file of the program."""

    name: str
    lines: tuple[Line, ...]


def listings(sources: Sequence[Source], links: Links) -> Iterator[Listing]:
    """Each file of the program, the main one first."""
    for number, source in enumerate(sources):
        regions = [region for region in links.regions if region.file == number]
        yield Listing(source.name, tuple(_lines(source, regions, links)))


def _lines(source: Source, regions: list[Region], links: Links) -> Iterator[Line]:
    linked = [region for region in regions if links.linked(region.key)]
    styles = [(match.start(), match.end(), match.lastgroup or "") for match in _WORDS.finditer(source.text)]
    handles = {region.handle: region.key for region in linked if region.handle is not None}
    borders = {0, len(source.text)}
    for start, end, _ in styles:
        borders |= {start, end}
    for region in linked:
        borders |= {region.start, region.end, *(region.handle or ())}
    for place in source.line_starts:
        borders.add(place)
    ordered = sorted(borders)
    runs: dict[int, list[TextRun]] = {}
    for start, end in itertools.pairwise(ordered):
        text = source.text[start:end].rstrip("\r\n")
        if text == "":
            continue
        around = tuple(region.key for region in linked if region.start <= start and end <= region.end)
        style = next((name for first, last, name in styles if first <= start and end <= last), "")
        line = source.position(start)[0]
        runs.setdefault(line, []).append(TextRun(text, style, around, handles.get((start, start + len(text)))))
    count = len(source.line_starts) - source.text.endswith("\n")  # the last line end begins no line
    for offset in range(count):
        number = source.first_line + offset
        here = [region for region in regions if source.position(region.start)[0] == number]
        own = _own(source, [region for region in here if links.linked(region.key)])
        named = [region for region in here if not region.atom]
        unused = len(named) > 0 and not any(links.linked(region.key) for region in here)
        yield Line(number, tuple(runs.get(number, ())), tuple(region.key for region in own), unused)


def _own(source: Source, regions: list[Region]) -> list[Region]:
    """The expressions of a line: its operations, or its names if it has no operation."""
    operations = [region for region in regions if not region.atom]
    if operations:
        return operations
    return [region for region in regions if source.text[region.end :].lstrip()[:1] in (";", "")]
