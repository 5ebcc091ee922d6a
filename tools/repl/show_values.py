"""The values of s-ops and selectors on the running example."""

from __future__ import annotations

from ...compiler.elaborate.apply import work_on
from ...compiler.elaborate.scope import Builtin, Function, Object, kind
from ...compiler.graph.graph import Selector, SOp
from ...compiler.graph.print_graph import literal
from ...compiler.graph.result_types import infer, kinds_of, present
from ...compiler.graph.values import Scalar, Undefined, Value, is_scalar, normal
from ...compiler.graph.walk import reachable
from ...compiler.interpret.interpreter import evaluate
from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import error
from ...rasp_grammar.span import Span
from .results import (
    Applied,
    Example,
    FunctionShown,
    ListShown,
    PlainShown,
    SelectorMatrix,
    SelectorShown,
    Shown,
    SOpShown,
    SOpValues,
    TooLarge,
)

#: Values that may be computed to show something; a selector has one for each pair of positions.  A few seconds.
MAX_WORK = 5_000_000

#: Items of a list that are shown, where each takes a line of its own.
MAX_ITEMS = 20

#: The name of an expression that has none, as in the reference.
NAMELESS = "out"


def example_of(value: Object, span: Span) -> Example:
    """The example of a string, a list, or the keys of a dict.  Raises RaspError for anything else."""
    if isinstance(value, str):
        return Example(tuple(value), True)
    hint = 'write `set example "hello"` or `set example [3, 1, 2]`'
    if not isinstance(value, (tuple, dict)):
        raise error("wrong-kind", f"an example is a string or a list of tokens; this is {kind(value)}", span, hint)
    tokens: list[Scalar] = []
    for token in value:
        if not is_scalar(token):
            raise error("wrong-kind", f"{kind(token)} cannot be a token", span, hint)
        tokens.append(normal(token))
    return Example(tuple(tokens), False)


def values_of(node: SOp, example: Example) -> SOpValues | TooLarge:
    """The s-op's value at each position of the example, exactly."""
    refused = _too_large(node, example)
    if refused is not None:
        return refused
    column = evaluate([node], example.tokens)[node]
    kinds = infer([node], example.tokens)[node]
    values: list[Value] = []
    for value in column:
        assert not isinstance(value, list)
        # Among numbers, a boolean is shown as what it is, as in the reference.
        mixed = isinstance(value, bool) and {"bool", "number"} <= kinds
        values.append(value if isinstance(value, Undefined) or mixed else present(value, kinds))
    return SOpValues(example, tuple(values), kinds)


def matrix_of(node: Selector, example: Example) -> SelectorMatrix | TooLarge:
    """The selector on the example."""
    refused = _too_large(node, example)
    if refused is not None:
        return refused
    rows: list[tuple[bool | Undefined, ...]] = []
    for row in evaluate([node], example.tokens)[node]:
        assert isinstance(row, list)
        rows.append(tuple(row))
    return SelectorMatrix(example, tuple(rows))


def applied(function: SOp | Selector, argument: Object, result: Object, span: Span) -> Applied:
    """The outcome of `function(argument)`, whose value is `result`."""
    example = example_of(argument, span)
    assert isinstance(result, tuple)
    if isinstance(function, Selector):
        return Applied(SelectorMatrix(example, tuple([_truths(row) for row in result])))
    values = tuple([value for value in result if is_scalar(value)])
    return Applied(SOpValues(example, values, kinds_of(values)))


def _truths(row: Object) -> tuple[bool, ...]:
    assert isinstance(row, tuple)
    return tuple([bool(cell) for cell in row])


def show(name: str, value: Object, sop_example: Example | None, selector_example: Example | None) -> Shown:
    """The outcome of an expression with this value.  None for an example: examples of this kind are off."""
    match value:
        case SOp():
            return SOpShown(name, None if sop_example is None else values_of(value, sop_example))
        case Selector():
            return SelectorShown(name, None if selector_example is None else matrix_of(value, selector_example))
        case Function():
            return FunctionShown(signature(value))
        case Builtin(usage=usage):
            return FunctionShown(usage)
        case tuple() | dict() if _is_plain(value):
            return PlainShown(value)
        case tuple():
            pairs: list[tuple[str, Object]] = [(str(place), item) for place, item in enumerate(value)]
        case dict():
            pairs = [(literal(key), item) for key, item in value.items()]
        case _:
            return PlainShown(value)
    items = [
        (place, show(f"{name}[{place}]", item, sop_example, selector_example)) for place, item in pairs[:MAX_ITEMS]
    ]
    return ListShown("dict" if isinstance(value, dict) else "list", tuple(items), len(pairs) - len(items))


def signature(function: Function) -> str:
    """`f(x, y)`."""
    return f"{function.name}({', '.join([parameter.name for parameter in function.definition.parameters])})"


def _is_plain(value: Object) -> bool:
    stack: list[Object] = [value]
    while stack:
        top = stack.pop()
        if isinstance(top, tuple):
            stack += top
        elif isinstance(top, dict):
            stack += top.values()
        elif not is_scalar(top) and not isinstance(top, tree.Operator):
            return False
    return True


def _too_large(node: SOp | Selector, example: Example) -> TooLarge | None:
    length: int = len(example.tokens)
    nodes = reachable([node])
    if work_on(nodes, length) <= MAX_WORK:
        return None
    return TooLarge(f"{length:,} tokens are too many for {len(nodes):,} operations; set a shorter example")


def kind_of(value: Object) -> str:
    """The kind of a value in a word or two; the signature of a function."""
    match value:
        case Function():
            return signature(value)
        case Builtin(usage=usage):
            return usage
        case _:
            return kind(value).removeprefix("a ").removeprefix("an ")
