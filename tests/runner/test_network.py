"""A transformer made of sizes, and one made of tensors alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from raspc.compiler.artifact.manifest import expected_shapes
from raspc.compiler.artifact.weights_file import pack
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.runner.bare_weights import read_network, sizes_of_tensors, transformer_from_tensors
from raspc.runner.model import Model, network_sizes
from raspc.runner.network import LayerSizes, NetworkSizes, Transformer
from raspc.tests.support.handmade import logits, random_model
from raspc.tests.support.rounding import assert_same_logits

SHAPES = {
    "heads and neurons": ((2, 3, 5), (0, 0, 4), (1, 4, 0)),
    "no layers": (),
    "an empty layer": ((0, 0, 0), (3, 1, 2)),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("causal", [False, True])
def test_a_network_of_sizes_has_the_tensors_of_the_format(shape: str, causal: bool) -> None:
    manifest = random_model(0, SHAPES[shape], causal=causal).manifest
    network = Transformer(network_sizes(manifest))
    assert {name: tuple(value.shape) for name, value in network.state_dict().items()} == expected_shapes(manifest)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("causal", [False, True])
def test_tensors_alone_give_the_sizes_and_the_logits(shape: str, causal: bool) -> None:
    compiled = random_model(3, SHAPES[shape], causal=causal)
    network = transformer_from_tensors(compiled.tensors, causal=causal)
    assert network.sizes == network_sizes(compiled.manifest)
    ids, _ = Model(compiled, "cpu").encode(["abca"])
    with torch.no_grad():
        assert_same_logits(compiled, "abca", network(ids)[0], logits(compiled, "abca"))


def test_a_network_is_read_from_a_weights_file_without_its_manifest(tmp_path: Path) -> None:
    compiled = random_model(2)
    path = tmp_path / "bare.safetensors"
    path.write_bytes(pack(compiled.tensors, ("writer", "test")))
    network = read_network(path, causal=False)
    assert {name: value.tolist() for name, value in network.state_dict().items()} == {
        name: value.tolist() for name, value in compiled.tensors.items()
    }


def test_padding_may_stand_anywhere() -> None:
    compiled = random_model(1, causal=True)
    network = transformer_from_tensors(compiled.tensors, causal=True)
    (row,) = Model(compiled, "cpu").encode(["bac"])[0]
    padded = torch.cat([torch.full((2,), 3), row])
    known = torch.tensor([False, False, True, True, True, True])
    with torch.no_grad():
        found = network.run_positions(padded[None], torch.tensor([0, 0, 0, 1, 2, 3]), known[None])
    assert_same_logits(compiled, "bac", found[0, 2:], logits(compiled, "bac"))


def test_a_network_can_be_trained() -> None:
    torch.manual_seed(0)
    network = Transformer(NetworkSizes(4, 5, 8, 3, (LayerSizes(2, 4, 16),)))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    ids = torch.randint(4, (32, 5))
    optimiser = torch.optim.Adam(network.parameters(), 0.03)
    losses = []
    for _ in range(60):  # the token itself, without the last one
        loss = torch.nn.functional.cross_entropy(network(ids).flatten(0, 1), ids.clamp(max=2).flatten())
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 10


def _without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda tensors: tensors.pop(name)


def _with(name: str, array: Any) -> Callable[[dict[str, Any]], object]:
    return lambda tensors: tensors.update({name: array})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without("embed.W_E"), "there is no `embed.W_E`"),
        (_without("blocks.0.attn.W_Q"), "there is no `blocks.0.attn.W_Q`"),
        (_without("blocks.2.attn.b_O"), "there is no `blocks.2.attn.b_O`"),
        (_with("ln.w", np.zeros(7, np.float32)), "'ln.w' is no tensor of such a transformer"),
        (_with("unembed.W_U", np.zeros(7, np.float32)), "`unembed.W_U` has the shape [7], not [d_model, d_vocab_out]"),
        (_with("unembed.W_U", np.zeros((8, 6), np.float32)), "`unembed.W_U` has the shape [8, 6], not [7, 6]"),
        (_with("blocks.999999.mlp.b_in", np.zeros(1)), "a tensor of layer 999999 is among them, and 4096 layers"),
        (_with("unembed.b_U", np.zeros(6, np.int64)), "`unembed.b_U` holds int64, not float32 or float64"),
        (_with("unembed.b_U", np.full(6, np.nan)), "`unembed.b_U` holds a number that is not finite"),
    ],
)
def test_other_tensors_are_refused(change: Callable[[dict[str, Any]], object], message: str) -> None:
    tensors: dict[str, Any] = dict(random_model(0).tensors)
    change(tensors)
    with pytest.raises(RaspError) as caught:
        transformer_from_tensors(tensors, causal=False)
    assert f"these tensors are not a transformer's weights: {message}" in str(caught.value)
    assert "[M070]" in str(caught.value)


def test_sizes_of_a_layer_without_tensors_are_zero() -> None:
    tensors = random_model(0, ((0, 0, 0), (3, 1, 2))).tensors
    assert sizes_of_tensors(tensors, causal=False).layers == (LayerSizes(0, 0, 0), LayerSizes(3, 1, 2))
