"""Tables of expressions: the branches of ternaries, and the sizes that are tabulated."""

from __future__ import annotations

import numpy as np
import pytest
from raspc.compiler.analysis.joint_tables import NOT_DEFINED, TableColumn
from raspc.compiler.graph.graph import SOp
from raspc.compiler.lower.neurons import tabulation
from raspc.compiler.lower.neurons.tabulation import branches
from raspc.tests.support.building import SelectorBuild
from raspc.tests.support.lowering import Lowering


def _conditions(build: SelectorBuild, count: int) -> tuple[list[SOp], dict[SOp, TableColumn], list[int]]:
    """Independent truths, and their columns in a grid of as many axes."""
    truths = [build.op("eq", build.tokens, build.constant(f"t{number}")) for number in range(count)]
    columns = {
        truth: TableColumn((axis,), np.arange(2, dtype=np.int64), (False, True)) for axis, truth in enumerate(truths)
    }
    return truths, columns, [2] * count


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize(("ternaries", "count"), [(1, 2), (2, 4), (5, 32), (6, 32)])
def test_up_to_five_ternaries_split_a_function_into_all_combinations_of_branches(
    ternaries: int, count: int, twice: bool
) -> None:
    build = SelectorBuild()
    truths, columns, sizes = _conditions(build, ternaries)
    chosen = [build.op("where", truth, build.indices, build.constant(n)) for n, truth in enumerate(truths)]
    whole = build.constant(0)
    for one in chosen:
        whole = build.op("add", whole, build.op("add", one, one) if twice else one)
    if twice:
        whole = build.op("mul", whole, build.op("add", build.indices, whole))
    masks = list(branches(whole, columns, sizes))
    assert len(masks) == count
    assert (np.sum(masks, axis=0) == 1).all()
    fixed = [axis for axis in range(ternaries) if all(len(np.unique(np.nonzero(mask)[axis])) == 1 for mask in masks)]
    assert len(fixed) == min(ternaries, 5)


def test_an_undefined_condition_takes_the_other_branch() -> None:
    build = SelectorBuild()
    (truth,), _, _ = _conditions(build, 1)
    columns = {truth: TableColumn((0,), np.arange(3, dtype=np.int64), (False, True, NOT_DEFINED))}
    whole = build.op("where", truth, build.indices, build.constant(0))
    masks = list(branches(whole, columns, [3]))
    assert sorted(mask.tolist() for mask in masks) == [[False, True, False], [True, False, True]]


@pytest.mark.parametrize(("limit", "functions", "made"), [(16, 8, True), (16, 9, False), (15, 1, False)])
def test_tables_of_too_many_numbers_are_not_made(
    limit: int, functions: int, made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table of 4 by 4 points; eight functions together may have eight times as many numbers."""
    build = SelectorBuild()
    left, right = build.width(build.is_(1)), build.width(build.select(build.tokens, build.indices, "=="))
    lowering = Lowering((0, 1, 2), 3)
    node = build.op("mul", left, right)
    size = lowering.analysis.domain(node).size or 0
    monkeypatch.setattr(tabulation, "MAX_GRID", limit)
    targets = [tuple(float(n**power) for n in range(size)) for power in range(1, functions + 1)]
    found = lowering.views.joint.tabulation.table(node, targets, allow_extra_layer=False)
    assert (found is not None) == made
