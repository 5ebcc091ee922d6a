"""Values of many inputs at once: integer codes into a list of the distinct values, so that they stay exact."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..graph.values import Undefined, Value

Codes = NDArray[np.int64]

#: Combined codes below this are counted in a table; beyond, they are sorted.
_TABLE = 1 << 16


class Pool:
    """Distinct values in order of appearance; `True` and `1` are distinct, as they are for `tokens_str`.

    Only grows, so that a code keeps its meaning.
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

    `codes` has size 1 along an axis where the values are the same throughout.
    """

    pool: Pool
    codes: Codes

    def rows(self, batch: int, length: int) -> list[list[Value]]:
        """The values of each input."""
        values = self.pool.values
        return [[values[code] for code in row] for row in np.broadcast_to(self.codes, (batch, length)).tolist()]


class Function:
    """A function of one position's values, computed once for each combination of arguments that occurs."""

    def __init__(self, compute: Callable[[tuple[Value, ...]], Value]) -> None:
        self.pool = Pool()
        self._compute = compute
        self._known: dict[tuple[int, ...], int] = {}

    def __call__(self, columns: Sequence[BatchColumn]) -> BatchColumn:
        """The column of results."""
        pools = [column.pool.values for column in columns]
        combinations, places = distinct(
            np.broadcast_arrays(*(column.codes for column in columns)), [len(pool) for pool in pools]
        )
        codes = np.empty(len(combinations), np.int64)
        for place, combination in enumerate(combinations):
            code = self._known.get(combination)
            if code is None:
                arguments = tuple(pool[argument] for pool, argument in zip(pools, combination, strict=True))
                code = self._known[combination] = self.pool.code(self._compute(arguments))
            codes[place] = code
        return BatchColumn(self.pool, codes[places])


def distinct(arrays: Sequence[Codes], bounds: Sequence[int]) -> tuple[list[tuple[int, ...]], Codes]:
    """The combinations that occur at the same place of arrays of one shape, and which one each place has.

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
