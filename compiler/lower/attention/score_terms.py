"""Predicates by classes, and the terms of an attention score that they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...analysis.compare_values import Matrix
from ...analysis.conjunctions import RelationPredicate
from ...blocks.forms import LinearForm
from ...graph.graph import SOp


@dataclass(frozen=True, kw_only=True)
class ScoreTerm:
    """One predicate's term of an attention score: `key_only(k) + query_only(q) + sum of a(q) b(k)` over `pairs`.

    All numbers are scores before sharpness.  The term is `level` where the predicate holds, and at most `level - gap`
    where it does not; `error` bounds its float32 error.  `excess`: where the predicate holds, the term may exceed
    `level` by this (0 where ties matter).  `kind`: the construction, such as "table"; `why`: the reason for it, shown
    to users."""

    kind: str
    why: str
    key_only: LinearForm | None = None
    query_only: LinearForm | None = None
    pairs: tuple[tuple[LinearForm, LinearForm], ...] = ()
    level: float
    gap: float
    error: float
    excess: float = 0.0

    def instead_of(self, noisier: Sequence[ScoreTerm]) -> ScoreTerm:
        """The same term; `why` says which cheaper construction was too noisy."""
        tried = [term for term in noisier if term.kind != self.kind]
        if not tried:
            return self
        errors = f"{tried[0].error:.1g} against {self.error:.1g}"
        return replace(self, why=f"{self.why}; `{tried[0].kind}` would be noisier ({errors})")

    @property
    def size(self) -> float:
        """The largest possible sum of the absolute values of the term's products."""
        forms = [form for form in (self.key_only, self.query_only) if form is not None]
        return sum(form.reach for form in forms) + sum(query.reach * key.size for query, key in self.pairs)

    def scaled(self, factor: float) -> ScoreTerm:
        """The same predicate with all scores multiplied."""
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
class ScoreSide:
    """The keys' or the queries' side of a predicate: a node (None: a constant) and a class for each value of its
    domain."""

    node: SOp | None
    classes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class TablePredicate:
    """A predicate given by classes: `truth` is an array [key class, query class].

    `digit`: which part of a split order it is, in words."""

    keys: ScoreSide
    queries: ScoreSide
    truth: Matrix
    digit: str | None = None


Predicate = RelationPredicate | TablePredicate


def table_of(predicate: RelationPredicate) -> TablePredicate:
    """The predicate as a table, with equal rows and equal columns merged."""
    matrix = predicate.matrix()
    key_classes, key_first = _classes(matrix)
    query_classes, query_first = _classes(matrix.T)
    return TablePredicate(
        ScoreSide(predicate.relation.keys, key_classes),
        ScoreSide(predicate.relation.queries, query_classes),
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
