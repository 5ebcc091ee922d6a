"""The scope of the library, prelude.rasp, which is parsed once in a process."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from ... import rasp_grammar
from ...rasp_grammar import tree
from ...rasp_grammar.parser import parse
from ...rasp_grammar.span import Source
from .builtins import OnDraw, builtin_scope
from .scope import Function, LibraryValue, Scope


@cache
def _module() -> tree.Module:
    text = (files(rasp_grammar) / "prelude.rasp").read_text(encoding="utf-8")
    return parse(Source("prelude.rasp", text))


def prelude_scope(on_draw: OnDraw | None = None) -> Scope:
    """The scope of the library, below that of the built-in names.  Its values are evaluated where they are used."""
    scope = Scope(builtin_scope(on_draw), is_file=True)
    for item in _module().items:
        match item:
            case tree.Definition(name=name):
                scope.names[name.name] = Function(item, scope, name.name)
            case tree.Assignment(names=(name,), values=(value,)):
                scope.names[name.name] = LibraryValue(value, scope)
            case _:
                raise AssertionError(f"the prelude holds only definitions and assignments: {item.span}")
    return scope
