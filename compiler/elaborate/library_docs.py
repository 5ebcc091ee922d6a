"""The documentation of the built-in names and the library, and the comments above a program's own definitions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from ... import rasp_grammar
from ...rasp_grammar import tree
from ...rasp_grammar.parser import parse
from ...rasp_grammar.span import Source, Span
from ...rasp_grammar.tree import Module

#: A comment on a line of its own.
_COMMENT = re.compile(r"[ \t]*#+ ?(.*?)\s*$")


@dataclass(frozen=True)
class Documented:
    """A name that every program has.  `span` is its definition in prelude.rasp; None for a built-in name."""

    name: str
    signature: str
    text: str
    is_function: bool
    span: Span | None = None


#: The names that `builtins` defines.
BUILTINS = {
    known.name: known
    for known in (
        Documented(
            "select",
            "select(keys, queries, comparison)",
            "A selector: each position (query) selects the positions (keys) where `key comparison query` holds.  The "
            "comparison is one of `==` `!=` `<` `<=` `>` `>=`; a plain value stands for itself at every position.",
            True,
        ),
        Documented(
            "aggregate",
            "aggregate(selector, values, default)",
            "For each position the value at the position that it selects; the mean where it selects several, and "
            "`default` where it selects none (0 for numbers, if left out).",
            True,
        ),
        Documented("selector_width", "selector_width(selector)", "How many positions each position selects.", True),
        Documented(
            "select_first",
            "select_first(selector)",
            "Of the positions that each position selects, the first; where it selects none, none.",
            True,
        ),
        Documented(
            "select_last",
            "select_last(selector)",
            "Of the positions that each position selects, the last; where it selects none, none.",
            True,
        ),
        Documented(
            "select_nearest",
            "select_nearest(selector)",
            "Of the positions that each position selects, the nearest to it; of two equally near, the earlier; where "
            "it selects none, none.",
            True,
        ),
        Documented("round", "round(x)", "The nearest whole number; a half goes to the even neighbour.", True),
        Documented("indicator", "indicator(x)", "1 where `x` is true, 0 elsewhere.", True),
        Documented("abs", "abs(x)", "The absolute value.", True),
        Documented(
            "range",
            "range(start, stop, step)",
            "The list of whole numbers from `start` (0 if left out) up to, but not including, `stop`.",
            True,
        ),
        Documented("zip", "zip(xs, ys)", "Pairs of items at equal places; the shortest list decides.", True),
        Documented("len", "len(xs)", "How many items a list or dict has, or characters a string.", True),
        Documented("draw", 'draw(x, "abc")', "Draws how `x` is computed, in the REPL; means nothing in a file.", True),
        Documented("tokens", "tokens", "The input's tokens, as the vocabulary declares them.", False),
        Documented("indices", "indices", "Each position's number, from 0.", False),
        Documented("tokens_str", "tokens_str", "The tokens as strings.", False),
        Documented("tokens_int", "tokens_int", "The tokens as whole numbers.", False),
        Documented("tokens_float", "tokens_float", "The tokens as numbers.", False),
        Documented("tokens_bool", "tokens_bool", "The tokens as truth values.", False),
    )
}


@cache
def library() -> dict[str, Documented]:
    """Every name that a program has without defining it.  Those of prelude.rasp have their comments as text."""
    module = prelude()
    found = dict(BUILTINS)
    for item in module.items:
        match item:
            case tree.Definition(name=name):
                found[name.name] = Documented(name.name, signature(item), comment_above(item.span), True, name.span)
            case tree.Assignment(names=(name,)):
                found[name.name] = Documented(name.name, item.span.text, comment_above(item.span), False, name.span)
    return found


@cache
def prelude() -> Module:
    """The syntax tree of prelude.rasp; its source is named by the path of the file."""
    with as_file(files(rasp_grammar) / "prelude.rasp") as path:
        return parse(Source(str(Path(path).resolve()), path.read_text(encoding="utf-8")))


def signature(definition: tree.Definition) -> str:
    """`f(x, y)`."""
    return f"{definition.name.name}({', '.join([parameter.name for parameter in definition.parameters])})"


def comment_above(span: Span) -> str:
    """The comment on the lines directly above a statement, without `#`; empty if there is none."""
    lines = span.source.text[: span.start].splitlines()
    # Text before the statement on its own line is not part of the comment.
    if span.start > 0 and span.source.text[span.start - 1] != "\n" and lines:
        if lines[-1].strip():
            return ""
        lines.pop()
    found: list[str] = []
    for line in reversed(lines):
        match = _COMMENT.match(line)
        if match is None:
            break
        found.append(match[1])
    return "\n".join(reversed(found)).strip()
