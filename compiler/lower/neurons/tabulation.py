"""Tables of element-wise expressions: the target numbers at every point of the grid of factors, as digit codes.

A factor may be undefined where the expression is defined: a ternary drops the branch that it does not take.  The
residual stream then holds an arbitrary average of the factor's values.  This is harmless if the factor is the lowest
digit, because the function is constant along it.  A ternary with several such factors is the sum of its branches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from ...analysis.joint_tables import NOT_DEFINED, TableColumn, broadcast, evaluate
from ...analysis.node_facts import MAX_GRID, Analysis
from ...blocks.forms import LinearForm
from ...graph.graph import Elementwise, SOp, Table
from ...graph.values import Scalar, Undefined
from ..targets import TargetFunction
from .digit_codes import DigitCodes
from .factors import CategoricalFactor, Factor, FactorSplit, FactorSplits, NumericFactor, undivided_node
from .write_neurons import RidgeFunctions

#: A function of several factors that may be undefined is split into branches by at most this many ternaries.
MAX_TERNARIES = 5
#: All functions of one table together may have so many times `MAX_GRID` numbers.
MAX_TABLES_PER_EXPRESSION = 8


class Tabulation:
    """Tabulates functions of expressions."""

    def __init__(self, analysis: Analysis, splits: FactorSplits, codes: DigitCodes) -> None:
        self.analysis = analysis
        self.splits = splits
        self.codes = codes

    def table(
        self,
        node: SOp,
        targets: Sequence[TargetFunction],
        *,
        allow_extra_layer: bool,
        sums_as_numbers: bool = True,
        low_noise: bool = False,
    ) -> list[RidgeFunctions | list[LinearForm]] | None:
        """Terms whose sum gives the target functions: codes, or forms where no neurons are needed.

        None if the grid is too large, or no digit order keeps undefined factors lowest.  `allow_extra_layer` and
        `sums_as_numbers`: as in `FactorSplits.find`; `low_noise`: as in `DigitCodes.encode`."""
        split = self.splits.find(node, allow_extra_layer=allow_extra_layer, sums_as_numbers=sums_as_numbers)
        if split is None:
            return None
        columns, sizes = split.columns, split.sizes
        total = prod(sizes)
        if total * len(targets) > MAX_TABLES_PER_EXPRESSION * MAX_GRID or total > MAX_GRID:
            return None
        if len(sizes) > 1 and any(isinstance(factor, NumericFactor) and factor.open_ended for factor in split.factors):
            return None  # values beyond its points would change the other digits
        self._mark_undefined(node, split)
        grids = self._grids(node, targets, split)
        masks: list[NDArray[np.bool_] | None] = [None]
        if sum(factor.may_be_undefined for factor in split.factors) > 1:
            masks = list(branches(node, columns, sizes))
        terms = []
        for mask in masks:
            masked = grids if mask is None else [np.where(mask, grid, 0.0) for grid in grids]
            found = self.codes.encode(split.factors, masked, low_noise=low_noise)
            if found is None:
                return None
            terms.append(found)
        return terms

    def _grids(self, node: SOp, targets: Sequence[TargetFunction], split: FactorSplit) -> list[NDArray[np.float64]]:
        """For each function its target numbers, an array [size of each factor]; NaN where any number will do."""
        result = evaluate(node, split.columns, split.sizes)
        codes = broadcast(result, split.sizes)
        positions = self.analysis.domain(node).positions
        possible = self._possible(split.factors)
        grids = []
        for target in targets:
            numbers = np.array([_target_number(target, positions, value) for value in result.values])
            grids.append(numbers[codes] if possible is None else np.where(possible, numbers[codes], np.nan))
        return grids

    def _mark_undefined(self, node: SOp, split: FactorSplit) -> None:
        """Marks the factors that may be undefined where the expression is defined."""
        for axis, factor in enumerate(split.factors):
            atoms = [factor.node] if isinstance(factor, CategoricalFactor) else [atom for atom, _ in factor.unit.terms]
            if not any(self.analysis.domain(atom).undefined for atom in atoms):
                continue
            nothing = TableColumn((), np.zeros((), dtype=np.int64), (NOT_DEFINED,))
            columns = split.columns | dict.fromkeys(split.readers_along(axis), nothing)
            result = evaluate(node, columns, split.sizes)
            if any(not isinstance(result.values[code], Undefined) for code in np.unique(result.codes).tolist()):
                split.factors[axis] = replace(factor, may_be_undefined=True)

    def _possible(self, factors: Sequence[Factor]) -> NDArray[np.bool_] | None:
        """The points of the grid that can occur, as far as known; an array [size of each factor]."""
        nodes = [undivided_node(factor) for factor in factors]
        known = [node for node in nodes if node is not None]
        return self.analysis.possible(known) if len(known) == len(nodes) else None


def branches(node: SOp, columns: dict[SOp, TableColumn], sizes: Sequence[int]) -> Iterator[NDArray[np.bool_]]:
    """Masks [*sizes] that partition the grid: on each, every ternary of the expression takes one branch."""
    taken: NDArray[np.int64] = np.zeros(tuple(sizes), dtype=np.int64)
    stack, seen, count = [node], set(columns), 0
    while stack:
        current = stack.pop()
        if current in seen or not isinstance(current, (Elementwise, Table)):
            continue
        seen.add(current)
        stack.extend(current.inputs)
        if isinstance(current, Elementwise) and current.op == "where" and count < MAX_TERNARIES:
            column = evaluate(current.inputs[0], columns, sizes)
            truths = np.array([not isinstance(value, Undefined) and bool(value) for value in column.values])
            taken |= truths[broadcast(column, sizes)].astype(np.int64) << count
            count += 1
    for code in np.unique(taken).tolist():
        yield taken == code


def _target_number(target: TargetFunction, positions: dict[Scalar, int], value: Scalar | Undefined) -> float:
    if isinstance(value, Undefined):
        return np.nan
    place = positions.get(value)
    number = None if place is None else target[place]
    return np.nan if number is None else number
