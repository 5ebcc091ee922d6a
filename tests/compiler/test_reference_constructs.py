"""Constructs of the reference implementation's language compile to small exact models."""

from __future__ import annotations

from itertools import product

import pytest
import raspc

DECLARATIONS = 'set vocab "abc"; set max_length 4; '

PROGRAMS = {
    "a string times a truth value": ('tokens * indicator(tokens == "a");', 60),
    "a string times a length": ('"-" * length + tokens;', 2_000),
    "the larger and the smaller of two values": ("max(indices, 2) - min(indices, length - 2);", 500),
    "the first position of a value": ('mark_first_instance(tokens, "a");', 500),
    "the first position of each value": ("mark_first_instance(tokens, tokens);", 500),
    "an offset at the key": ('shift(tokens, indices, "-");', 1_500),
    "a table of two arguments": ('[{"a": 1, "b": 2, "c": 3}, {"a": 4, "b": 2, "c": 0}][indices % 2][tokens];', 150),
    "comparisons that group left": ('tokens == "a" == (indices == 0);', 150),
    "a width over the start": (
        """
        def width(sel) {
            share = aggregate(sel or select(indices, 0, ==), indicator(indices == 0));
            return round(1 / share);
        }
        of_equal = width(select(tokens, tokens, ==) and select(indices, 0, !=));
        width(select(of_equal, of_equal, ==));
        """,
        8_000,
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_model_equals_interpreter_on_every_input(name: str) -> None:
    text, most = PROGRAMS[name]
    compiled = raspc.compile(DECLARATIONS + text)
    assert sum(tensor.size for tensor in compiled.artifact.tensors.values()) <= most
    model = compiled.model(device="cpu")
    inputs = [list(tokens) for length in range(1, 5) for tokens in product("abc", repeat=length)]
    expected = [raspc.interpret(DECLARATIONS + text, tokens) for tokens in inputs]
    assert [model.run(tokens) for tokens in inputs] == expected
