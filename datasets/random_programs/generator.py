"""Random RASP programs: well formed, mostly defined on every input, covering every construct of the language."""

from __future__ import annotations

import random
from fractions import Fraction

from ...compiler.graph.values import Scalar
from . import attention, elementwise, statements
from .writer import Expr, Production, ProductionTable, RequestedKind, Writer, value_text

#: Nesting depth of one expression, where named expressions count as leaves.
MAX_DEPTH = 4

#: Approximate numbers of expressions of a program, drawn with equal probability.
BUDGETS = (4, 8, 12, 16, 24, 32, 48)


def _common(requested: RequestedKind) -> list[tuple[int, Production]]:
    return [
        (7, elementwise.ternary(requested)),
        (6, elementwise.look_up(requested)),
        (9, attention.aggregate(requested)),
        (7, attention.rearranged(requested)),
        (4, statements.call(requested)),
        (2, statements.loop(requested)),
        (1, statements.comprehension(requested)),
        (1, statements.comprehended_table(requested)),
    ]


PRODUCTIONS = ProductionTable(
    {
        "number": [
            *_common("number"),
            (16, elementwise.arithmetic),
            (7, elementwise.quotient),
            (2, elementwise.power),
            (6, elementwise.one_number),
            (1, elementwise.read_number),
            (1, elementwise.truth_as_number),
            (3, elementwise.larger_or_smaller("number")),
            (9, attention.width),
            (4, attention.count),
            (2, attention.average),
        ],
        "bool": [
            *_common("bool"),
            (16, elementwise.comparison),
            (2, attention.same_of_both_kinds),
            (8, elementwise.connective),
            (4, elementwise.negation),
            (4, elementwise.in_list),
            (1, elementwise.read_truth),
            (6, attention.focus),
            (4, attention.contained),
            (4, attention.marked),
        ],
        "string": [
            *_common("string"),
            (7, elementwise.concatenation),
            (3, elementwise.tokens_as_text),
            (3, elementwise.repetition),
            (1, elementwise.larger_or_smaller("string")),
        ],
    },
    [
        (18, attention.compared),
        (1, attention.compared_of_both_kinds),
        (9, attention.joined),
        (4, attention.complement),
        (3, attention.picked),
        (2, attention.library_selector),
        (1, attention.odd_selector),
    ],
)


def program_text(seed: int, number: int) -> str:
    """Program `number` of a seed, a pure function of the two: it does not depend on other programs or processes."""
    rng = random.Random(f"{seed}:{number}")
    return generate(rng, rng.choice(BUDGETS))


def generate(rng: random.Random, budget: int) -> str:
    """The text of a program of about `budget` expressions: vocabulary, maximum length, definitions, output.

    The same state of `rng` and the same budget give the same text in every process and Python version.
    """
    vocabulary = _vocabulary(rng)
    max_length = _max_length(rng, len(vocabulary))
    writer = Writer(rng, budget, vocabulary, max_length, PRODUCTIONS)
    output = _output(writer)
    while writer.budget > budget // 3 and not writer.chance(0.15):
        # The program is still small: the output becomes a part of a larger expression.
        writer.set_aside(output)
        output = _output(writer)
    if writer.chance(0.1):
        writer.line(f"{writer.any(1).text};")
    lines = [
        f"set vocab {_vocabulary_text(rng, vocabulary)};",
        f"set max_length {max_length};",
        *writer.blocks[0].lines,
        f"{output.text};",
    ]
    return "\n".join(lines) + "\n"


def _output(writer: Writer) -> Expr:
    if writer.chance(0.06):
        return attention.of_both_kinds(writer, MAX_DEPTH - 1)
    return writer.sop(writer.some_kind(), MAX_DEPTH)


def _vocabulary(rng: random.Random) -> tuple[Scalar, ...]:
    size = rng.choice((1, 2, 2, 3, 3, 3, 4, 4, 5))
    pools: list[tuple[int, tuple[Scalar, ...]]] = [
        (8, ("a", "b", "c", "d", "e")),
        (2, ("(", ")", "[", "]", "x")),
        (2, ("0", "1", "2", "3", "7")),
        (1, ("ab", "b", "", "abc", "a")),
        (1, ("T", "F", "True", "False")),
        (5, (0, 1, 2, 3, 4)),
        (2, (-1, 0, 2, 5, 9)),
        (2, (True, False)),
        (2, (Fraction(1, 2), 1, Fraction(1, 3), 2, Fraction(-3, 4))),
        (2, ("a", 1, "b", 2, Fraction(1, 2))),
        (1, (True, "a", 2, "b")),
        (1, (-1, "a", 2, 0)),
        (1, (False, 1, 3, 2)),
    ]
    if rng.random() < 0.05:
        return tuple(range(rng.choice((8, 10, 12))))
    pool = rng.choices([pool for _, pool in pools], [weight for weight, _ in pools])[0]
    return pool[: min(size, len(pool))] if rng.random() < 0.5 else tuple(rng.sample(pool, min(size, len(pool))))


def _max_length(rng: random.Random, vocabulary: int) -> int:
    if rng.random() < 0.06:
        return rng.choice((10, 12, 16, 24))
    return rng.choice((1, 2, 3, 4, 4, 5, 5, 6, 7, 8) if vocabulary < 6 else (2, 3, 4, 5))


def _vocabulary_text(rng: random.Random, vocabulary: tuple[Scalar, ...]) -> str:
    characters = [token for token in vocabulary if isinstance(token, str) and len(token) == 1]
    if len(characters) == len(vocabulary) and rng.random() < 0.7:
        return f'"{"".join(characters)}"'
    if vocabulary == tuple(range(len(vocabulary))) and not any(isinstance(token, bool) for token in vocabulary):
        return f"range({len(vocabulary)})"
    return f"[{', '.join(map(value_text, vocabulary))}]"
