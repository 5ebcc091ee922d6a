"""The values that an s-op can take, over all inputs of a vocabulary and a maximal length.

A `Domain` is an over-approximation: it contains every value that occurs, and perhaps others.  Small domains list their
values.  A numeric domain with too many values to list has bounds, and a bound on the denominators.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm

from ..graph.values import Scalar, Undefined, Value, ascending, is_number

#: The bound of a number without a known bound, and the least that arithmetic with it leaves of it in practice.
UNKNOWN_BOUND = 2**62
LEAST_UNKNOWN_BOUND = 2**52
#: Domains with more values than this are not listed.
MAX_LISTED = 1 << 15
#: Larger common denominators are not used.
MAX_DENOMINATOR = 1 << 20
#: Means are listed if there are at most so many candidates (sum, count) for each value that may be listed.
MAX_MEANS_PER_LISTED = 4


@dataclass(frozen=True)
class Space:
    """The inputs that a model admits: sequences of 1 to `max_length` tokens of `vocabulary`."""

    vocabulary: tuple[Scalar, ...]
    max_length: int
    causal: bool = False


@dataclass(frozen=True)
class Domain:
    """The possible values of a node.

    `values`: in a fixed order, numbers ascending, then strings.  None if they are too many to list; then all are
    numbers in `lowest..highest`, each a multiple of 1/d for some d <= `max_denominator` (None: no bound is known).
    `undefined`: the value may be undefined on some input."""

    values: tuple[Scalar, ...] | None
    undefined: bool = False
    lowest: Fraction | int | float = 0
    highest: Fraction | int | float = 0
    max_denominator: int | None = None

    @cached_property
    def positions(self) -> dict[Scalar, int]:
        assert self.values is not None
        return {value: position for position, value in enumerate(self.values)}

    @cached_property
    def numeric(self) -> bool:
        """Every value is a number (booleans count)."""
        return self.values is None or all(is_number(value) for value in self.values)

    @cached_property
    def textual(self) -> bool:
        """Every value is a string."""
        return self.values is not None and all(isinstance(value, str) for value in self.values)

    @cached_property
    def boolean(self) -> bool:
        """Every value is 0 or 1, whatever it prints as."""
        return self.values is not None and all(is_number(value) and value in (0, 1) for value in self.values)

    @cached_property
    def integer(self) -> bool:
        if self.values is None:
            return self.max_denominator == 1
        return all(isinstance(value, int) for value in self.values)

    @property
    def size(self) -> int | None:
        return None if self.values is None else len(self.values)

    @cached_property
    def denominator(self) -> int | None:
        """The least d such that every value is a multiple of 1/d; None if unknown or above `MAX_DENOMINATOR`."""
        if self.values is None:
            return 1 if self.max_denominator == 1 else None
        result = 1
        for value in self.values:
            if not isinstance(value, (int, Fraction)):
                return None
            result = lcm(result, value.denominator)
            if result > MAX_DENOMINATOR:
                return None
        return result

    def describe(self) -> str:
        """For messages: `{0, 1, 2}`, `0..40 (41 values)`, `fractions in 0..9 with denominators up to 100`."""
        if self.values is None:
            known = self.lowest > -LEAST_UNKNOWN_BOUND and self.highest < LEAST_UNKNOWN_BOUND
            bounds = f"in {self.lowest}..{self.highest}" if known else "of any size"
            match self.max_denominator:
                case None:
                    return f"numbers {bounds}"
                case 1:
                    return f"whole numbers {bounds}"
                case limit:
                    return f"fractions {bounds} with denominators up to {limit:,}"
        if len(self.values) <= 6:
            return "{" + ", ".join(map(str, self.values)) + "}"
        return f"{self.values[0]}..{self.values[-1]} ({len(self.values)} values)"


def listed(values: Iterable[Value]) -> Domain:
    """The domain of exactly these values."""
    distinct: dict[Scalar, None] = {}
    undefined = False
    for value in values:
        if isinstance(value, Undefined):
            undefined = True
        else:
            distinct.setdefault(value)
    numbers = ascending(value for value in distinct if not isinstance(value, str))
    ordered: list[Scalar] = [*numbers, *sorted(value for value in distinct if isinstance(value, str))]
    if len(ordered) > MAX_LISTED and len(numbers) == len(ordered):
        denominators = [value.denominator for value in numbers if isinstance(value, (int, Fraction))]
        bound = max(denominators) if len(denominators) == len(numbers) else None
        return Domain(None, undefined, numbers[0], numbers[-1], bound)
    if not numbers:
        return Domain(tuple(ordered), undefined)
    return Domain(tuple(ordered), undefined, numbers[0], numbers[-1])


def whole_range(lowest: int, highest: int, undefined: bool = False) -> Domain:
    """Every integer from `lowest` to `highest`."""
    if highest - lowest + 1 <= MAX_LISTED:
        return Domain(tuple(range(lowest, highest + 1)), undefined, lowest, highest)
    return Domain(None, undefined, lowest, highest, 1)


def means(values: Domain, count: int) -> Domain:
    """The means of 1 to `count` values of a numeric domain."""
    lowest, highest = values.lowest, values.highest
    if lowest == highest:
        return Domain(values.values, values.undefined, lowest, highest, values.max_denominator)
    step = values.denominator
    if step is None or isinstance(lowest, float) or isinstance(highest, float):
        return Domain(None, values.undefined, lowest, highest, None)
    low, high = int(lowest * step), int(highest * step)
    if (high - low) * count * (count + 1) // 2 <= MAX_MEANS_PER_LISTED * MAX_LISTED:
        found = {
            (total // common, size * step // common)
            for size in range(1, count + 1)
            for total in range(low * size, high * size + 1)
            for common in (gcd(total, size * step),)
        }
        if len(found) <= MAX_LISTED:
            exact = ascending(top if bottom == 1 else Fraction(top, bottom) for top, bottom in found)
            return Domain(tuple(exact), values.undefined, lowest, highest)
    return Domain(None, values.undefined, lowest, highest, count * step)


def union(first: Domain, second: Domain) -> Domain:
    """The values of both."""
    undefined = first.undefined or second.undefined
    if first.values is not None and second.values is not None:
        joined = listed([*first.values, *second.values])
        return Domain(joined.values, undefined, joined.lowest, joined.highest, joined.max_denominator)
    bounds = [
        bound if bound is not None else denominator
        for bound, denominator in (
            (first.max_denominator, first.denominator),
            (second.max_denominator, second.denominator),
        )
    ]
    known = [bound for bound in bounds if bound is not None]
    return Domain(
        None,
        undefined,
        min(first.lowest, second.lowest),
        max(first.highest, second.highest),
        max(known) if len(known) == len(bounds) else None,
    )
