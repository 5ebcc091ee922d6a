"""Directions of the residual stream, linear forms over them, and the float32 rounding of numbers.

A *direction* is one basis vector of the residual stream.  A *form* is an affine function of directions: a query, a
key, a value, a neuron or a logit reads one.

Time counts half layers.  The embedding writes at time 0, the attention of layer l at time 2l+1, its MLP at time 2l+2,
with layers counted from 0.  A head of layer l reads directions of time 2l at most, a neuron those of time 2l+1.

At the BOS position every direction is exactly zero except the one that marks BOS.  Heads and neurons keep this true.
Hence the value of a form at BOS is its constant, and the reader subtracts that exactly (`artifact.assemble`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, nextafter
from typing import Literal

import numpy as np

from ..graph.graph import SOp
from ..graph.values import Scalar
from .times import Time

Role = Literal["tokens", "indices", "head", "neurons"]
DirectionKind = Literal["one-hot", "scalar", "feature"]

#: Unit roundoff of float32.
UNIT = 2.0**-24
#: Sizes of the numbers other than 0 that a direction may hold.  Float32 ends at 2^128 and 2^-126, so products fit.
LARGEST = 2.0**62
SMALLEST = 2.0**-62
#: The least number that float32 rounds to infinity.
BEYOND = 2.0**128 - 2.0**103


@dataclass(frozen=True, eq=False, kw_only=True)
class Direction:
    """One basis vector of the residual stream.

    low, high: bounds of its value at all positions but BOS.
    error: bound on |float32 value - exact value| where the exact value is defined.
    rounding: the part of `error` that its writer adds; the rest comes from the error of the directions that it reads.
    data: the value for each token id or index, for a direction that the embedding writes.
    time: the half layer that writes it.
    """

    id: int
    role: Role
    node: SOp
    kind: DirectionKind
    value: Scalar | None
    label: str
    time: Time
    low: float
    high: float
    error: float
    data: tuple[float, ...] = ()
    rounding: float = 0.0


@dataclass(frozen=True)
class LinearForm:
    """`constant + sum of coefficient * direction`; `low`, `high` bound its exact value, `error` its float32 error."""

    terms: tuple[tuple[Direction, float], ...]
    constant: float
    low: float
    high: float
    error: float

    @property
    def time(self) -> Time:
        """When all directions of the form have been written."""
        return Time.latest(direction.time for direction, _ in self.terms)

    @property
    def size(self) -> float:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))

    @property
    def reach(self) -> float:
        """The largest possible sum of the absolute terms.  A reader's rounding error is relative to it."""
        shared: dict[SOp, float] = {}
        total = abs(self.constant)
        for direction, coefficient in self.terms:
            size = abs(coefficient) * max(abs(direction.low), abs(direction.high))
            if direction.kind == "one-hot":  # only one direction of a one-hot is 1 at a time
                shared[direction.node] = max(shared.get(direction.node, 0.0), size)
            else:
                total += size
        return total + sum(shared.values())

    @property
    def rounding(self) -> float:
        """The part of the error that the directions' writers and this sum add themselves."""
        own = sum(abs(coefficient) * direction.rounding for direction, coefficient in self.terms)
        return own + (2 * UNIT * self.reach if self.error > 0 else 0.0)

    def key(self) -> tuple[object, ...]:
        return (*((direction.id, coefficient) for direction, coefficient in self.terms), self.constant)

    def scaled(self, factor: float, shift: float = 0.0) -> LinearForm:
        """`factor * self + shift`."""
        ends = (factor * self.low + shift, factor * self.high + shift)
        terms = tuple((direction, factor * coefficient) for direction, coefficient in self.terms) if factor != 0 else ()
        error = abs(factor) * self.error
        if terms and representation(factor) > 0:  # the weights hold the factor rounded
            error += 2 * UNIT * abs(factor) * self.reach
        return LinearForm(terms, factor * self.constant + shift, min(ends), max(ends), error)

    def bounded(self, low: float, high: float) -> LinearForm:
        """The same form with bounds that are at least as narrow as `low..high`."""
        return LinearForm(self.terms, self.constant, max(self.low, low), min(self.high, high), self.error)


def representation(number: float) -> float:
    """The error of storing a number as float32."""
    if abs(number) >= BEYOND:
        return inf
    return 0.0 if float(np.float32(number)) == number else UNIT * abs(number)


def to_float(value: Scalar) -> float:
    """The float64 that stands for a number of the program; infinite beyond float64's range.

    It is the nearest float64.  Where float32 holds that but not the value (2^60 for 2^60 + 1), it is the next float64:
    then `representation` is not 0."""
    assert not isinstance(value, str)
    if isinstance(value, int) and abs(value) <= 2**53:
        return float(value)
    try:
        nearest = float(value)
    except OverflowError:
        return inf if value > 0 else -inf
    # Comparing with an exact fraction is slow, so it comes last: float32 holds few numbers that are no integers.
    if representation(nearest) == 0 and nearest != value:
        return nextafter(nearest, inf if value > nearest else -inf)
    return nearest


def in_range(number: float) -> bool:
    """Whether sums and squares of numbers of this size stay in float32's range."""
    return number == 0 or SMALLEST <= abs(number) <= LARGEST


def constant_form(value: float) -> LinearForm:
    """The form that is `value` at every position, without error."""
    return LinearForm((), value, value, value, 0.0)


def sum_forms(forms: Iterable[LinearForm]) -> LinearForm:
    """The sum of forms.  Its bounds are the sums of the bounds; its error includes the rounding of the sum."""
    terms: dict[Direction, float] = {}
    constant = low = high = error = rounding = 0.0
    count = 0
    for form in forms:
        for direction, coefficient in form.terms:
            terms[direction] = terms.get(direction, 0.0) + coefficient
        constant, low, high = constant + form.constant, low + form.low, high + form.high
        error += form.error
        rounding += form.reach
        count += 1
    kept = tuple(sorted(((d, c) for d, c in terms.items() if c != 0), key=lambda term: term[0].id))
    if count > 1 and error > 0:  # forms without error are small integers, whose sums float32 holds
        error += 2 * UNIT * rounding
    return LinearForm(kept, constant, low, high, error)
