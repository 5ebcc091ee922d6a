"""The model of every shipped program equals the interpreter.

They are compared on all inputs if there are fewer than 20,000.  Otherwise on structured inputs (constant, longest,
sorted, alternating), the cases, 500 random inputs of all lengths, and 300 well-formed inputs for programs whose answer
is the same on most random inputs.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from raspc.compiler.artifact import model_files as artifact
from raspc.compiler.elaborate import elaborate
from raspc.compiler.interpret.interpreter import Interpreter
from raspc.compiler.interpret.sample_inputs import Input, all_inputs, count_inputs, sampled_inputs, structured_inputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.span import Source
from raspc.runner.model import Model, load
from raspc.tests.programs.cases import Shipped, read_cases, shipped_programs, typed
from raspc.tests.programs.well_formed import well_formed_inputs

EXHAUSTIVE_BELOW = 20_000
RANDOM_INPUTS = 500


def inputs_to_try(program: Shipped) -> list[Input]:
    vocabulary, longest = program.vocabulary, program.max_length
    if count_inputs(len(vocabulary), longest) < EXHAUSTIVE_BELOW:
        return list(all_inputs(vocabulary, longest))
    fixed = {*structured_inputs(vocabulary, longest), *(tuple(case.input) for case in read_cases(program.cases_path))}
    fixed.update(well_formed_inputs(str(program), 300))
    inputs = dict.fromkeys(sampled_inputs(vocabulary, longest, RANDOM_INPUTS + len(fixed)))
    return list(inputs | dict.fromkeys(sorted(fixed, key=repr)))


@pytest.mark.parametrize("program", shipped_programs()[::4], ids=str)
def test_float64_model_equals_the_interpreter(program: Shipped) -> None:
    elaborated = elaborate(Source(str(program), program.path.read_text(encoding="utf-8")), base=program.path.parent)
    model = Model.from_compiled(compile_program(elaborated, CompileOptions()), device="cpu", dtype="float64")
    interpreter = Interpreter(elaborated)
    inputs = list(sampled_inputs(program.vocabulary, program.max_length, 100))
    for tokens, result in zip(inputs, model.run_batch(inputs), strict=True):
        assert typed(result) == typed(interpreter.run(tokens)), tokens


@pytest.mark.parametrize("program", shipped_programs(), ids=str)
def test_model_equals_the_interpreter(program: Shipped, tmp_path: Path) -> None:
    text = program.path.read_text(encoding="utf-8")
    elaborated = elaborate(Source(str(program), text), base=program.path.parent)
    compiled = compile_program(elaborated, CompileOptions())
    model = load(artifact.write(compiled, tmp_path / "model.safetensors").weights, device="cpu")

    inputs = inputs_to_try(program)
    assert {len(tokens) for tokens in inputs} == set(range(1, program.max_length + 1))
    interpreter = Interpreter(elaborated)
    for tokens, result in zip(inputs, model.run_batch(inputs), strict=True):
        assert typed(result) == typed(interpreter.run(tokens)), tokens
