"""Joint functions: extra layers and refusals."""

from __future__ import annotations

import pytest
from raspc.compiler.blocks.forms import constant_form
from raspc.compiler.lower.context import NoiseRemoval
from raspc.compiler.lower.neurons.joint_functions import JointFunctions
from raspc.compiler.lower.neurons.tabulation import Tabulation
from raspc.compiler.lower.neurons.write_neurons import NeuronWriter, RidgeFunctions
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import stages
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.tests.support.agreement import assert_agree, program
from raspc.tests.support.building import SelectorBuild
from raspc.tests.support.lowering import Lowering, code_of

#: The means of up to 12 such numbers are too many to list.
UNLISTED_MEAN = (
    "set vocab [18, 19, 20, 21, 23, 2500]; set max_length 12; m = aggregate(select(indices, indices, <=), tokens); "
)
#: Programs and the layers that they take.
PROGRAMS = {
    "a choice by a number that is not listed": (UNLISTED_MEAN + '"yes" if m > 20 else "no";', 1),
    "the negation of a comparison of such a number": (UNLISTED_MEAN + "not (m > 20);", 1),
    "several heads, one of them late": (
        "set vocab range(3); set max_length 5; n = selector_width(select(tokens, tokens, ==)); "
        "w = selector_width(select(tokens, indices, ==) or select(n, indices, ==)); "
        "aggregate(select(indices, w, ==), tokens, 9);",
        3,
    ),
    "a choice of two values that may both be undefined": (
        'set vocab "abc"; set max_length 4; a = aggregate(select(indices, indices - 1, ==), tokens); '
        "b = aggregate(select(indices, indices + 1, ==), tokens); "
        'a if tokens == "a" else (b if tokens == "b" else "A");',
        1,
    ),
}


@pytest.mark.parametrize(
    ("without", "within", "taken"),
    [
        (1024, 1, 1024),  # few enough without an extra layer
        (1025, 1, 1),
        (1026, 257, 1026),
        (1028, 257, 1028),  # exactly a quarter is not enough
        (1029, 257, 257),
        (32768, None, 32768),
        (32769, None, None),
        (None, 5, 5),
        (None, 32768, 32768),
        (None, 32769, None),
        (None, None, None),
    ],
)
def test_an_extra_layer_is_taken_if_it_saves_three_quarters_of_more_than_1024_neurons(
    without: int | None, within: int | None, taken: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def table(*arguments: object, allow_extra_layer: bool) -> list[RidgeFunctions] | None:
        bends = within if allow_extra_layer else without
        return None if bends is None else [RidgeFunctions(constant_form(float(bends)), (), ((),), bends)]

    monkeypatch.setattr(Tabulation, "table", table)
    monkeypatch.setattr(NeuronWriter, "write", lambda self, node, ridge, denoise: [ridge.form])
    joint: JointFunctions = Lowering((0, 1), 2).views.joint
    node = SelectorBuild().length
    if taken is None:
        with pytest.raises(RaspError) as refusal:
            joint.functions(node, [(0.0, 1.0)], NoiseRemoval.NONE)
        assert code_of(refusal) == "C202"
    else:
        (form,) = joint.functions(node, [(0.0, 1.0)], NoiseRemoval.NONE)
        assert form.constant == taken


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_take_these_layers_and_agree(name: str, small: bool) -> None:
    text, layers = PROGRAMS[name]
    options = CompileOptions(small=small)
    assert len(stages(program(text), options).plan.layers) == layers
    assert_agree(text, options, samples=40)


@pytest.mark.parametrize("text", ["round(m)", "m // 7", "tokens if round(m) == 20 else 3"])
def test_functions_of_a_number_that_is_not_listed_are_refused(text: str) -> None:
    with pytest.raises(RaspError, match="as a joint function it needs a table") as refusal:
        stages(program(f"{UNLISTED_MEAN}{text};"), CompileOptions())
    assert code_of(refusal) == "C202"
