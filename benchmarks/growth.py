"""The growth of parameters with the maximum length: fits up to the lengths of the length section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from raspc.benchmarks.measure import shape_of
from raspc.rasp_grammar.diagnostics import RaspError

#: The largest exponent of the length L at a fixed vocabulary, default and -Os (None: no limit); 0.05 is for rounding.
ASKED = {"reverse": (1.05, 1.05), "hist": (1.05, 1.05), "sort": (None, 1.6)}

SERIES = (
    ("reverse", 64, (64, 128, 256, 512, 1024, 2048, 4096)),
    ("hist", 64, (64, 128, 256, 512, 1024, 2048, 4096)),
    ("sort", 64, (64, 128, 256, 512, 1024)),
)


@dataclass(frozen=True)
class Growth:
    """Parameters at the lengths that compile.

    `exponent` is the slope of the line fitted to log parameters over log L, `steepest` the largest slope between two
    neighbours.
    """

    program: str
    size: int
    small: bool
    lengths: tuple[int, ...]
    parameters: tuple[int, ...]
    refused: tuple[int, ...]
    exponent: float
    steepest: float

    @property
    def limit(self) -> float | None:
        """The largest exponent allowed, or None."""
        return ASKED[self.program][self.small]

    @property
    def reached(self) -> bool:
        """Whether every length compiles, and no exponent exceeds the limit."""
        return len(self.refused) == 0 and (self.limit is None or max(self.exponent, self.steepest) <= self.limit)


def growth(program: str, size: int, lengths: Sequence[int], *, small: bool) -> Growth:
    """Compile the program at each length."""
    found: dict[int, int] = {}
    for longest in lengths:
        try:
            found[longest] = shape_of(program, size, longest, small=small).parameters
        except RaspError:
            continue
    x, y = np.array(list(found), float), np.array(list(found.values()), float)
    refused = tuple(longest for longest in lengths if longest not in found)
    exponent = steepest = float("nan")
    if len(found) > 1:
        exponent = float(np.polyfit(np.log(x), np.log(y), 1)[0])
        steepest = float((np.diff(np.log(y)) / np.diff(np.log(x))).max())
    return Growth(program, size, small, tuple(found), tuple(found.values()), refused, exponent, steepest)
