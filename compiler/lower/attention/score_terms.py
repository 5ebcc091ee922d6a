"""Predicates by classes, and the pieces of attention score that they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...analysis.conjunctions import Matrix, RelationPredicate
from ...blocks.blocks import LinearForm
from ...graph.graph import SOp


@dataclass(frozen=True)
class ScoreTerm:
    """Scores: `key_only(k) + query_only(q) + sum of a(q) b(k)`; `error` bounds their float32 error.

    `excess`: pairs for which the predicate holds may score this much above `level` (never where ties matter).
    `why`: what a person is told who asks why this form was taken."""

    form: str
    why: str
    key_only: LinearForm | None
    query_only: LinearForm | None
    pairs: tuple[tuple[LinearForm, LinearForm], ...]
    level: float
    gap: float
    error: float
    excess: float = 0.0

    def after(self, noisier: Sequence[ScoreTerm]) -> ScoreTerm:
        """The same piece, taken after cheaper ones were found too noisy."""
        tried = [piece for piece in noisier if piece.form != self.form]
        if not tried:
            return self
        errors = f"{tried[0].error:.1g} against {self.error:.1g}"
        return replace(self, why=f"{self.why}; `{tried[0].form}` would be noisier ({errors})")

    def scaled(self, factor: float) -> ScoreTerm:
        """The same predicate, `factor` times as loud."""
        return replace(
            self,
            key_only=None if self.key_only is None else self.key_only.scaled(factor),
            query_only=None if self.query_only is None else self.query_only.scaled(factor),
            pairs=tuple((a.scaled(factor), b) for a, b in self.pairs),
            level=factor * self.level,
            gap=factor * self.gap,
            error=factor * self.error,
        )


@dataclass(frozen=True, eq=False)
class Side:
    """What scores read of one side: a node and, for each value of its domain, a class."""

    node: SOp | None
    classes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class TablePredicate:
    """A predicate given by classes: `truth[key class, query class]`.  `digit`: which part of a split order it is."""

    keys: Side
    queries: Side
    truth: Matrix
    digit: str | None = None


def table_of(part: RelationPredicate) -> TablePredicate:
    """The predicate with equal rows and equal columns merged."""
    matrix = part.matrix()
    key_classes, key_first = _classes(matrix)
    query_classes, query_first = _classes(matrix.T)
    return TablePredicate(
        Side(part.relation.keys, key_classes),
        Side(part.relation.queries, query_classes),
        matrix[np.ix_(key_first, query_first)],
    )


def is_equality(truth: Matrix) -> bool:
    """Each key class is selected by at most one query class and the other way round."""
    return bool((truth.sum(axis=0) <= 1).all() and (truth.sum(axis=1) <= 1).all())


def _classes(matrix: Matrix) -> tuple[tuple[int, ...], list[int]]:
    """Each row's class (equal rows share one), and each class's first row."""
    packed = np.packbits(matrix, axis=1)
    numbers: dict[bytes, int] = {}
    first: list[int] = []
    classes = []
    for place, row in enumerate(packed):
        found = numbers.setdefault(row.tobytes(), len(numbers))
        if found == len(first):
            first.append(place)
        classes.append(found)
    return tuple(classes), first
