"""Functions on sequences, each with several natural spellings in RASP and one oracle in plain Python.

`spelled` registers an oracle with its spellings.  Every spelling must compute the oracle's values at both sizes: a
small input space for the test suite, and a realistic one for `python -m raspc.tests.spellings`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from raspc.compiler.graph.values import Scalar

Oracle = Callable[[Sequence[Any]], Sequence[Scalar]]


@dataclass(frozen=True)
class InputSpace:
    """`vocabulary`: a RASP expression; `max_length`: tokens without BOS."""

    vocabulary: str
    max_length: int

    @property
    def header(self) -> str:
        return f"set vocab {self.vocabulary};\nset max_length {self.max_length};\n"

    @property
    def tokens(self) -> list[Scalar]:
        if self.vocabulary.startswith("range("):
            return list(range(int(self.vocabulary[len("range(") : -1])))
        return list(self.vocabulary.strip('"'))


@dataclass(frozen=True)
class Alphabet:
    """The same kind of tokens at a small and at a realistic size."""

    small: InputSpace
    realistic: InputSpace


LETTERS = Alphabet(InputSpace('"abcd"', 7), InputSpace('"abcdefghijklmnopqrstuvwxyz"', 40))
WORDS = Alphabet(InputSpace('"ab_"', 7), InputSpace('"abcdefghijklmnopqrstuvwxyz_"', 40))
MARKED = Alphabet(InputSpace('"ab|"', 7), InputSpace('"abcdefghijklmnopqrstuvwxyz|"', 40))
BRACKETS = Alphabet(InputSpace('"()"', 8), InputSpace('"()"', 48))
NUMBERS = Alphabet(InputSpace("range(5)", 6), InputSpace("range(20)", 24))
FEW_NUMBERS = Alphabet(InputSpace("range(4)", 6), InputSpace("range(10)", 20))
BITS = Alphabet(InputSpace("range(2)", 7), InputSpace("range(2)", 32))


@dataclass(frozen=True)
class Spelled:
    """One function: its oracle, its input spaces, and its spellings without `set vocab` and `set max_length`."""

    name: str
    oracle: Oracle
    alphabet: Alphabet
    spellings: tuple[str, ...]

    def text(self, spelling: int, space: InputSpace) -> str:
        return space.header + self.spellings[spelling]


_REGISTERED: dict[str, Spelled] = {}


def spelled(alphabet: Alphabet, *spellings: str) -> Callable[[Oracle], Oracle]:
    """Registers the decorated oracle with its spellings."""

    def register(oracle: Oracle) -> Oracle:
        name = oracle.__name__
        assert name not in _REGISTERED, name
        texts = tuple("\n".join(line.strip() for line in text.strip().splitlines()) + "\n" for text in spellings)
        _REGISTERED[name] = Spelled(name, oracle, alphabet, texts)
        return oracle

    return register


@cache
def functions() -> tuple[Spelled, ...]:
    """All registered functions, in the order of their modules."""
    for path in sorted((Path(__file__).parent / "functions").glob("*.py")):
        import_module(f"raspc.tests.spellings.functions.{path.stem}")
    return tuple(_REGISTERED.values())


def named(name: str) -> Spelled:
    functions()
    return _REGISTERED[name]
