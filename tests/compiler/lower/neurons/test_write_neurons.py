"""Neurons for functions of one form: interpolation or step function, and when the form is known too badly."""

from __future__ import annotations

import pytest
from raspc.compiler.blocks.forms import LinearForm
from raspc.compiler.lower.context import NoiseRemoval
from raspc.compiler.lower.neurons.piecewise import interpolate, step_function
from raspc.compiler.lower.neurons.write_neurons import NeuronWriter, RidgeFunctions
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.tests.support.building import SelectorBuild
from raspc.tests.support.lowering import Lowering, code_of

PARITY = (0.0, 1.0, 0.0, 1.0)


def _written(
    target: tuple[float | None, ...], error: float, denoise: NoiseRemoval = NoiseRemoval.NONE
) -> tuple[int, LinearForm, Lowering]:
    """(neurons, form, lowering) of a function of a number 0, 1, 2, ... that is known to within `error`."""
    build = SelectorBuild()
    lowering = Lowering((0, 1), 9)
    form = lowering.noisy(build.length, low=0.0, high=float(len(target) - 1), error=error)
    ridge = RidgeFunctions(form, tuple(map(float, range(len(target)))), (target,), 0)
    (written,) = NeuronWriter(lowering.context).write(build.length, ridge, denoise)
    return lowering.neurons(), written, lowering


@pytest.mark.parametrize(
    ("fraction", "denoise", "neurons"),
    [
        (0.99, NoiseRemoval.NONE, 2),
        (1.01, NoiseRemoval.NONE, 6),
        (0.99 * 2.0**-12, NoiseRemoval.STEP_FUNCTION, 2),
        (1.01 * 2.0**-12, NoiseRemoval.STEP_FUNCTION, 6),
    ],
)
def test_interpolations_pass_on_a_256th_of_a_step_and_a_millionth_where_noise_is_removed(
    fraction: float, denoise: NoiseRemoval, neurons: int
) -> None:
    made, form, lowering = _written(PARITY, fraction / 256, denoise)
    assert made == neurons
    (group,) = lowering.context.groups
    assert group.tolerated == 0.25
    if denoise is NoiseRemoval.NONE:
        assert form.error == pytest.approx(fraction / 256, rel=0.01) if neurons == 2 else form.error < fraction / 512


@pytest.mark.parametrize(("error", "refused"), [(0.2499, False), (0.25, True)])
def test_forms_known_to_a_quarter_of_the_gap_between_their_points_are_refused(error: float, refused: bool) -> None:
    if refused:
        with pytest.raises(RaspError) as refusal:
            _written(PARITY, error)
        assert code_of(refusal) == "C204"
    else:
        assert _written(PARITY, error)[0] == 6


def test_large_errors_are_allowed_where_neighbouring_points_have_equal_targets() -> None:
    """The different numbers are two points apart; those that are one apart are equal."""
    assert _written((0.0, None, 1.0, 1.0), 0.25)[0] > 0


@pytest.mark.parametrize(("times", "neurons"), [(63, 1), (65, 4)])
def test_imprecise_step_functions_replace_interpolations_with_64_times_their_error(times: float, neurons: int) -> None:
    """A large step beside a small one: the step function rounds by more than a 256th of the small one."""
    target = (0.0, 65536.0 * 3, 65536.0 * 3 + 1)
    points = [0.0, 1.0, 2.0]
    steps, line = step_function(points, target, True), interpolate(points, target, False)
    assert steps.rounding > 2.0**-8
    error = (times * steps.rounding - line.rounding) / line.steepness
    assert _written(target, error)[0] == neurons
