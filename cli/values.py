"""Values in results: as words on a line, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from fractions import Fraction

from ..compiler.values import Scalar, show

JsonScalar = bool | int | float | str


def as_json(value: Scalar) -> JsonScalar:
    """Booleans, whole numbers and strings as themselves; a fraction as the nearest float.

    A fraction beyond the floats becomes the nearest integer, which at that size is as exact."""
    if not isinstance(value, Fraction):
        return value
    try:
        return float(value)
    except OverflowError:
        return round(value)


def as_text(value: Scalar) -> str:
    """`true`, `3`, `0.5`, `abc` without quotes."""
    return show(as_json(value))


def text_line(values: Iterable[Scalar]) -> str:
    """Values separated by spaces."""
    return " ".join(map(as_text, values))


def json_line(values: Sequence[Scalar]) -> str:
    """A JSON array on one line."""
    return json.dumps([as_json(value) for value in values], ensure_ascii=False)
