"""The block IR: pieces of transformer that do not yet know their place.

A *direction* is one basis vector of the residual stream.  A *form* is an affine function of directions:
what a query, a key, a value, a neuron or a logit reads.  Blocks (heads, neuron groups) read forms and
write directions.

Time counts half layers: 0 is the embedding, 2l-1 what the attention of layer l has written, 2l what its MLP
has written.  A head of layer l reads what is there at 2l-2, a neuron what is there at 2l-1.

At the BOS position every direction is exactly zero except the one that marks BOS.  Heads and neurons are built
so that this stays true, hence the value of any form at BOS is its constant, which the reader subtracts
exactly (`assemble`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf, nextafter
from typing import Literal

import numpy as np

from ..graph.graph import Selector, SOp
from ..graph.values import Scalar

Role = Literal["tokens", "indices", "head", "neurons"]
DirectionKind = Literal["one-hot", "scalar", "feature"]
Level = Literal["count", "mean", "retrieve"]

#: Unit roundoff of float32.
UNIT = 2.0**-24
#: No other number than 0 and those between these may be held by a direction: float32 ends at 2^128 and 2^-126.
LARGEST = 2.0**62
SMALLEST = 2.0**-62
#: What rounds to infinity in float32.
BEYOND = 2.0**128 - 2.0**103


@dataclass(frozen=True, eq=False)
class Direction:
    """One basis vector of the residual stream.

    `low`, `high`: bounds of its value over all positions but BOS.  `error`: bound on |float32 value - exact value|,
    where the latter is defined; `rounding` is the part of it that is not passed on from what was read.  `data`: for an
    embedded direction, its value for each token id or index.
    """

    id: int
    role: Role
    node: SOp
    kind: DirectionKind
    value: Scalar | None
    label: str
    time: int
    low: float
    high: float
    error: float
    data: tuple[float, ...] = ()
    rounding: float = 0.0


@dataclass(frozen=True)
class LinearForm:
    """`constant + sum of coefficient * direction`; `low`, `high` bound its exact value, `error` its float32 error."""

    terms: tuple[tuple[Direction, float], ...]
    constant: float
    low: float
    high: float
    error: float

    @property
    def time(self) -> int:
        return max((direction.time for direction, _ in self.terms), default=0)

    @property
    def size(self) -> float:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))

    @property
    def reach(self) -> float:
        """The largest sum of the absolute terms: what the rounding of a reader is relative to."""
        shared: dict[SOp, float] = {}
        total = abs(self.constant)
        for direction, coefficient in self.terms:
            size = abs(coefficient) * max(abs(direction.low), abs(direction.high))
            if direction.kind == "one-hot":  # one of them at a time
                shared[direction.node] = max(shared.get(direction.node, 0.0), size)
            else:
                total += size
        return total + sum(shared.values())

    @property
    def rounding(self) -> float:
        """The part of the error that does not come from the error of what the directions' writers read."""
        own = sum(abs(coefficient) * direction.rounding for direction, coefficient in self.terms)
        return own + (2 * UNIT * self.reach if self.error > 0 else 0.0)

    def key(self) -> tuple[object, ...]:
        return (*((direction.id, coefficient) for direction, coefficient in self.terms), self.constant)

    def scaled(self, factor: float, shift: float = 0.0) -> LinearForm:
        """`factor * self + shift`."""
        ends = (factor * self.low + shift, factor * self.high + shift)
        terms = tuple((direction, factor * coefficient) for direction, coefficient in self.terms) if factor != 0 else ()
        error = abs(factor) * self.error
        if terms and representation(factor) > 0:  # the weights hold the factor rounded
            error += 2 * UNIT * abs(factor) * self.reach
        return LinearForm(terms, factor * self.constant + shift, min(ends), max(ends), error)

    def bounded(self, low: float, high: float) -> LinearForm:
        """The same form, known to stay in `low..high` as well."""
        return LinearForm(self.terms, self.constant, max(self.low, low), min(self.high, high), self.error)


def representation(number: float) -> float:
    """The error of storing a number as float32."""
    if abs(number) >= BEYOND:
        return inf
    return 0.0 if float(np.float32(number)) == number else UNIT * abs(number)


def to_float(value: Scalar) -> float:
    """A number of the program as the lowering counts with it, infinite beyond float64's range.

    It is the nearest float64, or the next one where float32 holds that but not the value (2^60 for 2^60 + 1), so that
    `representation` sees the difference."""
    assert not isinstance(value, str)
    if isinstance(value, int) and abs(value) <= 2**53:
        return float(value)
    try:
        nearest = float(value)
    except OverflowError:
        return inf if value > 0 else -inf
    # Few numbers that are no integers are float32's: comparing with the value itself is slow.
    if representation(nearest) == 0 and nearest != value:
        return nextafter(nearest, inf if value > nearest else -inf)
    return nearest


def in_range(number: float) -> bool:
    """Sums and squares of such numbers stay in float32's range."""
    return number == 0 or SMALLEST <= abs(number) <= LARGEST


def constant_form(value: float) -> LinearForm:
    return LinearForm((), value, value, value, 0.0)


def sum_forms(forms: Iterable[LinearForm]) -> LinearForm:
    """The sum; its bounds are the sums of bounds, its error allows for rounding in the sum."""
    terms: dict[Direction, float] = {}
    constant = low = high = error = rounding = 0.0
    count = 0
    for form in forms:
        for direction, coefficient in form.terms:
            terms[direction] = terms.get(direction, 0.0) + coefficient
        constant, low, high = constant + form.constant, low + form.low, high + form.high
        error += form.error
        rounding += form.reach
        count += 1
    kept = tuple(sorted(((d, c) for d, c in terms.items() if c != 0), key=lambda term: term[0].id))
    if count > 1 and error > 0:  # exact small integers add up exactly
        error += 2 * UNIT * rounding
    return LinearForm(kept, constant, low, high, error)


@dataclass
class Payload:
    """One value that a head moves: `direction` receives the weighted mean of `form` (0 at BOS)."""

    form: LinearForm
    direction: Direction


@dataclass
class Head:
    """An attention head.

    The score of key k for query q is `sharpness * (key_only(k) + query_only(q) + sum of a(q) * b(k) over pairs)`.
    `bos`: BOS's score before sharpness (None: BOS must never win).  `time`: what it reads is there at `time`,
    what it writes at `time + 1`.  `scale` multiplies what is written (for counts: the weight of BOS over that of
    a selected key).  `error` bounds the relative error of the weights of selected keys, `score_error` the error of a
    score before sharpness; `tolerated` is the score error at which a selected key and another would meet.  `why` says
    why the selector took this `form`.
    """

    time: int
    selector: Selector
    label: str
    level: Level
    form: str
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
        """The score distance between what is selected and what is not, after all errors."""
        return 2 * (self.tolerated - self.score_error)

    def width(self) -> int:
        """Query/key dimensions, without what assembly may add for BOS."""
        return 1 + (self.query_only is not None) + len(self.pairs)


@dataclass
class NeuronGroup:
    """ReLU neurons that read one form s: `relu(+(s - knot))` and `relu(-(s - knot))`.

    `knots[i]` is (orientation, knot).  `outputs` gives each written direction its coefficients by neuron.
    `tolerated` is the error of s at which neighbouring values would be confused.
    """

    time: int
    input: LinearForm
    node: SOp
    label: str
    knots: list[tuple[int, float]] = field(default_factory=list)
    outputs: list[tuple[Direction, dict[int, float]]] = field(default_factory=list)
    tolerated: float = float("inf")

    def neuron(self, orientation: int, knot: float) -> int:
        """The index of that neuron, made if it is not there yet."""
        wanted = (orientation, knot)
        if wanted not in self._places:
            self._places[wanted] = len(self.knots)
            self.knots.append(wanted)
        return self._places[wanted]

    _places: dict[tuple[int, float], int] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class ClassDecode:
    """The output is the value whose logit is largest.  `logits[i]` belongs to `values[i]`."""

    values: tuple[Scalar, ...]
    logits: tuple[LinearForm, ...]


@dataclass(frozen=True)
class NumberDecode:
    """The output is a number: the logit itself, moved to the nearest of `values`, or where these are too many to the
    nearest fraction with a denominator of at most `max_denominator` (None: not moved)."""

    logit: LinearForm
    lowest: Scalar
    highest: Scalar
    max_denominator: int | None
    values: tuple[Scalar, ...] | None = None


@dataclass(frozen=True)
class OutputBlock:
    """How one output is read from the residual stream; `tolerated` is the error that would change an answer, 0 for a
    number that is given as it is."""

    name: str
    node: SOp
    decode: ClassDecode | NumberDecode
    may_be_undefined: bool
    error: float
    tolerated: float


@dataclass(frozen=True)
class ValueReading:
    """A form that gives a function of a node's value: `numbers[i]` where it has the i-th value of its domain (None:
    any number), or, without `numbers`, the number that the node holds."""

    node: SOp
    numbers: tuple[float | None, ...] | None
    form: LinearForm


@dataclass
class Blocks:
    """Everything that lowering made.  `split_orders`: some wide comparison was split into digits.  `readings`: how
    values are read off directions, those among them included that no block needs."""

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


def head_forms(head: Head) -> list[LinearForm]:
    """Every form that a head's scores read."""
    forms = [head.key_only, *(form for pair in head.pairs for form in pair)]
    return forms if head.query_only is None else [*forms, head.query_only]


def logits_of(output: OutputBlock) -> tuple[LinearForm, ...]:
    return output.decode.logits if isinstance(output.decode, ClassDecode) else (output.decode.logit,)
