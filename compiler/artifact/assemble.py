"""Layers to arrays: the weights of a schedule.

At BOS (see `blocks.forms`), coordinate 0 of the residual stream is 1 and every other coordinate is 0; elsewhere
coordinate 0 is 0.  A form's constant is a bias, which also acts at BOS.  Each reader subtracts it there through
coordinate 0, which is exact, and adds the value that BOS is meant to have.
"""

from __future__ import annotations

from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from ..analysis.domains import Space
from ..blocks.blocks import logits_of, used_neurons
from ..blocks.forms import LinearForm
from ..blocks.layers import BlockLayer, PlacedHead, Schedule, bos_key, bos_stands_out
from ..options import CompileOptions
from ..stages import Stages
from .model_files import CompiledModel
from .model_records import manifest_of

Array = NDArray[np.float64]

#: The score by which BOS's own key wins at the BOS position.  exp(-1024) is 0 in float32 and float64, so the residual
#: stream stays exactly 0 there, whatever the scale of counts.
BOS_SELF_SCORE = 1024.0


class Assembler:
    """Fills the arrays of one model."""

    def __init__(self, plan: Schedule, space: Space, uniform: bool) -> None:
        self.plan = plan
        self.space = space
        self.uniform = uniform
        self.places = {direction: index + 1 for index, direction in enumerate(plan.directions)}
        self.width = len(plan.directions) + 1
        self.tensors: dict[str, NDArray[np.float32]] = {}

    def run(self) -> dict[str, NDArray[np.float32]]:
        """Every tensor by its name in the weights file."""
        self._embeddings()
        for index, layer in enumerate(self.plan.layers):
            n_heads, d_head, d_mlp = self.shape(layer)
            if n_heads:
                self._attention(f"blocks.{index}.attn", layer, n_heads, d_head)
            if d_mlp:
                self._mlp(f"blocks.{index}.mlp", layer, d_mlp)
        self._unembedding()
        return self.tensors

    def shape(self, layer: BlockLayer) -> tuple[int, int, int]:
        """(heads, d_head, d_mlp) of a layer in the weights."""
        layers = self.plan.layers if self.uniform else (layer,)
        n_heads = max(len(one.heads) for one in layers)
        d_head = max(one.d_head for one in layers)
        d_mlp = max(sum(len(used_neurons(group)) for group in one.groups) for one in layers)
        return n_heads, d_head, d_mlp

    def _store(self, name: str, values: Array) -> None:
        self.tensors[name] = values.astype(np.float32)

    def _embeddings(self) -> None:
        tokens = np.zeros((len(self.space.vocabulary) + 1, self.width))
        positions = np.zeros((self.space.max_length + 1, self.width))
        tokens[-1, 0] = 1.0
        for direction, place in self.places.items():
            if direction.role == "tokens":
                tokens[:-1, place] = direction.data
            elif direction.role == "indices":
                positions[1:, place] = direction.data
        self._store("embed.W_E", tokens)
        self._store("pos_embed.W_pos", positions)

    def _column(self, form: LinearForm, factor: float = 1.0) -> tuple[Array, float]:
        """Weights [d_model] and bias that read `factor * form`, and 0 at BOS."""
        column = np.zeros(self.width)
        for direction, coefficient in form.terms:
            column[self.places[direction]] = factor * coefficient
        bias = float(np.float32(factor * form.constant))
        column[0] = -bias
        return column, bias

    def _attention(self, name: str, layer: BlockLayer, n_heads: int, d_head: int) -> None:
        weights = {role: np.zeros((n_heads, self.width, d_head)) for role in "QKV"}
        biases = {role: np.zeros((n_heads, d_head)) for role in "QKV"}
        output = np.zeros((n_heads, d_head, self.width))

        def put(role: str, number: int, dimension: int, column: Array, bias: float) -> None:
            weights[role][number, :, dimension] = column
            biases[role][number, dimension] = bias

        for number, placed in enumerate(layer.heads):
            head = placed.head
            query, query_bias, key, key_bias = self._first_dimension(placed)
            put("Q", number, 0, query, query_bias)
            put("K", number, 0, key, key_bias)
            dimension = 1
            for a, b in self._products(placed):
                put("Q", number, dimension, *self._column(a, head.sharpness))
                put("K", number, dimension, *self._column(b))
                dimension += 1
            if placed.bos_dimension:
                at_bos = np.zeros(self.width)
                at_bos[0] = 1.0
                put("Q", number, dimension, at_bos * 4 * BOS_SELF_SCORE * max(1.0, head.sharpness), 0.0)
                put("K", number, dimension, at_bos, 0.0)
            for place, payload in enumerate(placed.payloads):
                put("V", number, place, *self._column(payload.form))
                output[number, place, self.places[payload.direction]] = head.scale
        for role in "QKV":
            self._store(f"{name}.W_{role}", weights[role])
            self._store(f"{name}.b_{role}", biases[role])
        self._store(f"{name}.W_O", output)
        self._store(f"{name}.b_O", np.zeros(self.width))

    def _first_dimension(self, placed: PlacedHead) -> tuple[Array, float, Array, float]:
        """The dimension whose query is constant: the score of a key alone, also of BOS."""
        head = placed.head
        key, key_bias = self._column(head.key_only)
        key[0] += bos_key(head)
        query = np.zeros(self.width)
        query[0] = -head.sharpness
        out = bos_stands_out(head)
        if placed.self_attends and not placed.bos_dimension:
            query[0] += np.sign(out) * 2.0 ** ceil(log2(BOS_SELF_SCORE / abs(out)))
        return query, head.sharpness, key, key_bias

    def _products(self, placed: PlacedHead) -> list[tuple[LinearForm, LinearForm]]:
        head = placed.head
        one = LinearForm((), 1.0, 1.0, 1.0, 0.0)
        first = [] if head.query_only is None else [(head.query_only, one)]
        return first + list(head.pairs)

    def _mlp(self, name: str, layer: BlockLayer, d_mlp: int) -> None:
        w_in, b_in = np.zeros((self.width, d_mlp)), np.zeros(d_mlp)
        w_out = np.zeros((d_mlp, self.width))
        start = 0
        for group in layer.groups:
            kept = used_neurons(group)
            for place, neuron in enumerate(kept, start):
                orientation, knot = group.knots[neuron]
                for direction, coefficient in group.input.terms:
                    w_in[self.places[direction], place] = orientation * coefficient
                offset = orientation * (group.input.constant - knot)
                b_in[place] = offset
                w_in[0, place] = -(2.0 ** ceil(log2(abs(offset) + 2.0)))  # silent at BOS
            rows = {neuron: place for place, neuron in enumerate(kept, start)}
            for direction, weights in group.outputs:
                if direction in self.places:
                    for neuron, coefficient in weights.items():
                        w_out[rows[neuron], self.places[direction]] = coefficient
            start += len(kept)
        self._store(f"{name}.W_in", w_in)
        self._store(f"{name}.b_in", b_in)
        self._store(f"{name}.W_out", w_out)
        self._store(f"{name}.b_out", np.zeros(self.width))

    def _unembedding(self) -> None:
        logits = [logit for output in self.plan.blocks.outputs for logit in logits_of(output)]
        weights, biases = np.zeros((self.width, len(logits))), np.zeros(len(logits))
        for column, logit in enumerate(logits):
            for direction, coefficient in logit.terms:
                weights[self.places[direction], column] = coefficient
            biases[column] = logit.constant
        self._store("unembed.W_U", weights)
        self._store("unembed.b_U", biases)


def assemble(stages: Stages, options: CompileOptions) -> CompiledModel:
    """The weights of a scheduled program and their manifest."""
    assembler = Assembler(stages.plan, stages.space, options.uniform)
    shapes = [assembler.shape(layer) for layer in stages.plan.layers]
    return CompiledModel(assembler.run(), manifest_of(stages, options, shapes))
