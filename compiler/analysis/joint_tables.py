"""Evaluates an element-wise expression at every point of a grid, exactly.

Each axis of the grid belongs to a node with given values.  A sub-expression is evaluated only along the axes that it
depends on, and only once for each combination of argument values, so a table costs little more than its size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ..graph.graph import Constant, Elementwise, SOp, Table
from ..graph.values import Undefined, Value
from ..graph.walk import element_wise_inputs, in_order
from ..interpret.batch_values import Codes, mapped
from ..interpret.interpreter import function_of
from ..work_limit import spend

#: Points of a grid that are filled, and the price of computing one value, in steps (`work_limit.spend`).
POINTS_PER_STEP = 16
STEPS_PER_COMBINATION = 2

#: Every reason of being undefined is the same to the compiler.
NOT_DEFINED = Undefined("undefined")


@dataclass(frozen=True)
class TableColumn:
    """A node's values over the grid.

    The value at a point is `values[codes[i, j, ...]]`; `codes` is an array with one dimension for each of `axes`
    (ascending)."""

    axes: tuple[int, ...]
    codes: Codes
    values: tuple[Value, ...]


def evaluate(node: SOp, given: Mapping[SOp, TableColumn], axis_sizes: Sequence[int]) -> TableColumn:
    """The values of `node` over a grid with these sizes of axes.  `given`: columns of nodes that are not evaluated.

    Raises ValueError if a leaf of the expression is not given.
    """
    spend(0, node)
    done: dict[SOp, TableColumn] = dict(given)
    for current in in_order(node, element_wise_inputs, done):
        match current:
            case Constant(value=value):
                done[current] = TableColumn((), np.zeros((), dtype=np.int64), (value,))
            case Elementwise() | Table():
                done[current] = _combine(current, [done[child] for child in current.inputs], axis_sizes)
            case _:
                raise ValueError(f"node {current.id} is neither element-wise nor given")
    return done[node]


def values_along(node: SOp, leaf: SOp, values: Sequence[Value]) -> list[Value]:
    """The values of `node` for each of the values of the one leaf that it depends on."""
    column = evaluate(node, {leaf: TableColumn((0,), np.arange(len(values)), tuple(values))}, [len(values)])
    return [column.values[code] for code in broadcast(column, [len(values)]).tolist()]


def broadcast(column: TableColumn, axis_sizes: Sequence[int]) -> Codes:
    """The column's codes over all axes of the grid."""
    shape = [axis_sizes[axis] if axis in column.axes else 1 for axis in range(len(axis_sizes))]
    return np.broadcast_to(column.codes.reshape(shape), tuple(axis_sizes))


def _combine(node: Elementwise | Table, inputs: Sequence[TableColumn], axis_sizes: Sequence[int]) -> TableColumn:
    axes = tuple(sorted({axis for column in inputs for axis in column.axes}))
    aligned = [
        column.codes.reshape([axis_sizes[axis] if axis in column.axes else 1 for axis in axes]) for column in inputs
    ]
    function = function_of(node)
    places: dict[Value, int] = {}

    combinations = 0

    def code(combination: tuple[int, ...]) -> int:
        nonlocal combinations
        combinations += STEPS_PER_COMBINATION
        value = function([column.values[place] for column, place in zip(inputs, combination, strict=True)])
        return places.setdefault(NOT_DEFINED if isinstance(value, Undefined) else value, len(places))

    spend(prod(axis_sizes[axis] for axis in axes) // POINTS_PER_STEP)
    codes = mapped(code, aligned, [len(column.values) for column in inputs])
    spend(combinations)
    return TableColumn(axes, codes, tuple(places))
