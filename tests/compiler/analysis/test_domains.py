"""Domains against listing: what `means`, `union` and the others claim to hold, they hold."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raspc.compiler.analysis.domains import MAX_LISTED, Domain, listed, means, union, whole_range
from raspc.compiler.graph.values import Scalar, Undefined, Value, normal

NUMBERS = st.integers(-5, 5) | st.fractions(-3, 3, max_denominator=4)
SCALARS = NUMBERS | st.sampled_from(["a", "b", ""]) | st.booleans()


def admits(domain: Domain, value: Value) -> bool:
    """The domain says that the value can occur."""
    if isinstance(value, Undefined):
        return domain.undefined
    if domain.values is not None:
        return value in domain.positions and (isinstance(value, str) or domain.lowest <= value <= domain.highest)
    if isinstance(value, str) or not domain.lowest <= value <= domain.highest:
        return False
    bound = domain.max_denominator
    return bound is None or (not isinstance(value, float) and value.denominator <= bound)


@given(st.lists(SCALARS | st.just(Undefined("no value"))))
def test_listed_holds_its_values_in_order(values: list[Value]) -> None:
    domain = listed(values)
    assert all(admits(domain, value) for value in values)
    assert domain.values is not None
    assert len(domain.values) == len({value for value in values if not isinstance(value, Undefined)})
    numbers = [value for value in domain.values if not isinstance(value, str)]
    texts = [value for value in domain.values if isinstance(value, str)]
    assert list(domain.values) == sorted(numbers) + sorted(texts)
    assert domain.undefined == any(isinstance(value, Undefined) for value in values)


def test_long_lists_become_bounds() -> None:
    domain = listed(Fraction(i, 3) for i in range(MAX_LISTED + 1))
    assert (domain.values, domain.lowest, domain.highest, domain.max_denominator) == (
        None,
        0,
        Fraction(MAX_LISTED, 3),
        3,
    )
    assert listed(range(MAX_LISTED)).values == tuple(range(MAX_LISTED))


def test_a_range_of_too_many_values_is_an_interval() -> None:
    assert whole_range(-2, 1).values == (-2, -1, 0, 1)
    wide = whole_range(0, MAX_LISTED, undefined=True)
    assert (wide.values, wide.undefined, wide.lowest, wide.highest, wide.integer) == (None, True, 0, MAX_LISTED, True)


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=3), st.integers(1, 4))
def test_means_hold_every_mean(values: list[Scalar], count: int) -> None:
    domain = means(listed(values), count)
    for size in range(1, count + 1):
        for chosen in product(values, repeat=size):
            mean = normal(Fraction(sum(Fraction(value) for value in chosen)) / size)
            assert admits(domain, mean)


def test_means_of_many_values_are_bounds() -> None:
    domain = means(whole_range(0, 1000), 50)
    assert (domain.values, domain.lowest, domain.highest, domain.max_denominator) == (None, 0, 1000, 50)
    assert means(listed([Fraction(1, 3), 5000]), 40).max_denominator == 120
    assert means(listed([0.1, 0.2]), 2).max_denominator is None


@given(st.lists(SCALARS, min_size=1), st.lists(SCALARS | st.just(Undefined("no value")), min_size=1))
def test_unions_hold_both(first: list[Value], second: list[Value]) -> None:
    domain = union(listed(first), listed(second))
    assert all(admits(domain, value) for value in (*first, *second))


@given(st.lists(NUMBERS, min_size=1))
def test_unions_with_bounds_hold_both(values: list[Scalar]) -> None:
    wide = Domain(None, False, 0, Fraction(7, 2), 2)
    for domain in (union(wide, listed(values)), union(listed(values), wide)):
        assert domain.values is None
        assert all(admits(domain, value) for value in (*values, 0, Fraction(7, 2), Fraction(3, 2)))


@pytest.mark.parametrize(
    ("values", "numeric", "boolean", "integer", "denominator"),
    [
        ([0, 1], True, True, True, 1),
        ([False, True], True, True, True, 1),
        ([0, 2], True, False, True, 1),
        ([Fraction(1, 2), Fraction(1, 3)], True, False, False, 6),
        (["a", 1], False, False, False, None),
        ([0.5], True, False, False, None),
    ],
)
def test_properties(values: list[Scalar], numeric: bool, boolean: bool, integer: bool, denominator: int | None) -> None:
    domain = listed(values)
    assert (domain.numeric, domain.boolean, domain.integer, domain.denominator) == (
        numeric,
        boolean,
        integer,
        denominator,
    )
