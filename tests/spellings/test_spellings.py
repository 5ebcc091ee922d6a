"""Every spelling of a function means the function: the interpreter against the oracle, at the small size."""

from __future__ import annotations

import pytest
from raspc.compiler.elaborate import elaborate
from raspc.compiler.interpret.interpreter import Interpreter
from raspc.rasp_grammar.span import Source
from raspc.tests.spellings.measure import sample
from raspc.tests.spellings.suite import functions, named

CASES = [
    pytest.param(one.name, spelling, id=f"{one.name}-{spelling}")
    for one in functions()
    for spelling in range(len(one.spellings))
]


@pytest.mark.parametrize(("name", "spelling"), CASES)
def test_a_spelling_means_the_function(name: str, spelling: int) -> None:
    spelled = named(name)
    space = spelled.alphabet.small
    program = elaborate(Source(f"{name}.rasp", spelled.text(spelling, space)))
    interpreter = Interpreter(program)
    for tokens in sample(spelled, space, 40):
        assert interpreter.run(list(tokens)) == list(spelled.oracle(tokens)), tokens
