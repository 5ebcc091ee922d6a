"""The tasks of the RASP paper."""

from collections import Counter


def reverse(tokens: list[str]) -> list[str]:
    return tokens[::-1]


def hist(tokens: list[str]) -> list[int]:
    return [tokens.count(token) for token in tokens]


def hist2(tokens: list[str]) -> list[int]:
    counts = Counter(tokens)
    how_many_with = Counter(counts.values())
    return [how_many_with[counts[token]] for token in tokens]


def sort(tokens: list[int]) -> list[int]:
    return sorted(tokens)


def sort_by_frequency(tokens: list[str]) -> list[str]:
    different = sorted(set(tokens), key=lambda token: (-tokens.count(token), tokens.index(token)))
    return different + ["-"] * (len(tokens) - len(different))


def _dyck_prefixes(tokens: list[str], pairs: list[str]) -> list[str]:
    closer_of = {pair[0]: pair[1] for pair in pairs}
    stack: list[str] = []
    broken = False
    states = []
    for token in tokens:
        if token in closer_of:
            stack.append(closer_of[token])
        elif not stack or stack.pop() != token:
            broken = True
        states.append("F" if broken else "P" if stack else "T")
    return states


def dyck1(tokens: list[str]) -> list[str]:
    return _dyck_prefixes(tokens, ["()"])


def dyck2(tokens: list[str]) -> list[str]:
    return _dyck_prefixes(tokens, ["()", "[]"])


def dyck3(tokens: list[str]) -> list[str]:
    return _dyck_prefixes(tokens, ["()", "[]", "{}"])


def shuffle_dyck2(tokens: list[str]) -> list[str]:
    states = []
    for end in range(1, len(tokens) + 1):
        kinds = [_dyck_prefixes([token for token in tokens[:end] if token in pair], [pair]) for pair in ("()", "[]")]
        last = [states_of_kind[-1] if states_of_kind else "T" for states_of_kind in kinds]
        states.append("F" if "F" in last else "P" if "P" in last else "T")
    return states
