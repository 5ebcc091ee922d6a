"""TransformerLens bridges compute what the models compute.  Runs where TransformerLens 4 is installed; the padding of
layers is tested everywhere."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from raspc.compiler.artifact.manifest import ClassDecodeRecord, LayerRecord
from raspc.compiler.artifact.model_files import CompiledModel
from raspc.compiler.interpret.sample_inputs import sampled_inputs
from raspc.interop import answers, bridge_settings, padded_tensors, to_transformer_lens
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.runner.model import Model
from raspc.tests.interop.models import NAMES, RANDOM, compiled
from raspc.tests.support.handmade import random_model
from raspc.tests.support.rounding import activation_bounds, assert_same_logits


@pytest.fixture(scope="module")
def lens() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own affair
        pytest.importorskip("transformer_lens.model_bridge")  # 4 has it
        return __import__("transformer_lens")


def test_padding_changes_no_logit() -> None:
    model = random_model(5, ((2, 3, 5), (0, 0, 4), (1, 4, 0), (3, 1, 0)))
    sizes = bridge_settings(model.manifest)
    assert (sizes["n_heads"], sizes["d_head"], sizes["d_mlp"]) == (3, 4, 5)
    padded = padded_tensors(Model(model, "cpu"))
    layer = model.manifest.layers[0]
    layers = tuple(LayerRecord(3, 4, layer.heads, 5, layer.neurons) for _ in model.manifest.layers)
    manifest = type(model.manifest)(**{**vars(model.manifest), "layers": layers})
    wide = Model(CompiledModel({name: np.asarray(tensor) for name, tensor in padded.items()}, manifest), "cpu")
    narrow = Model(model, "cpu")
    ids, lengths = narrow.encode(["abcabc", "cb"])
    with torch.inference_mode():
        assert_same_logits(model, "abcabc", wide(ids, lengths)[0], narrow(ids, lengths)[0])


def test_a_model_without_layers_has_sizes() -> None:
    sizes = bridge_settings(compiled("strings/caesar").manifest)
    assert (sizes["n_layers"], sizes["n_heads"], sizes["d_head"], sizes["d_mlp"]) == (0, 1, 1, 1)


def test_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "transformer_lens", None)
    with pytest.raises(RaspError, match=r"needs TransformerLens 4(.|\n)*pip install 'raspc\[lens\]'"):
        to_transformer_lens(Model(compiled("paper/sort"), "cpu"))


def _models() -> dict[str, CompiledModel]:
    return RANDOM | {name: compiled(name) for name in NAMES}


@pytest.mark.parametrize("name", [*RANDOM, *NAMES])
def test_bridge(lens: Any, name: str) -> None:
    source = _models()[name]
    model = Model(source, "cpu")
    manifest = model.manifest
    state = torch.random.get_rng_state()
    bridge = to_transformer_lens(model)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert isinstance(bridge, lens.model_bridge.TransformerBridge)
    assert bridge.raspc_labels == tuple(direction.label for direction in manifest.directions)
    assert bridge.raspc_manifest is manifest
    inputs = sampled_inputs(model.vocabulary, manifest.max_length, 60)[:200]
    ids, lengths = model.encode(inputs)
    mask = torch.arange(ids.shape[1]) < lengths[:, None]
    with torch.inference_mode():
        found, expected = bridge(ids, attention_mask=mask.long()), model(ids, lengths)
    if name in RANDOM:
        for row, tokens in enumerate(inputs):
            n = 1 + len(tokens)
            assert_same_logits(source, tokens, found[row, :n], expected[row, :n])
        return
    for output in manifest.outputs:
        if output.may_be_undefined:
            continue
        if isinstance(output.decode, ClassDecodeRecord):
            given = [len(tokens) for tokens in inputs]
            assert answers(manifest, found, output.name, given) == model.run_batch(inputs, output.name)
        else:  # both are as near to the right number as the manifest promises
            assert output.error is not None
            off = (found - expected)[..., output.first][mask]
            assert off.abs().max() <= 2 * output.error


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cache(lens: Any, name: str, dtype: str) -> None:
    model = Model(RANDOM[name], "cpu", dtype)
    bridge = to_transformer_lens(model)
    (tokens,) = sampled_inputs(model.vocabulary, model.manifest.max_length, 1)[-1:]
    ids, lengths = model.encode([tokens])
    logits, cache = bridge.run_with_cache(ids)
    assert logits.dtype == model.embed.W_E.dtype
    bounds = activation_bounds(RANDOM[name], tokens, dtype)
    for hook, value in model.activations(ids, lengths).items():
        found = cache[hook][:, : value.shape[1]] if hook.endswith("pattern") else cache[hook]  # padding heads
        assert ((found - value)[0].abs().numpy() <= 2 * bounds[hook].error).all(), hook


def test_texts(lens: Any) -> None:
    model = Model(compiled("paper/sort"), "cpu")
    bridge = to_transformer_lens(model)
    assert bridge.to_tokens("3 1 2").tolist() == [[10, 3, 1, 2]]
    assert bridge.to_str_tokens("3 1 2") == ["<bos>", "3", "1", "2"]
    assert answers(model.manifest, bridge("3 1 2")) == [[1, 2, 3]]
    assert answers(model.manifest, bridge(["3 1 2", "98"]), lengths=[3, 2]) == [[1, 2, 3], [8, 9]]
