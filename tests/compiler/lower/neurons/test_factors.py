"""Splits of expressions into factors: which factors there are, and which of their values are kept."""

from __future__ import annotations

from itertools import product

import pytest
from raspc.compiler.graph.graph import SOp
from raspc.compiler.lower.neurons import factors
from raspc.compiler.lower.neurons.factors import FactorSplit, FactorSplits, NumericFactor, values_of_unit
from raspc.compiler.lower.ready_times import ReadyTimes
from raspc.tests.support.building import SelectorBuild
from raspc.tests.support.lowering import Lowering


def _split(lowering: Lowering, node: SOp) -> FactorSplit | None:
    splits = FactorSplits(lowering.analysis, ReadyTimes(lowering.analysis))
    return splits.find(node, allow_extra_layer=False)


def _counts(build: SelectorBuild) -> tuple[SOp, SOp]:
    """Two numbers of 0 to the greatest length."""
    return build.width(build.is_(1)), build.width(build.select(build.tokens, build.indices, "=="))


@pytest.mark.parametrize(("count", "found"), [(4096, True), (4097, False)])
def test_strings_with_more_than_4096_values_are_no_factor(count: int, found: bool) -> None:
    build = SelectorBuild()
    first = build.op("eq", build.indices, build.constant(0))
    other = build.op("where", first, build.constant("t1"), build.constant("t2"))
    vocabulary = [f"t{number}" for number in range(count)]
    assert (_split(Lowering(vocabulary, 2), build.op("eq", build.tokens, other)) is not None) == found


@pytest.mark.parametrize(("longest", "dropped"), [(63, False), (64, True)])
def test_grids_of_more_than_4096_points_keep_only_the_ends_of_a_numbers_intervals(longest: int, dropped: bool) -> None:
    build = SelectorBuild()
    left, right = _counts(build)
    both = build.op("and", build.op("gt", left, build.constant(9)), build.op("gt", right, build.constant(20)))
    split = _split(Lowering((0, 1, 2), longest), both)
    assert split is not None
    first, second = split.factors
    assert isinstance(first, NumericFactor)
    assert isinstance(second, NumericFactor)
    kept = [tuple(factor.points) for factor in (first, second) if factor.only_interval_ends]
    assert kept in ([[(0, 20, 21, longest)], [(0, 9, 10, longest)]] if dropped else [[]])
    others = [list(factor.points) for factor in (first, second) if not factor.only_interval_ends]
    assert others == [list(range(longest + 1))] * (2 - dropped)


@pytest.mark.parametrize("place", [20, 0, 64])
def test_both_ends_of_a_numbers_range_are_kept(place: int) -> None:
    build = SelectorBuild()
    left, right = _counts(build)
    both = build.op("and", build.op("eq", left, build.constant(place)), build.op("eq", right, build.constant(place)))
    split = _split(Lowering((0, 1, 2), 64), both)
    assert split is not None
    (points,) = [f.points for f in split.factors if isinstance(f, NumericFactor) and f.only_interval_ends]
    assert list(points) == sorted({n for n in (0, place - 1, place, place + 1, 64) if 0 <= n <= 64})


@pytest.mark.parametrize(("limit", "listed"), [(8, False), (9, True)])
def test_a_sum_with_more_values_than_a_grid_may_have_is_not_listed(
    limit: int, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = SelectorBuild()
    analysis = Lowering((0, 1, 2), 4).analysis
    affine = analysis.affine(build.minus(*_counts(build)))
    assert affine is not None
    monkeypatch.setattr(factors, "MAX_GRID", limit)
    assert values_of_unit(analysis, affine) == (tuple(range(-4, 5)) if listed else None)


def test_a_sum_of_fractions_is_listed_if_all_pairs_fit_into_a_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    build = SelectorBuild()
    analysis = Lowering((0, 1), 3).analysis
    mean = build.aggregate(build.select(build.indices, build.indices, "<="), build.tokens)
    affine = analysis.affine(build.op("add", mean, build.width(build.is_(1))))
    assert affine is not None
    means = analysis.domain(mean).values or ()
    assert len(means) == 5  # 0, 1/3, 1/2, 2/3, 1
    monkeypatch.setattr(factors, "MAX_GRID", 19)
    assert values_of_unit(analysis, affine) is None
    monkeypatch.setattr(factors, "MAX_GRID", 20)
    sums = {m + n for m, n in product(means, range(4)) if not isinstance(m, str)}
    assert values_of_unit(analysis, affine) == tuple(sorted(sums))
