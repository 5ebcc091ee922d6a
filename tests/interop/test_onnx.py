"""ONNX models give the answers of the models that they come from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from raspc.compiler.artifact.manifest import ClassDecodeRecord, NumberDecodeRecord
from raspc.compiler.artifact.model_files import CompiledModel
from raspc.compiler.artifact.scalar_json import decode_scalar
from raspc.compiler.graph.values import Scalar
from raspc.compiler.interpret.sample_inputs import sampled_inputs
from raspc.interop import export_onnx, to_onnx
from raspc.interop.onnx.check import check_onnx
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.runner.model import Model
from raspc.tests.interop.models import NAMES, NUMBERS, RANDOM, compiled
from raspc.tests.support.handmade import FRACTION_ROUNDINGS, awkward, identity, logits, random_model
from raspc.tests.support.rounding import assert_same_logits, rounding_bound

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


class Session:
    """Runs the ONNX file with onnxruntime and its metadata, as code without raspc does."""

    def __init__(self, model: CompiledModel) -> None:
        self.session = onnxruntime.InferenceSession(to_onnx(model).SerializeToString())
        self.about = json.loads(self.session.get_modelmeta().custom_metadata_map["raspc"])
        self.ids = {decode_scalar(form): place for place, form in enumerate(self.about["vocabulary"])}

    def ids_of(self, inputs: Sequence[Sequence[Scalar]], length: int = 0) -> NDArray[np.int64]:
        ids = np.full((len(inputs), max(length, *map(len, inputs))), self.about["pad"], np.int64)
        for row, tokens in zip(ids, inputs, strict=True):
            row[: len(tokens)] = [self.ids[token] for token in tokens]
        return ids

    def run(self, inputs: Sequence[Sequence[Scalar]], name: str, length: int = 0) -> list[list[Scalar]]:
        (answers,) = self.session.run([f"{name}.answer"], {"tokens": self.ids_of(inputs, length)})
        (output,) = (output for output in self.about["outputs"] if output["name"] == name)
        rows = [row[: len(tokens)].tolist() for row, tokens in zip(answers, inputs, strict=True)]
        if "values" not in output:
            return rows
        values = [decode_scalar(form) for form in output["values"]]
        return [[values[place] for place in row] for row in rows]


@pytest.mark.parametrize("name", NAMES)
def test_answers(name: str) -> None:
    model, session = Model(compiled(name), "cpu"), Session(compiled(name))
    inputs = sampled_inputs(model.vocabulary, model.manifest.max_length, 60)[:400]
    for output in model.manifest.outputs:
        got, expected = session.run(inputs, output.name), model.run_batch(inputs, output.name)
        if output.decode.values is not None and not output.may_be_undefined:
            assert got == expected
            assert [list(map(type, row)) for row in got] == [list(map(type, row)) for row in expected]
        elif not output.may_be_undefined:
            assert isinstance(output.decode, NumberDecodeRecord)
            for row, right in zip(got, expected, strict=True):
                expected_row = [float(value) for value in right]
                assert row == pytest.approx(
                    expected_row, rel=0, abs=2 * output.decode.error
                )  # each is off by it at most


@pytest.mark.parametrize("name", RANDOM)
def test_logits_of_every_length_and_batch(name: str) -> None:
    model = RANDOM[name]
    session = Session(model)
    for length in range(1, model.manifest.max_length + 1):
        inputs = ["abcabc"[:length], "ccabba"[:length], "b"][: length + 1]
        for filled in (length, model.manifest.max_length):
            found = session.session.run(["out0.logits", "out1.logits"], {"tokens": session.ids_of(inputs, filled)})
            for row, tokens in enumerate(inputs):
                expected = logits(model, tokens)
                both = np.concatenate([part[row, : len(tokens)] for part in found], axis=1)
                assert_same_logits(model, tokens, np.concatenate([expected[:1], both]), expected)


def test_no_tokens_and_too_many() -> None:
    session = Session(identity())
    (answers,) = session.session.run(["out0.answer"], {"tokens": np.zeros((2, 0), np.int64)})
    assert answers.shape == (2, 0)
    onnxruntime.set_default_logger_severity(4)
    errors = onnxruntime.capi.onnxruntime_pybind11_state
    with pytest.raises((errors.Fail, errors.InvalidArgument), match="hook_"):
        session.session.run(None, {"tokens": np.zeros((1, 6), np.int64)})


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name: str) -> None:
    manifest = NUMBERS[name].manifest
    (output,) = manifest.outputs
    session, model = Session(NUMBERS[name]), Model(NUMBERS[name], "cpu")
    inputs = [tuple("aab"), tuple("b"), tuple("abbabab"), tuple("aaaaa")]
    for row, expected in zip(session.run(inputs, "out0"), model.run_batch(inputs), strict=True):
        assert isinstance(output.decode, NumberDecodeRecord)
        if output.decode.values is not None:
            assert row == expected
        elif output.decode.max_denominator is None:
            assert row == pytest.approx(expected, rel=0, abs=rounding_bound(FRACTION_ROUNDINGS, 1.0, "float32"))
        else:
            assert row == [float(value) for value in expected if not isinstance(value, str)]
            assert {type(value) for value in row} == ({int} if name == "integer" else {float})


def test_the_nearest_fraction_is_pythons() -> None:
    """Denominators up to 60, numbers from everywhere: what `limit_denominator` gives."""
    model = random_model(3, ((1, 2, 3),), max_length=12)
    columns = NumberDecodeRecord(60, -100, 100, 1e-5)
    (first, _) = model.manifest.outputs
    output = type(first)("x", 0, ("number",), 0, 1, columns, False, 0.0, 0.0)
    manifest = type(model.manifest)(**{**vars(model.manifest), "outputs": (output,)})
    tensors = {**model.tensors, "unembed.W_U": model.tensors["unembed.W_U"][:, :1]}
    tensors["unembed.b_U"] = model.tensors["unembed.b_U"][:1]
    session = Session(CompiledModel(tensors, manifest))
    inputs = sampled_inputs("abc", 12, 100)
    answers, numbers = session.session.run(["x.answer", "x.logits"], {"tokens": session.ids_of(inputs)})
    exact = [Fraction(float(number)) for number in numbers.flatten()]
    assert answers.flatten().tolist() == [float(number.limit_denominator(60)) for number in exact]


def test_the_graph_is_legible() -> None:
    made = to_onnx(compiled("paper/sort"))
    assert [result.name for result in made.graph.output] == ["output.answer", "output.logits"]
    constants = {constant.name: tuple(constant.dims) for constant in made.graph.initializer}
    manifest = compiled("paper/sort").manifest
    assert {name: constants[name] for name in compiled("paper/sort").tensors} == {
        name: tensor.shape for name, tensor in compiled("paper/sort").tensors.items()
    }
    made_here = {node.output[0] for node in made.graph.node}
    assert {"blocks.0.attn.hook_pattern", "blocks.0.hook_resid_mid", "blocks.0.mlp.hook_post"} <= made_here
    assert all(node.name == node.output[0] for node in made.graph.node)
    used = {name for node in made.graph.node for name in node.input}
    assert constants.keys() <= used
    about = json.loads(made.metadata_props[0].value)
    assert about["directions"] == [direction.label for direction in manifest.directions]
    assert about["program"] == {file.name: file.text for file in manifest.program.files}


def test_the_same_bytes(tmp_path) -> None:  # type: ignore[no-untyped-def]
    first, second = (export_onnx(compiled("several"), tmp_path / name).read_bytes() for name in ("a.onnx", "b.onnx"))
    assert first == second


def test_difficult_texts() -> None:
    assert json.loads(to_onnx(awkward()).metadata_props[0].value)["vocabulary"][9] == "\ud800"


def test_the_check_compares_with_the_program() -> None:
    right = compiled("several causal")
    assert (check_onnx(to_onnx(right), right.manifest) or 0) >= 100
    bias = right.tensors["unembed.b_U"].copy()
    assert isinstance(right.manifest.outputs[1].decode, ClassDecodeRecord)
    bias[right.manifest.outputs[1].first] += 1000
    wrong = CompiledModel({**right.tensors, "unembed.b_U": bias}, right.manifest)
    with pytest.raises(RaspError, match=r"with onnxruntime, `hist` at position 1 is 1 instead of 2, on: a a \["):
        check_onnx(to_onnx(wrong), right.manifest)
