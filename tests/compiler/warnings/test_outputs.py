"""Outputs that are approximate or undefined on some input get a warning; other outputs get none."""

from __future__ import annotations

import re

import pytest
from raspc.compiler.elaborate import elaborate
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.compiler.warnings.outputs import output_warnings
from raspc.rasp_grammar.diagnostics import Diagnostic, RaspError
from raspc.rasp_grammar.span import Source
from raspc.tests.programs.cases import shipped_programs


def warned(text: str, *entries: str, causal: bool = False, max_length: int = 6) -> tuple[Diagnostic, ...]:
    program = elaborate(Source("test.rasp", f"set max_length {max_length}; {text}"), entries=entries)
    return output_warnings(program, compile_program(program, CompileOptions(causal=causal)).manifest)


LETTERS, NUMBERS = 'set vocab "ab"; ', "set vocab range(3); "


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        (
            LETTERS + 'x = aggregate(select(tokens, "a", ==), tokens); x;',
            'aggregate(select(tokens, "a", ==), tokens)',
            "the output at position 0 is undefined on the input `b`: an empty selection of strings and no default",
        ),
        (NUMBERS + "1 / tokens;", "1 / tokens", "the output at position 0 is undefined on the input `0`: division by"),
        (
            # Needs an input of three tokens.
            NUMBERS + "6 / (length - 3);",
            "6 / (length - 3)",
            "the output at position 0 is undefined on the input `[012] [012] [012]`: division by zero",
        ),
        (
            LETTERS + "aggregate(full_s, tokens);",
            None,
            "the output at position 0 is undefined on the input `(a b|b a)`",
        ),
    ],
)
def test_a_warning_shows_an_input_without_a_value(text: str, where: str | None, message: str) -> None:
    (warning,) = warned(text)
    assert (warning.code, warning.severity) == ("sometimes-undefined", "warning")
    assert re.match(message, warning.message)
    assert warning.message.endswith("; what the model says there means nothing")
    assert warning.span is not None
    assert where is None or warning.span.text == where


@pytest.mark.parametrize(
    "text",
    [
        "tokens;",
        "1 / tokens if tokens != 0 else 0;",
        "aggregate(select(tokens, 1, ==), tokens);",  # 0 where nothing is selected
        "unread = 1 / tokens; tokens + 1;",
    ],
)
def test_outputs_with_values_get_no_warning(text: str) -> None:
    assert warned(NUMBERS + text) == ()


def test_each_output_gets_its_own_warning() -> None:
    text = NUMBERS + "good = tokens + 1; bad = 1 / tokens; worse = 1 / (tokens - 1);"
    first, second = warned(text, "good", "bad", "worse")
    assert first.message.startswith("the output `bad` at position 0 is undefined on the input `0`: ")
    assert second.message.startswith("the output `worse` at position 0 is undefined on the input `1`: ")


def test_causal_attention_can_leave_an_output_undefined() -> None:
    text = LETTERS + "aggregate(select(indices, length - 1, ==), tokens);"
    assert warned(text) == ()  # the last token, which the first position does not see with causal attention
    (warning,) = warned(text.replace("length", "2"), causal=True)
    assert "an empty selection of strings" in warning.message


def test_shipped_programs_get_no_warning() -> None:
    for shipped in shipped_programs():
        if shipped.path.stem in ("continue_pattern", "induction_head", "interleave", "majority", "mode", "rotate"):
            program = elaborate(
                Source(str(shipped), shipped.path.read_text(encoding="utf-8")), base=shipped.path.parent
            )
            compiled = compile_program(program, CompileOptions())
            assert any(output.may_be_undefined for output in compiled.manifest.outputs)  # as far as the analysis knows
            assert output_warnings(program, compiled.manifest) == ()


def test_approximate_numbers_get_a_warning_with_their_bound() -> None:
    text = "set vocab range(30); average(tokens);"
    (warning,) = warned(text, max_length=140)
    assert (warning.code, warning.severity) == ("inexact-output", "warning")
    assert warning.span is not None
    assert warning.span.text == "average(tokens)"
    bound = re.search(r"within (\S+) of them", warning.message)
    assert bound is not None
    assert 1e-6 < float(bound.group(1)) < 1e-4
    assert warned(text, max_length=40) == ()


def test_numbers_with_too_large_an_error_are_refused() -> None:
    counts = [f"selector_width(select(tokens, {token}, ==))" for token in range(3)]
    with pytest.raises(RaspError, match="the output is known to") as caught:
        warned(NUMBERS + " * ".join(counts) + ";", max_length=30)
    assert [found.code for found in caught.value.diagnostics] == ["C221"]
