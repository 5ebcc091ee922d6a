"""The outline of a text: the files that it loads and the names that it defines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ...compiler.elaborate.library_docs import signature
from ...rasp_grammar import tree
from ...rasp_grammar.span import Span

#: Levels of nested functions in the outline; editors fail on deeper ones.
_LEVELS = 30

SymbolKind = Literal["function", "value", "file"]


@dataclass(frozen=True)
class Symbol:
    """An entry of the outline.  `span`: the whole statement; `name_span`: the part that an editor jumps to."""

    name: str
    kind: SymbolKind
    detail: str
    span: Span
    name_span: Span
    children: tuple[Symbol, ...] = ()


def symbols(module: tree.Module) -> tuple[Symbol, ...]:
    """The definitions of a module, those inside functions below them, in the order of the text."""
    return tuple(_of(module.items))


def _of(statements: Sequence[tree.Item], levels: int = _LEVELS) -> Iterator[Symbol]:
    for statement in statements:
        match statement:
            case tree.Definition(name=name, body=body):
                inner = tuple(_of(body, levels - 1)) if levels > 1 else ()
                yield Symbol(name.name, "function", signature(statement), statement.span, name.span, inner)
            case tree.Assignment(names=names):
                for name in names:
                    yield Symbol(name.name, "value", "", statement.span, name.span)
            case tree.Loop(body=body):
                yield from _of(body, levels)
            case tree.Load(path=path):
                yield Symbol(path.value or "load", "file", "load", statement.span, path.span)
            case _:
                pass
