"""The words of a text, whether or not it parses: names, and the place that somebody types at."""

from __future__ import annotations

import re

from ...rasp_grammar.lark_grammar import keywords
from ...rasp_grammar.span import Source, Span

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_name(text: str) -> bool:
    """Whether a program could give this name."""
    return NAME.fullmatch(text) is not None and text not in keywords()


def line_before(text: str, offset: int) -> str:
    """The text of a line up to an offset in it."""
    return text[max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1 : offset]


def name_around(source: Source, offset: int) -> tuple[str, Span] | None:
    """The name that an offset touches; None in comments and strings, and for reserved words."""
    start = offset
    while start > 0 and NAME.fullmatch("_" + source.text[start - 1]) is not None:
        start -= 1
    match = NAME.match(source.text, start)
    if match is None or match.end() < offset or not is_name(match[0]) or in_quotes(line_before(source.text, start)):
        return None
    return match[0], Span(source, start, match.end())


def in_quotes(line: str) -> bool:
    """Whether the end of a line's beginning is inside a string or a comment.  Neither goes beyond its line."""
    quote = ""
    for character in line:
        if quote:
            quote = "" if character == quote else quote
        elif character == "#":
            return True
        elif character in "\"'":
            quote = character
    return quote != ""
