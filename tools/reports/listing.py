"""The program's text cut into pieces for the page: lines, what each line became, and what can be clicked in it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...rasp_grammar.span import Source
from .cross_links import Links, Region

#: Classes of words, by the first pattern that fits.
_WORDS = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<string>"[^"\n]*"|'[^'\n]*')
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<keyword>\b(?:set|vocab|max_length|example|load|def|return|for|in|if|else|and|or|not|True|False)\b)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Piece:
    """Some characters of a line.  `regions`: the linked expressions around them.  `key`: what a click selects."""

    text: str
    style: str
    regions: tuple[str, ...]
    key: str | None


@dataclass(frozen=True)
class Line:
    """A line of a file.  `keys`: the expressions that it adds, whose parts are its own."""

    number: int
    pieces: tuple[Piece, ...]
    keys: tuple[str, ...]
    unused: bool


@dataclass(frozen=True)
class Listing:
    """One file of the program."""

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
    cuts = {0, len(source.text)}
    for start, end, _ in styles:
        cuts |= {start, end}
    for region in linked:
        cuts |= {region.start, region.end, *(region.handle or ())}
    for place in source.line_starts:
        cuts.add(place)
    ordered = sorted(cuts)
    pieces: dict[int, list[Piece]] = {}
    for start, end in itertools.pairwise(ordered):
        text = source.text[start:end].rstrip("\r\n")
        if text == "":
            continue
        around = tuple(region.key for region in linked if region.start <= start and end <= region.end)
        style = next((name for first, last, name in styles if first <= start and end <= last), "")
        line = source.position(start)[0]
        pieces.setdefault(line, []).append(Piece(text, style, around, handles.get((start, start + len(text)))))
    count = len(source.line_starts) - source.text.endswith("\n")  # the last line end begins no line
    for offset in range(count):
        number = source.first_line + offset
        here = [region for region in regions if source.position(region.start)[0] == number]
        own = _own(source, [region for region in here if links.linked(region.key)])
        named = [region for region in here if not region.atom]
        unused = len(named) > 0 and not any(links.linked(region.key) for region in here)
        yield Line(number, tuple(pieces.get(number, ())), tuple(region.key for region in own), unused)


def _own(source: Source, regions: list[Region]) -> list[Region]:
    """The expressions that a line is about: operations, and names only where nothing else stands there."""
    operations = [region for region in regions if not region.atom]
    if operations:
        return operations
    return [region for region in regions if source.text[region.end :].lstrip()[:1] in (";", "")]
