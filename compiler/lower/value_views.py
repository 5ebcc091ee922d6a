"""Values have views: makes any numeric function of an s-op readable as a linear form, as early and cheaply as it can.

A *wanted* function of a node is a tuple of numbers aligned with the node's listed domain (None: any number will do).
In order of preference:

- a constant is free;
- a function of the token alone or the index alone is written by the embedding;
- a function of a value that a head merely retrieves is retrieved instead of the value (`f(v[j])` for `v[j]`);
- an affine function of a number that is there already is a linear form;
- anything else is a joint function of what is there, computed by one layer of neurons (`joint`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from math import inf, isfinite

import numpy as np

from ..analysis.joint_tables import TableColumn, evaluate
from ..blocks.blocks import (
    Direction,
    LinearForm,
    Role,
    ValueReading,
    constant_form,
    in_range,
    representation,
    sum_forms,
    to_float,
)
from ..graph.graph import (
    Aggregate,
    Attended,
    Constant,
    Elementwise,
    Indices,
    SelectorSum,
    SelectorWidth,
    SOp,
    Table,
    Tokens,
)
from ..graph.values import Scalar, Undefined, Value
from .context import Context, NoiseRemoval, as_form, next_mlp
from .neurons.joint_functions import JointFunctions, affine_fit

Wanted = tuple[float | None, ...]


class ValueViews:
    """Memoised: the same function of the same node is made once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.analysis = context.analysis
        self.joint = JointFunctions(context)
        self._identities: dict[SOp, LinearForm] = {}
        self._functions: dict[tuple[SOp, Wanted, NoiseRemoval], LinearForm] = {}
        self._embedded: dict[tuple[str, tuple[float, ...]], tuple[Direction, float, float]] = {}
        self._one_hot: dict[SOp, tuple[Direction, ...]] = {}
        self._times: dict[SOp, int] = {}
        self._seen: dict[tuple[SOp, SOp], tuple[int | None, ...]] = {}

    # ---- when -----------------------------------------------------------------------------------

    def leaf_time(self, leaf: SOp) -> int:
        """When a leaf's value is in the residual stream."""
        if leaf not in self._times:
            self._times[leaf] = self.context.heads.time(leaf) if isinstance(leaf, Attended) else 0
        return self._times[leaf]

    def number_time(self, node: SOp) -> int:
        """When a numeric node can be read as a linear form."""
        affine = self.analysis.affine(node)
        if affine is None:
            return self.function_time(node)
        times = [self.leaf_time(atom) if not _computed(atom) else self.function_time(atom) for atom, _ in affine.terms]
        return max(times, default=0)

    def function_time(self, node: SOp) -> int:
        """When any function of the node can be read as a linear form."""
        leaves = self.analysis.leaves(node)
        latest = max((self.leaf_time(leaf) for leaf in leaves), default=0)
        if not leaves or (len(leaves) == 1 and self.carries(next(iter(leaves)))):
            return latest
        return next_mlp(latest) + 1

    def carries(self, leaf: SOp) -> bool:
        """Any function of this leaf's value can be had instead of the value: it is embedded, or retrieved unchanged."""
        match leaf:
            case Tokens() | Indices():
                return True
            case Aggregate():
                return self.analysis.domain(leaf).values is not None and self.analysis.retrieves(leaf)
            case _:
                return False

    # ---- what -----------------------------------------------------------------------------------

    def readings(self) -> tuple[ValueReading, ...]:
        """Every form that was made, and what it gives."""
        numbers = [ValueReading(node, None, form) for node, form in self._identities.items()]
        return (*numbers, *(ValueReading(node, want, form) for (node, want, _), form in self._functions.items()))

    def identity(self, node: SOp) -> LinearForm:
        """The number that the node holds.  Raises RaspError when no exact form exists."""
        if node not in self._identities:
            domain = self.analysis.domain(node)
            listed = [value for value in domain.values or () if not isinstance(value, str)]
            self.within_range(node, map(to_float, (domain.lowest, domain.highest, *listed)))
            form = self._identity(node)
            self._identities[node] = form.bounded(float(domain.lowest), float(domain.highest))
        return self._identities[node]

    def functions(
        self, node: SOp, wanted: Sequence[Wanted], *, snap: NoiseRemoval = NoiseRemoval.NONE
    ) -> list[LinearForm]:
        """One form for each wanted function of the node's value.

        `snap`: no error of what is read may pass through, so that equal values give equal numbers to within rounding;
        or (`TWICE`) stairs over the number of the value, which have at most a few steps and round hardly at all.
        """
        missing = [w for w in dict.fromkeys(wanted) if (node, w, snap) not in self._functions]
        if missing:
            self.within_range(node, (number for want in missing for number in want if number is not None))
            moving = []
            for want in missing:
                constant = _constant(want)
                if constant is None:
                    moving.append(want)
                else:
                    self._functions[node, want, snap] = constant_form(constant)
            for want, form in zip(moving, self._make(node, moving, snap) if moving else (), strict=True):
                present = [value for value in want if value is not None]
                self._functions[node, want, snap] = form.bounded(min(present), max(present))
        return [self._functions[node, want, snap] for want in wanted]

    def function(self, node: SOp, want: Wanted, *, snap: NoiseRemoval = NoiseRemoval.NONE) -> LinearForm:
        """One wanted function of the node's value, as in `functions`."""
        (form,) = self.functions(node, [want], snap=snap)
        return form

    def settled(self, node: SOp, tolerance: float) -> LinearForm:
        """The number that the node holds, by stairs if it is known less well than `tolerance` otherwise."""
        form = self.identity(node)
        values = self.analysis.domain(node).values
        if form.error <= tolerance or values is None or len(values) > MAX_SETTLED:
            return form
        flat = self.function(node, tuple(map(to_float, values)), snap=NoiseRemoval.STEP_FUNCTION)
        return min(form, flat, key=lambda found: found.error)

    def indicators(
        self, node: SOp, sets: Sequence[frozenset[int]], *, snap: NoiseRemoval = NoiseRemoval.NONE
    ) -> list[LinearForm]:
        """For each set of places in the node's domain: 1 where its value is one of them, 0 elsewhere."""
        size = len(self.values(node))
        return self.functions(node, [tuple(float(i in places) for i in range(size)) for places in sets], snap=snap)

    def values(self, node: SOp) -> tuple[Scalar, ...]:
        """The node's listed domain.  Raises RaspError when it is too large to be listed."""
        values = self.analysis.domain(node).values
        if values is None:
            raise self.context.refuse(
                node,
                "C201",
                f"it can take too many values ({self.analysis.domain(node).describe()}) to be looked up in a table",
                "use a shorter max_length or a smaller vocabulary, or round the value first",
            )
        return values

    def within_range(self, node: SOp, numbers: Iterable[float]) -> None:
        """Refuses numbers that the residual stream cannot hold."""
        outside = next((number for number in numbers if not in_range(number)), None)
        if outside is not None:
            size = "large" if abs(outside) > 1 else "close to 0"
            text = f"{outside:.3g}" if isfinite(outside) else "10^308"
            raise self.context.refuse(
                node,
                "C205",
                f"numbers as {size} as {text} are beyond what float32 can be counted with",
                "use numbers of 10^-18 to 10^18",
            )

    def _identity(self, node: SOp) -> LinearForm:
        match node:
            case Constant(value=value):
                return constant_form(to_float(value))
            case Tokens() | Indices():
                (form,) = self._embed(node, [tuple(map(to_float, self.values(node)))])
                return form
            case SelectorWidth():
                return self.context.heads.width(node)
            case SelectorSum():
                return self.context.heads.total(node)
            case Aggregate():
                return self.context.heads.number(node)
            case _:
                pass
        affine = self.analysis.affine(node)
        if affine is None:
            raise AssertionError(f"node {node.id} is not a number")
        if not any(atom is node for atom, _ in affine.terms):
            parts = [self.identity(atom).scaled(to_float(c)) for atom, c in affine.terms]
            return sum_forms([*parts, constant_form(to_float(affine.constant))])
        if self.analysis.domain(node).values is None:
            return self.joint.product(node)
        return self.function(node, tuple(map(to_float, self.values(node))))

    def _make(self, node: SOp, wanted: Sequence[Wanted], snap: NoiseRemoval) -> list[LinearForm]:
        """Forms for functions that are not constant."""
        values = self.values(node)
        leaves = self.analysis.leaves(node)
        if snap is NoiseRemoval.NESTED_STEP_FUNCTIONS:
            if all(isinstance(leaf, (Tokens, Indices)) for leaf in leaves) or len(values) > MAX_SETTLED:
                return self.functions(node, wanted, snap=NoiseRemoval.STEP_FUNCTION)
            places = tuple(map(float, range(len(values))))
            known = [(self.function(node, places, snap=NoiseRemoval.STEP_FUNCTION), places)]
            if self.analysis.domain(node).numeric:
                known.append((self.identity(node), tuple(map(to_float, values))))
            form, points = min(known, key=lambda pair: pair[0].error / _spacing(pair[1]))
            return self.joint.of_number(node, form, points, wanted)
        if len(leaves) == 1:
            (leaf,) = leaves
            if self.carries(leaf):
                if leaf is not node:
                    return self.functions(leaf, [self._through(node, leaf, want) for want in wanted], snap=snap)
                if isinstance(leaf, (Tokens, Indices)):
                    return self._embed(leaf, wanted)
                assert isinstance(leaf, Aggregate)
                return self.context.heads.retrieved(leaf, wanted, values)
            if leaf is not node and self.analysis.domain(leaf).values is not None:
                return self.functions(leaf, [self._through(node, leaf, want) for want in wanted], snap=snap)
        domain = self.analysis.domain(node)
        if isinstance(node, Aggregate) and not domain.numeric:
            raise self.context.heads.mixed(node)
        if domain.numeric and self._is_affine(node):
            fits = [affine_fit(values, want) for want in wanted]
            if all(fit is not None for fit in fits):
                form = self.identity(node)
                if not snap or form.error <= SNAPPED * _spacing(values):
                    return [form.scaled(*fit) for fit in fits if fit is not None]
        return self.joint.functions(node, wanted, snap)

    def _is_affine(self, node: SOp) -> bool:
        """The node's number is a sum of other numbers, or a leaf."""
        affine = self.analysis.affine(node)
        return affine is not None and (not _computed(node) or not any(atom is node for atom, _ in affine.terms))

    def _through(self, node: SOp, leaf: SOp, want: Wanted) -> Wanted:
        """The wanted function of `node` as a function of the one leaf that it depends on."""
        if (node, leaf) not in self._seen:
            values = self.values(leaf)
            column = evaluate(node, {leaf: TableColumn((0,), np.arange(len(values)), values)}, [len(values)])
            positions = self.analysis.domain(node).positions
            self._seen[node, leaf] = tuple(
                _place(positions, column.values[code]) for code in column.codes.ravel().tolist()
            )
        return tuple(None if place is None else want[place] for place in self._seen[node, leaf])

    # ---- embeddings -----------------------------------------------------------------------------

    def _embed(self, leaf: SOp, wanted: Sequence[Wanted]) -> list[LinearForm]:
        values = self.values(leaf)
        numeric = self.analysis.domain(leaf).numeric
        many = len(wanted) >= max(3, len(values) - 1)
        if leaf in self._one_hot or many or (not numeric and not self.context.options.small):
            return [self._from_one_hot(leaf, want) for want in wanted]
        return [self._own_direction(leaf, want) for want in wanted]

    def _from_one_hot(self, leaf: SOp, want: Wanted) -> LinearForm:
        if leaf not in self._one_hot:
            text = self.context.describe(leaf)
            values = self.values(leaf)
            self._one_hot[leaf] = tuple(
                self.context.direction(
                    "tokens" if isinstance(leaf, Tokens) else "indices", leaf, "one-hot", f"{text} = {value}",
                    time=0, low=0.0, high=1.0, error=0.0, value=value,
                    data=self._by_id(leaf, [float(other == place) for other in range(len(values))]),
                )
                for place, value in enumerate(values)
            )  # fmt: skip
        numbers = _filled(want)
        terms = tuple((d, number) for d, number in zip(self._one_hot[leaf], numbers, strict=True) if number != 0)
        return LinearForm(terms, 0.0, min(numbers), max(numbers), max(map(representation, numbers)))

    def _own_direction(self, leaf: SOp, want: Wanted) -> LinearForm:
        """A direction that the embedding writes; functions that are affine in one another share it."""
        numbers = _filled(want)
        role: Role = "tokens" if isinstance(leaf, Tokens) else "indices"
        low, high = min(numbers), max(numbers)
        shape = tuple((number - low) / (high - low) for number in numbers)
        flipped = tuple((high - number) / (high - low) for number in numbers)
        for key, sign in ((shape, 1), (flipped, -1)):
            found = self._embedded.get((role, key))
            if found is not None:
                direction, first_low, first_high = found
                factor = sign * (high - low) / (first_high - first_low)
                start = low if sign == 1 else high
                return as_form(direction).scaled(factor, start - factor * first_low).bounded(low, high)
        values = self.values(leaf)
        text = self.context.describe(leaf)
        identity = all(
            not isinstance(value, str) and number == value for number, value in zip(numbers, values, strict=True)
        )
        label = text if identity else _feature_label(text, values, numbers)
        direction = self.context.direction(
            role, leaf, "scalar" if identity else "feature", label,
            time=0, low=low, high=high, error=max(map(representation, numbers)), data=self._by_id(leaf, numbers),
        )  # fmt: skip
        self._embedded[role, shape] = (direction, low, high)
        return as_form(direction)

    def _by_id(self, leaf: SOp, numbers: Sequence[float]) -> tuple[float, ...]:
        """Numbers in the order of the leaf's domain, in the order of token ids (indices stay as they are)."""
        if not isinstance(leaf, Tokens):
            return tuple(numbers)
        positions = self.analysis.domain(leaf).positions
        return tuple(numbers[positions[token]] for token in self.analysis.space.vocabulary)


#: Numbers with more values than this are not made exact by stairs.
MAX_SETTLED = 2048

#: What `snap` lets pass, relative to the spacing of the values.
SNAPPED = 2.0**-20


def _place(positions: dict[Scalar, int], value: Value) -> int | None:
    """A value's place in a domain; None where the value is undefined or cannot occur."""
    return None if isinstance(value, Undefined) else positions.get(value)


def _computed(node: SOp) -> bool:
    return isinstance(node, (Elementwise, Table))


def _constant(want: Wanted) -> float | None:
    """The one number that satisfies the wanted function, if one does."""
    present = {number for number in want if number is not None}
    if len(present) > 1:
        return None
    return present.pop() if present else 0.0


def _filled(want: Wanted) -> list[float]:
    """The wanted numbers, with one of them where any will do."""
    spare = next(number for number in want if number is not None)
    return [spare if number is None else number for number in want]


def _spacing(values: Sequence[Scalar]) -> float:
    """The smallest distance between two of the (ascending) numbers."""
    numbers = list(map(to_float, values))
    return min((b - a for a, b in itertools.pairwise(numbers)), default=inf)


def _feature_label(text: str, values: Sequence[Scalar], numbers: Sequence[float]) -> str:
    ones = [value for value, number in zip(values, numbers, strict=True) if number == 1.0]
    if set(numbers) <= {0.0, 1.0}:
        listed = ", ".join(map(str, ones[:4])) + (", ..." if len(ones) > 4 else "")
        return f"{text} = {listed}" if len(ones) == 1 else f"{text} in {{{listed}}}"
    return f"f({text})"
