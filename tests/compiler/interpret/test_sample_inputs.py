"""The inputs that programs are tried on: complete where they say so, varied, and always the same."""

from __future__ import annotations

import pytest
from raspc.compiler.interpret import sample_inputs as inputs
from raspc.compiler.interpret.sample_inputs import (
    all_ids,
    all_inputs,
    chosen_inputs,
    count_inputs,
    exact_sample,
    ids_of,
    sampled_inputs,
    structured_inputs,
)


def test_all_inputs_are_the_product_of_the_vocabulary() -> None:
    assert list(all_inputs("ab", 2)) == [("a",), ("b",), ("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]
    assert count_inputs(3, 4) == len(set(all_inputs("abc", 4))) == 3 + 9 + 27 + 81


def test_structured_inputs_include_the_first_and_last_tokens() -> None:
    found = set(structured_inputs([0, 1, 2], 5))
    expected: set[tuple[int, ...]] = {(token,) * length for token in range(3) for length in (1, 2, 4, 5)}
    expected |= {(0, 0, 1, 1, 2), (2, 1, 1, 0, 0), (1, 0, 1, 0, 1), (2, 2, 0, 0, 0), (1, 1, 1, 1, 0), (0, 2, 2, 2, 2)}
    assert expected <= found
    assert len(found) <= 10 * 3 + 16


@pytest.mark.parametrize(("vocabulary", "max_length"), [("a", 1), ("a", 3), ("ab", 1), ("abc", 2), ("abcdefghij", 30)])
def test_structured_inputs_are_inputs(vocabulary: str, max_length: int) -> None:
    for tokens in structured_inputs(vocabulary, max_length):
        assert 1 <= len(tokens) <= max_length
        assert set(tokens) <= set(vocabulary)


def test_samples_are_different_inputs_of_every_length() -> None:
    found = sampled_inputs("abcde", 9, 500)
    assert len(found) == len(set(found)) == 500
    assert {len(tokens) for tokens in found} == set(range(1, 10))
    assert set(structured_inputs("abcde", 9)) <= set(found)
    assert all(set(tokens) <= set("abcde") for tokens in found)


def test_samples_follow_from_the_seed() -> None:
    assert sampled_inputs("abcde", 9, 200, seed=7) == sampled_inputs("abcde", 9, 200, seed=7)
    assert sampled_inputs("abcde", 9, 200, seed=7) != sampled_inputs("abcde", 9, 200, seed=8)


def test_a_sample_of_nearly_all_inputs_has_no_repeats() -> None:
    total = count_inputs(2, 8)
    assert sampled_inputs("ab", 8, total) == list(all_inputs("ab", 8))
    assert sampled_inputs("ab", 8, 10 * total) == list(all_inputs("ab", 8))
    found = sampled_inputs("ab", 8, total - 1)
    assert len(found) == len(set(found)) == total - 1


def test_few_samples_keep_every_structured_input() -> None:
    assert set(sampled_inputs("abcdefgh", 12, 5)) == set(structured_inputs("abcdefgh", 12))
    assert set(sampled_inputs("ab", 3, 5)) == set(structured_inputs("ab", 3))


@pytest.mark.parametrize(("vocabulary", "max_length"), [("abcdefgh", 12), ("ab", 3), ("abc", 30)])
@pytest.mark.parametrize("count", [1, 2, 5, 13, 60])
def test_an_exact_sample_has_as_many_inputs_as_asked(vocabulary: str, max_length: int, count: int) -> None:
    found = exact_sample(vocabulary, max_length, count, seed=3)
    assert len(found) == len(set(found)) == min(count, count_inputs(len(vocabulary), max_length))
    assert found == exact_sample(vocabulary, max_length, count, seed=3)
    shapes = set(structured_inputs(vocabulary, max_length))
    assert shapes & set(found)
    assert count < 5 or max_length < 5 or set(found) - shapes


def test_all_inputs_are_chosen_up_to_the_limit() -> None:
    assert chosen_inputs("ab", 3, exhaustive_limit=14, samples=5) == list(all_inputs("ab", 3))
    assert chosen_inputs("ab", 9, exhaustive_limit=100, samples=80) == sampled_inputs("ab", 9, 80)


@pytest.mark.parametrize(("vocabulary", "max_length"), [("a", 3), ("abc", 4), ("ba", 1)])
def test_ids_are_the_inputs(vocabulary: str, max_length: int) -> None:
    expected = list(all_inputs(vocabulary, max_length))
    for arrays in (all_ids(len(vocabulary), max_length), ids_of(reversed(expected), vocabulary)):
        found = [tuple(vocabulary[place] for place in row) for array in arrays for row in array.tolist()]
        assert sorted(found) == sorted(expected)
        assert [len(tokens) for tokens in found] == sorted(map(len, expected))


def test_ids_come_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [row for array in all_ids(3, 4) for row in array.tolist()]
    monkeypatch.setattr(inputs, "_CHUNK", 10)
    parts = list(all_ids(3, 4))
    assert max(map(len, parts)) == 10
    assert [row for array in parts for row in array.tolist()] == whole


def test_structured_inputs_combine_the_least_and_the_greatest_number() -> None:
    found = set(structured_inputs([5, "x", -1, 9, 0], 4))
    assert {(-1, 9, -1, 9), (9, 9, -1, -1), (9, 9, 9, -1), (9, -1, -1, -1), (-1, 9, 9, 9)} <= found
