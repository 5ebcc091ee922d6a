"""The operators on everything that they can meet: plain values, lists, s-ops and selectors, in any mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...rasp_grammar.diagnostics import error, shortened
from ...rasp_grammar.span import Span
from ..graph.comparisons import COMPARISONS
from ..graph.graph import Selector, SOp
from ..graph.operations import MAX_BITS, apply
from ..graph.print_graph import literal
from ..graph.values import Scalar, Undefined, Value
from .scope import Builtin, Function, Object, is_scalar, kind

if TYPE_CHECKING:
    from .evaluate import Evaluator

#: The row of `ops.OPERATIONS` for each sign between two operands.
BINARY: dict[str, str] = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "//": "floordiv",
    "%": "mod",
    "^": "pow",
    **{rule.symbol: rule.operation for rule in COMPARISONS.values()},
    "and": "and",
    "or": "or",
}

UNARY = {"-": "neg", "+": "pos", "not": "not"}


def lift(evaluator: Evaluator, value: Object, span: Span, what: str) -> SOp:
    """An s-op as it is, a plain value as the same value at every position; `what` is the role, for the message."""
    if isinstance(value, SOp):
        return value
    if is_scalar(value):
        return evaluator.graph.constant(value, span)
    raise error("wrong-kind", f"{what} is {kind(value)}, not an s-op", span, _hint_for(value))


def _hint_for(value: Object) -> str:
    match value:
        case Selector():
            return "take something from it: `aggregate(selector, values)`, `selector_width(selector)`"
        case Function() | Builtin():
            return f"call it: `{value.name}(...)`"
        case _:
            return "use a number, a string, a boolean or an s-op"


def plain(evaluator: Evaluator, name: str, arguments: tuple[Scalar, ...], span: Span) -> Scalar:
    """An operation on plain values; where it cannot be computed, a diagnostic."""
    return defined(apply(name, arguments), span)


def defined(value: Value, span: Span) -> Scalar:
    if not isinstance(value, Undefined):
        return value
    reason = value.reason
    if reason == "division by zero":
        raise error("division-by-zero", reason, span, "choose another value there: `a / b if b != 0 else 0`")
    hint = f"numbers may have up to {MAX_BITS} bits" if "too large" in reason else "check the values that go in"
    if "string" in reason:
        hint = "a number in quotes is a string; `tokens_int` reads the tokens as numbers"
    raise error("cannot-compute", f"this cannot be computed: {reason}", span, hint)


def truth(value: Object, span: Span) -> bool:
    """Whether a plain value counts as true, as in Python."""
    if is_scalar(value) or isinstance(value, (tuple, dict)):
        return bool(value)
    raise error("wrong-kind", f"{kind(value)} is neither true nor false", span, _hint_for(value))


def unary(evaluator: Evaluator, sign: str, operand: Object, span: Span) -> Object:
    if isinstance(operand, SOp):
        return evaluator.graph.elementwise(UNARY[sign], (operand,), span)
    if sign == "not":
        if isinstance(operand, Selector):
            return evaluator.graph.selector_not(operand, span)
        return not truth(operand, span)
    if is_scalar(operand):
        return plain(evaluator, UNARY[sign], (operand,), span)
    raise error("wrong-kind", f"`{sign}` of {kind(operand)}", span, _hint_for(operand))


def binary(
    evaluator: Evaluator, sign: str, left: Object, right: Object, span: Span, spans: tuple[Span, Span]
) -> Object:
    """`spans` are the operands' own."""
    if isinstance(left, Selector) or isinstance(right, Selector):
        return _selectors(evaluator, sign, left, right, span)
    if isinstance(left, SOp) or isinstance(right, SOp):
        what = f"an operand of `{sign}`"
        inputs = (lift(evaluator, left, spans[0], what), lift(evaluator, right, spans[1], what))
        return evaluator.graph.elementwise(BINARY[sign], inputs, span)
    if sign in ("and", "or"):
        return right if truth(left, span) == (sign == "and") else left
    repeated = _repeated(evaluator, left, right, span) if sign == "*" else None
    if repeated is not None:
        return repeated
    if is_scalar(left) and is_scalar(right):
        if sign == "+" and isinstance(left, str) and isinstance(right, str):
            evaluator.budget.items(len(left) + len(right), "a string", span)
        return plain(evaluator, BINARY[sign], (left, right), span)
    if sign in ("==", "!="):
        return (left == right) == (sign == "==")
    if sign == "+" and isinstance(left, tuple) and isinstance(right, tuple):
        evaluator.budget.items(len(left) + len(right), "a list", span)
        return left + right
    raise error("wrong-kind", f"`{sign}` of {kind(left)} and {kind(right)}", span, "use numbers, strings or s-ops")


def _repeated(evaluator: Evaluator, left: Object, right: Object, span: Span) -> Object | None:
    """`"ab" * 3` and `[0] * 3`, as the reference has them from Python."""
    if isinstance(left, int):
        left, right = right, left
    if not isinstance(left, (str, tuple)) or not isinstance(right, int):
        return None
    evaluator.budget.items(len(left) * max(0, right), "a string" if isinstance(left, str) else "a list", span)
    return left * right


def _selectors(evaluator: Evaluator, sign: str, left: Object, right: Object, span: Span) -> Object:
    if sign not in ("and", "or"):
        hint = "selectors combine with `and`, `or`, `not`; count with `selector_width`, compare the counts"
        raise error("wrong-kind", f"`{sign}` of {kind(left)} and {kind(right)}", span, hint)
    graph = evaluator.graph
    if isinstance(left, Selector) and isinstance(right, Selector):
        return graph.selector_and(left, right, span) if sign == "and" else graph.selector_or(left, right, span)
    selector, other = (left, right) if isinstance(left, Selector) else (right, left)
    if not isinstance(other, bool):
        hint = "make a selector of it first: `select(keys, queries, ==)`"
        raise error("wrong-kind", f"`{sign}` of a selector and {kind(other)}", span, hint)
    if other == (sign == "and"):
        return selector
    # Nothing or everything: a selector whose comparison does not depend on the positions.
    same = graph.constant(1, span)
    return graph.select(same, same, "==" if other else "!=", span)


def where(evaluator: Evaluator, condition: SOp, then: Object, otherwise: Object, span: Span) -> SOp:
    """A ternary whose condition is an s-op chooses position by position."""
    for branch in (then, otherwise):
        if isinstance(branch, Selector):
            hint = (
                "choose before selecting: `select(a if c else b, ...)`; or join with `and` a selector of the condition"
            )
            message = "an s-op as condition chooses values position by position; it cannot choose a selector"
            raise error("selector-branch", message, span, hint)
    branches = [lift(evaluator, branch, span, "a branch of this ternary") for branch in (then, otherwise)]
    return evaluator.graph.elementwise("where", (condition, *branches), span)


def index(evaluator: Evaluator, target: Object, position: Object, span: Span) -> Object:
    """`target[position]`: lists, strings, dicts and s-ops, by plain values and by s-ops."""
    if isinstance(target, SOp):
        return _index_sop(evaluator, target, position, span)
    if not isinstance(target, (str, tuple, dict)):
        raise error("not-indexable", f"{kind(target)} has no items", span, "lists, strings, dicts and s-ops have items")
    if isinstance(position, SOp):
        return _index_table(evaluator, target, position, span)
    if not is_scalar(position):
        raise error("wrong-index", f"the index is {kind(position)}", span, "use a number, a key or an s-op")
    if isinstance(target, dict):
        if position not in target:
            keys = ", ".join([shortened(literal(key)) for key in list(target)[:8]])
            hint = f"the keys are {keys}{', ...' if len(target) > 8 else ''}" if target else "the dict is empty"
            raise error("missing-key", f"the dict has no key {shortened(literal(position))}", span, hint)
        return target[position]
    what = kind(target)
    if not isinstance(position, int):
        raise error(
            "wrong-index", f"{what} cannot be indexed by {shortened(literal(position))}", span, "use a whole number"
        )
    if not -len(target) <= position < len(target):
        hint = f"it has {len(target)} items, the first is 0" if len(target) > 0 else "it is empty"
        raise error("index-out-of-range", f"{what} has no item {position}", span, hint)
    return target[position]


def _index_sop(evaluator: Evaluator, target: SOp, position: Object, span: Span) -> SOp:
    """The value at one position for all; an s-op as index: at the position that each position names.

    A position counts from the end when it is negative; one that does not exist selects nothing."""
    graph = evaluator.graph
    indices = graph.indices(span)
    if isinstance(position, SOp):
        end = graph.elementwise("add", (evaluator.length(span), position), span)
        negative = graph.elementwise("lt", (position, graph.constant(0, span)), span)
        wanted: SOp = graph.elementwise("where", (negative, end, position), span)
    elif not isinstance(position, int):
        text = shortened(literal(position)) if is_scalar(position) else kind(position)
        raise error("wrong-index", f"an s-op cannot be indexed by {text}", span, "use a whole number or an s-op")
    elif position >= 0:
        wanted = graph.constant(int(position), span)
    else:
        wanted = graph.elementwise("sub", (evaluator.length(span), graph.constant(-position, span)), span)
    return graph.aggregate(graph.select(indices, wanted, "==", span), target, None, span)


def _index_table(
    evaluator: Evaluator, target: str | tuple[Object, ...] | dict[Scalar, Object], position: SOp, span: Span
) -> SOp:
    if isinstance(target, dict):
        what = "dict"
        pairs = list(target.items())
    else:
        what = "list index" if isinstance(target, tuple) else "string index"
        pairs = [(place, target[place]) for place in range(-len(target), len(target))]
    rows: list[tuple[tuple[Scalar, ...], Scalar]] = []
    for key, value in pairs:
        if not is_scalar(value):
            hint = "index by a plain number, or choose with ternaries"
            raise error("wrong-kind", f"an s-op as index needs plain values; here is {kind(value)}", span, hint)
        rows.append(((key,), value))
    evaluator.budget.spend(len(rows), span)
    return evaluator.graph.table((position,), rows, None, what, span)


def contains(evaluator: Evaluator, item: Object, container: Object, span: Span) -> Object:
    """`item in container`."""
    graph = evaluator.graph
    if isinstance(container, SOp):
        keys, queries = container, lift(evaluator, item, span, "the left side of `in`")
        # Some position holds it: what is selected are only Trues, so their mean is True.
        return graph.aggregate(graph.select(keys, queries, "==", span), graph.constant(True, span), False, span)
    if not isinstance(container, (str, tuple, dict)):
        hint = "`in` looks in lists, strings, dicts and s-ops"
        raise error("wrong-kind", f"`in` cannot look in {kind(container)}", span, hint)
    if isinstance(item, SOp):
        return _sop_in(evaluator, item, container, span)
    if isinstance(container, str):
        if not isinstance(item, str):
            raise error("wrong-kind", f"a string cannot contain {kind(item)}", span, "look in a list instead")
        return item in container
    if isinstance(container, dict):
        return is_scalar(item) and item in container
    evaluator.budget.spend(len(container), span)
    positionwise = [member for member in container if isinstance(member, SOp)]
    if any(not isinstance(member, SOp) and member == item for member in container):
        return True
    if not positionwise:
        return False
    return _any_equal(evaluator, lift(evaluator, item, span, "the left side of `in`"), positionwise, span)


def _sop_in(
    evaluator: Evaluator, item: SOp, container: str | tuple[Object, ...] | dict[Scalar, Object], span: Span
) -> SOp:
    """A table of what it contains; s-ops among the members are compared position by position."""
    members: list[Object] = []
    if isinstance(container, str):
        # As in Python, every part of a string is in it.
        evaluator.budget.items(len(container) * (len(container) + 1) // 2 + 1, "a table", span)
        places = range(len(container))
        members += dict.fromkeys(["", *[container[i : j + 1] for i in places for j in places[i:]]])
    else:
        members += container
    evaluator.budget.spend(len(members), span)
    rows: dict[Scalar, None] = {}
    positionwise: list[SOp] = []
    for member in members:
        if isinstance(member, SOp):
            positionwise.append(member)
        elif is_scalar(member):
            rows[member] = None
        else:
            hint = "the list may hold numbers, strings, booleans and s-ops"
            raise error("wrong-kind", f"an s-op is never {kind(member)}", span, hint)
    graph = evaluator.graph
    found: SOp = graph.table((item,), [((member,), True) for member in rows], False, "in", span)
    if not positionwise:
        return found
    equal = _any_equal(evaluator, item, positionwise, span)
    return graph.elementwise("or", (found, equal), span) if rows else equal


def _any_equal(evaluator: Evaluator, item: SOp, members: list[SOp], span: Span) -> SOp:
    graph = evaluator.graph
    result: SOp | None = None
    for member in members:
        equal = graph.elementwise("eq", (item, member), span)
        result = equal if result is None else graph.elementwise("or", (result, equal), span)
    assert result is not None
    return result
