"""Values for people and for programs: words on a line, JSON, and short texts for the cells of a table."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from ..compiler.graph.values import Scalar, Undefined, Value, decimal, show

JsonScalar = bool | int | float | str

#: The values of one output by position, or of several outputs by name.
Result = list[Scalar] | dict[str, list[Scalar]]


def json_scalar(value: Scalar) -> JsonScalar:
    """Booleans, integers and strings as themselves; a fraction as the nearest float; a whole float as an integer.

    A fraction beyond the floats becomes the nearest integer, which at that size is as exact."""
    number = decimal(value) if isinstance(value, Fraction) else value
    return int(number) if isinstance(number, float) and number.is_integer() else number


def json_value(value: Value) -> JsonScalar | None:
    """As `json_scalar`; null for an undefined value."""
    return None if isinstance(value, Undefined) else json_scalar(value)


def value_text(value: Scalar, error: float = 0.0) -> str:
    """`true`, `3`, `0.5`, `abc` without quotes; an empty string, and one with blanks or quotes, as in JSON.

    error: the bound on a number's error; digits that it leaves open are not shown.
    """
    if isinstance(value, str):
        plain = value != "" and value.isprintable() and " " not in value and '"' not in value
        return value if plain else json.dumps(value, ensure_ascii=False)
    return show(json_scalar(_promised(value, error)))


def _promised(value: Scalar, error: float) -> Scalar:
    """A number without the decimals that an error of this size leaves open."""
    if error <= 0.0 or not isinstance(value, (float, Fraction)):
        return value
    return round(Fraction(value), max(0, math.floor(-math.log10(2 * error))))


def short_text(value: Value, error: float = 0.0) -> str:
    """A value for a narrow cell: fractions with four digits, `""` for the empty string, `-` for an undefined value.

    error: the bound on a number's error, if it has one: then the number has the digits that the bound leaves.
    """
    if isinstance(value, Undefined):
        return "-"
    if error > 0.0 and isinstance(value, (Fraction, float)):
        return value_text(value, error)
    if isinstance(value, (Fraction, float)):
        near = decimal(Fraction(value))
        return f"{near if isinstance(near, float) else Decimal(near):.4g}"
    if isinstance(value, str) and not value.isprintable():
        return repr(value)[1:-1]
    return '""' if value == "" else show(value)


def text_line(values: Iterable[Scalar], error: float = 0.0) -> str:
    """Values separated by blanks."""
    return " ".join(value_text(value, error) for value in values)


def result_text(result: Result, errors: Mapping[str, float] | float = 0.0) -> str:
    """The values of one output on a line; for several outputs a line each, which begins with the output's name.

    errors: the bound on the error of the output, or of each by name.
    """
    if isinstance(result, dict):
        bounds = errors if isinstance(errors, Mapping) else {}
        lines = {name: text_line(values, bounds.get(name, 0.0)) for name, values in result.items()}
        return "\n".join(f"{name}: {line}".rstrip() for name, line in lines.items())
    return text_line(result, errors if isinstance(errors, float) else 0.0)


def json_line(result: Result) -> str:
    """One line of JSON: an array, or for several outputs an object of arrays."""
    if isinstance(result, dict):
        return json.dumps({name: list(map(json_scalar, values)) for name, values in result.items()}, ensure_ascii=False)
    return json.dumps(list(map(json_scalar, result)), ensure_ascii=False)
