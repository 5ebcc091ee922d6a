"""How a value is read back out of the residual stream: from which directions, at which stage, and how well."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...compiler.blocks.blocks import ValueReading
from ...compiler.blocks.forms import UNIT, Direction, LinearForm, constant_form, sum_forms, to_float
from ...compiler.graph.graph import Constant, SOp
from ...compiler.graph.values import Scalar, normal, show
from .recompiled import Origin

Floats = NDArray[np.float64]
Kind = Literal["number", "one-hot", "code", "part", "constant"]

#: Values of a domain times readings that are compared; more would take seconds.
MAX_TABLE = 4_000_000

#: Two numbers nearer than this are one when domains are told apart.
SAME = 1e-6


@dataclass(frozen=True)
class Found:
    """What was read at one position: the values that fit (more than one where the model does not tell them apart),
    how far the numbers were from the nearest's, and how far they could be."""

    values: tuple[Scalar, ...]
    error: float
    tolerated: float


@dataclass(frozen=True)
class Readout:
    """What gives a node's value back.

    stage: the half layer after which it can be read (0: the embedding).  kind: `number`, one form that is the value;
    `one-hot`, a truth for each value; `code`, numbers that tell the values apart; `part`, numbers that tell some of
    them apart; `constant`, no direction at all.  forms: [reading].  table: [reading, value of the domain], what the
    forms give for each value, NaN for any number; None for a number whose values are too many to list.
    """

    stage: int
    kind: Kind
    forms: tuple[LinearForm, ...]
    values: tuple[Scalar, ...] | None
    table: Floats | None
    directions: tuple[int, ...]
    max_denominator: int | None = None

    @property
    def error(self) -> float:
        """The compiler's bound on the error of the numbers that are read."""
        return max((form.error + 4 * UNIT * form.reach for form in self.forms), default=0.0)

    def read(self, numbers: Floats) -> list[Found]:
        """The value at each position, from what the forms give [reading, position]."""
        if self.values is None or self.table is None:
            return [self._number(number) for number in numbers[0].tolist()]
        if self.kind == "part":
            return self._part(self.values, self.table, numbers)
        distance = np.abs(self.table[:, None, :] - numbers[:, :, None]).max(0)  # [position, value]
        best = distance.argmin(1)
        order = np.partition(distance, 1, axis=1)[:, 1] if len(self.values) > 1 else np.full(len(best), np.inf)
        found = []
        for place, nearest, second in zip(best.tolist(), distance.min(1).tolist(), order.tolist(), strict=True):
            found.append(Found((self.values[place],), nearest, (second + nearest) / 2))
        return found

    def _part(self, values: tuple[Scalar, ...], table: Floats, numbers: Floats) -> list[Found]:
        gaps = np.array([_gap(row) for row in table])
        distance = np.abs(table[:, None, :] - numbers[:, :, None])  # [reading, position, value]
        distance[np.isnan(distance)] = 0.0
        fits = np.asarray((distance < gaps[:, None, None] / 2).all(0))
        found = []
        for place in range(numbers.shape[1]):
            fitting = fits[place]
            near = distance[:, place, fitting].max(0) if fitting.any() else distance[:, place].max(0)
            chosen = tuple(value for value, fit in zip(values, fitting.tolist(), strict=True) if fit)
            found.append(Found(chosen, float(near.min()), float(gaps.min()) / 2))
        return found

    def _number(self, number: float) -> Found:
        bound = self.max_denominator
        if bound is None or self.error >= 0.5 / bound**2:
            return Found((number,), 0.0, self.error)
        value = Fraction(number).limit_denominator(bound)
        return Found((normal(value),), abs(float(value) - number), 0.5 / bound**2)


def _gap(row: Floats) -> float:
    """The least distance between different numbers of a row; 1 where there is one only."""
    levels = np.unique(row[~np.isnan(row)])
    steps = np.diff(levels)
    return float(steps.min()) if len(steps) > 0 else 1.0


class Readouts:
    """Finds the readout of any node of the simplified graph."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._analysis = origin.stages.analysis
        self._readings: dict[SOp, list[ValueReading]] = {}
        for reading in origin.stages.blocks.readings:
            if all(direction in origin.places for direction, _ in reading.form.terms):
                self._readings.setdefault(reading.node, []).append(reading)

    def readings(self, node: SOp) -> list[ValueReading]:
        """The forms that the compiler made for the node, all of whose directions are in the model."""
        return self._readings.get(node, [])

    def of(self, node: SOp) -> Readout | None:
        """The earliest readout of the whole value, else of what the model holds of it; None where that is nothing."""
        if isinstance(node, Constant):
            return Readout(0, "constant", (), (node.value,), np.zeros((1, 1)), ())
        readings = self.readings(node)
        times = sorted({reading.form.time for reading in readings})
        for time in times:
            found = self._at(node, [reading for reading in readings if reading.form.time <= time], time)
            if found is not None:
                return found
        return self._sum(node) or self._part(node, readings)

    def _part(self, node: SOp, readings: list[ValueReading]) -> Readout | None:
        domain = self._analysis.domain(node)
        known = [reading for reading in readings if reading.numbers is not None]
        if domain.values is None or not known or len(known) * len(domain.values) > MAX_TABLE:
            return None
        table = np.array([reading.numbers for reading in known], np.float64)  # None becomes NaN
        time = max(reading.form.time for reading in known)
        return self._readout(time, "part", [reading.form for reading in known], domain.values, table)

    def _at(self, node: SOp, readings: list[ValueReading], time: int) -> Readout | None:
        domain = self._analysis.domain(node)
        numbers = [reading.form for reading in readings if self._is_number(node, reading)]
        number = min(numbers, key=lambda form: len(form.terms), default=None)
        if number is not None:
            return self._number(node, number, time)
        if domain.values is None:
            return None
        whole = [r for r in readings if r.numbers is not None and None not in r.numbers]
        if not whole or len(whole) * len(domain.values) > MAX_TABLE:
            return None
        table = np.array([reading.numbers for reading in whole], np.float64)
        truths = [
            place for place, row in enumerate(table) if sorted(set(row.tolist())) == [0.0, 1.0] and row.sum() == 1
        ]
        if len({int(table[place].argmax()) for place in truths}) == len(domain.values):
            # One truth for each value says more than any other table.
            kept = list({int(table[place].argmax()): place for place in reversed(truths)}.values())
            kept.sort(key=lambda place: int(table[place].argmax()))
            return self._readout(time, "one-hot", [whole[p].form for p in kept], domain.values, table[kept])
        if len(np.unique(np.round(table / SAME), axis=1).T) < len(domain.values):
            return None  # some values look alike in all of them
        return self._readout(time, "code", [reading.form for reading in whole], domain.values, table)

    def _is_number(self, node: SOp, reading: ValueReading) -> bool:
        if reading.numbers is None:
            return True
        values = self._analysis.domain(node).values
        return values is not None and is_identity(reading.numbers, values)

    def _number(self, node: SOp, form: LinearForm, time: int) -> Readout:
        domain = self._analysis.domain(node)
        if domain.values is not None and domain.numeric:
            points = list(map(to_float, domain.values))
            gap = min((b - a for a, b in itertools.pairwise(points)), default=1.0)
            if form.error < gap / 2:
                return self._readout(time, "number", [form], domain.values, np.array([points]))
        return Readout(time, "number", (form,), None, None, self._places([form]), domain.max_denominator)

    def _sum(self, node: SOp) -> Readout | None:
        """A sum of numbers that can be read is read as one, whether a block does so or not."""
        affine = self._analysis.affine(node)
        if affine is None or any(atom is node for atom, _ in affine.terms):
            return None
        parts = [constant_form(to_float(affine.constant))]
        for atom, coefficient in affine.terms:
            numbers = [reading.form for reading in self.readings(atom) if self._is_number(atom, reading)]
            if not numbers:
                return None
            parts.append(min(numbers, key=lambda form: form.time).scaled(to_float(coefficient)))
        form = sum_forms(parts)
        return self._number(node, form, form.time)

    def _readout(
        self,
        time: int,
        kind: Kind,
        forms: list[LinearForm],
        values: tuple[Scalar, ...],
        table: Floats,
    ) -> Readout:
        return Readout(time, kind, tuple(forms), values, table, self._places(forms))

    def _places(self, forms: Iterable[LinearForm]) -> tuple[int, ...]:
        return tuple(sorted({self._origin.places[d] for form in forms for d, _ in form.terms}))

    def numbers(self, readout: Readout, stream: NDArray[np.floating]) -> Floats:
        """What the readout's forms give [reading, position] on a residual stream [position, direction]."""
        rows = [np.zeros((1, len(stream)))] if not readout.forms else []
        for form in readout.forms:
            row = np.full(len(stream), form.constant, np.float64)
            for direction, coefficient in form.terms:
                row += coefficient * stream[:, self._origin.places[direction]].astype(np.float64)
            rows.append(row[None])
        return np.concatenate(rows)


def meanings(origin: Origin) -> Iterator[tuple[int, str]]:
    """What each direction stands for in its subspace: `value`, `value - 1`, `= a`, `in {a, b}`, `helps to read it`."""
    readouts = Readouts(origin)
    read: dict[Direction, list[ValueReading]] = {}
    for node in {direction.node for direction in origin.places}:
        for reading in readouts.readings(node):
            for direction, _ in reading.form.terms:
                if direction.node is node:
                    read.setdefault(direction, []).append(reading)
    for direction, place in origin.places.items():
        if direction.value is not None:
            continue
        names = {_meaning(direction, reading, origin) for reading in read.get(direction, ())}
        known = sorted(name for name in names if name is not None)
        yield place, known[0] if known else "helps to read it"


def _meaning(direction: Direction, reading: ValueReading, origin: Origin) -> str | None:
    """What the direction is, if it alone (with a constant) gives this reading and that is easily said."""
    if reading.form.terms != ((direction, 1.0),):
        return None
    values = origin.stages.analysis.domain(reading.node).values
    constant = reading.form.constant
    if reading.numbers is None or (values is not None and is_identity(reading.numbers, values)):
        return "value" if constant == 0 else f"value {'-' if constant > 0 else '+'} {abs(constant):g}"
    if values is None or set(reading.numbers) - {0.0, 1.0, None} or constant != 0:
        return None
    ones = [show(value) for value, number in zip(values, reading.numbers, strict=True) if number == 1.0]
    return f"= {ones[0]}" if len(ones) == 1 else f"in {{{', '.join(ones[:6])}{', ...' if len(ones) > 6 else ''}}}"


def is_identity(numbers: tuple[float | None, ...], values: tuple[Scalar, ...]) -> bool:
    """The numbers wanted are the values themselves."""
    pairs = zip(numbers, values, strict=True)
    return all(
        number is not None and not isinstance(value, str) and number == to_float(value) for number, value in pairs
    )
