"""Tokens, and the step between lexer and parser that ends the statements which end with their line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lark import Token as LarkToken

#: The terminals that begin a statement whose end may be the end of its line, as at the reference's prompt.
LINE_STATEMENTS = frozenset({"SET_VOCAB", "SET_MAX_LENGTH", "SET_EXAMPLE", "DIRECTIVE", "LOAD"})

#: Names that end the file, or the REPL's session, where nothing else has them.
END_WORDS = frozenset({"exit", "quit"})

OPENING_BRACKETS = frozenset({"LPAR", "LSQB", "LBRACE"})
CLOSING_BRACKETS = frozenset({"RPAR", "RSQB", "RBRACE"})


class Token(NamedTuple):
    """`kind` is a terminal of rasp.lark; the token is characters `start` to `end` of the text."""

    kind: str
    text: str
    start: int
    end: int


class LineStatementEnds:
    """Lark's post-lexer: replaces the ends of lines by the semicolons that they stand for.

    A line statement (`set vocab "abc"`) without `;` ends with its line if its brackets are closed there.  It gets an
    empty SEMICOLON behind its last token, so the grammar needs no ends of lines.  So does `exit` or `quit` on a line of
    its own.  Comments are passed on.
    """

    #: Terminals that no rule names; Lark's lexer must keep them.
    always_accept = ("COMMENT", "NEWLINE", "UNKNOWN")

    def process(self, stream: Iterator[LarkToken]) -> Iterator[LarkToken]:
        last: LarkToken | None = None
        starts_statement = True
        in_line_statement = False
        depth = 0
        for token in stream:
            kind = token.type
            if kind == "COMMENT":
                yield token
                continue
            if kind == "NEWLINE":
                # Behind `load` or `set vocab` the value may follow on the next line.
                if in_line_statement and depth <= 0 and last is not None and _may_end_with(last):
                    in_line_statement = False
                    yield _semicolon_after(last)
                elif starts_statement and last is not None and last in END_WORDS:
                    last = _semicolon_after(last)
                    yield last
                continue
            starts_statement = last is None or last.type in ("SEMICOLON", "RBRACE")
            if kind in LINE_STATEMENTS:
                in_line_statement, depth = True, 0
            elif kind == "SEMICOLON":
                in_line_statement = False
            elif kind in OPENING_BRACKETS:
                depth += 1
            elif kind in CLOSING_BRACKETS:
                depth -= 1
            last = token
            yield token
        if in_line_statement and last is not None:
            yield _semicolon_after(last)


def _may_end_with(token: LarkToken) -> bool:
    """Whether a line statement can be complete after this token."""
    return token.type == "DIRECTIVE" or token.type not in LINE_STATEMENTS


def _semicolon_after(token: LarkToken) -> LarkToken:
    from lark import Token as LarkToken  # takes 0.05 s, and only parsing needs it

    return LarkToken("SEMICOLON", "", start_pos=token.end_pos, end_pos=token.end_pos)
