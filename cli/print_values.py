"""Values in results: as words on a line, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from fractions import Fraction

from ..compiler.graph.values import Scalar, decimal, show

JsonScalar = bool | int | float | str

#: What one input gives: an output's value at each position, or several outputs by name.
Result = list[Scalar] | dict[str, list[Scalar]]


def as_json(value: Scalar) -> JsonScalar:
    """Booleans, whole numbers and strings as themselves; a fraction as the nearest float.

    A fraction beyond the floats becomes the nearest integer, which at that size is as exact."""
    return decimal(value) if isinstance(value, Fraction) else value


def as_text(value: Scalar) -> str:
    """`true`, `3`, `0.5`, `abc` without quotes."""
    return show(as_json(value))


def text_line(values: Iterable[Scalar]) -> str:
    """Values separated by spaces."""
    return " ".join(map(as_text, values))


def result_text(result: Result) -> str:
    """One output on a line by itself; several on a line each, after their names."""
    if isinstance(result, dict):
        return "\n".join(f"{name}: {text_line(values)}".rstrip() for name, values in result.items())
    return text_line(result)


def json_line(result: Result) -> str:
    """A JSON array on one line, or an object of arrays for several outputs."""
    if isinstance(result, dict):
        arrays = {name: _array(values) for name, values in result.items()}
        return json.dumps(arrays, ensure_ascii=False)
    return json.dumps(_array(result), ensure_ascii=False)


def _array(values: Sequence[Scalar]) -> list[JsonScalar]:
    return [as_json(value) for value in values]
