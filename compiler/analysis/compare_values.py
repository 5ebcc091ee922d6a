"""Comparisons of every key value with every query value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..graph.comparisons import COMPARISONS, Comparison
from ..graph.values import Scalar, Undefined
from ..interpret.batch_values import ranks

Matrix = NDArray[np.bool_]


def compare_all(
    comparison: Comparison, keys: Sequence[Scalar | Undefined], queries: Sequence[Scalar | Undefined]
) -> Matrix:
    """An array [key, query]: the comparison of each pair, False where it is undefined."""
    rule = COMPARISONS[comparison]
    key_ranks, query_ranks = ranks(keys, queries)
    result: Matrix = rule.compare(key_ranks[:, None], query_ranks) & (key_ranks[:, None] >= 0) & (query_ranks >= 0)
    if rule.is_ordering:
        key_is_text, query_is_text = (
            np.array([isinstance(value, str) for value in values], np.bool_) for values in (keys, queries)
        )
        result &= key_is_text[:, None] == query_is_text
    return result
