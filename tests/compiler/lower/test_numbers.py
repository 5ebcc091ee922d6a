"""Comparisons, products and other functions of computed numbers, where a table of all their values is not made.

Every comparison of counts and of means, of numbers whose values are too many to list among them: then only the sign of
a difference matters, and inputs are built on which that difference is as near to zero as it can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from random import Random

import pytest
from raspc.compiler.blocks.blocks import NumberDecode
from raspc.compiler.interpret.interpreter import Interpreter
from raspc.compiler.interpret.sample_inputs import Input
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program, stages
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.runner.model import Model
from raspc.tests.support.agreement import assert_agree, program
from raspc.tests.support.lowered_programs import COUNTS, DIGITS, LONGEST, MEANS, NUMBER_FUNCTIONS, WIDE

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def _entries(texts: list[str]) -> tuple[str, list[str]]:
    names = [f"e{number}" for number in range(len(texts))]
    return "".join(f"{name} = {text}; " for name, text in zip(names, texts, strict=True)), names


@pytest.mark.parametrize("small", [False, True], ids=["default", "Os"])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("ones", "zeros"),
        ("ones", "2"),
        ("2 * zeros", "ones + 1"),
        ("zeros", "indices / 2"),
        ("ones - zeros", "tokens"),
        ("aggregate(select(indices, indices, <=), tokens)", "1"),
        ("aggregate(select(indices, indices, <=), tokens)", "tokens"),
        ("aggregate(select(indices, indices, <=), tokens)", "ones / 3"),
    ],
)
def test_comparisons_of_computed_numbers(left: str, right: str, small: bool) -> None:
    """On their own, with what is equal and unequal to both; and beside a function of something else."""
    texts = [f"{left} {comparison} {right}" for comparison in COMPARISONS]
    texts += [f'("yes" if {texts[2]} else "no") if tokens == 1 else ("even" if {texts[0]} else "odd")']
    lines, names = _entries(texts)
    text = DIGITS.format(3, 4) + COUNTS + lines
    assert_agree(text, CompileOptions(small=small), entries=names, exhaustive_limit=200)


#: Pairs of compared expressions.  Only the sign of their difference and its least distance from zero matter.
OPEN: dict[str, tuple[str, str]] = {
    "a mean and a number": ("m", "20"),
    "a mean and a fraction": ("m", "61/3"),
    "a mean and an index": ("m", "19 + indices / 7"),
    "a mean and a token": ("m", "tokens"),
    "a scaled mean": ("m * 2 / 3", "13"),
}


def _near(left: str, right: str) -> Iterator[Input]:
    """Of many inputs, those on which left is nearest below right, equal, and nearest above, at some position."""
    interpreter = Interpreter(program(f"{WIDE}{MEANS}{left} - ({right});"))
    chance = Random(0)
    found: dict[int, tuple[Fraction, Input]] = {}
    for number in range(200):
        tokens = tuple(chance.choice([18, 19, 20, 20, 20, 21, 23][number % 3 :]) for _ in range(LONGEST))
        gaps = [Fraction(value) for value in interpreter.run(tokens) if not isinstance(value, str)]
        for sign in (-1, 0, 1):
            nearest = min((abs(gap) for gap in gaps if (gap > 0) - (gap < 0) == sign), default=None)
            if nearest is not None and (sign not in found or nearest < found[sign][0]):
                found[sign] = (nearest, tokens)
    yield from (tokens for _, tokens in found.values())


@pytest.mark.parametrize("name", OPEN)
def test_comparisons_of_numbers_that_are_not_listed(name: str) -> None:
    left, right = OPEN[name]
    near = list(_near(left, right))
    assert len(near) == 3  # below, equal, above
    lines, names = _entries([f"{left} {comparison} {right}" for comparison in COMPARISONS])
    assert_agree(WIDE + MEANS + lines, entries=names, also=near, samples=20)


def test_numbers_that_are_too_close_together_are_refused() -> None:
    """Two such means may differ by 1/144, which is 3e-6 of the largest."""
    with pytest.raises(RaspError, match=r"known to within 0\.0032 only, and its values stand 0\.0069 apart") as error:
        stages(program(f"{WIDE}{MEANS}m > k;"), CompileOptions())
    assert [diagnostic.code for diagnostic in error.value.diagnostics] == ["C204"]


@pytest.mark.parametrize("name", NUMBER_FUNCTIONS)
def test_functions_of_computed_numbers(name: str) -> None:
    text, samples = NUMBER_FUNCTIONS[name]
    assert_agree(text, samples=samples)


def test_a_product_with_too_many_pairs_is_within_its_error_bound() -> None:
    text = DIGITS.format(2, 400) + COUNTS + "ones * zeros;"
    (output,) = stages(program(text), CompileOptions()).blocks.outputs
    assert isinstance(output.decode, NumberDecode)
    assert output.decode.values is None
    model = Model.from_compiled(compile_program(program(text)), device="cpu")
    tokens = ([0] * 3 + [1] * 2) * 80
    ones = tokens.count(1)
    exact = [ones * tokens[: place + 1].count(0) for place in range(len(tokens))]
    worst = max(abs(float(got) - expected) for got, expected in zip(model.run(tokens), exact, strict=True))
    assert worst <= output.error < 2
