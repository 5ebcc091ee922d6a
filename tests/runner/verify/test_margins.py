"""The margin of an answer is the error that would bring another answer level with it."""

from __future__ import annotations

import numpy as np
import pytest
from raspc.compiler.artifact.manifest import ClassDecodeRecord, Decode, NumberDecodeRecord, OutputRecord
from raspc.compiler.graph.values import Scalar
from raspc.runner.verify.margins import Margins
from raspc.tests.support.rounding import rounding_bound


def _output(decode: Decode) -> OutputRecord:
    count = len(decode.values) if isinstance(decode, ClassDecodeRecord) else 1
    return OutputRecord("out", 0, ("number",), 1, count, decode, False, 0.01, 0.25)


def _measured(decode: Decode, w_u: list[list[float]], b_u: list[float], x: list[float], right: Scalar) -> float:
    """The margin of a residual stream x; the output's columns start at 1."""
    weights, biases = (np.array([[0.0, *row] for row in w_u], np.float32), np.array([0.0, *b_u], np.float32))
    margins = Margins(_output(decode), weights, biases)
    logits = np.array(x, np.float32) @ weights + biases
    return float(margins.measure(logits[None].astype(np.float64), np.array([0]), [right])[0])


def _rounded(margin: float, terms: int = 3, magnitude: float = 1.0) -> object:
    """Numbers near a margin: float32 logits are sums of `terms` products that add up to `magnitude`."""
    return pytest.approx(margin, rel=0, abs=rounding_bound(terms, magnitude, "float32"))


def test_margins_of_indicators() -> None:
    measured = _measured(ClassDecodeRecord(("a", "b", "c")), np.eye(3).tolist(), [0, 0, 0], [0.1, 0.9, 0.2], "b")
    assert measured == _rounded(0.35)
    # Only places 0 and 2 occur: these logits are multiples of one form, but their constants are not a code's.
    measured = _measured(ClassDecodeRecord(("a", "b", "c")), [[-1, 0, 1]], [1, 0, 0], [0.9], "c")
    assert measured == _rounded(0.4)


@pytest.mark.parametrize("values", [(0, 2, 10), ("a", "b", "c"), ("a", "b", "c", "d", "e"), (False, True), ("a", "b")])
def test_margins_of_codes(values: tuple[Scalar, ...]) -> None:
    codes = [float(place) if isinstance(values[0], str) else float(value) for place, value in enumerate(values)]
    centre = codes[len(codes) // 2]
    w_u = [[2 * (code - centre) for code in codes]]
    b_u = [-2 * (code - centre) * centre - (code - centre) ** 2 for code in codes]
    off = 0.2
    measured = _measured(ClassDecodeRecord(values), w_u, b_u, [codes[0] + off], values[0])
    largest = max(abs(bias) + abs(weight) * (codes[0] + off) for weight, bias in zip(w_u[0], b_u, strict=True))
    gap = min(np.diff(codes))  # the difference of two logits is divided by twice the difference of their codes
    assert measured == _rounded((codes[1] - codes[0]) / 2 - off, 2, largest / gap)
    assert _measured(ClassDecodeRecord(values), w_u, b_u, [codes[1]], values[0]) < 0
    assert _measured(ClassDecodeRecord(values), w_u, b_u, [codes[1]], "unknown") == -np.inf


def test_margins_of_numbers() -> None:
    listed = NumberDecodeRecord(None, 0, 10, 0.01, (0, 1, 10))
    assert _measured(listed, [[1]], [0], [1.1], 1) == _rounded(0.4)
    assert _measured(NumberDecodeRecord(2, 0, 10, 0.01), [[1]], [0], [0.55], 0.5) == _rounded(0.075)
    assert _measured(NumberDecodeRecord(None, 0, 10, 0.01), [[1]], [0], [0.55], 0.5) == _rounded(0.05)
    assert _measured(listed, [[1]], [0], [1.1], "a") == -np.inf
