"""Which formulas over comparisons order the positions, and formulas themselves.

When every comparison of a formula compares one s-op with itself, its truth depends only on the signs of key - query for
each of these s-ops.  The sign of `indices` is never 0 for two different positions, so a formula over a few s-ops, with
`indices` among them, can be checked on all vectors of signs: that it is total, antisymmetric and transitive.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from ..graph.graph import Indices, Select, Selector, SelectorAnd, SelectorNot, SelectorOr, SOp, inputs_of

#: Which of key < query, key = query, key > query (signs -1, 0, 1) each comparison accepts.
SIGNS: dict[str, frozenset[int]] = {
    "<": frozenset({-1}),
    "<=": frozenset({-1, 0}),
    "==": frozenset({0}),
    "!=": frozenset({-1, 1}),
    ">": frozenset({1}),
    ">=": frozenset({0, 1}),
}

#: Formulas that compare more s-ops than this are not checked.
MAX_COMPARED = 3


def formula(selector: Selector) -> list[Selector]:
    """The nodes of a formula, down to its comparisons and no further, operands first."""
    done: dict[Selector, None] = {}
    stack = [selector]
    while stack:
        current = stack[-1]
        operands = [node for node in inputs_of(current) if isinstance(node, Selector)]
        missing = [operand for operand in operands if operand not in done]
        if missing:
            stack += missing[::-1]
        else:
            done.setdefault(current)
            stack.pop()
    return list(done)


def compared(selector: Selector) -> tuple[SOp, ...] | None:
    """The s-ops that a formula compares with themselves; None when it compares two different ones."""
    nodes: dict[SOp, None] = {}
    for node in formula(selector):
        if isinstance(node, Select):
            if node.keys is not node.queries:
                return None
            nodes[node.keys] = None
    return tuple(nodes)


def is_total(selector: Selector, nodes: Sequence[SOp]) -> bool:
    """Of two different positions exactly one selects the other, and selection is transitive.  `nodes`: as `compared`
    gives them; any two values of each can be compared."""
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
            # Index sign 0 would be the same position again, which totality excludes.
            if combined[index] != 0 and not truth[combined]:
                return False
    return True


def is_reflexive(selector: Selector) -> bool:
    """A formula over s-ops that are compared with themselves selects the query's own position."""
    nodes = compared(selector)
    assert nodes is not None
    return _truth(selector, nodes, (0,) * len(nodes))


def _truth(selector: Selector, nodes: Sequence[SOp], signs: Sequence[int]) -> bool:
    """The formula's truth where key - query has these signs for these s-ops."""
    sign_of = dict(zip(nodes, signs, strict=True))
    done: dict[Selector, bool] = {}
    for node in formula(selector):
        match node:
            case Select(keys=keys, comparison=comparison):
                done[node] = sign_of[keys] in SIGNS[comparison]
            case SelectorAnd(left=left, right=right):
                done[node] = done[left] and done[right]
            case SelectorOr(left=left, right=right):
                done[node] = done[left] or done[right]
            case SelectorNot(operand=operand):
                done[node] = not done[operand]
            case _:
                raise AssertionError(node)
    return done[selector]
