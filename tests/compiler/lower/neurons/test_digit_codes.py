"""Digit codes: the order of the digits, the numbers of a code, and the noise that it passes on."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from raspc.compiler.blocks.forms import LARGEST, LinearForm, constant_form
from raspc.compiler.lower.neurons.digit_codes import DigitCodes, passed_noise
from raspc.compiler.lower.neurons.factors import CategoricalFactor, NumericFactor
from raspc.compiler.lower.neurons.write_neurons import RidgeFunctions
from raspc.tests.support.building import SelectorBuild
from raspc.tests.support.lowering import Lowering

BIG = int(LARGEST)


def _codes(lowering: Lowering) -> DigitCodes:
    return DigitCodes(lowering.context, lowering.views)


def _factors(build: SelectorBuild, *sizes: int) -> list[CategoricalFactor]:
    return [
        CategoricalFactor(node, tuple(range(size)))
        for node, size in zip((build.tokens, build.indices), sizes, strict=True)
    ]


def test_functions_that_are_constant_where_they_matter_take_no_code() -> None:
    build = SelectorBuild()
    hole = float("nan")
    grids = [np.array(row).reshape(1, 3) for row in ([2.0, hole, 2.0], [hole, hole, hole], [-1.0, -1.0, -1.0])]
    forms = _codes(Lowering((0, 1, 2), 2)).encode(_factors(build, 1, 3), grids, low_noise=False)
    assert forms == [constant_form(number) for number in (2.0, 0.0, -1.0)]


@pytest.mark.parametrize("seed", range(20))
def test_the_digit_order_with_the_fewest_bends_is_taken(seed: int) -> None:
    build = SelectorBuild()
    lowering = Lowering(range(3), 4)
    units = [lowering.analysis.affine(node) for node in (build.tokens, build.indices)]
    tokens, indices = (NumericFactor(unit, tuple(range(3 + n))) for n, unit in enumerate(units) if unit is not None)
    table = np.random.default_rng(seed).integers(0, 4, (3, 4)).astype(float)
    codes = _codes(lowering)
    found = codes.encode([tokens, indices], [table], low_noise=False)
    orders = [codes.code([tokens, indices], table[None]), codes.code([indices, tokens], table.T[None])]
    assert isinstance(found, RidgeFunctions)
    assert found.bends == min(code.bends for code in orders if code is not None)


def test_the_points_of_a_code_tell_all_combinations_of_digits_apart() -> None:
    build = SelectorBuild()
    table = np.arange(12.0).reshape(1, 3, 4)
    code = _codes(Lowering(range(3), 4)).code(_factors(build, 3, 4), table)
    assert code is not None
    assert code.points == tuple(float(4 * high + low) for high, low in product(range(3), range(4)))
    assert [list(target) for target in code.targets] == [list(range(12))]
    assert code.bends == 0


@pytest.mark.parametrize(
    ("points", "made"),
    [((0, BIG), True), ((-BIG, 0), True), ((0, BIG + BIG // 2**23), False), ((-BIG - BIG // 2**23, 0), False)],
)
def test_codes_beyond_the_range_of_the_residual_stream_are_not_made(points: tuple[int, ...], made: bool) -> None:
    build = SelectorBuild()
    lowering = Lowering((0, 1), 4)
    unit = lowering.analysis.affine(build.indices)
    assert unit is not None
    code = _codes(lowering).code([NumericFactor(unit, points)], np.array([[0.0, 1.0]]))
    assert (code is not None) == made
    if code is not None:
        assert code.points == tuple(map(float, points))


def test_passed_noise_is_the_steepest_slope_against_the_smallest_step() -> None:
    form = LinearForm((), 0.0, 0.0, 3.0, 0.125)
    for targets, passed in (
        (((0.0, 2.0, 3.0),), 2.0),
        (((0.0, 2.0, 6.0),), 1.0),
        (((0.0, 2.0, 6.0), (5.0, 5.0, 8.0)), 1.0),
        (((3.0, None, 0.0),), 1 / 3),
        (((3.0, 3.0, 3.0),), 0.0),
    ):
        assert passed_noise(RidgeFunctions(form, (0.0, 1.0, 3.0), targets, 0)) == pytest.approx(passed * 0.125)
    assert passed_noise(RidgeFunctions(form, (0.0,), ((1.0,),), 0)) == 0
