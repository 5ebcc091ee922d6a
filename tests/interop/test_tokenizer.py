"""Tokenizers made of a vocabulary: what a text means, and that every id has one name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from raspc.compiler.artifact.manifest import ClassDecodeRecord
from raspc.compiler.graph.values import Scalar
from raspc.interop.tokenizer import bos_name, token_texts, tokenizer_files
from raspc.tests.support.handmade import manifest_of

tokenizers = pytest.importorskip("tokenizers")


def tokenizer_of(vocabulary: Sequence[Scalar]) -> Any:  # tokenizers has no types for its class
    manifest = manifest_of(vocabulary, 5, 2, [], [ClassDecodeRecord(("a",))])
    return tokenizers.Tokenizer.from_str(json.dumps(tokenizer_files(manifest)["tokenizer.json"]))


@pytest.mark.parametrize(
    ("vocabulary", "text", "tokens"),
    [
        ("abc", "cab", "cab"),
        ("abc", " c a\nb ", "cab"),
        ("ab ", "a b", "a b"),
        ("é\U0001f600(", "(\U0001f600é", "(\U0001f600é"),
        (".^$", "$.^", "$.^"),
        (range(10), "3 1 2", (3, 1, 2)),
        (range(10), "312", (3, 1, 2)),
        (range(12), "3 11 2", (3, 11, 2)),
        ((-1, Fraction(1, 2), Fraction(1, 3)), "-1 1/3 0.5", (-1, Fraction(1, 3), Fraction(1, 2))),
        ((True, False), "true false", (True, False)),
        (("a", "b", "cd"), "cd a b", ("cd", "a", "b")),
        (("New York", "Rome", "York", "New"), "Rome New York York New", ("Rome", "New York", "York", "New")),
        (("New York", "New York City"), "New York City New York", ("New York City", "New York")),
        (("ab", " ", "a", ""), "ab aab", ("ab", " ", "a", "ab")),
        (("1", 1, "2"), "1 2 1", ("1", "2", "1")),
    ],
)
def test_text(vocabulary: Sequence[Scalar], text: str, tokens: Sequence[Scalar]) -> None:
    listed = list(vocabulary)
    ids = [len(listed), *(listed.index(token) for token in tokens)]
    assert tokenizer_of(listed).encode(text).ids == ids


def test_characters_join_and_words_do_not() -> None:
    assert tokenizer_of("abc").decode([3, 2, 0, 1]) == "cab"
    assert tokenizer_of(["ab", "c"]).decode([2, 0, 1]) == "ab c"


def test_text_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(Exception, match="Missing"):
        tokenizer_of("abc").encode("abd")


def test_names_are_unique() -> None:
    assert token_texts(["1", 1, True, "true"]) == ["1", "1 (id 1)", "true (id 2)", "true"]
    for vocabulary in ("<bos>", "<bos>[BOS]", "<bos>[BOS]{BOS}\N{SYMBOL FOR START OF HEADING}"):
        name = bos_name(vocabulary)
        assert not set(name) <= set(vocabulary)
        assert tokenizer_of(vocabulary[:5]).encode("<bos>").ids == [5, 0, 1, 2, 3, 4]
