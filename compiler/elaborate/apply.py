"""Applies an s-op or selector to one input, as in `x("abc")`; the result is a plain list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...rasp_grammar.diagnostics import error
from ...rasp_grammar.span import Span
from ..graph.graph import Node, Selector, SOp
from ..graph.result_types import infer, present
from ..graph.values import Scalar, Undefined, is_scalar
from ..graph.walk import reachable
from ..interpret.interpreter import evaluate
from .scope import Object, kind
from .workspace import Workspace


def apply_to_input(workspace: Workspace, node: SOp | Selector, arguments: Sequence[Object], span: Span) -> Object:
    """The values, one for each position; for a selector a list of rows, each a list of booleans."""
    tokens = _tokens(arguments, span)
    workspace.budget.spend(work_on(reachable([node]), len(tokens)), span)
    result = evaluate([node], tokens)[node]
    if isinstance(node, Selector):
        rows: list[Object] = []
        for row in result:
            assert isinstance(row, list)
            rows.append(tuple([_defined(cell, span) for cell in row]))
        return tuple(rows)
    kinds = infer([node], tokens)[node]
    values: list[Object] = []
    for value in result:
        assert not isinstance(value, list)
        values.append(present(_defined(value, span), kinds))
    return tuple(values)


def work_on(nodes: Iterable[Node], length: int) -> int:
    """The number of values that the interpreter computes on an input; a selector has one for each pair of positions."""
    length = max(1, length)
    return sum([length**2 if isinstance(node, Selector) else length for node in nodes])


def _defined(value: Scalar | Undefined, span: Span) -> Scalar:
    if isinstance(value, Undefined):
        raise error("cannot-compute", f"this cannot be computed on the given input: {value.reason}", span)
    return value


def _tokens(arguments: Sequence[Object], span: Span) -> tuple[Scalar, ...]:
    hint = 'write `x("abc")` or `x([1, 2, 3])`'
    if len(arguments) != 1:
        raise error("argument-count", f"an s-op or selector is applied to one input, not {len(arguments)}", span, hint)
    (given,) = arguments
    if isinstance(given, str):
        return tuple(given)
    if not isinstance(given, (tuple, dict)):
        message = f"an s-op or selector is applied to a string or list; this is {kind(given)}"
        raise error("wrong-kind", message, span, hint)
    tokens: list[Scalar] = []
    for token in given:
        if not is_scalar(token):
            raise error("wrong-kind", f"{kind(token)} cannot be a token", span, hint)
        tokens.append(token)
    return tuple(tokens)
