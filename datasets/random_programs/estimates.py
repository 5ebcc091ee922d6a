"""Estimates the values of the expressions that the generator writes, so that most programs are defined and small.

An estimate may be wrong (a causal model selects fewer keys than assumed).  The program is then undefined on more
inputs, which the comparison leaves out.  The estimates do not use `compiler.analysis`: an error there would keep
away the programs that show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import lcm, prod
from typing import Literal

from ...compiler.graph.comparisons import COMPARISON_OPERATIONS
from ...compiler.graph.operations import apply
from ...compiler.graph.values import Scalar, Undefined, Value, normal

#: Largest number of values that an estimate lists.
MAX_LISTED = 240

#: Largest number of argument tuples that an operation is applied to one by one; bounds are computed beyond it.
MAX_TUPLES = 1500

ValueKind = Literal["number", "string", "mixed"]
Rational = int | Fraction


@dataclass(frozen=True)
class ValueEstimate:
    """The possible values of an s-op or of a plain value.

    kind: "mixed" if there are numbers and strings; booleans are numbers.
    values: a superset of the values, or None for more than `MAX_LISTED` numbers.
    low, high: bounds of the numbers.
    value_count: approximate number of distinct values.
    is_plain: the value is known without an input.
    attention_depth: attention heads in a row on the longest path to the value.
    """

    kind: ValueKind
    values: frozenset[Scalar] | None
    low: Rational = 0
    high: Rational = 0
    all_integers: bool = True
    value_count: int = 1
    may_be_undefined: bool = False
    is_plain: bool = False
    attention_depth: int = 0

    @property
    def is_boolean(self) -> bool:
        """All values are 0 or 1 (False and True are equal to them)."""
        return self.values is not None and self.kind == "number" and all(value in (0, 1) for value in self.values)

    @property
    def has_zero(self) -> bool:
        return self.low <= 0 <= self.high if self.values is None else 0 in self.values


@dataclass(frozen=True)
class SelectorEstimate:
    """Properties of a selector that hold for every query; `comparisons` is the number of `select`s in it."""

    at_most_one_key: bool = False
    at_least_one_key: bool = False
    may_be_undefined: bool = False
    comparisons: int = 1
    attention_depth: int = 0


def from_values(
    values: Iterable[Value], *, is_plain: bool = False, attention_depth: int = 0, may_be_undefined: bool = False
) -> ValueEstimate:
    """The estimate for exactly these values; an `Undefined` among them sets `may_be_undefined`."""
    defined: set[Scalar] = set()
    for value in values:
        if isinstance(value, Undefined):
            may_be_undefined = True
        else:
            defined.add(normal(value))
    numbers = [value for value in defined if not isinstance(value, str)]
    kind: ValueKind = "number" if len(numbers) == len(defined) else "mixed" if numbers else "string"
    exact = [Fraction(value) for value in numbers] or [Fraction(0)]
    count = max(1, len(defined))
    return ValueEstimate(
        kind,
        values=frozenset(defined) if count <= MAX_LISTED or kind != "number" else None,
        low=min(exact),
        high=max(exact),
        all_integers=all(value.denominator == 1 for value in exact),
        value_count=count,
        may_be_undefined=may_be_undefined,
        is_plain=is_plain,
        attention_depth=attention_depth,
    )


def from_bounds(low: Rational, high: Rational, *, all_integers: bool, value_count: int) -> ValueEstimate:
    """The estimate for numbers from `low` to `high`."""
    if all_integers and high - low < MAX_LISTED:
        return from_values(range(int(low), int(high) + 1))
    if all_integers:
        value_count = min(value_count, int(high - low) + 1)
    return ValueEstimate("number", None, low, high, all_integers, value_count)


def boolean_from(*inputs: ValueEstimate) -> ValueEstimate:
    """The estimate for a boolean computed from `inputs`."""
    return _inherited(from_values((False, True)), inputs)


def union(inputs: Sequence[ValueEstimate]) -> ValueEstimate:
    """The estimate for a value that is one of the inputs."""
    if all(estimate.values is not None for estimate in inputs):
        result = from_values(value for estimate in inputs for value in (estimate.values or ()))
    else:
        kinds = {estimate.kind for estimate in inputs}
        result = ValueEstimate(
            kind=inputs[0].kind if len(kinds) == 1 else "mixed",
            values=None,
            low=min(estimate.low for estimate in inputs),
            high=max(estimate.high for estimate in inputs),
            all_integers=all(estimate.all_integers for estimate in inputs),
            value_count=sum(estimate.value_count for estimate in inputs),
        )
    return _inherited(result, inputs)


def apply_operation(name: str, *inputs: ValueEstimate) -> ValueEstimate:
    """The estimate for an operation of `graph.operations.OPERATIONS`, named `name`, on the inputs."""
    if name == "where":
        return _inherited(replace(union(inputs[1:]), is_plain=False), inputs)
    sets = [estimate.values for estimate in inputs]
    if all(values is not None for values in sets) and prod(len(values or ()) for values in sets) <= MAX_TUPLES:
        result = from_values(
            apply(name, arguments) for arguments in product(*(sorted_values(estimate) for estimate in inputs))
        )
        return _inherited(result, inputs)
    return _inherited(_bounded(name, inputs), inputs)


def sorted_values(estimate: ValueEstimate) -> list[Scalar]:
    """The listed values in an order that is the same in every process: numbers first."""
    assert estimate.values is not None
    return sorted(estimate.values, key=lambda value: (1, 0, value) if isinstance(value, str) else (0, value, ""))


def mean_of(values: ValueEstimate, length: int) -> ValueEstimate:
    """The estimate for the mean of 1 to `length` values."""
    if values.values is not None and len(values.values) <= 1:
        return values
    if values.kind != "number":
        return replace(values, may_be_undefined=True)
    spread = values.high - values.low
    if values.values is not None and len(values.values) <= 6 and length <= 5:
        sums: set[Rational] = {0}
        found: set[Value] = set()
        for size in range(1, length + 1):
            sums = {total + Fraction(value) for total in sums for value in values.values if not isinstance(value, str)}
            found |= {Fraction(total) / size for total in sums}
        return _inherited(from_values(found), (values,))
    step = 1
    if values.values is not None and not values.all_integers:
        step = lcm(*(Fraction(value).denominator for value in values.values if not isinstance(value, str)))
    count = int(spread * step * length * (length + 1)) // 2 + 1
    if values.values is None and not values.all_integers:
        count = max(count, values.value_count * length * length)
    return _inherited(ValueEstimate("number", None, values.low, values.high, False, count), (values,))


def _inherited(result: ValueEstimate, inputs: Sequence[ValueEstimate]) -> ValueEstimate:
    return replace(
        result,
        may_be_undefined=result.may_be_undefined or any(estimate.may_be_undefined for estimate in inputs),
        is_plain=all(estimate.is_plain for estimate in inputs),
        attention_depth=max((estimate.attention_depth for estimate in inputs), default=0),
    )


def _bounded(name: str, inputs: Sequence[ValueEstimate]) -> ValueEstimate:
    """The estimate from the bounds of the inputs, which are numbers."""
    if name in COMPARISON_OPERATIONS or name in ("and", "or", "not"):
        return from_values((False, True))
    all_integers = all(estimate.all_integers for estimate in inputs)
    count = prod(estimate.value_count for estimate in inputs)
    first, last = inputs[0], inputs[-1]
    match name:
        case "add":
            return from_bounds(
                first.low + last.low, first.high + last.high, all_integers=all_integers, value_count=count
            )
        case "sub":
            return from_bounds(
                first.low - last.high, first.high - last.low, all_integers=all_integers, value_count=count
            )
        case "neg":
            return from_bounds(-first.high, -first.low, all_integers=all_integers, value_count=count)
        case "abs":
            largest = Fraction(max(-first.low, first.high))
            return from_bounds(0, largest, all_integers=all_integers, value_count=count)
        case "round":
            return from_bounds(round(first.low), round(first.high), all_integers=True, value_count=count)
        case "mul":
            corners = [a * b for a in (first.low, first.high) for b in (last.low, last.high)]
            return from_bounds(min(corners), max(corners), all_integers=all_integers, value_count=count)
        case "mod" if last.low > 0:
            return from_bounds(0, last.high, all_integers=all_integers, value_count=count)
        case "div" | "floordiv" if last.low > 0 or last.high < 0:
            quotients = [Fraction(a) / Fraction(b) for a in (first.low, first.high) for b in (last.low, last.high)]
            low, high = min(quotients), max(quotients)
            if name == "div":
                return from_bounds(low, high, all_integers=False, value_count=count)
            return from_bounds(low // 1, high // 1, all_integers=True, value_count=count)
        case _:
            return ValueEstimate("number", None, -(10**9), 10**9, False, 10**9, may_be_undefined=True)
