"""Decides whether a selector is a total order of the positions.

When every comparison of a formula compares one s-op with itself, its truth depends only on the signs of key - query for
each of these s-ops.  The sign of `indices` is never 0 for two different positions, so a formula over a few s-ops, with
`indices` among them, can be checked on all vectors of signs: that it is total, antisymmetric and transitive.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from ..graph.comparisons import COMPARISONS
from ..graph.graph import Indices, Selector, SOp
from ..graph.walk import comparisons_of, fold, has_picks

#: Formulas that compare more s-ops than this are not checked.
MAX_COMPARED = 3


def compared(selector: Selector) -> tuple[SOp, ...] | None:
    """The s-ops that a formula compares with themselves; None if it compares two different ones, or picks keys."""
    if has_picks(selector):
        return None
    nodes: dict[SOp, None] = {}
    for node in comparisons_of(selector):
        if node.keys is not node.queries:
            return None
        nodes[node.keys] = None
    return tuple(nodes)


def is_total(selector: Selector, nodes: Sequence[SOp]) -> bool:
    """True if of two different positions exactly one selects the other, and selection is transitive.

    `nodes`: the result of `compared`; any two values of each must be comparable."""
    index = next((place for place, node in enumerate(nodes) if isinstance(node, Indices)), None)
    if index is None or len(nodes) > MAX_COMPARED:
        return False
    vectors = [v for v in product((-1, 0, 1), repeat=len(nodes)) if v[index] != 0]
    truth = {v: _truth(selector, nodes, v) for v in vectors}
    if any(truth[v] == truth[tuple(-sign for sign in v)] for v in vectors):
        return False
    below = [v for v in vectors if truth[v]]
    for first, second in product(below, below):
        options = [
            (a,) if a == b or b == 0 else (b,) if a == 0 else (-1, 0, 1) for a, b in zip(first, second, strict=True)
        ]
        for combined in product(*options):
            # Index sign 0 means the same position, which cannot be both before and after another.
            if combined[index] != 0 and not truth[combined]:
                return False
    return True


def is_reflexive(selector: Selector) -> bool:
    """True if a formula over s-ops that are compared with themselves selects the query's own position."""
    nodes = compared(selector)
    assert nodes is not None
    return _truth(selector, nodes, (0,) * len(nodes))


def _truth(selector: Selector, nodes: Sequence[SOp], signs: Sequence[int]) -> bool:
    """The formula's truth where key - query has these signs for these s-ops."""
    sign_of = dict(zip(nodes, signs, strict=True))
    return fold(
        selector,
        atom=lambda node: COMPARISONS[node.comparison].holds(sign_of[node.keys]),
        both=lambda left, right: left and right,
        either=lambda left, right: left or right,
        negate=lambda operand: not operand,
    )
