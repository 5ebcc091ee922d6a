"""Blocks to layers.

Every block reads as early as its inputs allow, so its time gives its layer: heads that read at time 2l and neurons that
read at time 2l+1 belong to layer l, counted from 0.  The schedule chooses the size of each layer's heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil

from ..analysis.domains import Space
from ..graph.graph import Node
from .blocks import Blocks, Head, NeuronGroup, Payload, head_forms, logits_of, used_neurons
from .forms import Direction


@dataclass(frozen=True)
class PlacedHead:
    """One head of the weights: the scores of a head with some of its payloads.

    self_attends: at the BOS position it must attend to BOS alone, because a later block reads its result there.
    bos_dimension: attending to BOS alone needs a query/key dimension of its own, because the BOS key lies within the
    range of the other keys in the first dimension.
    """

    head: Head
    payloads: tuple[Payload, ...]
    self_attends: bool
    bos_dimension: bool


@dataclass(frozen=True)
class BlockLayer:
    """The blocks of one layer; `d_head` is the size of its heads in the weights."""

    heads: tuple[PlacedHead, ...]
    d_head: int
    groups: tuple[NeuronGroup, ...]


@dataclass(frozen=True)
class Schedule:
    """`directions[i]` is coordinate i + 1 of the residual stream; coordinate 0 marks BOS."""

    layers: tuple[BlockLayer, ...]
    directions: tuple[Direction, ...]
    blocks: Blocks


def schedule(blocks: Blocks) -> Schedule:
    """The schedule with the fewest layers, then the fewest attention parameters."""
    used = _used_directions(blocks)
    exposed = _read_at_bos(blocks)
    count = max(
        [head.time.layer + 1 for head in blocks.heads] + [group.time.layer + 1 for group in blocks.groups], default=0
    )
    layers = []
    for index in range(count):
        heads = [head for head in blocks.heads if head.time.layer == index]
        groups = tuple(group for group in blocks.groups if group.time.layer == index)
        placed, d_head = _place(heads, exposed)
        layers.append(BlockLayer(tuple(placed), d_head, groups))
    plan = Schedule(tuple(layers), tuple(sorted(used, key=_order)), blocks)
    _check(plan)
    return plan


def _check(plan: Schedule) -> None:
    """Every block reads directions that the embedding, an earlier layer or its layer's attention has written."""
    placed = 0
    for index, layer in enumerate(plan.layers):
        for head in [one.head for one in layer.heads]:
            values = [payload.form for payload in head.payloads]
            assert all(form.time <= 2 * index for form in (*head_forms(head), *values)), head.label
        for group in layer.groups:
            assert group.input.time <= 2 * index + 1, group.label
        placed += sum(len(one.payloads) for one in layer.heads) + len(layer.groups)
    blocks = plan.blocks
    assert placed == sum(len(head.payloads) for head in blocks.heads) + len(blocks.groups), "a block has no layer"


def parameter_count(plan: Schedule, space: Space) -> int:
    """The number of parameters of the weights (without `--uniform`), before any memory is spent."""
    width = len(plan.directions) + 1
    columns = sum(len(logits_of(output)) for output in plan.blocks.outputs)
    total = (len(space.vocabulary) + 1 + space.max_length + 1) * width + (width + 1) * columns
    for layer in plan.layers:
        if layer.heads:
            total += len(layer.heads) * (4 * width * layer.d_head + 3 * layer.d_head) + width
        neurons = sum(len(used_neurons(group)) for group in layer.groups)
        if neurons:
            total += neurons * (2 * width + 1) + width
    return total


def score_width(head: Head, bos_dimension: bool) -> int:
    """Query/key dimensions of a head in the weights."""
    return head.width() + bos_dimension


def bos_key(head: Head) -> float:
    """BOS's score before sharpness: `head.bos`, or a score below every key's if BOS must never win."""
    return head.bos if head.bos is not None else min(head.key_only.low, 0.0) - 1.0


def bos_stands_out(head: Head) -> float:
    """The signed distance of BOS's key from the range of the other keys in the first dimension; 0 inside the range."""
    key = bos_key(head)
    slack = head.key_only.error * 4
    if key > head.key_only.high + slack:
        return key - head.key_only.high - slack
    if key < head.key_only.low - slack:
        return key - head.key_only.low + slack
    return 0.0


def extra_layers(plan: Schedule, describe: Callable[[Node], str]) -> Iterator[str]:
    """For each layer without attention on the longest chain of blocks: the expression whose neurons need it."""
    blocks = plan.blocks
    if len(plan.layers) <= blocks.attention_depth:
        return
    groups = {direction: group for group in blocks.groups for direction, _ in group.outputs}
    heads = {payload.direction: (head, payload) for head in blocks.heads for payload in head.payloads}
    ends = [direction for output in blocks.outputs for logit in logits_of(output) for direction, _ in logit.terms]
    current = max(ends, key=lambda direction: direction.time, default=None)
    while current is not None and current.time > 0:
        if current in groups:
            group = groups[current]
            read = [direction for direction, _ in group.input.terms]
            if max((direction.time for direction in read), default=0) < group.time:
                text = describe(group.node)
                yield f"layer {group.time.layer + 1}: `{text}` takes neurons that no attention of its layer feeds"
        else:
            head, payload = heads[current]
            read = [direction for form in (*head_forms(head), payload.form) for direction, _ in form.terms]
        current = max(read, key=lambda direction: direction.time, default=None)


def _place(heads: list[Head], exposed: set[Direction]) -> tuple[list[PlacedHead], int]:
    plans = []
    for head in heads:
        self_attends = any(payload.direction in exposed for payload in head.payloads)
        plans.append((head, self_attends, self_attends and bos_stands_out(head) == 0.0))
    if not plans:
        return [], 0
    least = max(score_width(head, bos_dimension) for head, _, bos_dimension in plans)
    most = max(least, max(len(head.payloads) for head in heads))

    def cost(d_head: int) -> tuple[int, int]:
        number = sum(ceil(len(head.payloads) / d_head) for head in heads)
        return number * d_head, number

    d_head = min(range(least, most + 1), key=cost)
    placed = [
        PlacedHead(head, tuple(head.payloads[start : start + d_head]), self_attends, bos_dimension)
        for head, self_attends, bos_dimension in plans
        for start in range(0, len(head.payloads), d_head)
    ]
    return placed, d_head


def _read_at_bos(blocks: Blocks) -> set[Direction]:
    """Directions that a head or a neuron reads, hence also at the BOS position; logits there mean nothing."""
    forms = [form for head in blocks.heads for form in head_forms(head)]
    forms += [payload.form for head in blocks.heads for payload in head.payloads]
    forms += [group.input for group in blocks.groups]
    return {direction for form in forms for direction, _ in form.terms}


def _used_directions(blocks: Blocks) -> set[Direction]:
    logits = {direction for output in blocks.outputs for logit in logits_of(output) for direction, _ in logit.terms}
    return logits | _read_at_bos(blocks)


def _order(direction: Direction) -> tuple[int, int, int]:
    first = {"tokens": 0, "indices": 1, "head": 2, "neurons": 2}[direction.role]
    return first, direction.time, direction.id
