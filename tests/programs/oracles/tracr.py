"""The tasks of the Tracr paper and its library."""

from fractions import Fraction


def token_frequencies(tokens: list[str]) -> list[Fraction]:
    return [Fraction(tokens.count(token), len(tokens)) for token in tokens]


def _frac_prevs(tokens: list[str], token: str) -> list[Fraction]:
    return [Fraction(tokens[: i + 1].count(token), i + 1) for i in range(len(tokens))]


def frac_prevs(tokens: list[str]) -> list[Fraction]:
    return _frac_prevs(tokens, "x")


def pair_balance(tokens: list[str]) -> list[Fraction]:
    return [a - b for a, b in zip(_frac_prevs(tokens, "("), _frac_prevs(tokens, ")"), strict=True)]


def sort_unique(tokens: list[int]) -> list[int]:
    result = [-1] * len(tokens)
    for token in tokens:
        result[sum(other < token for other in tokens)] = token
    return result


def sort_letters(tokens: list[str]) -> list[str]:
    return sorted(tokens)


def shuffle_dyck(tokens: list[str]) -> list[bool]:
    depths = {"(": 0, "{": 0}
    good = True
    for token in tokens:
        if token in depths:
            depths[token] += 1
        else:
            opener = {")": "(", "}": "{"}[token]
            depths[opener] -= 1
            good = good and depths[opener] >= 0
    return [good and not any(depths.values())] * len(tokens)


def length(tokens: list[str]) -> list[int]:
    return [len(tokens)] * len(tokens)


def detect_pattern(tokens: list[str]) -> list[bool]:
    text = "".join(tokens)
    return [text[: i + 1].endswith("aab") for i in range(len(text))]


def count_less_freq(tokens: list[str]) -> list[int]:
    return [sum(tokens.count(token) <= 2 for token in tokens)] * len(tokens)


def sort_freq(tokens: list[str]) -> list[str]:
    return sorted(tokens, key=lambda token: -tokens.count(token))
