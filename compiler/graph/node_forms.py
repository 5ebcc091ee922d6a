"""The RASP expression of each graph node, and the nodes that the expression reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import error
from .compare import always_defined
from .graph import (
    Aggregate,
    Constant,
    Elementwise,
    Graph,
    Indices,
    Node,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorPick,
    SelectorSum,
    SelectorWidth,
    SOp,
    Table,
    Tokens,
)
from .operations import OPERATIONS
from .values import Scalar, scalar_key
from .walk import in_order
from .write_values import (
    NO_SPAN,
    binary,
    grouped,
    joint,
    listed,
    literal_of,
    looked_up,
    lookup_key,
    name_of,
    with_default,
)


@dataclass(frozen=True)
class NodeForm:
    """parts: the nodes whose expressions the node's own is made of.  build: makes it from theirs.

    chain: the operator, where the first part may be a chain of the same one."""

    parts: tuple[Node, ...]
    build: Callable[..., tree.Expression]
    chain: str = ""

    @property
    def is_word(self) -> bool:
        """A name of the library or a plain value, which stands wherever it is read."""
        return not self.parts


class NodeForms:
    """The forms of a graph's nodes.

    vocabulary: the program's.  never_empty: whether a selector is known to select something for every query.
    """

    def __init__(
        self, graph: Graph, vocabulary: Sequence[Scalar] | None, never_empty: Callable[[Selector], bool]
    ) -> None:
        self._graph = graph
        self._vocabulary = vocabulary
        self._never_empty = never_empty
        self._forms: dict[Node, NodeForm] = {}

    def of(self, node: Node) -> NodeForm:
        """The form of a node.  Raises RaspError if RASP cannot express the node."""
        found = self._forms.get(node)
        if found is None:
            found = self._forms[node] = self._new(node)
        return found

    def written(self, roots: Iterable[Node]) -> list[Node]:
        """The nodes that the text of some nodes consists of, inputs first."""
        found: dict[Node, None] = {}
        for root in roots:
            found.update(dict.fromkeys(in_order(root, lambda node: self.of(node).parts, found)))
        return sorted(found, key=lambda node: node.id)

    def _new(self, node: Node) -> NodeForm:
        match node:
            case Tokens():
                return _word("tokens")
            case Indices():
                return _word("indices")
            case Constant(value=value):
                return NodeForm((), lambda: literal_of(value))
            case Elementwise():
                return self._elementwise(node)
            case Table(inputs=inputs):
                return self._table(node, inputs)
            case Aggregate():
                return self._indexed(node) or _aggregate(node.selector, node.values, node.default)
            case SelectorWidth(selector=selector):
                return _width(selector)
            case SelectorSum(selector=selector, values=values):
                mean, width = _call("aggregate", selector, values), _width(selector)
                # The selector is read twice.
                return NodeForm(
                    (*mean.parts, *width.parts),
                    lambda s, v, *rest: binary("*", mean.build(s, v), width.build(*rest)),
                    chain="*",
                )
            case Select() if _is_full(node):
                return _word("full_s")
            case Select(keys=keys, queries=queries, comparison=comparison):
                sign = tree.Operator(NO_SPAN, comparison)
                return NodeForm((keys, queries), lambda k, q: tree.Call(NO_SPAN, name_of("select"), (k, q, sign)))
            case SelectorAnd(left=left, right=right):
                return NodeForm((left, right), lambda a, b: binary("and", a, b), chain="and")
            case SelectorOr(left=left, right=right):
                return NodeForm((left, right), lambda a, b: binary("or", a, b), chain="or")
            case SelectorNot(operand=operand):
                return NodeForm((operand,), lambda a: tree.Unary(NO_SPAN, "not", a))
            case SelectorPick(operand=operand, which=which):
                return _call(f"select_{which}", operand)
            case _:
                raise AssertionError(f"a node of no known kind: {node!r}")

    def _elementwise(self, node: Elementwise) -> NodeForm:
        op, inputs = node.op, node.inputs
        if op in ("str", "int", "float", "bool"):
            return self._cast(node)
        if op == "where":
            found = self._mean(node)
            if found is not None:
                return found
            condition, *_ = inputs
            first = _lifted if isinstance(condition, Constant) else _same
            return NodeForm(inputs, lambda c, t, o: tree.Ternary(NO_SPAN, t, grouped(first(c)), o))
        if op == "div":
            found = self._mean(node)
            if found is not None:
                return found
        # An operation on plain values is computed at once; one of them has to be an s-op.
        lift = _lifted if all(isinstance(child, Constant) for child in inputs) else _same
        symbol = OPERATIONS[op].symbol
        if len(inputs) == 2:
            return NodeForm(inputs, lambda a, b: binary(symbol, lift(a), b), chain=symbol)
        if symbol in ("-", "+", "not"):
            return NodeForm(inputs, lambda a: tree.Unary(NO_SPAN, symbol, lift(a)))
        return NodeForm(inputs, lambda a: tree.Call(NO_SPAN, name_of(symbol), (lift(a),)))

    def _cast(self, node: Elementwise) -> NodeForm:
        """`tokens_int` and its like, which only the input's tokens have."""
        (operand,) = node.inputs
        # With one token in the vocabulary, simplification takes `tokens` for a constant.
        is_only_token = isinstance(operand, Constant) and self._vocabulary == (operand.value,)
        if isinstance(operand, Tokens) or is_only_token:
            return _word(f"tokens_{node.op}")
        hint = "make a table of the values that it can take"
        raise error("not-expressible", f"RASP has no `{node.op}` of an s-op that is not `tokens`", node.span, hint)

    def _indexed(self, node: Aggregate) -> NodeForm | None:
        """`x[3]`, `x[-1]` and `x[y]`, which stand for an aggregate over the position's selector."""
        match node:
            case Aggregate(
                selector=Select(keys=Indices(), queries=queries, comparison="==") as selector,
                values=values,
                default=None,
            ) if not isinstance(values, Constant) and self._graph.name(selector) is None:
                pass
            case _:
                return None
        match queries:
            case Constant(value=int() as place) if not isinstance(place, bool) and place >= 0:
                return NodeForm((values,), lambda v: tree.Index(NO_SPAN, v, literal_of(place)))
            case Elementwise(op="sub", inputs=(SelectorWidth(selector=full), Constant(value=int() as place))) if (
                _is_full(full) and not isinstance(place, bool) and place > 0 and self._graph.name(queries) is None
            ):
                return NodeForm((values,), lambda v: tree.Index(NO_SPAN, v, literal_of(-place)))
            case Elementwise(
                op="where",
                inputs=(
                    Elementwise(op="lt", inputs=(first, Constant(value=0) as zero)) as negative,
                    Elementwise(op="add", inputs=(SelectorWidth(selector=full), second)) as end,
                    position,
                ),
            ) if (
                first is second is position
                and _is_full(full)
                and not isinstance(zero.value, bool)
                and not isinstance(position, Constant)
                and all(self._graph.name(hidden) is None for hidden in (queries, negative, end))
            ):
                return NodeForm((values, position), lambda v, p: tree.Index(NO_SPAN, v, p))
            case _:
                return None

    def _mean(self, node: Elementwise) -> NodeForm | None:
        """A sum divided by a width, as simplification writes the mean over a selector that no single head holds.

        Where nothing may be selected, the quotient alone is undefined there and the mean 0: then it is no mean."""
        match node:
            case Elementwise(
                op="where",
                inputs=(
                    Elementwise(op="eq", inputs=(SelectorWidth(selector=counted), Constant(value=0))),
                    Constant(value=default),
                    Elementwise(
                        op="div",
                        inputs=(SelectorSum(selector=selector, values=values), SelectorWidth(selector=divided)),
                    ),
                ),
            ) if counted is selector is divided:
                return _aggregate(selector, values, default)
            case Elementwise(
                op="div", inputs=(SelectorSum(selector=selector, values=values), SelectorWidth(selector=divided))
            ) if selector is divided and self._never_empty(selector):
                return _aggregate(selector, values, None)
            case _:
                return None

    # --- tables

    def _table(self, node: Table, inputs: Sequence[SOp]) -> NodeForm:
        found = self._text_mean(node)
        if found is not None:
            return found
        rows = {tuple(map(lookup_key, arguments)): (arguments, value) for arguments, value in node.rows}
        if len(inputs) == 1:
            (operand,) = inputs
            pairs = [(arguments[0], value) for arguments, value in rows.values()]
            lift = _lifted if isinstance(operand, Constant) else _same
            if node.otherwise is None:
                return NodeForm((operand,), lambda x: looked_up(pairs, lift(x)))
            rest = node.otherwise
            if rest is False and all(value is True for _, value in pairs):
                return NodeForm((operand,), lambda x: listed([key for key, _ in pairs], lift(x)))
            # Read twice, so that it gets a name.
            return NodeForm((operand, operand), lambda x, _: with_default(pairs, rest, lift(x)))
        flat = [(arguments, value) for arguments, value in rows.values()]
        lifts = [_lifted if isinstance(child, Constant) else _same for child in inputs]
        known = always_defined(self.written(inputs))
        defined = [child in known for child in inputs]

        def build(*operands: tree.Expression) -> tree.Expression:
            half = operands[: len(inputs)]
            lifted = [lift(operand) for lift, operand in zip(lifts, half, strict=True)]
            return joint(flat, node.otherwise, lifted, defined)

        return NodeForm((*inputs, *inputs), build)

    def _text_mean(self, node: Table) -> NodeForm | None:
        """The mean of strings, which simplification writes as a mean of their codes."""
        match node:
            case Table(
                inputs=(
                    Elementwise(
                        op="div",
                        inputs=(
                            SelectorSum(selector=selector, values=Table(inputs=(values,), what="code")),
                            SelectorWidth(selector=divided),
                        ),
                    ),
                ),
                what="value of a code",
            ) if selector is divided:
                return _aggregate(selector, values, None)
            case _:
                return None


# --- expressions


def _word(name: str) -> NodeForm:
    return NodeForm((), lambda: name_of(name))


def _call(function: str, *parts: Node) -> NodeForm:
    return NodeForm(parts, lambda *operands: tree.Call(NO_SPAN, name_of(function), operands))


def _width(selector: Node) -> NodeForm:
    return _word("length") if _is_full(selector) else _call("selector_width", selector)


def _aggregate(selector: Node, values: Node, default: Scalar | None) -> NodeForm:
    if default is None:
        return _call("aggregate", selector, values)
    return NodeForm(
        (selector, values), lambda s, v: tree.Call(NO_SPAN, name_of("aggregate"), (s, v, literal_of(default)))
    )


def _same(expression: tree.Expression) -> tree.Expression:
    return expression


def _lifted(constant: tree.Expression) -> tree.Expression:
    """A plain value as an s-op: its mean over all positions."""
    return tree.Call(NO_SPAN, name_of("aggregate"), (name_of("full_s"), constant))


def _is_full(selector: Node) -> bool:
    match selector:
        case Select(keys=Constant(value=one), queries=Constant(value=other), comparison="=="):
            return scalar_key(one) == scalar_key(other) == scalar_key(1)
        case _:
            return False
