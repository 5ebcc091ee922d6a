"""The error bounds hold: every value in a float32 model's residual stream is within its bound of the exact value, on
ordinary and on adversarial inputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from raspc.compiler.blocks.blocks import head_forms
from raspc.compiler.blocks.exact_run import ExactRun
from raspc.compiler.blocks.forms import Direction
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Program, SelectorSum, SelectorWidth, SOp
from raspc.compiler.graph.values import Undefined, Value
from raspc.compiler.interpret.interpreter import evaluate
from raspc.compiler.interpret.sample_inputs import Input, sampled_inputs, structured_inputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program, stages
from raspc.compiler.stages import Stages
from raspc.rasp_grammar.span import Source
from raspc.runner.model import Model
from raspc.tests.programs.cases import PROGRAMS

LONG_HIST = """
set vocab range(5); set max_length 96;
selector_width(select(tokens, tokens, ==));
"""
LONG_REVERSE = """
set vocab range(12); set max_length 100;
aggregate(select(indices, length - indices - 1, ==), tokens);
"""
SUMS = """
set vocab range(-4, 5); set max_length 40;
up_to_here = select(indices, indices, <=);
aggregate(up_to_here, tokens) * (indices + 1) + 2 * selector_width(select(tokens, tokens, <) and up_to_here);
"""
MEANS = """
set vocab range(3); set max_length 7;
round(4 * aggregate(select(tokens, tokens, !=), indices, -1) + aggregate(select(tokens, 1, ==), indices));
"""
CHAIN = """
set vocab range(4); set max_length 10;
rank = selector_width(select(tokens, tokens, <) or (select(tokens, tokens, ==) and select(indices, indices, <)));
twice = aggregate(select(rank, indices, ==), rank);
again = selector_width(select(twice, rank, <) and select(tokens, 2, <));
aggregate(select(indices, again, ==), tokens + twice, 30);
"""
TEXTS = {"long hist": LONG_HIST, "long reverse": LONG_REVERSE, "sums": SUMS, "means": MEANS, "chain": CHAIN}
SHIPPED = (
    "paper/reverse",
    "paper/sort",
    "paper/dyck2",
    "paper/hist2",
    "paper/sort_by_frequency",
    "tracr/frac_prevs",
    "tracr/count_less_freq",
    "tracr/shuffle_dyck",
    "arithmetic/addition",
    "arithmetic/moving_average",
    "statistics/median",
    "statistics/inversions",
    "strings/longest_run",
    "strings/matching_bracket",
    "strings/reverse_words",
)
CASES = [
    (name, small, causal)
    for name in (*SHIPPED, *TEXTS)
    for small in (False, True)
    for causal in ((False, True) if name in ("paper/reverse", "sums", "means") else (False,))
]


@dataclass(frozen=True)
class Compiled:
    program: Program
    made: Stages
    model: Model
    inputs: list[Input]
    streams: list[NDArray[np.float64]]  # the last residual stream of each input, [position, d_model], BOS first


@cache
def _compiled(name: str, small: bool, causal: bool) -> Compiled:
    text = TEXTS[name] if name in TEXTS else (PROGRAMS / f"{name}.rasp").read_text(encoding="utf-8")
    program = elaborate(Source(f"{name}.rasp", text), base=(PROGRAMS / name).parent)
    options = CompileOptions(small=small, causal=causal)
    made = stages(program, options)
    model = Model.from_compiled(compile_program(program, options), device="cpu")
    vocabulary, longest = made.space.vocabulary, made.space.max_length
    structured = list(dict.fromkeys(structured_inputs(vocabulary, longest)))
    inputs = [
        *structured[:: max(1, len(structured) // 15)],
        *sampled_inputs(vocabulary, longest, len(structured) + 12)[-12:],
    ]
    streams = []
    for tokens in inputs:
        *_, last = model.residuals(*model.encode([tokens])).values()
        streams.append(last[0].numpy().astype(np.float64))
    return Compiled(program, made, model, inputs, streams)


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}{'-small' * case[1]}{'-causal' * case[2]}")
def compiled(request: pytest.FixtureRequest) -> Compiled:
    return _compiled(*request.param)


def _defined(compiled: Compiled, nodes: set[SOp], tokens: Input) -> dict[SOp, NDArray[np.bool_]]:
    """The positions where each node has a value; at others the model may hold any number."""
    space = compiled.made.space
    values = evaluate(list(nodes), tokens, causal=space.causal, vocabulary=space.vocabulary)
    return {
        node: np.array([not isinstance(value, Undefined) for value in cast(list[Value], values[node])])
        for node in nodes
    }


def test_directions_are_within_their_error_bounds(compiled: Compiled) -> None:
    directions = compiled.made.plan.directions
    nodes = {direction.node for direction in directions}
    for tokens, stream in zip(compiled.inputs, compiled.streams, strict=True):
        exact = ExactRun(compiled.made.blocks, compiled.made.space, tokens)
        defined = _defined(compiled, nodes, tokens)
        for place, direction in enumerate(directions, 1):
            expected = exact.direction(direction)
            off = np.abs(stream[1:, place] - expected)
            # float64 has roundings of its own, where 1/3 is among the numbers.
            allowed = direction.error + 2.0**-44 * (1 + np.abs(expected))
            assert (off <= allowed)[defined[direction.node]].all(), (direction.label, off.max(), direction.error)


def test_directions_stay_within_their_ranges(compiled: Compiled) -> None:
    directions = compiled.made.plan.directions
    nodes = {direction.node for direction in directions}
    for tokens in compiled.inputs:
        exact = ExactRun(compiled.made.blocks, compiled.made.space, tokens)
        defined = _defined(compiled, nodes, tokens)
        for direction in directions:
            value = exact.direction(direction)
            slack = 2.0**-30 * (1 + np.abs(value))
            inside = (direction.low - slack <= value) & (value <= direction.high + slack)
            assert inside[defined[direction.node]].all(), (direction.label, value, direction.low, direction.high)


def test_counts_and_sums_of_long_inputs_are_within_their_error_bounds(compiled: Compiled) -> None:
    """Against the interpreter itself, without the detour over blocks."""
    space = compiled.made.space
    counted = [
        (place, direction)
        for place, direction in enumerate(compiled.made.plan.directions, 1)
        if direction.role == "head" and isinstance(direction.node, SelectorWidth | SelectorSum)
    ]
    for tokens, stream in zip(compiled.inputs, compiled.streams, strict=True):
        nodes = [direction.node for _, direction in counted]
        values = evaluate(nodes, tokens, causal=space.causal, vocabulary=space.vocabulary)
        for place, direction in counted:
            for found, value in zip(stream[1:, place], cast(list[Value], values[direction.node]), strict=True):
                if not isinstance(value, Undefined):
                    assert abs(found - float(value)) <= direction.error, (direction.label, found, value)


def test_directions_that_are_read_at_bos_are_zero_there(compiled: Compiled) -> None:
    """Forms are their constants at BOS, exactly; `assemble` relies on it."""
    blocks = compiled.made.blocks
    forms = [form for head in blocks.heads for form in (*head_forms(head), *(p.form for p in head.payloads))]
    forms += [group.input for group in blocks.groups]
    read: set[Direction] = {direction for form in forms for direction, _ in form.terms}
    for stream in compiled.streams:
        assert stream[0, 0] == 1
        assert (stream[1:, 0] == 0).all()
        for place, direction in enumerate(compiled.made.plan.directions, 1):
            assert direction not in read or stream[0, place] == 0


def test_blocks_in_exact_arithmetic_compute_the_program(compiled: Compiled) -> None:
    """The oracle of these tests is itself right: without any rounding, the output is the interpreter's."""
    (output,) = compiled.made.blocks.outputs
    space = compiled.made.space
    ((_, node),) = compiled.program.outputs
    for tokens in compiled.inputs:
        found = ExactRun(compiled.made.blocks, space, tokens).output(output)
        values = cast(list[Value], evaluate([node], tokens, causal=space.causal, vocabulary=space.vocabulary)[node])
        assert [f for f, v in zip(found, values, strict=True) if not isinstance(v, Undefined)] == [
            v for v in values if not isinstance(v, Undefined)
        ]


def test_models_agree_with_the_interpreter(compiled: Compiled) -> None:
    space = compiled.made.space
    ((_, node),) = compiled.program.outputs
    for tokens, found in zip(compiled.inputs, compiled.model.run_batch(compiled.inputs), strict=True):
        values = cast(list[Value], evaluate([node], tokens, causal=space.causal, vocabulary=space.vocabulary)[node])
        for value, answer in zip(values, found, strict=True):
            assert isinstance(value, Undefined) or answer == value
