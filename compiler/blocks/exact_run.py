"""Blocks run on one input in exact arithmetic: the values that the blocks are meant to compute.

Attention is all or nothing: a key is selected or has no weight.  Sums are float64.  The `error` of a direction bounds
the distance of a model's float32 value from the value here.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from ..analysis.domains import Space
from ..graph.values import Scalar
from .blocks import Blocks, ClassDecode, Head, NeuronGroup, OutputBlock
from .forms import Direction, LinearForm

#: One number for each position of the input, without BOS: [position].
PositionValues = NDArray[np.float64]


class ExactRun:
    """The value of every direction at every position of one input.

    tokens: an input of `space`, without BOS; each is in its vocabulary.
    """

    def __init__(self, blocks: Blocks, space: Space, tokens: Sequence[Scalar]) -> None:
        self.space = space
        self.ids = [space.vocabulary.index(token) for token in tokens]
        self._written: dict[Direction, PositionValues] = {}
        parts: list[Head | NeuronGroup] = [*blocks.heads, *blocks.groups]
        for part in sorted(parts, key=lambda part: part.time):
            if isinstance(part, Head):
                self._run_head(part)
            else:
                self._run_group(part)

    def direction(self, direction: Direction) -> PositionValues:
        """The value of a direction [position]."""
        match direction.role:
            case "tokens":
                return np.array([direction.data[i] for i in self.ids])
            case "indices":
                return np.array(direction.data[: len(self.ids)])
            case _:
                return self._written[direction]

    def form(self, form: LinearForm) -> PositionValues:
        """The value of a linear form [position]."""
        total = np.full(len(self.ids), form.constant)
        for direction, coefficient in form.terms:
            total = total + coefficient * self.direction(direction)
        return total

    def output(self, output: OutputBlock) -> list[Scalar]:
        """The decoded value at each position.  Numbers that are too many to list are returned as they are."""
        if isinstance(output.decode, ClassDecode):
            logits = np.stack([self.form(logit) for logit in output.decode.logits])
            return [output.decode.values[place] for place in logits.argmax(axis=0)]
        numbers = self.form(output.decode.logit)
        listed = output.decode.values
        if listed is None:
            return list(map(float, numbers))
        return [min(listed, key=lambda value: abs(float(value) - number)) for number in numbers]

    def selected(self, head: Head) -> NDArray[np.bool_]:
        """[query, key]: the keys that get weight.  A query that attends to BOS alone selects none."""
        scores = self.form(head.key_only)[None, :] + np.zeros((len(self.ids), 1))
        if head.query_only is not None:
            scores = scores + self.form(head.query_only)[:, None]
        for query, key in head.pairs:
            scores = scores + self.form(query)[:, None] * self.form(key)[None, :]
        visible = np.ones_like(scores, dtype=bool)
        if self.space.causal:
            visible = np.tril(visible)
        if head.bos is None or head.level == "pick":
            least = np.where(visible, scores, -np.inf).max(axis=1, keepdims=True) - head.margin / 2
            if head.bos is not None:
                least = np.maximum(least, head.bos)
        else:
            # A count's BOS scores log(scale) above a selected key; any other BOS half a level below it.
            above = log(head.scale) / head.sharpness if head.level == "count" else -0.5
            least = np.full((len(self.ids), 1), head.bos - above - min(head.margin / 2, 0.25))
        chosen: NDArray[np.bool_] = visible & (scores > least)
        return chosen

    def _run_head(self, head: Head) -> None:
        weights = self.selected(head).astype(np.float64)
        if head.level != "count":
            weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1)
        for payload in head.payloads:
            self._add(payload.direction, weights @ self.form(payload.form))

    def _run_group(self, group: NeuronGroup) -> None:
        s = self.form(group.input)
        hidden = [np.maximum(0.0, orientation * (s - knot)) for orientation, knot in group.knots]
        for direction, weights in group.outputs:
            moved = sum((coefficient * hidden[neuron] for neuron, coefficient in weights.items()), np.zeros(len(s)))
            self._add(direction, moved)

    def _add(self, direction: Direction, values: PositionValues) -> None:
        self._written[direction] = self._written.get(direction, 0.0) + values
