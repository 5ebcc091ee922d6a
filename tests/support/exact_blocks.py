"""Blocks run as they are meant: float64, attention that is all or nothing, sums without rounding.

This is the ideal that a direction's `error` is measured from.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from raspc.compiler.analysis.domains import Space
from raspc.compiler.blocks.blocks import Blocks, ClassDecode, Head, NeuronGroup, OutputBlock
from raspc.compiler.blocks.forms import Direction, LinearForm
from raspc.compiler.graph.values import Scalar
from raspc.compiler.lower.attention.error_bounds import COUNT_BOS_NATS

Column = NDArray[np.float64]  # one number for each position of the input, BOS not among them


class ExactRun:
    """The value of every direction at every position of one input."""

    def __init__(self, blocks: Blocks, space: Space, tokens: Sequence[Scalar]) -> None:
        self.space = space
        self.ids = [space.vocabulary.index(token) for token in tokens]
        self.values: dict[Direction, Column] = {}
        parts: list[Head | NeuronGroup] = [*blocks.heads, *blocks.groups]
        for part in sorted(parts, key=lambda part: part.time):
            if isinstance(part, Head):
                self._head(part)
            else:
                self._group(part)

    def direction(self, direction: Direction) -> Column:
        match direction.role:
            case "tokens":
                return np.array([direction.data[i] for i in self.ids])
            case "indices":
                return np.array(direction.data[: len(self.ids)])
            case _:
                return self.values[direction]

    def form(self, form: LinearForm) -> Column:
        total = np.full(len(self.ids), form.constant)
        for direction, coefficient in form.terms:
            total = total + coefficient * self.direction(direction)
        return total

    def output(self, output: OutputBlock) -> list[Scalar]:
        """The decoded values, as long as they are classes or listed numbers."""
        if isinstance(output.decode, ClassDecode):
            logits = np.stack([self.form(logit) for logit in output.decode.logits])
            return [output.decode.values[place] for place in logits.argmax(axis=0)]
        numbers = self.form(output.decode.logit)
        listed = output.decode.values
        assert listed is not None
        return [min(listed, key=lambda value: abs(float(value) - number)) for number in numbers]

    def selected(self, head: Head) -> NDArray[np.bool_]:
        """[query, key]: what gets weight; nothing where BOS does."""
        scores = self.form(head.key_only)[None, :] + np.zeros((len(self.ids), 1))
        if head.query_only is not None:
            scores = scores + self.form(head.query_only)[:, None]
        for query, key in head.pairs:
            scores = scores + self.form(query)[:, None] * self.form(key)[None, :]
        visible = np.ones_like(scores, dtype=bool)
        if self.space.causal:
            visible = np.tril(visible)
        if head.bos is None:
            least = np.where(visible, scores, -np.inf).max(axis=1, keepdims=True) - head.margin / 2
        else:
            log = COUNT_BOS_NATS / head.sharpness if head.level == "count" else -0.5
            least = np.full((len(self.ids), 1), head.bos - log - min(head.margin / 2, 0.25))
        chosen: NDArray[np.bool_] = visible & (scores > least)
        return chosen

    def _head(self, head: Head) -> None:
        weights = self.selected(head).astype(np.float64)
        if head.level != "count":
            weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1)
        for payload in head.payloads:
            moved = weights @ self.form(payload.form)
            self.values[payload.direction] = self.values.get(payload.direction, 0.0) + moved

    def _group(self, group: NeuronGroup) -> None:
        s = self.form(group.input)
        hidden = [np.maximum(0.0, orientation * (s - knot)) for orientation, knot in group.knots]
        for direction, weights in group.outputs:
            moved = sum((coefficient * hidden[neuron] for neuron, coefficient in weights.items()), np.zeros(len(s)))
            self.values[direction] = self.values.get(direction, 0.0) + moved
