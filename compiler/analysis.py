"""What the compiler knows about every node: its leaves, its domain, its affine form, how much a selector selects.

All facts hold for every input that the space admits; "unknown" is always a safe answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .affine import Affine
from .domains import Domain, Space, listed, means, union, whole_range
from .graph import (
    Aggregate,
    Attended,
    Constant,
    Elementwise,
    Indices,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorSum,
    SelectorWidth,
    SOp,
    Table,
    Tokens,
    inputs_of,
)
from .grid import NOT_DEFINED, Column, broadcast, evaluate
from .intervals import bounded
from .values import is_number, normal

#: A joint evaluation over more combinations than this gives way to bounds.
MAX_GRID = 1 << 17

#: Which of key < query, key = query, key > query (signs -1, 0, 1) each comparison accepts.
SIGNS: dict[str, frozenset[int]] = {
    "<": frozenset({-1}),
    "<=": frozenset({-1, 0}),
    "==": frozenset({0}),
    "!=": frozenset({-1, 1}),
    ">": frozenset({1}),
    ">=": frozenset({0, 1}),
}


class Analysis:
    """Memoised facts about the nodes of one graph over one space."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._leaves: dict[SOp, frozenset[SOp]] = {}
        self._domains: dict[SOp, Domain] = {}
        self._affine: dict[SOp, Affine | None] = {}
        self._depth: dict[object, int] = {}
        self._order_found: dict[Selector, bool] = {}

    # ---- structure -----------------------------------------------------------------------------

    def leaves(self, node: SOp) -> frozenset[SOp]:
        """The tokens, indices, aggregates and widths that an expression is an element-wise function of."""
        for current in self._inputs_first(node):
            match current:
                case Elementwise(inputs=inputs) | Table(inputs=inputs):
                    self._leaves[current] = frozenset().union(*(self._leaves[child] for child in inputs))
                case Constant():
                    self._leaves[current] = frozenset()
                case _:
                    self._leaves[current] = frozenset({current})
        return self._leaves[node]

    def attention_depth(self, node: SOp | Selector) -> int:
        """Aggregates and widths on the longest chain below the node, itself included."""
        stack: list[object] = [node]
        while stack:
            current = stack[-1]
            children = inputs_of(current)  # type: ignore[arg-type]
            missing = [child for child in children if child not in self._depth]
            if missing:
                stack.extend(missing)
                continue
            below = max((self._depth[child] for child in children), default=0)
            self._depth[current] = below + isinstance(current, Attended)
            stack.pop()
        return self._depth[node]

    def _inputs_first(self, node: SOp) -> list[SOp]:
        """The element-wise nodes below `node` (its leaves included) that have no entry yet, inputs first."""
        order: list[SOp] = []
        seen: set[SOp] = set()
        stack: list[tuple[SOp, bool]] = [(node, False)]
        while stack:
            current, expanded = stack.pop()
            if expanded:
                order.append(current)
                continue
            if current in seen or current in self._leaves:
                continue
            seen.add(current)
            stack.append((current, True))
            if isinstance(current, (Elementwise, Table)):
                stack.extend((child, False) for child in current.inputs)
        return order

    # ---- domains -------------------------------------------------------------------------------

    def domain(self, node: SOp) -> Domain:
        """The values that the node can take."""
        stack: list[SOp] = [node]
        while stack:
            current = stack[-1]
            if current in self._domains:
                stack.pop()
                continue
            missing = [child for child in self._domain_inputs(current) if child not in self._domains]
            if missing:
                stack.extend(missing)
                continue
            found = self._infer(current)
            if isinstance(current, Attended) and self._may_be_undefined(current.selector):
                found = replace(found, undefined=True)
            self._domains[current] = found
            stack.pop()
        return self._domains[node]

    def _domain_inputs(self, node: SOp) -> tuple[SOp, ...]:
        match node:
            case Elementwise(inputs=inputs) | Table(inputs=inputs):
                return (*inputs, *sorted(self.leaves(node), key=lambda leaf: leaf.id))
            case Aggregate(values=values) | SelectorSum(values=values):
                return (values,)
            case _:
                return ()

    def _infer(self, node: SOp) -> Domain:
        length = self.space.max_length
        match node:
            case Tokens():
                return listed(self.space.vocabulary)
            case Indices():
                return whole_range(0, length - 1)
            case Constant(value=value):
                return listed([value])
            case SelectorWidth(selector=selector):
                lowest = 1 if self.never_empty(selector) else 0
                highest = 1 if self.at_most_one(selector) else length
                if self.is_strict_order(selector):
                    highest = length - 1
                return whole_range(lowest, highest)
            case SelectorSum(values=values):
                return self._infer_sum(self.domain(values))
            case Aggregate():
                return self._infer_aggregate(node)
            case Elementwise() | Table():
                return self._infer_elementwise(node)
            case _:
                raise AssertionError(node)

    def _may_be_undefined(self, selector: Selector) -> bool:
        """Some pair may not be comparable: a side is undefined, or a string would be ordered with a number."""
        match selector:
            case Select(keys=keys, queries=queries, comparison=comparison):
                sides = (self.domain(keys), self.domain(queries))
                if any(side.undefined for side in sides):
                    return True
                ordered = all(side.numeric for side in sides) or all(side.textual for side in sides)
                return comparison not in ("==", "!=") and not ordered
            case SelectorAnd(left=left, right=right) | SelectorOr(left=left, right=right):
                return self._may_be_undefined(left) or self._may_be_undefined(right)
            case SelectorNot(operand=operand):
                return self._may_be_undefined(operand)
            case _:
                raise AssertionError(selector)

    def _infer_aggregate(self, node: Aggregate) -> Domain:
        values = self.domain(node.values)
        if values.values == ():
            if self.never_empty(node.selector) or node.default is None:
                return values
            return listed([node.default, NOT_DEFINED])
        single = self.one_value(node.selector, node.values)
        if single:
            found = values
        elif values.numeric:
            found = means(values, self.space.max_length)
        else:  # several strings have no mean unless they are equal; numbers among them have
            numbers = listed(value for value in values.values or () if not isinstance(value, str))
            found = values if values.textual else union(values, means(numbers, self.space.max_length))
            found = replace(found, undefined=True)
        if self.never_empty(node.selector):
            return found
        if node.default is not None:
            return union(found, listed([node.default]))
        if values.textual:
            return replace(found, undefined=True)
        return union(found, listed([0]))

    def _infer_sum(self, values: Domain) -> Domain:
        length = self.space.max_length
        low, high = length * min(values.lowest, 0), length * max(values.highest, 0)
        step = values.denominator
        if step is None or isinstance(low, float) or isinstance(high, float):
            return Domain(None, values.undefined, low, high, None)
        whole = whole_range(int(low * step), int(high * step), values.undefined)
        if step == 1 or whole.values is None:
            return whole if step == 1 else Domain(None, values.undefined, low, high, step)
        return listed([*(normal(Fraction(v) / step) for v in whole.values if not isinstance(v, str))])

    def _infer_elementwise(self, node: Elementwise | Table) -> Domain:
        exact = self._grid_domain(node, sorted(self.leaves(node), key=lambda leaf: leaf.id))
        bounds = self._affine_bounds(node)
        if exact is None:
            exact = self._grid_domain(node, list(dict.fromkeys(node.inputs)))
        if exact is not None:
            if bounds is not None and exact.values is not None:
                inside = [v for v in exact.values if not isinstance(v, str) and bounds[0] <= v <= bounds[1]]
                kept = listed(inside)
                return Domain(kept.values, exact.undefined, kept.lowest, kept.highest, kept.max_denominator)
            return exact
        children = [self.domain(child) for child in node.inputs]
        undefined = any(child.undefined for child in children)
        if bounds is not None:
            lowest, highest = bounds
            if self._integer_affine(node):
                return whole_range(int(lowest), int(highest), undefined)
            return Domain(None, undefined, lowest, highest, None)
        return bounded(node.op if isinstance(node, Elementwise) else None, children)

    def _grid_domain(self, node: Elementwise | Table, cut: list[SOp]) -> Domain | None:
        size = 1
        columns: dict[SOp, Column] = {}
        sizes: list[int] = []
        for axis, child in enumerate(cut):
            domain = self._domains[child]
            if domain.values is None or size * len(domain.values) > MAX_GRID:
                return None
            size *= len(domain.values)
            if isinstance(child, Constant):
                sizes.append(1)
            else:
                sizes.append(len(domain.values))
            columns[child] = Column((axis,), np.arange(sizes[-1]), domain.values)
        result = evaluate(node, columns, sizes)
        possible = self.possible(cut)
        codes = result.codes if possible is None else broadcast(result, sizes)[possible]
        found = listed([result.values[code] for code in np.unique(codes).tolist()])
        # An undefined argument may be dropped by a ternary, but not to the compiler's knowledge.
        undefined = found.undefined or any(self._domains[child].undefined for child in cut)
        return Domain(found.values, undefined, found.lowest, found.highest, found.max_denominator)

    def possible(self, cut: Sequence[SOp]) -> NDArray[np.bool_] | None:
        """Which combinations of the cut's values can occur together, as far as known: an index is below the length."""
        index = next((axis for axis, node in enumerate(cut) if isinstance(node, Indices)), None)
        length = next((axis for axis, node in enumerate(cut) if self.is_length(node)), None)
        if index is None or length is None:
            return None
        grids = []
        for axis in (index, length):
            shape = [1] * len(cut)
            shape[axis] = -1
            grids.append(np.array([int(v) for v in self.domain(cut[axis]).values or ()]).reshape(shape))
        sizes = [self.domain(node).size or 1 for node in cut]
        return np.broadcast_to(grids[0] < grids[1], sizes)

    # ---- affine forms --------------------------------------------------------------------------

    def affine(self, node: SOp) -> Affine | None:
        """The node as an affine combination of atoms; None when its values are not all numbers."""
        if node not in self._affine:
            self._affine[node] = self._find_affine(node)
        return self._affine[node]

    def _find_affine(self, node: SOp) -> Affine | None:
        parts = self._sum_of_parts(node)
        if parts is not None:
            return parts
        if isinstance(node, Constant) or not self.domain(node).numeric:
            return None
        return Affine(((node, 1),), 0)

    def _sum_of_parts(self, node: SOp) -> Affine | None:
        """The affine combination that an operation makes of its inputs' atoms; None for any other node."""
        if isinstance(node, Constant):
            value = node.value
            if isinstance(value, (int, Fraction)):
                return Affine((), int(value) if isinstance(value, bool) else value)
            return None
        if not isinstance(node, Elementwise):
            return None
        parts = [self.affine(child) for child in node.inputs]
        match node.op, parts:
            case "add", [Affine() as left, Affine() as right]:
                return left.plus(right)
            case "sub", [Affine() as left, Affine() as right]:
                return left.minus(right)
            case "neg", [Affine() as operand]:
                return operand.times(-1)
            case "pos", [Affine() as operand]:
                return operand
            case "mul", [Affine() as left, Affine(terms=(), constant=factor)]:
                return left.times(factor)
            case "mul", [Affine(terms=(), constant=factor), Affine() as right]:
                return right.times(factor)
            case "div", [Affine() as left, Affine(terms=(), constant=factor)] if factor != 0:
                return left.times(Fraction(1) / Fraction(factor))
            case "indicator", [Affine() as operand] if self.domain(node.inputs[0]).boolean:
                return operand
            case "not", [Affine() as operand] if self.domain(node.inputs[0]).boolean:
                return operand.times(-1).plus(Affine((), 1))
            case _:
                return None

    def _affine_bounds(self, node: SOp) -> tuple[Fraction | int | float, Fraction | int | float] | None:
        """Bounds of an affine expression, tight where `indices` and `length` occur together: 0 <= i < n <= L."""
        affine = self._sum_of_parts(node)
        if affine is None:
            return None
        low: Fraction | int | float = affine.constant
        high: Fraction | int | float = affine.constant
        index: Fraction | int = 0
        length: Fraction | int = 0
        for atom, coefficient in affine.terms:
            if isinstance(atom, Indices):
                index += coefficient
            elif self.is_length(atom):
                length += coefficient
            else:
                domain = self.domain(atom)
                ends = (coefficient * domain.lowest, coefficient * domain.highest)
                low, high = low + min(ends), high + max(ends)
        longest = self.space.max_length
        corners = [index * i + length * n for i, n in ((0, 1), (0, longest), (longest - 1, longest))]
        return low + min(corners), high + max(corners)

    def _integer_affine(self, node: SOp) -> bool:
        affine = self._sum_of_parts(node)
        assert affine is not None
        return Fraction(affine.constant).denominator == 1 and all(
            Fraction(c).denominator == 1 and self.domain(atom).integer for atom, c in affine.terms
        )

    # ---- selectors -----------------------------------------------------------------------------

    def is_length(self, node: SOp) -> bool:
        """The node is the length of the input (the width of a selector that selects everything)."""
        return isinstance(node, SelectorWidth) and self.always(node.selector) and not self.space.causal

    def always(self, selector: Selector) -> bool:
        """Everything is selected."""
        match selector:
            case Select(keys=Constant(value=key), queries=Constant(value=query), comparison=comparison):
                return holds(comparison, key, query)
            case Select(keys=keys, queries=queries, comparison=comparison) if keys is queries:
                return 0 in SIGNS[comparison] and self.same_everywhere(keys) and not self.domain(keys).undefined
            case SelectorAnd(left=left, right=right):
                return self.always(left) and self.always(right)
            case SelectorOr(left=left, right=right):
                return self.always(left) or self.always(right)
            case SelectorNot(operand=operand):
                return self.never(operand)
            case _:
                return False

    def never(self, selector: Selector) -> bool:
        """Nothing is selected."""
        match selector:
            case Select(keys=Constant(value=key), queries=Constant(value=query), comparison=comparison):
                return not holds(comparison, key, query)
            case Select(keys=keys, queries=queries, comparison=comparison) if keys is queries:
                return 0 not in SIGNS[comparison] and self.same_everywhere(keys)
            case SelectorAnd(left=left, right=right):
                return self.never(left) or self.never(right)
            case SelectorOr(left=left, right=right):
                return self.never(left) and self.never(right)
            case SelectorNot(operand=operand):
                return self.always(operand)
            case _:
                return False

    def at_most_one(self, selector: Selector) -> bool:
        """No query position selects two keys."""
        match selector:
            case Select(keys=keys, comparison="=="):
                return self.injective(keys)
            case SelectorAnd(left=left, right=right):
                return self.at_most_one(left) or self.at_most_one(right) or self._ranks_the_kept(selector)
            case SelectorOr():
                return self.never(selector)
            case _:
                return self.space.max_length == 1 or self.never(selector)

    def one_value(self, selector: Selector, values: SOp) -> bool:
        """All positions that a query selects hold the same value, so a mean is that value."""
        if self.at_most_one(selector) or self.same_everywhere(values):
            return True
        return any(self._fixes(part, values) for part in conjuncts(selector))

    def retrieves(self, node: Aggregate) -> bool:
        """Where the aggregate is defined, it is one of the selected values unchanged (or its default)."""
        return self.one_value(node.selector, node.values) or self.domain(node.values).textual

    def _fixes(self, selector: Selector, values: SOp) -> bool:
        """Keys that satisfy this hold one value: they equal the query, or no position exceeds them."""
        match selector:
            case Select(keys=keys, comparison="==") if keys is values:
                return True
            case Select(keys=Aggregate() as exceeded, queries=Constant(value=0), comparison="=="):
                inner = exceeded.selector
                extreme = (
                    isinstance(inner, Select) and inner.keys is inner.queries is values and inner.comparison in "<>"
                )
                found = (
                    isinstance(exceeded.values, Constant)
                    and exceeded.values.value == 1
                    and exceeded.default in (None, 0)
                )
                return extreme and found and not self.space.causal
            case _:
                return False

    def _ranks_the_kept(self, selector: Selector) -> bool:
        """A conjunction of conditions with `rank == query`, where the rank counts, in a total order of the positions,
        those that satisfy (some of) the same conditions: among these no two have the same rank.

        A condition is on the key alone, or "the same value as here", which puts the selected keys in one class."""
        parts = conjuncts(selector)
        for part in parts:
            if not (isinstance(part, Select) and part.comparison == "==" and isinstance(part.keys, SelectorWidth)):
                continue
            counted = conjuncts(part.keys.selector)
            order = [one for one in counted if one not in parts]
            if (
                len(order) == 1
                and all(self._same_class(one) for one in counted if one in parts)
                and self._orders(order[0])
            ):
                return True
        return False

    def _same_class(self, selector: Selector) -> bool:
        if isinstance(selector, Select) and selector.comparison == "==" and selector.keys is selector.queries:
            return True
        return self._queries_constant(selector)

    def injective(self, node: SOp) -> bool:
        """No two positions hold the same value."""
        affine = self.affine(node)
        if affine is None:
            return False
        moving = [atom for atom, _ in affine.terms if not self.same_everywhere(atom)]
        return len(moving) == 1 and (
            isinstance(moving[0], Indices)
            or (isinstance(moving[0], SelectorWidth) and self._orders(moving[0].selector))
        )

    def same_everywhere(self, node: SOp) -> bool:
        """The value does not depend on the position."""
        match node:
            case Constant():
                return True
            case Elementwise(inputs=inputs) | Table(inputs=inputs):
                return all(self.same_everywhere(child) for child in inputs)
            case Aggregate(selector=selector) | SelectorWidth(selector=selector) | SelectorSum(selector=selector):
                return not self.space.causal and self._queries_constant(selector)
            case _:
                return False

    def _queries_constant(self, selector: Selector) -> bool:
        match selector:
            case Select(queries=queries):
                return self.same_everywhere(queries)
            case SelectorAnd(left=left, right=right) | SelectorOr(left=left, right=right):
                return self._queries_constant(left) and self._queries_constant(right)
            case SelectorNot(operand=operand):
                return self._queries_constant(operand)
            case _:
                raise AssertionError(selector)

    def never_empty(self, selector: Selector) -> bool:
        """Every query position selects at least one key."""
        return self._selects_itself(selector) or self._covers(selector)

    def _selects_itself(self, selector: Selector) -> bool:
        match selector:
            case Select(keys=keys, queries=queries, comparison=comparison):
                if keys is queries and not self.domain(keys).undefined:
                    return 0 in SIGNS[comparison]
                key, query = self.affine(keys), self.affine(queries)
                if key is None or query is None:
                    return self.always(selector)
                gap = key.minus(query)
                if gap.terms:
                    return False
                return (gap.constant > 0) - (gap.constant < 0) in SIGNS[comparison]
            case SelectorAnd(left=left, right=right):
                return self._selects_itself(left) and self._selects_itself(right)
            case SelectorOr(left=left, right=right):
                return self._selects_itself(left) or self._selects_itself(right)
            case _:
                return self.always(selector)

    def _covers(self, selector: Selector) -> bool:
        """An equality whose keys are a numbering of the positions from 0 and whose query always names one of them."""
        if not isinstance(selector, Select) or selector.comparison != "==" or self.space.causal:
            return False
        keys = selector.keys
        numbering = isinstance(keys, Indices) or (
            isinstance(keys, SelectorWidth) and self.is_strict_order(keys.selector)
        )
        if not numbering or self.domain(selector.queries).undefined:
            return False
        if isinstance(selector.queries, SelectorWidth) and self.is_strict_order(selector.queries.selector):
            return True
        affine = self.affine(selector.queries)
        if affine is None:
            return False
        index: Fraction | int = 0
        length: Fraction | int = 0
        for atom, coefficient in affine.terms:
            if isinstance(atom, Indices):
                index += coefficient
            elif self.is_length(atom):
                length += coefficient
            else:
                return False
        if any(Fraction(part).denominator != 1 for part in (index, length, affine.constant)):
            return False
        # 0 <= q <= n - 1 must hold at the corners of 0 <= i < n <= L; q is affine, so also between them.
        longest = self.space.max_length
        corners = ((0, 1), (0, longest), (longest - 1, longest))
        return all(0 <= index * i + length * n + affine.constant <= n - 1 for i, n in corners)

    def is_strict_order(self, selector: Selector) -> bool:
        """The selector is a strict total order of the positions, so its width is a rank: a permutation of 0..n-1.

        Atoms must compare one s-op with itself; then the formula's truth depends only on the signs of
        key - query for each of these s-ops, where the sign of `indices` is never 0 for two different
        positions.  Totality, irreflexivity and transitivity are checked over all sign vectors.
        """
        if not self._orders(selector):
            return False
        nodes: dict[SOp, int] = {}
        self._collect_orders(selector, nodes)
        return not self._order_truth(selector, nodes, (0,) * len(nodes))

    def _orders(self, selector: Selector) -> bool:
        """A total order of the positions, strict or reflexive: its widths are all different."""
        if selector not in self._order_found:
            self._order_found[selector] = self._find_order(selector)
        return self._order_found[selector]

    def _find_order(self, selector: Selector) -> bool:
        if self.space.causal:
            return False
        nodes: dict[SOp, int] = {}
        if not self._collect_orders(selector, nodes) or not 1 <= len(nodes) <= 3:
            return False
        if not any(isinstance(node, Indices) for node in nodes):
            return False
        index = next(place for node, place in nodes.items() if isinstance(node, Indices))
        vectors = [v for v in product((-1, 0, 1), repeat=len(nodes)) if v[index] != 0]
        truth = {v: self._order_truth(selector, nodes, v) for v in vectors}
        if any(truth[v] == truth[tuple(-sign for sign in v)] for v in vectors):
            return False
        below = [v for v in vectors if truth[v]]
        for first, second in product(below, below):
            options = [
                (a,) if a == b or b == 0 else (b,) if a == 0 else (-1, 0, 1) for a, b in zip(first, second, strict=True)
            ]
            for combined in product(*options):
                if combined[index] == 0:  # would be the same position: excluded by totality
                    continue
                if not truth[combined]:
                    return False
        return True

    def _collect_orders(self, selector: Selector, nodes: dict[SOp, int]) -> bool:
        match selector:
            case Select(keys=keys, queries=queries):
                if keys is not queries or self.domain(keys).undefined or not self._ordered(keys):
                    return False
                nodes.setdefault(keys, len(nodes))
                return True
            case SelectorAnd(left=left, right=right) | SelectorOr(left=left, right=right):
                return self._collect_orders(left, nodes) and self._collect_orders(right, nodes)
            case SelectorNot(operand=operand):
                return self._collect_orders(operand, nodes)
            case _:
                raise AssertionError(selector)

    def _ordered(self, node: SOp) -> bool:
        """Any two values of the node can be compared."""
        domain = self.domain(node)
        return domain.numeric or not any(is_number(value) for value in domain.values or ())

    def _order_truth(self, selector: Selector, nodes: dict[SOp, int], signs: tuple[int, ...]) -> bool:
        match selector:
            case Select(keys=keys, comparison=comparison):
                return signs[nodes[keys]] in SIGNS[comparison]
            case SelectorAnd(left=left, right=right):
                return self._order_truth(left, nodes, signs) and self._order_truth(right, nodes, signs)
            case SelectorOr(left=left, right=right):
                return self._order_truth(left, nodes, signs) or self._order_truth(right, nodes, signs)
            case SelectorNot(operand=operand):
                return not self._order_truth(operand, nodes, signs)
            case _:
                raise AssertionError(selector)


def conjuncts(selector: Selector) -> list[Selector]:
    """The parts of a conjunction, however it is nested."""
    if isinstance(selector, SelectorAnd):
        return conjuncts(selector.left) + conjuncts(selector.right)
    return [selector]


def holds(comparison: str, key: object, query: object) -> bool:
    """Whether two defined values compare so; False where they cannot be ordered (a string with a number)."""
    if isinstance(key, str) != isinstance(query, str):
        return comparison == "!="
    sign = (key > query) - (key < query)  # type: ignore[operator]
    return sign in SIGNS[comparison]
