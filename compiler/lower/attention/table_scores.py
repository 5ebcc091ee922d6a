"""Score terms from tables of classes: an indicator of one side, or one-hot times row.

One-hot times row is how Tracr (Lindner et al. 2023, section 3.2) makes the scores of a select; any predicate takes as
many dimensions as the smaller side has classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...blocks.forms import LinearForm
from ..context import Context, NoiseRemoval
from ..views import Views
from .score_terms import ScoreSide, ScoreTerm, TablePredicate, is_equality

#: An equality of at most this many classes is a table; comparing numbers would take as many dimensions.
MAX_CLASSES_OF_TABLE_EQUALITY = 3


class TableScores:
    """Makes score terms out of tables."""

    def __init__(self, context: Context, views: Views) -> None:
        self.context = context
        self.analysis = context.analysis
        self.views = views

    def term(self, table: TablePredicate, *, denoise: NoiseRemoval) -> ScoreTerm:
        """The table's score.  Raises RaspError if an indicator has no form."""
        truth = table.truth
        if truth.shape[1] == 1:
            (form,) = self._indicators(table.keys, [truth[:, 0]], denoise)
            why = f"only the key matters, which may have {_accepted(table.keys, truth[:, 0])}"
            return ScoreTerm(kind="key only", why=why, key_only=form, level=1.0, gap=1.0, error=form.error)
        if truth.shape[0] == 1:
            (form,) = self._indicators(table.queries, [truth[0]], denoise)
            why = f"only the query matters, which may have {_accepted(table.queries, truth[0])}"
            return ScoreTerm(kind="query only", why=why, query_only=form, level=1.0, gap=1.0, error=form.error)
        by_key = _selected_classes(truth) <= _selected_classes(truth.T)
        pairs = self._pairs(table, by_key, denoise)
        # One side is one-hot.  The product of its 1 counts fully; the others count by the error of their 0.
        errors = [max(a.error, b.error) for a, b in pairs]
        error = 2 * max(errors) + sum(errors) * (max(errors) if is_equality(truth) else 1.0)
        why = self._why(table, len(pairs), by_key)
        return ScoreTerm(kind="table", why=why, pairs=tuple(pairs), level=1.0, gap=1.0, error=error)

    def _why(self, table: TablePredicate, used: int, by_key: bool) -> str:
        keys, queries = table.truth.shape
        side = "key" if by_key else "query"
        if not is_equality(table.truth):
            reason = f"{keys} classes of keys by {queries} of queries, and no equality"
        elif min(keys, queries) <= MAX_CLASSES_OF_TABLE_EQUALITY:
            reason = f"an equality of only {min(keys, queries)} classes"
        elif all(s.node is not None and self.analysis.domain(s.node).numeric for s in (table.keys, table.queries)):
            reason = f"an equality of {used} classes whose numbers are not nearly whole"
        else:
            reason = f"an equality of {used} strings, which stay one-hot for readers (-Os numbers them)"
        digit = "" if table.digit is None else f"{table.digit}: "
        return f"{digit}{reason}; the {side}'s side is one-hot, {used} wide"

    def _pairs(self, table: TablePredicate, by_key: bool, denoise: NoiseRemoval) -> list[tuple[LinearForm, LinearForm]]:
        """(query's form, key's form) of each dimension.  `by_key`: the key's side is one-hot."""
        truth = table.truth if by_key else table.truth.T
        hot, rows = (table.keys, table.queries) if by_key else (table.queries, table.keys)
        used = [i for i in range(truth.shape[0]) if truth[i].any()]
        one_hot = self._indicators(hot, [np.arange(truth.shape[0]) == i for i in used], denoise)
        row_forms = self._indicators(rows, [truth[i] for i in used], denoise)
        pairs = list(zip(row_forms, one_hot, strict=True))
        return pairs if by_key else [(b, a) for a, b in pairs]

    def _indicators(self, side: ScoreSide, sets: list[NDArray[np.bool_]], denoise: NoiseRemoval) -> list[LinearForm]:
        """Indicators of sets of classes, each an array [class]."""
        assert side.node is not None
        places = [frozenset(i for i, c in enumerate(side.classes) if chosen[c]) for chosen in sets]
        return self.views.indicators(side.node, places, denoise=denoise)


def _selected_classes(truth: NDArray[np.bool_]) -> int:
    """The number of rows in which anything is selected: the dimensions that a one-hot row side takes."""
    return int(truth.any(axis=1).sum())


def _accepted(side: ScoreSide, accepted: NDArray[np.bool_]) -> str:
    """The number of a side's values that are accepted, in words."""
    return f"{sum(bool(accepted[c]) for c in side.classes)} of its {len(side.classes)} values"
