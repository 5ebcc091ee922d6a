"""A text in the one style, as the smallest edit of whole lines that makes it so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from ...rasp_grammar.diagnostics import RaspError
from ...rasp_grammar.format.format_source import format_source
from ...rasp_grammar.span import Source


@dataclass(frozen=True)
class Edit:
    """`text` in place of the characters `start` to `end`."""

    start: int
    end: int
    text: str


def formatting(text: str) -> Edit | None:
    """The edit that formats a text; None when there is nothing to do, or the text does not parse."""
    try:
        # Some editors send a file's byte order mark; like `raspc fmt`, the edit takes it away.
        formatted = format_source(Source("<editor>", text.removeprefix("\ufeff")))
    except RaspError:
        return None  # the diagnostics say why
    if formatted == text:
        return None
    before, after = text.splitlines(keepends=True), formatted.splitlines(keepends=True)
    same = _alike(before, after)
    before, after = before[same:], after[same:]
    ending = _alike(reversed(before), reversed(after))
    start = sum(map(len, text.splitlines(keepends=True)[:same]))
    end = len(text) - sum(map(len, before[len(before) - ending :]))
    return Edit(start, end, "".join(after[: len(after) - ending]))


def _alike(first: Iterable[str], second: Iterable[str]) -> int:
    """With how many equal lines both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
