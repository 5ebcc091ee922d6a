"""Hints of refusals: after the edit that the hint tells, the program compiles."""

from __future__ import annotations

from fractions import Fraction

import pytest
from raspc.compiler.analysis.domains import Domain
from raspc.compiler.elaborate import elaborate
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.diagnostics import Diagnostic, RaspError
from raspc.rasp_grammar.span import Source


def _refusal(text: str) -> Diagnostic:
    with pytest.raises(RaspError) as refused:
        compile_program(elaborate(Source("p.rasp", text)))
    return refused.value.diagnostics[0]


COPY = """set vocab "abcdefghijklmnopqrstuvwxyz|_"; set max_length 128;
bar = aggregate(select(tokens, "|", ==), indices, 999);
src = indices - bar - 1;
aggregate(select(indices, src, ==), tokens, "_") if indices > bar else tokens;"""

#: (program, code, a text of the message, a text of the hint, what the hint replaces, by what)
HINTS = [
    pytest.param(
        COPY,
        "C201",
        "`bar` is a mean of up to 128 positions",
        "if one position is meant by `bar`, select one: aggregate(select_first(...), ...)",
        'select(tokens, "|", ==)',
        'select_first(select(tokens, "|", ==))',
        id="copy-after-delimiter",
    ),
]


@pytest.mark.parametrize(("program", "code", "message", "hint", "old", "new"), HINTS)
def test_the_program_compiles_after_the_hint(
    program: str, code: str, message: str, hint: str, old: str, new: str
) -> None:
    refusal = _refusal(program)
    assert refusal.code == code
    assert message in refusal.message
    assert refusal.hint is not None
    assert hint in refusal.hint
    assert old in program
    compile_program(elaborate(Source("p.rasp", program.replace(old, new))))


@pytest.mark.parametrize(("low", "high"), [(-(2**62), 2**62), (0, 2**62 - 5), (Fraction(-(2**62), 3), 1)])
def test_no_internal_bound_stands_in_a_message(low: int | Fraction, high: int) -> None:
    assert Domain(None, True, low, high).describe() == "numbers of any size"


def test_the_size_of_a_table_is_said_as_it_is() -> None:
    """110 combinations are not "more than 131,072"."""
    refusal = _refusal("""set vocab range(11); set max_length 10;
    key = tokens + indices / 1000;
    n = selector_width(select(key, key, <=));
    largest_token = aggregate(select(n, length, ==), tokens);
    tokens / largest_token if largest_token > 0 else 0;""")
    assert "more than 131" not in refusal.message
