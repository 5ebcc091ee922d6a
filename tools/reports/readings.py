"""Reads the values of nodes back out of the residual stream, by the readings of the manifest."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...compiler.artifact.manifest import ReadingRecord
from ...compiler.blocks.forms import UNIT, to_float
from ...compiler.graph.graph import Constant, SOp
from ...compiler.graph.values import Scalar, normal, show
from .model_program import ModelProgram

Floats = NDArray[np.float64]
Encoding = Literal["number", "one-hot", "code", "part", "constant"]

#: The largest table of readings times values of a domain; a larger one takes seconds to compare.
MAX_TABLE = 4_000_000

#: Two numbers of a table nearer than this count as one.
SAME = 1e-6

#: Values of a direction's meaning that are listed.
LISTED_VALUES = 6


@dataclass(frozen=True)
class DecodedValue:
    """The value read at one position.

    values: the values that fit the numbers; several if the model does not tell them apart, none if no value fits.
    error: the distance of the numbers from those of the nearest value.  tolerated: the distance at which another value
    would be as near.
    """

    values: tuple[Scalar, ...]
    error: float
    tolerated: float


@dataclass(frozen=True)
class Decoder:
    """Decodes a node's value from some readings.

    stage: the half layer after which the readings are complete (0: the embedding).  encoding: `number`, one reading is
    the value; `one-hot`, a truth for each value; `code`, numbers that tell the values apart; `part`, numbers that tell
    some of them apart; `constant`, no reading at all.  table: [reading, value of the domain], the number of each
    reading for each value, NaN for any number; None for a number whose values are too many to list.
    """

    stage: int
    encoding: Encoding
    readings: tuple[ReadingRecord, ...]
    values: tuple[Scalar, ...] | None
    table: Floats | None
    max_denominator: int | None = None

    @property
    def directions(self) -> tuple[int, ...]:
        """The directions of the residual stream that the readings sum."""
        return tuple(sorted({place for reading in self.readings for place in reading.directions}))

    @property
    def error(self) -> float:
        """The bound on the error of a reading, rounding in its sum included."""
        return max((reading.error + 4 * UNIT * reading.reach for reading in self.readings), default=0.0)

    def numbers(self, stream: NDArray[np.floating]) -> Floats:
        """The numbers [reading, position] on a residual stream [position, direction]."""
        rows = [np.zeros((1, len(stream)))] if not self.readings else []
        for reading in self.readings:
            row = np.full(len(stream), reading.constant, np.float64)
            for place, coefficient in zip(reading.directions, reading.coefficients, strict=True):
                row += coefficient * stream[:, place].astype(np.float64)
            rows.append(row[None])
        return np.concatenate(rows)

    def decode(self, numbers: Floats) -> list[DecodedValue]:
        """The value at each position, from the numbers [reading, position]."""
        if self.values is None or self.table is None:
            return [self._number(number) for number in numbers[0].tolist()]
        if self.encoding == "part":
            return self._part(self.values, self.table, numbers)
        distance = np.abs(self.table[:, None, :] - numbers[:, :, None]).max(0)  # [position, value]
        best = distance.argmin(1)
        second = np.partition(distance, 1, axis=1)[:, 1] if len(self.values) > 1 else np.full(len(best), np.inf)
        found = []
        for place, nearest, next_nearest in zip(best.tolist(), distance.min(1).tolist(), second.tolist(), strict=True):
            found.append(DecodedValue((self.values[place],), nearest, (next_nearest + nearest) / 2))
        return found

    def _part(self, values: tuple[Scalar, ...], table: Floats, numbers: Floats) -> list[DecodedValue]:
        gaps = np.array([_smallest_step(row) for row in table])
        distance = np.abs(table[:, None, :] - numbers[:, :, None])  # [reading, position, value]
        distance[np.isnan(distance)] = 0.0
        fits = np.asarray((distance < gaps[:, None, None] / 2).all(0))
        found = []
        for place in range(numbers.shape[1]):
            fitting = fits[place]
            near = distance[:, place, fitting].max(0) if fitting.any() else distance[:, place].max(0)
            chosen = tuple(value for value, fit in zip(values, fitting.tolist(), strict=True) if fit)
            found.append(DecodedValue(chosen, float(near.min()), float(gaps.min()) / 2))
        return found

    def _number(self, number: float) -> DecodedValue:
        bound = self.max_denominator
        if bound is None or self.error >= 0.5 / bound**2:
            return DecodedValue((number,), 0.0, self.error)
        value = Fraction(number).limit_denominator(bound)
        return DecodedValue((normal(value),), abs(float(value) - number), 0.5 / bound**2)


def _smallest_step(row: Floats) -> float:
    """The least distance between different numbers of a row; 1 if there is only one."""
    levels = np.unique(row[~np.isnan(row)])
    steps = np.diff(levels)
    return float(steps.min()) if len(steps) > 0 else 1.0


class Decoders:
    """Finds the decoder of any node that the manifest records."""

    def __init__(self, program: ModelProgram) -> None:
        self._program = program
        self._readings: dict[int, list[ReadingRecord]] = {}
        for reading in program.manifest.readings:
            self._readings.setdefault(reading.node, []).append(reading)

    def of(self, node: SOp) -> Decoder | None:
        """The decoder of the whole value at the earliest stage, else of what the model holds of it; else None."""
        if isinstance(node, Constant):
            return Decoder(0, "constant", (), (node.value,), np.zeros((1, 1)))
        readings = self._of(node)
        for stage in sorted({self._stage(reading) for reading in readings}):
            found = self._at(node, [reading for reading in readings if self._stage(reading) <= stage], stage)
            if found is not None:
                return found
        return self._sum(node) or self._part(node, readings)

    def _of(self, node: SOp) -> list[ReadingRecord]:
        return self._readings.get(self._program.id(node), [])

    def _stage(self, reading: ReadingRecord) -> int:
        directions = self._program.manifest.directions
        return max((directions[place].stage for place in reading.directions), default=0)

    def _at(self, node: SOp, readings: list[ReadingRecord], stage: int) -> Decoder | None:
        """The decoder of the whole value from readings that are complete at a stage."""
        numbers = [reading for reading in readings if reading.numbers is None]
        if numbers:
            return self._number(node, min(numbers, key=lambda reading: len(reading.directions)), stage)
        values = self._program.record(node).values
        readings = [reading for reading in readings if None not in (reading.numbers or ())]
        if values is None or not readings or len(readings) * len(values) > MAX_TABLE:
            return None
        table = _table(reading.number_of_each_value() for reading in readings)
        truths: dict[int, int] = {}  # of a value: the first reading that is 1 for this value and 0 for the others
        for place, row in enumerate(table):
            if sorted(set(row.tolist())) == [0.0, 1.0] and row.sum() == 1:
                truths.setdefault(int(row.argmax()), place)
        if len(truths) == len(values):
            kept = [truths[value] for value in range(len(values))]
            return Decoder(stage, "one-hot", tuple(readings[place] for place in kept), values, table[kept])
        if len(np.unique(np.round(table / SAME), axis=1).T) < len(values):
            return None  # some values have the same numbers in all readings
        return Decoder(stage, "code", tuple(readings), values, table)

    def _part(self, node: SOp, readings: list[ReadingRecord]) -> Decoder | None:
        values = self._program.record(node).values
        known = [reading for reading in readings if reading.numbers is not None]
        if values is None or not known or len(known) * len(values) > MAX_TABLE:
            return None
        table = _table(reading.number_of_each_value() for reading in known)
        return Decoder(max(map(self._stage, known)), "part", tuple(known), values, table)

    def _number(self, node: SOp, reading: ReadingRecord, stage: int) -> Decoder:
        domain = self._program.analysis.domain(node)
        if domain.values is not None and domain.numeric:
            points = list(map(to_float, domain.values))
            step = min((b - a for a, b in itertools.pairwise(points)), default=1.0)
            if reading.error < step / 2:
                return Decoder(stage, "number", (reading,), domain.values, np.array([points]))
        return Decoder(stage, "number", (reading,), None, None, domain.max_denominator)

    def _sum(self, node: SOp) -> Decoder | None:
        """The decoder of a sum of numbers, each of which has a reading; no head or neuron need read the sum itself."""
        affine = self._program.analysis.affine(node)
        if affine is None or any(atom is node for atom, _ in affine.terms):
            return None
        parts: list[tuple[float, ReadingRecord]] = []
        for atom, coefficient in affine.terms:
            numbers = [reading for reading in self._of(atom) if reading.numbers is None]
            if not numbers:
                return None
            parts.append((to_float(coefficient), min(numbers, key=self._stage)))
        reading = _weighted_sum(self._program.id(node), parts, to_float(affine.constant))
        return self._number(node, reading, self._stage(reading))


def _table(rows: Iterable[Sequence[float | None] | None]) -> Floats:
    """[reading, value]: NaN stands for None, any number."""
    return np.array([row for row in rows if row is not None], np.float64)


def _weighted_sum(node: int, parts: Sequence[tuple[float, ReadingRecord]], constant: float) -> ReadingRecord:
    """The reading `constant + sum of factor * reading`."""
    terms: dict[int, float] = {}
    error, reach = 0.0, abs(constant)
    for factor, reading in parts:
        for place, coefficient in zip(reading.directions, reading.coefficients, strict=True):
            terms[place] = terms.get(place, 0.0) + factor * coefficient
        constant += factor * reading.constant
        error += abs(factor) * reading.error
        reach += abs(factor) * reading.reach
    kept = sorted((place, coefficient) for place, coefficient in terms.items() if coefficient != 0)
    return ReadingRecord(
        node=node,
        numbers=None,
        runs=(),
        directions=tuple(place for place, _ in kept),
        coefficients=tuple(coefficient for _, coefficient in kept),
        constant=constant,
        error=error,
        reach=reach,
    )


def meanings(program: ModelProgram) -> Iterator[tuple[int, str]]:
    """The meaning of each direction in its subspace, one-hot directions left out.

    `value`, `value - 1`, `= a`, `in {a, b}`; `helps to read it` if the direction alone says nothing simple.
    """
    manifest = program.manifest
    values = {record.id: record.values for record in manifest.nodes}
    found: dict[int, list[str]] = {}
    for reading in manifest.readings:
        if len(reading.directions) != 1 or reading.coefficients != (1.0,):
            continue
        (place,) = reading.directions
        meaning = _meaning(reading, values[reading.node])
        if meaning is not None and manifest.directions[place].node == reading.node:
            found.setdefault(place, []).append(meaning)
    for direction in manifest.directions[1:]:
        if direction.value is None:
            known = found.get(direction.index)
            yield direction.index, min(known) if known else "helps to read it"


def _meaning(reading: ReadingRecord, values: tuple[Scalar, ...] | None) -> str | None:
    """The meaning of a direction that alone, with a constant, gives this reading."""
    constant, numbers = reading.constant, reading.number_of_each_value()
    if numbers is None:
        return "value" if constant == 0 else f"value {'-' if constant > 0 else '+'} {abs(constant):g}"
    if values is None or set(numbers) - {0.0, 1.0, None} or constant != 0:
        return None
    ones = [show(value) for value, number in zip(values, numbers, strict=True) if number == 1.0]
    if len(ones) == 1:
        return f"= {ones[0]}"
    return f"in {{{', '.join(ones[:LISTED_VALUES])}{', ...' if len(ones) > LISTED_VALUES else ''}}}"
