"""Texts: moving, copying and marking tokens, words, patterns and runs."""

from itertools import groupby


def shift_right(tokens: list[str]) -> list[str]:
    return ["-", *tokens[:-1]]


def rotate(tokens: list[str]) -> list[str]:
    by = 2 % len(tokens)
    return tokens[by:] + tokens[:by]


def palindrome(tokens: list[str]) -> list[bool]:
    return [tokens == tokens[::-1]] * len(tokens)


def caesar(tokens: list[str]) -> list[str]:
    return [token if token == " " else chr((ord(token) - ord("a") + 3) % 26 + ord("a")) for token in tokens]


def vowels(tokens: list[str]) -> list[bool]:
    return [token in "aeiou" for token in tokens]


def capitalize(tokens: list[str]) -> list[str]:
    return list(" ".join(word.capitalize() for word in "".join(tokens).split(" ")))


def count_capitals(tokens: list[str]) -> list[int]:
    return [sum(token.isupper() for token in tokens)] * len(tokens)


def word_index(tokens: list[str]) -> list[int]:
    return [tokens[:i].count(" ") for i in range(len(tokens))]


def position_in_word(tokens: list[str]) -> list[int]:
    result = []
    position = 0
    for token in tokens:
        result.append(0 if token == " " else position)
        position = 0 if token == " " else position + 1
    return result


def word_length(tokens: list[str]) -> list[int]:
    lengths: list[int] = []
    for word in "".join(tokens).split(" "):
        lengths += [len(word)] * len(word) + [0]
    return lengths[:-1]


def reverse_words(tokens: list[str]) -> list[str]:
    return list(" ".join(word[::-1] for word in "".join(tokens).split(" ")))


def kth_word(tokens: list[str]) -> list[str]:
    k = int(tokens[0]) if tokens[0].isdigit() else 0
    # The text before the first blank is the number, not a word.
    words = "".join(tokens).split(" ")[1:]
    word = words[k] if k < len(words) else ""
    return list(word.ljust(len(tokens), "_"))


def copy_nth(tokens: list[int]) -> list[int]:
    return [tokens[tokens[0]] if tokens[0] < len(tokens) else -1] * len(tokens)


def dedupe(tokens: list[str]) -> list[str]:
    return ["_" if token in tokens[:i] else token for i, token in enumerate(tokens)]


def unique(tokens: list[str]) -> list[str]:
    return list("".join(dict.fromkeys(tokens)).ljust(len(tokens), "_"))


def last_occurrence(tokens: list[str]) -> list[bool]:
    return [token not in tokens[i + 1 :] for i, token in enumerate(tokens)]


def first_index(tokens: list[str]) -> list[int]:
    return [tokens.index(token) for token in tokens]


def induction(tokens: list[str]) -> list[str]:
    followed_by: dict[str, str] = {}
    result = []
    for i, token in enumerate(tokens):
        result.append(followed_by.get(token, "-"))
        if i + 1 < len(tokens):
            followed_by[token] = tokens[i + 1]
    return result


def next_same(tokens: list[str]) -> list[int]:
    return [tokens[i + 1 :].index(token) + 1 if token in tokens[i + 1 :] else 0 for i, token in enumerate(tokens)]


def interleave(tokens: list[str]) -> list[str]:
    half = (len(tokens) + 1) // 2
    result = [""] * len(tokens)
    result[0::2], result[1::2] = tokens[:half], tokens[half:]
    return result


def swap_pairs(tokens: list[str]) -> list[str]:
    return [token for i in range(0, len(tokens), 2) for token in reversed(tokens[i : i + 2])]


def bigrams(tokens: list[str]) -> list[str]:
    return [a + b for a, b in zip(tokens, [*tokens[1:], "$"], strict=True)]


def squeeze(tokens: list[str]) -> list[str]:
    return list("".join(token for token, _ in groupby(tokens)).ljust(len(tokens), "."))


def longest_run(tokens: list[str]) -> list[int]:
    return [max(len(list(run)) for _, run in groupby(tokens))] * len(tokens)


def matching_bracket(tokens: list[str]) -> list[int]:
    partners = [-1] * len(tokens)
    stack: list[int] = []
    for i, token in enumerate(tokens):
        if token == "(":
            stack.append(i)
        elif stack:
            partners[i] = stack.pop()
            partners[partners[i]] = i
    return partners


def contains_pattern(tokens: list[str]) -> list[bool]:
    return ["aba" in "".join(tokens)] * len(tokens)


def count_pattern(tokens: list[str]) -> list[int]:
    return ["".join(tokens).count("ab")] * len(tokens)
