"""Functions that compute with the tokens' numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from raspc.compiler.graph.values import Scalar
from raspc.tests.spellings.suite import BITS, FEW_NUMBERS, NUMBERS, spelled


@spelled(
    NUMBERS,
    "sort(tokens, tokens);",
    """
    rank = selector_width(select(tokens, tokens, <) or (select(tokens, tokens, ==) and select(indices, indices, <)));
    aggregate(select(rank, indices, ==), tokens);
    """,
    """
    key = tokens * 100 + indices;
    rank = selector_width(select(key, key, <));
    aggregate(select(rank, indices, ==), tokens);
    """,
    """
    key = tokens + indices / 1000;
    place = selector_width(select(key, key, <=));
    aggregate(select(place, indices + 1, ==), tokens);
    """,
    """
    smaller = selector_width(select(tokens, tokens, <));
    equal_before = selector_width(select(tokens, tokens, ==) and select(indices, indices, <));
    aggregate(select(smaller + equal_before, indices, ==), tokens);
    """,
)
def ascending(tokens: Any) -> Sequence[Scalar]:
    return sorted(tokens)


@spelled(
    NUMBERS,
    "sort(tokens, -tokens);",
    """
    place = selector_width(select(tokens, tokens, >) or (select(tokens, tokens, ==) and select(indices, indices, <)));
    aggregate(select(place, indices, ==), tokens);
    """,
    """
    key = tokens * length + indices;
    larger = selector_width(select(key, key, >));
    aggregate(select(larger, indices, ==), tokens);
    """,
    """
    up = sort(tokens, tokens);
    up[length - 1 - indices];
    """,
)
def descending(tokens: Any) -> Sequence[Scalar]:
    return sorted(tokens, reverse=True)


@spelled(
    NUMBERS,
    "largest(tokens);",
    "sort(tokens, tokens)[-1];",
    """
    exceeded = has_focus(select(tokens, tokens, >));
    aggregate(select(exceeded, False, ==), tokens);
    """,
    """
    above = selector_width(select(tokens, tokens, >));
    aggregate(select(above, 0, ==), tokens);
    """,
    """
    rank = selector_width(select(tokens, tokens, <) or (select(tokens, tokens, ==) and select(indices, indices, <)));
    aggregate(select(rank, length - 1, ==), tokens);
    """,
)
def largest_token(tokens: Any) -> Sequence[Scalar]:
    return [max(tokens)] * len(tokens)


@spelled(
    NUMBERS,
    "smallest(tokens);",
    "aggregate(select(selector_width(select(tokens, tokens, <)), 0, ==), tokens);",
    "sort(tokens, tokens)[0];",
    "-largest(-tokens);",
)
def smallest_token(tokens: Any) -> Sequence[Scalar]:
    return [min(tokens)] * len(tokens)


@spelled(
    NUMBERS,
    "largest(tokens) - smallest(tokens);",
    """
    up = sort(tokens, tokens);
    up[-1] - up[0];
    """,
    """
    top = aggregate(select(selector_width(select(tokens, tokens, >)), 0, ==), tokens);
    bottom = aggregate(select(selector_width(select(tokens, tokens, <)), 0, ==), tokens);
    top - bottom;
    """,
    """
    up = sort(tokens, tokens);
    down = sort(tokens, -tokens);
    down[0] - up[0];
    """,
)
def spread(tokens: Any) -> Sequence[Scalar]:
    return [max(tokens) - min(tokens)] * len(tokens)


@spelled(
    FEW_NUMBERS,
    "aggregate(full_s, tokens) * length;",
    "round(average(tokens) * length);",
    "average(tokens) / aggregate(full_s, indicator(indices == 0));",
    """
    n = selector_width(full_s);
    mean = aggregate(full_s, tokens);
    n * mean;
    """,
)
def total(tokens: Any) -> Sequence[Scalar]:
    return [sum(tokens)] * len(tokens)


@spelled(
    FEW_NUMBERS,
    "aggregate(select(indices, indices, <=), tokens) * (indices + 1);",
    """
    upto = select(indices, indices, <=);
    round(aggregate(upto, tokens) * selector_width(upto));
    """,
    """
    upto = select(indices, indices, <=);
    aggregate(upto, tokens) / aggregate(upto, indicator(indices == 0));
    """,
    """
    before = select(indices, indices, <);
    aggregate(before, tokens) * indices + tokens;
    """,
)
def running_total(tokens: Any) -> Sequence[Scalar]:
    return [sum(tokens[: i + 1]) for i in range(len(tokens))]


@spelled(
    FEW_NUMBERS,
    "average(tokens);",
    "aggregate(full_s, tokens);",
    "aggregate(select(0, 0, ==), tokens);",
    """
    sum = aggregate(full_s, tokens) * length;
    sum / length;
    """,
)
def mean(tokens: Any) -> Sequence[Scalar]:
    return [Fraction(sum(tokens), len(tokens))] * len(tokens)


@spelled(
    FEW_NUMBERS,
    """
    up = sort(tokens, tokens);
    up[length // 2];
    """,
    """
    rank = selector_width(select(tokens, tokens, <) or (select(tokens, tokens, ==) and select(indices, indices, <)));
    aggregate(select(rank, length // 2, ==), tokens);
    """,
    """
    key = tokens * 1000 + indices;
    rank = selector_width(select(key, key, <));
    aggregate(select(rank - length // 2, 0, ==), tokens);
    """,
    """
    down = sort(tokens, -tokens);
    down[(length - 1) - length // 2];
    """,
)
def upper_median(tokens: Any) -> Sequence[Scalar]:
    return [sorted(tokens)[len(tokens) // 2]] * len(tokens)


@spelled(
    NUMBERS,
    """
    before = aggregate(select(indices, indices - 1, ==), tokens, 0);
    falls = (indices > 0) and (before > tokens);
    not contains(falls, True);
    """,
    """
    wrong = select(tokens, tokens, >) and select(indices, indices, <);
    selector_width(select(selector_width(wrong), 0, ==)) == length;
    """,
    "not contains(tokens != sort(tokens, tokens), True);",
    """
    previous = tokens[indices - 1] if indices > 0 else tokens;
    count(previous <= tokens, False) == 0;
    """,
)
def is_ascending(tokens: Any) -> Sequence[Scalar]:
    return [list(tokens) == sorted(tokens)] * len(tokens)


@spelled(
    NUMBERS,
    "tokens - shift(tokens, 1, 0);",
    "tokens - aggregate(select(indices, indices - 1, ==), tokens);",
    "tokens - (tokens[indices - 1] if indices > 0 else 0);",
    """
    previous = aggregate(select(indices + 1, indices, ==), tokens, 0);
    tokens - previous;
    """,
)
def step_from_the_previous(tokens: Any) -> Sequence[Scalar]:
    return [t - (tokens[i - 1] if i else 0) for i, t in enumerate(tokens)]


@spelled(
    FEW_NUMBERS,
    "tokens > average(tokens);",
    """
    mean = aggregate(full_s, tokens);
    mean < tokens;
    """,
    """
    sum = round(aggregate(full_s, tokens) * length);
    tokens * length > sum;
    """,
    "tokens - aggregate(full_s, tokens) > 0;",
)
def above_the_mean(tokens: Any) -> Sequence[Scalar]:
    return [t * len(tokens) > sum(tokens) for t in tokens]


@spelled(
    BITS,
    "not contains(tokens, 0);",
    "count(tokens, 1) == length;",
    "aggregate(full_s, tokens) == 1;",
    "smallest(tokens) == 1;",
)
def all_ones(tokens: Any) -> Sequence[Scalar]:
    return [all(tokens)] * len(tokens)


@spelled(
    BITS,
    "count(tokens, 1) > count(tokens, 0);",
    "average(tokens) > 0.5;",
    "2 * selector_width(select(tokens, 1, ==)) > length;",
    "round(aggregate(full_s, tokens) * length) > length / 2;",
)
def majority(tokens: Any) -> Sequence[Scalar]:
    return [2 * sum(tokens) > len(tokens)] * len(tokens)


@spelled(
    FEW_NUMBERS,
    """
    next = aggregate(select(indices, indices + 1, ==), tokens, 0);
    before = aggregate(select(indices, indices - 1, ==), tokens, 0);
    largest_here = max(max(before, tokens), next);
    largest_here;
    """,
    """
    a = shift(tokens, 1, 0);
    b = shift(tokens, -1, 0);
    top = a if a > b else b;
    tokens if tokens > top else top;
    """,
    """
    near = select(indices, indices - 1, >=) and select(indices, indices + 1, <=);
    bigger = selector_width(near and select(tokens, tokens, >));
    left = tokens[indices - 1] if indices > 0 else 0;
    right = tokens[indices + 1] if indices < length - 1 else 0;
    tokens if bigger == 0 else max(left, right);
    """,
    """
    b = shift(tokens, 1, 0);
    n = aggregate(select(indices - 1, indices, ==), tokens);
    m = (b + n + abs(b - n)) / 2;
    (m + tokens + abs(m - tokens)) / 2;
    """,
)
def largest_of_three_neighbours(tokens: Any) -> Sequence[Scalar]:
    padded = [0, *tokens, 0]
    return [max(padded[i : i + 3]) for i in range(len(tokens))]
