"""Exact values of many inputs at once: arrays of integer codes, which index a list of the distinct values."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..graph.values import Undefined, Value

Codes = NDArray[np.int64]

#: Up to this many possible combinations, those that occur are marked in an array; with more, they are sorted.
_TABLE = 1 << 16


class Pool:
    """Distinct values in order of appearance; `True` and `1` are distinct, as they are for `tokens_str`.

    A value is never removed, so codes stay valid.
    """

    def __init__(self, values: Sequence[Value] = ()) -> None:
        self.values: list[Value] = []
        self._codes: dict[Hashable, int] = {}
        for value in values:
            self.code(value)

    def __len__(self) -> int:
        return len(self.values)

    def code(self, value: Value) -> int:
        """The value's code; a new one for a new value."""
        found = self._codes.setdefault(_key(value), len(self.values))
        if found == len(self.values):
            self.values.append(value)
        return found


@dataclass(frozen=True)
class BatchColumn:
    """An s-op on a batch: the value at [input, position] is `pool.values[codes[input, position]]`.

    `codes` has size 1 along an axis on which the values do not depend.
    """

    pool: Pool
    codes: Codes

    def rows(self, batch: int, length: int) -> list[list[Value]]:
        """The values of each input."""
        values = self.pool.values
        return [[values[code] for code in row] for row in np.broadcast_to(self.codes, (batch, length)).tolist()]


class BatchFunction:
    """A function of the values of one position, computed once for each combination of arguments that occurs."""

    def __init__(self, compute: Callable[[tuple[Value, ...]], Value]) -> None:
        self.pool = Pool()
        self._compute = compute
        self._known: dict[tuple[int, ...], int] = {}

    def __call__(self, columns: Sequence[BatchColumn]) -> BatchColumn:
        """The column of results."""
        pools = [column.pool.values for column in columns]

        def code(combination: tuple[int, ...]) -> int:
            found = self._known.get(combination)
            if found is None:
                arguments = tuple(pool[argument] for pool, argument in zip(pools, combination, strict=True))
                found = self._known[combination] = self.pool.code(self._compute(arguments))
            return found

        return BatchColumn(self.pool, mapped(code, [column.codes for column in columns], [len(pool) for pool in pools]))


def mapped(code: Callable[[tuple[int, ...]], int], arrays: Sequence[Codes], bounds: Sequence[int]) -> Codes:
    """`code` of the integers at each place of the arrays, called once for each combination that occurs.

    The arrays are broadcast to one shape; `arrays[i]` holds integers in 0..bounds[i] - 1.
    """
    combinations, places = distinct(np.broadcast_arrays(*arrays), bounds)
    return np.asarray(np.array([code(combination) for combination in combinations], np.int64)[places])


def distinct(arrays: Sequence[Codes], bounds: Sequence[int]) -> tuple[list[tuple[int, ...]], Codes]:
    """The combinations of values that occur at the same place of arrays of one shape, and each place's combination.

    `arrays[i]` holds integers in 0..bounds[i] - 1.
    """
    shape, size = arrays[0].shape, arrays[0].size
    bound = prod(bounds)
    if bound >= 1 << 62:
        rows, places = np.unique(np.stack([array.ravel() for array in arrays], 1), axis=0, return_inverse=True)
        return list(map(tuple, rows.tolist())), places.reshape(shape)
    combined = arrays[0].ravel()
    for array, limit in zip(arrays[1:], bounds[1:], strict=True):
        combined = combined * limit + array.ravel()
    if bound <= max(_TABLE, 2 * size):
        occurs = np.zeros(bound, np.bool_)
        occurs[combined] = True
        used = np.flatnonzero(occurs)
        place_of = np.zeros(bound, np.int64)
        place_of[used] = np.arange(len(used))
        places = place_of[combined]
    else:
        used, places = np.unique(combined, return_inverse=True)
    parts = np.unravel_index(used, tuple(bounds))
    return list(zip(*(part.tolist() for part in parts), strict=True)), places.reshape(shape)


def _key(value: Value) -> Hashable:
    match value:
        case Undefined(reason=reason, span=span):
            return Undefined, reason, span
        case Fraction(numerator=numerator, denominator=denominator):
            return Fraction, numerator, denominator
        case float():
            return float, repr(value)  # -0.0 is not 0.0 to whoever prints it
        case _:
            return type(value), value


def ranks(first: Sequence[Value], second: Sequence[Value]) -> tuple[Codes, Codes]:
    """Integers for the values of both that compare as the values do, where these can be compared; -1 for undefined."""
    values = {value for value in (*first, *second) if not isinstance(value, Undefined)}
    numbers = sorted(value for value in values if not isinstance(value, str))
    strings = sorted(value for value in values if isinstance(value, str))
    place = {value: rank for rank, value in enumerate([*numbers, *strings])}
    return (
        np.array([-1 if isinstance(value, Undefined) else place[value] for value in first], np.int64),
        np.array([-1 if isinstance(value, Undefined) else place[value] for value in second], np.int64),
    )
