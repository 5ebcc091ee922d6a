"""Formatting as one edit that replaces the fewest whole lines."""

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
    """The edit that formats a text; None if the text is formatted already or does not parse."""
    try:
        # Some editors send a file's byte order mark; like `raspc fmt`, the edit takes it away.
        formatted = format_source(Source("<editor>", text.removeprefix("\ufeff")))
    except RaspError:
        return None  # reported as diagnostics
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
    """The number of equal lines at the start of both."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
