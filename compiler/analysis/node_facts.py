"""Facts about every node of a graph: its leaves, its domain, its affine form, and facts about selectors.

All facts hold for every input that the space admits; "unknown" is always a safe answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..graph.graph import Aggregate, Constant, Elementwise, SelectorSum, SOp, Table
from ..graph.walk import element_wise_inputs, in_order
from .affine import Affine
from .affine_forms import AffineForms
from .domain_inference import MAX_GRID, DomainInference
from .domains import Domain, Space
from .selector_facts import SelectorFacts

__all__ = ["MAX_GRID", "Analysis"]


class Analysis:
    """Memoised facts about the nodes of one graph over one space; `selectors` has those about selectors."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.selectors = SelectorFacts(self)
        self._affine_forms = AffineForms(self, self.selectors)
        self._inference = DomainInference(self, self.selectors, self._affine_forms)
        self._leaves: dict[SOp, frozenset[SOp]] = {}
        self._domains: dict[SOp, Domain] = {}

    def leaves(self, node: SOp) -> frozenset[SOp]:
        """The tokens, indices, aggregates and widths that an expression is an element-wise function of."""
        for current in in_order(node, element_wise_inputs, self._leaves):
            match current:
                case Elementwise(inputs=inputs) | Table(inputs=inputs):
                    self._leaves[current] = frozenset().union(*(self._leaves[child] for child in inputs))
                case Constant():
                    self._leaves[current] = frozenset()
                case _:
                    self._leaves[current] = frozenset({current})
        return self._leaves[node]

    def domain(self, node: SOp) -> Domain:
        """The values that the node can take."""
        for current in in_order(node, self._domain_inputs, self._domains):
            if current not in self._domains:  # the domain of another node may have asked for it
                self._domains[current] = self._inference.infer(current)
        return self._domains[node]

    def affine(self, node: SOp) -> Affine | None:
        """The node as an affine combination of atoms; None if its values are not all numbers, or it is a constant
        that is no exact number."""
        return self._affine_forms.of(node)

    def possible(self, nodes: Sequence[SOp]) -> NDArray[np.bool_] | None:
        """The combinations of the nodes' listed values that can occur together, as in `DomainInference.possible`."""
        return self._inference.possible(nodes)

    def _domain_inputs(self, node: SOp) -> tuple[SOp, ...]:
        match node:
            case Elementwise(inputs=inputs) | Table(inputs=inputs):
                return (*inputs, *sorted(self.leaves(node), key=lambda leaf: leaf.id))
            case Aggregate(values=values) | SelectorSum(values=values):
                return (values,)
            case _:
                return ()
