"""When values can be read: an analysis of the graph that makes no blocks.

Every block reads at the earliest possible time, so the times of all values follow from the graph alone.
"""

from __future__ import annotations

from ..analysis.node_facts import Analysis
from ..blocks.times import Time
from ..graph.graph import Aggregate, Attended, Elementwise, Indices, SelectorWidth, SOp, Table, Tokens
from ..graph.walk import comparisons_of, picked_from


class ReadyTimes:
    """The earliest time at which a linear form can give a value."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._leaf_times: dict[SOp, Time] = {}

    def of_leaf(self, leaf: SOp) -> Time:
        """When a leaf's value is in the residual stream."""
        if leaf not in self._leaf_times:
            self._leaf_times[leaf] = self._of_attended(leaf) if isinstance(leaf, Attended) else Time(0)
        return self._leaf_times[leaf]

    def of_number(self, node: SOp) -> Time:
        """When a numeric node can be read as a linear form."""
        affine = self.analysis.affine(node)
        if affine is None:
            return self.of_function(node)
        return Time.latest(
            self.of_function(atom) if is_computed(atom) else self.of_leaf(atom) for atom, _ in affine.terms
        )

    def of_function(self, node: SOp) -> Time:
        """When any function of the node can be read as a linear form."""
        leaves = self.analysis.leaves(node)
        latest = self.of_leaves(node)
        if not leaves or (len(leaves) == 1 and self.carries_functions(next(iter(leaves)))):
            return latest
        return latest.first_mlp_after.written

    def of_leaves(self, node: SOp) -> Time:
        """When all leaves of an expression are in the residual stream."""
        return Time.latest(self.of_leaf(leaf) for leaf in self.analysis.leaves(node))

    def carries_functions(self, leaf: SOp) -> bool:
        """Any function of the leaf can stand in place of its value: the embedding or a retrieving head writes it."""
        match leaf:
            case Tokens() | Indices():
                return True
            case Aggregate():
                return self.analysis.domain(leaf).values is not None and self.analysis.selectors.retrieves(leaf)
            case _:
                return False

    def _of_attended(self, leaf: Attended) -> Time:
        """When the first attention has written that can read everything the leaf depends on."""
        times: list[Time] = []
        for atom in comparisons_of(picked_from(leaf.selector)):
            times += [self.of_function(atom.keys), self.of_function(atom.queries)]
        if not isinstance(leaf, SelectorWidth):
            numeric = self.analysis.affine(leaf.values) is not None
            times.append(self.of_number(leaf.values) if numeric else self.of_function(leaf.values))
        return Time.latest(times).first_attention_after.written


def is_computed(node: SOp) -> bool:
    """Element-wise: neurons or linear forms compute the node from its inputs."""
    return isinstance(node, (Elementwise, Table))
