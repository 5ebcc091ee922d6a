"""Reads the shipped programs, their oracles and their cases files, without the compiler.

A cases file has one JSON object per line, `{"input": [...], "output": [...]}`; a fraction is written
`{"fraction": ["1", "3"]}`, as in a manifest.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import cast

from raspc.compiler.graph.values import Scalar, normal

PROGRAMS = Path(__file__).resolve().parents[2] / "programs"


@dataclass(frozen=True)
class Shipped:
    """A program below `programs/`, with the vocabulary and the length that its text declares."""

    path: Path
    vocabulary: tuple[Scalar, ...]
    max_length: int

    @property
    def family(self) -> str:
        return self.path.parent.name

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def description(self) -> str:
        """The text of the comment in the first line."""
        return self.path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")

    @property
    def cases_path(self) -> Path:
        return self.path.with_suffix(".cases.jsonl")

    @property
    def oracle(self) -> Callable[[list[Scalar]], list[Scalar]]:
        """The Python function with the name of the program in `oracles/FAMILY.py`."""
        family = import_module(f"raspc.tests.programs.oracles.{self.family}")
        return cast(Callable[[list[Scalar]], list[Scalar]], getattr(family, self.name))

    def __str__(self) -> str:
        return f"{self.family}/{self.name}"


@dataclass(frozen=True)
class Case:
    input: list[Scalar]
    output: list[Scalar]


def shipped_programs() -> list[Shipped]:
    """All programs below `programs/`, sorted by family and name."""
    return [_shipped(path) for path in sorted(PROGRAMS.glob("*/*.rasp"))]


def _shipped(path: Path) -> Shipped:
    text = path.read_text(encoding="utf-8")
    vocabulary = re.search(r"^set vocab (.*);$", text, re.MULTILINE)
    max_length = re.search(r"^set max_length (\d+);$", text, re.MULTILINE)
    assert vocabulary is not None, f"{path} must declare a vocabulary"
    assert max_length is not None, f"{path} must declare a length"
    return Shipped(path, _vocabulary(vocabulary[1]), int(max_length[1]))


def _vocabulary(text: str) -> tuple[Scalar, ...]:
    numbers = re.fullmatch(r"range\((\d+)\)", text)
    return tuple(range(int(numbers[1]))) if numbers is not None else tuple(ast.literal_eval(text))


def read_cases(path: Path) -> list[Case]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Case(line["input"], [_decode(value) for value in line["output"]]) for line in lines]


def render_cases(cases: list[Case]) -> str:
    return "".join(
        json.dumps({"input": case.input, "output": [_encode(value) for value in case.output]}) + "\n" for case in cases
    )


def typed(values: Sequence[Scalar]) -> list[tuple[str, Scalar]]:
    """Values with the names of their types, so that `True` differs from 1; a fraction n/1 is the integer."""
    return [(type(normal(value)).__name__, normal(value)) for value in values]


def _encode(value: Scalar) -> object:
    value = normal(value)
    if not isinstance(value, Fraction):
        return value
    return {"fraction": [str(value.numerator), str(value.denominator)]}


def _decode(value: bool | int | str | dict[str, list[str]]) -> Scalar:
    if not isinstance(value, dict):
        return value
    numerator, denominator = value["fraction"]
    return Fraction(int(numerator), int(denominator))
