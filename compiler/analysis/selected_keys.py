"""What the keys that one query selects have in common.

A conjunct of a selector compares a function of the key's leaves with the query.  For each query value, the leaf values
that satisfy the comparison are listed: a node that takes one value on them is *fixed* by the selector.  Two more facts
follow without listing:

- The number of keys below `x` (`selector_width(select(x, x, <))` and its like) is an increasing function of `x` over
  one input, so fixing the number fixes `x`; and so does "no key is below `x`".
- The number of earlier keys of the same class is different for any two keys of that class.  A selector that keeps to
  one class and fixes that number selects at most one key.  The same holds for "no earlier key is of the class".
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..graph.comparisons import COMPARISONS
from ..graph.graph import Aggregate, Constant, Select, Selector, SelectorWidth, SOp
from ..graph.values import Value
from ..graph.walk import conjuncts
from .compare_values import compare_all
from .joint_tables import TableColumn, broadcast, evaluate
from .position_listing import MAX_COMBINATIONS, MAX_ENTRIES, LeafPositions, LeafValues


class SelectedKeys:
    """Facts about the keys that one query selects.  False is always a safe answer."""

    def __init__(self, values: LeafValues, positions: LeafPositions) -> None:
        self.values = values
        self.positions = positions
        self._fixed: dict[tuple[Selector, SOp], bool] = {}

    def fixes(self, selector: Selector, node: SOp) -> bool:
        """All keys that a query selects hold the same value of the node."""
        key = (selector, node)
        if key not in self._fixed:
            self._fixed[key] = False  # while it is being found, for chains that come back to it
            self._fixed[key] = self._fixes(conjuncts(selector), node)
        return self._fixed[key]

    def one_of_a_class(self, selector: Selector) -> bool:
        """The selector fixes how many keys of one class come before the key, and keeps to that class."""
        parts = conjuncts(selector)
        return any(self._counts_apart(parts, leaf) for part in parts for leaf in self._key_leaves(part))

    # ---- fixed values ---------------------------------------------------------------------------

    def _fixes(self, parts: Sequence[Selector], node: SOp) -> bool:
        if self.positions.same_everywhere(node):
            return True
        if any(isinstance(part, Select) and self._determines(part, node) for part in parts):
            return True
        for part in parts:
            for leaf in self._key_leaves(part):
                ordered = _counted_order(leaf, self.values.space.causal)
                if ordered is None or not self._function_of(node, ordered):
                    continue
                if self._fixes_leaf(parts, leaf) if isinstance(leaf, SelectorWidth) else self._implies(parts, leaf, 0):
                    return True
        leaves = self.values.leaves(node)
        return bool(leaves) and node not in leaves and all(self._fixes(parts, leaf) for leaf in leaves)

    def _fixes_leaf(self, parts: Sequence[Selector], leaf: SOp) -> bool:
        return any(isinstance(part, Select) and self._determines(part, leaf) for part in parts)

    def _function_of(self, node: SOp, source: SOp) -> bool:
        """The node's value follows from the source's."""
        if node is source:
            return True
        return self.values.leaves(node) <= {source} if source in self.values.leaves(source) else False

    def _determines(self, part: Select, node: SOp) -> bool:
        """For every value of the query, the keys that satisfy the comparison hold one value of the node."""
        if part.comparison == "==" and part.keys is node:
            return True
        if not self.values.leaves(node) <= self.values.leaves(part.keys):
            return False
        listed = self._satisfying(part, node)
        if listed is None:
            return False
        codes, satisfied, count = listed
        # Per query value: how many values of the node are among the satisfying combinations.
        seen = np.zeros((count, satisfied.shape[1]), dtype=np.bool_)
        for code in range(count):
            seen[code] = satisfied[codes == code].any(axis=0)
        return bool((seen.sum(axis=0) <= 1).all())

    def _implies(self, parts: Sequence[Selector], node: SOp, value: Value) -> bool:
        """Every selected key holds this value of the node."""
        for part in parts:
            if not isinstance(part, Select) or not self.values.leaves(node) <= self.values.leaves(part.keys):
                continue
            listed = self._satisfying(part, node)
            if listed is None:
                continue
            codes, satisfied, _ = listed
            values = self._values_of(part, node)
            held = np.array([v == value for v in values], dtype=np.bool_)
            if not satisfied[~held[codes]].any():
                return True
        return False

    def _satisfying(self, part: Select, node: SOp) -> tuple[NDArray[np.int64], NDArray[np.bool_], int] | None:
        """The node's value as a code per combination of leaves; [combination, query value] holds; how many codes."""
        grid = self._grid(part.keys)
        query_values = self.values.domain(part.queries).values
        if grid is None or query_values is None or not query_values:
            return None
        columns, sizes = grid
        keys = evaluate(part.keys, columns, sizes)
        if prod(sizes) * len(query_values) > MAX_ENTRIES:
            return None
        holds = compare_all(part.comparison, keys.values, query_values)  # undefined pairs select nothing
        column = evaluate(node, columns, sizes)
        codes = broadcast(column, sizes).ravel()
        return codes, holds[broadcast(keys, sizes).ravel()], len(column.values)

    def _values_of(self, part: Select, node: SOp) -> tuple[Value, ...]:
        grid = self._grid(part.keys)
        assert grid is not None
        return evaluate(node, *grid).values

    def _grid(self, node: SOp) -> tuple[dict[SOp, TableColumn], list[int]] | None:
        """All combinations of the node's leaves."""
        columns: dict[SOp, TableColumn] = {}
        sizes: list[int] = []
        for axis, leaf in enumerate(sorted(self.values.leaves(node), key=lambda leaf: leaf.id)):
            values = self.values.domain(leaf).values
            if not values or self.values.domain(leaf).undefined:
                return None
            sizes.append(len(values))
            columns[leaf] = TableColumn((axis,), np.arange(len(values)), values)
        return (columns, sizes) if prod(sizes) <= MAX_COMBINATIONS else None

    def _key_leaves(self, part: Selector) -> list[SOp]:
        return sorted(self.values.leaves(part.keys), key=lambda leaf: leaf.id) if isinstance(part, Select) else []

    # ---- one of a class -------------------------------------------------------------------------

    def _counts_apart(self, parts: Sequence[Selector], leaf: SOp) -> bool:
        """The leaf counts the keys of a class that come before, the selector keeps to the class and fixes the leaf."""
        match leaf:
            case SelectorWidth(selector=counted):
                if not self._fixes_leaf(parts, leaf):
                    return False
            case Aggregate(selector=counted, values=Constant(value=value), default=default) if value and not default:
                if not self._implies(parts, leaf, 0):
                    return False
            case _:
                return False
        conditions = conjuncts(counted)
        orders = [one for one in conditions if self.positions.orders_positions(one)]
        return len(orders) == 1 and all(
            self._keeps_to(parts, condition) for condition in conditions if condition is not orders[0]
        )

    def _keeps_to(self, parts: Sequence[Selector], condition: Selector) -> bool:
        """Any two selected keys count each other, as far as this condition goes."""
        if condition in parts and self.positions.same_everywhere(condition):
            return True
        if not isinstance(condition, Select):
            return False
        if condition.comparison == "==" and condition.keys is condition.queries:
            return self._fixes(parts, condition.keys)
        if not isinstance(condition.queries, Constant):
            return False
        return self._truth_of(parts, condition)

    def _truth_of(self, parts: Sequence[Selector], condition: Select) -> bool:
        """Every selected key satisfies a condition on the key alone."""
        assert isinstance(condition.queries, Constant)
        for part in parts:
            if not isinstance(part, Select) or not self.values.leaves(condition.keys) <= self.values.leaves(part.keys):
                continue
            listed = self._satisfying(part, condition.keys)
            if listed is None:
                continue
            codes, satisfied, _ = listed
            holds = compare_all(condition.comparison, self._values_of(part, condition.keys), [condition.queries.value])
            if not satisfied[~holds[codes, 0]].any():
                return True
        return False


def _counted_order(node: SOp, causal: bool) -> SOp | None:
    """`x` where the node counts the keys whose `x` is above (or below) the query's, or tells whether there is one."""
    match node:
        case SelectorWidth(selector=Select() as compared):
            strict = False
        case Aggregate(selector=Select() as compared, values=Constant(value=value), default=default) if (
            value and not default
        ):
            strict = True
        case _:
            return None
    rule = COMPARISONS[compared.comparison]
    if causal or compared.keys is not compared.queries or not rule.is_ordering or (strict and rule.holds(0)):
        return None
    return compared.keys
