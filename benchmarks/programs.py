"""The programs of the benchmark: texts, vocabularies of any size, and fast independent oracles.

The texts are the shipped programs'; a row of the benchmark gives vocabulary and length.  The oracles are plain
Python, linear or n log n in the input: the interpreter, which is neither, would take hours at 4,096 tokens.
"""

from __future__ import annotations

import json
import string
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from raspc.compiler.graph.values import Scalar, normal

ROOT = Path(__file__).resolve().parent.parent
TRACR = ROOT / "benchmarks" / "tracr.json"

Tokens = Sequence[Scalar]
Oracle = Callable[[Tokens], list[Scalar]]

#: 64 one-character tokens; the first 52 are the letters, as in Tracr's measurements.
CHARACTERS = string.ascii_letters + string.digits + "+/"


@dataclass(frozen=True)
class Benchmark:
    """A program for which the benchmark has an oracle; `vocabulary(V)` gives V tokens.

    `depth` is the number of layers that a careful person would need (None: no claim), `brackets` asks for inputs
    that balance.
    """

    name: str
    text: str
    vocabulary: Callable[[int], tuple[Scalar, ...]]
    oracle: Oracle
    depth: int | None = None
    brackets: bool = False


def characters(size: int) -> tuple[Scalar, ...]:
    """The first letters and digits."""
    return tuple(CHARACTERS[:size])


def numbers(size: int) -> tuple[Scalar, ...]:
    """0, 1, 2..."""
    return tuple(range(size))


def _with_x(size: int) -> tuple[Scalar, ...]:
    return ("x", *CHARACTERS[: size - 1])


def _brackets(size: int) -> tuple[Scalar, ...]:
    return tuple("()[]{}"[:size])


def reverse(tokens: Tokens) -> list[Scalar]:
    return list(tokens[::-1])


def hist(tokens: Tokens) -> list[Scalar]:
    counts = Counter(tokens)
    return [counts[token] for token in tokens]


def hist2(tokens: Tokens) -> list[Scalar]:
    counts = Counter(tokens)
    tokens_with = Counter(counts.values())
    return [tokens_with[counts[token]] for token in tokens]


def sort(tokens: Tokens) -> list[Scalar]:
    return sorted(tokens, key=_number)


def sort_unique(tokens: Tokens) -> list[Scalar]:
    """Equal tokens share a position; the positions left over hold -1."""
    result: list[Scalar] = [-1] * len(tokens)
    place = 0
    for token, count in sorted(Counter(tokens).items(), key=lambda item: _number(item[0])):
        result[place] = token
        place += count
    return result


def sort_freq(tokens: Tokens) -> list[Scalar]:
    """Tokens sorted by frequency, the most frequent first; ties keep their order."""
    counts = Counter(tokens)
    return sorted(tokens, key=lambda token: -counts[token])


def sort_by_frequency(tokens: Tokens) -> list[Scalar]:
    """Each token once, the most frequent first, then `-`."""
    different = [token for token, _ in Counter(tokens).most_common()]  # ties in order of first occurrence
    return [*different, *["-"] * (len(tokens) - len(different))]


def frac_prevs(tokens: Tokens) -> list[Scalar]:
    return _running_share(tokens, {"x": 1})


def pair_balance(tokens: Tokens) -> list[Scalar]:
    return _running_share(tokens, {"(": 1, ")": -1})


def running_count(tokens: Tokens) -> list[Scalar]:
    seen: Counter[Scalar] = Counter()
    counts: list[Scalar] = []
    for token in tokens:
        seen[token] += 1
        counts.append(seen[token])
    return counts


def letters_so_far(tokens: Tokens) -> list[Scalar]:
    total = 0
    counts: list[Scalar] = []
    for token in tokens:
        total += token == "a"
        counts.append(total)
    return counts


def shuffle_dyck(tokens: Tokens) -> list[Scalar]:
    """Whether each kind of bracket is balanced in the whole input."""
    return [dyck_prefixes(tokens)[-1] == "T"] * len(tokens)


def dyck_prefixes(tokens: Tokens) -> list[Scalar]:
    """T, P or F after each token; each kind of bracket is counted separately."""
    opener = {")": "(", "]": "[", "}": "{"}
    depth: Counter[Scalar] = Counter()
    unbalanced = 0  # kinds with some bracket open
    failed = False
    states: list[Scalar] = []
    for token in tokens:
        closes = isinstance(token, str) and token in opener
        kind = opener[token] if isinstance(token, str) and closes else token
        unbalanced -= depth[kind] != 0
        depth[kind] += -1 if closes else 1
        unbalanced += depth[kind] != 0
        failed = failed or depth[kind] < 0
        states.append("F" if failed else "P" if unbalanced else "T")
    return states


def _running_share(tokens: Tokens, weights: dict[Scalar, int]) -> list[Scalar]:
    total = 0
    shares: list[Scalar] = []
    for length, token in enumerate(tokens, 1):
        total += weights.get(token, 0)
        shares.append(normal(Fraction(total, length)))
    return shares


def _number(token: Scalar) -> int:
    assert isinstance(token, int)
    return token


def _shipped(path: str) -> str:
    return (ROOT / "programs" / f"{path}.rasp").read_text(encoding="utf-8")


_RUNNING_COUNT = "selector_width(select(indices, indices, <=) and select(tokens, tokens, ==));"
_LETTERS_SO_FAR = 'selector_width(select(indices, indices, <=) and select(tokens, "a", ==));'


def benchmarks() -> dict[str, Benchmark]:
    """Every program of the benchmark by its name."""
    found = [
        Benchmark("reverse", _shipped("paper/reverse"), characters, reverse, 2),
        Benchmark("hist", _shipped("paper/hist"), characters, hist, 1),
        Benchmark("hist2", _shipped("paper/hist2"), characters, hist2, 2),
        Benchmark("sort", _shipped("paper/sort"), numbers, sort, 2),
        Benchmark("sort_unique", _shipped("tracr/sort_unique"), numbers, sort_unique, 2),
        Benchmark("sort_freq", _shipped("tracr/sort_freq"), characters, sort_freq, 3),
        Benchmark("sort_by_frequency", _shipped("paper/sort_by_frequency"), characters, sort_by_frequency, 3),
        Benchmark("frac_prevs", _shipped("tracr/frac_prevs"), _with_x, frac_prevs, 1),
        Benchmark("pair_balance", _shipped("tracr/pair_balance"), _brackets, pair_balance, 1, brackets=True),
        Benchmark("shuffle_dyck2", _shipped("paper/shuffle_dyck2"), _brackets, dyck_prefixes, 2, brackets=True),
        Benchmark("shuffle_dyck", _shipped("tracr/shuffle_dyck"), lambda _: tuple("(){}"), shuffle_dyck, brackets=True),
        Benchmark("dyck1", _shipped("paper/dyck1"), _brackets, dyck_prefixes, 3, brackets=True),
        Benchmark("running_count", _RUNNING_COUNT, characters, running_count, 1),
        Benchmark("letters_so_far", _LETTERS_SO_FAR, characters, letters_so_far, 1),
    ]
    return {program.name: program for program in found}


def tracr_parameters() -> dict[tuple[str, int, int], int]:
    """Parameters of Tracr's model by program, size of vocabulary and length."""
    rows = json.loads(TRACR.read_text(encoding="utf-8"))["rows"]
    return {(row["program"], row["vocab"], row["max_length"]): row["params"] for row in rows}
