"""The six comparisons, of `select` and of element-wise operations: one row each, read by every stage."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...rasp_grammar.tree import Comparator
from .values import Scalar, comparable

Comparison = Comparator


@dataclass(frozen=True)
class ComparisonRule:
    """One comparison of a key with a query (or of a left with a right operand).

    accepts: the signs of key - query for which it holds.
    operation: its row in `operations.OPERATIONS`.
    mirrored: the same comparison with key and query exchanged.
    negated: the comparison that holds where this one does not.
    compare: applies it to two values that can be compared, or to two arrays.
    """

    symbol: Comparison
    accepts: frozenset[int]
    operation: str
    mirrored: Comparison
    negated: Comparison
    compare: Callable[[Any, Any], Any]

    @property
    def is_ordering(self) -> bool:
        """False for `==` and `!=`, which compare any two values; an ordering needs two numbers or two strings."""
        return self.symbol not in ("==", "!=")

    def holds(self, sign: int) -> bool:
        """True if the comparison accepts this sign (-1, 0 or 1) of key - query."""
        return sign in self.accepts


#: A comparison's row, by its symbol.
COMPARISONS: dict[Comparison, ComparisonRule] = {
    rule.symbol: rule
    for rule in (
        ComparisonRule("==", frozenset({0}), "eq", "==", "!=", operator.eq),
        ComparisonRule("!=", frozenset({-1, 1}), "ne", "!=", "==", operator.ne),
        ComparisonRule("<", frozenset({-1}), "lt", ">", ">=", operator.lt),
        ComparisonRule("<=", frozenset({-1, 0}), "le", ">=", ">", operator.le),
        ComparisonRule(">", frozenset({1}), "gt", "<", "<=", operator.gt),
        ComparisonRule(">=", frozenset({0, 1}), "ge", "<=", "<", operator.ge),
    )
}

#: A comparison's row, by the name of its element-wise operation.
COMPARISON_OPERATIONS = {rule.operation: rule for rule in COMPARISONS.values()}


def sign_of(difference: Any) -> int:
    """The sign of a number: -1, 0 or 1."""
    return int(difference > 0) - int(difference < 0)


def holds(comparison: Comparison, key: Scalar, query: Scalar) -> bool:
    """True if two values compare so; False where they cannot be ordered (a string with a number)."""
    rule = COMPARISONS[comparison]
    return bool(rule.compare(key, query)) if comparable(key, query) or not rule.is_ordering else False
