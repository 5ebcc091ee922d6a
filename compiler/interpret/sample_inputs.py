"""Test inputs for a program: all inputs if there are few, otherwise a sample that includes edge cases.

Everything here is deterministic: the same vocabulary, length, count and seed give the same inputs in the
same order, on every Python.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, product

import numpy as np

from ..graph.values import Scalar, is_number
from .batch_values import Codes

Input = tuple[Scalar, ...]

#: Node evaluations for all inputs of a warning's sample together; they take some tenths of a second.
_WORK = 40_000
_FEWEST = 20

#: Inputs in one array of `all_ids`.
_CHUNK = 1 << 15


def count_inputs(vocabulary_size: int, max_length: int) -> int:
    """The number of inputs of 1 to `max_length` tokens."""
    return sum(vocabulary_size**length for length in range(1, max_length + 1))


def affordable(nodes: int, most: int) -> int:
    """The number of inputs on which a warning may evaluate a program of so many nodes, in search of a witness."""
    return max(_FEWEST, min(most, _WORK // max(1, nodes)))


def all_inputs(vocabulary: Sequence[Scalar], max_length: int) -> Iterator[Input]:
    """Every input of 1 to `max_length` tokens, the short ones first."""
    for length in range(1, max_length + 1):
        yield from product(vocabulary, repeat=length)


def all_ids(vocabulary_size: int, max_length: int) -> Iterator[Codes]:
    """The inputs of `all_inputs` in the same order, as indices into the vocabulary: arrays [input, position]."""
    for length in range(1, max_length + 1):
        powers = [vocabulary_size**place for place in reversed(range(length))]
        count = vocabulary_size**length
        for start in range(0, count, _CHUNK):
            numbers = np.arange(start, min(count, start + _CHUNK))
            yield np.stack([numbers // power % vocabulary_size for power in powers], 1)


def ids_of(inputs: Iterable[Input], vocabulary: Sequence[Scalar]) -> Iterator[Codes]:
    """The inputs as indices into the vocabulary: one array [input, position] for each length, the shortest first."""
    places = {token: place for place, token in enumerate(vocabulary)}
    for _, group in groupby(sorted(inputs, key=len), key=len):
        yield np.array([[places[token] for token in tokens] for tokens in group], np.int64)


def sampled_inputs(vocabulary: Sequence[Scalar], max_length: int, count: int, seed: int = 0) -> list[Input]:
    """The structured inputs, then random ones, until there are `count` different inputs (all, if fewer exist).

    No structured input is dropped: if there are more of them than `count`, the result is longer.
    The random inputs have every length, if `count` leaves room.
    """
    total = count_inputs(len(vocabulary), max_length)
    if total <= count:
        return list(all_inputs(vocabulary, max_length))
    found = dict.fromkeys(structured_inputs(vocabulary, max_length))
    rng = random.Random(seed)
    if total <= 4 * count:
        # The sample has nearly all inputs: drawing at random would repeat most of them, so shuffle instead.
        rest = [tokens for tokens in all_inputs(vocabulary, max_length) if tokens not in found]
        rng.shuffle(rest)
        return [*found, *rest[: max(0, count - len(found))]]
    lengths = list(range(max_length, 0, -1))
    draws = 0
    while len(found) < count:
        # Each length in turn.  When all inputs of a short length are found, its draws add nothing.
        found.setdefault(_random_input(vocabulary, lengths[draws % max_length], rng))
        draws += 1
    return list(found)


def exact_sample(vocabulary: Sequence[Scalar], max_length: int, count: int, seed: int = 0) -> list[Input]:
    """Exactly `count` different inputs (all, where fewer exist).

    A small sample holds only some of the structured inputs, at even distances, and as many random ones.
    """
    structured = list(dict.fromkeys(structured_inputs(vocabulary, max_length)))
    if len(structured) <= count or count_inputs(len(vocabulary), max_length) <= count:
        return sampled_inputs(vocabulary, max_length, count, seed)
    kept = (count + 1) // 2
    some = dict.fromkeys(structured[place * len(structured) // kept] for place in range(kept))
    shapes = set(structured)
    others = [
        tokens
        for tokens in sampled_inputs(vocabulary, max_length, len(structured) + count, seed)
        if tokens not in shapes
    ]
    random.Random(seed).shuffle(others)
    rest = [*others, *(tokens for tokens in structured if tokens not in some)]  # a small space has few others
    return [*some, *rest[: count - kept]]


def chosen_inputs(
    vocabulary: Sequence[Scalar], max_length: int, *, exhaustive_limit: int, samples: int, seed: int = 0
) -> list[Input]:
    """All inputs when there are at most `exhaustive_limit`, else a sample of `samples`."""
    if count_inputs(len(vocabulary), max_length) <= exhaustive_limit:
        return list(all_inputs(vocabulary, max_length))
    return sampled_inputs(vocabulary, max_length, samples, seed)


def structured_inputs(vocabulary: Sequence[Scalar], max_length: int) -> Iterator[Input]:
    """Regular inputs: constant, in order and reversed, alternating, in two blocks, one different token at an end.

    At most about ten per token, of lengths 1, 2, `max_length` and one less; some may be equal.  The least and the
    greatest number of the vocabulary are combined with each other.
    """
    first, last = vocabulary[0], vocabulary[-1]
    for length in sorted({1, min(2, max_length), max(1, max_length - 1), max_length}, reverse=True):
        ascending = [vocabulary[i * len(vocabulary) // length] for i in range(length)]
        cycling = [vocabulary[i % len(vocabulary)] for i in range(length)]
        yield from ((token,) * length for token in vocabulary)
        yield from (tuple(ascending), tuple(reversed(ascending)), tuple(cycling), tuple(reversed(cycling)))
    half = max_length // 2
    numbers = sorted(token for token in vocabulary if is_number(token))
    edges = [(numbers[0], numbers[-1]), (numbers[-1], numbers[0])] if len(numbers) > 1 else []
    for token, other in (*((token, first if token != first else last) for token in vocabulary), *edges):
        yield tuple(token if i % 2 == 0 else other for i in range(max_length))
        yield (token,) * half + (other,) * (max_length - half)
        yield (token,) * (max_length - 1) + (other,)
        yield (other,) + (token,) * (max_length - 1)


def _random_input(vocabulary: Sequence[Scalar], length: int, rng: random.Random) -> Input:
    """Tokens drawn from the vocabulary, or from at most three of its tokens, so that tokens are repeated."""
    tokens = vocabulary if rng.random() < 0.5 else rng.sample(vocabulary, min(len(vocabulary), rng.randint(1, 3)))
    return tuple(rng.choice(tokens) for _ in range(length))
