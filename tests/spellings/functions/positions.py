"""Functions that move tokens to other positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from raspc.compiler.graph.values import Scalar
from raspc.tests.spellings.suite import FEW_NUMBERS, LETTERS, NUMBERS, spelled


@spelled(
    LETTERS,
    "tokens[length - indices - 1];",
    "aggregate(select(indices, length - 1 - indices, ==), tokens);",
    "aggregate(select(length - 1 - indices, indices, ==), tokens);",
    """
    after = selector_width(select(indices, indices, >));
    tokens[after];
    """,
    """
    mirror = select(indices + indices[-1], 2 * indices[-1] - indices, ==);
    aggregate(mirror, tokens);
    """,
)
def reverse(tokens: Any) -> Sequence[Scalar]:
    return list(tokens[::-1])


@spelled(
    LETTERS,
    'shift(tokens, 1, "-");',
    'aggregate(select(indices, indices - 1, ==), tokens, "-");',
    'aggregate(select(indices + 1, indices, ==), tokens, "-");',
    '"-" if indices == 0 else tokens[indices - 1];',
    'aggregate(select_last(select(indices, indices, <)), tokens, "-");',
)
def shift_right(tokens: Any) -> Sequence[Scalar]:
    return ["-", *tokens[:-1]]


@spelled(
    NUMBERS,
    "aggregate(select(indices, (indices + 1) % length, ==), tokens);",
    "tokens[(indices + 1) % length];",
    "tokens[0 if indices == length - 1 else indices + 1];",
    "aggregate(select((indices + length - 1) % length, indices, ==), tokens);",
    "tokens[indices + 1] if indices < length - 1 else tokens[0];",
)
def rotate_left(tokens: Any) -> Sequence[Scalar]:
    return [*tokens[1:], tokens[0]]


@spelled(
    NUMBERS,
    "aggregate(select((indices + 3) % length, indices, ==), tokens);",
    "tokens[(indices - 3) % length];",
    """
    from = (indices + 3 * length - 3) % length;
    aggregate(select(indices, from, ==), tokens);
    """,
    """
    back = indices - 3 % length;
    tokens[back if back >= 0 else back + length];
    """,
)
def rotate_right_by_three(tokens: Any) -> Sequence[Scalar]:
    size = len(tokens)
    return [tokens[(i - 3) % size] for i in range(size)]


@spelled(
    NUMBERS,
    """
    partner = indices + 1 if indices % 2 == 0 else indices - 1;
    tokens[partner if partner < length else indices];
    """,
    """
    last = (indices == length - 1) and (length % 2 == 1);
    target = indices if last else indices + (1 - 2 * (indices % 2));
    aggregate(select(target, indices, ==), tokens);
    """,
    """
    even = indices % 2 == 0;
    right = aggregate(select(indices, indices + 1, ==), tokens, -1);
    left = aggregate(select(indices, indices - 1, ==), tokens, -1);
    (tokens if right == -1 else right) if even else left;
    """,
    """
    pair = indices // 2;
    other = select(pair, pair, ==) and select(indices, indices, !=);
    aggregate(other, tokens) if has_focus(other) else tokens;
    """,
)
def swap_pairs(tokens: Any) -> Sequence[Scalar]:
    found = list(tokens)
    for i in range(0, len(found) - 1, 2):
        found[i], found[i + 1] = found[i + 1], found[i]
    return found


@spelled(
    LETTERS,
    "tokens[0];",
    "aggregate(select(indices, 0, ==), tokens);",
    "aggregate(select(indices == 0, True, ==), tokens);",
    "aggregate(select(indicator(indices == 0), 1, ==), tokens);",
    "aggregate(select_first(full_s), tokens);",
)
def first_token(tokens: Any) -> Sequence[Scalar]:
    return [tokens[0]] * len(tokens)


@spelled(
    LETTERS,
    "tokens[-1];",
    "tokens[length - 1];",
    "aggregate(select(indices, length - 1, ==), tokens);",
    "aggregate(select(indices + 1, length, ==), tokens);",
    "aggregate(select(indices == length - 1, True, ==), tokens);",
)
def last_token(tokens: Any) -> Sequence[Scalar]:
    return [tokens[-1]] * len(tokens)


@spelled(
    LETTERS,
    "tokens[indices // 2];",
    "aggregate(select(indices, indices // 2, ==), tokens);",
    "aggregate(select(indices, (indices - indices % 2) / 2, ==), tokens);",
    """
    half = indices / 2 if indices % 2 == 0 else (indices - 1) / 2;
    tokens[half];
    """,
)
def each_token_twice(tokens: Any) -> Sequence[Scalar]:
    return [tokens[i // 2] for i in range(len(tokens))]


@spelled(
    LETTERS,
    """
    place = 2 * indices;
    tokens[place] if place < length else "-";
    """,
    'aggregate(select(indices, 2 * indices, ==), tokens, "-");',
    'aggregate(select(indices / 2, indices, ==), tokens, "-");',
    """
    even = indices % 2 == 0;
    rank = selector_width(select(even, True, ==) and select(indices, indices, <));
    aggregate(select(even, True, ==) and select(rank, indices, ==), tokens, "-");
    """,
)
def every_other_token(tokens: Any) -> Sequence[Scalar]:
    kept = tokens[::2]
    return [*kept, *["-"] * (len(tokens) - len(kept))]


@spelled(
    NUMBERS,
    "tokens == tokens[length - 1 - indices];",
    """
    opposite = aggregate(select(indices, length - 1 - indices, ==), tokens);
    tokens - opposite == 0;
    """,
    "selector_width(select(indices, length - 1 - indices, ==) and select(tokens, tokens, ==)) == 1;",
    "has_focus(select(length - 1 - indices, indices, ==) and select(tokens, tokens, ==));",
)
def equals_its_mirror(tokens: Any) -> Sequence[Scalar]:
    return [a == b for a, b in zip(tokens, tokens[::-1], strict=True)]


@spelled(
    LETTERS,
    """
    differs = tokens != tokens[length - 1 - indices];
    not contains(differs, True);
    """,
    """
    opposite = aggregate(select(indices, length - 1 - indices, ==), tokens);
    selector_width(select(opposite == tokens, False, ==)) == 0;
    """,
    """
    same = indicator(tokens == tokens[length - 1 - indices]);
    aggregate(full_s, same) == 1;
    """,
    """
    matches = select(indices, length - 1 - indices, ==) and select(tokens, tokens, ==);
    count(has_focus(matches), True) == length;
    """,
)
def is_palindrome(tokens: Any) -> Sequence[Scalar]:
    return [list(tokens) == list(tokens[::-1])] * len(tokens)


@spelled(
    FEW_NUMBERS,
    "tokens[tokens] if tokens < length else -1;",
    "aggregate(select(indices, tokens, ==), tokens, -1);",
    """
    target = tokens;
    found = select(indices, target, ==);
    aggregate(found, tokens) if has_focus(found) else -1;
    """,
    "aggregate(select(indices + 1, tokens + 1, ==), tokens, 0 - 1);",
)
def follow_the_pointer(tokens: Any) -> Sequence[Scalar]:
    return [tokens[t] if t < len(tokens) else -1 for t in tokens]
