"""The interpreter gives the same outputs for every shipped program and its simplified graph."""

from __future__ import annotations

import pytest
from raspc.compiler.analysis.domains import Space
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Program
from raspc.compiler.graph.values import Undefined, Value
from raspc.compiler.interpret.interpreter import Interpreter, evaluate
from raspc.compiler.interpret.sample_inputs import Input, chosen_inputs
from raspc.compiler.simplify.rewrite import simplify
from raspc.rasp_grammar.span import Source
from raspc.tests.programs.cases import Shipped, shipped_programs


@pytest.mark.parametrize("program", shipped_programs(), ids=str)
@pytest.mark.parametrize("causal", [False, True], ids=["all", "causal"])
def test_simplified_program_has_the_same_outputs(program: Shipped, causal: bool) -> None:
    original = elaborate(Source(str(program), program.path.read_text(encoding="utf-8")), base=program.path.parent)
    simplified = simplify(original, Space(program.vocabulary, program.max_length, causal)).program
    assert Interpreter(original).kinds == Interpreter(simplified).kinds
    for tokens in chosen_inputs(program.vocabulary, program.max_length, exhaustive_limit=300, samples=200, seed=1):
        before, after = (_values(version, tokens, causal) for version in (original, simplified))
        for old, new in zip(before, after, strict=True):
            # Some programs are undefined at some positions if causal; simplification may change the value there.
            assert isinstance(old, Undefined) or new == old, tokens


def _values(program: Program, tokens: Input, causal: bool) -> list[Value]:
    output = program.outputs[0][1]
    found = evaluate([output], tokens, causal=causal, vocabulary=program.vocabulary)[output]
    return [value for value in found if not isinstance(value, list)]
