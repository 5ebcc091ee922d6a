"""The rules of picks: after them a pick stands only under an aggregate, and over one conjunction.

A pick is no predicate of a pair of positions, so no head combines it with others.  Where it stands inside `and`, `or`,
`not` or another pick, it becomes the selector of the position that it keeps, which one more layer of attention finds.
"""

from __future__ import annotations

from functools import reduce

from ...rasp_grammar.span import Span
from ..analysis.conjunctions import Conjunction, RelationPredicate
from ..graph.graph import (
    Aggregate,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorPick,
    SelectorSum,
    SelectorWidth,
    SOp,
)
from .rules import Rewriting

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
