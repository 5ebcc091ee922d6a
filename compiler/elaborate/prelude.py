"""The library: prelude.rasp, parsed once in a process."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from ... import rasp_grammar
from ...rasp_grammar import tree
from ...rasp_grammar.parser import parse
from ...rasp_grammar.span import Source, Span
from .builtins import builtin_scope
from .evaluate import Evaluator
from .scope import Deferred, Function, Object, Scope


@cache
def _module() -> tree.Module:
    text = (files(rasp_grammar) / "prelude.rasp").read_text(encoding="utf-8")
    return parse(Source("prelude.rasp", text))


def prelude_scope() -> Scope:
    """The scope of the library, above the built-in names.  Its values are made at their first use."""
    scope = Scope(builtin_scope(), is_file=True)
    for item in _module().items:
        match item:
            case tree.Definition(name=name):
                scope.names[name.name] = Function(item, scope, name.name)
            case tree.Assignment(names=(name,), values=(value,)):
                scope.names[name.name] = _deferred(value, scope)
            case _:
                raise AssertionError(f"the prelude holds only definitions and assignments: {item.span}")
    return scope


def _deferred(value: tree.Expression, scope: Scope) -> Deferred:
    def make(evaluator: Evaluator, span: Span) -> Object:
        return evaluator.evaluate_at(value, scope, span)

    return Deferred(make)
