"""Small programs, one for each construction of the lowering, compiled and compared with the interpreter.

All inputs are tried while they are few, else constant, sorted, alternating, longest and random ones.
"""

from __future__ import annotations

import pytest
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Program
from raspc.compiler.interpret.interpreter import Interpreter
from raspc.compiler.interpret.sample_inputs import chosen_inputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source
from raspc.runner.model import Model
from raspc.tests.support.lowered_programs import CONSTRUCTIONS
from raspc.tools.fuzz.check import equal


@pytest.mark.parametrize("small", [False, True], ids=["default", "Os"])
@pytest.mark.parametrize("name", CONSTRUCTIONS)
def test_the_model_agrees_with_the_interpreter(name: str, small: bool) -> None:
    program = elaborate(Source("meaning.rasp", CONSTRUCTIONS[name]))
    _agree(program, CompileOptions(small=small))


@pytest.mark.parametrize("name", sorted(CONSTRUCTIONS)[::4])
def test_the_causal_model_agrees_with_the_interpreter(name: str) -> None:
    program = elaborate(Source("meaning.rasp", CONSTRUCTIONS[name]))
    _agree(program, CompileOptions(causal=True))


def _agree(program: Program, options: CompileOptions) -> None:
    assert program.vocabulary is not None
    assert program.max_length is not None
    interpreter = Interpreter(program, causal=options.causal)
    answered = []
    for tokens in chosen_inputs(program.vocabulary, program.max_length, exhaustive_limit=150, samples=120):
        try:
            answered.append((tokens, interpreter.run(tokens)))
        except RaspError:
            continue  # undefined
    assert len(answered) > 10
    model = Model.from_compiled(compile_program(program, options), device="cpu")
    (output,) = model.manifest.outputs
    found = model.run_batch([tokens for tokens, _ in answered])
    for (tokens, expected), got in zip(answered, found, strict=True):
        assert all(equal(output, a, b) for a, b in zip(got, expected, strict=True)), (tokens, got, expected)
