"""Comparisons of one computed key with itself, as the order by what the key is computed from.

`tokens * 100 + indices` and `tokens + indices / 1000` order positions by token, and equal tokens by position.  Whether
a key is such an order is decided by listing its values: along one leaf after the other it must be strictly monotonic,
each value of the first leaf above all of the one before, whatever the shared leaves (the length) are.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from math import prod

import numpy as np
from numpy.typing import NDArray

from ...rasp_grammar.span import Span
from ..analysis.joint_tables import TableColumn, broadcast, evaluate
from ..analysis.node_facts import Analysis
from ..analysis.position_listing import MAX_COMBINATIONS
from ..graph.comparisons import COMPARISONS, Comparison
from ..graph.graph import Graph, Indices, Select, Selector, SOp
from ..graph.values import Undefined, is_number

#: A key is taken apart into at most so many leaves.
MAX_LEAVES = 3


def order_by_leaves(node: Select, graph: Graph, analysis: Analysis) -> Selector | None:
    """The comparison as one of the key's leaves, from the most significant on; None where the key is no such order."""
    if node.keys is not node.queries or node.keys in analysis.leaves(node.keys):
        return None
    found = _significance(node.keys, analysis)
    if found is None:
        return None
    rule = COMPARISONS[node.comparison]
    if not rule.is_ordering:
        return _equality(node, [leaf for leaf, _ in found], graph)
    return _ordering(node.comparison, found, graph, node.span)


def _equality(node: Select, leaves: list[SOp], graph: Graph) -> Selector:
    """All leaves are equal, or for `!=` one of them is not."""
    same: Selector | None = None
    for leaf in leaves:
        one = graph.select(leaf, leaf, node.comparison, node.span)
        if same is None:
            same = one
        elif node.comparison == "==":
            same = graph.selector_and(same, one, node.span)
        else:
            same = graph.selector_or(same, one, node.span)
    assert same is not None
    return same


def _ordering(comparison: Comparison, leaves: list[tuple[SOp, bool]], graph: Graph, span: Span) -> Selector:
    """The lexicographic order: a leaf decides where all before it are equal, the last one as `comparison` does."""
    rule = COMPARISONS[comparison]
    strict: Comparison = "<" if rule.holds(-1) else ">"
    (leaf, ascending), *others = leaves
    if not others:
        return graph.select(leaf, leaf, comparison if ascending else rule.mirrored, span)
    decided = graph.select(leaf, leaf, strict if ascending else COMPARISONS[strict].mirrored, span)
    equal = graph.select(leaf, leaf, "==", span)
    rest = _ordering(comparison, others, graph, span)
    return graph.selector_or(decided, graph.selector_and(equal, rest, span), span)


def _significance(key: SOp, analysis: Analysis) -> list[tuple[SOp, bool]] | None:
    """The key's leaves from the most significant on, and whether the key ascends with each; None where it does not."""
    leaves = sorted(analysis.leaves(key), key=lambda leaf: leaf.id)
    shared = [leaf for leaf in leaves if analysis.selectors.same_everywhere(leaf)]
    own = [leaf for leaf in leaves if leaf not in shared]
    if not 1 <= len(own) <= MAX_LEAVES:
        return None
    numbers = _numbers(key, [*shared, *own], analysis)
    if numbers is None:
        return None
    possible = _possible([*shared, *own], analysis)
    for order in permutations(range(len(own))):
        axes = [*range(len(shared)), *(len(shared) + place for place in order)]
        signs = _directions(numbers.transpose(axes), possible.transpose(axes), len(shared))
        if signs is not None:
            return [(own[place], ascending) for place, ascending in zip(order, signs, strict=True)]
    return None


def _numbers(key: SOp, leaves: list[SOp], analysis: Analysis) -> NDArray[np.int64] | None:
    """The ranks of the key's values over all combinations of its leaves; None where one is no number."""
    columns: dict[SOp, TableColumn] = {}
    sizes: list[int] = []
    for axis, leaf in enumerate(leaves):
        domain = analysis.domain(leaf)
        if not domain.values or domain.undefined:
            return None
        sizes.append(len(domain.values))
        columns[leaf] = TableColumn((axis,), np.arange(len(domain.values)), domain.values)
    if prod(sizes) > MAX_COMBINATIONS:
        return None
    found = evaluate(key, columns, sizes)
    if any(isinstance(value, Undefined) or not is_number(value) for value in found.values):
        return None
    ranks = {value: rank for rank, value in enumerate(sorted(found.values))}  # type: ignore[type-var]
    return np.array([ranks[value] for value in found.values], dtype=np.int64)[broadcast(found, sizes)]


def _possible(leaves: list[SOp], analysis: Analysis) -> NDArray[np.bool_]:
    """Which combinations can occur: a position is below the length."""
    sizes = [len(analysis.domain(leaf).values or ()) for leaf in leaves]
    found = np.ones(sizes, dtype=np.bool_)
    for row, index in enumerate(leaves):
        for column, length in enumerate(leaves):
            if isinstance(index, Indices) and analysis.selectors.is_length(length):
                below = np.array([[i < n for n in _whole(length, analysis)] for i in _whole(index, analysis)])
                shape = [size if axis in (row, column) else 1 for axis, size in enumerate(sizes)]
                found &= (below if row < column else below.T).reshape(shape)
    return found


def _whole(leaf: SOp, analysis: Analysis) -> list[int]:
    return [int(value) for value in analysis.domain(leaf).values or ()]


def _directions(numbers: NDArray[np.int64], possible: NDArray[np.bool_], shared: int) -> list[bool] | None:
    """Whether the numbers ascend along each axis after the shared ones, most significant first; None where they do
    neither.  Along an axis, every number of one step must be beyond every number of the step before."""
    signs: list[bool] = []
    for axis in range(shared, numbers.ndim):
        later = tuple(range(axis + 1, numbers.ndim))
        highest = np.where(possible, numbers, -1).max(axis=later)
        lowest = np.where(possible, numbers, np.iinfo(np.int64).max).min(axis=later)
        some = np.asarray(possible.any(axis=later))
        for ascending in (True, False):
            if all(_apart(*steps, ascending) for steps in _steps(lowest, highest, some)):
                signs.append(ascending)
                break
        else:
            return None
    return signs


def _steps(
    lowest: NDArray[np.int64], highest: NDArray[np.int64], some: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(lowest, highest) of the steps along the last axis that can occur, for each combination of the other axes."""
    for row in np.ndindex(lowest.shape[:-1]):
        yield lowest[row][some[row]], highest[row][some[row]]


def _apart(lowest: NDArray[np.int64], highest: NDArray[np.int64], ascending: bool) -> bool:
    if ascending:
        return bool((highest[:-1] < lowest[1:]).all())
    return bool((lowest[:-1] > highest[1:]).all())
