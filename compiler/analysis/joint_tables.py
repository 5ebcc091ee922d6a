"""Evaluates an element-wise expression at every point of a grid, exactly.

Each axis of the grid belongs to a node with given values.  A sub-expression is evaluated only along the axes that it
depends on, and only once for each combination of argument values, so a table costs little more than its size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.graph import Constant, Elementwise, SOp, Table
from ..graph.operations import apply
from ..graph.values import Undefined, Value
from ..graph.walk import element_wise_inputs, in_order

Codes = NDArray[np.int64]

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


def table_lookup(node: Table) -> dict[tuple[Value, ...], Value]:
    """A table's rows as a dictionary (the first of equal rows counts)."""
    rows: dict[tuple[Value, ...], Value] = {}
    for arguments, value in node.rows:
        rows.setdefault(arguments, value)
    return rows


def apply_node(node: Elementwise | Table, arguments: Sequence[Value], rows: Mapping[tuple[Value, ...], Value]) -> Value:
    """The value of one element-wise node on one combination of argument values; `rows` is `table_lookup`'s."""
    if isinstance(node, Elementwise):
        return apply(node.op, arguments)
    for argument in arguments:
        if isinstance(argument, Undefined):
            return argument
    found = rows.get(tuple(arguments))
    if found is None:
        return NOT_DEFINED if node.otherwise is None else node.otherwise
    return found


def evaluate(node: SOp, given: Mapping[SOp, TableColumn], axis_sizes: Sequence[int]) -> TableColumn:
    """The values of `node` over a grid with these sizes of axes.  `given`: columns of nodes that are not evaluated.

    Raises ValueError if a leaf of the expression is not given.
    """
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


def broadcast(column: TableColumn, axis_sizes: Sequence[int]) -> Codes:
    """The column's codes over all axes of the grid."""
    shape = [axis_sizes[axis] if axis in column.axes else 1 for axis in range(len(axis_sizes))]
    return np.broadcast_to(column.codes.reshape(shape), tuple(axis_sizes))


def _combine(node: Elementwise | Table, inputs: Sequence[TableColumn], axis_sizes: Sequence[int]) -> TableColumn:
    axes = tuple(sorted({axis for column in inputs for axis in column.axes}))
    shape = tuple(axis_sizes[axis] for axis in axes)
    mixed: Codes = np.zeros(shape, dtype=np.int64)
    for column in inputs:
        aligned = column.codes.reshape([axis_sizes[axis] if axis in column.axes else 1 for axis in axes])
        mixed = mixed * len(column.values) + aligned
    combinations, inverse = np.unique(mixed, return_inverse=True)
    rows = table_lookup(node) if isinstance(node, Table) else {}
    places: dict[Value, int] = {}
    results = np.empty(len(combinations), dtype=np.int64)
    for place, combination in enumerate(combinations.tolist()):
        arguments: list[Value] = []
        for column in reversed(inputs):
            combination, code = divmod(combination, len(column.values))
            arguments.append(column.values[code])
        value = apply_node(node, arguments[::-1], rows)
        if isinstance(value, Undefined):
            value = NOT_DEFINED
        results[place] = places.setdefault(value, len(places))
    return TableColumn(axes, results[inverse].reshape(shape), tuple(places))
