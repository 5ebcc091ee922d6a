"""The outline of a text: what it loads and defines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..rasp_grammar import tree
from ..rasp_grammar.span import Span
from .documentation import signature

SymbolKind = Literal["function", "value", "file"]


@dataclass(frozen=True)
class Symbol:
    """`span` is the whole statement, `name_span` the part to go to."""

    name: str
    kind: SymbolKind
    detail: str
    span: Span
    name_span: Span
    children: tuple[Symbol, ...] = ()


def symbols(module: tree.Module) -> tuple[Symbol, ...]:
    """The definitions of a module, those inside functions below them, in the order of the text."""
    return tuple(_of(module.items))


def _of(statements: Sequence[tree.Item]) -> Iterator[Symbol]:
    for statement in statements:
        match statement:
            case tree.Definition(name=name, body=body):
                yield Symbol(name.name, "function", signature(statement), statement.span, name.span, tuple(_of(body)))
            case tree.Assignment(names=names):
                for name in names:
                    yield Symbol(name.name, "value", "", statement.span, name.span)
            case tree.Loop(body=body):
                yield from _of(body)
            case tree.Load(path=path):
                yield Symbol(path.value or "load", "file", "load", statement.span, path.span)
            case _:
                pass
