"""Scalars in JSON, without loss: every value has exactly one form, and reading gives back the same value.

int, bool, str   themselves (an int beyond 2^53, which other JSON readers would round: `{"int": "9007199254740993"}`)
Fraction         `{"fraction": ["1", "3"]}`, in lowest terms
float            `{"float": "0x1.8p+1"}`, as `float.hex` writes it
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from ..graph.operations import MAX_BITS
from ..graph.values import Scalar

#: Integers up to here are exact in every JSON reader (those that hold numbers as doubles too).
MAX_PLAIN_INT = 2**53

#: Decimal digits of the largest integer that a program can compute (`operations.MAX_BITS`), and its sign.
MAX_DIGITS = int(MAX_BITS * math.log10(2)) + 2

_DECIMAL = re.compile(r"-?[1-9][0-9]*|0", re.ASCII)


def encode_scalar(value: Scalar) -> object:
    """The JSON form of a value."""
    match value:
        case bool() | str():
            return value
        case int():
            return value if abs(value) <= MAX_PLAIN_INT else {"int": str(value)}
        case Fraction():
            return {"fraction": [str(value.numerator), str(value.denominator)]}
        case float():
            return {"float": value.hex()}


def decode_scalar(form: object) -> Scalar:
    """The value of a JSON form; ValueError for anything that `encode_scalar` never gives."""
    match form:
        case bool() | str():
            return form
        case int() if abs(form) <= MAX_PLAIN_INT:
            return form
        case {"int": str(digits), **rest} if not rest:
            value = _integer(digits)
            if abs(value) > MAX_PLAIN_INT:
                return value
        case {"fraction": [str(numerator), str(denominator)], **rest} if not rest:
            top, bottom = _integer(numerator), _integer(denominator)
            if bottom > 1 and math.gcd(top, bottom) == 1:
                return Fraction(top, bottom)
        case {"float": str(digits), **rest} if not rest:
            try:
                number = float.fromhex(digits)
            except (ValueError, OverflowError):
                raise ValueError("not a hexadecimal float") from None
            if number - number == 0 and number.hex() == digits:
                return number
    raise ValueError("not the form of a number, truth value or string")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS or _DECIMAL.fullmatch(digits) is None:
        raise ValueError("not a decimal integer of a size that a program can compute")
    return int(digits)
