"""A program run by the interpreter: arguments, results and diagnostics."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import cast

import pytest
from raspc.compiler.graph.graph import Program
from raspc.compiler.graph.result_types import NUMBER
from raspc.compiler.graph.values import Scalar
from raspc.compiler.interpret.interpreter import Interpreter, run
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.tests.support.building import DIVISION, Build


@pytest.fixture
def build() -> Build:
    return Build()


def test_run_presents_booleans_and_numbers(build: Build) -> None:
    is_a = build.op("eq", build.tokens, build.constant("a"))
    share = build.aggregate(build.everything(), is_a)
    program = build.program(is_a, share, build.op("add", is_a, is_a), vocabulary=("a", "b"))
    shown = [[repr(value) for value in run(program, "ab", entry=f"out{i}")] for i in range(3)]
    assert shown == [["True", "False"], ["Fraction(1, 2)"] * 2, ["2", "0"]]
    assert [repr(value) for value in run(program, "aa", entry="out1")] == ["True", "True"]


def test_run_without_a_vocabulary_takes_the_tokens_as_they_are(build: Build) -> None:
    program = build.program(build.tokens)
    assert [repr(value) for value in run(program, [Fraction(2, 1), "a"])] == ["2", "'a'"]
    assert run(program, []) == []
    assert Interpreter(program).kinds is None


def test_run_writes_tokens_as_the_vocabulary_does(build: Build) -> None:
    program = build.program(build.tokens, vocabulary=(1, Fraction(1, 2)))
    assert [repr(value) for value in run(program, [1.0, 0.5, True])] == ["1", "Fraction(1, 2)", "1"]
    assert Interpreter(program).kinds == NUMBER


def refused(program: Program, tokens: Sequence[Scalar], entry: str | None = None) -> str:
    with pytest.raises(RaspError) as caught:
        run(program, tokens, entry=entry)
    return str(caught.value)


def test_undefined_output_points_at_where_it_started(build: Build) -> None:
    ratio = build.op("div", build.tokens, build.indices, span=DIVISION)
    shifted = build.aggregate(build.everything(), build.op("neg", ratio), 0)
    assert refused(build.program(shifted, vocabulary=(1, 2)), [1, 2]) == (
        "test.rasp:1:1: error: the output at position 0 is undefined: division by zero (input: 1 2)"
        " [undefined-output]\n"
        "    first / second\n"
        "    ^^^^^^^^^^^^^^\n"
        "  hint: guard the division: `0 if y == 0 else x / y`"
    )


def test_undefined_comparison_points_at_the_select(build: Build) -> None:
    compared = build.graph.select(build.tokens, build.constant(1), "<", DIVISION)
    width = build.graph.selector_width(compared, build.tokens.span)
    assert refused(build.program(width, vocabulary=("a",)), ["a"] * 30).splitlines()[0] == (
        "test.rasp:1:1: error: the output at position 0 is undefined: `<` of a string and a number "
        f"(input: {'a ' * 20}...) [undefined-output]"
    )


def test_undefined_default_points_at_the_aggregate(build: Build) -> None:
    picked = build.graph.aggregate(build.nothing(), build.tokens, None, DIVISION)
    message = refused(build.program(build.op("add", picked, picked), vocabulary=("a",)), ["a"])
    assert message.startswith("test.rasp:1:1: error: the output at position 0 is undefined: an empty selection of")


@pytest.mark.parametrize(
    ("vocabulary", "tokens", "expected"),
    [
        (("a", "b"), ["a", "c"], '"c" at position 1 is not in the program\'s vocabulary|the vocabulary is "a", "b"'),
        ((1, 2), ["1"], '"1" at position 0 is not in the program\'s vocabulary|did you mean 1? the vocabulary is 1, 2'),
        (("a", "A"), [1], '1 at position 0 is not in the program\'s vocabulary|the vocabulary is "a", "A"'),
        (
            ("tick", "wait", "TRICK"),
            ["tock"],
            '"tock" at position 0 is not in the program\'s vocabulary|did you mean "tick"?'
            ' the vocabulary is "tick", "wait", "TRICK"',
        ),
        (
            tuple(range(30)),
            [30],
            "30 at position 0 is not in the program's vocabulary|the vocabulary is "
            f"{', '.join(map(str, range(20)))}, ... (30 in all)",
        ),
    ],
)
def test_tokens_outside_the_vocabulary(
    build: Build, vocabulary: tuple[Scalar, ...], tokens: list[Scalar], expected: str
) -> None:
    message, hint = expected.split("|")
    program = build.program(build.tokens, vocabulary=vocabulary)
    assert refused(program, tokens) == f"raspc: error: {message} [unknown-token]\n  hint: {hint}"


def test_too_long_inputs(build: Build) -> None:
    program = build.program(build.tokens, vocabulary=("a",), max_length=2)
    assert run(program, "aa") == ["a", "a"]
    assert refused(program, "aaa") == (
        "raspc: error: the input has 3 tokens, but the program takes at most 2 [input-too-long]\n"
        "  hint: shorten the input, or declare more with `set max_length 3;` or `--max-length 3`"
    )


def test_unknown_entries(build: Build) -> None:
    program = build.program(build.tokens, build.indices)
    assert run(program, "ab", entry="out1") == [0, 1]
    assert run(program, "ab") == ["a", "b"]
    assert refused(program, "ab", entry="out").endswith("[unknown-entry]\n  hint: did you mean `out1`?")
    assert refused(program, "ab", entry="x").endswith("[unknown-entry]\n  hint: the program's outputs are: out0, out1")


def test_causal_run(build: Build) -> None:
    program = build.program(build.width(build.everything()), vocabulary=("a",))
    assert run(program, "aaa", causal=True) == [1, 2, 3]
    assert Interpreter(program, causal=True).run("aa") == [1, 2]


def test_what_is_no_token_at_all(build: Build) -> None:
    """Python callers can hand over anything that JSON holds; each wrong one has its own message."""
    program = build.program(build.tokens, vocabulary=("a",))
    anything = cast(list[Scalar], ["a", ["a"], None])
    with pytest.raises(RaspError) as caught:
        run(program, anything)
    assert [diagnostic.message for diagnostic in caught.value.diagnostics] == [
        "['a'] at position 1 is not in the program's vocabulary",
        "None at position 2 is not in the program's vocabulary",
    ]
