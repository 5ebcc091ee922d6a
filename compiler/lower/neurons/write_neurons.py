"""Neurons for functions of one linear form (ridge functions)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

import numpy as np

from ...blocks.blocks import NeuronGroup
from ...blocks.forms import UNIT, LinearForm, sum_forms
from ...graph.graph import SOp
from ..context import MAX_DENOISED_ERROR, Context, NoiseRemoval, as_form
from ..targets import TargetFunction, smallest_step
from .piecewise import Piecewise, interpolate, known_points, step_function

#: More neurons than this are never made for one expression.
MAX_NEURONS = 1 << 15
#: An interpolation may pass on this error, as a fraction of the smallest step between two target numbers.
MAX_PASSED_ERROR = 2.0**-8
#: A step function with more rounding than `MAX_PASSED_ERROR` replaces an interpolation whose error is so many times
#: larger.
MIN_STEP_FUNCTION_GAIN = 64


@dataclass(frozen=True)
class RidgeFunctions:
    """Functions of one linear form.

    `points`: the form's possible values, ascending.  `targets[f][i]`: the number that function f takes at `points[i]`.
    `bends`: the number of neurons that all functions take together if they are linear between the points."""

    form: LinearForm
    points: tuple[float, ...]
    targets: tuple[TargetFunction, ...]
    bends: int


class NeuronWriter:
    """Writes neurons and the directions that they feed."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def write(self, node: SOp, ridge: RidgeFunctions, denoise: NoiseRemoval) -> list[LinearForm]:
        """One form for each function, over shared neurons.  `node` owns the directions.

        Raises C204 if the form's error is too large to tell its points apart."""
        group = self.context.group(ridge.form, node)
        return [self._write_one(node, group, ridge, target, denoise=denoise) for target in ridge.targets]

    def _write_one(
        self, node: SOp, group: NeuronGroup, ridge: RidgeFunctions, target: TargetFunction, *, denoise: NoiseRemoval
    ) -> LinearForm:
        points, numbers = known_points(ridge.points, target)
        error = ridge.form.error
        gap = min((b - a for a, b in pairwise(points)), default=inf)
        step = smallest_step(numbers)
        shape = interpolate(points, numbers, error == 0)
        passed = MAX_DENOISED_ERROR if denoise else MAX_PASSED_ERROR
        if shape.steepness * error > passed * step:
            if error >= gap / 4 and shape.steepness * error >= step / 4:
                raise self.context.refuse(
                    node,
                    "C204",
                    f"what it reads is known to within {error:.2g} only, and its values stand {gap:.2g} apart "
                    f"({self.context.describe_leaves(node)})",
                    self.context.hint_for(
                        node, "use a shorter max_length or a smaller vocabulary, or combine fewer values at once"
                    ),
                )
            steps = step_function(points, numbers, _is_order_free(ridge.form))
            through = shape.rounding + shape.steepness * error
            if steps.rounding <= through and (
                denoise
                or steps.rounding <= MAX_PASSED_ERROR * step
                or through > MIN_STEP_FUNCTION_GAIN * steps.rounding
            ):
                shape = steps
        group.tolerated = min(group.tolerated, gap / 4)
        return self._direction(node, group, shape, ridge.form, numbers=numbers)

    def _direction(
        self, node: SOp, group: NeuronGroup, shape: Piecewise, form: LinearForm, *, numbers: Sequence[float]
    ) -> LinearForm:
        """The form of a piecewise linear function; its neurons, if it has any, write a new direction."""
        low, high = min(numbers), max(numbers)
        linear = form.scaled(shape.slope, shape.constant)
        error = shape.steepness * form.error + shape.rounding
        if not shape.neurons:
            return LinearForm(linear.terms, linear.constant, low, high, error)
        weights = {group.neuron(orientation, knot): coefficient for orientation, knot, coefficient in shape.neurons}
        ends = [value - shape.slope * end for value in (low, high) for end in (form.low, form.high)]
        direction = self.context.direction(
            role="neurons", node=node, kind="scalar", label=self.context.describe(node), time=group.time.written,
            low=min(ends) - shape.constant, high=max(ends) - shape.constant, error=error, rounding=shape.rounding,
        )  # fmt: skip
        group.outputs.append((direction, weights))
        total = (
            sum_forms([as_form(direction), linear]) if linear.terms else as_form(direction).scaled(1.0, shape.constant)
        )
        if error > 0:  # whoever reads the sum rounds once more
            error += 2 * UNIT * total.reach
        return LinearForm(total.terms, total.constant, low, high, error)


def _is_order_free(form: LinearForm) -> bool:
    """Every neuron that reads the form gets the same float32 number, in whatever order the terms are added.

    True for at most two terms with exact products (coefficients that are powers of two)."""
    return len(form.terms) <= 2 and all(abs(np.frexp(coefficient)[0]) == 0.5 for _, coefficient in form.terms)
