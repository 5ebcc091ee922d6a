"""Every selector formula of up to three comparisons, compiled, against the interpreter on every input.

Each formula is read three ways: its width, a mean with a default, and (conjoined with a comparison that picks one key)
the one value it selects, with a default.
"""

from __future__ import annotations

from itertools import combinations, product

import pytest
from raspc.compiler.elaborate import elaborate
from raspc.compiler.interpret.interpreter import Interpreter
from raspc.compiler.interpret.sample_inputs import all_inputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.span import Source
from raspc.runner.model import Model

HEAD = 'set vocab "ab"; set max_length 3; seen = selector_width(select(tokens, tokens, ==)); '

#: Comparisons over tokens, positions, constants and a computed s-op.
ATOMS = (
    "select(tokens, tokens, ==)",
    'select(tokens, "a", ==)',
    'select("b", tokens, ==)',
    "select(indices, indices, <)",
    "select(indices, indices, ==)",
    "select(seen, indices, >)",
)

#: All formulas of three comparisons, up to the order of operands and double negation.
SHAPES = (
    "{0} and {1} and {2}",
    "({0} and {1}) or {2}",
    "({0} and {2}) or {1}",
    "({1} and {2}) or {0}",
    "{0} and ({1} or {2})",
    "{1} and ({0} or {2})",
    "{2} and ({0} or {1})",
    "{0} or {1} or {2}",
)


def _signed(atoms: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [
        tuple(f"(not {atom})" if negated else atom for atom, negated in zip(atoms, signs, strict=True))
        for signs in product((False, True), repeat=len(atoms))
    ]


def _formulas() -> list[str]:
    found = [atom for one in combinations(ATOMS, 1) for (atom,) in _signed(one)]
    for pair in combinations(ATOMS, 2):
        for signed in _signed(pair):
            found += [" and ".join(signed), " or ".join(signed)]
    for triple in combinations(ATOMS, 3):
        for signed in _signed(triple):
            found += [shape.format(*signed) for shape in SHAPES]
    return found


FORMULAS = _formulas()
BLOCK = 24
INPUTS = [list(tokens) for tokens in all_inputs(("a", "b"), 3)]


@pytest.mark.parametrize("start", range(0, len(FORMULAS), BLOCK))
def test_formulas_compute_what_they_mean(start: int) -> None:
    chosen = FORMULAS[start : start + BLOCK]
    text = HEAD
    for number, formula in enumerate(chosen):
        text += f"s{number} = {formula}; w{number} = selector_width(s{number}); "
        text += f"m{number} = aggregate(s{number}, indices, 7); "
        text += f'c{number} = aggregate(s{number} and select(indices, length - 1 - indices, ==), tokens, "-"); '
    entries = [f"{kind}{number}" for kind in "wmc" for number in range(len(chosen))]
    program = elaborate(Source("formulas.rasp", text), entries=entries)
    model = Model.from_compiled(compile_program(program, CompileOptions(small=start % 2 == 1)), device="cpu")
    found = model.run_outputs(INPUTS)
    for entry in entries:
        interpreter = Interpreter(program, entry=entry)
        for tokens, outputs in zip(INPUTS, found, strict=True):
            assert outputs[entry] == interpreter.run(tokens), (entry, chosen[int(entry[1:])], tokens)
