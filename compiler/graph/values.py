"""The values that s-ops hold: exact numbers, booleans and strings, or *undefined*.

Numbers are `int` and `Fraction` (a fraction with denominator 1 is always an `int`), so that there is
one meaning and not one per rounding; only a fractional power gives a `float`.  `True == 1` and
`False == 0` as in the reference: no operator tells them apart, only printing does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from ...rasp_grammar.span import Span

Number = int | Fraction | float  # bool is an int
Scalar = int | Fraction | float | str


@dataclass(frozen=True)
class Undefined:
    """The value of an expression that cannot be computed, and why ("division by zero").

    `span` is the expression where it started, once a node has produced it; it is no part of the value."""

    reason: str
    span: Span | None = field(default=None, compare=False, repr=False)


Value = Scalar | Undefined


def normal(value: Scalar) -> Scalar:
    """The one representation of a value: whole fractions become `int`."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def is_number(value: Value) -> bool:
    """True for numbers and booleans, which count as 0 and 1."""
    return isinstance(value, (int, Fraction, float))


def scalar_key(value: Scalar) -> tuple[str, Scalar]:
    """A key that keeps `True` and `1` apart, where `==` does not."""
    return type(value).__name__, value


def decimal(value: Fraction) -> float | int:
    """The nearest float; beyond the floats the nearest integer, which at that size is as exact."""
    try:
        return float(value)
    except OverflowError:
        return round(value)


def show(value: Value) -> str:
    """How a value is printed: `true`, `3`, `0.5`, `abc` without quotes."""
    match value:
        case bool():
            return "true" if value else "false"
        case Fraction():
            return repr(decimal(value))
        case Undefined(reason):
            return f"<undefined: {reason}>"
        case _:
            return str(value)
