"""Piecewise linear functions: their values at the points are the targets, in float64 up to its own rounding, and in
float32 within the stated bounds, also with noise in the input."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from raspc.compiler.blocks.forms import UNIT
from raspc.compiler.lower.neurons.piecewise import Piecewise, bends_of, interpolate, known_points, step_function

Points = list[float]


def _in_float64(shape: Piecewise, s: float) -> float:
    neurons = sum(c * max(0.0, orientation * (s - knot)) for orientation, knot, c in shape.neurons)
    return shape.constant + shape.slope * s + neurons


def _in_float32(shape: Piecewise, s: np.float32, order: Sequence[int]) -> float:
    """As the assembled model computes it: weights rounded, neurons summed in some order, then the linear part."""
    total = np.float32(0)
    for place in order:
        orientation, knot, coefficient = shape.neurons[place]
        hidden = max(np.float32(0), np.float32(orientation) * s + np.float32(-orientation * knot))
        total = total + np.float32(coefficient) * hidden
    return float(total + np.float32(shape.slope) * s + np.float32(shape.constant))


def _orders(shape: Piecewise) -> list[list[int]]:
    forward = list(range(len(shape.neurons)))
    return [forward, forward[::-1], forward[::2] + forward[1::2]]


def _points(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[Points]:
    return st.lists(numbers, min_size=1, max_size=12, unique=True).map(sorted)


WHOLE = st.integers(-40, 40).map(float)
QUARTERS = st.integers(-80, 80).map(lambda n: n / 4)
#: Numbers that float32 rounds.
SIXTHS = st.integers(-60, 60).map(lambda n: float(np.float32(n / 6)))
POINTS = st.one_of(_points(WHOLE), _points(QUARTERS), _points(SIXTHS))


@st.composite
def functions(draw: st.DrawFn, points: st.SearchStrategy[Points] = POINTS) -> tuple[Points, list[float]]:
    """Points, and the target values there."""
    places = draw(points)
    values = draw(st.sampled_from([WHOLE, WHOLE, SIXTHS, st.sampled_from([0.0, 1.0])]))
    return places, draw(st.lists(values, min_size=len(places), max_size=len(places)))


def _gap(points: Points) -> float:
    return min((b - a for a, b in pairwise(points)), default=1.0)


def _size(shape: Piecewise, points: Points) -> float:
    """The largest sum of absolute terms, for float64's own rounding."""
    ends = (points[0], points[-1])
    return max(
        abs(shape.constant) + abs(shape.slope * s) + sum(abs(c * (s - k)) for _, k, c in shape.neurons) for s in ends
    )


@settings(max_examples=300, deadline=None)
@given(functions())
def test_interpolation_goes_through_the_points(function: tuple[Points, list[float]]) -> None:
    points, values = function
    shape = interpolate(points, values, True)
    # Bends below 2^-32 of the largest value are left out.
    slack = 2.0**-32 * max(map(abs, values)) + 2.0**-45 * _size(shape, points)
    for point, value in zip(points, values, strict=True):
        assert abs(_in_float64(shape, point) - value) <= slack


@settings(max_examples=300, deadline=None)
@given(functions(), st.floats(-1, 1))
def test_interpolation_passes_errors_on_by_its_steepness(function: tuple[Points, list[float]], part: float) -> None:
    points, values = function
    shape = interpolate(points, values, False)
    off = part * _gap(points)
    slack = 2.0**-32 * max(map(abs, values)) + 2.0**-45 * (_size(shape, points) + shape.steepness)
    for point, value in zip(points, values, strict=True):
        assert abs(_in_float64(shape, point + off) - value) <= shape.steepness * abs(off) + slack


@settings(max_examples=300, deadline=None)
@given(functions(), st.floats(-0.249, 0.249))
def test_step_functions_are_constant_around_the_points(function: tuple[Points, list[float]], part: float) -> None:
    points, values = function
    shape = step_function(points, values, False)
    assert shape.steepness == 0
    for place, (point, value) in enumerate(zip(points, values, strict=True)):
        around = [abs(point - other) for other in (points[:place][-1:] + points[place + 1 :][:1])]
        off = part * min(around, default=1.0)
        assert abs(_in_float64(shape, point + off) - value) <= 2.0**-40 * (1 + _size(shape, points))


@settings(max_examples=400, deadline=None)
@given(functions(), st.booleans())
def test_float32_stays_within_the_stated_rounding(function: tuple[Points, list[float]], flat: bool) -> None:
    points, values = function
    shape = step_function(points, values, False) if flat else interpolate(points, values, True)
    for point, value in zip(points, values, strict=True):
        for order in _orders(shape):
            # The value itself is stored in float32, which its reader accounts for.
            bound = shape.rounding + UNIT * abs(value)
            assert abs(_in_float32(shape, np.float32(point), order) - value) <= bound


@settings(max_examples=400, deadline=None)
@given(functions(), st.floats(-0.24, 0.24), st.booleans())
def test_float32_with_noise_stays_within_the_bounds(
    function: tuple[Points, list[float]], part: float, flat: bool
) -> None:
    points, values = function
    shape = step_function(points, values, False) if flat else interpolate(points, values, False)
    for point, value in zip(points, values, strict=True):
        s = np.float32(point + part * _gap(points))
        bound = shape.rounding + shape.steepness * abs(float(s) - point) + UNIT * abs(value)
        for order in _orders(shape):
            assert abs(_in_float32(shape, s, order) - value) <= bound


@settings(max_examples=200, deadline=None)
@given(functions(_points(WHOLE)))
def test_whole_numbers_stay_exact(function: tuple[Points, list[float]]) -> None:
    """A function whose rounding bound is 0 is exact for every order of summation."""
    points, values = function
    shape = interpolate(points, values, True)
    assume(shape.rounding == 0)
    for point, value in zip(points, values, strict=True):
        assert {_in_float32(shape, np.float32(point), order) for order in _orders(shape)} == {value}


@settings(max_examples=400, deadline=None)
@given(
    st.integers(1, 30), st.lists(st.sampled_from([0.0, 1.0, 2.0, -1.0]), min_size=2, max_size=5), st.floats(-0.2, 0.2)
)
def test_step_functions_that_state_no_rounding_are_exact(start: int, values: list[float], off: float) -> None:
    """Of whole numbers from 1 on: near 0, s - knot is rounded where s is not."""
    points = [float(start + i) for i in range(len(values))]
    shape = step_function(points, values, True)
    assume(shape.rounding == 0)
    for point, value in zip(points, values, strict=True):
        assert {_in_float32(shape, np.float32(point + off), order) for order in _orders(shape)} == {value}


def test_consecutive_whole_numbers_claim_to_be_exact() -> None:
    """Not everything claims rounding: squares, steps and parities of whole numbers have none."""
    points = [float(i) for i in range(-8, 9)]
    for values in ([s * s for s in points], [float(s > 2) for s in points], [s % 2 for s in points]):
        shape = interpolate(points, values, True)
        assert shape.rounding == 0
        assert interpolate(points, values, False).rounding > 0


@pytest.mark.parametrize(
    ("values", "neurons"),
    [
        ([3.0] * 5, 0),
        ([0.0, 2.0, 4.0, 6.0, 8.0], 0),
        ([0.0, 0.0, 0.0, 1.0, 2.0], 1),
        ([0.0, 0.0, 1.0, 1.0, 1.0], 2),
        ([0.0, 1.0, 0.0, 1.0, 0.0], 3),
        ([0.0, 1.0, 4.0, 9.0, 16.0], 3),
    ],
)
def test_one_neuron_for_each_bend(values: list[float], neurons: int) -> None:
    points = [float(i) for i in range(5)]
    assert len(interpolate(points, values, True).neurons) == neurons
    assert len(bends_of(points, values)) == neurons


def test_two_neurons_for_each_step() -> None:
    shape = step_function([0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 5.0, 4.0], False)
    assert sorted(knot for _, knot, _ in shape.neurons) == [1.25, 1.75, 2.25, 2.75]
    assert step_function([0.0, 1.0], [2.0, 2.0], False).neurons == ()


def test_undefined_points_need_no_neurons() -> None:
    points, values = [0.0, 1.0, 2.0, 3.0], [0.0, None, None, 9.0]
    assert known_points(points, values) == ([0.0, 3.0], [0.0, 9.0])
    assert bends_of(points, values) == []


def test_a_function_of_one_point_is_constant() -> None:
    for shape in (interpolate([2.0], [7.0], True), step_function([2.0], [7.0], True)):
        assert (shape.constant, shape.slope, shape.neurons) == (7.0, 0.0, ())


# ---- limits of exactness ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("deviation", "straight"), [(0.99, True), (1.01, False)])
def test_values_within_2_to_the_minus_32_of_the_largest_from_a_line_are_on_it(
    sign: int, deviation: float, straight: bool
) -> None:
    values = [0.0, 1.0 + sign * deviation * 2.0**-32 * 4, 2.0, 3.0, 4.0]
    assert (bends_of([0.0, 1.0, 2.0, 3.0, 4.0], values) == []) == straight


@pytest.mark.parametrize(("height", "exact"), [(2.0**19 - 1, True), (2.0**19, False)])
def test_lines_through_multiples_of_a_16th_are_exact_below_2_to_the_20(height: float, exact: bool) -> None:
    """Each term counts twice."""
    assert interpolate([0.0, 1.0], [0.0, height], True).rounding == (0.0 if exact else 2 * UNIT * height)
    assert interpolate([0.0, 1.0], [0.0, height], False).rounding == 2 * UNIT * height


@pytest.mark.parametrize(("denominator", "exact"), [(16, True), (15, False), (17, False), (32, False)])
def test_bends_at_multiples_of_a_16th_are_exact(denominator: int, exact: bool) -> None:
    part = 1 / denominator
    for points, values in (([0.0, part, 1.0], [0.0, 0.0, 1 - part]), ([0.0, 1.0, 2.0], [0, part, 1.0])):
        assert (interpolate(points, values, True).rounding == 0) == exact


@pytest.mark.parametrize(("first", "exact"), [(2.0**20 - 2, True), (2.0**20 - 1, False)])
def test_steps_between_whole_numbers_below_2_to_the_20_are_exact(first: float, exact: bool) -> None:
    for points in ([first, first + 1], [-first - 1, -first]):
        assert (step_function(points, [0.0, 1.0], True).rounding == 0) == exact
        assert step_function(points, [0.0, 1.0], False).rounding > 0


@pytest.mark.parametrize(
    ("points", "values", "exact"),
    [
        ([5, 6], [0, 1], True),
        ([5, 6], [0, 4], True),
        ([5, 6], [0, 3], False),  # three times a number is rounded
        ([5, 6], [3, 7], False),  # as is the sum with three
        ([5, 6], [4, 8], True),
        ([5, 7], [0, 1], False),  # a power of two may lie between the knots
        ([5, 6, 7], [0, 1, 0], True),  # one pair on each side
        ([5, 6, 7, 8, 9], [0, 1, 0, 1, 0], False),  # two pairs on one side
        ([5, 6, 7], [1, 3, 4], False),  # two pairs on one side, or three
        ([5, 6, 7], [4, 3, 1], False),
        ([5.5, 6.5], [0, 1], False),
    ],
)
def test_step_functions_are_exact_with_one_active_pair_of_power_of_two_heights(
    points: list[float], values: list[float], exact: bool
) -> None:
    shape = step_function(list(map(float, points)), list(map(float, values)), True)
    assert (shape.rounding == 0) == exact


@pytest.mark.parametrize("height", [1.0, 4.0])
def test_steps_next_to_zero_are_rounded_once(height: float) -> None:
    assert step_function([0.0, 1.0], [0.0, height], True).rounding == 2 * UNIT * 2 * height
    assert step_function([-1.0, 0.0], [0.0, height], True).rounding == 2 * UNIT * 2 * height
    assert step_function([1.0, 2.0], [0.0, height], True).rounding == 0
