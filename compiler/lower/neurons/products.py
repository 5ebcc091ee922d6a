"""Products of two numbers with too many pairs of values for a table: xy = ((x + y)^2 - (x - y)^2) / 4."""

from __future__ import annotations

from ...analysis.affine import Affine
from ...blocks.forms import LinearForm, constant_form, sum_forms, to_float
from ...graph.graph import Elementwise, SOp
from ..context import Context, NoiseRemoval
from ..views import Views
from .factors import values_of_unit
from .write_neurons import MAX_NEURONS, NeuronWriter, RidgeFunctions


class Products:
    """Makes products out of squares."""

    def __init__(self, context: Context, views: Views) -> None:
        self.context = context
        self.analysis = context.analysis
        self.views = views
        self.neurons = NeuronWriter(context)

    def product(self, node: SOp) -> LinearForm:
        """The number that a product holds.  Raises C201 for any other node, C203 if a square has too many values."""
        if isinstance(node, Elementwise) and node.op == "mul":
            left, right = (self.analysis.affine(child) for child in node.inputs)
            if left is not None and right is not None:
                squares = [self._square(node, left.plus(right)), self._square(node, left.minus(right)).scaled(-1.0)]
                return sum_forms([square.scaled(0.25) for square in squares])
        raise self.context.too_many_values(node)

    def _square(self, node: SOp, affine: Affine) -> LinearForm:
        if not affine.terms:  # x - x
            return constant_form(to_float(affine.constant * affine.constant))
        unit, scale, shift = affine.normalised()
        points = values_of_unit(self.analysis, unit)
        if points is None or len(points) > MAX_NEURONS:
            raise self.context.refuse(
                node,
                "C203",
                f"the product of two numbers takes a neuron for each of their sums, at most {MAX_NEURONS:,}, and it "
                f"can be {self.analysis.domain(node).describe()}",
                "use a smaller vocabulary or max_length, or round the factors to fewer values first",
            )
        squares = tuple(to_float((scale * point + shift) ** 2) for point in points)
        form = self.views.combination(unit)
        ridge = RidgeFunctions(form, tuple(map(to_float, points)), (squares,), 0)
        (form,) = self.neurons.write(node, ridge, NoiseRemoval.NONE)
        return form
