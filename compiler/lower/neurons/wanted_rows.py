"""Rows of tables of wanted numbers, NaN where any number will do: which agree, and what they want together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Numbers compared to find rows that agree.
MAX_AGREEMENTS = 1 << 31

Grid = NDArray[np.float64]


def merge_rows(flat: Grid) -> tuple[list[int], list[int]]:
    """Groups rows that agree wherever both are wanted: the first row of each group, and each row's group.

    Greedy: a group keeps the union of its rows' wanted numbers, so that later rows are compared with all of them, until
    `MAX_AGREEMENTS` numbers have been compared; from there on, equal rows only are found.
    """
    flat = flat + 0.0  # -0.0 is 0.0
    open_rows: NDArray[np.bool_] = np.logical_or.reduce(np.isnan(flat), axis=1)
    merged = np.empty_like(flat)  # [group, column]
    first: list[int] = []
    inverse: list[int] = []
    exact: dict[bytes, int] = {}  # the group of each row seen
    whole: dict[bytes, int] = {}  # the groups without holes
    left = MAX_AGREEMENTS
    for place, row in enumerate(flat):
        key = row.tobytes()
        if key not in exact:
            # A row without holes agrees with one group without holes at most.
            match = whole.get(key) if not open_rows[place] else None
            if len(whole) < len(first) or open_rows[place]:
                found = _agreeing(merged[: len(first) if match is None else match], row) if left > 0 else None
                left -= len(first) * flat.shape[1]
                match = match if found is None else found
            if match is None:
                match = len(first)
                merged[match] = row
                first.append(place)
            elif open_rows[first[match]]:
                merged[match] = np.where(np.isnan(merged[match]), row, merged[match])
            if not np.isnan(merged[match]).any():
                whole.setdefault(merged[match].tobytes(), match)
            exact[key] = match
        inverse.append(exact[key])
    return first, inverse


def _agreeing(groups: Grid, row: Grid) -> int | None:
    """The first of the groups that agrees with a row wherever both are wanted."""
    for start in range(0, len(groups), 1024):
        block = groups[start : start + 1024]
        agree = ((block == row) | np.isnan(block) | np.isnan(row)).all(axis=1)
        if agree.any():
            return start + int(agree.argmax())
    return None


def filled(flat: Grid, inverse: Sequence[int], count: int) -> Grid:
    """One row for each group: the union of its rows' wanted numbers."""
    rows = np.full((count, flat.shape[1]), np.nan)
    for row, group in zip(flat, inverse, strict=True):
        rows[group] = np.where(np.isnan(rows[group]), row, rows[group])
    return rows
