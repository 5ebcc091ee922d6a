"""Functions that count."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from raspc.compiler.graph.values import Scalar
from raspc.tests.spellings.suite import BITS, BRACKETS, LETTERS, NUMBERS, WORDS, spelled


@spelled(
    LETTERS,
    "selector_width(select(tokens, tokens, ==));",
    "length - selector_width(select(tokens, tokens, !=));",
    "selector_width(not select(tokens, tokens, !=));",
    """
    same = select(tokens, tokens, ==);
    before = selector_width(same and select(indices, indices, <));
    from_here = selector_width(same and select(indices, indices, >=));
    before + from_here;
    """,
    "round(length * aggregate(full_s, 1)) - selector_width(not select(tokens, tokens, ==));",
)
def histogram(tokens: Any) -> Sequence[Scalar]:
    return [tokens.count(t) for t in tokens]


@spelled(
    LETTERS,
    'count(tokens, "a");',
    'selector_width(select(tokens, "a", ==));',
    'round(aggregate(full_s, indicator(tokens == "a")) * length);',
    'selector_width(select(tokens == "a", True, ==));',
    'aggregate(full_s, tokens == "a") * length;',
)
def count_of_a(tokens: Any) -> Sequence[Scalar]:
    return [tokens.count("a")] * len(tokens)


@spelled(
    LETTERS,
    'selector_width(select(tokens, "a", ==) and select(indices, indices, <=));',
    """
    upto = select(indices, indices, <=);
    round(aggregate(upto, indicator(tokens == "a")) * (indices + 1));
    """,
    """
    upto = select(indices, indices, <=);
    aggregate(upto, tokens == "a") * (indices + 1);
    """,
    """
    a = tokens == "a";
    selector_width(select(a, True, ==) and select(indices, indices, <)) + indicator(a);
    """,
    """
    upto = select(indices, indices, <=);
    aggregate(upto, tokens == "a") * selector_width(upto);
    """,
)
def running_count_of_a(tokens: Any) -> Sequence[Scalar]:
    return [tokens[: i + 1].count("a") for i in range(len(tokens))]


@spelled(
    LETTERS,
    "selector_width(select(tokens, tokens, ==)) > 1;",
    "has_focus(select(tokens, tokens, ==) and select(indices, indices, !=));",
    """
    same = select(tokens, tokens, ==);
    has_focus(same and select(indices, indices, <)) or has_focus(same and select(indices, indices, >));
    """,
    "selector_width(select(tokens, tokens, ==)) != 1;",
)
def occurs_again(tokens: Any) -> Sequence[Scalar]:
    return [tokens.count(t) > 1 for t in tokens]


@spelled(
    LETTERS,
    """
    new = not has_focus(select(tokens, tokens, ==) and select(indices, indices, <));
    count(new, True);
    """,
    """
    first = aggregate(select_first(select(tokens, tokens, ==)), indices);
    selector_width(select(first == indices, True, ==));
    """,
    """
    seen = selector_width(select(tokens, tokens, ==) and select(indices, indices, <));
    selector_width(select(seen, 0, ==));
    """,
    """
    repeats = has_focus(select(tokens, tokens, ==) and select(indices, indices, <));
    length - count(repeats, True);
    """,
)
def distinct_tokens(tokens: Any) -> Sequence[Scalar]:
    return [len(set(tokens))] * len(tokens)


@spelled(
    BITS,
    "count(tokens, 1) % 2;",
    "selector_width(select(tokens, 1, ==)) % 2;",
    """
    ones = round(aggregate(full_s, tokens) * length);
    ones % 2;
    """,
    """
    ones = aggregate(full_s, tokens) * length;
    ones - 2 * (ones // 2);
    """,
)
def parity(tokens: Any) -> Sequence[Scalar]:
    return [sum(tokens) % 2] * len(tokens)


@spelled(
    BITS,
    "selector_width(select(tokens, 1, ==) and select(indices, indices, <=)) % 2;",
    "round(aggregate(select(indices, indices, <=), tokens) * (indices + 1)) % 2;",
    """
    ones = aggregate(select(indices, indices, <=), tokens) * (indices + 1);
    ones - 2 * (ones // 2);
    """,
    """
    before = selector_width(select(tokens, 1, ==) and select(indices, indices, <));
    (before + tokens) % 2;
    """,
)
def running_parity(tokens: Any) -> Sequence[Scalar]:
    return [sum(tokens[: i + 1]) % 2 for i in range(len(tokens))]


@spelled(
    BRACKETS,
    """
    upto = select(indices, indices, <=);
    selector_width(upto and select(tokens, "(", ==)) - selector_width(upto and select(tokens, ")", ==));
    """,
    """
    step = 1 if tokens == "(" else -1;
    round(aggregate(select(indices, indices, <=), step) * (indices + 1));
    """,
    """
    delta = {"(": 1, ")": -1}[tokens];
    aggregate(select(indices, indices, <=), delta) * (indices + 1);
    """,
    """
    opens = selector_width(select(indices, indices, <=) and select(tokens, "(", ==));
    2 * opens - indices - 1;
    """,
)
def bracket_depth(tokens: Any) -> Sequence[Scalar]:
    return [tokens[: i + 1].count("(") - tokens[: i + 1].count(")") for i in range(len(tokens))]


def _balanced(tokens: Any) -> bool:
    depth = 0
    for token in tokens:
        depth += 1 if token == "(" else -1
        if depth < 0:
            return False
    return depth == 0


@spelled(
    BRACKETS,
    """
    upto = select(indices, indices, <=);
    depth = selector_width(upto and select(tokens, "(", ==)) - selector_width(upto and select(tokens, ")", ==));
    not contains(depth < 0, True) and depth[-1] == 0;
    """,
    """
    step = 1 if tokens == "(" else -1;
    depth = aggregate(select(indices, indices, <=), step) * (indices + 1);
    smallest(depth) >= 0 and aggregate(full_s, step) == 0;
    """,
    """
    delta = {"(": 1, ")": -1}[tokens];
    mean = aggregate(select(indices, indices, <=), delta);
    bad = has_focus(select(mean, 0, <));
    not bad and mean[length - 1] == 0;
    """,
    """
    upto = select(indices, indices, <=);
    opens = selector_width(upto and select(tokens, "(", ==));
    closes = selector_width(upto and select(tokens, ")", ==));
    never_below = selector_width(select(closes > opens, True, ==)) == 0;
    never_below and (count(tokens, "(") == count(tokens, ")"));
    """,
)
def brackets_balance(tokens: Any) -> Sequence[Scalar]:
    return [_balanced(tokens)] * len(tokens)


@spelled(
    NUMBERS,
    "selector_width(select(tokens, tokens, <));",
    "length - selector_width(select(tokens, tokens, >=));",
    "selector_width(not select(tokens, tokens, >=));",
    "selector_width(select(tokens, tokens, <=)) - selector_width(select(tokens, tokens, ==));",
)
def how_many_are_smaller(tokens: Any) -> Sequence[Scalar]:
    return [sum(u < t for u in tokens) for t in tokens]


@spelled(
    NUMBERS,
    "selector_width(select(tokens, tokens, >) and select(indices, indices, <));",
    """
    larger_before = select(tokens, tokens, >) and select(indices, indices, <);
    n = selector_width(larger_before);
    n;
    """,
    """
    before = select(indices, indices, <);
    indices - selector_width(select(tokens, tokens, <=) and before);
    """,
    "selector_width(select(-tokens, -tokens, <) and select(indices, indices, <));",
)
def larger_before(tokens: Any) -> Sequence[Scalar]:
    return [sum(u > t for u in tokens[:i]) for i, t in enumerate(tokens)]


@spelled(
    LETTERS,
    "selector_width(select(tokens, tokens, ==)) / length;",
    "aggregate(full_s, 1) * selector_width(select(tokens, tokens, ==)) / length;",
    """
    same = selector_width(select(tokens, tokens, ==));
    other = selector_width(select(tokens, tokens, !=));
    same / (same + other);
    """,
    """
    n = selector_width(select(tokens, tokens, ==));
    share = n / selector_width(full_s);
    share;
    """,
)
def share_of_equal_tokens(tokens: Any) -> Sequence[Scalar]:
    return [Fraction(tokens.count(t), len(tokens)) for t in tokens]


@spelled(
    WORDS,
    'selector_width(select(tokens, "_", ==) and select(indices, indices, <));',
    """
    space = tokens == "_";
    round(aggregate(select(indices, indices, <=), space) * (indices + 1)) - indicator(space);
    """,
    """
    is_space = indicator(tokens == "_");
    upto = select(indices, indices, <=);
    aggregate(upto, is_space) * selector_width(upto) - is_space;
    """,
    """
    earlier = select(indices, indices, <);
    indices - selector_width(earlier and select(tokens, "_", !=));
    """,
)
def word_number(tokens: Any) -> Sequence[Scalar]:
    return [tokens[:i].count("_") for i in range(len(tokens))]
