"""Domains of nodes, from the domains of their inputs."""

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
from .affine_forms import AffineForms
from .domains import Domain, listed, means, union, whole_range
from .intervals import bounded
from .joint_tables import NOT_DEFINED, TableColumn, broadcast, evaluate
from .selector_facts import SelectorFacts, ValueFacts

#: Expressions over more combinations of values than this are not evaluated jointly; their domains are bounds.
MAX_GRID = 1 << 17


class DomainInference:
    """Infers domains; `values` gives the domains of inputs."""

    def __init__(self, values: ValueFacts, selectors: SelectorFacts, affine_forms: AffineForms) -> None:
        self.values = values
        self.space = values.space
        self.selectors = selectors
        self.affine_forms = affine_forms

    def infer(self, node: SOp) -> Domain:
        """The domain of a node; those of its inputs and of its leaves must be known."""
        found = self._infer(node)
        if isinstance(node, Attended) and self.selectors.may_be_undefined(node.selector):
            return replace(found, undefined=True)
        return found

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
                lowest = 1 if self.selectors.never_empty(selector) else 0
                highest = 1 if self.selectors.at_most_one(selector) else length
                if self.selectors.is_strict_order(selector):
                    highest = length - 1
                return whole_range(lowest, highest)
            case SelectorSum(values=values):
                return self._infer_sum(self.values.domain(values))
            case Aggregate():
                return self._infer_aggregate(node)
            case Elementwise() | Table():
                return self._infer_elementwise(node)
            case _:
                raise AssertionError(node)

    def _infer_aggregate(self, node: Aggregate) -> Domain:
        values = self.values.domain(node.values)
        if values.values == ():
            if self.selectors.never_empty(node.selector) or node.default is None:
                return values
            return listed([node.default, NOT_DEFINED])
        single = self.selectors.one_value(node.selector, node.values)
        if single:
            found = values
        elif values.numeric:
            found = means(values, self.space.max_length)
        else:  # several strings have no mean unless they are equal; numbers among them have
            numbers = listed(value for value in values.values or () if not isinstance(value, str))
            found = values if values.textual else union(values, means(numbers, self.space.max_length))
            found = replace(found, undefined=True)
        if self.selectors.never_empty(node.selector):
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
        exact = self._grid_domain(node, sorted(self.values.leaves(node), key=lambda leaf: leaf.id))
        bounds = self.affine_forms.bounds(node)
        if exact is None:
            exact = self._grid_domain(node, list(dict.fromkeys(node.inputs)))
        if exact is not None:
            if bounds is not None and exact.values is not None:
                inside = [v for v in exact.values if not isinstance(v, str) and bounds[0] <= v <= bounds[1]]
                kept = listed(inside)
                return Domain(kept.values, exact.undefined, kept.lowest, kept.highest, kept.max_denominator)
            return exact
        children = [self.values.domain(child) for child in node.inputs]
        undefined = any(child.undefined for child in children)
        if bounds is not None:
            lowest, highest = bounds
            if self.affine_forms.is_whole(node):
                return whole_range(int(lowest), int(highest), undefined)
            return Domain(None, undefined, lowest, highest, None)
        return bounded(node.op if isinstance(node, Elementwise) else None, children)

    def _grid_domain(self, node: Elementwise | Table, nodes: list[SOp]) -> Domain | None:
        size = 1
        columns: dict[SOp, TableColumn] = {}
        sizes: list[int] = []
        for axis, child in enumerate(nodes):
            domain = self.values.domain(child)
            if domain.values is None or size * len(domain.values) > MAX_GRID:
                return None
            values: tuple[Value, ...] = domain.values if domain.values != () else (NOT_DEFINED,)
            size *= len(values)
            sizes.append(len(values))
            columns[child] = TableColumn((axis,), np.arange(len(values)), values)
        result = evaluate(node, columns, sizes)
        possible = self.possible(nodes)
        codes = result.codes if possible is None else broadcast(result, sizes)[possible]
        found = listed([result.values[code] for code in np.unique(codes).tolist()])
        # Conservative: a ternary might discard the undefined argument; this is not tracked.
        undefined = found.undefined or any(self.values.domain(child).undefined for child in nodes)
        return Domain(found.values, undefined, found.lowest, found.highest, found.max_denominator)

    def possible(self, nodes: Sequence[SOp]) -> NDArray[np.bool_] | None:
        """The combinations of the nodes' listed values that can occur together: an array [values of each node].

        Conservative.  Known are: an index is below the length, and no more keys are selected than there are (in causal
        models, than there are up to the position).  None if all combinations may occur."""
        widths = [axis for axis, node in enumerate(nodes) if isinstance(node, SelectorWidth)]
        index = next((axis for axis, node in enumerate(nodes) if isinstance(node, Indices)), None)
        whole = next((axis for axis in widths if self._selects_all(nodes[axis])), None)
        bounds: list[tuple[int, int, int]] = []  # (axis, other axis, most that the one may exceed the other)
        if whole is not None:
            bounds += [(axis, whole, 0) for axis in widths if axis != whole]
            bounds += [(index, whole, -1)] if index is not None else []
        elif index is not None and self.space.causal:
            bounds += [(axis, index, 1) for axis in widths]
        if not bounds:
            return None
        sizes = [max(1, len(self.values.domain(node).values or ())) for node in nodes]  # as in `_grid_domain`
        found = np.ones(sizes, dtype=np.bool_)
        for axis, other, excess in bounds:
            found &= self._along(nodes, axis) <= self._along(nodes, other) + excess
        return found

    def _selects_all(self, node: SOp) -> bool:
        return isinstance(node, SelectorWidth) and self.selectors.always(node.selector)

    def _along(self, nodes: Sequence[SOp], axis: int) -> NDArray[np.int64]:
        """A whole number's values along its axis of the nodes' grid."""
        shape = [1] * len(nodes)
        shape[axis] = -1
        return np.array([int(v) for v in self.values.domain(nodes[axis]).values or (0,)], dtype=np.int64).reshape(shape)
