"""Names in a text that need not parse, and the line up to a cursor."""

from __future__ import annotations

import re

from .lark_grammar import keywords
from .span import Source, Span

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_name(text: str) -> bool:
    """True if a program can define this name."""
    return NAME.fullmatch(text) is not None and text not in keywords()


def line_before(text: str, offset: int) -> str:
    """The text from the start of a line to an offset in it."""
    return text[max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1 : offset]


def name_around(source: Source, offset: int) -> tuple[str, Span] | None:
    """The name at an offset, its end included; None in comments and strings, and for reserved words."""
    start = offset
    while start > 0 and NAME.fullmatch("_" + source.text[start - 1]) is not None:
        start -= 1
    match = NAME.match(source.text, start)
    if match is None or match.end() < offset or not is_name(match[0]) or in_quotes(line_before(source.text, start)):
        return None
    return match[0], Span(source, start, match.end())


def in_quotes(line: str) -> bool:
    """True if a line, cut off at the cursor, ends inside a string or a comment.  Neither spans lines."""
    quote = ""
    for character in line:
        if quote:
            quote = "" if character == quote else quote
        elif character == "#":
            return True
        elif character in "\"'":
            quote = character
    return quote != ""
