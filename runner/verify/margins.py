"""Measures the margin of a model's logits: the further error that would change an answer, in the manifest's unit.

The compiler (compiler/lower/outputs.py) bounds the error of each output.  The manifest states this bound (`error`) and
the least error that changes an answer (`margin`); the promised margin is `margin - error`.  This module measures the
same quantity on a model's logits:

- Logits that are indicators of values: an error of 0.5 in each makes two of them equal.  The margin is half the
  difference between the right logit and the largest other one.
- Logits by code, 2 (c_v - c) y - (c_v - c)^2 for the code c_v of value v, a middle code c and a form y: the right logit
  minus that of u is 2 |c_v - c_u| times the distance of y from the point halfway between c_v and c_u.  The margin is
  the least such distance.  The codes are the values themselves or their indices.
- A number that is rounded to the nearest of several values: half the least distance between two values, minus the
  number's error.  For fractions with denominators up to d, the least distance counts as 1/d^2.

For a number that is not rounded there is no margin; its error is measured.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from ...compiler.artifact.manifest import ClassDecodeRecord, NumberDecodeRecord, OutputRecord
from ...compiler.blocks.forms import in_range, to_float
from ...compiler.graph.values import Scalar, Undefined, Value

Floats = NDArray[np.float64]


class Margins:
    """Measures the margins of one output, or its errors if it has no margins (`of_error`).

    W_U [d_model, d_vocab_out] and b_U [d_vocab_out] are the model's unembedding.
    """

    def __init__(self, output: OutputRecord, w_u: NDArray[np.float32], b_u: NDArray[np.float32]) -> None:
        self._columns = slice(output.first, output.first + output.count)
        self._decode = output.decode
        self._tolerance = _tolerance(output.decode)
        self.of_error = self._tolerance is None
        self.promised = _promised(output, of_error=self.of_error)
        self._codes: Floats | None = None
        if isinstance(output.decode, ClassDecodeRecord):
            self._places = {value: place for place, value in enumerate(output.decode.values)}
            self._codes = _codes(output.decode.values, w_u[:, self._columns], b_u[self._columns])

    def measure(self, logits: Floats, right: NDArray[np.int64], values: Sequence[Value]) -> Floats:
        """[answer]: the margin (or error) of logits [answer, d_vocab_out] whose right answers are `values[right]`.

        A margin is infinite if no other answer is possible, and negative if the answer is wrong.  The error of a wrong
        answer is infinite.
        """
        match self._decode:
            case ClassDecodeRecord():
                return self._of_classes(logits[:, self._columns], right, values)
            case NumberDecodeRecord():
                targets = np.array([_number(value) for value in values])[right]
                off: Floats = np.abs(logits[:, self._columns.start] - targets)
                return off if self._tolerance is None else self._tolerance - off
            case _:
                assert_never(self._decode)

    def _of_classes(self, logits: Floats, right: NDArray[np.int64], values: Sequence[Value]) -> Floats:
        places = np.array([-1 if isinstance(v, Undefined) else self._places.get(v, -1) for v in values])[right]
        rows = np.arange(len(logits))
        ahead = logits[rows, places][:, None] - logits  # [answer, class]
        if self._codes is None:
            ahead /= 2
        else:
            apart = 2 * np.abs(self._codes[places][:, None] - self._codes)
            apart[rows, places] = 1.0
            ahead /= apart
        ahead[rows, places] = np.inf
        return np.where(places < 0, -np.inf, ahead.min(1))


def _promised(output: OutputRecord, *, of_error: bool) -> float | None:
    if of_error:
        return output.error
    return None if output.margin == 0 else max(0.0, output.margin - output.error)


def _tolerance(decode: ClassDecodeRecord | NumberDecodeRecord) -> float | None:
    """The least error of a number that rounds it to a wrong value; None if the number is not rounded."""
    match decode:
        case ClassDecodeRecord():
            return np.inf
        case NumberDecodeRecord(values=tuple(listed)):
            numbers = [_number(value) for value in listed]
            return min((b - a for a, b in itertools.pairwise(numbers)), default=np.inf) / 2
        case NumberDecodeRecord(max_denominator=bound):
            return None if bound is None else 0.5 / (bound * bound)
        case _:
            assert_never(decode)


def _codes(values: Sequence[Scalar], w_u: NDArray[np.float32], b_u: NDArray[np.float32]) -> Floats | None:
    """The code of each value: the value itself or its index; None if the logits are indicators.

    The manifest does not record the codes; the weights show them.  Logits by code are multiples of one form plus
    constants; indicators are not.
    """
    places = np.arange(len(values), dtype=np.float64)
    numbers = np.array([to_float(value) for value in values if not isinstance(value, str)])
    apart = all(map(in_range, numbers.tolist())) and bool((np.diff(numbers) > 0).all())
    tried = [numbers, places] if apart and len(numbers) == len(values) else [places]
    if len(values) <= 2:
        return tried[0]
    return next((codes for codes in tried if _fit(codes, w_u, b_u)), None)


def _fit(codes: Floats, w_u: NDArray[np.float32], b_u: NDArray[np.float32]) -> bool:
    """True if the logits are 2 (c_v - c) y - (c_v - c)^2 for one form y, where c is the middle code."""
    steps = codes - codes[len(codes) // 2]
    one = len(codes) // 2 - 1
    unit, constant = w_u[:, one] / steps[one], (b_u[one] + steps[one] ** 2) / steps[one]
    expected = steps * constant - steps**2
    near = 1e-5 * (float(np.abs(b_u).max()) + 1)
    return np.allclose(w_u, steps * unit[:, None], rtol=1e-5, atol=0) and np.allclose(b_u, expected, rtol=0, atol=near)


def _number(value: Value) -> float:
    """The exact logit of a number; infinite for strings and undefined values."""
    if isinstance(value, (str, Undefined)):
        return np.inf
    return float(value)
