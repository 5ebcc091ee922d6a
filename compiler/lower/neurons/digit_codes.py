"""Digit codes: a function of several factors as a function of one number.

The factors become the digits of a code in a mixed radix (`code = x + (span(x) + 1) * y`), which is a linear form.  A
function of the factors is then piecewise linear in the code.  The order of the digits decides how many bends it has.

Tracr (Lindner et al. 2023, section 3) tabulates a function of several inputs with a neuron for each combination of
one-hot inputs.  Digit codes are ours; they use the textbook fact that ReLUs of one linear form make any piecewise
linear function of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np

from ...blocks.forms import LARGEST, LinearForm, constant_form, sum_forms, to_float
from ...work_limit import spend
from ..context import Context
from ..targets import TargetFunction, smallest_step
from ..views import Views
from .factors import CategoricalFactor, Factor
from .piecewise import bends_of, known_points
from .target_rows import Grid, merge_rows, merged_rows
from .write_neurons import RidgeFunctions

#: All orders of at most this many digits are tried, for tables of fewer than `MAX_NUMBERS_TO_PERMUTE` numbers.
MAX_DIGITS_TO_PERMUTE = 3
MAX_NUMBERS_TO_PERMUTE = 20_000


class DigitCodes:
    """Makes codes out of factors."""

    def __init__(self, context: Context, views: Views) -> None:
        self.context = context
        self.views = views

    def encode(
        self, factors: Sequence[Factor], grids: Sequence[Grid], *, low_noise: bool
    ) -> RidgeFunctions | list[LinearForm] | None:
        """The code with the fewest bends, or with `low_noise` the one that passes on the least noise.

        `grids`: for each function its target numbers, an array [size of each factor] with NaN for "any number".
        Factors that do not matter are dropped, classes with equal targets merged.  Returns forms if no neurons are
        needed, None if there is no code."""
        table, kept = np.stack(grids), list[Factor]()  # table: [function, size of each factor]
        for axis in range(len(factors) - 1, -1, -1):
            table, factor = _merge_along(table, axis, factors[axis])
            if factor is not None:
                kept.insert(0, factor)
        if not kept:
            return [constant_form(0.0 if np.isnan(number) else float(number)) for number in table.ravel()]
        if len(kept) == 1 and isinstance(kept[0], CategoricalFactor):
            classes = kept[0].classes
            numbers = [_targets(row) for row in table]
            return self.views.functions(kept[0].node, [tuple(row[c] for c in classes) for row in numbers])
        return min(self._orders(kept, table), key=passed_noise if low_noise else lambda code: code.bends, default=None)

    def code(self, factors: Sequence[Factor], table: Grid) -> RidgeFunctions | None:
        """The code whose lowest digit is the last factor, for the functions of `table` [function, size of each factor].

        None if its numbers are too large, or too close to be told apart."""
        forms: list[LinearForm] = []
        points: Grid = np.zeros(())
        span, gap = 0.0, 1.0
        for place, factor in enumerate(reversed(factors)):
            if isinstance(factor, CategoricalFactor):
                form = self.views.function(factor.node, tuple(map(float, factor.classes)))
                digits = np.arange(max(factor.classes) + 1, dtype=np.float64)
            else:
                form = self.views.combination(factor.unit)
                digits = np.array([to_float(point) for point in factor.points])
            step = float(np.diff(digits).min())
            if step == 0:
                return None
            radix = 1.0 if place == 0 else (span + gap) / step
            if place == 0:
                gap = step
            forms.append(form.scaled(radix))
            points = digits.reshape(-1, *([1] * place)) * radix + points
            span += float(digits[-1] - digits[0]) * radix
        flat = points.ravel()
        order = np.argsort(flat, kind="stable")
        ascending = tuple(flat[order].tolist())
        if max(map(abs, (ascending[0], ascending[-1]))) > LARGEST or (np.diff(flat[order]) <= 0).any():
            return None
        spend(table.size)
        targets = tuple(_targets(row.ravel()[order]) for row in table)
        return RidgeFunctions(sum_forms(forms), ascending, targets, _count_bends(ascending, targets))

    def _orders(self, factors: Sequence[Factor], table: Grid) -> Iterator[RidgeFunctions]:
        axes = range(len(factors))
        lowest = tuple(axis for axis in axes if factors[axis].must_be_lowest)
        free = tuple(axis for axis in axes if not factors[axis].must_be_lowest)
        if len(lowest) > 1:
            return
        try_all = len(free) <= MAX_DIGITS_TO_PERMUTE and table.size < MAX_NUMBERS_TO_PERMUTE
        for order in permutations(free) if try_all else (free, free[::-1]):
            order = (*order, *lowest)
            code = self.code([factors[axis] for axis in order], np.transpose(table, (0, *(axis + 1 for axis in order))))
            if code is not None:
                yield code


def passed_noise(code: RidgeFunctions) -> float:
    """The noise that a code passes on where it is linear between its points, in steps between target numbers."""
    steepest = 0.0
    for target in code.targets:
        points, numbers = known_points(code.points, target)
        slopes = np.abs(np.diff(numbers) / np.diff(points))
        steepest = max(steepest, max(slopes, default=0.0) / smallest_step(numbers))
    return code.form.error * steepest


def _merge_along(table: Grid, axis: int, factor: Factor) -> tuple[Grid, Factor | None]:
    """The table with equal rows along one factor's axis merged; without the axis, and None, if all rows agree.

    The classes of a categorical factor are numbered in the order of their rows."""
    moved = np.moveaxis(table, axis + 1, 0)
    flat = moved.reshape(moved.shape[0], -1)
    rows, inverse = merge_rows(flat)
    if len(rows) == 1:
        return merged_rows(flat, inverse, 1)[0].reshape(moved.shape[1:]), None
    if not isinstance(factor, CategoricalFactor):
        return table, factor
    order = sorted(range(len(rows)), key=np.nan_to_num(flat[rows], nan=-1e300).tolist().__getitem__)
    rank = {row: place for place, row in enumerate(order)}
    merged = merged_rows(flat, inverse, len(rows))[order].reshape(len(rows), *moved.shape[1:])
    return np.moveaxis(merged, 0, axis + 1), replace(factor, classes=tuple(rank[inverse[c]] for c in factor.classes))


def _targets(numbers: Grid) -> TargetFunction:
    """Target numbers, an array [point], with None for NaN."""
    listed: list[float] = numbers.tolist()
    return tuple(None if number != number else number for number in listed)


def _count_bends(points: Sequence[float], targets: Sequence[TargetFunction]) -> int:
    """The number of neurons that the functions need together if they are linear between the points."""
    return len({knot for target in targets for knot in bends_of(points, target)})
