"""The shipped programs, their oracles and their cases files, without raspc.

A cases file has one JSON object per line, `{"input": [...], "output": [...]}`; a fraction is written
`{"fraction": ["1", "3"]}`, as in a manifest.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import cast

Token = bool | int | str
Output = bool | int | str | Fraction

PROGRAMS = Path(__file__).resolve().parents[2] / "programs"


@dataclass(frozen=True)
class Shipped:
    """One program below `programs/`, as its text declares it."""

    path: Path
    vocabulary: tuple[Token, ...]
    max_length: int

    @property
    def family(self) -> str:
        return self.path.parent.name

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def description(self) -> str:
        """The comment in the first line."""
        return self.path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")

    @property
    def cases_path(self) -> Path:
        return self.path.with_suffix(".cases.jsonl")

    @property
    def oracle(self) -> Callable[[list[Token]], list[Output]]:
        return cast(Callable[[list[Token]], list[Output]], getattr(import_module(f"oracles.{self.family}"), self.name))

    def __str__(self) -> str:
        return f"{self.family}/{self.name}"


@dataclass(frozen=True)
class Case:
    input: list[Token]
    output: list[Output]


def shipped_programs() -> list[Shipped]:
    """Every program below `programs/`, by family and name."""
    return [_shipped(path) for path in sorted(PROGRAMS.glob("*/*.rasp"))]


def _shipped(path: Path) -> Shipped:
    text = path.read_text(encoding="utf-8")
    vocabulary = re.search(r"^set vocab (.*);$", text, re.MULTILINE)
    max_length = re.search(r"^set max_length (\d+);$", text, re.MULTILINE)
    assert vocabulary is not None, f"{path} must declare a vocabulary"
    assert max_length is not None, f"{path} must declare a length"
    return Shipped(path, _vocabulary(vocabulary[1]), int(max_length[1]))


def _vocabulary(text: str) -> tuple[Token, ...]:
    numbers = re.fullmatch(r"range\((\d+)\)", text)
    return tuple(range(int(numbers[1]))) if numbers is not None else tuple(ast.literal_eval(text))


def read_cases(path: Path) -> list[Case]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Case(line["input"], [_decode(value) for value in line["output"]]) for line in lines]


def render_cases(cases: list[Case]) -> str:
    return "".join(
        json.dumps({"input": case.input, "output": [_encode(value) for value in case.output]}) + "\n" for case in cases
    )


def typed(values: list[Output]) -> list[tuple[str, Output]]:
    """Values that tell `True` from `1`, for comparing; a whole fraction is the integer."""
    whole = [int(value) if isinstance(value, Fraction) and value.denominator == 1 else value for value in values]
    return [(type(value).__name__, value) for value in whole]


def _encode(value: Output) -> object:
    if not isinstance(value, Fraction):
        return value
    if value.denominator == 1:
        return value.numerator
    return {"fraction": [str(value.numerator), str(value.denominator)]}


def _decode(value: bool | int | str | dict[str, list[str]]) -> Output:
    if not isinstance(value, dict):
        return value
    numerator, denominator = value["fraction"]
    return Fraction(int(numerator), int(denominator))
