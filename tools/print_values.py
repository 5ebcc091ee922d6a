"""Values for people and for programs: words on a line, JSON, and short texts for the cells of a table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from ..compiler.graph.values import Scalar, Undefined, Value, decimal, show

JsonScalar = bool | int | float | str

#: The values of one output by position, or of several outputs by name.
Result = list[Scalar] | dict[str, list[Scalar]]


def json_scalar(value: Scalar) -> JsonScalar:
    """Booleans, integers and strings as themselves; a fraction as the nearest float.

    A fraction beyond the floats becomes the nearest integer, which at that size is as exact."""
    return decimal(value) if isinstance(value, Fraction) else value


def json_value(value: Value) -> JsonScalar | None:
    """As `json_scalar`; null for an undefined value."""
    return None if isinstance(value, Undefined) else json_scalar(value)


def value_text(value: Scalar) -> str:
    """`true`, `3`, `0.5`, `abc` without quotes."""
    return show(json_scalar(value))


def short_text(value: Value) -> str:
    """A value for a narrow cell: fractions with four digits, `""` for the empty string, `-` for an undefined value."""
    if isinstance(value, Undefined):
        return "-"
    if isinstance(value, (Fraction, float)):
        near = decimal(Fraction(value))
        return f"{near if isinstance(near, float) else Decimal(near):.4g}"
    if isinstance(value, str) and not value.isprintable():
        return repr(value)[1:-1]
    return '""' if value == "" else show(value)


def text_line(values: Iterable[Scalar]) -> str:
    """Values separated by blanks."""
    return " ".join(map(value_text, values))


def result_text(result: Result) -> str:
    """The values of one output on a line; for several outputs a line each, which begins with the output's name."""
    if isinstance(result, dict):
        return "\n".join(f"{name}: {text_line(values)}".rstrip() for name, values in result.items())
    return text_line(result)


def json_line(result: Result) -> str:
    """One line of JSON: an array, or for several outputs an object of arrays."""
    if isinstance(result, dict):
        return json.dumps({name: list(map(json_scalar, values)) for name, values in result.items()}, ensure_ascii=False)
    return json.dumps(list(map(json_scalar, result)), ensure_ascii=False)
