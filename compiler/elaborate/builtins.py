"""The names that RASP has and cannot say in itself.  The rest of the library is prelude.rasp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import error
from ...rasp_grammar.span import Span
from ..graph.graph import Selector, SOp
from .operators import lift, plain
from .scope import Builtin, Deferred, Object, Scope, is_scalar, kind

if TYPE_CHECKING:
    from .evaluate import Evaluator


def _select(evaluator: Evaluator, arguments: Sequence[Object], call: tree.Call) -> Object:
    keys, queries, comparison = arguments
    if not isinstance(comparison, tree.Operator):
        shown = f"the string {comparison!r}" if isinstance(comparison, str) else kind(comparison)
        hint = "write one of `==` `!=` `<` `<=` `>` `>=`, without quotes"
        raise error("wrong-comparison", f"`select` compares by {shown}", _span(evaluator, call, 2), hint)
    inputs = [
        lift(evaluator, value, _span(evaluator, call, place), f"the {role} of `select`")
        for place, (role, value) in enumerate((("keys", keys), ("queries", queries)))
    ]
    return evaluator.graph.select(inputs[0], inputs[1], comparison.symbol, evaluator.at(call))


def _aggregate(evaluator: Evaluator, arguments: Sequence[Object], call: tree.Call) -> Object:
    selector = _selector(evaluator, arguments, call, "aggregate")
    values = lift(evaluator, arguments[1], _span(evaluator, call, 1), "the values of `aggregate`")
    default = arguments[2] if len(arguments) == 3 else None
    if default is not None and not is_scalar(default):
        hint = "use a number, a string or a boolean"
        message = f"the default of `aggregate` is {kind(default)}, not a plain value"
        raise error("wrong-default", message, _span(evaluator, call, 2), hint)
    return evaluator.graph.aggregate(selector, values, default, evaluator.at(call))


def _selector_width(evaluator: Evaluator, arguments: Sequence[Object], call: tree.Call) -> Object:
    return evaluator.graph.selector_width(_selector(evaluator, arguments, call, "selector_width"), evaluator.at(call))


def _selector(evaluator: Evaluator, arguments: Sequence[Object], call: tree.Call, function: str) -> Selector:
    selector = arguments[0]
    if not isinstance(selector, Selector):
        hint = f"write `{function}(select(keys, queries, ==), ...)`" if function == "aggregate" else None
        message = f"`{function}` needs a selector first; this is {kind(selector)}"
        raise error("wrong-kind", message, _span(evaluator, call, 0), hint or "write `select(keys, queries, ==)`")
    return selector


def _elementwise(name: str) -> Callable[[Evaluator, Sequence[Object], tree.Call], Object]:
    def run(evaluator: Evaluator, arguments: Sequence[Object], call: tree.Call) -> Object:
        (value,) = arguments
        if is_scalar(value):
            return plain(evaluator, name, (value,), evaluator.at(call))
        operand = lift(evaluator, value, _span(evaluator, call, 0), f"the argument of `{name}`")
        return evaluator.graph.elementwise(name, (operand,), evaluator.at(call))

    return run


def _range(evaluator: Evaluator, arguments: Sequence[Object], call: tree.Call) -> Object:
    numbers: list[int] = []
    for place, argument in enumerate(arguments):
        if not isinstance(argument, int):
            hint = "`length` is an s-op, known only with an input" if isinstance(argument, SOp) else None
            message = f"`range` takes whole numbers; this is {kind(argument)}"
            raise error("wrong-kind", message, _span(evaluator, call, place), hint or "write `range(10)`")
        numbers.append(argument)
    if len(numbers) == 3 and numbers[2] == 0:
        hint = "use a positive or negative step"
        raise error("wrong-kind", "the step of `range` is 0", _span(evaluator, call, 2), hint)
    items = range(*numbers)
    # Not len(items): it cannot count beyond the machine's word.
    count = max(0, -(-(items.stop - items.start) // items.step))
    evaluator.budget.items(count, "a list", evaluator.at(call))
    return tuple(items)


def _zip(evaluator: Evaluator, arguments: Sequence[Object], call: tree.Call) -> Object:
    columns = [evaluator.iterate(argument, _span(evaluator, call, place)) for place, argument in enumerate(arguments)]
    evaluator.budget.spend(sum(map(len, columns)), evaluator.at(call))
    # The shortest decides, as in the reference.
    return tuple(zip(*columns, strict=False))


def _len(evaluator: Evaluator, arguments: Sequence[Object], call: tree.Call) -> Object:
    (value,) = arguments
    if isinstance(value, (str, tuple, dict)):
        return len(value)
    hint = "the length of the input is `length`" if isinstance(value, SOp) else "lists, strings and dicts have one"
    raise error("wrong-kind", f"{kind(value)} has no `len`", evaluator.at(call), hint)


def _draw(evaluator: Evaluator, arguments: Sequence[Object], call: tree.Call) -> Object:
    """Drawing is the REPL's; in a file the statement means nothing."""
    if evaluator.on_draw is not None:
        evaluator.on_draw(arguments, call)
    return ()


_FUNCTIONS = (
    Builtin("select", "select(keys, queries, ==)", 3, 3, _select),
    Builtin("aggregate", "aggregate(selector, values, default)", 2, 3, _aggregate),
    Builtin("selector_width", "selector_width(selector)", 1, 1, _selector_width),
    Builtin("round", "round(x)", 1, 1, _elementwise("round")),
    Builtin("indicator", "indicator(x)", 1, 1, _elementwise("indicator")),
    Builtin("abs", "abs(x)", 1, 1, _elementwise("abs")),
    Builtin("range", "range(stop), range(start, stop) or range(start, stop, step)", 1, 3, _range),
    Builtin("zip", "zip(xs, ys)", 1, None, _zip),
    Builtin("len", "len(xs)", 1, 1, _len),
    Builtin("draw", 'draw(x, "abc")', 1, None, _draw),
)


def _tokens_as(operation: str) -> Deferred:
    def make(evaluator: Evaluator, span: Span) -> Object:
        return evaluator.graph.elementwise(operation, (evaluator.graph.tokens(span),), span)

    return Deferred(make)


def builtin_scope() -> Scope:
    """The outermost scope."""
    scope = Scope(None, is_file=True)
    for function in _FUNCTIONS:
        scope.names[function.name] = function
    scope.names["tokens"] = Deferred(lambda evaluator, span: evaluator.graph.tokens(span))
    scope.names["indices"] = Deferred(lambda evaluator, span: evaluator.graph.indices(span))
    for operation in ("str", "int", "float", "bool"):
        scope.names[f"tokens_{operation}"] = _tokens_as(operation)
    return scope


def _span(evaluator: Evaluator, call: tree.Call, place: int) -> Span:
    return evaluator.at(call.arguments[place])
