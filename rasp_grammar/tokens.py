"""Text to tokens.  Nothing is an error here: what is no token becomes UNKNOWN, and the parser finds the words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from .span import Source, Span

#: Statements whose end may also be the end of the line, as the reference's REPL has it.
LINE_STATEMENTS = frozenset({"SET_VOCAB", "SET_MAX_LENGTH", "SET_EXAMPLE", "DIRECTIVE", "LOAD"})

_OPENING = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSING = frozenset({"RPAR", "RSQB", "RBRACE"})


class Token(NamedTuple):
    """`kind` is a terminal of rasp.lark; the characters `start` to `end` of the text."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(source: Source, lexer: re.Pattern[str], keywords: Mapping[str, str]) -> tuple[list[Token], list[Span]]:
    """The tokens, and the comments between them.

    A line statement (`set vocab "abc"`) without `;` gets an empty SEMICOLON token at the end of its line, brackets
    closed; so newlines mean nothing to the grammar.
    """
    tokens: list[Token] = []
    comments: list[Span] = []
    line_statement = False
    depth = 0
    for match in lexer.finditer(source.text):
        kind, text = match.lastgroup, match.group()
        assert kind is not None
        if kind == "NAME":
            kind = keywords.get(text, kind)
        if kind == "COMMENT":
            comments.append(Span(source, match.start(), match.end()))
        elif kind == "NEWLINE":
            if line_statement and depth <= 0 and tokens[-1].kind not in LINE_STATEMENTS - {"DIRECTIVE"}:
                tokens.append(Token("SEMICOLON", "", tokens[-1].end, tokens[-1].end))
                line_statement = False
        elif not kind.startswith("__IGNORE"):
            if kind in LINE_STATEMENTS:
                line_statement, depth = True, 0
            elif kind == "SEMICOLON":
                line_statement = False
            elif kind in _OPENING:
                depth += 1
            elif kind in _CLOSING:
                depth -= 1
            tokens.append(Token(kind, text, match.start(), match.end()))
    if line_statement and tokens[-1].kind != "SEMICOLON":
        tokens.append(Token("SEMICOLON", "", tokens[-1].end, tokens[-1].end))
    return tokens, comments
