"""Makes an input on which something fails short and simple."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...compiler.graph.values import Scalar
from ...compiler.interpret.sample_inputs import Input

#: The first tokens of the vocabulary, which are tried in place of a token of the input.
SIMPLE_TOKENS = 10


def minimal(tokens: Input, fails: Callable[[Input], bool], vocabulary: Sequence[Scalar]) -> Input:
    """An input that fails, without tokens that can be dropped, and with the vocabulary's first tokens where possible.

    `fails` is false for the input without tokens.
    """
    for size in range(len(tokens) // 2, 1, -1):
        tokens, _ = _without(size, tokens, fails)
    dropped = True
    while dropped:  # one that was needed may be so no longer
        tokens, dropped = _without(1, tokens, fails)
    for place in range(len(tokens)):
        for token in vocabulary[: min(SIMPLE_TOKENS, vocabulary.index(tokens[place]))]:
            simpler = (*tokens[:place], token, *tokens[place + 1 :])
            if fails(simpler):
                tokens = simpler
                break
    return tokens


def _without(size: int, tokens: Input, fails: Callable[[Input], bool]) -> tuple[Input, bool]:
    """The input without the runs of `size` tokens that can be dropped, and whether any was dropped."""
    place, before = 0, len(tokens)
    while place < len(tokens):
        shorter = tokens[:place] + tokens[place + size :]
        if fails(shorter):
            tokens = shorter
        else:
            place += size
    return tokens, len(tokens) < before
