"""Piecewise linear functions of one number, as one layer of ReLU neurons.

Given points s_0 < s_1 < ... and target values y_i (None: any value), there are two shapes:

- `interpolate`: linear between neighbouring points, one neuron for each change of slope.  An error e in s
  becomes slope * e in y.
- `step_function`: constant around every point, rising in the middle half of each gap where the value changes, two
  neurons for each change.  An error in s below a quarter of the gap has no effect but rounding.

Neurons point away from a centre (relu(s - t) above it, relu(t - s) below).  Only those between the centre and s are
active, so sums stay small.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import frexp, inf, sqrt

from ...blocks.forms import UNIT

#: Values this close to a line, as a fraction of the largest value, count as on it; float32 resolves 2^-24.
MAX_LINE_DEVIATION = 2.0**-32
#: Sums and products of multiples of `EXACT_UNIT` are exact in float32 below this.
MAX_EXACT_SUM = 2**20
EXACT_UNIT = 1 / 16


@dataclass(frozen=True)
class Piecewise:
    """`y = constant + slope * s + sum of coefficient * relu(orientation * (s - knot))`.

    `steepness` bounds |dy/ds| near the points (0 for step functions); `rounding` bounds the float32 error of the
    sum."""

    constant: float
    slope: float
    neurons: tuple[tuple[int, float, float], ...]  # orientation, knot, coefficient
    steepness: float
    rounding: float


def known_points(points: Sequence[float], values: Sequence[float | None]) -> tuple[list[float], list[float]]:
    """The points that have a value, and the outermost points with their neighbours' values.

    With the outermost points the function stays in the range of the values everywhere."""
    kept = [(point, value) for point, value in zip(points, values, strict=True) if value is not None]
    if values[0] is None:
        kept.insert(0, (points[0], kept[0][1]))
    if values[-1] is None:
        kept.append((points[-1], kept[-1][1]))
    return [point for point, _ in kept], [value for _, value in kept]


def interpolate(points: Sequence[float], values: Sequence[float], exact: bool) -> Piecewise:
    """Linear between the points, and beyond them with the outermost slopes.  `exact`: s has no error."""
    if len(points) == 1:
        return Piecewise(values[0], 0.0, (), 0.0, 0.0)
    corners = _corners(points, values)
    slopes = [_slope(points, values, a, b) for a, b in itertools.pairwise(corners)]
    bends = [(points[corner], slopes[i + 1] - slopes[i]) for i, corner in enumerate(corners[1:-1])]
    steepness = max(abs(slope) for slope in slopes)
    return min(
        _centred(points, values, first_slope=slopes[0], bends=bends, steepness=steepness, exact=exact), key=_noise
    )


def step_function(points: Sequence[float], values: Sequence[float], order_free: bool) -> Piecewise:
    """Constant around the points and beyond them.

    `order_free`: all neurons that read s get the same float32 number.  A step between consecutive whole numbers takes a
    pair of neurons, and their sum beyond the step is then its exact height: s - knot is rounded to one grid for both,
    because no power of two lies between the knots, and the error of s cancels.  A function with at most one such pair
    active at a time is exact for any error of s.  The exception is a step next to 0: 1/2 lies between its knots, and
    one rounding remains.
    """
    bends: list[tuple[float, float]] = []
    for i in range(len(points) - 1):
        if values[i] != values[i + 1]:
            gap = points[i + 1] - points[i]
            slope = (values[i + 1] - values[i]) / (gap / 2)
            bends += [(points[i] + gap / 4, slope), (points[i + 1] - gap / 4, -slope)]
    shapes = _centred(points, values, first_slope=0.0, bends=bends, steepness=0.0, exact=False)
    if order_free and all(
        float(point).is_integer() and abs(point) < MAX_EXACT_SUM for point in (points[0], points[-1])
    ):
        shapes = [_with_exact_pairs(shape) if _one_pair_at_a_time(shape, points) else shape for shape in shapes]
    return min(shapes, key=_noise)


def _one_pair_at_a_time(shape: Piecewise, points: Sequence[float]) -> bool:
    """At most two neurons are active at any point, all heights are powers of two, and all points whole."""
    active = max(sum(o * (end - knot) > 0 for o, knot, _ in shape.neurons) for end in (points[0], points[-1]))
    knots = sorted(knot for _, knot, _ in shape.neurons)
    if any(high - low != 0.5 for low, high in zip(knots[::2], knots[1::2], strict=True)):
        return False  # a step wider than one
    heights = [shape.constant, *(coefficient for _, _, coefficient in shape.neurons)]
    powers = all(height == 0 or abs(frexp(height)[0]) == 0.5 for height in heights)
    return active <= 2 and powers and all(float(4 * knot).is_integer() for _, knot, _ in shape.neurons)


def _with_exact_pairs(shape: Piecewise) -> Piecewise:
    """The rounding of a shape whose pairs of neurons cancel: none, or one rounding next to 0."""
    if not any(abs(knot) < 1 for _, knot, _ in shape.neurons):
        return replace(shape, rounding=0.0)
    return replace(shape, rounding=2 * UNIT * max(abs(coefficient) for _, _, coefficient in shape.neurons))


def _noise(shape: Piecewise) -> tuple[float, bool]:
    return shape.rounding, shape.slope != 0


def bends_of(points: Sequence[float], values: Sequence[float | None]) -> list[float]:
    """The points where the interpolation changes its slope."""
    kept, kept_values = known_points(points, values)
    return [kept[corner] for corner in _corners(kept, kept_values)[1:-1]]


def _corners(points: Sequence[float], values: Sequence[float]) -> list[int]:
    """The points where the slope has to change, and both ends.

    Greedy: from each corner as far as one line passes all points within `MAX_LINE_DEVIATION` of the largest value.
    Rounding of points or values then makes no corner.
    """
    slack = MAX_LINE_DEVIATION * max(map(abs, values))
    corners = [0]
    anchor, low, high = 0, -inf, inf
    for place in range(1, len(points)):
        run = points[place] - points[anchor]
        rise = values[place] - values[anchor]
        if not low <= rise / run <= high:
            anchor = place - 1
            corners.append(anchor)
            low, high = -inf, inf
            run, rise = points[place] - points[anchor], values[place] - values[anchor]
        low, high = max(low, (rise - slack) / run), min(high, (rise + slack) / run)
    return [*corners, len(points) - 1]


def _slope(points: Sequence[float], values: Sequence[float], first: int, last: int) -> float:
    return (values[last] - values[first]) / (points[last] - points[first])


def _centred(
    points: Sequence[float],
    values: Sequence[float],
    *,
    first_slope: float,
    bends: Sequence[tuple[float, float]],
    steepness: float,
    exact: bool,
) -> list[Piecewise]:
    """The function around several centres: below all bends, above all of them, and between."""
    found: list[Piecewise] = []
    middle = len(bends) // 4 * 2  # between two steps, where a step function is constant
    for split in sorted({0, middle, len(bends)}):
        slope = first_slope + sum(bend for _, bend in bends[:split])
        neurons = [(-1, knot, bend) for knot, bend in bends[:split]] + [(1, knot, bend) for knot, bend in bends[split:]]
        # The value at the point nearest to the split fixes the constant.
        anchor = points[0] if split == 0 else points[-1] if split == len(bends) else _nearest(points, bends[split][0])
        active = sum(
            coefficient * max(0.0, orientation * (anchor - knot)) for orientation, knot, coefficient in neurons
        )
        constant = values[points.index(anchor)] - slope * anchor - active
        largest = 0.0
        for end in (points[0], points[-1]):
            terms = [abs(c) * max(0.0, o * (end - knot)) for o, knot, c in neurons]
            # Each term is rounded once when s - knot is formed and once when it is multiplied; the partial sums, in
            # whatever order they are taken, add up like a random walk (Higham and Mary 2019) of steps below the terms.
            running = abs(constant) + abs(slope * end) + sum(terms)
            formed = max(abs(points[0]), abs(points[-1])) * sqrt(
                sum(c * c for o, knot, c in neurons if o * (end - knot) > 0)
            )
            largest = max(largest, 2 * running + 2 * formed)
        clean = exact and largest < MAX_EXACT_SUM and _dyadic(constant, slope, neurons, points)
        rounding = 0.0 if clean else UNIT * largest
        found.append(Piecewise(constant, slope, tuple(neurons), steepness, rounding))
    return found


def _nearest(points: Sequence[float], place: float) -> float:
    return min(points, key=lambda point: abs(point - place))


def _dyadic(
    constant: float, slope: float, neurons: Sequence[tuple[int, float, float]], points: Sequence[float]
) -> bool:
    """Every number is a multiple of `EXACT_UNIT`."""
    numbers = [constant, slope, points[0], points[-1]]
    numbers += [number for _, knot, coefficient in neurons for number in (knot, coefficient)]
    return all((number / EXACT_UNIT).is_integer() for number in numbers)
