"""Selectors of many inputs at once, as boolean arrays, and the means, sums and widths that are read through them.

Cells have shape [input, query, key]; an axis on which they do not depend has size 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..graph.comparisons import COMPARISONS, Comparison
from ..graph.graph import Which
from ..graph.values import Undefined, Value, kind_of, normal
from .batch_values import BatchColumn, Codes, Pool, distinct, ranks

Cells = NDArray[np.bool_]
#: Of float64, int64 or Python's integers: see `_numerators`.
Numbers = NDArray[Any]

#: Sums of integers below the first bound are exact in float64, whose products are fast; below the second, in int64.
_EXACT_FLOAT = 1 << 53
_EXACT_INT = 1 << 62

_EXACT, _FLOAT, _STRING, _UNDEFINED = range(4)


@dataclass(frozen=True)
class BatchSelector:
    """A selector on a batch.  Where `unknown` is not 0 the cell is the undefined value `reasons.values[unknown]`;
    None: every cell is known."""

    cells: Cells
    unknown: Codes | None
    reasons: Pool

    def rows(self, batch: int, length: int) -> list[list[list[bool | Undefined]]]:
        """The selection matrix of each input."""
        shape = batch, length, length
        cells: list[list[list[bool | Undefined]]] = np.broadcast_to(self.cells, shape).tolist()
        if self.unknown is None:
            return cells
        unknown = np.broadcast_to(self.unknown, shape)
        for row, query, key in zip(*np.nonzero(unknown), strict=True):
            reason = self.reasons.values[unknown[row, query, key]]
            assert isinstance(reason, Undefined)
            cells[row][query][key] = reason
        return cells

    def unknown_rows(self, length: int) -> Codes | None:
        """[input, query]: the first undefined cell of each row, 0 where there is none."""
        if self.unknown is None:
            return None
        unknown = np.broadcast_to(self.unknown, (*self.unknown.shape[:2], length))
        first = (unknown != 0).argmax(-1)
        return np.take_along_axis(unknown, first[..., None], -1)[..., 0]


def new_reasons() -> Pool:
    """A pool for `BatchSelector.reasons`, whose code 0 means none."""
    return Pool(["no reason"])


def compare(
    keys: BatchColumn, queries: BatchColumn, comparison: Comparison, mixed: Undefined, reasons: Pool
) -> BatchSelector:
    """Where `keys[key] comparison queries[query]`; `mixed` is the value of an ordering of a string and a number."""
    key_ranks, query_ranks = ranks(keys.pool.values, queries.pool.values)
    cells = COMPARISONS[comparison].compare(key_ranks[keys.codes][:, None, :], query_ranks[queries.codes][:, :, None])
    key_sorts, query_sorts = _sorts(keys.pool.values), _sorts(queries.pool.values)
    k, q = key_sorts[keys.codes], query_sorts[queries.codes]
    ordered = COMPARISONS[comparison].is_ordering
    strings = (k == _STRING).any() or (q == _STRING).any()
    if not ((k == _UNDEFINED).any() or (q == _UNDEFINED).any() or (ordered and strings)):
        return BatchSelector(cells, None, reasons)
    key_reasons, query_reasons = (_reasons_of(column.pool.values, reasons)[column.codes] for column in (keys, queries))
    unknown = np.where(key_reasons[:, None, :] != 0, key_reasons[:, None, :], query_reasons[:, :, None])
    if ordered:
        differ = (k == _STRING)[:, None, :] != (q == _STRING)[:, :, None]
        if bool((differ & (unknown == 0)).any()):
            unknown = np.where(differ & (unknown == 0), reasons.code(mixed), unknown)
    return BatchSelector(cells & (unknown == 0), unknown, reasons)


def combine(left: BatchSelector, right: BatchSelector, operation: Callable[[Cells, Cells], Cells]) -> BatchSelector:
    """The combination of both cells; the left cell if it is undefined, else the right one if it is."""
    cells = operation(left.cells, right.cells)
    if left.unknown is None or right.unknown is None:
        unknown = right.unknown if left.unknown is None else left.unknown
    else:
        unknown = np.where(left.unknown != 0, left.unknown, right.unknown)
    return BatchSelector(cells, unknown, left.reasons)


def negate(operand: BatchSelector) -> BatchSelector:
    return BatchSelector(~operand.cells, operand.unknown, operand.reasons)


def pick(operand: BatchSelector, which: Which, length: int) -> BatchSelector:
    """One cell of those that a row selects.  A row with an undefined cell is undefined."""
    cells = _full(operand.cells, length)
    keys = np.arange(length)
    if which == "nearest":
        distance = keys[None, :] - keys[:, None]  # [query, key]
        place = np.where(distance > 0, 2 * distance, -2 * distance - 1)  # of equally near keys, the earlier first
        place[keys, keys] = -1
        cells = np.broadcast_to(cells, (cells.shape[0], length, length))
    else:
        place = keys if which == "first" else -keys
    chosen = np.where(cells, place, length * 2).argmin(-1)
    kept = cells & (keys == chosen[..., None])
    unknown = operand.unknown_rows(length)
    if unknown is None:
        return BatchSelector(kept, None, operand.reasons)
    rows = unknown[..., None]
    return BatchSelector(kept & (rows == 0), np.broadcast_to(rows, (*rows.shape[:2], length)), operand.reasons)


def only_earlier(selection: BatchSelector, length: int) -> BatchSelector:
    """The selection with no key later than its query."""
    earlier = np.tri(length, dtype=np.bool_)[None]
    unknown = None if selection.unknown is None else np.where(earlier, selection.unknown, 0)
    return BatchSelector(selection.cells & earlier, unknown, selection.reasons)


class Width:
    """The number of positions that a row selects."""

    def __init__(self) -> None:
        self._out = _Result(lambda value: value)
        self.pool = self._out.pool

    def __call__(self, selection: BatchSelector, length: int) -> BatchColumn:
        counts = _full(selection.cells, length).sum(-1)
        numbers = np.array([self._out.code(count) for count in range(length + 1)])
        return self._out.column(numbers[counts], selection, length)


class Reduction:
    """The mean or the sum of the selected values of each row.

    reference: the interpreter's rule for the values of one row; used for strings, floats and undefined values.
    mean: the mean; the mean of one value, or of equal strings, is the value itself.  False: the sum.
    empty: the value of an empty row.
    located: adds its span to a new undefined value.
    """

    def __init__(
        self,
        reference: Callable[[list[Value]], Value],
        *,
        mean: bool,
        empty: Value,
        located: Callable[[Value], Value],
    ) -> None:
        self._reference = reference
        self._mean = mean
        self._empty = empty
        self._out = _Result(located)
        self.pool = self._out.pool

    def __call__(self, selection: BatchSelector, values: BatchColumn, length: int) -> BatchColumn:
        """One value for each row of the selection."""
        codes = np.broadcast_to(values.codes, (values.codes.shape[0], length))
        cells = _full(selection.cells, length)
        sorts = _sorts(values.pool.values)[codes]
        if bool((sorts == _EXACT).all()):
            return self._out.column(self._numbers(cells, codes, values.pool.values), selection, length)
        result = self._numbers(cells, codes, values.pool.values)
        touched = (cells & (sorts != _EXACT)[:, None, :]).any(-1)  # [input, query]
        batch = touched.shape[0]
        inputs, queries = np.nonzero(touched)
        rows = np.broadcast_to(cells, (batch, *cells.shape[1:]))[inputs, queries]  # [row, key]
        of_rows = np.broadcast_to(codes, (batch, length))[inputs]
        result[inputs, queries] = self._others(rows, of_rows, values.pool.values)
        return self._out.column(result, selection, length)

    def _numbers(self, cells: Cells, codes: Codes, pool: list[Value]) -> Codes:
        """[input, query]: the results of rows that select exact numbers only; any code for the others."""
        counts = cells.sum(-1)
        numerators, denominator = _numerators(pool)
        totals = _product(cells, numerators[codes])
        counts = np.broadcast_to(counts, totals.shape)
        result = np.full(totals.shape, self._out.code(self._empty), np.int64)
        if self._mean:
            single = counts == 1
            if bool(single.any()):
                chosen = _product(cells, codes.astype(np.float64))[single].astype(np.int64)
                result[single] = self._out.codes(chosen, pool)
        several = counts >= (2 if self._mean else 1)
        if bool(several.any()):
            result[several] = self._quotients(totals[several], counts[several], denominator)
        return result

    def _quotients(self, totals: Numbers, counts: Codes, denominator: int) -> Codes:
        """The codes of totals / denominator, for a mean divided by the counts too."""
        distinct_totals, places = np.unique(totals, return_inverse=True)
        combinations, which = distinct([places, counts], [len(distinct_totals), int(counts.max()) + 1])
        numbers = [int(total) for total in distinct_totals.tolist()]
        codes = [
            self._out.code(normal(Fraction(numbers[total], denominator * (count if self._mean else 1))))
            for total, count in combinations
        ]
        return np.array(codes, np.int64)[which]

    def _others(self, rows: Cells, codes: Codes, pool: list[Value]) -> Codes:
        """[row]: the results of rows that select a string, a float or an undefined value."""
        sorts = _sorts(pool)[codes]
        result = np.empty(len(rows), np.int64)
        undefined, strings, numbers = (
            (rows & here).any(1) for here in (sorts == _UNDEFINED, sorts == _STRING, sorts <= _FLOAT)
        )
        first = (rows & (sorts == _UNDEFINED)).argmax(1)
        result[undefined] = self._out.codes(np.take_along_axis(codes, first[:, None], 1)[undefined, 0], pool)
        lowest = np.where(rows, codes, len(pool)).min(1, initial=len(pool))
        highest = np.where(rows, codes, -1).max(1, initial=-1)
        strings &= ~undefined
        result[strings & numbers] = self._out.code(self._reference(["", 0]))
        result[strings & ~numbers] = self._out.code(self._reference(["a", "b"]))
        if self._mean:
            equal = strings & (lowest == highest)
            result[equal] = self._out.codes(lowest[equal], pool)
        known: dict[tuple[int, ...], int] = {}
        for row in np.flatnonzero(~undefined & ~strings).tolist():
            chosen = tuple(sorted(codes[row][rows[row]].tolist()))
            if chosen not in known:
                known[chosen] = self._out.code(self._reference([pool[code] for code in chosen]))
            result[row] = known[chosen]
        return result


class _Result:
    """A pool for results, some of which come from other pools or are undefined cells."""

    def __init__(self, located: Callable[[Value], Value]) -> None:
        self.pool = Pool()
        self._located = located

    def code(self, value: Value) -> int:
        return self.pool.code(self._located(value))

    def codes(self, codes: Codes, pool: Sequence[Value]) -> Codes:
        """This pool's codes for those of another."""
        used, places = np.unique(codes, return_inverse=True)
        return np.array([self.code(pool[code]) for code in used.tolist()], np.int64)[places.reshape(codes.shape)]

    def column(self, codes: Codes, selection: BatchSelector, length: int) -> BatchColumn:
        """The column of these codes.  It is undefined where a row of the selection has an undefined cell."""
        unknown = selection.unknown_rows(length)
        if unknown is None or not bool(unknown.any()):
            return BatchColumn(self.pool, codes)
        codes, unknown = (array.copy() for array in np.broadcast_arrays(codes, unknown))
        codes[unknown != 0] = self.codes(unknown[unknown != 0], selection.reasons.values)
        return BatchColumn(self.pool, codes)


def _full(cells: Cells, length: int) -> Cells:
    """The cells, broadcast to all keys."""
    return np.broadcast_to(cells, (*cells.shape[:2], length))


def _product(cells: Cells, numbers: Numbers) -> Numbers:
    """[input, query]: the sum over the selected keys of numbers [input, key]."""
    if numbers.dtype == np.float64:
        sums: Numbers = (cells.astype(np.float64) @ numbers[:, :, None])[..., 0]
    else:
        sums = np.where(cells, numbers[:, None, :], 0).sum(-1)
    return sums


def _numerators(pool: Sequence[Value]) -> tuple[Numbers, int]:
    """The numerators of a pool's exact numbers over a common denominator (0 for other values), and that denominator.

    The type of the array holds the sum of `2**_LONGEST` of them exactly."""
    exact = [Fraction(value) if _sort(value) == _EXACT else Fraction(0) for value in pool]  # type: ignore[arg-type]
    denominator = math.lcm(*(value.denominator for value in exact))
    numerators = [value.numerator * (denominator // value.denominator) for value in exact]
    largest = max(map(abs, numerators)) << _LONGEST
    if largest < _EXACT_FLOAT:
        return np.array(numerators, np.float64), denominator
    if largest < _EXACT_INT:
        return np.array(numerators, np.int64), denominator
    return np.array(numerators, object), denominator


#: No input has more than 2 to this power positions: its selection would not fit into memory.
_LONGEST = 20


def _sort(value: Value) -> int:
    match kind_of(value):
        case "undefined":
            return _UNDEFINED
        case "string":
            return _STRING
        case _:
            return _FLOAT if isinstance(value, float) else _EXACT


def _sorts(pool: Sequence[Value]) -> NDArray[np.int8]:
    return np.array([_sort(value) for value in pool], np.int8)


def _reasons_of(pool: Sequence[Value], reasons: Pool) -> Codes:
    return np.array([reasons.code(value) if isinstance(value, Undefined) else 0 for value in pool], np.int64)
