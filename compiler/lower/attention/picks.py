"""Heads that read the first, the last or the nearest of the selected keys: a slope over the key's position.

The score of the match is multiplied so far that a selected key outscores every other, wherever both stand; the slope
orders the selected keys.  With j for the key's position, i for the query's and d = j - i, the slope is j for the
last, -j for the first, and -d(2d + 1) for the nearest, which falls with |d| and is greater for -d than for d.
Neighbours on the slope differ by 1 at least, so that errors of a score may reach 1/2.  Whole numbers below 2^24 are
exact in float32: the slope itself is exact for up to 4096 positions, that of the nearest up to 2048.  Ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2

from ...analysis.node_facts import Analysis
from ...blocks.forms import UNIT, LinearForm, sum_forms
from ...graph.graph import SelectorPick
from ..views import Views
from .score_terms import ScoreTerm

#: Sums of whole numbers below this are exact in float32.
EXACT_SUMS = 2.0**24


@dataclass(frozen=True, kw_only=True)
class Slope:
    """A score of the key's position: `key_only(j) + query_only(i) + sum of a(i) b(j)` over `pairs`, from `low` to 0 or
    above; its values for two keys of one query differ by 1 at least."""

    key_only: LinearForm
    query_only: LinearForm | None = None
    pairs: tuple[tuple[LinearForm, LinearForm], ...] = ()
    low: float
    high: float

    def factor(self, gap: float = 1.0) -> float:
        """The power of two by which a match, whose score has this gap, outscores the slope and leaves room for BOS."""
        return 2.0 ** ceil(log2((self.high - self.low + 2) / gap))

    @property
    def size(self) -> float:
        """The largest possible sum of the absolute values of the products."""
        own = self.key_only.reach + sum(query.reach * key.size for query, key in self.pairs)
        return own + (0.0 if self.query_only is None else self.query_only.reach)


class Slopes:
    """Makes the slopes of picks."""

    def __init__(self, analysis: Analysis, views: Views) -> None:
        self.longest = analysis.space.max_length
        self.views = views

    def of(self, selector: SelectorPick) -> Slope:
        """The slope that orders the keys which the operand selects; the one to keep comes first."""
        last = float(self.longest - 1)
        if selector.which == "first":
            return Slope(key_only=self.views.identity(selector.positions).scaled(-1.0), low=-last, high=0.0)
        if selector.which == "last":
            return Slope(key_only=self.views.identity(selector.positions), low=0.0, high=last)
        # -d(2d + 1) = (4 i j) - (2 j^2 + j) - (2 i^2 - i), with both positions counted from the middle.
        centre = self.longest // 2
        places = [float(place - centre) for place in range(self.longest)]
        place, key, query = self.views.functions(
            selector.positions,
            [
                tuple(places),
                tuple(-2 * number**2 - number for number in places),
                tuple(-2 * number**2 + number for number in places),
            ],
        )
        pairs = ((place.scaled(4.0), place),)
        return Slope(key_only=key, query_only=query, pairs=pairs, low=-last * (2 * last + 1), high=0.0)


def error_above(term: ScoreTerm, factor: float) -> float:
    """The error of a term that is multiplied by `factor` and added to a slope, before that."""
    if term.error == 0 and term.size * factor < EXACT_SUMS / 2:
        return 0.0
    return term.error + 4 * UNIT * term.size


def error_with_slope(terms: Sequence[ScoreTerm], slope: Slope, factor: float) -> float:
    """The float32 error of the sum of the multiplied terms and the slope."""
    size = factor * sum(term.size for term in terms) + slope.size
    if all(term.error == 0 for term in terms) and size < EXACT_SUMS:
        return 0.0
    return factor * sum(term.error for term in terms) + 4 * UNIT * size


def joined_forms(
    terms: Sequence[ScoreTerm], slope: Slope, factor: float
) -> tuple[LinearForm, LinearForm | None, tuple[tuple[LinearForm, LinearForm], ...]]:
    """(key only, query only, pairs) of the sum of the multiplied terms and the slope."""
    scaled = [term.scaled(factor) for term in terms]
    keys = [term.key_only for term in scaled if term.key_only is not None]
    queries = [term.query_only for term in scaled if term.query_only is not None]
    queries += [] if slope.query_only is None else [slope.query_only]
    pairs = tuple(pair for term in scaled for pair in term.pairs) + slope.pairs
    return sum_forms([*keys, slope.key_only]), sum_forms(queries) if queries else None, pairs
