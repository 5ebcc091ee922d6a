"""Traces of small programs, made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import raspc
from raspc.compiler.interpret.parse_tokens import parse_tokens
from raspc.runner.model import Model
from raspc.tools.reports.trace import Trace, trace

PROGRAMS = Path(__file__).resolve().parents[3] / "programs"

MakeTrace = Callable[..., Trace]


@cache
def model_of(program: str, small: bool = False, causal: bool = False) -> Model:
    """The model of a program below programs/, or of a program's text."""
    source = PROGRAMS / f"{program}.rasp" if "/" in program and ";" not in program else program
    return raspc.compile(source, small=small, causal=causal).model(device="cpu")


@pytest.fixture(scope="session")
def make_trace() -> MakeTrace:
    """`make_trace("paper/sort", "3 1 2")`: words are tokens, and one word is its characters."""

    def make(program: str, words: str, small: bool = False, causal: bool = False) -> Trace:
        model = model_of(program, small, causal)
        return trace(model, parse_tokens(words.split(" "), model.vocabulary))

    return make
