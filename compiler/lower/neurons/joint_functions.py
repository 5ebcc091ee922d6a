"""Chooses how neurons compute a function of several values in one layer.

The cheapest construction comes first.  With the strategy `LOW_NOISE`, more expensive ones are tried as long as the
error is large against the steps between the target numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod

from ....rasp_grammar.diagnostics import RaspError
from ...analysis.node_facts import MAX_GRID
from ...blocks.forms import LinearForm, sum_forms, to_float
from ...graph.graph import Elementwise, SOp
from ...options import Strategy
from ..context import Context, NoiseRemoval
from ..ready_times import ReadyTimes
from ..refusals import Refusal, attempt
from ..targets import TargetFunction, affine_fit, relative_error
from ..views import Views
from .digit_codes import DigitCodes
from .factors import FactorSplits
from .products import Products
from .tabulation import Tabulation
from .write_neurons import MAX_NEURONS, NeuronWriter, RidgeFunctions

#: For a table with more neurons than this, an extra layer is added if it divides them by `MIN_EXTRA_LAYER_GAIN`.
MAX_NEURONS_WITHOUT_EXTRA_LAYER = 1024
MIN_EXTRA_LAYER_GAIN = 4
#: With a larger error, as a fraction of the smallest step between two target numbers, few readers can tell the numbers
#: apart, and more expensive constructions are tried.
MAX_PREFERRED_ERROR = 2.0**-4

Terms = Sequence[RidgeFunctions | list[LinearForm]]


class JointFunctions:
    """Makes functions of element-wise nodes and of numeric leaves."""

    def __init__(self, context: Context, times: ReadyTimes, views: Views) -> None:
        self.context = context
        self.analysis = context.analysis
        self.tabulation = Tabulation(
            context.analysis, FactorSplits(context.analysis, times), DigitCodes(context, views)
        )
        self.products = Products(context, views)
        self.neurons = NeuronWriter(context)

    def functions(self, node: SOp, targets: Sequence[TargetFunction], denoise: NoiseRemoval) -> list[LinearForm]:
        """Forms for the target functions of an element-wise node or a numeric leaf.

        Raises the cheapest construction's refusal (C202, C204, ...) if no construction is possible."""
        best = attempt(lambda: self._cheapest(node, targets, denoise))
        noisy = isinstance(best, Refusal) or relative_error(best, targets) > MAX_PREFERRED_ERROR
        self.context.noise_is_reducible |= noisy
        if noisy and self.context.strategy is Strategy.LOW_NOISE:
            for make in self._others(node, targets, denoise):
                other = attempt(make)
                if other is None or isinstance(other, Refusal):
                    continue
                if isinstance(best, Refusal) or relative_error(other, targets) < relative_error(best, targets):
                    best = other
                if relative_error(best, targets) <= MAX_PREFERRED_ERROR:
                    break
        if isinstance(best, Refusal):
            raise best.error
        return best

    def neuron_count(self, node: SOp) -> int:
        """The neurons that a numeric node takes as one joint function; `MAX_NEURONS` if it has no table."""
        values = self.context.listed_values(node)
        target = tuple(to_float(value) for value in values if not isinstance(value, str))
        found = self.tabulation.table(node, [target], allow_extra_layer=False)
        return MAX_NEURONS if found is None else _count_bends(found)

    def of_number(
        self, node: SOp, form: LinearForm, points: tuple[float, ...], targets: Sequence[TargetFunction]
    ) -> list[LinearForm]:
        """Target functions of a value, as step functions of a number that is `points[i]` for the i-th value."""
        return self.neurons.write(node, RidgeFunctions(form, points, tuple(targets), 0), NoiseRemoval.STEP_FUNCTION)

    def product(self, node: SOp) -> LinearForm:
        """The number that a product of two numbers holds, by squares.  Raises C201 and C203, as in `Products`."""
        return self.products.product(node)

    def _cheapest(self, node: SOp, targets: Sequence[TargetFunction], denoise: NoiseRemoval) -> list[LinearForm]:
        """The fewest neurons; an extra layer only where it saves many."""
        found = self.tabulation.table(node, targets, allow_extra_layer=False)
        if found is None or _count_bends(found) > MAX_NEURONS_WITHOUT_EXTRA_LAYER:
            later = self.tabulation.table(node, targets, allow_extra_layer=True)
            if later is not None and (
                found is None or _count_bends(later) * MIN_EXTRA_LAYER_GAIN < _count_bends(found)
            ):
                found = later
        if found is None or _count_bends(found) > MAX_NEURONS:
            raise self._no_table(node, None if found is None else _count_bends(found))
        return self._written(node, found, denoise)

    def _no_table(self, node: SOp, neurons: int | None) -> RaspError:
        """C202: the expression has no table, or one of too many neurons."""
        sizes = [self.analysis.domain(leaf).size for leaf in self.analysis.leaves(node)]
        combinations = None if None in sizes else prod(size for size in sizes if size is not None)
        if neurons is not None:
            why = f"takes {neurons:,} neurons, more than {MAX_NEURONS:,}"
        elif combinations is not None and combinations <= MAX_GRID:
            why = f"has no table over sums of its values ({combinations:,} combinations)"
        else:
            why = f"needs a table of more than {MAX_GRID:,} combinations"
        return self.context.refuse(
            node,
            "C202",
            f"as a joint function it {why}: {self.context.describe_leaves(node)}{self.context.describe_means(node)}",
            self.context.hint_for(
                node, "use a smaller vocabulary or max_length, or write it with sums and comparisons of fewer values"
            ),
        )

    def _others(
        self, node: SOp, targets: Sequence[TargetFunction], denoise: NoiseRemoval
    ) -> Iterator[Callable[[], list[LinearForm] | None]]:
        """More expensive constructions of the same functions; each gives None or raises if it is not possible."""

        def tabulated(allow_extra_layer: bool, sums_as_numbers: bool) -> Callable[[], list[LinearForm] | None]:
            def make() -> list[LinearForm] | None:
                found = self.tabulation.table(
                    node,
                    targets,
                    allow_extra_layer=allow_extra_layer,
                    sums_as_numbers=sums_as_numbers,
                    low_noise=True,
                )
                usable = found is not None and _count_bends(found) <= MAX_NEURONS
                return self._written(node, found, denoise) if found is not None and usable else None

            return make

        yield tabulated(allow_extra_layer=False, sums_as_numbers=True)
        yield tabulated(allow_extra_layer=True, sums_as_numbers=True)
        yield tabulated(allow_extra_layer=False, sums_as_numbers=False)
        if denoise or not isinstance(node, Elementwise) or node.op != "mul" or not self.analysis.domain(node).numeric:
            return
        fits = [affine_fit(self.context.listed_values(node), target) for target in targets]
        if all(fit is not None for fit in fits):

            def squared() -> list[LinearForm]:
                product = self.product(node)
                return [product.scaled(*fit) for fit in fits if fit is not None]

            yield squared

    def _written(self, node: SOp, terms: Terms, denoise: NoiseRemoval) -> list[LinearForm]:
        forms = [term if isinstance(term, list) else self.neurons.write(node, term, denoise) for term in terms]
        return [sum_forms(one) for one in zip(*forms, strict=True)]


def _count_bends(terms: Terms) -> int:
    return sum(term.bends for term in terms if isinstance(term, RidgeFunctions))
