"""Bounds on the difference between two computations of the same numbers, derived from float rounding.

Libraries and processors sum in different orders, with and without fused multiplication.  A fixed tolerance that one of
them keeps, another one breaks.  These bounds hold for every order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from raspc.compiler.artifact.model_files import CompiledModel
from raspc.compiler.graph.values import Scalar

Floats = NDArray[np.float64]

#: Roundings of one softmax beside its sum: the subtraction, `exp` (libraries promise 2 units in the last place), the
#: product with the reciprocal and the reciprocal itself.
SOFTMAX_ROUNDINGS = 5


def machine_epsilon(dtype: str) -> float:
    """The distance from 1 to the next number of a type, `float32` or `float64`."""
    return float(np.finfo(dtype).eps)


def rounding_bound(terms: int, magnitude: float, dtype: str) -> float:
    """The largest difference of two computed sums of `terms` products, whose absolute values sum to `magnitude`.

    Each sum is within terms * eps / 2 * magnitude of the exact one, in any order (Higham, "Accuracy and Stability of
    Numerical Algorithms", section 3.1); the two lie on opposite sides at worst.
    """
    return terms * machine_epsilon(dtype) * magnitude


#: A bound above this part of the largest number would accept wrong results: choose a model with smaller numbers.
_MEANINGFUL = 2.0**-9


class Bounded(NamedTuple):
    """Exact numbers, and the largest error of the computed ones."""

    value: Floats
    error: Floats


def activation_bounds(model: CompiledModel, tokens: Sequence[Scalar], dtype: str) -> dict[str, Bounded]:
    """The activations of one input, by the names of `Model.activations`, and `logits`; each with the largest error of
    a computation in `dtype`.

    Two computations differ by twice the error at most.  The analysis follows the errors through the transformer
    (running error analysis; Higham, section 3.3): the error of a sum of n products is n eps times the sum of their
    absolute values, and errors that come in are multiplied by the absolute values of the weights.
    """
    eps, manifest = machine_epsilon(dtype), model.manifest
    weights = {name: tensor.astype(np.float64) for name, tensor in model.tensors.items()}
    ids = [manifest.bos, *(manifest.vocabulary.index(token) for token in tokens)]
    embedded = weights["embed.W_E"][ids] + weights["pos_embed.W_pos"][: len(ids)]  # [position, d_model]
    stream = Bounded(embedded, eps * np.abs(embedded))
    found = {"blocks.0.hook_resid_pre": stream}
    for index, layer in enumerate(manifest.layers):
        part = {name.rsplit(".", 1)[1]: weights[name] for name in weights if name.startswith(f"blocks.{index}.")}
        if layer.n_heads > 0:
            patterns, writes = [], []
            for head in range(layer.n_heads):
                q, k, v = (_affine(stream, part[f"W_{role}"][head], part[f"b_{role}"][head], eps) for role in "QKV")
                pattern = _softmax(_product(q, Bounded(k.value.T, k.error.T), eps), manifest.causal, eps)
                patterns.append(pattern)
                writes.append(_affine(_product(pattern, v, eps), part["W_O"][head], 0.0, eps))
            stream = _sum([stream, *writes, _exactly(part["b_O"])], eps)
            found[f"blocks.{index}.attn.hook_pattern"] = Bounded(
                np.stack([pattern.value for pattern in patterns]), np.stack([pattern.error for pattern in patterns])
            )
        found[f"blocks.{index}.hook_resid_mid"] = stream
        if layer.d_mlp > 0:
            hidden = _affine(stream, part["W_in"], part["b_in"], eps)
            hidden = Bounded(np.maximum(hidden.value, 0), hidden.error)
            stream = _sum([stream, _affine(hidden, part["W_out"], part["b_out"], eps)], eps)
        found[f"blocks.{index}.hook_resid_post"] = stream
    found["logits"] = _affine(stream, weights["unembed.W_U"], weights["unembed.b_U"], eps)
    for name, (value, error) in found.items():
        assert (error <= _MEANINGFUL * max(1.0, float(np.abs(value).max()))).all(), f"the bound of {name} says nothing"
    return found


def assert_same_logits(
    model: CompiledModel, tokens: Sequence[Scalar], found: ArrayLike, expected: ArrayLike, dtype: str = "float32"
) -> None:
    """Two computations of a model's logits [1 + len(tokens), d_vocab_out] in `dtype`, or in it and a more exact type,
    differ by their rounding at most."""
    bound = 2 * activation_bounds(model, tokens, dtype)["logits"].error
    off = np.abs(np.asarray(found, np.float64) - np.asarray(expected, np.float64))
    assert (off <= bound).all(), f"logits differ by {off.max()}, more than the rounding of {bound.flat[off.argmax()]}"


def _exactly(value: Floats) -> Bounded:
    return Bounded(value, np.zeros_like(value))


def _product(left: Bounded, right: Bounded, eps: float) -> Bounded:
    """The matrix product of [i, n] and [n, k]."""
    terms = left.value.shape[1]
    largest_left, largest_right = np.abs(left.value) + left.error, np.abs(right.value) + right.error
    inherited = left.error @ largest_right + np.abs(left.value) @ right.error
    return Bounded(left.value @ right.value, inherited + terms * eps * (largest_left @ largest_right))


def _affine(x: Bounded, weight: Floats, bias: Floats | float, eps: float) -> Bounded:
    made = _product(x, _exactly(weight), eps)
    return _sum([made, _exactly(np.broadcast_to(bias, made.value.shape))], eps)


def _sum(terms: Sequence[Bounded], eps: float) -> Bounded:
    magnitude = sum(np.abs(term.value) + term.error for term in terms)
    error = sum(term.error for term in terms) + len(terms) * eps * magnitude
    return Bounded(np.asarray(sum(term.value for term in terms)), np.asarray(error))


def _softmax(scores: Bounded, causal: bool, eps: float) -> Bounded:
    """Weights [query, key] of scores.  An error e of a score multiplies its exponential by exp(e) at most."""
    n = len(scores.value)
    visible = np.tri(n, dtype=bool) if causal else np.ones((n, n), bool)
    shifted = np.where(visible, scores.value, -np.inf) - np.where(visible, scores.value, -np.inf).max(1, keepdims=True)
    weights = np.exp(shifted) / np.exp(shifted).sum(1, keepdims=True)
    off = np.where(visible, scores.error + 2 * eps * np.abs(np.where(visible, shifted, 0.0)), 0.0)
    off += SOFTMAX_ROUNDINGS * eps
    total = (weights * np.expm1(off)).sum(1, keepdims=True) + n * eps  # relative error of the sum of exponentials
    assert (total < 1 / 2).all(), "rounding can turn the softmax over: choose a model with smaller scores"
    return Bounded(weights, weights * (np.exp(off) / (1 - total) - 1))
