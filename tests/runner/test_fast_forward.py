"""The fast forward pass gives the logits of the plain one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from raspc.api import compile as compile_text
from raspc.compiler.artifact.model_files import CompiledModel
from raspc.runner import fast_forward
from raspc.runner.model import Model
from raspc.tests.support.handmade import random_model, reverse
from raspc.tests.support.rounding import assert_same_logits

SHAPES = {
    "heads and neurons": ((2, 3, 5), (0, 0, 4), (1, 4, 0)),
    "many heads": ((5, 4, 7), (3, 2, 0)),
    "nothing": (),
}


def sparse(compiled: CompiledModel, seed: int) -> CompiledModel:
    """The model with whole columns of heads and neurons set to zero, as the compiler leaves them; some heads write
    nothing at all, and every bias but one in three is zero."""
    rng = np.random.default_rng(seed)
    tensors = {name: array.copy() for name, array in compiled.tensors.items()}
    for name, array in tensors.items():
        role = name.rsplit(".", 1)[1]
        if role in ("W_Q", "W_K", "W_V"):
            bias = tensors[name.replace(".W_", ".b_")]
            dropped = rng.random(bias.shape) < 0.5
            array[np.broadcast_to(dropped[:, None, :], array.shape)] = 0
            bias[dropped & (rng.random(bias.shape) < 0.8)] = 0  # a constant column is in use, too
        elif role == "W_O":
            array[rng.random(array.shape[:2]) < 0.3] = 0
        elif role == "W_out":
            array[rng.random(array.shape[0]) < 0.4] = 0
        elif role in ("b_O", "b_out") and rng.random() < 2 / 3:
            array[:] = 0
    return CompiledModel(tensors, compiled.manifest)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(8))
def test_logits_are_those_of_the_plain_forward_pass(
    seed: int, shape: str, causal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2 == 1:
        monkeypatch.setattr(fast_forward, "CPU_SCORES", 40)  # a few queries at a time
    compiled = sparse(random_model(seed, SHAPES[shape], causal=causal), seed)
    model = Model(compiled, "cpu", "float64")
    for inputs in (["abcabc", "", "c", "ba"], ["abca", "bbbb"]):  # with padding, and without
        ids, lengths = model.encode(inputs)
        with torch.no_grad():
            expected, found = model(ids, lengths), model.fast_forward()(ids, lengths)
        for row, tokens in enumerate(inputs):
            n = 1 + len(tokens)
            assert_same_logits(compiled, tokens, found[row, :n], expected[row, :n], "float64")


def test_the_mean_of_equal_values_is_exact() -> None:
    """Softmax rounds 1/600 and adds it up 600 times; the sum of 600 ones is exact."""
    text = 'aggregate(select(indices, indices, <=), indicator(tokens == "x"));'
    model = compile_text(text, vocab="xy", max_length=600).model(device="cpu")
    ids, lengths = model.encode(["x" * 600])
    with torch.no_grad():
        share = model.fast_forward()(ids, lengths)[0, 1:, 0]
    assert set(share.tolist()) == {1.0}


def test_a_key_far_below_the_best_has_weight_zero() -> None:
    """The average of 0 at the keys that are selected, whatever stands at the others, is 0 and not 1e-30."""
    rng = np.random.default_rng(0)
    for dtype in (torch.float32, torch.float64):
        scores = torch.from_numpy(rng.uniform(-400, -90, (1, 1, 200))).to(dtype)
        scores[0, 0, ::7] = 0
        values = torch.ones(1, 2, 200, dtype=dtype)
        values[0, 0, ::7] = 0
        one = torch.ones(1, 1, 1, dtype=dtype)
        assert fast_forward.weighted_means(one, scores, values, None, fast_forward.ScratchMemory(one)).tolist() == [
            [[0.0]]
        ]


def test_the_next_run_uses_changed_weights() -> None:
    model = Model(reverse(), "cpu")
    whole = model.run("abca")
    model.unembed.W_U.data.copy_(model.unembed.W_U.roll(1, 1))
    assert model.run("abca") != whole


def test_a_hook_sees_every_run_and_may_change_it() -> None:
    model = Model(reverse(), "cpu")
    whole = model.run("abca")
    handle = model.blocks[0].attn.register_forward_hook(  # type: ignore[union-attr]
        lambda _module, _arguments, result: (torch.zeros_like(result[0]), result[1])
    )
    assert model.run("abca") != whole
    handle.remove()
    assert model.run("abca") == whole
