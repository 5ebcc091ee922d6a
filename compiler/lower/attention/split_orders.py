"""Orders over many classes, in two digits.

With key k = b * k1 + k0 and threshold t = b * t1 + t0: k < t exactly when k1 < t1, or k1 = t1 and k0 < t0.  The two
cases exclude each other, so their widths and sums add up over two heads, each as wide as a digit.  Ours.
"""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np

from ...analysis.conjunctions import Conjunction, Matrix, RelationPredicate
from ..context import Context
from .score_terms import Side, TablePredicate, is_equality
from .scores import Scores


class SplitOrders:
    """Splits wide orders where heads count."""

    def __init__(self, context: Context, scores: Scores) -> None:
        self.context = context
        self.scores = scores

    def split(self, conjunctions: tuple[Conjunction, ...]) -> list[list[RelationPredicate | TablePredicate]]:
        """The conjunctions, those with a wide order predicate (`k < q`) split in two by digits."""
        result: list[list[RelationPredicate | TablePredicate]] = []
        todo: list[list[RelationPredicate | TablePredicate]] = [list(conjunction) for conjunction in conjunctions]
        while todo:
            parts = todo.pop(0)
            wide = [self._wide_order(part) for part in parts]
            place = next((i for i, table in enumerate(wide) if table is not None), None)
            if place is None:
                result.append(parts)
                continue
            table = wide[place]
            assert table is not None
            rest = parts[:place] + parts[place + 1 :]
            high, equal, low = _digits(table)
            todo = [[*rest, high], [*rest, equal, low], *todo]
        return result

    def splits_computed(self, conjunctions: tuple[Conjunction, ...]) -> bool:
        """Whether an order that would be split compares what the embedding does not hold."""
        features = self.context.features
        wide = [part for conjunction in conjunctions for part in conjunction if self._wide_order(part) is not None]
        sides = [side for part in wide for side in (part.relation.keys, part.relation.queries) if side is not None]
        return any(features.function_time(side) > 0 for side in sides)

    def _wide_order(self, part: RelationPredicate | TablePredicate) -> TablePredicate | None:
        """The order predicate of a part that is wide enough to be split."""
        if isinstance(part, RelationPredicate):
            if part.relation.codes is None:
                return None
            table = self.scores.tables(part)
            if self.scores.prefers_numbers(part, table):
                return None
        else:
            table = part
        if min(table.truth.shape) <= self.context.options.widest_order or is_equality(table.truth):
            return None
        return table if _chain(table.truth) is not None else None


def _digits(table: TablePredicate) -> tuple[TablePredicate, TablePredicate, TablePredicate]:
    chain = _chain(table.truth)
    assert chain is not None
    ranks, thresholds = chain  # key class -> rank; query class -> how many ranks are selected
    base = ceil(sqrt(max(thresholds) + 1))
    count = max(max(ranks), max(thresholds)) // base + 1

    def sides(of: Side, numbers: list[int]) -> tuple[Side, Side]:
        """The high digit and the low one."""
        return (
            Side(of.node, tuple(numbers[c] // base for c in of.classes)),
            Side(of.node, tuple(numbers[c] % base for c in of.classes)),
        )

    key_high, key_low = sides(table.keys, ranks)
    query_high, query_low = sides(table.queries, thresholds)
    lower = np.arange(count)[:, None] < np.arange(count)[None, :]
    same: Matrix = np.eye(count, dtype=bool)
    low_order = np.arange(base)[:, None] < np.arange(base)[None, :]
    order = f"of an order over {len(ranks)} by {len(thresholds)} classes"
    return (
        TablePredicate(key_high, query_high, lower, f"the high digit {order}"),
        TablePredicate(key_high, query_high, same, f"equal high digits {order}"),
        TablePredicate(key_low, query_low, low_order, f"the low digit {order}"),
    )


def _chain(truth: Matrix) -> tuple[list[int], list[int]] | None:
    """For nested columns: each row's rank and each column's threshold; selected is rank < threshold."""
    sizes = truth.sum(axis=1)
    order = np.argsort(-sizes, kind="stable")
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    thresholds = truth.sum(axis=0)
    if not np.array_equal(truth, ranks[:, None] < thresholds[None, :]):
        return None
    return ranks.tolist(), thresholds.tolist()
