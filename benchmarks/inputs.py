"""Long inputs with large or close numbers: constant, longest, sorted, skewed, balanced."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from raspc.compiler.graph.values import Scalar

Input = tuple[Scalar, ...]


def long_inputs(
    vocabulary: Sequence[Scalar], longest: int, positions: int, *, brackets: bool = False, seed: int = 0
) -> list[Input]:
    """The structured inputs of the longest length, lengths 1, 2 and `longest - 1`, then random lengths and tokens
    until there are `positions` tokens altogether."""
    rng = random.Random(seed)
    inputs = [*_structured(vocabulary, longest, rng), *(_balanced(vocabulary, longest, rng) if brackets else ())]
    for length in (1, 2, longest - 1):
        inputs += [(vocabulary[-1],) * length, _random(vocabulary, length, rng)]
    total = sum(map(len, inputs))
    while total < positions:
        inputs.append(_random(vocabulary, rng.randint(1, longest), rng))
        total += len(inputs[-1])
    return inputs


def _structured(vocabulary: Sequence[Scalar], length: int, rng: random.Random) -> Iterator[Input]:
    first, middle, last, size = vocabulary[0], vocabulary[len(vocabulary) // 2], vocabulary[-1], len(vocabulary)
    yield from ((token,) * length for token in dict.fromkeys((first, middle, last)))
    yield (last,) * (length - 1) + (first,)
    yield (first,) + (last,) * (length - 1)
    ascending = tuple(vocabulary[i * size // length] for i in range(length))
    yield ascending
    yield ascending[::-1]
    yield tuple(vocabulary[i % size] for i in range(length))
    yield tuple(first if i % 2 == 0 else last for i in range(length))
    # Token i about i times as often as token 0: many different counts, some of them next to each other.
    yield tuple(rng.choices(vocabulary, range(1, size + 1), k=length))
    yield tuple(rng.choices(vocabulary, k=length))


def _balanced(vocabulary: Sequence[Scalar], length: int, rng: random.Random) -> Iterator[Input]:
    """Balanced words over the first pair of brackets, as long as possible, and the same with one bracket changed."""
    opener, closer = vocabulary[0], vocabulary[1]
    half = length // 2
    yield (opener,) * half + (closer,) * half
    yield (opener, closer) * half
    yield (closer, *(opener, closer) * (half - 1), opener)  # broken at once, then balanced: the share of one in many
    yield (*(opener, closer) * ((length - 1) // 2), closer)[:length]  # broken by its last token alone
    for _ in range(2):
        walk = _walk(opener, closer, length, rng)
        yield walk
        place = rng.randrange(length)
        yield (*walk[:place], closer, *walk[place + 1 :])


def _walk(opener: Scalar, closer: Scalar, length: int, rng: random.Random) -> Input:
    """Random brackets that never close more than are open, and are balanced if the length allows."""
    depth, word = 0, []
    for left in range(length, 0, -1):
        opens = depth == 0 or (depth < left and rng.random() < 0.5)
        depth += 1 if opens else -1
        word.append(opener if opens else closer)
    return tuple(word)


def _random(vocabulary: Sequence[Scalar], length: int, rng: random.Random) -> Input:
    """Random tokens: with equal probability from all tokens, or from one to three of them."""
    tokens = vocabulary if rng.random() < 0.5 else rng.sample(vocabulary, min(len(vocabulary), rng.randint(1, 3)))
    return tuple(rng.choice(tokens) for _ in range(length))
