"""Outputs: how a value is named by logits or given as a number, and which are refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from raspc.compiler.blocks.blocks import ClassDecode, NumberDecode, OutputBlock
from raspc.compiler.blocks.forms import LinearForm
from raspc.compiler.graph.graph import SOp
from raspc.compiler.graph.values import Scalar
from raspc.compiler.lower.outputs import Outputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import stages
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.tests.support.agreement import program
from raspc.tests.support.building import SelectorBuild
from raspc.tests.support.lowering import Lowering, code_of


class FixedViews:
    """Views whose every form has the given error, over values of the true form."""

    def __init__(self, lowering: Lowering, error: float) -> None:
        self.lowering, self.error = lowering, error

    def _noisy(self, form: LinearForm) -> LinearForm:
        return LinearForm(form.terms, form.constant, form.low, form.high, self.error)

    def __getattr__(self, name: str) -> object:
        made = getattr(self.lowering.views, name)

        def noisy(*arguments: object, **keywords: object) -> object:
            form = made(*arguments, **keywords)
            return [self._noisy(one) for one in form] if isinstance(form, list) else self._noisy(form)

        return noisy


def _output(
    vocabulary: Sequence[Scalar], error: float | None = None, options: CompileOptions | None = None
) -> OutputBlock:
    """The tokens as an output, all forms known to within `error`."""
    lowering = Lowering(vocabulary, 2, options)
    views = lowering.views if error is None else FixedViews(lowering, error)
    tokens: SOp = SelectorBuild().tokens
    return Outputs(lowering.context, views).output("y", tokens, prints_truths=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "named"), [(1024, True), (1025, False)])
def test_up_to_1024_numbers_are_named_exactly_with_one_value_far_from_the_others(count: int, named: bool) -> None:
    block = _output([*range(count - 1), 10**12])
    if named:
        assert isinstance(block.decode, ClassDecode)
        assert block.error < block.tolerated == 0.5
    else:
        assert isinstance(block.decode, NumberDecode)
        assert block.decode.values is None
        assert block.tolerated == 0 < block.error


@pytest.mark.parametrize(("error", "one_hot"), [(0.2499, True), (0.25, False)])
def test_strings_are_one_hot_if_their_indicators_are_known_to_a_quarter(error: float, one_hot: bool) -> None:
    block = _output("abc", error)
    assert isinstance(block.decode, ClassDecode)
    assert (block.error == error) == one_hot
    assert block.tolerated == 0.5


@pytest.mark.parametrize(("error", "refused"), [(0.4999, False), (0.5, True)])
def test_codes_known_to_half_a_step_only_are_refused(error: float, refused: bool) -> None:
    options = CompileOptions(small=True)
    if refused:
        with pytest.raises(RaspError) as refusal:
            _output("abc", error, options)
        assert code_of(refusal) == "C221"
    else:
        assert error < _output("abc", error, options).error < 0.5


@pytest.mark.parametrize("other", ["tokens - m", "tokens - m + 2", "m - tokens"])
def test_products_of_noisy_numbers_are_given_as_approximate_numbers(other: str) -> None:
    """The sum or difference of the factors is constant, so one of the two squares is."""
    mean = "m = aggregate(full_s, tokens);"
    text = f"set vocab range(12); set max_length 20; {mean} (tokens - m) * ({other});"
    (output,) = stages(program(text), CompileOptions()).blocks.outputs
    assert isinstance(output.decode, NumberDecode)
    assert output.error < 1e-3
