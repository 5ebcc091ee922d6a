"""Orders over many classes, in two digits.

With key k = b * k1 + k0 and threshold t = b * t1 + t0: k < t exactly when k1 < t1, or k1 = t1 and k0 < t0.  The two
cases exclude each other, so their widths and sums add up over two heads, each as wide as a digit.  Ours.
"""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np

from ...analysis.compare_values import Matrix
from ...analysis.conjunctions import Conjunction, RelationPredicate
from ..context import Context
from ..ready_times import ReadyTimes
from .score_terms import Predicate, ScoreSide, TablePredicate, is_equality
from .scores import Scores


class SplitOrders:
    """Splits orders that are wider than the options allow, for counting heads."""

    def __init__(self, context: Context, times: ReadyTimes, scores: Scores) -> None:
        self.context = context
        self.times = times
        self.scores = scores

    def split(self, conjunctions: tuple[Conjunction, ...]) -> list[list[Predicate]]:
        """The conjunctions; each with a wide order predicate (`k < q`) is split in two by digits."""
        result: list[list[Predicate]] = []
        todo: list[list[Predicate]] = [list(conjunction) for conjunction in conjunctions]
        while todo:
            predicates = todo.pop(0)
            wide = [self._wide_order(predicate) for predicate in predicates]
            place = next((i for i, table in enumerate(wide) if table is not None), None)
            if place is None:
                result.append(predicates)
                continue
            table = wide[place]
            assert table is not None
            rest = predicates[:place] + predicates[place + 1 :]
            self.context.meets_wide_orders = True
            high, equal, low = _digits(table)
            todo = [[*rest, high], [*rest, equal, low], *todo]
        return result

    def splits_computed(self, conjunctions: tuple[Conjunction, ...]) -> bool:
        """True if an order that would be split compares values that the embedding does not give."""
        wide = [one for conjunction in conjunctions for one in conjunction if self._wide_order(one) is not None]
        sides = [side for one in wide for side in (one.relation.keys, one.relation.queries) if side is not None]
        return any(self.times.of_function(side) > 0 for side in sides)

    def _wide_order(self, predicate: Predicate) -> TablePredicate | None:
        """The predicate as a table if it is an order that is wide enough to be split."""
        if isinstance(predicate, RelationPredicate):
            if predicate.relation.codes is None:
                return None
            table = self.scores.table(predicate)
            if self.scores.compares_numbers(predicate, table):
                return None
        else:
            table = predicate
        if min(table.truth.shape) <= self.context.options.widest_order or is_equality(table.truth):
            return None
        return table if _ranks(table.truth) is not None else None


def _digits(table: TablePredicate) -> tuple[TablePredicate, TablePredicate, TablePredicate]:
    """(high digits in order, high digits equal, low digits in order) of an order's table."""
    found = _ranks(table.truth)
    assert found is not None
    ranks, thresholds = found
    base = ceil(sqrt(max(thresholds) + 1))
    count = max(max(ranks), max(thresholds)) // base + 1

    def sides(of: ScoreSide, numbers: list[int]) -> tuple[ScoreSide, ScoreSide]:
        """The high digit and the low one."""
        return (
            ScoreSide(of.node, tuple(numbers[c] // base for c in of.classes)),
            ScoreSide(of.node, tuple(numbers[c] % base for c in of.classes)),
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


def _ranks(truth: Matrix) -> tuple[list[int], list[int]] | None:
    """(rank of each key class, threshold of each query class) with `truth[k, q]` = rank < threshold.

    None if the table [key class, query class] is not an order."""
    sizes = truth.sum(axis=1)
    order = np.argsort(-sizes, kind="stable")
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    thresholds = truth.sum(axis=0)
    if not np.array_equal(truth, ranks[:, None] < thresholds[None, :]):
        return None
    return ranks.tolist(), thresholds.tolist()
