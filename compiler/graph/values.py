"""The values of s-ops: exact numbers, booleans and strings, or *undefined*.

Numbers are `int` and `Fraction` (a fraction with denominator 1 is always an `int`), so that results do not depend on
rounding; only a fractional power gives a `float`.  As in the reference implementation, `True == 1` and `False == 0`:
no operator tells them apart, only printing does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from operator import eq
from typing import Literal, TypeGuard, overload

from ...rasp_grammar.span import Span

Number = int | Fraction | float  # bool is an int
Scalar = int | Fraction | float | str
ScalarKind = Literal["bool", "number", "string"]


@dataclass(frozen=True)
class Undefined:
    """The value of an expression that cannot be computed, with the reason ("division by zero").

    `span` is the expression that was the first to be undefined; two undefined values are equal without regard to it."""

    reason: str
    span: Span | None = field(default=None, compare=False, repr=False)


Value = Scalar | Undefined


def normal(value: Scalar) -> Scalar:
    """The one representation of a value: whole fractions become `int`."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def is_scalar(value: object) -> TypeGuard[Scalar]:
    """True for numbers, booleans and strings."""
    return isinstance(value, (int, Fraction, float, str))


def is_number(value: object) -> TypeGuard[Number]:
    """True for numbers and booleans, which count as 0 and 1."""
    return isinstance(value, (int, Fraction, float))


@overload
def kind_of(value: Scalar) -> ScalarKind: ...
@overload
def kind_of(value: Value) -> ScalarKind | Literal["undefined"]: ...
def kind_of(value: Value) -> ScalarKind | Literal["undefined"]:
    """The kind of a value; a boolean is a kind of its own, though it compares and computes as 0 or 1."""
    if isinstance(value, Undefined):
        return "undefined"
    if isinstance(value, bool):
        return "bool"
    return "string" if isinstance(value, str) else "number"


def comparable(first: Value, second: Value) -> bool:
    """True if two defined values can be ordered: two numbers or two strings."""
    return is_number(first) == is_number(second)


def ascending(numbers: Iterable[Number]) -> list[Number]:
    """Different numbers in ascending order; fractions are compared as floats where that decides, which is faster."""
    found = list(numbers)
    try:
        found.sort(key=float)
        keys = list(map(float, found))
    except OverflowError:  # whole numbers beyond the floats
        return sorted(found)
    return sorted(found) if any(map(eq, keys, keys[1:])) else found


def scalar_key(value: Scalar) -> tuple[str, Scalar]:
    """A key that keeps `True` and `1` apart, where `==` does not."""
    return type(value).__name__, value


def decimal(value: Fraction) -> float | int:
    """The nearest float; the nearest integer if the value is beyond the floats, which at that size is as exact."""
    try:
        return float(value)
    except OverflowError:
        return round(value)


def show(value: Value) -> str:
    """The printed form of a value: `true`, `3`, `0.5`, `abc` without quotes."""
    match value:
        case bool():
            return "true" if value else "false"
        case Fraction():
            return repr(decimal(value))
        case Undefined(reason):
            return f"<undefined: {reason}>"
        case _:
            return str(value)
