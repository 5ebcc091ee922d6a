"""Rows of target numbers: the rows of a group agree in every column where neither is NaN, and equal rows share one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from raspc.compiler.lower.neurons import target_rows
from raspc.compiler.lower.neurons.target_rows import merge_rows, merged_rows


def greedy(table: NDArray[np.float64]) -> tuple[list[int], list[int]]:
    """Each row joins the first group whose numbers it does not contradict."""
    groups: list[dict[int, float]] = []
    first: list[int] = []
    places: list[int] = []
    for number, row in enumerate(table.tolist()):
        numbers = {column: value for column, value in enumerate(row) if value == value}
        fitting = [
            place
            for place, group in enumerate(groups)
            if all(group.get(column, value) == value for column, value in numbers.items())
        ]
        place = fitting[0] if fitting else len(groups)
        if not fitting:
            groups.append({})
            first.append(number)
        groups[place].update(numbers)
        places.append(place)
    return first, places


@pytest.mark.parametrize("seed", range(300))
def test_rows_join_the_first_group_that_agrees(seed: int) -> None:
    chance = np.random.default_rng(seed)
    height, width, kinds = chance.integers(1, 14), chance.integers(1, 5), chance.integers(1, 4)
    table = chance.integers(0, kinds, (height, width)).astype(float)
    table[chance.random((height, width)) < chance.random()] = np.nan
    first, places = merge_rows(table)
    united = merged_rows(table, places, len(first))
    for row, place in zip(table, places, strict=True):
        assert (np.isnan(row) | (row == united[place])).all()
    if len({row.tobytes() for row in table}) == len(table):  # an equal row goes where the one before it went
        assert (first, places) == greedy(table)


def test_negative_zero_equals_zero() -> None:
    assert merge_rows(np.array([[0.0], [-0.0]])) == ([0], [0, 0])


def test_equal_rows_are_merged_beyond_the_limit_of_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_rows, "MAX_COMPARED_NUMBERS", 0)
    hole = np.nan
    table = np.array([[1.0, hole], [hole, 2.0], [1.0, hole], [3.0, 4.0], [3.0, 4.0]])
    assert merge_rows(table)[1] == [0, 1, 0, 2, 2]
