"""Facts about the number of keys that a selector selects, and about how an s-op varies over the positions of an input.

These facts decide which constructions are allowed: whether BOS is needed (`never_empty`), whether a mean is a value
moved unchanged (`one_value`), whether a width is a rank (`is_strict_order`).  All hold for every input that the space
admits; False is always a safe answer.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import wraps
from typing import Protocol, TypeVar

from ..graph.comparisons import COMPARISONS, holds, sign_of
from ..graph.graph import (
    Aggregate,
    Constant,
    Elementwise,
    Indices,
    Node,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorPick,
    SelectorSum,
    SelectorWidth,
    SOp,
    Table,
)
from ..graph.values import is_number
from ..graph.walk import conjuncts, in_order, inputs_of, picked_from
from .affine import Affine, Coefficient
from .domains import Domain, Space
from .position_orders import compared, is_reflexive, is_total

N = TypeVar("N", bound=Node)
Fact = Callable[["SelectorFacts", N], bool]


def memoised(kind: type[N]) -> Callable[[Fact[N]], Fact[N]]:
    """Memoises a fact about nodes of one `kind`, and finds it for a node's inputs before the node.

    Time is linear in the graph, also if nodes are shared; the stack stays flat, also if the graph is deep."""

    def inputs(node: N) -> list[N]:
        return [part for part in inputs_of(node) if isinstance(part, kind)]

    def decorate(fact: Fact[N]) -> Fact[N]:
        @wraps(fact)
        def found(self: SelectorFacts, node: N) -> bool:
            known = self._known.setdefault(fact.__name__, {})
            for current in in_order(node, inputs, known):
                if current not in known:  # another fact may have asked for it
                    known[current] = fact(self, current)
            return known[node]

        return found

    return decorate


class ValueFacts(Protocol):
    """Facts about s-ops that those about selectors rest on; `node_facts.Analysis` gives them."""

    space: Space

    def leaves(self, node: SOp) -> frozenset[SOp]:
        """The tokens, indices, aggregates and widths that an expression is an element-wise function of."""

    def domain(self, node: SOp) -> Domain:
        """The values that the node can take."""

    def affine(self, node: SOp) -> Affine | None:
        """The node as an affine combination of atoms; None if its values are not all numbers."""


class SelectorFacts:
    """Facts about selectors and about how s-ops vary over positions, given facts about the values of s-ops."""

    def __init__(self, values: ValueFacts) -> None:
        self.values = values
        self.space = values.space
        self._known: dict[str, dict[Node, bool]] = {}

    # ---- all and nothing -----------------------------------------------------------------------

    @memoised(Selector)
    def always(self, selector: Selector) -> bool:
        """Everything is selected."""
        match selector:
            case Select(keys=Constant(value=key), queries=Constant(value=query), comparison=comparison):
                return holds(comparison, key, query)
            case Select(keys=keys, queries=queries, comparison=comparison) if keys is queries:
                return (
                    COMPARISONS[comparison].holds(0)
                    and self.same_everywhere(keys)
                    and not self.values.domain(keys).undefined
                )
            case SelectorAnd(left=left, right=right):
                return self.always(left) and self.always(right)
            case SelectorOr(left=left, right=right):
                return self.always(left) or self.always(right)
            case SelectorNot(operand=operand):
                return self.never(operand)
            case SelectorPick(operand=operand):
                return self.space.max_length == 1 and self.always(operand)
            case _:
                return False

    @memoised(Selector)
    def never(self, selector: Selector) -> bool:
        """Nothing is selected."""
        match selector:
            case Select(keys=Constant(value=key), queries=Constant(value=query), comparison=comparison):
                return not holds(comparison, key, query)
            case Select(keys=keys, queries=queries, comparison=comparison) if keys is queries:
                return not COMPARISONS[comparison].holds(0) and self.same_everywhere(keys)
            case SelectorAnd(left=left, right=right):
                return self.never(left) or self.never(right)
            case SelectorOr(left=left, right=right):
                return self.never(left) and self.never(right)
            case SelectorNot(operand=operand):
                return self.always(operand)
            case SelectorPick(operand=operand):
                return self.never(operand)
            case _:
                return False

    @memoised(Selector)
    def may_be_undefined(self, selector: Selector) -> bool:
        """Some pair may not be comparable: a side is undefined, or a string would be ordered with a number."""
        match selector:
            case Select(keys=keys, queries=queries, comparison=comparison):
                sides = (self.values.domain(keys), self.values.domain(queries))
                if any(side.undefined for side in sides):
                    return True
                ordered = all(side.numeric for side in sides) or all(side.textual for side in sides)
                return COMPARISONS[comparison].is_ordering and not ordered
            case SelectorAnd(left=left, right=right) | SelectorOr(left=left, right=right):
                return self.may_be_undefined(left) or self.may_be_undefined(right)
            case SelectorNot(operand=operand) | SelectorPick(operand=operand):
                return self.may_be_undefined(operand)
            case _:
                raise AssertionError(selector)

    # ---- at most one ---------------------------------------------------------------------------

    @memoised(Selector)
    def at_most_one(self, selector: Selector) -> bool:
        """No query position selects two keys."""
        match selector:
            case Select(keys=keys, comparison="=="):
                return self.injective(keys)
            case SelectorAnd(left=left, right=right):
                return self.at_most_one(left) or self.at_most_one(right) or self._ranks_the_kept(selector)
            case SelectorOr():
                return self.never(selector)
            case SelectorPick():
                return True
            case _:
                return self.space.max_length == 1 or self.never(selector)

    def one_value(self, selector: Selector, values: SOp) -> bool:
        """All positions that a query selects hold the same value, so a mean is that value."""
        if self.at_most_one(selector) or self.same_everywhere(values):
            return True
        return any(self._fixes(part, values) for part in conjuncts(selector))

    def retrieves(self, node: Aggregate) -> bool:
        """True if the aggregate, where it is defined, is one of the selected values or its default."""
        return self.one_value(node.selector, node.values) or self.values.domain(node.values).textual

    def _fixes(self, selector: Selector, values: SOp) -> bool:
        """Selected keys all hold the same value: they equal the query, or they are the largest (or smallest) of all."""
        match selector:
            case Select(keys=keys, comparison="==") if keys is values:
                return True
            case Select(
                keys=Aggregate(
                    selector=Select(keys=keys, queries=queries, comparison="<" | ">"),
                    values=Constant(value=1),
                    default=None | 0,
                ),
                queries=Constant(value=0),
                comparison="==",
            ):
                return keys is queries is values and not self.space.causal
            case _:
                return False

    def _ranks_the_kept(self, selector: Selector) -> bool:
        """True for `condition and rank == query`, where `rank` counts the positions before this one, in a total order,
        that satisfy `condition` or a part of it.  Ranks within the condition are distinct, so at most one key is
        selected.

        A condition is on the key alone, or "the same value as here", which puts the selected keys in one class."""
        conditions = conjuncts(selector)
        for condition in conditions:
            if not (
                isinstance(condition, Select)
                and condition.comparison == "=="
                and isinstance(condition.keys, SelectorWidth)
            ):
                continue
            counted = conjuncts(condition.keys.selector)
            order = [one for one in counted if one not in conditions]
            if (
                len(order) == 1
                and all(self._same_class(one) for one in counted if one in conditions)
                and self.orders_positions(order[0])
            ):
                return True
        return False

    def _same_class(self, selector: Selector) -> bool:
        if isinstance(selector, Select) and selector.comparison == "==" and selector.keys is selector.queries:
            return True
        return self.same_everywhere(selector)

    # ---- at least one --------------------------------------------------------------------------

    def never_empty(self, selector: Selector) -> bool:
        """Every query position selects at least one key."""
        selector = picked_from(selector)
        return self.selects_itself(selector) or self._covers(selector)

    @memoised(Selector)
    def selects_itself(self, selector: Selector) -> bool:
        """Every position selects its own key."""
        match selector:
            case Select(keys=keys, queries=queries, comparison=comparison):
                if keys is queries and not self.values.domain(keys).undefined:
                    return COMPARISONS[comparison].holds(0)
                key, query = self.values.affine(keys), self.values.affine(queries)
                if key is None or query is None:
                    return self.always(selector)
                gap = key.minus(query)
                if gap.terms:
                    return False
                return COMPARISONS[comparison].holds(sign_of(gap.constant))
            case SelectorAnd(left=left, right=right):
                return self.selects_itself(left) and self.selects_itself(right)
            case SelectorOr(left=left, right=right):
                return self.selects_itself(left) or self.selects_itself(right)
            case _:
                return self.always(selector)

    def _covers(self, selector: Selector) -> bool:
        """True for an equality whose keys number the positions from 0 and whose query is always one of them."""
        if not isinstance(selector, Select) or selector.comparison != "==" or self.space.causal:
            return False
        if not self._numbers_positions(selector.keys) or self.values.domain(selector.queries).undefined:
            return False
        if isinstance(selector.queries, SelectorWidth) and self.is_strict_order(selector.queries.selector):
            return True
        affine = self.values.affine(selector.queries)
        if affine is None:
            return False
        index, length, others = self.in_positions(affine)
        if others or any(Fraction(part).denominator != 1 for part in (index, length, affine.constant)):
            return False
        # 0 <= q <= n - 1 must hold at the corners of 0 <= i < n <= L; q is affine, so also between them.
        return all(0 <= index * i + length * n + affine.constant <= n - 1 for i, n in self.corners)

    def _numbers_positions(self, node: SOp) -> bool:
        """The values at the n positions are 0..n-1 in some order."""
        return isinstance(node, Indices) or (isinstance(node, SelectorWidth) and self.is_strict_order(node.selector))

    # ---- positions -----------------------------------------------------------------------------

    @property
    def corners(self) -> tuple[tuple[int, int], ...]:
        """(index, length) at the corners of 0 <= index < length <= max_length."""
        longest = self.space.max_length
        return ((0, 1), (0, longest), (longest - 1, longest))

    def in_positions(self, affine: Affine) -> tuple[Coefficient, Coefficient, list[tuple[SOp, Coefficient]]]:
        """The coefficients of `indices` and of the length, and the other terms."""
        index: Coefficient = 0
        length: Coefficient = 0
        others: list[tuple[SOp, Coefficient]] = []
        for atom, coefficient in affine.terms:
            if isinstance(atom, Indices):
                index += coefficient
            elif self.is_length(atom):
                length += coefficient
            else:
                others.append((atom, coefficient))
        return index, length, others

    def is_length(self, node: SOp) -> bool:
        """The node is the length of the input (the width of a selector that selects everything)."""
        return isinstance(node, SelectorWidth) and not self.space.causal and self.always(node.selector)

    def injective(self, node: SOp) -> bool:
        """No two positions hold the same value."""
        affine = self.values.affine(node)
        if affine is None:
            return False
        moving = [atom for atom, _ in affine.terms if not self.same_everywhere(atom)]
        return len(moving) == 1 and (
            isinstance(moving[0], Indices)
            or (isinstance(moving[0], SelectorWidth) and self.orders_positions(moving[0].selector))
        )

    @memoised(Node)
    def same_everywhere(self, node: Node) -> bool:
        """The value does not depend on the position; which keys are selected does not depend on the query position."""
        match node:
            case Constant():
                return True
            case Elementwise(inputs=inputs) | Table(inputs=inputs):
                return all(self.same_everywhere(child) for child in inputs)
            case Aggregate(selector=selector) | SelectorWidth(selector=selector) | SelectorSum(selector=selector):
                return not self.space.causal and self.same_everywhere(selector)
            case Select(queries=queries):
                return self.same_everywhere(queries)
            case SelectorAnd(left=left, right=right) | SelectorOr(left=left, right=right):
                return self.same_everywhere(left) and self.same_everywhere(right)
            case SelectorNot(operand=operand):
                return self.same_everywhere(operand)
            case SelectorPick(operand=operand, which="first" | "last"):
                return self.same_everywhere(operand)
            case _:
                return False

    # ---- orders --------------------------------------------------------------------------------

    def is_strict_order(self, selector: Selector) -> bool:
        """The selector is a strict total order of the positions, so its width is a rank: a permutation of 0..n-1."""
        return self.orders_positions(selector) and not is_reflexive(selector)

    def orders_positions(self, selector: Selector) -> bool:
        """A total order of the positions, strict or reflexive: its widths are all different."""
        known = self._known.setdefault("orders", {})
        if selector not in known:
            nodes = None if self.space.causal else compared(selector)
            known[selector] = nodes is not None and all(map(self._comparable, nodes)) and is_total(selector, nodes)
        return known[selector]

    def _comparable(self, node: SOp) -> bool:
        """Any two values of the node can be compared."""
        domain = self.values.domain(node)
        return not domain.undefined and (domain.numeric or not any(is_number(value) for value in domain.values or ()))
