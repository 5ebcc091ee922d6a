"""The vectorised interpreter is the interpreter: on generated graphs and programs, on the shipped programs, and on
the cases that it treats apart."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import groupby

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raspc.compiler.elaborate import elaborate, require_input_space
from raspc.compiler.graph.graph import Node, SOp
from raspc.compiler.graph.values import Scalar, Undefined
from raspc.compiler.interpret import batch_interpreter
from raspc.compiler.interpret.batch_interpreter import BatchInterpreter
from raspc.compiler.interpret.batch_values import BatchColumn
from raspc.compiler.interpret.interpreter import evaluate
from raspc.compiler.interpret.sample_inputs import Input, all_inputs, sampled_inputs
from raspc.datasets.random_programs.generator import generate
from raspc.rasp_grammar.span import Source
from raspc.tests.programs.cases import Shipped, shipped_programs
from raspc.tests.support.building import SPAN, Build
from raspc.tests.support.generated import inputs_of_space, sops, spaces


def exact(value: object) -> object:
    """A key that separates values that `==` takes for equal: `True` and `1`, undefined values of different origin."""
    if isinstance(value, list):
        return [exact(part) for part in value]
    if isinstance(value, Undefined):
        return "undefined", value.reason, value.span
    return type(value).__name__, repr(value)


def assert_equal(
    roots: Sequence[SOp], vocabulary: Sequence[Scalar], inputs: Iterable[Input], *, causal: bool = False
) -> None:
    """Every node that the roots depend on is as the interpreter has it, on each input."""
    interpreter = BatchInterpreter(roots, vocabulary, causal=causal)
    places = {token: place for place, token in enumerate(vocabulary)}
    for length, group in groupby(sorted(inputs, key=len), key=len):
        members = list(group)
        ids = np.array([[places[token] for token in tokens] for tokens in members], np.int64)
        found = {node: value.rows(len(ids), length) for node, value in interpreter.everything(ids).items()}
        for row, tokens in enumerate(members):
            expected: dict[Node, object] = dict(evaluate(roots, tokens, causal=causal, vocabulary=vocabulary))
            assert expected.keys() == found.keys()
            for node, values in expected.items():
                assert exact(found[node][row]) == exact(values), (node, tokens)


@given(st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_batches_agree_with_the_interpreter_on_generated_graphs(data: st.DataObject) -> None:
    build = Build()
    space = data.draw(spaces())
    root = data.draw(sops(build, 4))
    assert_equal([root], space.vocabulary, inputs_of_space(space), causal=space.causal)


@pytest.mark.parametrize("seed", range(60))
def test_batches_agree_with_the_interpreter_on_generated_programs(seed: int) -> None:
    rng = random.Random(seed)
    program = elaborate(Source("generated.rasp", generate(rng, rng.choice((6, 12, 24)))))
    vocabulary, max_length = require_input_space(program)
    inputs = sampled_inputs(vocabulary, max_length, 60, seed)
    assert_equal([node for _, node in program.outputs], vocabulary, inputs[:60], causal=seed % 3 == 0)


@pytest.mark.parametrize("program", shipped_programs(), ids=str)
def test_batches_agree_with_the_interpreter_on_shipped_programs(program: Shipped) -> None:
    elaborated = elaborate(Source(str(program), program.path.read_text(encoding="utf-8")), base=program.path.parent)
    inputs = sampled_inputs(program.vocabulary, program.max_length, 1000, 1)
    for causal in (False, True):
        few = random.Random(0).sample(inputs, min(len(inputs), max(4, 400 // program.max_length)))
        assert_equal([node for _, node in elaborated.outputs], program.vocabulary, few, causal=causal)


VALUES: tuple[Scalar, ...] = (0, 1, True, "a", "b", Fraction(1, 3), Fraction(1, 2), 0.5, 1e300, 2.0**-1074, 10**30)


@pytest.mark.parametrize("default", [None, 0, "none"])
def test_means_and_sums_of_mixed_kinds_agree_with_the_interpreter(default: Scalar | None) -> None:
    """Means and sums over any prefix of values of any sort, some of them undefined."""
    build = Build()
    table = build.graph.table([build.tokens], [((i,), value) for i, value in enumerate(VALUES)], None, "dict", SPAN)
    earlier = build.select(build.indices, build.indices, "<=")
    later = build.select(build.indices, build.indices, ">")
    roots = [build.aggregate(earlier, table, default), build.aggregate(later, table, default)]
    roots.append(build.graph.selector_sum(earlier, table, SPAN))
    vocabulary = tuple(range(len(VALUES) + 1))  # the last one is not in the table
    assert_equal(roots, vocabulary, all_inputs(vocabulary, 3))
    assert_equal(roots, vocabulary, sampled_inputs(vocabulary, 7, 300))


def test_sums_of_numbers_of_every_size_are_exact() -> None:
    """Sums in float64, in int64 and in Python's integers."""
    for bits in (2, 34, 52, 60, 80):
        build = Build()
        large = build.op("mul", build.tokens, build.constant(Fraction(2**bits + 1, 3)))
        roots = [build.aggregate(build.everything(), large), build.graph.selector_sum(build.everything(), large, SPAN)]
        assert_equal(roots, (-1, 1, 2), all_inputs((-1, 1, 2), 4))


def test_combinations_are_found_when_their_codes_exceed_64_bits() -> None:
    build = Build()
    inputs = [build.op("add", build.tokens, build.constant(i)) for i in range(8)]
    table = build.graph.table(inputs, [(tuple(range(5, 13)), "five")], "other", "dict", SPAN)
    assert_equal([table], tuple(range(300)), [(5,), (6, 5, 299)])


def test_batches_keep_within_the_memory_and_drop_old_values(monkeypatch: pytest.MonkeyPatch) -> None:
    build = Build()
    doubled = build.op("add", build.tokens, build.tokens)
    before = build.aggregate(build.select(build.indices, build.indices, "<"), doubled, "none")
    interpreter = BatchInterpreter([before], ("a", "b"))
    ids = np.array([[int(bit) for bit in f"{number:06b}"] for number in range(64)], np.int64)
    whole = [row for part, [column] in interpreter.batches(ids) for row in column.rows(len(part), 6)]
    monkeypatch.setattr(batch_interpreter, "MEMORY", 10_000)
    monkeypatch.setattr(batch_interpreter, "MAX_HELD", 0)
    parts = list(interpreter.batches(ids))
    assert len(parts) > 5
    assert [row for part, [column] in parts for row in column.rows(len(part), 6)] == whole
    assert isinstance(parts[0][1][0], BatchColumn)
