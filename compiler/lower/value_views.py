"""Views of values: any numeric function of an s-op as a linear form, as early and as cheaply as possible.

In order of preference:

- a constant is free;
- the embedding writes a function of the token alone or the index alone;
- where a head retrieves one value v, it retrieves f(v) instead;
- an affine function of a number in the residual stream is a linear form;
- any other function takes one layer of neurons (`neurons/joint_functions.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import inf

import numpy as np

from ..analysis.affine import Affine
from ..analysis.joint_tables import TableColumn, evaluate
from ..analysis.node_facts import MAX_GRID
from ..blocks.blocks import ValueReading
from ..blocks.forms import LinearForm, constant_form, sum_forms, to_float
from ..graph.graph import Aggregate, Constant, Indices, SelectorSum, SelectorWidth, SOp, Tokens
from ..graph.values import Scalar, Undefined, Value
from ..work_limit import spend
from .attention.aggregates import Aggregates
from .context import MAX_DENOISED_ERROR, Context, NoiseRemoval
from .embeddings import Embeddings
from .neurons.joint_functions import JointFunctions
from .neurons.tabulation import MAX_TABLES_PER_EXPRESSION
from .ready_times import ReadyTimes, is_computed
from .targets import TargetFunction, affine_fit, constant_of

#: Step functions remove the noise of numbers with at most this many values.
MAX_DENOISED_VALUES = 2048


#: Target numbers that are handled in the time of one step (`work_limit.spend`).
NUMBERS_PER_STEP = 4


class ValueViews:
    """Implements `views.Views`.  Memoised: the same function of the same node is made once."""

    #: The makers that read values through these views; set once, by `connect`.
    joint: JointFunctions
    aggregates: Aggregates

    def __init__(self, context: Context, times: ReadyTimes) -> None:
        self.context = context
        self.analysis = context.analysis
        self.times = times
        self.embeddings = Embeddings(context)
        self._identities: dict[SOp, LinearForm] = {}
        self._functions: dict[tuple[SOp, TargetFunction, NoiseRemoval], LinearForm] = {}
        self._places: dict[tuple[SOp, SOp], tuple[int | None, ...]] = {}

    def connect(self, joint: JointFunctions, aggregates: Aggregates) -> None:
        """Sets the makers of functions and of aggregates, which themselves read values through these views."""
        self.joint, self.aggregates = joint, aggregates

    def readings(self) -> tuple[ValueReading, ...]:
        """Every form that was made, with the value that it gives."""
        numbers = [ValueReading(node, None, form) for node, form in self._identities.items()]
        return (*numbers, *(ValueReading(node, target, form) for (node, target, _), form in self._functions.items()))

    # ---- numbers --------------------------------------------------------------------------------

    def identity(self, node: SOp) -> LinearForm:
        """The number that the node holds.  Raises RaspError if no form is exact or in float32's range (C205)."""
        if node not in self._identities:
            domain = self.analysis.domain(node)
            listed = [value for value in domain.values or () if not isinstance(value, str)]
            self.context.require_range(node, map(to_float, (domain.lowest, domain.highest, *listed)))
            form = self._identity(node)
            self._identities[node] = form.bounded(float(domain.lowest), float(domain.highest))
        return self._identities[node]

    def combination(self, affine: Affine) -> LinearForm:
        """An affine combination of numbers, without its constant."""
        for atom, coefficient in affine.terms:
            self.context.require_range(atom, [to_float(coefficient)])
        return sum_forms([self.identity(atom).scaled(to_float(c)) for atom, c in affine.terms])

    def denoised(self, node: SOp, tolerance: float) -> LinearForm:
        """The number that the node holds; a step function of it if that is more exact and the error of the number
        exceeds `tolerance`."""
        form = self.identity(node)
        values = self.analysis.domain(node).values
        if form.error <= tolerance or values is None or len(values) > MAX_DENOISED_VALUES:
            return form
        steps = self.function(node, tuple(map(to_float, values)), denoise=NoiseRemoval.STEP_FUNCTION)
        return min(form, steps, key=lambda found: found.error)

    def _identity(self, node: SOp) -> LinearForm:
        match node:
            case Constant(value=value):
                return constant_form(to_float(value))
            case Tokens() | Indices():
                (form,) = self.embeddings.functions(node, [tuple(map(to_float, self.context.listed_values(node)))])
                return form
            case SelectorWidth():
                return self.aggregates.width(node)
            case SelectorSum():
                return self.aggregates.total(node)
            case Aggregate():
                return self.aggregates.number(node)
            case _:
                pass
        affine = self.analysis.affine(node)
        if affine is None:
            raise AssertionError(f"node {node.id} is not a number")
        if not any(atom is node for atom, _ in affine.terms):
            terms = [self.identity(atom).scaled(to_float(c)) for atom, c in affine.terms]
            return sum_forms([*terms, constant_form(to_float(affine.constant))])
        if self.analysis.domain(node).values is None:
            return self.joint.product(node)
        return self.function(node, tuple(map(to_float, self.context.listed_values(node))))

    # ---- functions ------------------------------------------------------------------------------

    def functions(
        self, node: SOp, targets: Sequence[TargetFunction], *, denoise: NoiseRemoval = NoiseRemoval.NONE
    ) -> list[LinearForm]:
        """One form for each target function of the node's value.

        Raises RaspError if no form is exact, if the domain cannot be listed (C201), or if a number is outside
        float32's range (C205)."""
        missing = [t for t in dict.fromkeys(targets) if (node, t, denoise) not in self._functions]
        if missing:
            spend(len(missing) * len(missing[0]) // NUMBERS_PER_STEP, node)
            self.context.require_range(node, (number for target in missing for number in target if number is not None))
            varying = []
            for target in missing:
                constant = constant_of(target)
                if constant is None:
                    varying.append(target)
                else:
                    self._functions[node, target, denoise] = constant_form(constant)
            for target, form in zip(varying, self._make(node, varying, denoise) if varying else (), strict=True):
                present = [number for number in target if number is not None]
                self._functions[node, target, denoise] = form.bounded(min(present), max(present))
        return [self._functions[node, target, denoise] for target in targets]

    def function(self, node: SOp, target: TargetFunction, *, denoise: NoiseRemoval = NoiseRemoval.NONE) -> LinearForm:
        """One target function of the node's value, as in `functions`."""
        (form,) = self.functions(node, [target], denoise=denoise)
        return form

    def indicators(
        self, node: SOp, sets: Sequence[frozenset[int]], *, denoise: NoiseRemoval = NoiseRemoval.NONE
    ) -> list[LinearForm]:
        """For each set of positions in the node's domain: 1 where the node's value is one of them, 0 elsewhere.

        Raises C201 for more sets than neurons could tell apart, before any table is made; otherwise as `functions`."""
        size = len(self.context.listed_values(node))
        if size * len(sets) > MAX_TABLES_PER_EXPRESSION * MAX_GRID and not self._is_carried(node):
            raise self.context.too_many_values(node)
        targets = [_indicator(size, places) for places in sets]
        return self.functions(node, targets, denoise=denoise)

    def _make(self, node: SOp, targets: Sequence[TargetFunction], denoise: NoiseRemoval) -> list[LinearForm]:
        """Forms for functions that are not constant."""
        values = self.context.listed_values(node)
        leaves = self.analysis.leaves(node)
        if denoise is NoiseRemoval.NESTED_STEP_FUNCTIONS:
            if all(isinstance(leaf, (Tokens, Indices)) for leaf in leaves) or len(values) > MAX_DENOISED_VALUES:
                return self.functions(node, targets, denoise=NoiseRemoval.STEP_FUNCTION)
            return self._nested_steps(node, values, targets)
        if len(leaves) == 1:
            (leaf,) = leaves
            carried = self.times.carries_functions(leaf)
            if leaf is not node and (carried or self.analysis.domain(leaf).values is not None):
                moved = [self._of_leaf(node, leaf, target) for target in targets]
                return self.functions(leaf, moved, denoise=denoise)
            if carried and isinstance(leaf, (Tokens, Indices)):
                return self.embeddings.functions(leaf, targets)
            if carried:
                assert isinstance(leaf, Aggregate)
                return self.aggregates.retrieved(leaf, targets, values)
        domain = self.analysis.domain(node)
        if isinstance(node, Aggregate) and not domain.numeric:
            raise self.aggregates.mean_of_strings(node)
        if domain.numeric and self._is_linear(node):
            fits = [affine_fit(values, target) for target in targets]
            if all(fit is not None for fit in fits):
                form = self.identity(node)
                if not denoise or form.error <= MAX_DENOISED_ERROR * _spacing(values):
                    return [form.scaled(*fit) for fit in fits if fit is not None]
        return self.joint.functions(node, targets, denoise)

    def _nested_steps(
        self, node: SOp, values: tuple[Scalar, ...], targets: Sequence[TargetFunction]
    ) -> list[LinearForm]:
        """Step functions of a number that a step function gives: the value's position in its domain, or the value."""
        places = tuple(map(float, range(len(values))))
        known = [(self.function(node, places, denoise=NoiseRemoval.STEP_FUNCTION), places)]
        if self.analysis.domain(node).numeric:
            known.append((self.identity(node), tuple(map(to_float, values))))
        form, points = min(known, key=lambda pair: pair[0].error / _spacing(pair[1]))
        return self.joint.of_number(node, form, points, targets)

    def _is_carried(self, node: SOp) -> bool:
        """Any function of the node takes no neurons, because the one leaf that it depends on carries it."""
        leaves = self.analysis.leaves(node)
        return len(leaves) == 1 and all(map(self.times.carries_functions, leaves))

    def _is_linear(self, node: SOp) -> bool:
        """The node's number is a sum of other numbers, or a leaf."""
        affine = self.analysis.affine(node)
        return affine is not None and (not is_computed(node) or not any(atom is node for atom, _ in affine.terms))

    def _of_leaf(self, node: SOp, leaf: SOp, target: TargetFunction) -> TargetFunction:
        """A target function of `node` as a function of the one leaf that it depends on."""
        if (node, leaf) not in self._places:
            values = self.context.listed_values(leaf)
            column = evaluate(node, {leaf: TableColumn((0,), np.arange(len(values)), values)}, [len(values)])
            positions = self.analysis.domain(node).positions
            self._places[node, leaf] = tuple(
                _place(positions, column.values[code]) for code in column.codes.ravel().tolist()
            )
        return tuple(None if place is None else target[place] for place in self._places[node, leaf])


def _indicator(size: int, places: frozenset[int]) -> TargetFunction:
    numbers = [0.0] * size
    for place in places:
        numbers[place] = 1.0
    return tuple(numbers)


def _place(positions: dict[Scalar, int], value: Value) -> int | None:
    """A value's position in a domain; None if the value is undefined or cannot occur."""
    return None if isinstance(value, Undefined) else positions.get(value)


def _spacing(values: Sequence[Scalar]) -> float:
    """The smallest distance between two of the (ascending) numbers."""
    numbers = list(map(to_float, values))
    return min((b - a for a, b in itertools.pairwise(numbers)), default=inf)
