"""The rules of picks: after them a pick stands only under an aggregate, and over one conjunction.

A pick is no predicate of a pair of positions, so no head combines it with others.  Where it stands inside `and`, `or`,
`not` or another pick, it becomes the selector of the position that it keeps, which one more layer of attention finds.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from ...rasp_grammar.span import Span
from ..analysis.compare_values import compare_all
from ..analysis.conjunctions import Conjunction, RelationPredicate
from ..analysis.joint_tables import TableColumn, broadcast, evaluate, values_along
from ..graph.graph import (
    Aggregate,
    Constant,
    Indices,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorPick,
    SelectorSum,
    SelectorWidth,
    SOp,
    Which,
)
from ..graph.values import Scalar, Undefined, Value
from ..graph.walk import conjuncts
from .rules import Rewriting

#: The mark of a position is looked at for at most so many values of what it marks.
MAX_LISTED = 4096
#: The position of nothing: before all others.
NOWHERE = -1


def selector_without_nested_picks(node: Selector, rewriting: Rewriting) -> Selector:
    """The selector with no pick below it, and with none itself where a pick over one conjunction is not needed."""
    graph, span = rewriting.graph, node.span
    match node:
        case SelectorAnd(left=left, right=right):
            return graph.selector_and(_of_pairs(left, rewriting), _of_pairs(right, rewriting), span)
        case SelectorOr(left=left, right=right):
            return graph.selector_or(_of_pairs(left, rewriting), _of_pairs(right, rewriting), span)
        case SelectorNot(operand=operand):
            return graph.selector_not(_of_pairs(operand, rewriting), span)
        case SelectorPick():
            return _pick(node, rewriting)
        case Select(queries=Constant(value=value), comparison="=="):
            pick = _marked_position(node.keys, value, rewriting)
            return node if pick is None else _pick(pick, rewriting)
        case _:
            return node


def reader_of_pick(node: SOp, rewriting: Rewriting) -> SOp | None:
    """A width or a sum of at most one key as what it is; an aggregate without its pick, where all the keys that the
    pick chooses from hold the same value."""
    graph, analysis = rewriting.graph, rewriting.analysis
    match node:
        case SelectorWidth(selector=SelectorPick(operand=operand), span=span):
            one = rewriting.constant(1, span)
            if analysis.selectors.never_empty(operand):
                return one
            inputs = [rewriting.anything(operand, span), one, rewriting.constant(0, span)]
            return graph.elementwise("where", inputs, span)
        case SelectorSum(selector=SelectorPick() as selector, values=values, span=span):
            return graph.aggregate(selector, values, 0, span)
        case Aggregate(selector=SelectorPick(operand=operand), values=values, default=default, span=span):
            if analysis.domain(values).undefined or not analysis.selectors.one_value(operand, values):
                return None
            return graph.aggregate(operand, values, default, span)
        case _:
            return None


def _of_pairs(selector: Selector, rewriting: Rewriting) -> Selector:
    """The selector itself, or of a pick the comparison of the key's position with the one that it keeps."""
    if not isinstance(selector, SelectorPick):
        return selector
    return _at(_position(selector, NOWHERE, rewriting), selector.span, rewriting)


def _pick(node: SelectorPick, rewriting: Rewriting) -> Selector:
    graph, facts, span = rewriting.graph, rewriting.analysis.selectors, node.span
    operand = node.operand
    if facts.at_most_one(operand):
        return operand
    if node.which == "nearest" and facts.selects_itself(operand):
        return graph.select(node.positions, node.positions, "==", span)
    conjunctions = rewriting.predicates.of(operand)
    if conjunctions is None or len(conjunctions) <= 1:
        return node
    picks = [graph.selector_pick(_formula(one, span, rewriting), node.which, span) for one in conjunctions]
    if node.which == "nearest":
        return _at(_nearest(picks, span, rewriting), span, rewriting)
    nowhere = rewriting.analysis.space.max_length if node.which == "first" else NOWHERE
    positions = [_position(pick, nowhere, rewriting) for pick in picks]
    return _at(_extreme("lt" if node.which == "first" else "gt", positions, span, rewriting), span, rewriting)


def _marked_position(mark: SOp, sought: Scalar, rewriting: Rewriting) -> SelectorPick | None:
    """The pick for `mark == sought`, where `mark` tells whether a condition holds at a position and at none before it
    (at none after it), as in `mark_first_instance`; None for any other mark."""
    leaves = rewriting.analysis.leaves(mark)
    for seen in leaves:
        others = leaves - {seen}
        if len(others) != 1 or not isinstance(seen, Aggregate) or not _tells_presence(seen):
            continue
        orders = [part for part in conjuncts(seen.selector) if _is_order_of_positions(part)]
        condition = [part for part in conjuncts(seen.selector) if part not in orders]
        (leaf,) = others
        holds = _truth_along(condition, leaf, rewriting)
        if len(orders) != 1 or holds is None or not isinstance(orders[0], Select):
            continue
        which: Which = "first" if orders[0].comparison == "<" else "last"
        if which == "last" and rewriting.analysis.space.causal:
            continue  # no position sees a later one
        unseen, repeated = (_values_with(mark, leaf, seen, value, rewriting) for value in (0, 1))
        if [value == sought for value in unseen] == holds and all(value != sought for value in repeated):
            span = seen.span
            operand = reduce(lambda left, right: rewriting.graph.selector_and(left, right, span), condition)
            return rewriting.graph.selector_pick(operand, which, span)
    return None


def _tells_presence(node: Aggregate) -> bool:
    """The aggregate is 1 where anything is selected, else 0."""
    return isinstance(node.values, Constant) and node.values.value == 1 and node.default in (None, 0)


def _is_order_of_positions(selector: Selector) -> bool:
    match selector:
        case Select(keys=Indices(), queries=Indices(), comparison="<" | ">"):
            return True
        case _:
            return False


def _truth_along(condition: list[Selector], leaf: SOp, rewriting: Rewriting) -> list[bool] | None:
    """Whether the key is selected, for each value of the leaf; None if anything else decides, or a value is unknown."""
    values = rewriting.analysis.domain(leaf).values
    if not condition or values is None or len(values) > MAX_LISTED or rewriting.analysis.domain(leaf).undefined:
        return None
    truth = [True] * len(values)
    for part in condition:
        if not isinstance(part, Select) or not isinstance(part.queries, Constant):
            return None
        if rewriting.analysis.leaves(part.keys) != {leaf}:
            return None
        keys = values_along(part.keys, leaf, values)
        if any(isinstance(key, Undefined) for key in keys):
            return None
        selected = compare_all(part.comparison, keys, [part.queries.value])[:, 0].tolist()
        truth = [before and now for before, now in zip(truth, selected, strict=True)]
    return truth


def _values_with(node: SOp, leaf: SOp, seen: SOp, value: int, rewriting: Rewriting) -> list[Value]:
    """The values of a node for each value of the leaf, where `seen` has this value."""
    values = rewriting.analysis.domain(leaf).values or ()
    along = TableColumn((0,), np.arange(len(values)), values)
    column = evaluate(node, {leaf: along, seen: TableColumn((), np.zeros((), np.int64), (value,))}, [len(values)])
    return [column.values[code] for code in broadcast(column, [len(values)]).tolist()]


def _nearest(picks: list[SelectorPick], span: Span, rewriting: Rewriting) -> SOp:
    """The nearest of the positions that some picks keep; one beyond every input where they keep none."""
    graph, longest = rewriting.graph, rewriting.analysis.space.max_length
    # Distances rank 0, -1, 1, -2, 2 ...; the distance of nothing ranks last.
    ranks = {distance: 2 * abs(distance) - (distance < 0) for distance in range(1 - longest, longest)}
    nowhere = 2 * longest
    here = graph.indices(span)
    ranked: list[SOp] = []
    for pick in picks:
        distance = graph.elementwise("sub", [_position(pick, nowhere, rewriting), here], span)
        rows = [((key,), rank) for key, rank in ranks.items()]
        ranked.append(graph.table([distance], rows, nowhere, "rank of a distance", span))
    least = _extreme("lt", ranked, span, rewriting)
    back = [((rank,), key) for key, rank in ranks.items()]
    distance_of_rank = graph.table([least], back, nowhere, "distance of a rank", span)
    return graph.elementwise("add", [here, distance_of_rank], span)


def _position(pick: SelectorPick, nowhere: int, rewriting: Rewriting) -> SOp:
    """The position that a pick keeps, `nowhere` where it keeps none."""
    default = None if rewriting.analysis.selectors.never_empty(pick) else nowhere
    return rewriting.graph.aggregate(pick, pick.positions, default, pick.span)


def _extreme(comparison: str, numbers: list[SOp], span: Span, rewriting: Rewriting) -> SOp:
    """The number that compares so with all others: "lt" gives the smallest, "gt" the largest."""

    def chosen(left: SOp, right: SOp) -> SOp:
        condition = rewriting.graph.elementwise(comparison, [left, right], span)
        return rewriting.graph.elementwise("where", [condition, left, right], span)

    return reduce(chosen, numbers)


def _at(position: SOp, span: Span, rewriting: Rewriting) -> Selector:
    return rewriting.graph.select(rewriting.graph.indices(span), position, "==", span)


def _formula(conjunction: Conjunction, span: Span, rewriting: Rewriting) -> Selector:
    """A conjunction of predicates as a selector."""
    if not conjunction:
        one = rewriting.constant(1, span)
        return rewriting.graph.select(one, one, "==", span)
    predicates = [_accepted(predicate, span, rewriting) for predicate in conjunction]
    return reduce(lambda left, right: rewriting.graph.selector_and(left, right, span), predicates)


def _accepted(predicate: RelationPredicate, span: Span, rewriting: Rewriting) -> Selector:
    """The pairs whose code a predicate accepts, by the comparisons that the code consists of."""
    graph = rewriting.graph
    cases: list[Selector] = []
    for code in sorted(predicate.accepted):
        atoms: list[Selector] = []
        for bit, atom in enumerate(predicate.relation.atoms):
            atoms.append(atom if code >> bit & 1 else graph.selector_not(atom, span))
        cases.append(reduce(lambda left, right: graph.selector_and(left, right, span), atoms))
    return reduce(lambda left, right: graph.selector_or(left, right, span), cases)
