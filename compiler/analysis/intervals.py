"""Domains by interval arithmetic, for operations on numbers with too many values to list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import ceil, floor

from ..graph.comparisons import COMPARISON_OPERATIONS
from ..graph.values import Number
from .domains import UNKNOWN_BOUND, Domain, union, whole_range


def plus(first: Number, second: Number) -> Number:
    """The sum of two bounds, also of a float and a whole number beyond the floats."""
    try:
        return first + second
    except OverflowError:
        return Fraction(first) + Fraction(second)


def times(first: Number, second: Number) -> Number:
    """The product of two bounds, as in `plus`."""
    try:
        found = first * second
    except OverflowError:
        return Fraction(first) * Fraction(second)
    return found if found - found == 0 else Fraction(first) * Fraction(second)


_CORNERS: dict[str, Callable[[Number, Number], Number]] = {
    "add": plus,
    "sub": lambda a, b: plus(a, -b),
    "mul": times,
}
_TRUTHS = (*COMPARISON_OPERATIONS, "and", "or", "not")


def bounded(op: str | None, children: Sequence[Domain]) -> Domain:
    """The domain of an operation (None: a table) on numbers, from the bounds of its operands."""
    undefined = any(child.undefined for child in children)
    whole = all(child.integer for child in children)
    numeric = all(child.numeric for child in children)
    if op in _TRUTHS:
        rule = COMPARISON_OPERATIONS.get(op)
        ordered = numeric or rule is None or not rule.is_ordering or all(child.textual for child in children)
        return Domain((False, True), undefined or not ordered, 0, 1)
    if op is None or not numeric:
        return Domain(None, True, -UNKNOWN_BOUND, UNKNOWN_BOUND, None)
    ends = [(child.lowest, child.highest) for child in children]
    if op in _CORNERS:
        corners = [_CORNERS[op](a, b) for a, b in product(*ends)]
        return Domain(None, undefined, min(corners), max(corners), 1 if whole else None)
    match op:
        case "round":
            return whole_range(round(ends[0][0]), round(ends[0][1]), undefined)
        case "abs":
            return Domain(None, undefined, 0, _largest(children[0]), children[0].max_denominator)
        case "where":
            return replace(union(*children[1:]), undefined=undefined)
        case "mod":
            low, high = min(0, ends[1][0]), max(0, ends[1][1])
            return Domain(None, undefined or low <= 0 <= high, low, high, 1 if whole else None)
        case "div" | "floordiv":
            return _quotient(op, children, undefined, whole)
        case _:
            return Domain(None, True, -UNKNOWN_BOUND, UNKNOWN_BOUND, None)


def _largest(domain: Domain) -> Number:
    """The largest absolute value."""
    return max(domain.highest, -domain.lowest)


def _quotient(op: str, children: Sequence[Domain], undefined: bool, whole: bool) -> Domain:
    dividend, divisor = children
    undefined = undefined or divisor.lowest <= 0 <= divisor.highest
    smallest = [1, -1] if whole else []
    ends = [end for end in (divisor.lowest, divisor.highest, *smallest) if end != 0]
    ends = [end for end in ends if divisor.lowest <= end <= divisor.highest]
    if not ends or (undefined and not whole):  # the divisor may be arbitrarily close to zero
        return Domain(None, True, -UNKNOWN_BOUND, UNKNOWN_BOUND, None)
    corners = [Fraction(a) / Fraction(b) for a in (dividend.lowest, dividend.highest) for b in ends]
    low, high = min(corners), max(corners)
    if op == "floordiv":
        return whole_range(floor(low), ceil(high), undefined)
    bound = int(_largest(divisor)) if whole else None
    return Domain(None, undefined, low, high, bound)
