"""Scores of selectors: one score for each of the disjoint conjunctions that a selector is split into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...analysis.conjunctions import Conjunction, DisjointConjunctions
from ...blocks.blocks import Level
from ...blocks.forms import LinearForm, sum_forms
from ...blocks.times import Time
from ...graph.graph import Selector, SelectorPick
from ..context import Context
from ..ready_times import ReadyTimes
from .picks import Slopes, error_with_slope, joined_forms
from .score_terms import Predicate
from .scores import NEGLIGIBLE_SCORE_ERROR, Scores
from .split_orders import SplitOrders


@dataclass(frozen=True, kw_only=True)
class ConjunctionScore:
    """The score of one conjunction: `key_only(k) + query_only(q) + sum of a(q) b(k)` over `pairs`.

    All numbers are scores before sharpness.  The score is `level` where all predicates hold and at most `level - gap`
    elsewhere; `error` bounds its float32 error.  For a pick, `level` is the lowest score of a selected key, and `gap`
    the least distance of two selected keys.  `kind` and `why`: the constructions and the reasons for them."""

    kind: str
    why: str
    key_only: LinearForm
    query_only: LinearForm | None = None
    pairs: tuple[tuple[LinearForm, LinearForm], ...] = ()
    level: float
    gap: float
    error: float

    @property
    def time(self) -> Time:
        """When all forms can be read."""
        forms = [self.key_only, *(form for pair in self.pairs for form in pair)]
        forms += [] if self.query_only is None else [self.query_only]
        return Time.latest(form.time for form in forms)


class SelectorScores:
    """Makes scores.  Memoised by selector and level."""

    def __init__(self, context: Context, times: ReadyTimes, scores: Scores, slopes: Slopes) -> None:
        self.context = context
        self.analysis = context.analysis
        self.terms = scores
        self.slopes = slopes
        self.split_orders = SplitOrders(context, times, scores)
        self._conjunctions = DisjointConjunctions(context.analysis)
        self._scores: dict[tuple[object, ...], list[ConjunctionScore]] = {}

    def conjunctions(self, selector: Selector) -> tuple[Conjunction, ...]:
        """Conjunctions that exclude each other and together are the selector.  Raises C211 if they are too many."""
        found = self._conjunctions.of(selector)
        if found is None:
            raise self.context.refuse(
                selector,
                "C211",
                "the formula distinguishes too many cases",
                "split it into several selectors, or compute part of it as an s-op first",
            )
        return found

    def scores(self, selector: Selector, level: Level, *, level_is_exact: bool) -> list[ConjunctionScore]:
        """One score for each conjunction; counting heads split wide orders into two.

        `level_is_exact`: as in `Scores.term`, which also says what is raised."""
        key = (selector, level, level_is_exact)
        if key not in self._scores:
            if isinstance(selector, SelectorPick):
                found = [self._pick(selector, level_is_exact)]
            else:
                found = self._choose(self.conjunctions(selector), level, level_is_exact)
            if len(found) > 1:
                found = [
                    replace(one, why=f"case {place} of {len(found)} that exclude each other: {one.why}")
                    for place, one in enumerate(found, 1)
                ]
            self._scores[key] = found
        return self._scores[key]

    def _choose(
        self, conjunctions: tuple[Conjunction, ...], level: Level, level_is_exact: bool
    ) -> list[ConjunctionScore]:
        """The scores of split orders in counting heads, unless those of whole orders are less noisy."""
        found: list[ConjunctionScore] | None = None
        if level == "count":
            split = self.split_orders.split(conjunctions)
            if len(split) != len(conjunctions):
                found = [self._score(predicates, level, level_is_exact) for predicates in split]
        limit = NEGLIGIBLE_SCORE_ERROR[level] / self.analysis.space.max_length
        noisy = found is not None and max(one.error for one in found) > limit
        # Digits of computed numbers have noise of their own; those of tokens and indices are exact.
        if found is None or (noisy and self.split_orders.splits_computed(conjunctions)):
            whole = [self._score(predicates, level, level_is_exact) for predicates in conjunctions]
            if found is None or max(one.error for one in whole) < max(one.error for one in found):
                found = whole
        if len(found) != len(conjunctions):
            self.context.split_orders = True
        return found

    def _pick(self, selector: SelectorPick, level_is_exact: bool) -> ConjunctionScore:
        """The score of the operand's one conjunction, above a slope over the positions."""
        (predicates,) = self.conjunctions(selector.operand)
        slope = self.slopes.of(selector)
        terms = [
            self.terms.term(one, level="pick", level_is_exact=level_is_exact, factor=slope.factor())
            for one in predicates
        ]
        factor = slope.factor(min((term.gap for term in terms), default=1.0))
        key_only, query_only, pairs = joined_forms(terms, slope, factor)
        kinds = [term.kind for term in terms] or ["everything"]
        return ConjunctionScore(
            kind=f"{' and '.join(kinds)}, {selector.which}",
            why="; and ".join([*(term.why for term in terms), f"of these, the {selector.which}, by a slope"]),
            key_only=key_only, query_only=query_only, pairs=pairs,
            level=factor * sum(term.level for term in terms) + slope.low, gap=1.0,
            error=error_with_slope(terms, slope, factor),
        )  # fmt: skip

    def _score(self, predicates: Sequence[Predicate], level: Level, level_is_exact: bool) -> ConjunctionScore:
        terms = self.terms.terms(predicates, level=level, level_is_exact=level_is_exact)
        key_only = [term.key_only for term in terms if term.key_only is not None]
        query_only = [term.query_only for term in terms if term.query_only is not None]
        return ConjunctionScore(
            kind=" and ".join(term.kind for term in terms) or "everything",
            why="; and ".join(term.why for term in terms) or "nothing is left out",
            key_only=sum_forms(key_only),
            query_only=sum_forms(query_only) if query_only else None,
            pairs=tuple(pair for term in terms for pair in term.pairs),
            level=sum(term.level for term in terms),
            gap=min((term.gap for term in terms), default=1.0),
            error=sum(term.error for term in terms),
        )
