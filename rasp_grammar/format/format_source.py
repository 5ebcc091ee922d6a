"""Formats programs, for `raspc fmt` and for editors.

rules.py prints each construct; layout.py ends lines and places comments.  The formatter keeps every comment, the
author's spelling (quotes of strings, digits of numbers, parentheses), single blank lines between statements, and the
line ends of the first line.
"""

from __future__ import annotations

from ..diagnostics import Diagnostic, RaspError
from ..incremental_parser import IncrementalParser, tokenize
from ..parser import parse
from ..source_file import MAX_CHARACTERS
from ..span import Source
from ..tokens import Token
from ..tree import Module, Tree, same_trees
from .layout import Comment, lay_out, place_comments
from .rules import concrete, parts_of


def format_source(source: Source) -> str:
    """The text in the standard layout; formatting it again changes nothing.

    Raises RaspError if the text does not parse, or would be too long when it is formatted.  The result is parsed and
    compared: if it were another program, or lacked a comment, that would be our error and raises RuntimeError.
    """
    module = parse(source)
    parts = parts_of(_concrete_items(source))
    place_comments(parts, [Comment(comment.text.rstrip(), comment.start) for comment in module.comments], source.text)
    text = lay_out(parts)
    if len(text) > MAX_CHARACTERS:
        message = f"formatted, this text would be too long ({len(text):,} characters; at most {MAX_CHARACTERS:,})"
        raise RaspError(Diagnostic("text-too-long", message, None, "split it into several files"))
    if not same_program(module, parse(Source(source.name, text))):
        raise RuntimeError("the formatted text is another program")
    first_end = source.text.find("\n")
    return text.replace("\n", "\r\n") if source.text[:first_end].endswith("\r") and first_end > 0 else text


def _concrete_items(source: Source) -> list[Tree]:
    """The items of a text that is known to parse, with all their tokens."""
    tokens, _ = tokenize(source)
    parser = IncrementalParser(lambda rule, parts: concrete(source, rule, parts))
    for token in tokens:
        assert parser.feed(token)
    if not parser.accepts("$END"):  # the last statement may lack its `;`
        assert parser.feed(Token("SEMICOLON", "", tokens[-1].end, tokens[-1].end))
    return parser.finish()


def same_program(one: Module, other: Module) -> bool:
    """True if two modules have the same tree and the same comments in the same order; positions may differ."""
    comments = [[comment.text.rstrip() for comment in module.comments] for module in (one, other)]
    return comments[0] == comments[1] and same_trees(one.items, other.items)
