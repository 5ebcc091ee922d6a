"""Words of the command line to tokens."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raspc.compiler.graph.values import Scalar, show
from raspc.compiler.interpret.parse_tokens import parse_token, parse_tokens, unknown_token
from raspc.rasp_grammar.diagnostics import RaspError

DIGITS = tuple(range(10))
MIXED: tuple[Scalar, ...] = ("a", "<pad>", "3", 3, -4, True, False, Fraction(1, 2), Fraction(1, 3), 2**0.5, 10**30)


@pytest.mark.parametrize(
    ("words", "vocabulary", "tokens"),
    [
        (["c", "a", "b"], "abc", ["c", "a", "b"]),
        (["cab"], "abc", ["c", "a", "b"]),
        (["cab"], ["cab", "a", "b", "c"], ["cab"]),
        (["3", "1", "2"], DIGITS, [3, 1, 2]),
        (["312"], DIGITS, [3, 1, 2]),
        (["12"], [1, 2, 12], [12]),
        (["03", "+3", "3.0", "3e0", "6/2"], DIGITS, [3, 3, 3, 3, 3]),
        (["3", "-4", "-4.0"], MIXED, ["3", -4, -4]),
        (["1/2", "0.5", ".5", "5e-1", "2/4"], MIXED, [Fraction(1, 2)] * 5),
        (["1/3", "0.3333333333333333"], MIXED, [Fraction(1, 3)] * 2),
        (["1.4142135623730951", "1e30"], MIXED, [2**0.5, 10**30]),
        (["true", "False", "T", "1"], MIXED, [True, False, True, True]),
        (["<pad>", "a"], MIXED, ["<pad>", "a"]),
        ([""], "abc", []),
        ([""], ["", "a"], [""]),
        ([], "abc", []),
    ],
)
def test_words_are_read_as_tokens(words: list[str], vocabulary: list[Scalar], tokens: list[Scalar]) -> None:
    found = parse_tokens(words, tuple(vocabulary))
    assert [(type(token), token) for token in found] == [(type(token), token) for token in tokens]


@pytest.mark.parametrize(
    ("words", "vocabulary", "expected"),
    [
        (["cax"], "abc", ['"x" at position 2 [the vocabulary is "a", "b", "c"]']),
        (
            ["a", "B", "x"],
            "abc",
            [
                '"B" at position 1 [did you mean "b"? the vocabulary is "a", "b", "c"]',
                '"x" at position 2 [the vocabulary is "a", "b", "c"]',
            ],
        ),
        (
            ["strat"],
            ["end", "start"],
            ['"strat" at position 0 [did you mean "start"? the vocabulary is "end", "start"]'],
        ),
        (
            ["12", "x"],
            DIGITS,
            [
                '"12" at position 0 [the vocabulary is 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]',
                '"x" at position 1 [the vocabulary is 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]',
            ],
        ),
        (
            ["1/0", "true"],
            [1],
            ['"1/0" at position 0 [the vocabulary is 1]', '"true" at position 1 [the vocabulary is 1]'],
        ),
        (
            ["a\nb", "b"],
            "a",
            ["'a\\nb' at position 0 [the vocabulary is \"a\"]", '"b" at position 1 [the vocabulary is "a"]'],
        ),
        (["x" * 99], [1], [f'"{"x" * 60}..." at position 0 [the vocabulary is 1]']),
        (
            ["x"],
            range(30, 60),
            [f'"x" at position 0 [the vocabulary is {", ".join(map(str, range(30, 50)))}, ... (30 in all)]'],
        ),
    ],
)
def test_unknown_words_are_diagnosed_with_the_nearest_tokens(
    words: list[str], vocabulary: list[Scalar], expected: list[str]
) -> None:
    with pytest.raises(RaspError) as caught:
        parse_tokens(words, tuple(vocabulary))
    messages = [
        f"{diagnostic.message} [{diagnostic.hint}]".replace(" is not in the program's vocabulary", "")
        for diagnostic in caught.value.diagnostics
    ]
    assert messages == expected
    assert {diagnostic.code for diagnostic in caught.value.diagnostics} == {"unknown-token"}


@given(st.sampled_from(MIXED))
def test_the_printed_form_of_a_token_is_read_as_the_token(token: Scalar) -> None:
    assert show(parse_token(show(token), MIXED)) == show(token)


@given(st.text(max_size=12) | st.from_regex(r"[+-]?[0-9./eE_]{1,12}", fullmatch=True))
def test_any_word_is_a_token_or_a_diagnostic(word: str) -> None:
    try:
        assert parse_token(word, MIXED) in MIXED
    except RaspError as error:
        assert error.diagnostics[0].message.isprintable()  # noqa: PT017


def test_values_that_are_no_tokens_are_named_in_the_diagnostic() -> None:
    assert unknown_token({"a": [1]}, 3, "ab").message == "{'a': [1]} at position 3 is not in the program's vocabulary"
