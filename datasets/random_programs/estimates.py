"""What the generator knows of the expressions that it writes: enough to make most programs defined, and of a size.

Facts may be wrong at the margin (a causal model selects less than they assume): a program is then undefined
on more inputs, which are left out.  They are worked out here and not by `compiler.analysis` on purpose:
what that gets wrong must not keep the programs away that would show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import lcm, prod
from typing import Literal

from ...compiler.graph.operations import apply
from ...compiler.graph.values import Scalar, Undefined, Value, normal

#: Sets of values beyond this size are not listed.
MAX_LISTED = 240

#: Tuples of values that are tried one by one.
MAX_TUPLES = 1500

Kind = Literal["number", "string", "mixed"]
Rational = int | Fraction


@dataclass(frozen=True)
class Facts:
    """What an s-op or plain value can be.

    kind: booleans are numbers.  values: a superset of its values; None where they are too many (all numbers then).
    low, high: bounds of the numbers.  whole: all numbers are whole.  count: about how many values there are.
    undefined: may be undefined.  plain: known before there is an input.  layers: attention heads in a row.
    """

    kind: Kind
    values: frozenset[Scalar] | None
    low: Rational = 0
    high: Rational = 0
    whole: bool = True
    count: int = 1
    undefined: bool = False
    plain: bool = False
    layers: int = 0

    @property
    def boolean(self) -> bool:
        """Nothing but 0 and 1, whatever it prints as."""
        return self.values is not None and self.kind == "number" and all(value in (0, 1) for value in self.values)

    @property
    def has_zero(self) -> bool:
        return self.low <= 0 <= self.high if self.values is None else 0 in self.values


@dataclass(frozen=True)
class SelectorFacts:
    """single: at most one position is selected.  filled: at least one is.  atoms: comparisons in it."""

    single: bool = False
    filled: bool = False
    undefined: bool = False
    atoms: int = 1
    layers: int = 0


def listed(values: Iterable[Value], *, plain: bool = False, layers: int = 0, undefined: bool = False) -> Facts:
    """The facts of exactly these values; Undefined ones among them only say that there may be such."""
    defined: set[Scalar] = set()
    for value in values:
        if isinstance(value, Undefined):
            undefined = True
        else:
            defined.add(normal(value))
    numbers = [value for value in defined if not isinstance(value, str)]
    kind: Kind = "number" if len(numbers) == len(defined) else "mixed" if numbers else "string"
    exact = [Fraction(value) for value in numbers] or [Fraction(0)]
    whole = all(value.denominator == 1 for value in exact)
    count = max(1, len(defined))
    small = count <= MAX_LISTED or kind != "number"
    kept = frozenset(defined) if small else None
    return Facts(kind, kept, min(exact), max(exact), whole, count, undefined, plain, layers)


def between(low: Rational, high: Rational, *, whole: bool, count: int, layers: int = 0) -> Facts:
    """Numbers within bounds."""
    if whole and high - low < MAX_LISTED:
        return replace(listed(range(int(low), int(high) + 1), layers=layers))
    if whole:
        count = min(count, int(high - low) + 1)
    return Facts("number", None, low, high, whole, count, layers=layers)


def truth(*inputs: Facts) -> Facts:
    """A boolean that was computed from `inputs`."""
    return _inherited(listed((False, True)), inputs)


def union(facts: Sequence[Facts]) -> Facts:
    """Any of these."""
    if all(fact.values is not None for fact in facts):
        result = listed(value for fact in facts for value in (fact.values or ()))
    else:
        kinds = {fact.kind for fact in facts}
        kind = facts[0].kind if len(kinds) == 1 else "mixed"
        whole = all(fact.whole for fact in facts)
        count = sum(fact.count for fact in facts)
        result = Facts(kind, None, min(f.low for f in facts), max(f.high for f in facts), whole, count)
    return _inherited(result, facts)


def combine(name: str, *inputs: Facts) -> Facts:
    """An operation of `ops.OPERATIONS` on these."""
    if name == "where":
        return _inherited(replace(union(inputs[1:]), plain=False), inputs)
    sets = [fact.values for fact in inputs]
    if all(values is not None for values in sets) and prod(len(values or ()) for values in sets) <= MAX_TUPLES:
        result = listed(apply(name, arguments) for arguments in product(*(sorted_values(fact) for fact in inputs)))
        return _inherited(result, inputs)
    return _inherited(_bounded(name, inputs), inputs)


def sorted_values(facts: Facts) -> list[Scalar]:
    """The listed values in a fixed order: sets have none that is the same in every process."""
    assert facts.values is not None
    return sorted(facts.values, key=lambda value: (1, 0, value) if isinstance(value, str) else (0, value, ""))


def mean(values: Facts, length: int) -> Facts:
    """The mean of 1 to `length` values."""
    if values.values is not None and len(values.values) <= 1:
        return values
    if values.kind != "number":
        return replace(values, undefined=True)
    spread = values.high - values.low
    if values.values is not None and len(values.values) <= 6 and length <= 5:
        sums: set[Rational] = {0}
        found: set[Value] = set()
        for size in range(1, length + 1):
            sums = {total + Fraction(value) for total in sums for value in values.values if not isinstance(value, str)}
            found |= {Fraction(total) / size for total in sums}
        return _inherited(listed(found), (values,))
    step = 1
    if values.values is not None and not values.whole:
        step = lcm(*(Fraction(value).denominator for value in values.values if not isinstance(value, str)))
    count = int(spread * step * length * (length + 1)) // 2 + 1
    if values.values is None and not values.whole:
        count = max(count, values.count * length * length)
    return _inherited(Facts("number", None, values.low, values.high, False, count), (values,))


def _inherited(result: Facts, inputs: Sequence[Facts]) -> Facts:
    return replace(
        result,
        undefined=result.undefined or any(fact.undefined for fact in inputs),
        plain=all(fact.plain for fact in inputs),
        layers=max((fact.layers for fact in inputs), default=0),
    )


def _bounded(name: str, inputs: Sequence[Facts]) -> Facts:
    """By bounds alone; numbers only."""
    if name in ("eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not"):
        return listed((False, True))
    whole = all(fact.whole for fact in inputs)
    count = prod(fact.count for fact in inputs)
    first, last = inputs[0], inputs[-1]
    match name:
        case "add":
            return between(first.low + last.low, first.high + last.high, whole=whole, count=count)
        case "sub":
            return between(first.low - last.high, first.high - last.low, whole=whole, count=count)
        case "neg":
            return between(-first.high, -first.low, whole=whole, count=count)
        case "abs":
            furthest = Fraction(max(-first.low, first.high))  # low <= high
            return between(0, furthest, whole=whole, count=count)
        case "round":
            return between(round(first.low), round(first.high), whole=True, count=count)
        case "mul":
            corners = [a * b for a in (first.low, first.high) for b in (last.low, last.high)]
            return between(min(corners), max(corners), whole=whole, count=count)
        case "mod" if last.low > 0:
            return between(0, last.high, whole=whole, count=count)
        case "div" | "floordiv" if last.low > 0 or last.high < 0:
            quotients = [Fraction(a) / Fraction(b) for a in (first.low, first.high) for b in (last.low, last.high)]
            low, high = min(quotients), max(quotients)
            if name == "div":
                return between(low, high, whole=False, count=count)
            return between(low // 1, high // 1, whole=True, count=count)
        case _:
            return Facts("number", None, -(10**9), 10**9, False, 10**9, undefined=True)
