"""The table of comparisons against Python's own operators."""

from __future__ import annotations

import pytest
from raspc.compiler.graph.comparisons import COMPARISON_OPERATIONS, COMPARISONS, Comparison, holds, sign_of
from raspc.compiler.graph.operations import apply

PAIRS = [(a, b) for a in (-1, 0, 2) for b in (-1, 0, 2)]


def _python(comparison: Comparison, left: int, right: int) -> bool:
    return bool(eval(f"{left} {comparison} {right}"))


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_a_row_agrees_with_python(comparison: Comparison) -> None:
    rule = COMPARISONS[comparison]
    assert COMPARISON_OPERATIONS[rule.operation] is rule
    for left, right in PAIRS:
        expected = _python(comparison, left, right)
        assert rule.compare(left, right) is expected
        assert rule.holds(sign_of(left - right)) is expected
        assert apply(rule.operation, (left, right)) is expected
        assert _python(rule.mirrored, right, left) is expected
        assert _python(rule.negated, left, right) is not expected


def test_only_orderings_need_values_of_one_kind() -> None:
    assert [symbol for symbol, rule in COMPARISONS.items() if rule.is_ordering] == ["<", "<=", ">", ">="]
    assert [symbol for symbol in COMPARISONS if holds(symbol, "a", 1)] == ["!="]
