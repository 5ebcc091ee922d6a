"""Heads: sharpness, BOS's score, the weight that other keys keep, and refusals."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from raspc.compiler.blocks.blocks import Head, Level
from raspc.compiler.blocks.forms import constant_form
from raspc.compiler.blocks.times import Time
from raspc.compiler.lower.attention.error_bounds import bos_between, leak
from raspc.compiler.lower.attention.heads import Heads
from raspc.compiler.lower.attention.selector_scores import ConjunctionScore
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.tests.support.building import SelectorBuild
from raspc.tests.support.lowering import Lowering, code_of

LONGEST = 100


def _score(gap: float, error: float) -> ConjunctionScore:
    return ConjunctionScore(kind="table", why="", key_only=constant_form(0.0), level=1.0, gap=gap, error=error)


def _head(level: Level, gap: float, error: float = 0.0, *, with_bos: bool = False) -> Head:
    heads = Heads(Lowering(range(3), LONGEST).context)
    return heads.head(SelectorBuild().same, _score(gap, error), level, with_bos=with_bos, earliest=Time(0))


def _has_no_weight(nats: float) -> bool:
    """Whether a key that scores this many nats less has weight 0 in float32."""
    return bool(np.exp(np.float32(-nats)) == 0)


@pytest.mark.parametrize("gap", [1.0, 0.96, 0.6, 0.1, 2.0])
def test_bos_is_as_far_from_selected_keys_and_from_others_as_stated(gap: float) -> None:
    for level in (0.0, 1.0, 3.0):
        bos, distance = bos_between(level, gap)
        assert level - bos >= distance * (1 - 1e-12) > 0
        assert bos - (level - gap) >= distance * (1 - 1e-12)


@pytest.mark.parametrize("level", ["retrieve", "mean", "count"])
@pytest.mark.parametrize("with_bos", [False, True])
@pytest.mark.parametrize("power", range(6))
def test_exact_heads_are_just_sharp_enough_to_give_other_keys_no_weight(
    level: Level, with_bos: bool, power: int
) -> None:
    gap = 2.0**-power
    head = _head(level, gap, with_bos=with_bos)
    distance = gap / 2 if with_bos and level != "count" else gap
    assert head.tolerated == distance / 2
    assert head.error == 0
    assert _has_no_weight(head.sharpness * distance) or head.sharpness == 4096
    assert head.sharpness == 128 or not _has_no_weight(head.sharpness / 2 * distance)
    if not with_bos:
        assert head.bos is None
    elif level == "count":
        assert head.bos == 1.0 + 32 / head.sharpness
        assert head.scale == pytest.approx(exp(32))
    else:
        assert head.bos == 1.0 - gap / 2
        assert head.scale == 1.0


@pytest.mark.parametrize("gap", [1.0, 0.5, 0.25, 0.125])
def test_heads_with_inexact_ties_take_the_sharpness_with_the_least_error(gap: float) -> None:
    """The sum of the tie's error and of the weight of other keys is least, among the powers of two from 16 to 512."""
    for error in np.geomspace(1e-8, 2e-3 * gap, 50).tolist():
        errors = {2.0**p: 2 * 2**p * error + LONGEST * exp(-(2**p) * (gap - 2 * error)) for p in range(4, 10)}
        head = _head("mean", gap, error)
        assert head.sharpness == min(errors, key=lambda sharpness: errors[sharpness])
        assert head.error == 2 * head.sharpness * error
        assert head.score_error == error
        assert _head("retrieve", gap, error).error == 0


@pytest.mark.parametrize("power", range(7, 13))
@pytest.mark.parametrize("distance", [104.0, 103.9])
def test_the_weight_of_other_keys_is_zero_from_104_nats_on(power: int, distance: float) -> None:
    head = _head("retrieve", distance / 2**power)
    zero = [_has_no_weight(2**doubled * distance) for doubled in range(2)]
    assert zero == [distance == 104, True]
    assert head.sharpness == min(2.0 ** (power + zero.index(True)), 4096)
    behind = head.sharpness * distance / 2**power
    expected = 0.0 if behind >= 104 else LONGEST * exp(-behind)
    assert leak(head, LONGEST) == pytest.approx(expected, rel=1e-6, abs=0)


@pytest.mark.parametrize(("fraction", "refused"), [(0.99, False), (1.01, True)])
def test_heads_whose_other_keys_keep_a_64th_of_a_weight_are_refused(fraction: float, refused: bool) -> None:
    gap = -np.log(fraction / 64 / LONGEST) / 4096  # at the greatest sharpness
    if refused:
        with pytest.raises(RaspError, match="leave keys that are not selected 2% of a weight") as refusal:
            _head("retrieve", gap)
        assert code_of(refusal) == "C213"
    else:
        assert _head("retrieve", gap).sharpness == 4096


@pytest.mark.parametrize(("fraction", "refused"), [(0.99, False), (1.01, True)])
def test_heads_whose_tied_weights_differ_by_a_quarter_are_refused(fraction: float, refused: bool) -> None:
    error = fraction / 4 / 2 / 16  # at the least sharpness
    if refused:
        with pytest.raises(RaspError, match="keys that should weigh the same may differ by 25%") as refusal:
            _head("mean", 1.0, error)
        assert code_of(refusal) == "C213"
    else:
        assert _head("mean", 1.0, error).error == pytest.approx(fraction / 4)


@pytest.mark.parametrize(
    ("gap", "error", "why"),
    [
        (0.02, 0.01, "scores that should differ by 0.02 are known to within 0.01 only"),
        (0.02, 0.011, "scores that should differ by 0.02 are known to within 0.011 only"),
        (0.001, 0.0001, "leave keys that are not selected [0-9]+% of a weight"),
        (0.02, 0.008, "leave keys that are not selected [0-9]+% of a weight"),
        (1.0, 0.01, "may differ by 32%, as scores are known to 0.01"),
    ],
)
def test_the_refusal_of_a_head_gives_its_reason(gap: float, error: float, why: str) -> None:
    with pytest.raises(RaspError, match=why) as refusal:
        _head("mean", gap, error)
    assert code_of(refusal) == "C213"


def test_the_refusal_of_a_head_names_both_sides_but_no_constants() -> None:
    build = SelectorBuild()
    heads = Heads(Lowering((0, 1, 2), 9).context)
    for selector, sides in ((build.is_(1), 1), (build.select(build.tokens, build.indices, "=="), 2)):
        with pytest.raises(RaspError) as refusal:
            heads.head(selector, _score(1.0, 0.5), "mean", with_bos=False, earliest=Time(0))
        (diagnostic,) = refusal.value.diagnostics
        assert diagnostic.message.count("`it`: ") == 1 + sides


def test_heads_with_the_same_score_level_and_time_are_one() -> None:
    build = SelectorBuild()
    lowering = Lowering(range(3), 9)
    heads = Heads(lowering.context)
    first = heads.head(build.same, _score(1.0, 0.0), "mean", with_bos=False, earliest=Time(1))
    assert first.time == 2
    assert heads.head(build.same, _score(1.0, 0.0), "mean", with_bos=False, earliest=Time(2)) is first
    assert heads.head(build.same, _score(1.0, 0.0), "count", with_bos=False, earliest=Time(2)) is not first
    assert len(lowering.context.heads) == 2
