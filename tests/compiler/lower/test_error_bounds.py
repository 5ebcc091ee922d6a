"""The bounds of every construction hold in float32 models, against blocks in exact arithmetic.

`test_residual_bounds.py` does the same for larger programs.  Here, the distances of scores and of the points of neuron
groups are also held to what heads and groups state.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from raspc.compiler.blocks.blocks import Head
from raspc.compiler.blocks.exact_run import ExactRun
from raspc.compiler.blocks.forms import Direction, LinearForm
from raspc.compiler.graph.graph import SelectorSum, SelectorWidth
from raspc.compiler.graph.values import Undefined, Value
from raspc.compiler.interpret.interpreter import evaluate
from raspc.compiler.interpret.sample_inputs import Input, structured_inputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program, stages
from raspc.compiler.stages import Stages
from raspc.runner.model import Model
from raspc.tests.support.agreement import program
from raspc.tests.support.lowered_programs import CONSTRUCTIONS

Numbers = NDArray[np.float64]
Measured = dict[Direction, Numbers]


class Trial:
    """The exact and the float32 value of each direction on one input, at positions where all nodes are defined."""

    def __init__(self, made: Stages, tokens: Input, stream: Numbers) -> None:
        self.exact = ExactRun(made.blocks, made.space, tokens)
        directions = made.plan.directions
        nodes = list({direction.node for direction in directions})
        self.values = evaluate(nodes, tokens, causal=made.space.causal, vocabulary=made.space.vocabulary)
        defined = [[not isinstance(v, Undefined) for v in cast(list[Value], self.values[node])] for node in nodes]
        self.defined: NDArray[np.bool_] = np.all(np.array(defined, bool).reshape(len(nodes), len(tokens)), axis=0)
        self.held: Measured = {
            direction: stream[1 : len(tokens) + 1, place] for place, direction in enumerate(directions, 1)
        }
        self.ideal: Measured = {direction: self.exact.direction(direction) for direction in directions}

    def form(self, form: LinearForm, held: bool) -> Numbers:
        stream = self.held if held else self.ideal
        total = np.full(len(self.defined), form.constant)
        for direction, coefficient in form.terms:
            total = total + coefficient * stream[direction]
        return total

    def scores(self, head: Head, held: bool) -> Numbers:
        """[query, key]"""
        scores = self.form(head.key_only, held)[None, :] + np.zeros((len(self.defined), 1))
        if head.query_only is not None:
            scores = scores + self.form(head.query_only, held)[:, None]
        for query, key in head.pairs:
            scores = scores + self.form(query, held)[:, None] * self.form(key, held)[None, :]
        return scores


@pytest.mark.parametrize(
    ("name", "small"),
    [*((name, False) for name in CONSTRUCTIONS), *((name, True) for name in list(CONSTRUCTIONS)[::3])],
)
def test_bounds_hold(name: str, small: bool) -> None:
    source = program(CONSTRUCTIONS[name])
    options = CompileOptions(small=small)
    made = stages(source, options)
    model = Model.from_compiled(compile_program(source, options), device="cpu")
    structured = list(dict.fromkeys(structured_inputs(made.space.vocabulary, made.space.max_length)))
    inputs = structured[:: max(1, len(structured) // 12)] + structured[-2:]
    *_, last = model.residuals(*model.encode(inputs)).values()
    for tokens, stream in zip(inputs, last.numpy().astype(np.float64), strict=True):
        trial = Trial(made, tokens, stream)
        _check_directions(trial)
        for head in made.blocks.heads:
            _check_head(trial, head, made.space.causal)
        for group in made.blocks.groups:
            points = np.unique(trial.form(group.input, False)[trial.defined].round(9))
            assert len(points) < 2 or np.diff(points).min() >= 4 * group.tolerated - 1e-8


def _check_directions(trial: Trial) -> None:
    for direction, ideal in trial.ideal.items():
        off = np.abs(trial.held[direction] - ideal)[trial.defined]
        assert (off <= direction.error + 2.0**-44 * (1 + np.abs(ideal[trial.defined]))).all(), direction.label
        slack = 2.0**-30 * (1 + np.abs(ideal))
        inside = (direction.low - slack <= ideal) & (ideal <= direction.high + slack)
        assert inside[trial.defined].all(), direction.label
        if direction.role == "head" and isinstance(direction.node, SelectorWidth | SelectorSum):
            exact = np.array([float(v) for v in cast(list[int], trial.values[direction.node])])
            assert (np.abs(trial.held[direction] - exact) <= direction.error).all(), direction.label


def _check_head(trial: Trial, head: Head, causal: bool) -> None:
    """Selected keys tie where that matters, beat all others, and BOS stands where it has to."""
    ideal, held = trial.scores(head, False), trial.scores(head, True)
    both = trial.defined[:, None] & trial.defined[None, :]
    visible = both & (np.tril(np.ones_like(both)) if causal else True)
    chosen = trial.exact.selected(head) & visible
    others = ~trial.exact.selected(head) & visible
    for scores, off in ((ideal, 0.0), (held, head.score_error)):
        least = np.where(chosen, scores, np.inf).min(axis=1)
        most = np.where(others, scores, -np.inf).max(axis=1)
        assert (least - most >= 2 * (head.tolerated - off) - 1e-9).all(), head.label
        if head.level != "retrieve":
            highest = np.where(chosen, scores, -np.inf).max(axis=1)
            assert ((highest - least)[chosen.any(axis=1)] <= 2 * off + 1e-9).all(), head.label
        if head.bos is not None and head.level != "count":
            assert (least - head.bos >= 2 * (head.tolerated - off) - 1e-9).all(), head.label
            assert (head.bos - most >= 2 * (head.tolerated - off) - 1e-9).all(), head.label
