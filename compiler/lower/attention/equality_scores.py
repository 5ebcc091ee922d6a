"""Equality of keys and queries by numbers: -(k - q)^2 = 2kq - k^2 - q^2.

Two or three dimensions of a head, whatever the domain; q^2 is only needed where BOS's score is compared, as softmax
does not notice what all keys share.  Ours; published compilers take one-hot keys for every comparison.
"""

from __future__ import annotations

from math import ceil, lcm, log2

import numpy as np

from ...analysis.conjunctions import RelationPredicate
from ...analysis.node_facts import Analysis
from ...blocks.blocks import LinearForm, to_float
from ...graph.graph import SOp
from ..context import Context, NoiseRemoval
from .score_terms import ScoreTerm, TablePredicate

#: Key codes that span more than this are centred exactly, though that makes them half integers.
WIDE = 2000


class EqualityScores:
    """Makes the pieces that compare numbers, or the numbers of classes."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.analysis: Analysis = context.analysis

    def of_numbers(self, part: RelationPredicate, snap: NoiseRemoval, exact_level: bool) -> ScoreTerm:
        keys, queries = part.sides()
        codes = self._codes(keys, queries)
        key_values = self.context.features.values(keys)
        if codes is not None:
            query_values = self.context.features.values(queries)
            key_codes = [float(codes[value]) for value in key_values]
            query_codes: list[float] | None = [float(codes[value]) for value in query_values]
            scale = None
        else:
            # Multiplied so that all are whole: then what differs differs by 1 at least.
            scale = self._scale(keys, queries)
            key_codes = [to_float(value * scale) for value in key_values if not isinstance(value, str)]
            listed = self.analysis.domain(queries).values
            query_codes = None if listed is None else [to_float(v * scale) for v in listed if not isinstance(v, str)]
        what = "numbers" if codes is None else "strings, numbered"
        why = (
            f"an equality of {len(key_values)} {what}: -(k - q)^2 is one product, where one-hot would take one for each"
        )
        return self._squares(keys, queries, key_codes, query_codes, scale, snap, exact_level, why)

    def of_classes(self, table: TablePredicate, snap: NoiseRemoval, exact_level: bool) -> ScoreTerm:
        """Equality of classes, by their numbers; a query class without a partner gets a number of its own."""
        assert table.keys.node is not None
        assert table.queries.node is not None
        count = len(table.truth)
        partner = [int(np.argmax(column)) if column.any() else count + 1 for column in table.truth.T]
        key_codes = [float(c) for c in table.keys.classes]
        query_codes = [float(partner[c]) for c in table.queries.classes]
        digit = "" if table.digit is None else f"{table.digit}: "
        why = f"{digit}each of {len(table.truth)} classes of keys has one class of queries: their numbers are compared"
        return self._squares(table.keys.node, table.queries.node, key_codes, query_codes, None, snap, exact_level, why)

    def _squares(
        self,
        keys: SOp,
        queries: SOp,
        key_codes: list[float],
        query_codes: list[float] | None,
        scale: int | None,
        snap: NoiseRemoval,
        exact_level: bool,
        why: str,
    ) -> ScoreTerm:
        """-(k - q)^2 for whole codes of the key's and the query's values.

        `scale`: codes are the numbers themselves, times this, so the query is read as the linear form that it is.
        `query_codes`: None when they are too many to list."""
        features = self.context.features
        centre = (min(key_codes) + max(key_codes)) / 2
        if max(key_codes) - min(key_codes) < WIDE:
            centre = float(round(centre))  # whole numbers are easier to read
        shifted = tuple(code - centre for code in key_codes)
        moved = None if query_codes is None else tuple(code - centre for code in query_codes)
        if scale is not None and not (snap and moved is not None):
            query = features.identity(queries).scaled(float(scale), -centre)
        else:
            assert moved is not None
            query = features.function(queries, moved, snap=snap)
        key, square = features.functions(keys, [shifted, tuple(v * v for v in shifted)], snap=snap)
        query_only = None
        if exact_level:
            if moved is None:
                features.values(queries)  # refuses: they cannot be listed
                raise AssertionError("unlisted values")
            query_only = features.function(queries, tuple(-v * v for v in moved), snap=snap)
        cross = 2 * key.size * (query.size + query.error)
        # What is selected scores near zero, its neighbours by gap^2 less: one product and one sum are rounded.
        ragged = half_ulp(cross) + half_ulp(max(key.size, query.size) ** 2)
        exact = key.error == query.error == square.error == 0
        # All terms are multiples of 1, or of 1/4 if the centre is half a whole number.
        if exact and cross < (2**24 if centre.is_integer() else 2**22):
            ragged = 0.0
        ragged += square.rounding + (0.0 if query_only is None else query_only.rounding)
        noise = key.error + query.error
        # Near a match -(k - q)^2 is of second order in the noise; but k^2 is linear between the points (the key leaves
        # the parabola by its error at most) or rounded on its own, and so is q^2.
        bent = key.error + (query.error if exact_level else 0.0) + noise * noise
        own = self._own_error(square, key) if snap else 0.0
        return ScoreTerm(
            "equality",
            why,
            square.scaled(-1.0),
            query_only,
            ((query.scaled(2.0), key),),
            0.0,
            1.0 - 2 * noise,
            bent + ragged + own,
        )

    def _own_error(self, square: LinearForm, key: LinearForm) -> float:
        """Error of a snapped square: stairs leave the rounding of k and of k^2 unrelated."""
        return square.error + 2 * key.size * key.error

    def _scale(self, keys: SOp, queries: SOp) -> int:
        """What makes every value of both sides whole."""
        denominators = [self.analysis.domain(node).denominator for node in (keys, queries)]
        return lcm(*(1 if denominator is None else denominator for denominator in denominators))

    def _codes(self, keys: SOp, queries: SOp) -> dict[object, int] | None:
        """One number for each string (or mixed value) of either side; None when both sides are numbers."""
        key, query = self.analysis.domain(keys), self.analysis.domain(queries)
        if key.numeric and query.numeric:
            return None
        values = dict.fromkeys([*(key.values or ()), *(query.values or ())])
        return {value: place for place, value in enumerate(values)}


def half_ulp(size: float) -> float:
    """The rounding error of a float32 number up to `size`."""
    return 0.0 if size == 0 else 2.0 ** (ceil(log2(size)) - 25)
