"""Facts about selectors and positions, decided by listing every position of every length.

An s-op's value at a position is a function of its leaves there.  Some leaves are *shared*: the length, and whatever is
the same at every position of an input.  One leaf tells the position itself: `indices`, or a rank that is a permutation
of the positions.  All other leaves are taken to be *free*: any value of their domain, at each position on its own.

For every setting of the shared leaves a selector is then two matrices over (query position, key position): where it
*may* select, for some values of the free leaves, and where it *must*, for all of them.  `and`, `or` and `not` combine
such pairs.  The result is safe: what it states holds on every input, and it may state too little.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..graph.comparisons import COMPARISONS
from ..graph.graph import Indices, Node, Select, Selector, SelectorWidth, SOp
from ..graph.values import Undefined, Value
from ..graph.walk import comparisons_of, fold, has_picks
from .compare_values import compare_all
from .domains import Domain, Space
from .joint_tables import TableColumn, broadcast, evaluate

Truths = NDArray[np.bool_]

#: Combinations of leaf values that are listed for one s-op.
MAX_COMBINATIONS = 1 << 18
#: Entries (settings x positions x positions, or x values) of one array.
MAX_ENTRIES = 1 << 23
#: Multiplications for one comparison.
MAX_WORK = 1 << 29


class LeafValues(Protocol):
    """What is asked about the values of s-ops; `node_facts.Analysis` gives it."""

    space: Space

    def domain(self, node: SOp) -> Domain: ...
    def leaves(self, node: SOp) -> frozenset[SOp]: ...


class LeafPositions(Protocol):
    """What is asked about leaves over positions; `selector_facts.SelectorFacts` gives it."""

    def same_everywhere(self, node: Node) -> bool: ...
    def is_length(self, node: SOp) -> bool: ...
    def is_strict_order(self, selector: Selector) -> bool: ...
    def orders_positions(self, selector: Selector) -> bool: ...


@dataclass(frozen=True, eq=False)
class PositionValues:
    """The values that an s-op can take: `present[setting, position, value]`; `undefined[setting, position]`."""

    values: tuple[Value, ...]
    present: Truths
    undefined: Truths


@dataclass(frozen=True, eq=False)
class PairTruths:
    """`may` and `must`, [setting, query position, key position].  `lengths[setting]` is the input's length.

    Where no leaf is the length, one setting of the greatest length stands for all of them (`every_length`): shorter
    inputs have the same truths at fewer positions.  `in_order`: the keys stand in the order of the positions, and not
    in that of a rank."""

    may: Truths
    must: Truths
    lengths: NDArray[np.int64]
    every_length: bool
    in_order: bool

    @property
    def valid(self) -> Truths:
        """[setting, position]: the position is below the length."""
        valid: Truths = np.arange(self.may.shape[1]) < self.lengths[:, None]
        return valid

    def at_most_one(self) -> bool:
        """No query position can select two keys."""
        selected = (self.may & self.valid[:, None, :]).sum(axis=2)
        return bool((selected[self.valid] <= 1).all())

    def at_least_one(self) -> bool:
        """Every query position is sure to select a key."""
        keys = self.valid[:, None, :]
        if self.every_length:  # the shortest input with the query position has no later key
            keys = np.tri(self.may.shape[1], dtype=np.bool_)[None]
        return bool(np.all(np.asarray((self.must & keys).any(axis=2))[self.valid]))

    def selects_the_first(self) -> bool:
        """Every query position is sure to select position 0."""
        return self.in_order and bool(np.all(self.must[:, :, 0][self.valid]))

    def always(self) -> bool:
        return bool(np.all((self.must | ~self.valid[:, None, :])[self.valid]))

    def never(self) -> bool:
        return not np.any((self.may & self.valid[:, None, :])[self.valid])


class PositionListing:
    """Lists s-ops and selectors over positions; answers None, or False, where there is too much to list."""

    def __init__(self, values: LeafValues, positions: LeafPositions) -> None:
        self.values = values
        self.positions = positions

    # ---- facts ----------------------------------------------------------------------------------

    def injective(self, node: SOp) -> bool:
        """No two positions of an input hold the same value, and all values are defined."""
        for position in self._positions([node]):
            shared = self._shared([node], position)
            found = self.values_at(node, position, shared)
            if found is None or found.undefined.any():
                continue
            lengths = self._lengths(shared)
            inside = found.present & (np.arange(found.present.shape[1]) < lengths[:, None])[:, :, None]
            if (inside.sum(axis=1) <= 1).all():
                return True
        return False

    def permutes_positions(self, node: SOp) -> bool:
        """The values at the n positions of an input are 0..n-1 in some order."""
        for position in self._positions([node]):
            shared = self._shared([node], position)
            found = self.values_at(node, position, shared)
            if found is None or found.undefined.any() or not self._single(found, shared):
                continue
            numbers = np.array([v if isinstance(v, int) else -1 for v in found.values], dtype=np.int64)
            at = numbers[found.present.argmax(axis=2)]  # [setting, position]
            lengths = self._lengths(shared)
            every_length = not any(self.positions.is_length(leaf) for leaf in shared)
            for row, length in zip(at, lengths.tolist(), strict=True):
                wanted = np.arange(length)
                if not np.array_equal(row[:length] if every_length else np.sort(row[:length]), wanted):
                    break
            else:
                return True
        return False

    def pairs(self, selector: Selector) -> Iterator[PairTruths]:
        """The selector's truths, once for each leaf that can tell the key's position; none where a key is picked."""
        if has_picks(selector):
            return
        for position in self._positions([comparison.keys for comparison in comparisons_of(selector)]):
            found = self._pairs(selector, position)
            if found is not None:
                yield found

    # ---- arrays ---------------------------------------------------------------------------------

    def values_at(self, node: SOp, position: SOp | None, shared: Sequence[SOp]) -> PositionValues | None:
        """[setting, position, value]; None when there are too many combinations or a leaf is not listed."""
        leaves = self.values.leaves(node)
        free = sorted(
            (leaf for leaf in leaves if leaf is not position and leaf not in shared), key=lambda leaf: leaf.id
        )
        axes = [*(leaf for leaf in shared if leaf in leaves), *(leaf for leaf in (position,) if leaf in leaves), *free]
        columns: dict[SOp, TableColumn] = {}
        for axis, leaf in enumerate(axes):
            values = self.values.domain(leaf).values
            if not values:
                return None
            columns[leaf] = TableColumn((axis,), np.arange(len(values)), values)
        sizes = [len(column.values) for column in columns.values()]
        longest, settings = self.values.space.max_length, [self._size(leaf) for leaf in shared]
        if prod(sizes) > MAX_COMBINATIONS:
            return None
        column = evaluate(node, columns, sizes)
        if prod(settings) * longest * max(len(column.values), prod(map(self._size, free))) > MAX_ENTRIES:
            return None
        # One axis for each shared leaf, one for the position, one for all free leaves together.
        shape = [self._size(leaf) if leaf in leaves else 1 for leaf in shared]
        along = longest if position in leaves else 1
        codes = broadcast(column, sizes).reshape([*shape, along, -1])
        codes = np.broadcast_to(codes, [*settings, longest, codes.shape[-1]]).reshape(prod(settings), longest, -1)
        present: Truths = np.zeros((*codes.shape[:2], len(column.values)), dtype=np.bool_)
        np.put_along_axis(present, codes, True, axis=2)
        unknown = [place for place, value in enumerate(column.values) if isinstance(value, Undefined)]
        undefined: Truths = np.asarray(present[:, :, unknown].any(axis=2))
        if any(self.values.domain(leaf).undefined for leaf in leaves):
            undefined = np.ones_like(undefined)
        return PositionValues(column.values, present, undefined)

    def _pairs(self, selector: Selector, position: SOp | None) -> PairTruths | None:
        comparisons = comparisons_of(selector)
        shared = self._shared([side for one in comparisons for side in (one.keys, one.queries)], position)
        lengths = self._lengths(shared)
        longest = self.values.space.max_length
        shape = (len(lengths), longest, longest)
        if prod(shape) > MAX_ENTRIES or (self.values.space.causal and not isinstance(position, Indices)):
            return None
        may, must = fold(
            selector,
            atom=lambda comparison: self._compared(comparison, position, shared, shape),
            both=lambda a, b: (a[0] & b[0], a[1] & b[1]),
            either=lambda a, b: (a[0] | b[0], a[1] | b[1]),
            negate=lambda a: (~a[1], ~a[0]),
        )
        if self.values.space.causal:
            visible = np.tri(longest, dtype=np.bool_)
            may, must = may & visible, must & visible
        in_order = position is None or isinstance(position, Indices)
        return PairTruths(may, must, lengths, not any(map(self.positions.is_length, shared)), in_order)

    def _compared(
        self, node: Select, position: SOp | None, shared: Sequence[SOp], shape: tuple[int, int, int]
    ) -> tuple[Truths, Truths]:
        """Where one comparison may and must hold; where there is too much to list, it may everywhere."""
        unknown: tuple[Truths, Truths] = (np.ones(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_))
        indices = next((leaf for leaf in self.values.leaves(node.queries) if isinstance(leaf, Indices)), None)
        keys, queries = self.values_at(node.keys, position, shared), self.values_at(node.queries, indices, shared)
        if keys is None or queries is None:
            return unknown
        if prod(shape[:2]) * len(queries.values) * (len(keys.values) + shape[1]) > MAX_WORK:
            return unknown
        holds = compare_all(node.comparison, keys.values, queries.values)
        defined = np.outer(
            [not isinstance(value, Undefined) for value in keys.values],
            [not isinstance(value, Undefined) for value in queries.values],
        )
        key_present, query_present = keys.present.astype(np.float32), queries.present.astype(np.float32)

        def some(matrix: Truths) -> Truths:
            """[setting, query position, key position]: some value pair of the matrix can occur."""
            # [setting, key position, query value]
            reached = (key_present @ matrix.astype(np.float32) > 0).astype(np.float32)
            return np.asarray(query_present @ reached.transpose(0, 2, 1) > 0)

        undefined = queries.undefined[:, :, None] | keys.undefined[:, None, :]
        may, must = some(holds) | undefined, ~some(defined & ~holds) & ~undefined
        if node.keys is node.queries and (position is None or isinstance(position, Indices)):
            diagonal = np.arange(shape[1])  # the same position on both sides: the same value
            itself = COMPARISONS[node.comparison].holds(0)
            may[:, diagonal, diagonal] = itself
            must[:, diagonal, diagonal] = itself & ~undefined[:, diagonal, diagonal]
        return may, must

    # ---- leaves ---------------------------------------------------------------------------------

    def _positions(self, nodes: Sequence[SOp]) -> list[SOp | None]:
        """Leaves that tell one position from another: `indices`, and ranks in a total order."""
        leaves: set[SOp] = set().union(*(self.values.leaves(node) for node in nodes))
        ranks: list[SOp] = [
            leaf for leaf in leaves if isinstance(leaf, SelectorWidth) and self.positions.is_strict_order(leaf.selector)
        ]
        indices: list[SOp] = [leaf for leaf in leaves if isinstance(leaf, Indices)]
        return [*indices, *sorted(ranks, key=lambda leaf: leaf.id)] or [None]

    def _shared(self, nodes: Sequence[SOp], position: SOp | None) -> list[SOp]:
        """The leaves that are the same at every position, the length first; the largest domains are left to be free."""
        leaves: set[SOp] = set().union(*(self.values.leaves(node) for node in nodes))
        shared = [
            leaf
            for leaf in leaves
            if leaf is not position and self.positions.same_everywhere(leaf) and self.values.domain(leaf).values
        ]
        shared.sort(key=lambda leaf: (not self.positions.is_length(leaf), self._size(leaf), leaf.id))
        while shared and prod(map(self._size, shared)) * self.values.space.max_length**2 > MAX_ENTRIES:
            shared.pop()
        return shared

    def _size(self, leaf: SOp) -> int:
        return len(self.values.domain(leaf).values or ())

    def _lengths(self, shared: Sequence[SOp]) -> NDArray[np.int64]:
        """The length in each setting of the shared leaves."""
        sizes = [self._size(leaf) for leaf in shared]
        lengths = np.full(prod(sizes), self.values.space.max_length, dtype=np.int64)
        for axis, leaf in enumerate(shared):
            if self.positions.is_length(leaf):
                values = np.array([int(v) for v in self.values.domain(leaf).values or ()], dtype=np.int64)
                along = [1] * len(sizes)
                along[axis] = -1
                lengths = np.broadcast_to(values.reshape(along), sizes).ravel().copy()
        return lengths

    def _single(self, found: PositionValues, shared: Sequence[SOp]) -> bool:
        """Each position holds one value that follows from the setting."""
        inside = np.arange(found.present.shape[1]) < self._lengths(shared)[:, None]
        return bool((found.present.sum(axis=2)[inside] == 1).all())
