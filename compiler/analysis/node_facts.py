"""What the compiler knows about every node: its leaves, its domain, its affine form (and, from `facts`, how much a
selector selects).

All facts hold for every input that the space admits; "unknown" is always a safe answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..graph.graph import (
    Aggregate,
    Attended,
    Constant,
    Elementwise,
    Indices,
    SelectorSum,
    SelectorWidth,
    SOp,
    Table,
    Tokens,
)
from ..graph.values import Value, normal
from ..graph.walk import element_wise_inputs, in_order
from .affine import Affine
from .domains import Domain, Space, listed, means, union, whole_range
from .intervals import bounded, plus, times
from .joint_tables import NOT_DEFINED, TableColumn, broadcast, evaluate
from .selector_facts import Facts

#: A joint evaluation over more combinations than this gives way to bounds.
MAX_GRID = 1 << 17


class Analysis(Facts):
    """Memoised facts about the nodes of one graph over one space."""

    def __init__(self, space: Space) -> None:
        super().__init__(space)
        self._leaves: dict[SOp, frozenset[SOp]] = {}
        self._domains: dict[SOp, Domain] = {}
        self._affine: dict[SOp, Affine | None] = {}

    # ---- structure -----------------------------------------------------------------------------

    def leaves(self, node: SOp) -> frozenset[SOp]:
        """The tokens, indices, aggregates and widths that an expression is an element-wise function of."""
        for current in in_order(node, element_wise_inputs, self._leaves):
            match current:
                case Elementwise(inputs=inputs) | Table(inputs=inputs):
                    self._leaves[current] = frozenset().union(*(self._leaves[child] for child in inputs))
                case Constant():
                    self._leaves[current] = frozenset()
                case _:
                    self._leaves[current] = frozenset({current})
        return self._leaves[node]

    # ---- domains -------------------------------------------------------------------------------

    def domain(self, node: SOp) -> Domain:
        """The values that the node can take."""
        for current in in_order(node, self._domain_inputs, self._domains):
            if current in self._domains:
                continue  # the domain of another node has asked for it
            found = self._infer(current)
            if isinstance(current, Attended) and self.may_be_undefined(current.selector):
                found = replace(found, undefined=True)
            self._domains[current] = found
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
        columns: dict[SOp, TableColumn] = {}
        sizes: list[int] = []
        for axis, child in enumerate(cut):
            domain = self._domains[child]
            if domain.values is None or size * len(domain.values) > MAX_GRID:
                return None
            values: tuple[Value, ...] = domain.values if domain.values != () else (NOT_DEFINED,)
            size *= len(values)
            sizes.append(len(values))
            columns[child] = TableColumn((axis,), np.arange(len(values)), values)
        result = evaluate(node, columns, sizes)
        possible = self.possible(cut)
        codes = result.codes if possible is None else broadcast(result, sizes)[possible]
        found = listed([result.values[code] for code in np.unique(codes).tolist()])
        # An undefined argument may be dropped by a ternary, but not to the compiler's knowledge.
        undefined = found.undefined or any(self._domains[child].undefined for child in cut)
        return Domain(found.values, undefined, found.lowest, found.highest, found.max_denominator)

    def possible(self, cut: Sequence[SOp]) -> NDArray[np.bool_] | None:
        """Which combinations of the cut's values can occur together, as far as known: an index is below the length, and
        no more keys are selected than there are (for causal selectors: than stand up to the position)."""
        widths = [axis for axis, node in enumerate(cut) if isinstance(node, SelectorWidth)]
        index = next((axis for axis, node in enumerate(cut) if isinstance(node, Indices)), None)
        whole = next((axis for axis in widths if self._selects_all(cut[axis])), None)
        bounds: list[tuple[int, int, int]] = []  # (axis, other axis, most that the one may exceed the other)
        if whole is not None:
            bounds += [(axis, whole, 0) for axis in widths if axis != whole]
            bounds += [(index, whole, -1)] if index is not None else []
        elif index is not None and self.space.causal:
            bounds += [(axis, index, 1) for axis in widths]
        if not bounds:
            return None
        sizes = [max(1, len(self.domain(node).values or ())) for node in cut]  # as in `_grid_domain`
        found = np.ones(sizes, dtype=np.bool_)
        for axis, other, excess in bounds:
            found &= self._along(cut, axis) <= self._along(cut, other) + excess
        return found

    def _selects_all(self, node: SOp) -> bool:
        return isinstance(node, SelectorWidth) and self.always(node.selector)

    def _along(self, cut: Sequence[SOp], axis: int) -> NDArray[np.int64]:
        """A whole number's values along its axis of the cut's grid."""
        shape = [1] * len(cut)
        shape[axis] = -1
        return np.array([int(v) for v in self.domain(cut[axis]).values or (0,)], dtype=np.int64).reshape(shape)

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
        index, length, others = self.in_positions(affine)
        for atom, coefficient in others:
            domain = self.domain(atom)
            ends = (times(coefficient, domain.lowest), times(coefficient, domain.highest))
            low, high = plus(low, min(ends)), plus(high, max(ends))
        ends_here = [index * i + length * n for i, n in self.corners]
        return plus(low, min(ends_here)), plus(high, max(ends_here))

    def _integer_affine(self, node: SOp) -> bool:
        affine = self._sum_of_parts(node)
        assert affine is not None
        return Fraction(affine.constant).denominator == 1 and all(
            Fraction(c).denominator == 1 and self.domain(atom).integer for atom, c in affine.terms
        )
