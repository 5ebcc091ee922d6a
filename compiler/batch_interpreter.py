"""The meaning of a program graph on many inputs at once: `interpreter`, vectorised, and as exact.

Every s-op is a `Column`, every selector a boolean array [input, query, key].  Element-wise functions are computed
once for each combination of arguments that occurs, by the functions of `ops`; sums are of integers, over a common
denominator.  Where it matters for the answer or the message, one position's rule is the interpreter's own.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

import numpy as np

from .columns import Codes, Column, Function, Pool
from .graph import (
    Aggregate,
    Constant,
    Elementwise,
    Indices,
    Node,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorSum,
    SelectorWidth,
    SOp,
    Table,
    Tokens,
    inputs_of,
    reachable,
)
from .interpreter import default_of, located, look_up, mean_of, sum_of
from .kinds import infer
from .ops import apply
from .selections import Cellwise, Reduction, Width, combine, compare, negate, new_reasons, only_earlier
from .values import Scalar, Undefined, Value, normal

#: About how many bytes the selections of one batch may take.
MEMORY = 1 << 26

#: Distinct values that are kept from one batch for the next.
MAX_HELD = 1 << 20


class BatchInterpreter:
    """S-ops, ready to be computed on many inputs.

    Inputs are given by the places of their tokens in `vocabulary`: one array [input, position] for a length.
    """

    def __init__(self, roots: Sequence[SOp], vocabulary: Sequence[Scalar], *, causal: bool = False) -> None:
        self.kinds = infer(roots, vocabulary)
        self._roots = tuple(roots)
        self._vocabulary = tuple(vocabulary)
        self._causal = causal
        self._order = reachable(roots)
        self._last_reader = {node: reader for reader in self._order for node in inputs_of(reader)}
        self._selectors = sum(isinstance(node, Selector) for node in self._order)
        self._forget()

    def batches(self, ids: Codes) -> Iterator[tuple[Codes, list[Column]]]:
        """The ids in parts that fit the memory, each with the columns of the roots."""
        length = ids.shape[1]
        bytes_per_input = length * length * (self._selectors + 16) + 16 * length * len(self._order)
        step = max(1, MEMORY // bytes_per_input)
        for start in range(0, len(ids), step):
            part = ids[start : start + step]
            yield part, self.columns(part)

    def columns(self, ids: Codes) -> list[Column]:
        """The columns of the roots, all inputs at once."""
        if sum(map(len, self._pools)) > MAX_HELD:
            self._forget()
        keep = set(self._roots)
        found: dict[Node, Column | Cellwise] = {}
        for node in self._order:
            found[node] = self._value(node, ids, found)
            for operand in set(inputs_of(node)):
                if self._last_reader[operand] is node and operand not in keep:
                    del found[operand]
        return [_column(found[root]) for root in self._roots]

    def everything(self, ids: Codes) -> dict[Node, Column | Cellwise]:
        """Every node that the roots depend on."""
        found: dict[Node, Column | Cellwise] = {}
        for node in self._order:
            found[node] = self._value(node, ids, found)
        return found
