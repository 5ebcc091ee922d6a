"""The check of one program: ok, mismatch, refused, undefined outputs, internal error."""

from __future__ import annotations

from fractions import Fraction

import pytest
from raspc.compiler import pipeline
from raspc.compiler.artifact.manifest import ClassDecodeRecord, NumberDecodeRecord, OutputRecord
from raspc.compiler.artifact.model_files import CompiledModel
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Program
from raspc.compiler.options import CompileOptions
from raspc.rasp_grammar.span import Source
from raspc.tools.fuzz import check
from raspc.tools.fuzz.check import check_program, equal

HEAD = 'set vocab "ab";\nset max_length 3;\n'


def test_model_equal_to_the_interpreter_is_ok() -> None:
    result = check_program(HEAD + "tokens[length - indices - 1];", 14, False, False)
    assert (result.status, result.compared, result.undefined, result.positions) == ("ok", 14, 0, 2 + 8 + 24)


@pytest.mark.parametrize("causal", [False, True])
def test_causal_models_are_compared_with_the_causal_interpreter(causal: bool) -> None:
    assert check_program(HEAD + "count(tokens, tokens);", 14, False, causal).status == "ok"


def test_inputs_with_undefined_outputs_are_left_out() -> None:
    result = check_program(HEAD + "1 / indices if length > 1 else 7;", [("a",), ("a", "b")], False, False)
    assert (result.status, result.compared, result.undefined) == ("ok", 1, 1)


def test_refusal_has_the_code_of_the_diagnostic() -> None:
    assert check_program("tokens;", 5, False, False).reason == "no-vocabulary"
    assert check_program(HEAD + "tokens +;", 5, False, False).status == "refused"
    assert check_program(HEAD + "tokens - 1;", 5, False, False).reason == "C220"


def _compile_instead(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = elaborate(Source("other.rasp", text))

    def compiles_another(program: Program, options: CompileOptions) -> CompiledModel:
        return pipeline.compile_program(other, options)

    monkeypatch.setattr(check, "compile_program", compiles_another)


def test_mismatch_names_a_minimal_input_and_the_first_wrong_position(monkeypatch: pytest.MonkeyPatch) -> None:
    _compile_instead(HEAD + "indices + indicator(indices == 1);", monkeypatch)
    result = check_program(HEAD + "indices;", [("a",), ("b", "a", "b")], False, False)
    assert result.failed
    assert result.cause == ("mismatch", "mismatch")
    assert result.detail == "on a a: at position 1 the model gives 2, the interpreter 1"


def test_number_in_place_of_a_boolean_is_a_mismatch(monkeypatch: pytest.MonkeyPatch) -> None:
    _compile_instead(HEAD + "indicator(indices == 1);", monkeypatch)
    assert check_program(HEAD + "indices == 1;", 14, False, False).status == "mismatch"


def test_exception_is_an_internal_error_named_by_its_function(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(program: Program, options: CompileOptions) -> CompiledModel:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(check, "compile_program", breaks)
    result = check_program(HEAD + "indices;", 5, False, False)
    assert result.status == "internal-error"
    assert result.reason.startswith("ZeroDivisionError in ")
    assert result.detail.endswith("ZeroDivisionError: oh\n")


def _output(decode: ClassDecodeRecord | NumberDecodeRecord) -> OutputRecord:
    return OutputRecord("output", 0, ("number",), 0, 1, decode, False, 0.0, 0.0)


def test_exact_outputs_are_compared_exactly() -> None:
    classes = _output(ClassDecodeRecord((0, 1)))
    nearest = _output(NumberDecodeRecord(6, 0, 1, 0.1))
    for output in (classes, nearest):
        assert equal(output, Fraction(1, 2), Fraction(1, 2))
        assert not equal(output, Fraction(1, 2), Fraction(1, 3))
        assert not equal(output, True, 1)
        assert not equal(output, "a", 1)


def test_approximate_numbers_are_compared_within_the_stated_error() -> None:
    stated = _output(NumberDecodeRecord(None, 0, 1, 0.01))
    assert equal(stated, 0.505, Fraction(1, 2))
    assert not equal(stated, 0.515, Fraction(1, 2))
