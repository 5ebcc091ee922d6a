"""Models to take elsewhere: real programs in every shape that the compiler has, and numbers of every kind."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path

import raspc
from raspc.compiler.artifact.manifest import NumberDecodeRecord
from raspc.compiler.artifact.model_files import CompiledModel
from raspc.tests.support.handmade import fraction_of_a, random_model

PROGRAMS = Path(__file__).resolve().parents[2] / "programs"

SEVERAL = """
set vocab "abcd";
set max_length 7;
rev = tokens[length - indices - 1];
hist = selector_width(select(tokens, tokens, ==));
mean = aggregate(select(indices, indices, <=), indicator(tokens == "a"));
odd = indices % 2 == 1;
"""

#: Too many values to list, and too close to each other to be told apart.
VARIANCE = """
set vocab range(12);
set max_length 20;
m = aggregate(select(1, 1, ==), tokens);
(tokens - m) * (tokens - m);
"""


@cache
def compiled(name: str) -> CompiledModel:
    """One of `NAMES`."""
    match name.split():
        case ["several", *options]:
            flags = dict.fromkeys(options, True)
            return raspc.compile(SEVERAL, entry=("rev", "hist", "mean", "odd"), **flags).artifact  # type: ignore[arg-type]
        case ["variance"]:
            return raspc.compile(VARIANCE).artifact
        case [program, *options]:
            return raspc.compile(PROGRAMS / f"{program}.rasp", **dict.fromkeys(options, True)).artifact  # type: ignore[arg-type]
    raise ValueError(name)


#: Fifteen heads that count in a row, no heads at all, layers of different shapes, plain numbers.
NAMES = (
    "several",
    "several small uniform",
    "several causal",
    "paper/sort",
    "hard/longest_run_token",
    "strings/caesar",
    "variance",
)

_SHARES = tuple(sorted({Fraction(top, bottom) for bottom in range(1, 9) for top in range(bottom + 1)}))

#: Every way to read a number: as one of a list, as a float, an integer, a fraction.
NUMBERS = {
    "listed": fraction_of_a(NumberDecodeRecord(None, 0, 1, 1e-5, _SHARES)),
    "float": fraction_of_a(NumberDecodeRecord(None, 0, 1, 1e-5)),
    "integer": fraction_of_a(NumberDecodeRecord(1, -7, 1, 1e-5)),
    "fraction": fraction_of_a(NumberDecodeRecord(8, 0, 1, 1e-5)),
}

#: Transformers that compute nothing in particular: every bias, every score matters.
RANDOM = {"bidirectional": random_model(0), "causal": random_model(1, causal=True)}
