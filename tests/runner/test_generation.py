"""Continuing inputs with causal models, against the interpreter step by step."""

from __future__ import annotations

import pytest
import raspc
from hypothesis import given, settings
from hypothesis import strategies as st
from raspc.compiler.graph.values import Scalar
from raspc.runner.model import Model

REPEAT = """set vocab "abc"; set max_length 7;
before = shift(tokens, 1, "");
follows = select(before, tokens, ==) and select(indices, indices, <=);
seen = selector_width(follows);
occurrence = selector_width(select(before, before, ==) and select(indices, indices, <=));
again = aggregate(follows and select(occurrence, seen, ==), tokens);
again if seen > 0 else tokens;
"""


@pytest.fixture(scope="module")
def repeat() -> Model:
    return raspc.compile(REPEAT, causal=True).model(device="cpu")


def model_of(text: str, *, causal: bool = True) -> Model:
    return raspc.compile(text, causal=causal).model(device="cpu")


def codes(model: Model, tokens: list[Scalar] | str, count: int = 2) -> list[str]:
    with pytest.raises(raspc.RaspError) as caught:
        model.generate(tokens, count)
    return [found.code for found in caught.value.diagnostics]


@settings(deadline=None, max_examples=30)
@given(st.text("abc", min_size=1, max_size=7), st.integers(0, 9))
def test_each_token_is_what_the_program_says_of_those_before(repeat: Model, start: str, count: int) -> None:
    sequence: list[Scalar] = list(start)
    while len(sequence) < min(7, len(start) + count):
        sequence.append(raspc.interpret(REPEAT, sequence, causal=True)[-1])
    assert repeat.generate(start, count) == sequence[len(start) :]


def test_a_batch_gives_what_each_input_gives(repeat: Model) -> None:
    inputs = ["ab", "abcab", "abcabca", "c"]
    expected = [repeat.generate(tokens, 4) for tokens in inputs]
    assert repeat.generate_batch(inputs, 4) == expected
    assert [len(tokens) for tokens in expected] == [4, 2, 0, 4]
    assert repeat.generate_batch([], 4) == []


def test_the_inputs_stay_as_they_are(repeat: Model) -> None:
    start: list[Scalar] = ["a", "b", "a"]
    assert repeat.generate(start, 3) == ["b", "a", "b"]
    assert start == ["a", "b", "a"]


def test_one_of_several_outputs() -> None:
    model = raspc.compile(
        'set vocab "ab"; set max_length 5; same = tokens; other = "b" if tokens == "a" else "a";',
        entry=["same", "other"],
        causal=True,
    ).model(device="cpu")
    assert model.generate("a", 3) == ["a", "a", "a"]
    assert model.generate("a", 3, "other") == ["b", "a", "b"]


def test_booleans_go_back_as_the_numbers_of_the_vocabulary() -> None:
    model = model_of("set vocab range(2); set max_length 5; tokens == 0;")
    assert [repr(token) for token in model.generate([1], 3)] == ["0", "1", "0"]


def test_generation_stops_at_an_output_outside_the_vocabulary() -> None:
    model = model_of("set vocab range(3); set max_length 5; tokens + 1;")
    assert model.generate([0], 2) == [1, 2]
    with pytest.raises(raspc.RaspError, match="the output after `0 1 2` is `3`: that is no token"):
        model.generate([0], 3)


def test_generation_refuses_models_and_inputs_that_it_cannot_continue(repeat: Model) -> None:
    assert codes(model_of(REPEAT, causal=False), "ab") == ["not-causal"]
    assert codes(repeat, []) == ["nothing-to-continue"]
    assert codes(repeat, "abcabcab") == ["input-too-long"]
    assert codes(repeat, "abd") == ["unknown-token"]
