"""Properties of the whole compiler over generated graphs of all node kinds, on every input of a small space.

The graphs have no types, so that much of what they compute is undefined: what stands there is free, and an input
with an undefined output is outside of the promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import assume, given, note, settings
from hypothesis import strategies as st
from raspc.compiler.analysis.domains import Space
from raspc.compiler.graph.graph import Program, SOp
from raspc.compiler.graph.print_graph import describe
from raspc.compiler.graph.values import Scalar, Undefined
from raspc.compiler.interpret.interpreter import Interpreter, evaluate
from raspc.compiler.interpret.sample_inputs import Input
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.compiler.simplify.rewrite import simplify
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.runner.model import Model
from raspc.tests.support.building import TEXT, Build
from raspc.tests.support.generated import inputs_of_space, sops, spaces
from raspc.tools.fuzz.check import equal

#: Every reason to refuse a program that is not undefined everywhere.
REFUSALS = {"C201", "C202", "C203", "C204", "C205", "C210", "C211", "C212", "C213", "C214", "C221", "C230"}


def _program(space: Space, build: Build, outputs: Sequence[SOp]) -> Program:
    program = build.program(*outputs, vocabulary=space.vocabulary, max_length=space.max_length)
    for output in outputs:
        note(describe(build.graph, output, expand=True))
    return replace(program, sources=(TEXT,))


def _meaning(interpreter: Interpreter, tokens: Input) -> list[Scalar] | None:
    try:
        return interpreter.run(tokens)
    except RaspError:
        return None


@settings(max_examples=300, deadline=None)
@given(spaces(), st.data())
def test_simplification_keeps_the_meaning(space: Space, data: st.DataObject) -> None:
    build = Build()
    program = _program(space, build, [data.draw(sops(build, 3))])
    simplified = simplify(program, space).program
    before, after = program.outputs[0][1], simplified.outputs[0][1]
    for tokens in inputs_of_space(space):
        old = evaluate([before], tokens, causal=space.causal, vocabulary=space.vocabulary)[before]
        new = evaluate([after], tokens, causal=space.causal, vocabulary=space.vocabulary)[after]
        for expected, got in zip(old, new, strict=True):
            assert isinstance(expected, Undefined) or expected == got, tokens


@settings(max_examples=300, deadline=None)
@given(spaces(), st.booleans(), st.data())
def test_models_compute_what_graphs_mean(space: Space, small: bool, data: st.DataObject) -> None:
    build = Build()
    outputs = [data.draw(sops(build, 3)) for _ in range(data.draw(st.integers(1, 2)))]
    program = _program(space, build, outputs)
    try:
        compiled = compile_program(program, CompileOptions(small=small, causal=space.causal, max_parameters=10**7))
    except RaspError as error:
        code = error.diagnostics[0].code
        if code == "C220":
            undefined = [
                all(
                    _meaning(Interpreter(program, entry=name, causal=space.causal), tokens) is None
                    for tokens in inputs_of_space(space)
                )
                for name, _ in program.outputs
            ]
            assert any(undefined)
        else:
            assert code in REFUSALS
        assume(False)
    model = Model.from_compiled(compiled, device="cpu")
    inputs = inputs_of_space(space)
    for output in compiled.manifest.outputs:
        interpreter = Interpreter(program, entry=output.name, causal=space.causal)
        for tokens, got in zip(inputs, model.run_batch(inputs, output.name), strict=True):
            expected = _meaning(interpreter, tokens)
            if expected is not None:
                assert all(equal(output, *pair) for pair in zip(got, expected, strict=True)), (tokens, got, expected)
