"""Affine forms of expressions, and bounds of these."""

from __future__ import annotations

from fractions import Fraction

from ..graph.graph import Constant, Elementwise, SOp
from ..graph.values import Number
from .affine import Affine
from .intervals import plus, times
from .selector_facts import SelectorFacts, ValueFacts


class AffineForms:
    """Finds affine forms, given the domains of s-ops."""

    def __init__(self, values: ValueFacts, selectors: SelectorFacts) -> None:
        self.values = values
        self.selectors = selectors
        self._found: dict[SOp, Affine | None] = {}

    def of(self, node: SOp) -> Affine | None:
        """The node as an affine combination of atoms; None when its values are not all numbers."""
        if node not in self._found:
            self._found[node] = self._find(node)
        return self._found[node]

    def _find(self, node: SOp) -> Affine | None:
        found = self._of_operation(node)
        if found is not None:
            return found
        if isinstance(node, Constant) or not self.values.domain(node).numeric:
            return None
        return Affine(((node, 1),), 0)

    def _of_operation(self, node: SOp) -> Affine | None:
        """The affine combination that an operation makes of its inputs' atoms; None for any other node."""
        if isinstance(node, Constant):
            value = node.value
            if isinstance(value, (int, Fraction)):
                return Affine((), int(value) if isinstance(value, bool) else value)
            return None
        if not isinstance(node, Elementwise):
            return None
        operands = [self.of(child) for child in node.inputs]
        match node.op, operands:
            case "add", [Affine() as left, Affine() as right]:
                return left.plus(right)
            case "sub", [Affine() as left, Affine() as right]:
                return left.minus(right)
            case "neg", [Affine() as operand]:
                return operand.times(-1)
            case "pos", [Affine() as operand]:
                return operand
            case "mul", [Affine() as left, Affine(terms=(), constant=factor)]:
                return left.times(factor)
            case "mul", [Affine(terms=(), constant=factor), Affine() as right]:
                return right.times(factor)
            case "div", [Affine() as left, Affine(terms=(), constant=factor)] if factor != 0:
                return left.times(Fraction(1) / Fraction(factor))
            case "indicator", [Affine() as operand] if self.values.domain(node.inputs[0]).boolean:
                return operand
            case "not", [Affine() as operand] if self.values.domain(node.inputs[0]).boolean:
                return operand.times(-1).plus(Affine((), 1))
            case _:
                return None

    def bounds(self, node: SOp) -> tuple[Number, Number] | None:
        """Bounds of an affine operation, tight where `indices` and `length` occur together: 0 <= i < n <= L.

        None if the node is not an affine operation."""
        affine = self._of_operation(node)
        if affine is None:
            return None
        low: Number = affine.constant
        high: Number = affine.constant
        index, length, others = self.selectors.in_positions(affine)
        for atom, coefficient in others:
            domain = self.values.domain(atom)
            ends = (times(coefficient, domain.lowest), times(coefficient, domain.highest))
            low, high = plus(low, min(ends)), plus(high, max(ends))
        ends_here = [index * i + length * n for i, n in self.selectors.corners]
        return plus(low, min(ends_here)), plus(high, max(ends_here))

    def is_whole(self, node: SOp) -> bool:
        """All values of an affine operation are whole numbers."""
        affine = self._of_operation(node)
        assert affine is not None
        return Fraction(affine.constant).denominator == 1 and all(
            Fraction(c).denominator == 1 and self.values.domain(atom).integer for atom, c in affine.terms
        )
