"""Nodes are interned: equal nodes of a graph are one object."""

from __future__ import annotations

import pytest
from raspc.tests.support.building import SPAN, Build


def test_equal_nodes_are_one_object() -> None:
    build = Build()
    graph = build.graph
    total = graph.elementwise("add", [build.tokens, build.indices], SPAN)
    count = len(graph)
    assert graph.elementwise("add", (build.tokens, build.indices), SPAN) is total
    assert graph.elementwise("sub", (build.tokens, build.indices), SPAN) is not total
    assert len(graph) == count + 1
    assert list(graph)[-1].id == count


def test_true_and_one_are_two_constants() -> None:
    build = Build()
    assert build.constant(True) is not build.constant(1)
    everything = build.everything()
    ones = build.graph.aggregate(everything, build.tokens, 1, SPAN)
    assert build.graph.aggregate(everything, build.tokens, True, SPAN) is not ones
    assert build.graph.aggregate(everything, build.tokens, None, SPAN) is not ones
    tables = [build.graph.table([build.tokens], [((1,), value)], None, "dict", SPAN) for value in (1, True, 1)]
    assert tables[0] is tables[2]
    assert tables[0] is not tables[1]


@pytest.mark.parametrize("second", [1, True, 1.0])
def test_a_table_with_two_rows_for_the_same_arguments_is_refused(second: float) -> None:
    build = Build()
    with pytest.raises(ValueError, match="equal arguments"):
        build.graph.table([build.tokens], [((1,), "a"), ((second,), "b")], None, "dict", SPAN)
