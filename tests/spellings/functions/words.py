"""Functions of the tokens as symbols."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from raspc.compiler.graph.values import Scalar
from raspc.tests.spellings.suite import LETTERS, NUMBERS, spelled


@spelled(
    LETTERS,
    'tokens in ["a", "e", "i", "o", "u"];',
    '(tokens == "a") or (tokens == "e") or (tokens == "i") or (tokens == "o") or (tokens == "u");',
    '{l: l in "aeiou" for l in "abcdefghijklmnopqrstuvwxyz"}[tokens];',
    'True if tokens in "aeiou" else False;',
)
def is_vowel(tokens: Any) -> Sequence[Scalar]:
    return [t in "aeiou" for t in tokens]


@spelled(
    NUMBERS,
    "(tokens + 3) % 20;",
    "tokens + 3 if tokens < 17 else tokens - 17;",
    "[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0, 1, 2][tokens];",
    """
    moved = tokens + 3;
    moved - 20 * indicator(moved >= 20);
    """,
)
def caesar_by_three(tokens: Any) -> Sequence[Scalar]:
    return [(t + 3) % 20 for t in tokens]


@spelled(
    LETTERS,
    """
    n = selector_width(select(tokens, tokens, ==));
    order = select(n, n, >) or (select(n, n, ==) and select(indices, indices, <));
    aggregate(select(selector_width(order), 0, ==), tokens);
    """,
    """
    n = selector_width(select(tokens, tokens, ==));
    aggregate(select_first(select(n, largest(n), ==)), tokens);
    """,
    """
    n = selector_width(select(tokens, tokens, ==));
    key = n * 100 - indices;
    aggregate(select(selector_width(select(key, key, >)), 0, ==), tokens);
    """,
    """
    n = count(tokens, tokens[0]) * 0 + selector_width(select(tokens, tokens, ==));
    best = n == largest(n);
    first = best and not has_focus(select(best, True, ==) and select(indices, indices, <));
    aggregate(select(first, True, ==), tokens);
    """,
)
def first_most_frequent(tokens: Any) -> Sequence[Scalar]:
    counts = [tokens.count(t) for t in tokens]
    return [tokens[counts.index(max(counts))]] * len(tokens)


@spelled(
    LETTERS,
    """
    before = shift(tokens, 1, "-");
    "-" if before == tokens else tokens;
    """,
    """
    same = select(indices, indices - 1, ==) and select(tokens, tokens, ==);
    "-" if has_focus(same) else tokens;
    """,
    """
    repeats = tokens == aggregate(select(indices, indices - 1, ==), tokens, "-");
    tokens if not repeats else "-";
    """,
    """
    keep = selector_width(select(indices + 1, indices, ==) and select(tokens, tokens, !=));
    tokens if (keep == 1) or (indices == 0) else "-";
    """,
)
def blank_repeats(tokens: Any) -> Sequence[Scalar]:
    return ["-" if i and tokens[i - 1] == t else t for i, t in enumerate(tokens)]


@spelled(
    LETTERS,
    """
    new = not has_focus(select(tokens, tokens, ==) and select(indices, indices, <));
    tokens if new else "-";
    """,
    """
    seen = selector_width(select(tokens, tokens, ==) and select(indices, indices, <));
    "-" if seen > 0 else tokens;
    """,
    """
    first = aggregate(select_first(select(tokens, tokens, ==)), indices);
    tokens if first == indices else "-";
    """,
    """
    n = selector_width(select(tokens, tokens, ==) and select(indices, indices, <=));
    tokens if n == 1 else "-";
    """,
)
def blank_tokens_seen_before(tokens: Any) -> Sequence[Scalar]:
    return ["-" if t in tokens[:i] else t for i, t in enumerate(tokens)]


@spelled(
    LETTERS,
    'contains(tokens, "a") and contains(tokens, "b");',
    'has_focus(select(tokens, "a", ==)) and has_focus(select(tokens, "b", ==));',
    '(count(tokens, "a") > 0) and (count(tokens, "b") > 0);',
    '("a" in tokens) and ("b" in tokens);',
)
def has_a_and_b(tokens: Any) -> Sequence[Scalar]:
    return ["a" in tokens and "b" in tokens] * len(tokens)


@spelled(
    LETTERS,
    """
    next = aggregate(select(indices, indices + 1, ==), tokens, "-");
    count((tokens == "a") and (next == "b"), True);
    """,
    """
    hit = (tokens == "b") and (shift(tokens, 1, "-") == "a");
    selector_width(select(hit, True, ==));
    """,
    """
    hit = (tokens == "b") and (shift(tokens, 1, "-") == "a");
    round(aggregate(full_s, indicator(hit)) * length);
    """,
    """
    pair = tokens + aggregate(select(indices - 1, indices, ==), tokens, "-");
    count(pair, "ab");
    """,
)
def count_of_ab(tokens: Any) -> Sequence[Scalar]:
    return [sum(a == "a" and b == "b" for a, b in itertools.pairwise(tokens))] * len(tokens)


@spelled(
    LETTERS,
    """
    same = tokens == tokens[-1];
    last_other = aggregate(select_last(select(same, False, ==)), indices, -1);
    length - 1 - last_other;
    """,
    """
    other_after = has_focus(select(tokens, tokens[-1], !=) and select(indices, indices, >=));
    count(other_after, False);
    """,
    """
    others = selector_width(select(tokens == tokens[-1], False, ==) and select(indices, indices, >=));
    selector_width(select(others, 0, ==));
    """,
    """
    differs = tokens != tokens[length - 1];
    after = selector_width(select(differs, True, ==) and select(indices, indices, >));
    place = aggregate(select(differs, True, ==) and select(after, 0, ==), indices, -1);
    length - place - 1;
    """,
)
def length_of_the_last_run(tokens: Any) -> Sequence[Scalar]:
    size = 0
    for token in reversed(tokens):
        if token != tokens[-1]:
            break
        size += 1
    return [size] * len(tokens)
