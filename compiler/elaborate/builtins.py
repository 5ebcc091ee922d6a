"""The built-in functions and s-ops: those that RASP cannot define.  The rest of the library is in prelude.rasp."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import error
from ...rasp_grammar.span import Span
from ..graph.graph import Graph, Selector, SOp, Which
from ..graph.values import is_scalar
from .operators import items_of, lift, plain
from .scope import Builtin, BuiltinSOp, Object, Scope, kind
from .workspace import Workspace

#: Called for each `draw(x, ...)` with its arguments and the call.
OnDraw = Callable[[Sequence[Object], tree.Call], None]


def _select(workspace: Workspace, arguments: Sequence[Object], call: tree.Call) -> Object:
    keys, queries, comparison = arguments
    if not isinstance(comparison, tree.Operator):
        shown = f"the string {comparison!r}" if isinstance(comparison, str) else kind(comparison)
        hint = "write one of `==` `!=` `<` `<=` `>` `>=`, without quotes"
        raise error("wrong-comparison", f"`select` compares by {shown}", _span(workspace, call, 2), hint)
    inputs = [
        lift(workspace, value, _span(workspace, call, place), f"the {role} of `select`")
        for place, (role, value) in enumerate((("keys", keys), ("queries", queries)))
    ]
    return workspace.graph.select(inputs[0], inputs[1], comparison.symbol, workspace.at(call))


def _aggregate(workspace: Workspace, arguments: Sequence[Object], call: tree.Call) -> Object:
    selector = _selector(workspace, arguments, call, "aggregate")
    values = lift(workspace, arguments[1], _span(workspace, call, 1), "the values of `aggregate`")
    default = arguments[2] if len(arguments) == 3 else None
    if default is not None and not is_scalar(default):
        hint = "use a number, a string or a boolean"
        message = f"the default of `aggregate` is {kind(default)}, not a plain value"
        raise error("wrong-default", message, _span(workspace, call, 2), hint)
    return workspace.graph.aggregate(selector, values, default, workspace.at(call))


def _selector_width(workspace: Workspace, arguments: Sequence[Object], call: tree.Call) -> Object:
    return workspace.graph.selector_width(_selector(workspace, arguments, call, "selector_width"), workspace.at(call))


def _pick(which: Which) -> Builtin:
    name = f"select_{which}"

    def run(workspace: Workspace, arguments: Sequence[Object], call: tree.Call) -> Object:
        selector = _selector(workspace, arguments, call, name)
        return workspace.graph.selector_pick(selector, which, workspace.at(call))

    return Builtin(name, f"{name}(selector)", 1, 1, run)


def _selector(workspace: Workspace, arguments: Sequence[Object], call: tree.Call, function: str) -> Selector:
    selector = arguments[0]
    if not isinstance(selector, Selector):
        hint = f"write `{function}(select(keys, queries, ==), ...)`" if function == "aggregate" else None
        message = f"`{function}` needs a selector first; this is {kind(selector)}"
        raise error("wrong-kind", message, _span(workspace, call, 0), hint or "write `select(keys, queries, ==)`")
    return selector


def _elementwise(name: str) -> Callable[[Workspace, Sequence[Object], tree.Call], Object]:
    def run(workspace: Workspace, arguments: Sequence[Object], call: tree.Call) -> Object:
        (value,) = arguments
        if is_scalar(value):
            return plain(name, (value,), workspace.at(call))
        operand = lift(workspace, value, _span(workspace, call, 0), f"the argument of `{name}`")
        return workspace.graph.elementwise(name, (operand,), workspace.at(call))

    return run


def _range(workspace: Workspace, arguments: Sequence[Object], call: tree.Call) -> Object:
    numbers: list[int] = []
    for place, argument in enumerate(arguments):
        if not isinstance(argument, int):
            hint = "`length` is an s-op, known only with an input" if isinstance(argument, SOp) else None
            message = f"`range` takes whole numbers; this is {kind(argument)}"
            raise error("wrong-kind", message, _span(workspace, call, place), hint or "write `range(10)`")
        numbers.append(argument)
    if len(numbers) == 3 and numbers[2] == 0:
        hint = "use a positive or negative step"
        raise error("wrong-kind", "the step of `range` is 0", _span(workspace, call, 2), hint)
    items = range(*numbers)
    # Not len(items), which raises OverflowError beyond the machine's word.
    count = max(0, -(-(items.stop - items.start) // items.step))
    workspace.budget.items(count, "a list", workspace.at(call))
    return tuple(items)


def _zip(workspace: Workspace, arguments: Sequence[Object], call: tree.Call) -> Object:
    columns = [items_of(argument, _span(workspace, call, place)) for place, argument in enumerate(arguments)]
    workspace.budget.spend(sum(map(len, columns)), workspace.at(call))
    # As many tuples as the shortest list has items, as in the reference implementation.
    return tuple(zip(*columns, strict=False))


def _len(workspace: Workspace, arguments: Sequence[Object], call: tree.Call) -> Object:
    (value,) = arguments
    if isinstance(value, (str, tuple, dict)):
        return len(value)
    hint = "the length of the input is `length`" if isinstance(value, SOp) else "lists, strings and dicts have one"
    raise error("wrong-kind", f"{kind(value)} has no `len`", workspace.at(call), hint)


def _draw(on_draw: OnDraw | None) -> Builtin:
    """The REPL draws; in a file the statement has no effect."""

    def run(workspace: Workspace, arguments: Sequence[Object], call: tree.Call) -> Object:
        if on_draw is not None:
            on_draw(arguments, call)
        return ()

    return Builtin("draw", 'draw(x, "abc")', 1, None, run)


_FUNCTIONS = (
    Builtin("select", "select(keys, queries, ==)", 3, 3, _select),
    Builtin("aggregate", "aggregate(selector, values, default)", 2, 3, _aggregate),
    Builtin("selector_width", "selector_width(selector)", 1, 1, _selector_width),
    _pick("first"),
    _pick("last"),
    _pick("nearest"),
    Builtin("round", "round(x)", 1, 1, _elementwise("round")),
    Builtin("indicator", "indicator(x)", 1, 1, _elementwise("indicator")),
    Builtin("abs", "abs(x)", 1, 1, _elementwise("abs")),
    Builtin("range", "range(stop), range(start, stop) or range(start, stop, step)", 1, 3, _range),
    Builtin("zip", "zip(xs, ys)", 1, None, _zip),
    Builtin("len", "len(xs)", 1, 1, _len),
)


def _tokens_as(operation: str) -> BuiltinSOp:
    return BuiltinSOp(lambda graph, span: graph.elementwise(operation, (graph.tokens(span),), span))


def builtin_scope(on_draw: OnDraw | None = None) -> Scope:
    """The outermost scope: the built-in names."""
    scope = Scope(None, is_file=True)
    for function in (*_FUNCTIONS, _draw(on_draw)):
        scope.names[function.name] = function
    scope.names["tokens"] = BuiltinSOp(Graph.tokens)
    scope.names["indices"] = BuiltinSOp(Graph.indices)
    for operation in ("str", "int", "float", "bool"):
        scope.names[f"tokens_{operation}"] = _tokens_as(operation)
    return scope


def _span(workspace: Workspace, call: tree.Call, place: int) -> Span:
    return workspace.at(call.arguments[place])
