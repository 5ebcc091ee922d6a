"""Counts, ranks, means, and statistics derived from them."""

from fractions import Fraction


def majority(tokens: list[str]) -> list[str]:
    winners = [token for token in set(tokens) if 2 * tokens.count(token) > len(tokens)]
    return [winners[0] if winners else "-"] * len(tokens)


def mode(tokens: list[str]) -> list[str]:
    return [max(tokens, key=tokens.count)] * len(tokens)


def median(tokens: list[int]) -> list[int]:
    return [sorted(tokens)[(len(tokens) - 1) // 2]] * len(tokens)


def midpoint_median(tokens: list[int]) -> list[Fraction]:
    ordered = sorted(tokens)
    return [Fraction(ordered[(len(tokens) - 1) // 2] + ordered[len(tokens) // 2], 2)] * len(tokens)


def rank(tokens: list[int]) -> list[int]:
    return [sorted(tokens).index(token) + 1 for token in tokens]


def dense_rank(tokens: list[int]) -> list[int]:
    return [sorted(set(tokens)).index(token) + 1 for token in tokens]


def count_distinct(tokens: list[str]) -> list[int]:
    return [len(set(tokens))] * len(tokens)


def _mean(tokens: list[int]) -> Fraction:
    return Fraction(sum(tokens), len(tokens))


def average(tokens: list[int]) -> list[Fraction]:
    return [_mean(tokens)] * len(tokens)


def variance(tokens: list[int]) -> list[Fraction]:
    mean = _mean(tokens)
    return [sum(((token - mean) ** 2 for token in tokens), Fraction()) / len(tokens)] * len(tokens)


def argmax(tokens: list[int]) -> list[int]:
    return [tokens.index(max(tokens))] * len(tokens)


def above_average(tokens: list[int]) -> list[bool]:
    return [token > _mean(tokens) for token in tokens]


def centered(tokens: list[int]) -> list[Fraction]:
    return [token - _mean(tokens) for token in tokens]


def inversions(tokens: list[int]) -> list[int]:
    return [sum(before > token for before in tokens[:i]) for i, token in enumerate(tokens)]


def top_three(tokens: list[int]) -> list[bool]:
    best = sorted(range(len(tokens)), key=lambda i: (-tokens[i], i))[:3]
    return [i in best for i in range(len(tokens))]


def count_letter(tokens: list[str]) -> list[int]:
    return [tokens[: i + 1].count("x") for i in range(len(tokens))]
