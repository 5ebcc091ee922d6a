"""Compares a compiled model with the interpreter."""

from __future__ import annotations

from collections.abc import Iterable

from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Program
from raspc.compiler.interpret.interpreter import Interpreter
from raspc.compiler.interpret.sample_inputs import Input, chosen_inputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source
from raspc.runner.model import Model
from raspc.tools.fuzz.check import equal


def program(text: str, entries: Iterable[str] = ()) -> Program:
    return elaborate(Source("program.rasp", text), entries=list(entries))


def assert_agree(
    text: str,
    options: CompileOptions | None = None,
    *,
    entries: Iterable[str] = (),
    also: Iterable[Input] = (),
    exhaustive_limit: int = 150,
    samples: int = 120,
) -> None:
    """Asserts that the compiled model equals the interpreter, for each output on the inputs where it is defined.

    The inputs are all, if there are at most `exhaustive_limit`; otherwise a sample (constant, sorted, alternating,
    longest and random inputs); and `also`.
    """
    made = program(text, entries)
    assert made.vocabulary is not None
    assert made.max_length is not None
    chosen = chosen_inputs(made.vocabulary, made.max_length, exhaustive_limit=exhaustive_limit, samples=samples)
    inputs = list(dict.fromkeys([*chosen, *also]))
    compiled = compile_program(made, options)
    found = Model.from_compiled(compiled, device="cpu").run_outputs(inputs)
    for output in compiled.manifest.outputs:
        name = output.name if entries else None
        interpreter = Interpreter(made, entry=name, causal=compiled.manifest.causal)
        answered = 0
        for tokens, outputs in zip(inputs, found, strict=True):
            try:
                expected = interpreter.run(tokens)
            except RaspError:
                continue  # undefined
            answered += 1
            got = outputs[output.name]
            assert len(got) == len(expected)
            assert all(equal(output, a, b) for a, b in zip(got, expected, strict=True)), (
                output.name,
                tokens,
                got,
                expected,
            )
        assert answered > 10
