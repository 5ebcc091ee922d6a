"""Piecewise linear functions of one number, as one layer of ReLU neurons.

Given points s_0 < s_1 < ... and wanted values y_i (None: any value will do), two shapes are made:

- *interpolate*: linear between neighbouring points, one neuron for each change of slope.  An error e in s
  becomes slope * e in y.
- *stairs*: flat around every point, rising in the middle half of each gap where the value changes, two neurons for
  each change.  An error in s below a quarter of the gap vanishes, but for rounding.

Neurons look away from a centre (relu(s - t) above it, relu(t - s) below), so that only those between the centre
and s are active and sums stay small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from ..blocks import UNIT


@dataclass(frozen=True)
class Piecewise:
    """`y = constant + slope * s + sum of coefficient * relu(orientation * (s - knot))`.

    `steepness` bounds |dy/ds| near the points (0 for stairs), `rounding` the float32 rounding error of the sum."""

    constant: float
    slope: float
    neurons: tuple[tuple[int, float, float], ...]  # orientation, knot, coefficient
    steepness: float
    rounding: float


def known(points: Sequence[float], values: Sequence[float | None]) -> tuple[list[float], list[float]]:
    """The points whose value is wanted."""
    kept = [(point, value) for point, value in zip(points, values, strict=True) if value is not None]
    return [point for point, _ in kept], [value for _, value in kept]


def interpolate(points: Sequence[float], values: Sequence[float]) -> Piecewise:
    """Linear between the points, and beyond them with the outermost slopes."""
    if len(points) == 1:
        return Piecewise(values[0], 0.0, (), 0.0, 0.0)
    slopes = [(values[i + 1] - values[i]) / (points[i + 1] - points[i]) for i in range(len(points) - 1)]
    bends = [(points[i + 1], slopes[i + 1] - slopes[i]) for i in range(len(slopes) - 1) if _differ(slopes[i], slopes[i + 1])]
    steepness = max(abs(slope) for slope in slopes)
    return _centred(points, values, slopes[0], bends, steepness)


def stairs(points: Sequence[float], values: Sequence[float]) -> Piecewise:
    """Flat at the points."""
    bends: list[tuple[float, float]] = []
    for i in range(len(points) - 1):
        if values[i] != values[i + 1]:
            gap = points[i + 1] - points[i]
            slope = (values[i + 1] - values[i]) / (gap / 2)
            bends += [(points[i] + gap / 4, slope), (points[i + 1] - gap / 4, -slope)]
    return _centred(points, values, 0.0, bends, 0.0)


def count_bends(points: Sequence[float], values: Sequence[float | None]) -> int:
    """How many neurons `interpolate` would take."""
    points, wanted = known(points, values)
    slopes = [(wanted[i + 1] - wanted[i]) / (points[i + 1] - points[i]) for i in range(len(points) - 1)]
    return sum(_differ(a, b) for a, b in zip(slopes, slopes[1:]))


def _differ(first: float, second: float) -> bool:
    return abs(first - second) > 1e-9 * max(1.0, abs(first), abs(second))


def _centred(
    points: Sequence[float], values: Sequence[float], first_slope: float, bends: Sequence[tuple[float, float]], steepness: float
) -> Piecewise:
    """Chooses the centre with the fewest and smallest active terms: no bends at all keep the form exact."""
    best: Piecewise | None = None
    candidates = {0, len(bends)} | {len(bends) // 2}
    for split in sorted(candidates):
        slope = first_slope + sum(bend for _, bend in bends[:split])
        neurons = [(-1, knot, bend) for knot, bend in bends[:split]] + [(1, knot, bend) for knot, bend in bends[split:]]
        # The value at the point nearest to the split fixes the constant.
        anchor = points[0] if split == 0 else points[-1] if split == len(bends) else _nearest(points, bends[split][0])
        active = sum(coefficient * max(0.0, orientation * (anchor - knot)) for orientation, knot, coefficient in neurons)
        constant = values[points.index(anchor)] - slope * anchor - active
        largest = 0.0
        for end in (points[0], points[-1]):
            terms = [abs(c) * max(0.0, o * (end - knot)) for o, knot, c in neurons]
            running = abs(constant) + abs(slope * end) + sum(terms)
            spread = 2 + sqrt(sum(1 for term in terms if term > 0))
            largest = max(largest, running * spread)
        exact = _dyadic(constant, slope, neurons) and all(float(p).is_integer() for p in (points[0], points[-1]))
        rounding = 0.0 if exact and largest < 2**22 else UNIT * largest
        found = Piecewise(constant, slope, tuple(neurons), steepness, rounding)
        cost = (round(rounding / UNIT) if rounding else 0, abs(slope) > 0, split != 0)
        if best is None or cost < best_cost:
            best, best_cost = found, cost
    assert best is not None
    return best


def _nearest(points: Sequence[float], place: float) -> float:
    return min(points, key=lambda point: abs(point - place))


def _dyadic(constant: float, slope: float, neurons: Sequence[tuple[int, float, float]]) -> bool:
    """Every number is a small multiple of 1/16: sums of them are exact while they stay below 2^20."""
    numbers = [constant, slope, *(number for _, knot, coefficient in neurons for number in (knot, coefficient))]
    return all((16 * number).is_integer() for number in numbers)
