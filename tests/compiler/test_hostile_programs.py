"""Programs written to break the compiler, each compared with a few lines of plain Python."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import raspc
from raspc.compiler.graph.operations import apply
from raspc.compiler.graph.values import Scalar, show
from raspc.runner.verify.compare import Inputs
from raspc.runner.verify.verify import program_of, verify
from raspc.tools.print_values import json_scalar, json_value, short_text
from raspc.tools.reports.trace import trace

#: From a list of tokens to one of values; each program knows of what type its tokens are.
Meaning = Callable[[Any], list[Any]]
#: Text, vocabulary, greatest length, meaning, and which of "small" and "causal" the compiler is asked for.
Case = tuple[str, Sequence[Scalar], int, Meaning, str]


def inputs_of(vocabulary: Sequence[Scalar], longest: int, count: int = 60) -> list[list[Scalar]]:
    """Constant, cyclic and random inputs, long ones most."""
    rng = random.Random(longest)
    lengths = sorted({1, 2, longest // 2, longest - 1, longest} - {0})
    found: list[list[Scalar]] = []
    for length in lengths:
        found += [[token] * length for token in (vocabulary[0], vocabulary[-1])]
        found.append([vocabulary[place % len(vocabulary)] for place in range(length)])
    while len(found) < count:
        pool = rng.sample(list(vocabulary), rng.randint(1, len(vocabulary)))
        found.append([rng.choice(pool) for _ in range(rng.choice([longest, rng.randint(1, longest)]))])
    return found


def wrong(case: Case) -> list[tuple[list[Scalar], list[Scalar], list[Any]]]:
    """The first inputs on which the model does not answer exactly what the program means."""
    text, vocabulary, longest, meaning, options = case
    compiled = raspc.compile(
        text, vocab=vocabulary, max_length=longest, small="small" in options, causal="causal" in options
    )
    model = compiled.model(device="cpu")
    inputs = inputs_of(list(vocabulary), longest)
    found = zip(inputs, model.run_batch(inputs), strict=True)
    return [(tokens, got, meaning(tokens)) for tokens, got in found if got != meaning(tokens)][:2]


def _widths(keep: Callable[[Any, Any], bool]) -> Meaning:
    return lambda t: [sum(keep(k, q) for k in t) for q in t]


def _product(t: list[Any]) -> list[Any]:
    return [t.count("a") * t.count("b")] * len(t)


def _percentage(t: list[Any]) -> list[Scalar]:
    return [round(Fraction(100 * t.count("a"), len(t)))] * len(t)


def _so_far(meaning: Meaning) -> Meaning:
    """A meaning at each position: that of the input's tokens up to there."""
    return lambda t: [meaning(t[:end])[-1] for end in range(1, len(t) + 1)]


def _ranks_again(t: list[Any]) -> list[Scalar]:
    x = [int(v) for v in t]
    for _ in range(4):
        x = [(sum(k < q for k in x) + q) % 7 for q in x]
    return list(x)


def _previous(t: list[Any], default: Scalar = 0) -> list[Scalar]:
    return [default, *t[:-1]]


def _steps(t: list[Any]) -> list[tuple[Any, Any]]:
    return list(zip(t, _previous(t), strict=True))


HUGE: list[Scalar] = [10**400 + 7, 10**400 + 3, 1, 2]
WIDE: list[Scalar] = [10**30, 10**30 + 1, 5, Fraction(1, 10**20), Fraction(2, 10**20), 0]
#: 2^60 is a float32 number, 2^60 + 1 is not even a float64 one.
NEAR: list[Scalar] = [2**60, 2**60 + 1, 0, 2**60 - 64]

CASES: dict[str, Case] = {
    # Numbers beyond float64, beyond float32, or nearer to each other than either can tell.
    "huge tokens": ("tokens;", HUGE, 4, lambda t: t, ""),
    "the last digit of huge tokens": ("tokens % 10;", HUGE, 4, lambda t: [int(v) % 10 for v in t], ""),
    "how many are below": ("selector_width(select(tokens, tokens, <));", HUGE, 4, _widths(lambda k, q: k < q), ""),
    "how many are the same": ("selector_width(select(tokens, tokens, ==));", HUGE, 4, _widths(lambda k, q: k == q), ""),
    "the largest": ("largest(tokens);", WIDE, 5, lambda t: [max(t, key=Fraction)] * len(t), ""),
    "the one before": ("shift(tokens, 1, 0);", WIDE, 5, _previous, ""),
    "rising": (
        "tokens > shift(tokens, 1, 0);", WIDE, 5,
        lambda t: [Fraction(a) > Fraction(b) for a, b in _steps(t)], "",
    ),
    "the same as the one before": (
        "tokens == shift(tokens, 1, 0);", NEAR, 5, lambda t: [a == b for a, b in _steps(t)], "",
    ),
    "differences of near numbers": (
        "tokens - shift(tokens, 1, 0);", NEAR, 4, lambda t: [int(a) - int(b) for a, b in _steps(t)], "",
    ),
    # Programs for which the cheapest forms have too large an error.
    "a product of counts": ('count(tokens, "a") * count(tokens, "b");', "abc", 64, _product, ""),
    "products compared": (
        'a = count(tokens, "a"); b = count(tokens, "b"); c = count(tokens, "c"); a * b > c * c;', "abc", 40,
        lambda t: [t.count("a") * t.count("b") > t.count("c") ** 2] * len(t), "",
    ),
    "ranks of ranks of ranks": (
        "x = tokens; for k in range(4) { x = (selector_width(select(x, x, <)) + x) % 7; } x;", range(7), 64,
        _ranks_again, "",
    ),
    # No more is selected than there is: without that, these tables have steps of thousands.
    "a percentage": ('round(100 * count(tokens, "a") / length);', "ab", 24, _percentage, ""),
    "a percentage so far": ('round(100 * count(tokens, "a") / length);', "ab", 24, _so_far(_percentage), "causal"),
    "a share of the place": (
        '(count(tokens, "a") * indices) // length;', "abc", 14,
        lambda t: [t.count("a") * place // len(t) for place in range(len(t))], "",
    ),
    "a mean or a word": (
        'aggregate(select(tokens, tokens, <), tokens, "none");', [-7, -3, 0, 2, 5, Fraction(1, 3)], 6,
        lambda t: [_mean([k for k in t if k < q], "none") for q in t], "",
    ),
}  # fmt: skip


def _mean(values: list[Any], default: Scalar) -> Scalar:
    if not values:
        return default
    mean = sum(map(Fraction, values), Fraction(0)) / len(values)
    return mean.numerator if mean.denominator == 1 else mean


@pytest.mark.parametrize("name", CASES)
def test_hostile_programs_mean_what_they_say(name: str) -> None:
    assert wrong(CASES[name]) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("average(tokens);", "C205"),
        ("largest(tokens) - tokens;", "C205"),
        ("(tokens % 10) / 10^30;", None),  # named, not counted
        ("average(tokens % 10) / 10^30;", None),
        ("aggregate(full_s, tokens^0.5 + tokens);", "C205"),
        ("tokens + 2^0.5 * indices;", None),
    ],
)
def test_numbers_that_float32_cannot_hold_are_refused_not_rounded(text: str, code: str | None) -> None:
    if code is None:
        raspc.compile(text, vocab=HUGE, max_length=4)
        return
    with pytest.raises(raspc.RaspError) as error:
        raspc.compile(text, vocab=HUGE, max_length=4)
    assert [diagnostic.code for diagnostic in error.value.diagnostics] == [code]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tokens / 3 * 3 - tokens;", ["0", "0"]),
        ("2^0.5 + tokens;", None),  # no float is so large
        ("tokens_str == tokens;", ["false", "false"]),
        ("round(tokens / 10^399);", ["10", "0"]),
    ],
)
def test_the_interpreter_takes_numbers_beyond_the_floats(text: str, shown: list[str] | None) -> None:
    if shown is None:
        with pytest.raises(raspc.RaspError, match="a number too large to hold"):
            raspc.interpret(text, HUGE[::2], vocab=HUGE, max_length=4)
    else:
        assert list(map(show, raspc.interpret(text, HUGE[::2], vocab=HUGE, max_length=4))) == shown


def test_fractions_beyond_the_floats_are_printed_as_whole_numbers() -> None:
    large = Fraction(10**400 + 7, 2)
    assert show(large) == str(round(large)) == apply("str", [large])
    assert json_value(large) == json_scalar(large) == round(large)
    assert short_text(large) == "5.000e+399"


def test_models_of_numbers_beyond_the_floats_are_verified_and_traced() -> None:
    model = raspc.compile("largest(tokens);", vocab=HUGE, max_length=3).model(device="cpu")
    inputs = Inputs([np.array([[0, 1, 2], [3, 2, 3]])], exhaustive=False, count=len(HUGE) ** 3, size=2)
    (verdict,) = verify(model, program_of(model.manifest), inputs)
    assert verdict.comparison.counterexample is None
    (output,) = trace(model, HUGE[1:3]).outputs
    assert output.model == output.interpreter == (HUGE[1], HUGE[1])
