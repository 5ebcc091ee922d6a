"""Merges rows of a table of target numbers that agree.  NaN means "any number"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: After so many comparisons of two numbers, only equal rows are merged.
MAX_COMPARED_NUMBERS = 1 << 31
#: Groups that are compared with a row in one step.
GROUPS_PER_STEP = 1024

Grid = NDArray[np.float64]


def merge_rows(flat: Grid) -> tuple[list[int], list[int]]:
    """Groups the rows of an array [row, column] that agree in every column where neither is NaN.

    Returns the first row of each group, and the group of each row.  Greedy: a group keeps the union of its rows'
    numbers, and later rows are compared with that, until `MAX_COMPARED_NUMBERS` numbers have been compared.
    """
    flat = flat + 0.0  # -0.0 is 0.0
    has_holes: NDArray[np.bool_] = np.logical_or.reduce(np.isnan(flat), axis=1)
    merged = np.empty_like(flat)  # [group, column]
    first: list[int] = []
    inverse: list[int] = []
    exact: dict[bytes, int] = {}  # the group of each row seen
    whole: dict[bytes, int] = {}  # the groups without holes
    left = MAX_COMPARED_NUMBERS
    for place, row in enumerate(flat):
        key = row.tobytes()
        if key not in exact:
            # A row without holes agrees with one group without holes at most.
            match = whole.get(key) if not has_holes[place] else None
            if len(whole) < len(first) or has_holes[place]:
                found = _agreeing(merged[: len(first) if match is None else match], row) if left > 0 else None
                left -= len(first) * flat.shape[1]
                match = match if found is None else found
            if match is None:
                match = len(first)
                merged[match] = row
                first.append(place)
            elif has_holes[first[match]]:
                merged[match] = np.where(np.isnan(merged[match]), row, merged[match])
            if not np.isnan(merged[match]).any():
                whole.setdefault(merged[match].tobytes(), match)
            exact[key] = match
        inverse.append(exact[key])
    return first, inverse


def merged_rows(flat: Grid, inverse: Sequence[int], count: int) -> Grid:
    """One row for each of `count` groups: the union of its rows' numbers."""
    rows = np.full((count, flat.shape[1]), np.nan)
    for row, group in zip(flat, inverse, strict=True):
        rows[group] = np.where(np.isnan(rows[group]), row, rows[group])
    return rows


def _agreeing(groups: Grid, row: Grid) -> int | None:
    """The first of the groups that agrees with a row in every column where neither is NaN."""
    for start in range(0, len(groups), GROUPS_PER_STEP):
        block = groups[start : start + GROUPS_PER_STEP]
        agree = ((block == row) | np.isnan(block) | np.isnan(row)).all(axis=1)
        if agree.any():
            return start + int(agree.argmax())
    return None
