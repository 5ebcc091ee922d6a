"""Functions of values as linear forms: directions of the embedding, sharing, and removal of noise."""

from __future__ import annotations

import pytest
from raspc.compiler.blocks.forms import LARGEST, SMALLEST, LinearForm
from raspc.compiler.graph.graph import SOp
from raspc.compiler.lower.context import NoiseRemoval
from raspc.compiler.options import CompileOptions
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.tests.support.building import SelectorBuild
from raspc.tests.support.lowering import Lowering, code_of


def _at(form: LinearForm, node: SOp, place: int) -> float:
    """An embedded form's value where the node has the value at a place of its domain (tokens in ascending order)."""
    assert all(direction.node is node for direction, _ in form.terms)
    return form.constant + sum(coefficient * direction.data[place] for direction, coefficient in form.terms)


@pytest.mark.parametrize(("values", "functions", "one_hot"), [(3, 2, 0), (3, 3, 3), (4, 3, 4), (6, 4, 0), (6, 5, 6)])
def test_as_many_functions_of_a_token_as_it_has_values_less_one_are_read_off_a_one_hot(
    values: int, functions: int, one_hot: int
) -> None:
    build = SelectorBuild()
    lowering = Lowering(range(values), 4)
    powers = [tuple(float((place + 1) ** power) for place in range(values)) for power in range(2, 2 + functions)]
    forms = lowering.views.functions(build.tokens, powers)
    for form, target in zip(forms, powers, strict=True):
        assert [_at(form, build.tokens, place) for place in range(values)] == pytest.approx(target)
    made = {direction for form in forms for direction, _ in form.terms}
    assert sum(direction.kind == "one-hot" for direction in made) == one_hot
    assert len(made) == one_hot or functions


@pytest.mark.parametrize("small", [False, True])
def test_strings_are_one_hot_unless_the_smallest_model_is_asked_for(small: bool) -> None:
    build = SelectorBuild()
    lowering = Lowering("abc", 4, CompileOptions(small=small))
    (form,) = lowering.views.functions(build.tokens, [(3.0, 1.0, 4.0)])
    assert [_at(form, build.tokens, place) for place in range(3)] == pytest.approx([3, 1, 4])
    assert {direction.kind for direction, _ in form.terms} == {"feature" if small else "one-hot"}


def test_functions_that_are_affine_in_one_another_share_a_direction() -> None:
    build = SelectorBuild()
    lowering = Lowering("abcd", 4, CompileOptions(small=True))
    first = (2.0, 7.0, 1.0, 5.0)
    for factor, shift in ((1, 0), (3, -5), (-1, 0), (-0.5, 11)):
        target = tuple(factor * number + shift for number in first)
        form = lowering.views.function(build.tokens, target)
        assert [_at(form, build.tokens, place) for place in range(4)] == pytest.approx(target)
        assert (form.low, form.high) == (min(target), max(target))
    assert lowering.context.direction_count == 1
    lowering.views.function(build.tokens, (2.0, 7.0, 1.0, 6.0))
    assert lowering.context.direction_count == 2
    lowering.views.function(build.indices, first)  # another part of the embedding
    assert lowering.context.direction_count == 3


def test_equal_functions_of_a_node_are_made_once() -> None:
    build = SelectorBuild()
    lowering = Lowering((0, 1), 8)
    count = build.width(build.is_(1))
    parity = tuple(float(n % 2) for n in range(9))
    assert lowering.views.function(count, parity) is lowering.views.function(count, parity)
    assert len(lowering.context.groups) == 1


@pytest.mark.parametrize("longest", [64, 200])
def test_noise_removal_reduces_the_error_and_takes_no_neurons_for_the_embedding(longest: int) -> None:
    build = SelectorBuild()
    lowering = Lowering(range(4), longest)
    count = build.width(build.same)
    equal_counts = build.width(build.select(count, count, "=="))
    parity = tuple(float(n % 2) for n in range(longest))
    noisy, steps, nested = (lowering.views.function(equal_counts, parity, denoise=denoise) for denoise in NoiseRemoval)
    assert nested.error <= steps.error <= noisy.error
    before = len(lowering.context.groups)
    for denoise in NoiseRemoval:
        lowering.views.function(build.indices, parity, denoise=denoise)
    assert len(lowering.context.groups) == before


@pytest.mark.parametrize(("longest", "tried"), [(2047, True), (2048, False)])
def test_noise_of_numbers_with_more_than_2048_values_is_not_removed(longest: int, tried: bool) -> None:
    build = SelectorBuild()
    lowering = Lowering((0, 1), longest)
    count = build.width(build.is_(1))
    plain = lowering.views.identity(count)
    assert lowering.views.denoised(count, plain.error) is plain
    assert lowering.context.groups == []
    assert lowering.views.denoised(count, plain.error * 0.99).error <= plain.error
    assert (len(lowering.context.groups) == 1) == tried


@pytest.mark.parametrize("number", [LARGEST, SMALLEST, -LARGEST, 0.0])
def test_numbers_beyond_float32s_usable_range_are_refused(number: float) -> None:
    build = SelectorBuild()
    views = Lowering((0, 1), 4).views
    assert views.function(build.tokens, (1.0, number)).low == min(1.0, number)
    if number != 0:
        beyond = number * (1.001 if abs(number) > 1 else 0.999)
        words = "numbers as large as" if abs(number) > 1 else "numbers as close to 0 as"
        with pytest.raises(RaspError, match=words) as refusal:
            views.function(build.tokens, (1.0, beyond))
        assert code_of(refusal) == "C205"
