"""Comparison of two answerers: differences, coverage, minimal counterexamples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.values import Scalar
from raspc.compiler.interpret.batch_values import Codes
from raspc.compiler.interpret.sample_inputs import Input
from raspc.rasp_grammar.span import Source
from raspc.runner.model import Model
from raspc.runner.verify.answerers import ModelAnswers, ProgramAnswers, ReferenceAnswers
from raspc.runner.verify.compare import Answer, Answerer, Comparison, FunctionAnswers, Inputs, compare, same_value
from raspc.runner.verify.minimise import minimal
from raspc.tests.support.handmade import identity, reverse


def _functions(
    candidate: Callable[[Input], Answer], reference: Callable[[Input], Answer], inputs: Inputs | None = None
) -> Comparison:
    """Functions of inputs of `abc`, all of up to four tokens unless others are given."""
    chosen = Inputs.every("abc", 4) if inputs is None else inputs
    [found] = compare(FunctionAnswers(candidate, "abc"), FunctionAnswers(reference, "abc"), chosen, "abc")
    return found


def test_functions_that_agree_on_all_inputs() -> None:
    found = _functions(lambda tokens: tokens[::-1], lambda tokens: tuple(reversed(tokens)))
    assert (found.compared, found.undefined, found.positions) == (3 + 9 + 27 + 81, 0, 3 + 18 + 81 + 324)
    assert (found.exhaustive, found.input_space, found.lengths) == (True, 120, {1, 2, 3, 4})
    assert found.counterexample is None


def test_the_counterexample_is_the_smallest_input_with_a_difference() -> None:
    found = _functions(lambda tokens: tokens if tokens.count("b") < 2 else ("b",) * len(tokens), lambda tokens: tokens)
    wrong = found.counterexample
    assert wrong is not None
    assert (wrong.tokens, wrong.position, wrong.candidate, wrong.reference) == (("a", "b", "b"), 0, "b", "a")


def test_inputs_without_a_reference_answer_are_left_out() -> None:
    found = _functions(lambda tokens: tokens, lambda tokens: None if "a" in tokens else tokens)
    assert (found.compared, found.undefined) == (2 + 4 + 8 + 16, 1 + 5 + 19 + 65)
    assert found.counterexample is None


def test_a_candidate_without_an_answer_differs() -> None:
    found = _functions(lambda tokens: None if tokens == ("c", "c") else tokens, lambda tokens: tokens).counterexample
    assert found is not None
    assert (found.tokens, found.candidate, found.reference) == (("c", "c"), None, "c")


def test_a_sample_states_its_share() -> None:
    inputs = Inputs.sample("abc", 10, 50)
    found = _functions(lambda tokens: tokens, lambda tokens: tokens, inputs)
    assert not found.exhaustive
    assert 50 <= found.compared < found.input_space == sum(3**n for n in range(1, 11))


def test_a_watch_sees_the_progress_and_ends_the_comparison() -> None:
    seen: list[int] = []

    def watch(done: int) -> bool:
        seen.append(done)
        return done < 30

    sample = Inputs.sample("abc", 10, 200).in_rounds()
    both = FunctionAnswers(lambda tokens: tokens, "abc")
    [found] = compare(both, both, sample, "abc", watch=watch)
    assert found.stopped
    assert 30 <= found.compared == seen[-1] < sample.size
    assert seen == sorted(seen)
    assert found.lengths == set(range(1, 11)), "a round has every length"


def test_a_comparison_that_is_stopped_is_not_exhaustive() -> None:
    both = FunctionAnswers(lambda tokens: tokens, "abc")
    [stopped] = compare(both, both, Inputs.every("abc", 4), "abc", watch=lambda done: False)
    assert stopped.stopped
    assert not stopped.exhaustive
    assert stopped.compared == 1
    [whole] = compare(both, both, Inputs.every("abc", 4), "abc", watch=lambda done: done < 120)
    assert whole.exhaustive
    assert not whole.stopped
    assert whole.compared == 120


def test_models_programs_and_functions_compare_with_each_other() -> None:
    program = elaborate(Source("x.rasp", "tokens;"), vocabulary=("a", "b", "c"), max_length=4)
    names = [name for name, _ in program.outputs]
    answerers: list[Answerer] = [
        ModelAnswers(Model(identity(), "cpu")),
        ProgramAnswers(program, names, "abc"),
        ReferenceAnswers(program, names, "abc"),
        FunctionAnswers(lambda tokens: tokens, "abc"),
    ]
    backwards = ModelAnswers(Model(reverse(), "cpu"))
    for left in answerers:
        for right in answerers:
            assert compare(left, right, Inputs.every("abc", 4), "abc")[0].counterexample is None
        four = Inputs.listed([tuple("abca"), tuple("abcc")], "abc", 4)
        found = compare(backwards, left, four, "abc")[0].counterexample
        assert found is not None


class _Several:
    """Two outputs: the input, and the input backwards; `offset` moves the second, and each batch is written down."""

    def __init__(self, offset: int, batch: int) -> None:
        self.offset, self.batch = offset, batch
        self.seen: list[int] = []

    def batch_size(self, length: int) -> int:
        return self.batch

    def answers(self, ids: Codes) -> list[list[Answer]]:
        self.seen.append(len(ids))
        return [ids.tolist(), (ids[:, ::-1] + self.offset).tolist()]


def test_each_output_is_compared_until_its_first_difference() -> None:
    left, right = _Several(1, 5), _Several(0, 16)
    first, second = compare(
        left, right, Inputs.every((0, 1), 4), (0, 1), outputs=("first", "second"), equal=(same_value, same_value)
    )
    assert (first.output, first.compared, first.counterexample) == ("first", 30, None)
    assert (second.output, second.compared) == ("second", 2)
    assert second.counterexample is not None
    assert max(left.seen) <= 5


def test_an_observer_sees_every_batch_that_agrees() -> None:
    seen: list[tuple[int, np.ndarray, object]] = []
    answerer = _Several(0, 4)
    compare(
        answerer,
        answerer,
        Inputs.every((0, 1), 3),
        (0, 1),
        outputs=("first", "second"),
        equal=(same_value, same_value),
        observe=lambda output, ids, right: seen.append((output, ids, right)),
    )
    assert sum(len(ids) for output, ids, _ in seen if output == 1) == 14
    assert all(right == ids.tolist() for output, ids, right in seen if output == 0)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [(True, True, True), (True, 1, False), (0, False, False), (1, 1.0, True), ("1", 1, False), ("a", "a", True)],
)
def test_truth_values_equal_only_truth_values(left: Scalar, right: Scalar, same: bool) -> None:
    assert same_value(left, right) == same


def test_minimal_inputs() -> None:
    def fails(tokens: Input) -> bool:
        return tokens.count("c") >= 2 and len(tokens) % 2 == 1

    assert minimal(("b", "c", "a", "b", "c", "c", "b"), fails, "abc") in {
        ("a", "c", "c"),
        ("c", "a", "c"),
        ("c", "c", "a"),
    }
    assert minimal(("c",), lambda tokens: len(tokens) > 0, "abc") == ("a",)
