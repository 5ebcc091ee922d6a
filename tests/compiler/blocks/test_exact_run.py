"""Blocks in exact arithmetic give the interpreter's answers, whatever the options."""

from __future__ import annotations

from pathlib import Path

import pytest
from raspc.api import read_program
from raspc.compiler.blocks.exact_run import ExactRun
from raspc.compiler.interpret.interpreter import run
from raspc.compiler.interpret.sample_inputs import sampled_inputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import stages

PROGRAMS = ["paper/sort", "paper/dyck2", "paper/hist2", "statistics/median", "tracr/frac_prevs", "strings/caesar"]


@pytest.mark.parametrize("options", [CompileOptions(), CompileOptions(small=True), CompileOptions(causal=True)])
@pytest.mark.parametrize("name", PROGRAMS)
def test_blocks_in_exact_arithmetic_answer_as_the_interpreter(name: str, options: CompileOptions) -> None:
    program = read_program(Path(__file__).parents[3] / "programs" / f"{name}.rasp")
    made = stages(program, options)
    (output,) = made.blocks.outputs
    for tokens in sampled_inputs(made.space.vocabulary, made.space.max_length, 12):
        answers = ExactRun(made.blocks, made.space, tokens).output(output)
        assert answers == pytest.approx(run(program, list(tokens), causal=options.causal))


def test_every_direction_of_the_blocks_has_a_value_at_every_position() -> None:
    program = read_program(Path(__file__).parents[3] / "programs" / "paper" / "sort.rasp")
    made = stages(program, CompileOptions())
    tokens = made.space.vocabulary[:3]
    exact = ExactRun(made.blocks, made.space, tokens)
    for direction in made.plan.directions:
        values = exact.direction(direction)
        assert values.shape == (3,)
        assert all(direction.low <= value <= direction.high for value in values)
