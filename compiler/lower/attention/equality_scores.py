"""Equality of keys and queries by numbers: -(k - q)^2 = 2kq - k^2 - q^2.

Two or three dimensions of a head for any domain.  q^2 is only needed where BOS's score is compared, because softmax
does not depend on a term that all keys share.  Ours; published compilers take one-hot keys for every comparison.
"""

from __future__ import annotations

from math import ceil, lcm, log2

import numpy as np

from ...analysis.conjunctions import RelationPredicate
from ...analysis.node_facts import Analysis
from ...blocks.forms import LinearForm, to_float
from ...graph.graph import SOp
from ..context import Context, NoiseRemoval
from ..views import Views
from .score_terms import ScoreTerm, TablePredicate

#: Key codes that span less than this are centred at a whole number, which is easier to read; others exactly at the
#: middle of their range, which halves the largest product but may make them half integers.
MIN_SPAN_CENTRED_EXACTLY = 2000


class EqualityScores:
    """Makes score terms that compare numbers, or the numbers of classes."""

    def __init__(self, context: Context, views: Views) -> None:
        self.context = context
        self.analysis: Analysis = context.analysis
        self.views = views

    def of_numbers(self, predicate: RelationPredicate, *, denoise: NoiseRemoval, level_is_exact: bool) -> ScoreTerm:
        """The predicate `key == query`.  `level_is_exact`: as in `Scores.term`.

        Raises RaspError if a side has no form, C201 if q^2 is needed and the query cannot be listed."""
        keys, queries = predicate.sides()
        codes = self._codes(keys, queries)
        key_values = self.context.listed_values(keys)
        if codes is not None:
            query_values = self.context.listed_values(queries)
            key_codes = [float(codes[value]) for value in key_values]
            query_codes: list[float] | None = [float(codes[value]) for value in query_values]
            scale = None
        else:
            # Multiplied so that all are whole: then different numbers differ by 1 at least.
            scale = self._scale(keys, queries)
            key_codes = [to_float(value * scale) for value in key_values if not isinstance(value, str)]
            listed = self.analysis.domain(queries).values
            query_codes = None if listed is None else [to_float(v * scale) for v in listed if not isinstance(v, str)]
        noun = "numbers" if codes is None else "strings, numbered"
        why = (
            f"an equality of {len(key_values)} {noun}: -(k - q)^2 is one product, where one-hot would take one for each"
        )
        return self._squared_difference(
            keys, queries, key_codes=key_codes, query_codes=query_codes, scale=scale, denoise=denoise,
            level_is_exact=level_is_exact, why=why,
        )  # fmt: skip

    def of_classes(self, table: TablePredicate, *, denoise: NoiseRemoval, level_is_exact: bool) -> ScoreTerm:
        """A table that pairs each key class with one query class, by the classes' numbers.

        A query class without a partner gets a number of its own."""
        assert table.keys.node is not None
        assert table.queries.node is not None
        count = len(table.truth)
        partner = [int(np.argmax(column)) if column.any() else count + 1 for column in table.truth.T]
        digit = "" if table.digit is None else f"{table.digit}: "
        why = f"{digit}each of {len(table.truth)} classes of keys has one class of queries: their numbers are compared"
        return self._squared_difference(
            table.keys.node, table.queries.node, key_codes=[float(c) for c in table.keys.classes],
            query_codes=[float(partner[c]) for c in table.queries.classes], scale=None, denoise=denoise,
            level_is_exact=level_is_exact, why=why,
        )  # fmt: skip

    def _squared_difference(
        self,
        keys: SOp,
        queries: SOp,
        *,
        key_codes: list[float],
        query_codes: list[float] | None,
        scale: int | None,
        denoise: NoiseRemoval,
        level_is_exact: bool,
        why: str,
    ) -> ScoreTerm:
        """-(k - q)^2 for whole codes of the key's and the query's values.

        `query_codes`: None if they are too many to list.  `scale`: if not None, the codes are the numbers themselves,
        multiplied by this, and the query can be read as its number."""
        centre = (min(key_codes) + max(key_codes)) / 2
        if max(key_codes) - min(key_codes) < MIN_SPAN_CENTRED_EXACTLY:
            centre = float(round(centre))
        key_target = tuple(code - centre for code in key_codes)
        query_target = None if query_codes is None else tuple(code - centre for code in query_codes)
        if scale is not None and not (denoise and query_target is not None):
            query = self.views.identity(queries).scaled(float(scale), -centre)
        else:
            assert query_target is not None
            query = self.views.function(queries, query_target, denoise=denoise)
        key, square = self.views.functions(keys, [key_target, tuple(v * v for v in key_target)], denoise=denoise)
        query_square = None
        if level_is_exact:
            if query_target is None:
                raise self.context.too_many_values(queries)
            query_square = self.views.function(queries, tuple(-v * v for v in query_target), denoise=denoise)
        error = rounding_of_difference(key, query, square, query_square, whole_centre=centre.is_integer())
        noise = key.error + query.error
        # At a match, noise e in k or q changes -(k - q)^2 by e^2.  The separately computed k^2 and q^2 add an error of
        # first order: at most the error of k (and of q), because they are linear between their points or rounded alone.
        error += key.error + (query.error if level_is_exact else 0.0) + noise * noise
        if denoise:
            # Step functions make the roundings of k and of k^2 independent.
            error += square.error + 2 * key.size * key.error
        return ScoreTerm(
            kind="equality", why=why, key_only=square.scaled(-1.0), query_only=query_square,
            pairs=((query.scaled(2.0), key),), level=0.0, gap=1.0 - 2 * noise, error=error,
        )  # fmt: skip

    def _scale(self, keys: SOp, queries: SOp) -> int:
        """The least factor that makes every value of both sides whole."""
        denominators = [self.analysis.domain(node).denominator for node in (keys, queries)]
        return lcm(*(1 if denominator is None else denominator for denominator in denominators))

    def _codes(self, keys: SOp, queries: SOp) -> dict[object, int] | None:
        """One number for each string (or mixed value) of either side; None if both sides are numbers."""
        key, query = self.analysis.domain(keys), self.analysis.domain(queries)
        if key.numeric and query.numeric:
            return None
        values = dict.fromkeys([*(key.values or ()), *(query.values or ())])
        return {value: place for place, value in enumerate(values)}


def rounding_of_difference(
    key: LinearForm, query: LinearForm, square: LinearForm, query_square: LinearForm | None, *, whole_centre: bool
) -> float:
    """The float32 rounding of 2kq - k^2 - q^2 at a match and at its neighbours.

    A match scores near 0, its neighbours less by their squared distance: one product and one sum are rounded."""
    cross = 2 * key.size * (query.size + query.error)
    rounding = half_ulp(cross) + half_ulp(max(key.size, query.size) ** 2)
    is_exact = key.error == query.error == square.error == 0
    # All terms are multiples of 1, or of 1/4 if the centre is half a whole number.
    if is_exact and cross < (2**24 if whole_centre else 2**22):
        rounding = 0.0
    return rounding + (square.rounding + (0.0 if query_square is None else query_square.rounding))


def half_ulp(size: float) -> float:
    """The rounding error of a float32 number up to `size`."""
    return 0.0 if size == 0 else 2.0 ** (ceil(log2(size)) - 25)
