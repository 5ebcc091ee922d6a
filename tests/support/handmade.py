"""Models with hand-written weights, and a transformer in plain NumPy as an oracle for the runner."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from raspc.compiler.artifact.manifest import (
    ClassDecodeRecord,
    CompilerRecord,
    ComputationRecord,
    Decode,
    DirectionRecord,
    HeadRecord,
    Kind,
    LayerRecord,
    Manifest,
    NeuronGroupRecord,
    NodeRecord,
    NumberDecodeRecord,
    OutputRecord,
    ProgramRecord,
    ReadingRecord,
    SourceText,
)
from raspc.compiler.artifact.model_files import CompiledModel, expected_shapes
from raspc.compiler.graph.values import Scalar

#: The computation of the only node of these models.
TOKENS = ComputationRecord("tokens", (), None, None, ())

#: A score difference after which one key has all the weight: exp(-100) is below the rounding of 1 in float64.
SHARP = 100.0


def manifest_of(
    vocabulary: Sequence[Scalar],
    max_length: int,
    d_model: int,
    layers: Sequence[tuple[int, int, int]],
    decodes: Sequence[Decode],
    *,
    kinds: Sequence[Kind] = ("string",),
    causal: bool = False,
    text: str = "tokens;",
) -> Manifest:
    """A manifest with layers of (n_heads, d_head, d_mlp) and one output for each decode, named `out0`, `out1` ..."""
    outputs = []
    first = 0
    for index, decode in enumerate(decodes):
        count = len(decode.values) if isinstance(decode, ClassDecodeRecord) else 1
        outputs.append(OutputRecord(f"out{index}", 0, tuple(kinds), first, count, decode, False, 1e-5, 0.5))
        first += count
    return Manifest(
        compiler=CompilerRecord("0.1.0", {"small": False, "max_parameters": 200_000_000}),
        program=ProgramRecord.of([SourceText("hand.rasp", text)]),
        vocabulary=tuple(vocabulary),
        bos=len(vocabulary),
        max_length=max_length,
        n_ctx=max_length + 1,
        causal=causal,
        uniform=False,
        d_model=d_model,
        nodes=(NodeRecord(0, "tokens", "tokens", "hand.rasp", 0, 6, 1, 1, TOKENS, ("a", True, Fraction(1, 3)), (0,)),),
        directions=tuple(
            DirectionRecord(i, "hand", 0, "feature", None, f"direction {i}", 0, 0.0) for i in range(d_model)
        ),
        readings=(
            ReadingRecord(0, (1.0, None), (1, 2), (0,), (2.0,), -1.0, 1e-6, 2.0),
            ReadingRecord(0, None, (), (), (), 0.0, 0.0, 0.0),
        ),
        layers=tuple(_layer(*sizes) for sizes in layers),
        outputs=tuple(outputs),
        attention_depth=sum(1 for n_heads, _, _ in layers if n_heads > 0),
    )


def _layer(n_heads: int, d_head: int, d_mlp: int) -> LayerRecord:
    heads = tuple(
        HeadRecord(
            index=i,
            label=f"head {i}",
            node=None,
            selector="full_s",
            score_kind="constant",
            sharpness=SHARP,
            level="mean",
            scale=1.0,
            query_reads=(0,),
            key_reads=(0,),
            value_reads=(0,),
            writes=(0,),
            error=0.0,
            margin=0.25,
        )
        for i in range(n_heads)
    )
    neurons = (NeuronGroupRecord(0, d_mlp, "neurons", 0, (0,), (0,), 1e-6, None),) if d_mlp > 0 else ()
    return LayerRecord(n_heads, d_head, heads, d_mlp, neurons)


def blank(manifest: Manifest) -> dict[str, NDArray[np.float32]]:
    """All tensors of a manifest, all zero."""
    return {name: np.zeros(shape, np.float32) for name, shape in expected_shapes(manifest).items()}


def random_model(
    seed: int,
    layers: Sequence[tuple[int, int, int]] = ((2, 3, 5), (0, 0, 4), (1, 4, 0)),
    *,
    max_length: int = 6,
    d_model: int = 7,
    causal: bool = False,
) -> CompiledModel:
    """A transformer of the given shapes whose weights are random.

    Activations stay near 1 in every layer, so that rounding errors do not grow from layer to layer.
    """
    decode = ClassDecodeRecord(("a", "b", "c"))
    manifest = manifest_of("abc", max_length, d_model, layers, [decode, decode], causal=causal)
    rng = np.random.default_rng(seed)
    shapes = expected_shapes(manifest)
    deviation = 0.66 / math.sqrt(d_model)
    return CompiledModel(
        {name: rng.normal(0, deviation, shape).astype(np.float32) for name, shape in shapes.items()}, manifest
    )


def identity() -> CompiledModel:
    """`tokens`, without any layer."""
    manifest = manifest_of("abc", 5, 3, [], [ClassDecodeRecord(("a", "b", "c"))])
    tensors = blank(manifest)
    tensors["embed.W_E"][:3] = np.eye(3)
    tensors["unembed.W_U"][:] = np.eye(3)
    return CompiledModel(tensors, manifest)


def reverse(length: int = 4) -> CompiledModel:
    """The reverse of inputs of exactly `length` tokens: position i attends to length - 1 - i.

    Directions: the token [0:3], the position [3:3 + n_ctx], the token attended to [-3:]."""
    n_ctx = length + 1
    manifest = manifest_of("abc", length, 6 + n_ctx, [(1, n_ctx, 0)], [ClassDecodeRecord(("a", "b", "c"))])
    tensors = blank(manifest)
    tensors["embed.W_E"][:3, :3] = np.eye(3)
    tensors["pos_embed.W_pos"][:, 3:-3] = np.eye(n_ctx)
    for position in range(1, n_ctx):
        tensors["blocks.0.attn.W_Q"][0, 3 + position, n_ctx - position] = SHARP
    tensors["blocks.0.attn.W_K"][0, 3:-3, :] = np.eye(n_ctx)
    tensors["blocks.0.attn.W_V"][0, :3, :3] = np.eye(3)
    tensors["blocks.0.attn.W_O"][0, :3, -3:] = np.eye(3)
    tensors["unembed.W_U"][-3:] = np.eye(3)
    return CompiledModel(tensors, manifest)


#: Roundings of `fraction_of_a`, of numbers up to 1, for inputs of up to 7 tokens: 8 weights are summed twice, each of
#: them rounded 5 times; then come 4 products with a bias.
FRACTION_ROUNDINGS = 2 * 8 + 5 + 5


def fraction_of_a(decode: NumberDecodeRecord, max_length: int = 8) -> CompiledModel:
    """The fraction of `a` among the tokens: one uniform head that gives BOS no weight.

    Directions: `a` [0], BOS [1], one [2], the mean [3]."""
    manifest = manifest_of("ab", max_length, 4, [(1, 1, 0)], [decode], kinds=("number",))
    tensors = blank(manifest)
    tensors["embed.W_E"][:] = [[1, 0, 1, 0], [0, 0, 1, 0], [0, 1, 1, 0]]
    tensors["blocks.0.attn.W_Q"][0, 2, 0] = SHARP
    tensors["blocks.0.attn.W_K"][0, 1, 0] = -1
    tensors["blocks.0.attn.W_V"][0, 0, 0] = 1
    tensors["blocks.0.attn.W_O"][0, 0, 3] = 1
    tensors["unembed.W_U"][3, 0] = 1
    return CompiledModel(tensors, manifest)


def logits(model: CompiledModel, tokens: Sequence[Scalar]) -> NDArray[np.float64]:
    """The logits for one input [1 + len(tokens), d_vocab_out], in float64, computed position by position."""
    weights = {name: tensor.astype(np.float64) for name, tensor in model.tensors.items()}
    stream = residual_stream(model, tokens)
    return np.array([x @ weights["unembed.W_U"] + weights["unembed.b_U"] for x in stream])


def residual_stream(model: CompiledModel, tokens: Sequence[Scalar]) -> NDArray[np.float64]:
    """The residual stream after the last layer [1 + len(tokens), d_model], in float64, position by position."""
    manifest = model.manifest
    weights = {name: tensor.astype(np.float64) for name, tensor in model.tensors.items()}
    ids = [manifest.bos, *(manifest.vocabulary.index(token) for token in tokens)]
    stream = [weights["embed.W_E"][token] + weights["pos_embed.W_pos"][position] for position, token in enumerate(ids)]
    for index, layer in enumerate(manifest.layers):
        part = {name.rsplit(".", 1)[1]: weights[name] for name in weights if name.startswith(f"blocks.{index}.")}
        if layer.n_heads > 0:
            updates = [_attend(part, stream, query, manifest.causal) for query in range(len(stream))]
            stream = [x + update for x, update in zip(stream, updates, strict=True)]
        if layer.d_mlp > 0:
            stream = [
                x + np.maximum(x @ part["W_in"] + part["b_in"], 0) @ part["W_out"] + part["b_out"] for x in stream
            ]
    return np.array(stream)


def _attend(
    part: dict[str, NDArray[np.float64]], stream: Sequence[NDArray[np.float64]], query: int, causal: bool
) -> NDArray[np.float64]:
    update = part["b_O"].copy()
    keys = stream[: query + 1] if causal else stream
    for head in range(len(part["W_Q"])):
        q = stream[query] @ part["W_Q"][head] + part["b_Q"][head]
        scores = np.array([q @ (x @ part["W_K"][head] + part["b_K"][head]) for x in keys])
        weight = np.exp(scores - scores.max())
        weight /= weight.sum()
        mixed = sum(w * (x @ part["W_V"][head] + part["b_V"][head]) for w, x in zip(weight, keys, strict=True))
        update += mixed @ part["W_O"][head]
    return update


def same(left: CompiledModel, right: CompiledModel) -> bool:
    """Whether two models are equal in everything but the name of the weights file."""
    if dataclasses.replace(left.manifest, weights=None) != dataclasses.replace(right.manifest, weights=None):
        return False
    return left.tensors.keys() == right.tensors.keys() and all(
        left.tensors[name].tobytes() == right.tensors[name].tobytes() for name in left.tensors
    )


def awkward() -> CompiledModel:
    """A model whose manifest has every kind of value, and texts that are hard to encode."""
    manifest = manifest_of(
        ["a", True, 2, Fraction(1, 3), -(2**70), 2**53, 2**53 + 1, 1.5e-300, "é\u2028\x00", "\ud800", "", "{", '"'],
        3,
        2,
        [(0, 0, 0), (1, 1, 1)],
        [
            ClassDecodeRecord(("a", Fraction(-5, 7), False, 0.1)),
            NumberDecodeRecord(None, -(2**60), 1e100, 0.0),
            NumberDecodeRecord(12, False, True, 1e-12),
        ],
        kinds=("bool", "number", "string"),
        text="tokens; # ünï\ud801\n",
    )
    return CompiledModel(blank(manifest), manifest)


MODELS = {
    "identity": identity(),
    "reverse": reverse(),
    "fraction": fraction_of_a(NumberDecodeRecord(8, 0, 1, 1e-5)),
    "random": random_model(0),
    "causal": random_model(1, causal=True),
    "awkward": awkward(),
}
