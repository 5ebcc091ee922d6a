"""How one predicate becomes attention scores.

A *piece* scores a (key, query) pair `level` where the predicate holds, and at least `gap` less where it does not.
Pieces of a conjunction add up.  Forms:

- key only, query only: an indicator;
- table: one-hot of the key's class times the row of the predicate (or the other way round), as many dimensions as
  the smaller side has classes;
- equality by numbers (`equality.py`), two or three dimensions whatever the domain.

One-hot times row is how Tracr (Lindner et al. 2023) makes scores of a select.  Sums of scores for conjunctions and
votes are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from ....rasp_grammar.diagnostics import RaspError
from ...analysis.conjunctions import RelationPredicate
from ...analysis.node_facts import Analysis
from ...blocks.blocks import Level, LinearForm, constant_form, sum_forms
from ...graph.graph import Elementwise, SOp
from ...graph.walk import visited
from ...options import Strategy
from ..context import Context, NoiseRemoval
from .equality_scores import EqualityScores
from .score_terms import ScoreTerm, Side, TablePredicate, is_equality, table_of

#: A score error that no reader notices, to be divided by the most keys that can tie.  The values of a mean lie closer
#: together than those of a count.
HARMLESS: dict[Level, float] = {"retrieve": 2.0**-12, "count": 2.0**-12, "mean": 2.0**-16}
#: Times the most keys that can tie, a score error beyond which a count is of little use.
SPOILT = 2.0**-8


class Scores:
    """Chooses and makes the pieces of a conjunction."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.analysis: Analysis = context.analysis
        self.equalities = EqualityScores(context)
        self._tables: dict[RelationPredicate, TablePredicate] = {}

    def tables(self, part: RelationPredicate) -> TablePredicate:
        """The predicate with equal rows and equal columns merged."""
        if part not in self._tables:
            self._tables[part] = table_of(part)
        return self._tables[part]

    def pieces(
        self, parts: Sequence[RelationPredicate | TablePredicate], *, level: Level, exact_level: bool
    ) -> list[ScoreTerm]:
        """Pieces whose sum is a score for the conjunction of the parts: it reaches the sum of the levels where all of
        them hold, and stays below that by the smallest gap where one does not.

        One of them may exceed its level where ties do not matter; the others are then loud enough to veto it."""
        voted: list[ScoreTerm | None] = [None] * len(parts)
        if level == "retrieve":
            for place, part in enumerate(parts):
                voted[place] = self._vote(part)
                if voted[place] is not None:
                    break
        factor = 1.0 + sum(piece.excess for piece in voted if piece is not None)
        return [
            vote if vote is not None else self.piece(part, level=level, exact_level=exact_level).scaled(factor)
            for vote, part in zip(voted, parts, strict=True)
        ]

    def _vote(self, part: RelationPredicate | TablePredicate) -> ScoreTerm | None:
        """A predicate on the key alone that is a disjunction or conjunction of truths, as a sum of these: at least 1
        where it holds and at most 0 where not.  Worth it where a joint function would take many neurons."""
        if not isinstance(part, RelationPredicate) or part.relation.queries is not None or part.relation.keys is None:
            return None
        if part.relation.codes is None:
            return None
        features = self.context.features
        accepted = part.matrix()[:, 0]
        holds = {bool(v): bool(t) for v, t in zip(features.values(part.relation.keys), accepted, strict=True)}
        node, negated = _stripped(part.relation.keys, holds.get(False, False))
        if len(set(holds.values())) != 2 or not isinstance(node, Elementwise) or node.op not in ("and", "or"):
            return None
        truths = _operands(node, node.op)
        if len(truths) < 2 or any(not self.analysis.domain(truth).boolean for truth in (node, *truths)):
            return None
        if max(map(features.function_time, truths)) > features.function_time(node):
            return None
        if features.joint.bends(node) <= 4 * len(truths):
            return None
        # De Morgan: "not (a and b)" is "not a or not b".
        forms = []
        for truth in truths:
            place = frozenset(i for i, value in enumerate(features.values(truth)) if bool(value) != negated)
            forms += features.indicators(truth, [place])
        any_of = (node.op == "or") != negated
        total = sum_forms([*forms, constant_form(0.0 if any_of else 1.0 - len(forms))])
        why = f"the key's `{node.op}` of {len(truths)} truths is their sum, where their joint function takes neurons"
        excess = len(forms) - 1.0 if any_of else 0.0
        return ScoreTerm("key only", why, total, None, (), 1.0, 1.0, total.error, excess)

    def piece(self, part: RelationPredicate | TablePredicate, *, level: Level, exact_level: bool) -> ScoreTerm:
        """The first form whose noise is harmless, else the least noisy.  Where ties matter (counts, means), all
        selected keys must get equal scores.  `exact_level`: BOS's score is compared with theirs, so the level must not
        depend on the query.

        Noise in what a tie reads can be removed by stairs (`snap`), which have rounding errors of their own; where
        these spoil what is read, by stairs upon stairs, for one more layer."""
        tie = level != "retrieve"
        best: ScoreTerm | None = None
        refused: RaspError | None = None
        noisier: list[ScoreTerm] = []
        longest = self.analysis.space.max_length
        makers = self._makers(part, exact_level)
        for make in makers:
            for snap in (NoiseRemoval.NONE, NoiseRemoval.STEP_FUNCTION) if tie else (NoiseRemoval.NONE,):
                try:
                    piece = make(snap)
                except RaspError as error:
                    refused = refused or error
                    break
                if piece.error <= HARMLESS[level] / longest or (
                    not tie and piece.gap - 2 * piece.error >= piece.gap / 8
                ):
                    return piece.after(noisier)
                if best is None or piece.error < best.error:
                    best = piece.after(noisier)
                noisier.append(piece)
        spoilt = best is None or not tie or best.error * longest > SPOILT
        self.context.improvable |= spoilt
        if spoilt and self.context.effort is Strategy.LOW_NOISE:
            for make in makers:
                try:
                    piece = make(NoiseRemoval.NESTED_STEP_FUNCTIONS)
                except RaspError:
                    continue
                if best is None or piece.error < best.error:
                    best = piece.after(noisier)
        if best is None:
            assert refused is not None
            raise refused
        return best

    def _makers(
        self, part: RelationPredicate | TablePredicate, exact_level: bool
    ) -> list[Callable[[NoiseRemoval], ScoreTerm]]:
        """The forms that a predicate can take, the cheapest first."""
        makers: list[Callable[[NoiseRemoval], ScoreTerm]] = []
        table = part if isinstance(part, TablePredicate) else None if part.relation.codes is None else self.tables(part)
        if isinstance(part, RelationPredicate) and (table is None or self.prefers_numbers(part, table)):
            if part.signs() != frozenset({0}):
                atom, *_ = part.relation.atoms
                sides = [
                    f"`{self.context.quoted(s)}`: {self.analysis.domain(s).describe()}"
                    for s in (atom.keys, atom.queries)
                ]
                raise self.context.refuse(
                    atom,
                    "C210",
                    f"only an equality can compare so many values ({', '.join(sides)})",
                    "use a smaller vocabulary or max_length, or compare ranks: selector_width(select(x, x, <))",
                )
            makers.append(lambda snap: self.equalities.of_numbers(part, snap, exact_level))
        elif isinstance(part, TablePredicate) and is_equality(part.truth) and len(part.truth) > 3:
            makers.append(lambda snap: self.equalities.of_classes(part, snap, exact_level))
        if table is not None:
            makers.append(lambda snap: self._table_piece(table, snap))
        return makers

    def _table_piece(self, table: TablePredicate, snap: NoiseRemoval) -> ScoreTerm:
        """An indicator where only one side matters, else one-hot times rows."""
        truth = table.truth
        if truth.shape[1] == 1:
            (form,) = self._side(table.keys, [truth[:, 0]], snap)
            why = f"only the key matters, which may have {_count(table.keys, truth[:, 0])}"
            return ScoreTerm("key only", why, form, None, (), 1.0, 1.0, form.error)
        if truth.shape[0] == 1:
            (form,) = self._side(table.queries, [truth[0]], snap)
            why = f"only the query matters, which may have {_count(table.queries, truth[0])}"
            return ScoreTerm("query only", why, None, form, (), 1.0, 1.0, form.error)
        by_key = self._table_cost(table, key_side=True)
        by_query = self._table_cost(table, key_side=False)
        pairs = self._pairs(table, by_key <= by_query, snap)
        # One side is one-hot: a single term counts fully, the others only by what leaks into their zeros.
        leaks = [max(a.error, b.error) for a, b in pairs]
        error = 2 * max(leaks) + sum(leaks) * (max(leaks) if is_equality(truth) else 1.0)
        return ScoreTerm(
            "table", self._why_table(table, len(pairs), by_key <= by_query), None, None, tuple(pairs), 1.0, 1.0, error
        )

    def _why_table(self, table: TablePredicate, used: int, by_key: bool) -> str:
        keys, queries = table.truth.shape
        side = "key" if by_key else "query"
        if not is_equality(table.truth):
            reason = f"{keys} classes of keys by {queries} of queries, and no equality"
        elif min(keys, queries) <= 3:
            reason = f"an equality of only {min(keys, queries)} classes"
        elif all(s.node is not None and self.analysis.domain(s.node).numeric for s in (table.keys, table.queries)):
            reason = f"an equality of {used} classes whose numbers are not nearly whole"
        else:
            reason = f"an equality of {used} strings, which stay one-hot for readers (-Os numbers them)"
        digit = "" if table.digit is None else f"{table.digit}: "
        return f"{digit}{reason}; the {side}'s side is one-hot, {used} wide"

    def _pairs(self, table: TablePredicate, by_key: bool, snap: NoiseRemoval) -> list[tuple[LinearForm, LinearForm]]:
        truth = table.truth if by_key else table.truth.T
        hot, rows = (table.keys, table.queries) if by_key else (table.queries, table.keys)
        used = [i for i in range(truth.shape[0]) if truth[i].any()]
        one_hot = self._side(hot, [np.arange(truth.shape[0]) == i for i in used], snap)
        row_forms = self._side(rows, [truth[i] for i in used], snap)
        pairs = list(zip(row_forms, one_hot, strict=True))
        return pairs if by_key else [(b, a) for a, b in pairs]

    def _side(self, side: Side, sets: list[NDArray[np.bool_]], snap: NoiseRemoval) -> list[LinearForm]:
        """Indicator forms of sets of classes."""
        assert side.node is not None
        places = [frozenset(i for i, c in enumerate(side.classes) if wanted[c]) for wanted in sets]
        return self.context.features.indicators(side.node, places, snap=snap)

    def _table_cost(self, table: TablePredicate, key_side: bool) -> int:
        truth = table.truth if key_side else table.truth.T
        return int(truth.any(axis=1).sum())

    def prefers_numbers(self, part: RelationPredicate, table: TablePredicate) -> bool:
        """Whether an equality is worth being numeric: always when that saves dimensions, but strings stay one-hot
        where people read them."""
        if part.signs() != frozenset({0}) or min(table.truth.shape) <= 3:
            return False
        keys, queries = part.sides()
        numeric = self.analysis.domain(keys).numeric and self.analysis.domain(queries).numeric
        if numeric:
            return self._nearly_whole(keys) and self._nearly_whole(queries)
        return self.context.options.small

    def _nearly_whole(self, node: SOp) -> bool:
        denominator = self.analysis.domain(node).denominator
        return denominator is not None and denominator <= 64


def _count(side: Side, accepted: NDArray[np.bool_]) -> str:
    """How many of a side's values are accepted."""
    return f"{sum(bool(accepted[c]) for c in side.classes)} of its {len(side.classes)} values"


def _stripped(node: SOp, negated: bool) -> tuple[SOp, bool]:
    """A truth without the `not` and `indicator` around it, and whether it is wanted negated."""
    while isinstance(node, Elementwise) and node.op in ("not", "indicator"):
        negated = negated != (node.op == "not")
        (node,) = node.inputs
    return node, negated


def _operands(node: SOp, op: str) -> list[SOp]:
    """What a nest of one associative and idempotent operation combines, each once, in order of appearance."""
    parts = visited([node], lambda part: part.inputs if _is(part, op) else ())
    return [part for part in parts if not _is(part, op)]


def _is(node: SOp, op: str) -> TypeGuard[Elementwise]:
    return isinstance(node, Elementwise) and node.op == op
