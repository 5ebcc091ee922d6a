"""The runner against a transformer in plain NumPy, and what running a model promises."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from raspc.compiler.artifact.manifest import ClassDecodeRecord, Kind, NumberDecodeRecord
from raspc.compiler.artifact.model_files import CompiledModel, expected_shapes, write
from raspc.compiler.graph.values import Scalar
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.runner.model import Model, load
from raspc.tests.support.handmade import (
    FRACTION_ROUNDINGS,
    fraction_of_a,
    identity,
    logits,
    manifest_of,
    random_model,
    reverse,
)
from raspc.tests.support.rounding import SOFTMAX_ROUNDINGS, assert_same_logits, rounding_bound

SHAPES = {
    "heads and neurons": ((2, 3, 5), (0, 0, 4), (1, 4, 0)),
    "nothing": (),
    "an empty layer": ((0, 0, 0), (3, 1, 2)),
    "attention only": ((1, 2, 0), (4, 2, 0)),
}


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_logits_are_those_of_a_plain_transformer(shape: str, causal: bool, dtype: str) -> None:
    compiled = random_model(7, SHAPES[shape], causal=causal)
    model = Model(compiled, "cpu", dtype)
    inputs = ["abcabc", "", "c", "ba"]
    ids, lengths = model.encode(inputs)
    with torch.no_grad():
        found = model(ids, lengths)
    assert found.shape == (4, 7, 6)
    assert lengths.tolist() == [7, 1, 2, 3]
    for row, tokens in zip(found, inputs, strict=True):
        expected = logits(compiled, tokens)
        assert_same_logits(compiled, tokens, row[: len(expected)], expected, dtype)


@settings(deadline=None)
@given(
    st.integers(0, 5), st.lists(st.text("abc", max_size=6), min_size=1, max_size=5), st.booleans(), st.integers(0, 3)
)
def test_padding_changes_no_result(seed: int, inputs: list[str], causal: bool, padding: int) -> None:
    compiled = random_model(seed, causal=causal)
    model = Model(compiled, "cpu", "float64")
    ids, lengths = model.encode(inputs)
    with torch.no_grad():
        # Whatever stands in the padding, here every token in turn, the positions before it do not see it.
        ids = torch.cat([ids, torch.full((len(inputs), max(0, 7 - ids.shape[1])), padding)], 1)
        together = model(ids, lengths)
        for row, tokens in enumerate(inputs):
            alone = model(*model.encode([tokens]))[0]
            assert_same_logits(compiled, tokens, together[row, : len(alone)], alone, "float64")
    assert model.run_batch(inputs) == [model.run(tokens) for tokens in inputs]


def test_state_dict_has_the_names_of_the_file(tmp_path: Path) -> None:
    compiled = random_model(1)
    model = load(write(compiled, tmp_path / "m.safetensors").weights, "cpu")
    assert {name: tuple(value.shape) for name, value in model.state_dict().items()} == expected_shapes(
        compiled.manifest
    )
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), compiled.tensors[name])


def test_identity() -> None:
    assert Model(identity(), "cpu").run("cab") == ["c", "a", "b"]


def test_reverse() -> None:
    model = Model(reverse(), "cpu")
    assert model.run(["a", "b", "c", "a"]) == ["a", "c", "b", "a"]
    assert model.run_batch(["abca", "ccab"]) == [list("acba"), list("bacc")]


def test_numbers_are_moved_to_the_nearest_fraction() -> None:
    compiled = fraction_of_a(NumberDecodeRecord(8, 0, 1, 1e-5))
    for count in range(1, 9):
        tokens = "a" * count + "b" * (8 - count)
        share = Fraction(count, 8)
        assert Model(compiled, "cpu").run(tokens) == [share.numerator if share == 1 else share] * 8
    assert Model(compiled, "cpu").run("aab") == [Fraction(2, 3)] * 3


def test_whole_numbers_are_ints_and_any_number_is_a_float() -> None:
    whole = Model(fraction_of_a(NumberDecodeRecord(1, 0, 1, 1e-5)), "cpu").run("aaaaaab")
    assert whole == [1] * 7
    assert {type(value) for value in whole} == {int}
    plain = Model(fraction_of_a(NumberDecodeRecord(None, 0, 1, 1e-5)), "cpu").run("aab")
    assert plain == pytest.approx([2 / 3] * 3, rel=0, abs=rounding_bound(FRACTION_ROUNDINGS, 1.0, "float32"))
    assert {type(value) for value in plain} == {float}


@pytest.mark.parametrize(
    ("kinds", "values", "shown"),
    [
        (("bool",), (0, 1), [False, True]),
        (("bool", "number"), (False, True), [0, 1]),
        (("bool", "string"), (0, "x"), [False, "x"]),
        (("number",), (Fraction(1, 2), 3), [Fraction(1, 2), 3]),
    ],
)
def test_values_are_presented_by_their_kinds(
    kinds: tuple[Kind, ...], values: tuple[Scalar, ...], shown: list[Scalar]
) -> None:
    manifest = manifest_of("ab", 2, 2, [], [ClassDecodeRecord(values)], kinds=kinds)
    tensors = {name: np.zeros(shape, np.float32) for name, shape in expected_shapes(manifest).items()}
    tensors["embed.W_E"][:2] = tensors["unembed.W_U"][:] = np.eye(2)
    found = Model(CompiledModel(tensors, manifest), "cpu").run("ab")
    assert [(type(value), value) for value in found] == [(type(value), value) for value in shown]


def test_outputs_by_name() -> None:
    compiled = random_model(3)
    model = Model(compiled, "cpu")
    expected = logits(compiled, "abca")[1:]
    assert model.outputs == ("out0", "out1")
    assert model.run("abca") == model.run("abca", "out0") == ["abc"[i] for i in expected[:, :3].argmax(1)]
    assert model.run("abca", "out1") == ["abc"[i] for i in expected[:, 3:].argmax(1)]


def test_empty_inputs() -> None:
    model = Model(random_model(0), "cpu")
    assert model.run([]) == []
    assert model.run_batch([]) == []
    assert model.run_batch(["", "a", ""])[0::2] == [[], []]


def test_many_short_inputs_run_in_batches_that_fit() -> None:
    model = Model(random_model(5), "cpu", memory=2**20)
    inputs = ["abc"[i % 3] * (i % 7) for i in range(5_000)]
    expected = {tokens: model.run(tokens) for tokens in set(inputs)}
    sizes: list[int] = []
    model.register_forward_hook(lambda _module, arguments, _result: sizes.append(arguments[0].numel()))
    assert model.run_batch(inputs) == [expected[tokens] for tokens in inputs]
    assert 3 < len(sizes) < 60
    model.memory = 1  # less than one input takes: one at a time, then
    assert model.run_batch(["abcabc", "a"]) == [expected.get("abcabc", model.run("abcabc")), expected["a"]]


def test_activations_follow_the_stream() -> None:
    compiled = random_model(2)
    model = Model(compiled, "cpu", "float64")
    ids, lengths = model.encode(["abc", "a"])
    found = model.activations(ids, lengths)
    assert list(found) == [
        "blocks.0.hook_resid_pre",
        "blocks.0.attn.hook_pattern",
        "blocks.0.hook_resid_mid",
        "blocks.0.hook_resid_post",
        "blocks.1.hook_resid_mid",
        "blocks.1.hook_resid_post",
        "blocks.2.attn.hook_pattern",
        "blocks.2.hook_resid_mid",
        "blocks.2.hook_resid_post",
    ]
    pattern = found["blocks.0.attn.hook_pattern"]  # [batch, head, query, key]
    assert pattern.shape == (2, 2, 4, 4)
    off = (pattern.sum(-1) - 1).abs().max()
    assert off <= rounding_bound(4 + SOFTMAX_ROUNDINGS, 1.0, "float64")  # rows of four keys
    assert pattern[1, :, :, 2:].abs().max() == 0  # padded keys
    with torch.no_grad():
        end = found["blocks.2.hook_resid_post"] @ model.unembed.W_U + model.unembed.b_U
        assert torch.equal(end, model(ids, lengths))  # the same product of the same numbers
    assert [name for name in found if "resid" in name] == list(model.residuals(ids, lengths))


def test_full_precision_is_asked_for_and_given_back() -> None:
    torch.set_float32_matmul_precision("medium")
    try:
        model = Model(random_model(0), "cpu")
        seen: list[str] = []
        hook = model.register_forward_hook(lambda *_: seen.append(torch.backends.cuda.matmul.fp32_precision))
        model.run("abc")
        hook.remove()
        assert seen == ["ieee"]
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_gradients_reach_the_weights() -> None:
    model = Model(random_model(0), "cpu")
    model(*model.encode(["abc"])).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_gives_the_same() -> None:
    compiled = random_model(4, ((4, 8, 32), (4, 8, 32)), max_length=40, d_model=32)
    inputs = [("abc" * 20)[i : i + i % 41] for i in range(60)]
    cpu, gpu = Model(compiled, "cpu"), Model(compiled, "cuda")
    assert next(gpu.parameters()).is_cuda
    with torch.no_grad():
        expected = cpu(*cpu.encode(inputs))
        found = gpu(*gpu.encode(inputs)).cpu()
    for row, tokens in enumerate(inputs):
        assert_same_logits(compiled, tokens, found[row, : 1 + len(tokens)], expected[row, : 1 + len(tokens)])


def test_overflow_is_no_answer() -> None:
    compiled = random_model(0)
    tensors = dict(compiled.tensors)
    tensors["unembed.W_U"] = np.full_like(tensors["unembed.W_U"], 3e38)
    with pytest.raises(RaspError) as caught:
        Model(CompiledModel(tensors, compiled.manifest), "cpu").run("abc")
    assert str(caught.value) == (
        "raspc: error: the model's numbers became too large for its type [M062]\n  hint: run it with dtype float64"
    )


@pytest.mark.parametrize(
    ("tokens", "output", "expected"),
    [
        (
            "abx",
            None,
            'raspc: error: "x" at position 2 is not in the program\'s vocabulary [unknown-token]\n'
            '  hint: the vocabulary is "a", "b", "c"',
        ),
        (
            ["A", ["a"]],
            None,
            'raspc: error: "A" at position 0 is not in the program\'s vocabulary [unknown-token]\n'
            '  hint: did you mean "a"? the vocabulary is "a", "b", "c"\n'
            "raspc: error: ['a'] at position 1 is not in the program's vocabulary [unknown-token]\n"
            '  hint: the vocabulary is "a", "b", "c"',
        ),
        (
            "abcabca",
            None,
            "raspc: error: the input has 7 tokens, but the program takes at most 6 [input-too-long]\n"
            "  hint: shorten the input, or declare more with `set max_length 7;` or `--max-length 7`",
        ),
        ("abc", "out2", "raspc: error: the model has no output `out2` [unknown-entry]\n  hint: did you mean `out1`?"),
        (
            "abc",
            "zebra",
            "raspc: error: the model has no output `zebra` [unknown-entry]\n"
            "  hint: the model's outputs are: out0, out1",
        ),
    ],
)
def test_wrong_inputs(tokens: list[Scalar], output: str | None, expected: str) -> None:
    with pytest.raises(RaspError) as caught:
        Model(random_model(0), "cpu").run(tokens, output)
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("device", "dtype", "expected"),
    [
        ("tpu", "float32", "there is no device `tpu` [M061]\n  hint: choose auto, cpu, cuda or cuda:N"),
        ("cuda:x", "float32", "there is no device `cuda:x` [M061]\n  hint: choose auto, cpu, cuda or cuda:N"),
        ("cpu", "float16", "a model cannot run in `float16` [M060]\n  hint: choose float32 or float64"),
    ],
)
def test_wrong_devices(device: str, dtype: str, expected: str) -> None:
    with pytest.raises(RaspError) as caught:
        Model(random_model(0), device, dtype)
    assert str(caught.value) == "raspc: error: " + expected


@pytest.mark.parametrize("number", ["", ":0", ":7"])
def test_missing_cuda(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RaspError) as caught:
        Model(random_model(0), f"cuda{number}")
    assert str(caught.value) == (
        f"raspc: error: cannot use `cuda{number}`: PyTorch finds no CUDA device here [M061]\n  hint: choose cpu"
    )
    assert next(Model(random_model(0), "auto").parameters()).device.type == "cpu"
