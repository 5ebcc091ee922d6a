"""Score terms for a disjunction or conjunction of truths about the key: the sum of the truths.

The sum exceeds its level where several truths of a disjunction hold, so this serves only where ties do not matter.
Ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

from ...analysis.conjunctions import RelationPredicate
from ...blocks.forms import constant_form, sum_forms
from ...graph.graph import Elementwise, SOp
from ...graph.walk import visited
from ..context import Context
from ..ready_times import ReadyTimes
from ..views import Views
from .score_terms import Predicate, ScoreTerm

#: A sum of truths is used if their joint function takes more neurons than this for each truth.
MAX_NEURONS_PER_TRUTH = 4


class TruthSums:
    """Makes score terms out of truths.  `neuron_count`: the neurons that a node takes as a joint function."""

    def __init__(self, context: Context, times: ReadyTimes, views: Views, neuron_count: Callable[[SOp], int]) -> None:
        self.context = context
        self.analysis = context.analysis
        self.times = times
        self.views = views
        self.neuron_count = neuron_count

    def term(self, predicate: Predicate) -> ScoreTerm | None:
        """A sum that is at least 1 where the predicate holds and at most 0 where not; None if it saves too few neurons,
        or the predicate is not a disjunction or conjunction on the key alone."""
        if not isinstance(predicate, RelationPredicate):
            return None
        relation = predicate.relation
        if relation.queries is not None or relation.keys is None or relation.codes is None:
            return None
        accepted = predicate.matrix()[:, 0]
        values = self.context.listed_values(relation.keys)
        holds = {bool(v): bool(t) for v, t in zip(values, accepted, strict=True)}
        node, negated = _without_negations(relation.keys, holds.get(False, False))
        if len(set(holds.values())) != 2 or not isinstance(node, Elementwise) or node.op not in ("and", "or"):
            return None
        truths = _operands(node, node.op)
        if len(truths) < 2 or any(not self.analysis.domain(truth).boolean for truth in (node, *truths)):
            return None
        if max(map(self.times.of_function, truths)) > self.times.of_function(node):
            return None
        if self.neuron_count(node) <= MAX_NEURONS_PER_TRUTH * len(truths):
            return None
        # De Morgan: "not (a and b)" is "not a or not b".
        forms = []
        for truth in truths:
            place = frozenset(i for i, value in enumerate(self.context.listed_values(truth)) if bool(value) != negated)
            forms += self.views.indicators(truth, [place])
        any_of = (node.op == "or") != negated
        total = sum_forms([*forms, constant_form(0.0 if any_of else 1.0 - len(forms))])
        why = f"the key's `{node.op}` of {len(truths)} truths is their sum, where their joint function takes neurons"
        excess = len(forms) - 1.0 if any_of else 0.0
        return ScoreTerm(kind="key only", why=why, key_only=total, level=1.0, gap=1.0, error=total.error, excess=excess)


def _without_negations(node: SOp, negated: bool) -> tuple[SOp, bool]:
    """A truth without the `not` and `indicator` around it, and whether its negation is meant."""
    while isinstance(node, Elementwise) and node.op in ("not", "indicator"):
        negated = negated != (node.op == "not")
        (node,) = node.inputs
    return node, negated


def _operands(node: SOp, op: str) -> list[SOp]:
    """The operands of a nest of one associative and idempotent operation, each once, in order of appearance."""
    operands = visited([node], lambda one: one.inputs if _is(one, op) else ())
    return [one for one in operands if not _is(one, op)]


def _is(node: SOp, op: str) -> TypeGuard[Elementwise]:
    return isinstance(node, Elementwise) and node.op == op
