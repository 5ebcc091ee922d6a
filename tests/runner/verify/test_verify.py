"""Verification of a model against the interpreter: differences, inputs left out, minimal counterexamples."""

from __future__ import annotations

import dataclasses

import pytest
from raspc.compiler.artifact.manifest import ClassDecodeRecord, Decode, NumberDecodeRecord, OutputRecord
from raspc.compiler.artifact.model_files import CompiledModel
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Program
from raspc.compiler.graph.values import Scalar
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source
from raspc.runner.model import Model
from raspc.runner.verify.compare import Comparison, Inputs
from raspc.runner.verify.verify import Verdict, equal, verify

OPTIONS = CompileOptions()


def _program(text: str, vocabulary: tuple[Scalar, ...] = (0, 1, 2), entries: tuple[str, ...] = ()) -> Program:
    return elaborate(Source("x.rasp", text), vocabulary=vocabulary, max_length=4, entries=entries)


def _compare(
    model: str, program: str, vocabulary: tuple[Scalar, ...] = (0, 1, 2), options: CompileOptions = OPTIONS
) -> Verdict:
    """The model of one program beside the meaning of another."""
    compiled = compile_program(_program(model, vocabulary), options)
    [verdict] = verify(
        Model.from_compiled(compiled, device="cpu"), _program(program, vocabulary), Inputs.every(vocabulary, 4)
    )
    return verdict


def test_agreement_and_inputs_without_a_defined_output() -> None:
    verdict = _compare("6 / tokens;", "6 / tokens;")
    found = verdict.comparison
    assert (found.compared, found.undefined) == (2 + 4 + 8 + 16, 1 + 5 + 19 + 65)
    assert (found.positions, found.lengths) == (2 + 8 + 24 + 64, {1, 2, 3, 4})
    assert verdict.comparison.counterexample is None
    assert verdict.promise_kept


def test_a_counterexample_is_minimal() -> None:
    wrong = "after = selector_width(select(indices, indices, <) and select(tokens, 1, ==)) > 0;\n"
    verdict = _compare(f"{wrong} 0 if after and tokens == 2 else tokens;", "tokens + 0;")
    found = verdict.comparison.counterexample
    assert found is not None
    assert (found.tokens, found.position, found.candidate, found.reference) == ((1, 2), 1, 0, 2)


def test_truth_values_are_not_numbers() -> None:
    assert _compare("tokens == 1;", "tokens == 1;").comparison.counterexample is None
    found = _compare("tokens == 1;", "indicator(tokens == 1);").comparison.counterexample
    assert found is not None
    assert (found.tokens, found.candidate, found.reference) == ((0,), False, 0)


def test_numbers_without_a_value_to_move_to_may_be_off_by_their_bound() -> None:
    output = _output(NumberDecodeRecord(None, 0, 10, 0.01))
    assert equal(output, 1.005, 1)
    assert not equal(output, 1.05, 1)
    assert not equal(output, "1", 1)
    assert not equal(_output(NumberDecodeRecord(100, 0, 10, 0.01)), 1.005, 1)


def test_every_output_has_a_verdict() -> None:
    text = "before = aggregate(select(indices, indices, <), tokens); inverse = 1 / tokens;"
    program = _program(text, entries=("before", "inverse"))
    compiled = compile_program(program)
    verdicts = verify(Model.from_compiled(compiled, device="cpu"), program, Inputs.every((0, 1, 2), 4))
    assert [verdict.comparison.output for verdict in verdicts] == ["before", "inverse"]
    assert [verdict.comparison.compared for verdict in verdicts] == [120, 30]
    assert [verdict.comparison.undefined for verdict in verdicts] == [0, 90]
    with pytest.raises(RaspError, match="the program has no output `before`"):
        verify(
            Model.from_compiled(compiled, device="cpu"),
            _program(text, entries=("inverse",)),
            Inputs.every((0, 1, 2), 4),
        )


def test_causal_models() -> None:
    text = "selector_width(full_s);"
    assert _compare(text, text, options=CompileOptions(causal=True)).comparison.counterexample is None


def test_overflow_is_an_error_with_the_input() -> None:
    compiled = compile_program(_program("tokens;"))
    tensors = {name: array.copy() for name, array in compiled.tensors.items()}
    tensors["embed.W_E"][2] = 3e38
    tensors["unembed.W_U"][:] = 3e38
    model = Model.from_compiled(CompiledModel(tensors, compiled.manifest), device="cpu")
    with pytest.raises(RaspError, match=r"too large, on: 0 2 .*M062"):
        verify(model, _program("tokens;"), Inputs.listed([(0, 2)], (0, 1, 2), 4))


def _output(decode: Decode) -> OutputRecord:
    count = len(decode.values) if isinstance(decode, ClassDecodeRecord) else 1
    return OutputRecord("out", 0, ("number",), 1, count, decode, False, 0.01, 0.25)


SOUND = {
    "strings": "tokens[length - indices - 1];",
    "numbers": "selector_width(select(tokens, tokens, ==));",
    "fractions": "aggregate(select(indices, indices, <=), tokens);",
    "booleans": "aggregate(full_s, indicator(tokens == 1)) > 0.4;",
    "one value": "7;",
}


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("name", SOUND)
def test_the_margin_promised_is_kept(name: str, small: bool) -> None:
    text = SOUND[name]
    vocabulary: tuple[Scalar, ...] = ("x", "y", "z") if name == "strings" else (0, 1, 2)
    verdict = _compare(text, text, vocabulary, CompileOptions(small=small))
    assert verdict.promise_kept
    assert (verdict.worst is None) == (name == "one value")


def test_a_promise_that_is_not_kept_is_seen() -> None:
    verdict = Verdict(Comparison("out"), promised=0.5)
    assert verdict.promise_kept
    program = _program("tokens;")
    compiled = compile_program(program)
    [output] = compiled.manifest.outputs
    manifest = dataclasses.replace(compiled.manifest, outputs=(dataclasses.replace(output, margin=0.6, error=0.0),))
    model = Model.from_compiled(CompiledModel(compiled.tensors, manifest), device="cpu")
    [verdict] = verify(model, program, Inputs.every((0, 1, 2), 4))
    assert verdict.comparison.counterexample is None
    assert not verdict.promise_kept
