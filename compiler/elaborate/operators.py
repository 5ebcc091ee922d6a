"""The operators, `in`, indexing and ternaries on plain values, lists, dicts, s-ops and selectors, in any mix."""

from __future__ import annotations

from collections.abc import Sequence

from ...rasp_grammar.diagnostics import error, shortened
from ...rasp_grammar.span import Span
from ..graph.comparisons import COMPARISON_OPERATIONS
from ..graph.graph import Selector, SOp
from ..graph.operations import MAX_BITS, OPERATIONS, apply
from ..graph.print_graph import literal
from ..graph.values import Scalar, Undefined, Value, is_scalar
from .scope import Builtin, ChosenLists, Function, Object, kind
from .workspace import Workspace

#: The row of `operations.OPERATIONS` for each sign between two operands.
BINARY = {operation.symbol: operation.name for operation in OPERATIONS.values() if operation.arity == 2}

UNARY = {"-": "neg", "+": "pos", "not": "not"}


def lift(workspace: Workspace, value: Object, span: Span, what: str) -> SOp:
    """The value as an s-op; a plain value becomes a constant.  Raises RaspError, with `what` as the value's role."""
    if isinstance(value, SOp):
        return value
    if is_scalar(value):
        return workspace.graph.constant(value, span)
    raise error("wrong-kind", f"{what} is {kind(value)}, not an s-op", span, _hint_for(value))


def _hint_for(value: Object) -> str:
    match value:
        case Selector():
            return "take something from it: `aggregate(selector, values)`, `selector_width(selector)`"
        case ChosenLists():
            return "index it once more: `[[1, 2], [3, 4]][a][b]`"
        case Function() | Builtin():
            return f"call it: `{value.name}(...)`"
        case _:
            return "use a number, a string, a boolean or an s-op"


def plain(name: str, arguments: tuple[Scalar, ...], span: Span) -> Scalar:
    """The result of an operation on plain values.  Raises RaspError if it is undefined."""
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
    """True if a plain value counts as true, as in Python.  Raises RaspError for s-ops and selectors."""
    if is_scalar(value) or isinstance(value, (tuple, dict)):
        return bool(value)
    if isinstance(value, (Function, Builtin)):
        return True
    raise error("wrong-kind", f"{kind(value)} is neither true nor false", span, _hint_for(value))


def unary(workspace: Workspace, sign: str, operand: Object, span: Span) -> Object:
    if isinstance(operand, SOp):
        return workspace.graph.elementwise(UNARY[sign], (operand,), span)
    if sign == "not":
        if isinstance(operand, Selector):
            return workspace.graph.selector_not(operand, span)
        return not truth(operand, span)
    if is_scalar(operand):
        return plain(UNARY[sign], (operand,), span)
    raise error("wrong-kind", f"`{sign}` of {kind(operand)}", span, _hint_for(operand))


def binary(
    workspace: Workspace, sign: str, left: Object, right: Object, span: Span, spans: tuple[Span, Span]
) -> Object:
    """`left sign right`; `spans` are those of the operands."""
    if isinstance(left, Selector) or isinstance(right, Selector):
        return _selectors(workspace, sign, left, right, span)
    if isinstance(left, SOp) or isinstance(right, SOp):
        if sign in ("==", "!=") and not all(isinstance(one, SOp) or is_scalar(one) for one in (left, right)):
            # The values of an s-op are numbers, booleans and strings: no list, dict or function.
            return workspace.graph.constant(sign == "!=", span)
        what = f"an operand of `{sign}`"
        inputs = (lift(workspace, left, spans[0], what), lift(workspace, right, spans[1], what))
        return workspace.graph.elementwise(BINARY[sign], inputs, span)
    if sign in ("and", "or"):
        return right if truth(left, span) == (sign == "and") else left
    joined = _joined(workspace, left, right, span) if sign == "+" else None
    if sign == "*":
        joined = _repeated(workspace, left, right, span)
    if joined is not None:
        return joined
    if is_scalar(left) and is_scalar(right):
        return plain(BINARY[sign], (left, right), span)
    if sign in ("==", "!="):
        return (left == right) == (sign == "==")
    if isinstance(left, tuple) and isinstance(right, tuple) and BINARY[sign] in COMPARISON_OPERATIONS:
        return _lists_compared(workspace, sign, left, right, span)
    chosen = next((one for one in (left, right) if isinstance(one, ChosenLists)), None)
    hint = "use numbers, strings or s-ops" if chosen is None else _hint_for(chosen)
    raise error("wrong-kind", f"`{sign}` of {kind(left)} and {kind(right)}", span, hint)


def _joined(workspace: Workspace, left: Object, right: Object, span: Span) -> Object | None:
    """Two strings or two lists in a row; None for anything else."""
    if isinstance(left, str) and isinstance(right, str):
        workspace.budget.joined(len(left), len(right), "a string", span)
        return left + right
    if isinstance(left, tuple) and isinstance(right, tuple):
        workspace.budget.joined(len(left), len(right), "a list", span)
        return left + right
    return None


def _lists_compared(
    workspace: Workspace, sign: str, left: tuple[Object, ...], right: tuple[Object, ...], span: Span
) -> bool:
    """As in Python: the first items that differ decide; where one list ends first, it is the smaller."""
    for first, second in zip(left, right, strict=False):
        workspace.budget.spend(1, span)
        if isinstance(first, SOp) or isinstance(second, SOp):
            if first is second:
                continue
        elif first == second:
            continue
        result = binary(workspace, sign, first, second, span, (span, span))
        return truth(result, span)
    return bool(COMPARISON_OPERATIONS[BINARY[sign]].compare(len(left), len(right)))


def _repeated(workspace: Workspace, left: Object, right: Object, span: Span) -> Object | None:
    """`"ab" * 3` and `[0] * 3`, as in Python and in the reference implementation; None for anything else."""
    if isinstance(left, int):
        left, right = right, left
    if not isinstance(left, (str, tuple)) or not isinstance(right, int):
        return None
    size = len(left) * max(0, right)
    workspace.budget.items(size, "a string" if isinstance(left, str) else "a list", span)
    return left * (right if size else 0)  # Python refuses a number beyond the machine's word, even of ""


def _selectors(workspace: Workspace, sign: str, left: Object, right: Object, span: Span) -> Object:
    if sign not in ("and", "or"):
        hint = "selectors combine with `and`, `or`, `not`; count with `selector_width`, compare the counts"
        raise error("wrong-kind", f"`{sign}` of {kind(left)} and {kind(right)}", span, hint)
    graph = workspace.graph
    if isinstance(left, Selector) and isinstance(right, Selector):
        return graph.selector_and(left, right, span) if sign == "and" else graph.selector_or(left, right, span)
    selector, other = (left, right) if isinstance(left, Selector) else (right, left)
    if not isinstance(other, bool):
        hint = "make a selector of it first: `select(keys, queries, ==)`"
        raise error("wrong-kind", f"`{sign}` of a selector and {kind(other)}", span, hint)
    if other == (sign == "and"):
        return selector
    # Everything, or nothing: the comparison of a constant with itself.
    same = graph.constant(1, span)
    return graph.select(same, same, "==" if other else "!=", span)


def where(workspace: Workspace, condition: SOp, then: Object, otherwise: Object, span: Span) -> SOp:
    """`then if condition else otherwise` at every position."""
    for branch in (then, otherwise):
        if isinstance(branch, Selector):
            hint = (
                "choose before selecting: `select(a if c else b, ...)`; or join with `and` a selector of the condition"
            )
            message = "an s-op as condition chooses values position by position; it cannot choose a selector"
            raise error("selector-branch", message, span, hint)
    branches = [lift(workspace, branch, span, "a branch of this ternary") for branch in (then, otherwise)]
    return workspace.graph.elementwise("where", (condition, *branches), span)


def index(workspace: Workspace, target: Object, position: Object, span: Span) -> Object:
    """`target[position]`, of a list, string, dict or s-op, where `position` is a plain value or an s-op."""
    if isinstance(target, SOp):
        return _index_sop(workspace, target, position, span)
    if isinstance(target, ChosenLists):
        return _index_table(workspace, target, position, span)
    if not isinstance(target, (str, tuple, dict)):
        raise error("not-indexable", f"{kind(target)} has no items", span, "lists, strings, dicts and s-ops have items")
    if isinstance(position, SOp):
        return _index_table(workspace, target, position, span)
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


def _index_sop(workspace: Workspace, target: SOp, position: Object, span: Span) -> SOp:
    """For a plain index, the value at that position; for an s-op, each position names the one that it reads.

    A negative index counts from the end; an index without a position selects nothing."""
    graph = workspace.graph
    indices = graph.indices(span)
    if isinstance(position, SOp):
        end = graph.elementwise("add", (workspace.length(span), position), span)
        negative = graph.elementwise("lt", (position, graph.constant(0, span)), span)
        source: SOp = graph.elementwise("where", (negative, end, position), span)
    elif not isinstance(position, int):
        text = shortened(literal(position)) if is_scalar(position) else kind(position)
        raise error("wrong-index", f"an s-op cannot be indexed by {text}", span, "use a whole number or an s-op")
    elif position >= 0:
        source = graph.constant(int(position), span)
    else:
        source = graph.elementwise("sub", (workspace.length(span), graph.constant(-position, span)), span)
    return graph.aggregate(graph.select(indices, source, "==", span), target, None, span)


def _index_table(
    workspace: Workspace,
    target: str | tuple[Object, ...] | dict[Scalar, Object] | ChosenLists,
    position: Object,
    span: Span,
) -> SOp | ChosenLists:
    """A table of the s-ops that index.  Where the items are lists or dicts, the next index takes part in it."""
    chosen = target if isinstance(target, ChosenLists) else ChosenLists((), (((), _listed(target)),))
    if not isinstance(position, SOp) and not is_scalar(position):
        raise error("wrong-index", f"the index is {kind(position)}", span, "use a number, a key or an s-op")
    inputs = (*chosen.indices, position) if isinstance(position, SOp) else chosen.indices
    lists: list[tuple[tuple[Scalar, ...], tuple[Object, ...] | dict[Scalar, Object]]] = []
    rows: list[tuple[tuple[Scalar, ...], Scalar]] = []
    for choice, items in chosen.rows:
        pairs = _places(items)
        workspace.budget.spend(len(pairs), span)
        for key, value in pairs.items():
            if not isinstance(position, SOp) and key != position:
                continue
            arguments = (*choice, key) if isinstance(position, SOp) else choice
            if isinstance(value, (tuple, dict)) and not rows:
                lists.append((arguments, value))
            elif is_scalar(value) and not lists:
                rows.append((arguments, value))
            else:
                hint = "index by a plain number, or choose with ternaries"
                raise error("wrong-kind", f"an s-op as index needs plain values; here is {kind(value)}", span, hint)
    if lists:
        return ChosenLists(inputs, tuple(lists))
    what = "dict" if isinstance(chosen.rows[0][1], dict) else "list index"
    return workspace.graph.table(inputs, rows, None, "string index" if isinstance(target, str) else what, span)


def _listed(target: str | tuple[Object, ...] | dict[Scalar, Object]) -> tuple[Object, ...] | dict[Scalar, Object]:
    return tuple(target) if isinstance(target, str) else target


def _places(items: tuple[Object, ...] | dict[Scalar, Object]) -> dict[Scalar, Object]:
    """The items by the values that index them; a negative place counts from the end."""
    if isinstance(items, dict):
        return items
    return {place: items[place] for place in range(-len(items), len(items))}


def contains(workspace: Workspace, item: Object, container: Object, span: Span) -> Object:
    """`item in container`."""
    graph = workspace.graph
    if isinstance(container, SOp):
        keys, queries = container, lift(workspace, item, span, "the left side of `in`")
        # True at every selected position, so their mean is True.
        return graph.aggregate(graph.select(keys, queries, "==", span), graph.constant(True, span), False, span)
    if not isinstance(container, (str, tuple, dict)):
        hint = "`in` looks in lists, strings, dicts and s-ops"
        raise error("wrong-kind", f"`in` cannot look in {kind(container)}", span, hint)
    if isinstance(item, SOp):
        return _sop_in(workspace, item, container, span)
    if isinstance(container, str):
        if not isinstance(item, str):
            raise error("wrong-kind", f"a string cannot contain {kind(item)}", span, "look in a list instead")
        return item in container
    if isinstance(container, dict):
        return is_scalar(item) and item in container
    workspace.budget.spend(len(container), span)
    positionwise = [member for member in container if isinstance(member, SOp)]
    if any(not isinstance(member, SOp) and member == item for member in container):
        return True
    if not positionwise:
        return False
    return _any_equal(workspace, lift(workspace, item, span, "the left side of `in`"), positionwise, span)


def _sop_in(
    workspace: Workspace, item: SOp, container: str | tuple[Object, ...] | dict[Scalar, Object], span: Span
) -> SOp:
    """A table with a row for each member; members that are s-ops are compared position by position."""
    members: list[Object] = []
    if isinstance(container, str):
        # As in Python, a string contains each of its substrings.
        workspace.budget.items(len(container) * (len(container) + 1) // 2 + 1, "a table", span)
        places = range(len(container))
        members += dict.fromkeys(["", *[container[i : j + 1] for i in places for j in places[i:]]])
    else:
        members += container
    workspace.budget.spend(len(members), span)
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
    graph = workspace.graph
    found: SOp = graph.table((item,), [((member,), True) for member in rows], False, "in", span)
    if not positionwise:
        return found
    equal = _any_equal(workspace, item, positionwise, span)
    return graph.elementwise("or", (found, equal), span) if rows else equal


def _any_equal(workspace: Workspace, item: SOp, members: list[SOp], span: Span) -> SOp:
    graph = workspace.graph
    result: SOp | None = None
    for member in members:
        equal = graph.elementwise("eq", (item, member), span)
        result = equal if result is None else graph.elementwise("or", (result, equal), span)
    assert result is not None
    return result


def items_of(value: Object, span: Span) -> Sequence[Object]:
    """The items of a list, the characters of a string, the keys of a dict."""
    if isinstance(value, (str, tuple)):
        return value
    if isinstance(value, dict):
        return tuple(value)
    hint = "loop over a list, such as `range(10)`"
    if isinstance(value, SOp):
        hint = "an s-op already works on all positions at once; " + hint
    raise error("not-iterable", f"{kind(value)} has no items to go through", span, hint)
