"""Questions with an answer of yes or no, or nearly."""

from itertools import pairwise


def is_sorted(tokens: list[int]) -> list[bool]:
    return [tokens == sorted(tokens)] * len(tokens)


def _quantifier(truths: list[bool]) -> str:
    return "all" if all(truths) else "some" if any(truths) else "none"


def quantifiers(tokens: list[int]) -> list[str]:
    return [_quantifier([token == 1 for token in tokens])] * len(tokens)


def balanced_counts(tokens: list[str]) -> list[bool]:
    return [tokens.count("a") == tokens.count("b")] * len(tokens)


def all_so_far(tokens: list[bool]) -> list[str]:
    return [_quantifier(tokens[: i + 1]) for i in range(len(tokens))]


def same_ends(tokens: list[str]) -> list[bool]:
    return [tokens[0] == tokens[-1]] * len(tokens)


def has_duplicates(tokens: list[str]) -> list[bool]:
    return [len(set(tokens)) < len(tokens)] * len(tokens)


def exactly_two(tokens: list[str]) -> list[bool]:
    return [tokens.count("x") == 2] * len(tokens)


def alternates(tokens: list[str]) -> list[bool]:
    return [all(a != b for a, b in pairwise(tokens))] * len(tokens)


def neither_nor(tokens: list[str]) -> list[int]:
    return [sum(other != token and abs(j - i) != 1 for j, other in enumerate(tokens)) for i, token in enumerate(tokens)]


def implication(tokens: list[str]) -> list[str]:
    known = {token for token in tokens if ">" not in token}
    while True:
        derived = known | {rule[-1] for rule in tokens if ">" in rule and rule[0] in known}
        if derived == known:
            break
        known = derived
    return ["both" if len(known) == 2 else "".join(known) or "neither"] * len(tokens)
