"""Blocks: attention heads, groups of neurons and outputs, before the schedule gives them a layer.

Blocks read linear forms and write directions (`forms`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..graph.graph import Selector, SOp
from ..graph.values import Scalar
from .forms import Direction, LinearForm
from .times import Time

Level = Literal["count", "mean", "retrieve", "pick"]


@dataclass
class Payload:
    """One number that a head moves: it adds the weighted mean of `form` over the keys, 0 at BOS, to `direction`."""

    form: LinearForm
    direction: Direction


@dataclass(kw_only=True)
class Head:
    """An attention head.

    The score of key k for query q is `sharpness * (key_only(k) + query_only(q) + sum of a(q) * b(k) over pairs)`.

    time: the half layer that it reads; it writes at `time + 1`.
    bos: BOS's score before sharpness; None: BOS must never win.
    scale: factor of what it writes; for counts, the weight of BOS over that of one selected key.
    error: bound on the relative error of the weights of selected keys.
    score_error: bound on the error of a score, before sharpness.
    tolerated: the score error, before sharpness, at which a selected key and another key would have equal scores.
    why: the reason for this `score_kind`, for people.
    """

    time: Time
    selector: Selector
    label: str
    level: Level
    score_kind: str
    why: str
    sharpness: float
    key_only: LinearForm
    query_only: LinearForm | None
    pairs: tuple[tuple[LinearForm, LinearForm], ...]
    bos: float | None
    scale: float
    error: float
    score_error: float
    tolerated: float
    payloads: list[Payload] = field(default_factory=list)

    @property
    def margin(self) -> float:
        """The score distance, before sharpness, of selected keys from the others, less all errors."""
        return 2 * (self.tolerated - self.score_error)

    def width(self) -> int:
        """The number of query/key dimensions, without the one that assembly may add for BOS."""
        return 1 + (self.query_only is not None) + len(self.pairs)


@dataclass
class NeuronGroup:
    """ReLU neurons that read one form s: `relu(+(s - knot))` and `relu(-(s - knot))`.

    knots: (orientation, knot) of each neuron; the orientation is 1 or -1.
    outputs: each written direction, with its coefficients by neuron.
    tolerated: the error of s at which neighbouring values would be confused; infinite where none are told apart.
    """

    time: Time
    input: LinearForm
    node: SOp
    label: str
    knots: list[tuple[int, float]] = field(default_factory=list)
    outputs: list[tuple[Direction, dict[int, float]]] = field(default_factory=list)
    tolerated: float = float("inf")

    def neuron(self, orientation: int, knot: float) -> int:
        """The index of that neuron, made if it is not there yet."""
        neuron = (orientation, knot)
        if neuron not in self._places:
            self._places[neuron] = len(self.knots)
            self.knots.append(neuron)
        return self._places[neuron]

    _places: dict[tuple[int, float], int] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class ClassDecode:
    """The output is the value whose logit is largest.  `logits[i]` belongs to `values[i]`."""

    values: tuple[Scalar, ...]
    logits: tuple[LinearForm, ...]


@dataclass(frozen=True)
class NumberDecode:
    """The output is the logit, moved to the nearest of `values`.

    Where these are too many to list (None), it is moved to the nearest fraction with a denominator of at most
    `max_denominator`; where that is None too, it is not moved."""

    logit: LinearForm
    lowest: Scalar
    highest: Scalar
    max_denominator: int | None
    values: tuple[Scalar, ...] | None = None


@dataclass(frozen=True)
class OutputBlock:
    """The logits of one output, as forms over the residual stream.

    error: bound on the error of a logit.  tolerated: the least error that changes an answer; 0 for a number that is
    returned as it is."""

    name: str
    node: SOp
    decode: ClassDecode | NumberDecode
    may_be_undefined: bool
    error: float
    tolerated: float


@dataclass(frozen=True)
class ValueReading:
    """A form whose value is a function of a node's value.

    numbers: the function, one number for each value of the node's domain, None for any number; without `numbers` the
    form is the node's value itself."""

    node: SOp
    numbers: tuple[float | None, ...] | None
    form: LinearForm


@dataclass
class Blocks:
    """Everything that lowering made.

    split_orders: some wide comparison was split into digits.
    readings: how values are read from directions, also from directions that no block needs."""

    heads: list[Head]
    groups: list[NeuronGroup]
    outputs: list[OutputBlock]
    attention_depth: int
    split_orders: bool = False
    readings: tuple[ValueReading, ...] = ()


def needed_directions(
    outputs: Sequence[OutputBlock], heads: Sequence[Head], groups: Sequence[NeuronGroup]
) -> set[Direction]:
    """Every direction that an output depends on."""
    heads_of: dict[Direction, list[tuple[Head, Payload]]] = {}
    for head in heads:
        for payload in head.payloads:
            heads_of.setdefault(payload.direction, []).append((head, payload))
    group_of = {direction: group for group in groups for direction, _ in group.outputs}
    needed: set[Direction] = set()
    stack: list[Direction] = []

    def visit(form: LinearForm) -> None:
        stack.extend(direction for direction, _ in form.terms if direction not in needed)

    for output in outputs:
        for logit in logits_of(output):
            visit(logit)
    while stack:
        direction = stack.pop()
        if direction in needed:
            continue
        needed.add(direction)
        for head, payload in heads_of.get(direction, ()):
            for form in (*head_forms(head), payload.form):
                visit(form)
        if direction in group_of:
            visit(group_of[direction].input)
    return needed


def query_forms(head: Head) -> list[LinearForm]:
    """The forms that a head's query reads."""
    forms = [query for query, _ in head.pairs]
    return forms if head.query_only is None else [head.query_only, *forms]


def key_forms(head: Head) -> list[LinearForm]:
    """The forms that a head's key reads."""
    return [head.key_only, *(key for _, key in head.pairs)]


def head_forms(head: Head) -> list[LinearForm]:
    """Every form that a head's scores read."""
    forms = [head.key_only, *(form for pair in head.pairs for form in pair)]
    return forms if head.query_only is None else [*forms, head.query_only]


def logits_of(output: OutputBlock) -> tuple[LinearForm, ...]:
    """The forms of an output's logit columns, in order."""
    return output.decode.logits if isinstance(output.decode, ClassDecode) else (output.decode.logit,)


def used_neurons(group: NeuronGroup) -> list[int]:
    """The indices of the neurons that write a direction, ascending."""
    return sorted({neuron for _, weights in group.outputs for neuron in weights})
