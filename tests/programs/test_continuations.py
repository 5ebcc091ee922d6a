"""Programs that read earlier positions only: causal models equal the oracle, and continue their input."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from raspc.compiler.artifact import model_files as artifact
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Program
from raspc.compiler.interpret.interpreter import Interpreter
from raspc.compiler.interpret.sample_inputs import all_inputs, sampled_inputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.span import Source
from raspc.runner.model import Model, load
from raspc.tests.programs.cases import Shipped, shipped_programs
from raspc.tests.programs.well_formed import well_formed_inputs

NAMES = ["hard/continue_pattern", "hard/induction_head"]
every_continuation = pytest.mark.parametrize("name", NAMES)


def shipped(name: str) -> Shipped:
    return next(program for program in shipped_programs() if str(program) == name)


@cache
def elaborated(name: str) -> Program:
    return elaborate(Source(name, shipped(name).path.read_text(encoding="utf-8")))


@cache
def causal_model(name: str) -> Model:
    compiled = compile_program(elaborated(name), CompileOptions(causal=True))
    with TemporaryDirectory() as folder:
        return load(artifact.write(compiled, Path(folder) / "model.safetensors").weights, device="cpu")


@every_continuation
def test_causal_interpreter_and_model_equal_the_oracle(name: str) -> None:
    program = shipped(name)
    inputs = list(all_inputs(program.vocabulary, 4))
    inputs += sampled_inputs(program.vocabulary, program.max_length, 200) + well_formed_inputs(name, 300, seed=1)
    interpreter = Interpreter(elaborated(name), causal=True)
    for tokens, result in zip(inputs, causal_model(name).run_batch(inputs), strict=True):
        assert result == interpreter.run(tokens) == program.oracle(list(tokens)), tokens


@pytest.mark.parametrize(
    ("name", "start", "continued"),
    [
        ("hard/continue_pattern", "abac", "abacabacabac"),
        ("hard/continue_pattern", "aabaa", "baabaabaaba"),
        ("hard/continue_pattern", "a", "aaaaaaaaaaaaaaa"),
        ("hard/continue_pattern", "abcdab", "cdabcdabcd"),
        ("hard/induction_head", "abc", "abcabcabcabca"),
        ("hard/induction_head", "abac", "acacacacacac"),
    ],
)
def test_model_continues_its_input(name: str, start: str, continued: str) -> None:
    assert "".join(map(str, causal_model(name).generate(list(start), len(continued)))) == continued
