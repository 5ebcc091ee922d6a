"""Numbers: written in digits, summed, averaged."""

from fractions import Fraction


def addition(tokens: list[str]) -> list[int]:
    first, _, second = "".join(tokens).partition("+")
    total = int(first or "0") + int(second.replace("+", "0") or "0")
    return [int(digit) for digit in str(total).zfill(len(tokens))]


def subtraction(tokens: list[str]) -> list[int | str]:
    half = len(tokens) // 2
    text = "".join(tokens).replace("-", "0")
    if half == 0:
        return ["_"]
    difference = (int(text[:half], 2) - int(text[len(text) - half :], 2)) % 2**half
    return ["_"] * (len(tokens) - half) + [int(bit) for bit in format(difference, "b").zfill(half)]


def increment(tokens: list[int]) -> list[int]:
    value = int("".join(map(str, tokens)), 2) + 1
    return [int(bit) for bit in format(value, "b").zfill(len(tokens))[-len(tokens) :]]


def binary_value(tokens: list[int]) -> list[int]:
    return [int("".join(map(str, tokens)), 2)] * len(tokens)


def prefix_sum(tokens: list[int]) -> list[int]:
    return [sum(tokens[: i + 1]) for i in range(len(tokens))]


def prefix_mean(tokens: list[int]) -> list[Fraction]:
    return [Fraction(sum(tokens[: i + 1]), i + 1) for i in range(len(tokens))]


def moving_average(tokens: list[int]) -> list[Fraction]:
    windows = [tokens[max(0, i - 1) : i + 2] for i in range(len(tokens))]
    return [Fraction(sum(window), len(window)) for window in windows]


def total(tokens: list[int]) -> list[int]:
    return [sum(tokens)] * len(tokens)


def running_maximum(tokens: list[int]) -> list[int]:
    return [max(tokens[: i + 1]) for i in range(len(tokens))]


def value_range(tokens: list[int]) -> list[int]:
    return [max(tokens) - min(tokens)] * len(tokens)


def differences(tokens: list[int]) -> list[int]:
    return [token - before for before, token in zip([0, *tokens[:-1]], tokens, strict=True)]
