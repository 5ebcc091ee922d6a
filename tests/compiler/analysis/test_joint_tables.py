"""Evaluation over a grid, against one point at a time."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raspc.compiler.analysis.joint_tables import TableColumn, broadcast, evaluate
from raspc.compiler.graph.graph import Constant, Elementwise, SOp, Table
from raspc.compiler.graph.operations import OPERATIONS, apply
from raspc.compiler.graph.values import Scalar, Undefined, Value
from raspc.tests.support.building import SPAN, Build
from raspc.tests.support.generated import CONSTANTS

#: All but the one that tells True from 1 and is for tokens only.
OPERATIONS_OF_VALUES = sorted(OPERATIONS.keys() - {"str"})


def _value(node: SOp, given_values: Mapping[SOp, Value]) -> Value:
    """The value of an expression at one point."""
    if node in given_values:
        return given_values[node]
    match node:
        case Constant(value=value):
            return value
        case Elementwise(op=op, inputs=inputs):
            return apply(op, [_value(child, given_values) for child in inputs])
        case Table(inputs=inputs, rows=rows, otherwise=otherwise):
            arguments = tuple(_value(child, given_values) for child in inputs)
            undefined = [argument for argument in arguments if isinstance(argument, Undefined)]
            if undefined:
                return undefined[0]
            found = [value for row, value in rows if row == arguments]
            return found[0] if found else Undefined("nothing for it") if otherwise is None else otherwise
    raise AssertionError(node)


@st.composite
def _expressions(draw: st.DrawFn, build: Build, leaves: list[SOp], depth: int) -> SOp:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(leaves) | st.sampled_from(CONSTANTS).map(build.constant))
    name = draw(st.sampled_from([*OPERATIONS_OF_VALUES, "where", "where", "table"]))
    if name == "table":
        arguments = st.tuples(st.sampled_from(CONSTANTS), st.sampled_from(CONSTANTS))
        rows = draw(st.dictionaries(arguments, st.sampled_from(CONSTANTS), max_size=6)).items()
        inputs = [draw(_expressions(build, leaves, depth - 1)) for _ in range(2)]
        return build.graph.table(inputs, rows, draw(st.none() | st.just("else")), "dict", SPAN)
    return build.op(name, *(draw(_expressions(build, leaves, depth - 1)) for _ in range(OPERATIONS[name].arity)))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_grids_are_all_points(data: st.DataObject) -> None:
    build = Build()
    leaves: list[SOp] = [build.tokens, build.indices, build.width(build.everything())]
    domains: list[list[Scalar]] = [["a", 1, "b"], [0, 1], [1, 2, 3, True]]
    root = data.draw(_expressions(build, leaves, 3))
    sizes = [len(domain) for domain in domains]
    cut = {
        leaf: TableColumn((axis,), np.arange(len(domain)), tuple(domain))
        for axis, (leaf, domain) in enumerate(zip(leaves, domains, strict=True))
    }
    column = evaluate(root, cut, sizes)
    assert list(column.axes) == sorted(column.axes)
    codes = broadcast(column, sizes)
    assert codes.shape == tuple(sizes)
    for point in product(*map(range, sizes)):
        expected = _value(root, {leaf: domain[i] for leaf, domain, i in zip(leaves, domains, point, strict=True)})
        found = column.values[codes[point]]
        assert isinstance(found, Undefined) if isinstance(expected, Undefined) else found == expected


def test_only_axes_of_the_inputs_are_spanned() -> None:
    build = Build()
    root = build.op("add", build.indices, build.constant(1))
    cut: dict[SOp, TableColumn] = {
        build.tokens: TableColumn((0,), np.arange(2), ("a", "b")),
        build.indices: TableColumn((1,), np.arange(3), (0, 1, 2)),
    }
    column = evaluate(root, cut, [2, 3])
    assert (column.axes, column.codes.shape) == ((1,), (3,))
    assert [column.values[code] for code in column.codes] == [1, 2, 3]


def test_inner_nodes_can_be_given() -> None:
    build = Build()
    inner = build.op("div", build.tokens, build.indices)
    column = evaluate(build.op("mul", inner, inner), {inner: TableColumn((0,), np.arange(2), (2, 3))}, [2])
    assert [column.values[code] for code in column.codes] == [4, 9]


def test_an_input_outside_the_cut_is_an_error() -> None:
    build = Build()
    with pytest.raises(ValueError, match="neither element-wise nor given"):
        evaluate(build.op("neg", build.tokens), {}, [])


def test_undefined_is_dropped_by_the_branch_that_is_not_chosen() -> None:
    build = Build()
    zero = build.op("eq", build.tokens, build.constant(0))
    root = build.op("where", zero, build.constant(9), build.op("div", build.constant(1), build.tokens))
    column = evaluate(root, {build.tokens: TableColumn((0,), np.arange(2), (0, 1))}, [2])
    assert [column.values[code] for code in column.codes] == [9, 1]
