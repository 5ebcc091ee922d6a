"""Chooses how one predicate becomes a term of an attention score.

Terms of a conjunction add up.  Constructions:

- key only, query only: an indicator, or a sum of truths (`truth_sums.py`);
- table: one-hot of the key's class times the row of the predicate, or the other way round (`table_scores.py`);
- equality by numbers, two or three dimensions for any domain (`equality_scores.py`).

Sums of scores for conjunctions are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ...analysis.conjunctions import RelationPredicate
from ...analysis.node_facts import Analysis
from ...blocks.blocks import Level
from ...graph.graph import SOp
from ...options import Strategy
from ..context import Context, NoiseRemoval
from ..refusals import Refusal, attempt
from ..views import Views
from .equality_scores import EqualityScores
from .picks import error_above
from .score_terms import Predicate, ScoreTerm, TablePredicate, is_equality, table_of
from .table_scores import MAX_CLASSES_OF_TABLE_EQUALITY, TableScores
from .truth_sums import TruthSums

#: The score error that no reader notices, times the longest input (the most keys that can tie).  The values of a mean
#: are closer together than those of a count.  A pick's is multiplied by the factor of its match instead: its keys are 1
#: apart.
NEGLIGIBLE_SCORE_ERROR: dict[Level, float] = {
    "retrieve": 2.0**-12,
    "count": 2.0**-12,
    "mean": 2.0**-16,
    "pick": 2.0**-5,
}
#: The largest usable `score error * max_length` where keys must tie.
MAX_TIED_SCORE_ERROR = 2.0**-8
#: The largest usable score error of a pick, times the factor of its match.
MAX_PICKED_SCORE_ERROR = 2.0**-3
#: Where ties do not matter, errors may leave this fraction of the gap between selected keys and others.
MIN_REMAINING_GAP = 1 / 8
#: Numbers that are multiples of 1/d with a larger d are compared by table.
MAX_COMPARED_DENOMINATOR = 64

Maker = Callable[[NoiseRemoval], ScoreTerm]


class Scores:
    """Makes the terms of a conjunction's score."""

    def __init__(self, context: Context, views: Views, truth_sums: TruthSums) -> None:
        self.context = context
        self.analysis: Analysis = context.analysis
        self.truth_sums = truth_sums
        self.equality_scores = EqualityScores(context, views)
        self.table_scores = TableScores(context, views)
        self._tables: dict[RelationPredicate, TablePredicate] = {}

    def table(self, predicate: RelationPredicate) -> TablePredicate:
        """The predicate as a table, with equal rows and equal columns merged."""
        if predicate not in self._tables:
            self._tables[predicate] = table_of(predicate)
        return self._tables[predicate]

    def terms(self, predicates: Sequence[Predicate], *, level: Level, level_is_exact: bool) -> list[ScoreTerm]:
        """Terms whose sum is a score for the conjunction of the predicates.

        The sum reaches the sum of the levels where all predicates hold, and is less by the smallest gap where one does
        not.  One term may exceed its level where ties do not matter; the others are then scaled to outweigh that.
        `level_is_exact`: as in `term`."""
        sums: list[ScoreTerm | None] = [None] * len(predicates)
        if level == "retrieve":
            for place, predicate in enumerate(predicates):
                sums[place] = self.truth_sums.term(predicate)
                if sums[place] is not None:
                    break
        factor = 1.0 + sum(term.excess for term in sums if term is not None)
        return [
            found
            if found is not None
            else self.term(predicate, level=level, level_is_exact=level_is_exact).scaled(factor)
            for found, predicate in zip(sums, predicates, strict=True)
        ]

    def term(self, predicate: Predicate, *, level: Level, level_is_exact: bool, factor: float = 1.0) -> ScoreTerm:
        """The first construction with a negligible error, otherwise the one with the least error.

        Where keys must tie (counts, means), all selected keys must get equal scores.  A step function removes noise
        from the inputs of a tie but adds rounding.  If that is too large, `LOW_NOISE` uses two nested step functions;
        they cost one more layer.  `factor`: of a pick, the least by which its terms are multiplied.  `level_is_exact`:
        BOS's score is compared with the keys', so the level must not depend on the query.

        Raises the first refusal (C210 among others) if no construction is possible."""
        tied = level != "retrieve"
        best: ScoreTerm | None = None
        refused: Refusal | None = None
        noisier: list[ScoreTerm] = []
        longest = self.analysis.space.max_length
        makers = self._makers(predicate, level_is_exact)
        negligible, usable = NEGLIGIBLE_SCORE_ERROR[level] / longest, MAX_TIED_SCORE_ERROR / longest
        if level == "pick":
            negligible, usable = NEGLIGIBLE_SCORE_ERROR[level] / factor, MAX_PICKED_SCORE_ERROR / factor

        def error_of(term: ScoreTerm) -> float:
            return error_above(term, factor) if level == "pick" else term.error

        for make in makers:
            for denoise in (NoiseRemoval.NONE, NoiseRemoval.STEP_FUNCTION) if tied else (NoiseRemoval.NONE,):
                term = attempt(partial(make, denoise))
                if isinstance(term, Refusal):
                    refused = refused or term
                    break
                if error_of(term) <= negligible or (
                    not tied and term.gap - 2 * term.error >= term.gap * MIN_REMAINING_GAP
                ):
                    return term.instead_of(noisier)
                if best is None or error_of(term) < error_of(best):
                    best = term.instead_of(noisier)
                noisier.append(term)
        noisy = best is None or not tied or error_of(best) > usable
        self.context.noise_is_reducible |= noisy
        if noisy and self.context.strategy is Strategy.LOW_NOISE:
            for make in makers:
                term = attempt(partial(make, NoiseRemoval.NESTED_STEP_FUNCTIONS))
                if not isinstance(term, Refusal) and (best is None or error_of(term) < error_of(best)):
                    best = term.instead_of(noisier)
        if best is None:
            assert refused is not None
            raise refused.error
        return best

    def compares_numbers(self, predicate: RelationPredicate, table: TablePredicate) -> bool:
        """True if the predicate is an equality that takes fewer dimensions by numbers.

        Strings stay one-hot for readers unless the smallest model is asked for."""
        if predicate.signs() != frozenset({0}) or min(table.truth.shape) <= MAX_CLASSES_OF_TABLE_EQUALITY:
            return False
        keys, queries = predicate.sides()
        if self.analysis.domain(keys).numeric and self.analysis.domain(queries).numeric:
            return self._is_nearly_whole(keys) and self._is_nearly_whole(queries)
        return self.context.options.small

    def _makers(self, predicate: Predicate, level_is_exact: bool) -> list[Maker]:
        """The constructions of a predicate's term, the cheapest first.  Raises C210 if there is none."""
        if isinstance(predicate, TablePredicate):
            table: TablePredicate | None = predicate
        else:
            table = None if predicate.relation.codes is None else self.table(predicate)
        makers: list[Maker] = []
        if isinstance(predicate, RelationPredicate) and (table is None or self.compares_numbers(predicate, table)):
            if predicate.signs() != frozenset({0}):
                atom, *_ = predicate.relation.atoms
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
            makers.append(
                lambda denoise: self.equality_scores.of_numbers(
                    predicate, denoise=denoise, level_is_exact=level_is_exact
                )
            )
        elif (
            isinstance(predicate, TablePredicate)
            and is_equality(predicate.truth)
            and len(predicate.truth) > MAX_CLASSES_OF_TABLE_EQUALITY
        ):
            makers.append(
                lambda denoise: self.equality_scores.of_classes(
                    predicate, denoise=denoise, level_is_exact=level_is_exact
                )
            )
        if table is not None:
            makers.append(lambda denoise: self.table_scores.term(table, denoise=denoise))
        return makers

    def _is_nearly_whole(self, node: SOp) -> bool:
        denominator = self.analysis.domain(node).denominator
        return denominator is not None and denominator <= MAX_COMPARED_DENOMINATOR
