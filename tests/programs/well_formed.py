"""Inputs that random tokens rarely give: balanced brackets, numbers with long carries, chains of rules, found patterns.

One function per program, called with a random source.  Its inputs keep to the program's vocabulary and length.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

from raspc.compiler.graph.values import Scalar

Generator = Callable[[Random], list[Scalar]]


def brackets(pairs: str, longest: int) -> Generator:
    """A prefix of balanced brackets; in half of the inputs one bracket is changed."""

    def generate(rng: Random) -> list[Scalar]:
        tokens: list[Scalar] = []
        stack: list[str] = []
        eager = rng.choice([0.4, 0.5, 0.7])
        while len(tokens) < longest:
            if stack and rng.random() > eager:
                tokens.append(stack.pop())
            else:
                kind = 2 * rng.randrange(len(pairs) // 2)
                tokens.append(pairs[kind])
                stack.append(pairs[kind + 1])
        if rng.random() < 0.5:
            tokens[rng.randrange(longest)] = rng.choice(pairs)
        return tokens[: rng.randint(longest // 2, longest)]

    return generate


def calculation(sign: str, longest: int) -> Generator:
    """Two numbers with `sign` between them: random, almost equal, or with carries in almost every column."""

    def generate(rng: Random) -> list[Scalar]:
        room = rng.randint(2, longest) - 1
        size = rng.randint(0, room)
        if rng.random() < 0.3:
            size = room // 2
        first = [rng.randrange(10) for _ in range(size)]
        second = [rng.randrange(10) for _ in range(room - size)]
        style = rng.choice(["random", "passing", "passing", "passing", "padded"])
        shared = min(len(first), len(second))
        for place in range(1, shared + 1):
            if style == "passing" and rng.random() < 0.85:
                second[-place] = 9 - first[-place] if sign == "+" else first[-place]
        rest = first if len(first) > shared else second
        for place in range(shared + 1, len(rest) + 1):
            if style == "passing" and rng.random() < 0.85:
                rest[-place] = 9 if sign == "+" else 0
            elif style == "padded":
                rest[-place] = 0
        return [*"".join(map(str, first)), sign, *"".join(map(str, second))]

    return generate


def proof(rng: Random) -> list[Scalar]:
    """A chain of up to three rules among other clauses, shuffled, and its question; sometimes one letter is changed."""
    classes = rng.sample("ABCD", 4)
    person, other = rng.sample("abc", 2)
    steps = rng.randint(0, 3)
    clauses = [f"{person}<{classes[0]}."]
    clauses += [f"x<{when}:x<{then}." for when, then in pairwise(classes[: steps + 1])]
    if rng.random() < 0.4:
        clauses.pop(rng.randrange(len(clauses)))
    while len(clauses) < 6 and rng.random() < 0.8:
        kinds = [f"x<{rng.choice(classes)}:x<{rng.choice(classes)}.", f"{other}<{rng.choice(classes)}."]
        # Five rules, a fact and the question have the maximum length.
        clauses.append(rng.choice(kinds if sum(":" in clause for clause in clauses) < 5 else kinds[1:]))
    rng.shuffle(clauses)
    clauses.insert(rng.choice([0, len(clauses), len(clauses)]), f"{person}<{classes[steps]}?")
    tokens: list[Scalar] = [*"".join(clauses)]
    if rng.random() < 0.25:
        tokens[rng.randrange(len(tokens))] = rng.choice("abcxABCD<:.?")
    return tokens


def search(rng: Random) -> list[Scalar]:
    """A pattern, a bar, and a text that contains the pattern, exactly or with one token changed."""
    size = rng.randint(0, 5)
    pattern = [rng.choice("abc" if rng.random() < 0.8 else ".") for _ in range(size)]
    text = [rng.choice("abc") for _ in range(rng.randint(size, 15 - size))]
    start = rng.randint(0, len(text) - size)
    text[start : start + size] = [rng.choice("abc.|") if token == "." else token for token in pattern]
    if size > 0 and rng.random() < 0.3:
        text[start + rng.randrange(size)] = rng.choice("abc|")
    return [*pattern, "|", *text]


def repetition(rng: Random) -> list[Scalar]:
    """A prefix of a repeated pattern of up to 8 tokens; sometimes one token is changed."""
    pattern = [rng.choice("abcd"[: rng.randint(1, 4)]) for _ in range(rng.randint(1, 8))]
    length = rng.randint(1, 16)
    tokens: list[Scalar] = [pattern[i % len(pattern)] for i in range(length)]
    if rng.random() < 0.25:
        tokens[rng.randrange(length)] = rng.choice("abcd")
    return tokens


def runs(rng: Random) -> list[Scalar]:
    """A few runs of equal tokens, some of the same length."""
    lengths = rng.choices([1, 2, 2, 3, 3, 4], k=rng.randint(1, 6))
    return [*"".join(rng.choice("abc") * length for length in lengths)[:12]]


WELL_FORMED: dict[str, Generator] = {
    "hard/dyck4": brackets("()[]{}<>", 16),
    "hard/long_addition": calculation("+", 17),
    "hard/long_subtraction": calculation("-", 17),
    "hard/inference": proof,
    "hard/find_pattern": search,
    "hard/continue_pattern": repetition,
    "hard/induction_head": repetition,
    "hard/longest_run_token": runs,
}


def well_formed_inputs(program: str, count: int, seed: int = 0) -> list[tuple[Scalar, ...]]:
    """Up to `count` different inputs for the program `family/name`; none for most programs."""
    if program not in WELL_FORMED:
        return []
    rng = Random(seed)
    return list(dict.fromkeys(tuple(WELL_FORMED[program](rng)) for _ in range(count)))
