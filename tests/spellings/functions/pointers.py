"""Functions that find a position and read there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from raspc.compiler.graph.values import Scalar
from raspc.tests.spellings.suite import LETTERS, MARKED, NUMBERS, WORDS, spelled


@spelled(
    LETTERS,
    'aggregate(select_from_first(tokens, "a"), indices, -1);',
    'aggregate(select_first(select(tokens, "a", ==)), indices, -1);',
    """
    is_a = tokens == "a";
    before = selector_width(select(is_a, True, ==) and select(indices, indices, <));
    aggregate(select(is_a, True, ==) and select(before, 0, ==), indices, -1);
    """,
    """
    seen = has_focus(select(tokens, "a", ==) and select(indices, indices, <));
    first = (tokens == "a") and not seen;
    aggregate(select(first, True, ==), indices, -1);
    """,
    """
    none_yet = selector_width(select(tokens, "a", ==) and select(indices, indices, <=)) == 0;
    n = count(none_yet, True);
    n if n < length else -1;
    """,
)
def first_position_of_a(tokens: Any) -> Sequence[Scalar]:
    return [tokens.index("a") if "a" in tokens else -1] * len(tokens)


@spelled(
    LETTERS,
    'aggregate(select_from_last(tokens, "a"), indices, -1);',
    'aggregate(select_last(select(tokens, "a", ==)), indices, -1);',
    """
    is_a = tokens == "a";
    after = selector_width(select(is_a, True, ==) and select(indices, indices, >));
    aggregate(select(is_a, True, ==) and select(after, 0, ==), indices, -1);
    """,
    """
    none_after = not has_focus(select(tokens, "a", ==) and select(indices, indices, >=));
    length - 1 - count(none_after, True);
    """,
)
def last_position_of_a(tokens: Any) -> Sequence[Scalar]:
    found = [i for i, t in enumerate(tokens) if t == "a"]
    return [found[-1] if found else -1] * len(tokens)


@spelled(
    LETTERS,
    "aggregate(select_last(select(tokens, tokens, ==) and select(indices, indices, <)), indices, -1);",
    """
    same = select(tokens, tokens, ==);
    n = selector_width(same and select(indices, indices, <));
    aggregate(same and select(n, n - 1, ==), indices, -1);
    """,
    """
    nth = selector_width(select(tokens, tokens, ==) and select(indices, indices, <=));
    previous = select(nth + 1, nth, ==) and select(tokens, tokens, ==);
    aggregate(previous, indices, -1);
    """,
    """
    nth = selector_width(select(tokens, tokens, ==) and select(indices, indices, <));
    previous = select(tokens, tokens, ==) and select(nth, nth - 1, ==);
    aggregate(previous, indices) if has_focus(previous) else -1;
    """,
)
def previous_equal_position(tokens: Any) -> Sequence[Scalar]:
    found = []
    for i, token in enumerate(tokens):
        earlier = [j for j in range(i) if tokens[j] == token]
        found.append(earlier[-1] if earlier else -1)
    return found


@spelled(
    LETTERS,
    """
    previous = shift(tokens, 1, "-");
    aggregate(select_last(select(previous, tokens, ==) and select(indices, indices, <=)), tokens, "-");
    """,
    """
    same = select(tokens, tokens, ==) and select(indices, indices, <);
    last = aggregate(select_last(same), indices, -1);
    aggregate(select(indices, last + 1, ==), tokens) if last >= 0 else "-";
    """,
    """
    n = selector_width(select(tokens, tokens, ==) and select(indices, indices, <));
    at = aggregate(select(tokens, tokens, ==) and select(n, n - 1, ==), indices, -1);
    tokens[at + 1] if at >= 0 else "-";
    """,
    """
    upto = select(indices, indices, <=);
    prev = aggregate(select(indices, indices - 1, ==), tokens, "-");
    match = select(prev, tokens, ==) and upto;
    rank = selector_width(select(prev, prev, ==) and upto);
    aggregate(match and select(rank, selector_width(match), ==), tokens, "-");
    """,
)
def induction(tokens: Any) -> Sequence[Scalar]:
    found = []
    for i, token in enumerate(tokens):
        earlier = [j for j in range(i) if tokens[j] == token]
        found.append(tokens[earlier[-1] + 1] if earlier else "-")
    return found


@spelled(
    MARKED,
    """
    bar = aggregate(select_from_first(tokens, "|"), indices, -1);
    (indices < bar) or (bar == -1);
    """,
    """
    bars = selector_width(select(tokens, "|", ==) and select(indices, indices, <=));
    bars == 0;
    """,
    'not has_focus(select(tokens, "|", ==) and select(indices, indices, <=));',
    """
    bar = aggregate(select_first(select(tokens, "|", ==)), indices, 1000);
    indices < bar;
    """,
)
def before_the_first_bar(tokens: Any) -> Sequence[Scalar]:
    end = tokens.index("|") if "|" in tokens else len(tokens)
    return [i < end for i in range(len(tokens))]


@spelled(
    MARKED,
    """
    bar = aggregate(select_from_first(tokens, "|"), indices, -1);
    source = indices - bar - 1;
    tokens[source] if (bar >= 0) and (indices > bar) else "-";
    """,
    """
    bar = aggregate(select_first(select(tokens, "|", ==)), indices, 999);
    after = indices > bar;
    aggregate(select(indices, indices - bar - 1, ==), tokens, "-") if after else "-";
    """,
    """
    seen = selector_width(select(tokens, "|", ==) and select(indices, indices, <));
    start = count(seen, 0);
    aggregate(select(indices, indices - start, ==), tokens, "-") if indices >= start else "-";
    """,
    """
    mark = (tokens == "|") and not has_focus(select(tokens, "|", ==) and select(indices, indices, <));
    bar = aggregate(select(mark, True, ==), indices, 1000);
    tokens[indices - bar - 1] if indices > bar else "-";
    """,
)
def repeat_after_the_bar(tokens: Any) -> Sequence[Scalar]:
    if "|" not in tokens:
        return ["-"] * len(tokens)
    bar = tokens.index("|")
    return ["-" if i <= bar else tokens[i - bar - 1] for i in range(len(tokens))]


@spelled(
    LETTERS,
    """
    found = select(tokens, tokens[0], ==) and select(indices, 0, !=);
    aggregate(select_first(found), indices, 0);
    """,
    """
    same = (tokens == tokens[0]) and (indices > 0);
    aggregate(select_first(select(same, True, ==)), indices, 0);
    """,
    """
    same = tokens == tokens[0];
    nth = selector_width(select(same, True, ==) and select(indices, indices, <));
    aggregate(select(same, True, ==) and select(nth, 1, ==), indices, 0);
    """,
    """
    nth = selector_width(select(tokens, tokens, ==) and select(indices, indices, <=));
    aggregate(select(tokens, tokens[0], ==) and select(nth, 2, ==), indices);
    """,
)
def second_position_of_the_first_token(tokens: Any) -> Sequence[Scalar]:
    return [next((i for i, t in enumerate(tokens) if i and t == tokens[0]), 0)] * len(tokens)


@spelled(
    NUMBERS,
    """
    best = largest(tokens);
    aggregate(select_first(select(tokens, best, ==)), indices);
    """,
    """
    best = not has_focus(select(tokens, tokens, >));
    first = best and not has_focus(select(best, True, ==) and select(indices, indices, <));
    aggregate(select(first, True, ==), indices);
    """,
    """
    rank = selector_width(select(tokens, tokens, >) or (select(tokens, tokens, ==) and select(indices, indices, <)));
    aggregate(select(rank, 0, ==), indices);
    """,
    """
    key = tokens * 100 - indices;
    larger = selector_width(select(key, key, >));
    aggregate(select(larger, 0, ==), indices);
    """,
)
def first_position_of_the_largest(tokens: Any) -> Sequence[Scalar]:
    return [tokens.index(max(tokens))] * len(tokens)


@spelled(
    LETTERS,
    """
    key = aggregate(select(indices, indices, ==), tokens[-1]);
    seen = select(tokens, key, ==) and select(indices, length - 1, !=);
    at = aggregate(select_last(seen), indices, -1);
    aggregate(select(indices, at + 1, ==), tokens) if at >= 0 else "-";
    """,
    """
    key = tokens[-1];
    previous = shift(tokens, 1, "-");
    aggregate(select_last(select(previous, key, ==)), tokens, "-");
    """,
    """
    hit = (tokens == tokens[length - 1]) and (indices < length - 1);
    later = has_focus(select(hit, True, ==) and select(indices, indices, >));
    at = aggregate(select(hit and not later, True, ==), indices, -1);
    tokens[at + 1] if at >= 0 else "-";
    """,
    """
    prev = aggregate(select(indices, indices - 1, ==), tokens, "-");
    hit = prev == tokens[-1];
    n = selector_width(select(hit, True, ==) and select(indices, indices, <=));
    aggregate(select(hit, True, ==) and select(n, count(hit, True), ==), tokens, "-");
    """,
)
def answer_after_the_last_key(tokens: Any) -> Sequence[Scalar]:
    earlier = [i for i in range(len(tokens) - 1) if tokens[i] == tokens[-1]]
    return [tokens[earlier[-1] + 1] if earlier else "-"] * len(tokens)


@spelled(
    WORDS,
    """
    start = aggregate(select_last(select(tokens, "_", ==) and select(indices, indices, <=)), indices, -1);
    indices - start;
    """,
    """
    upto = select(indices, indices, <=);
    word = selector_width(upto and select(tokens, "_", ==));
    selector_width(select(word, word, ==) and upto) - indicator(word > 0);
    """,
    """
    spaces = selector_width(select(tokens, "_", ==) and select(indices, indices, <=));
    in_word = select(spaces, spaces, ==) and select(indices, indices, <=) and select(tokens, "_", !=);
    selector_width(in_word);
    """,
    """
    is_space = tokens == "_";
    nth = selector_width(select(is_space, True, ==) and select(indices, indices, <=));
    last = aggregate(select(is_space, True, ==) and select(nth, nth, ==), indices, -1);
    indices - last;
    """,
)
def position_in_word(tokens: Any) -> Sequence[Scalar]:
    found, place = [], 0
    for token in tokens:
        place = 0 if token == "_" else place + 1
        found.append(place)
    return found
