"""Compares a compiled model with the meaning of its program, and measures the margins of its answers.

It needs the model's two files only: the manifest carries the program's texts and options.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ...compiler.artifact.manifest import Manifest, NumberDecodeRecord, OutputRecord
from ...compiler.elaborate import elaborate
from ...compiler.graph.graph import Program
from ...compiler.graph.values import Scalar
from ...compiler.interpret.batch_values import Codes
from ...compiler.interpret.sample_inputs import Input, count_inputs, exact_sample
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from ...rasp_grammar.span import Source
from ..model import Model
from .answerers import ALTERED, ModelAnswers, ProgramAnswers, ReferenceAnswers
from .compare import Answer, Comparison, Inputs, Watch, compare, same_value
from .margins import Margins

#: Up to this many inputs, all of them are tried.
EXHAUSTIVE_LIMIT = 200_000

#: The default size of a sample: as many inputs as need `SAMPLE_WORK` multiplications of the model (about ten seconds),
#: but no fewer and no more than these.
LEAST_SAMPLES = 1_000
MOST_SAMPLES = 20_000
SAMPLE_WORK = 2e11


@dataclass(frozen=True)
class Extreme:
    """The least margin that was seen (the largest error, where `Margins.of_error`), and where."""

    value: float
    tokens: Input
    position: int


@dataclass
class Verdict:
    """The comparison of one output, and its margins.

    promised: the least margin (the largest error, if `of_error`) that the manifest promises.  worst: the one that was
    seen.  Either is None for an output that cannot be wrong.
    """

    comparison: Comparison
    of_error: bool = False
    promised: float | None = None
    worst: Extreme | None = None

    @property
    def promise_kept(self) -> bool:
        """Whether the margin seen is at least what was promised."""
        if self.worst is None or self.promised is None:
            return True
        return self.worst.value <= self.promised if self.of_error else self.worst.value >= self.promised


def chosen_inputs(manifest: Manifest, *, samples: int | None = None, exhaustive: bool = False, seed: int = 0) -> Inputs:
    """All inputs, if they are few or `exhaustive`, otherwise a sample.

    A sample has exactly `samples` inputs, or without a number the structured inputs and what some seconds allow.
    """
    vocabulary, longest = manifest.vocabulary, manifest.max_length
    if exhaustive or count_inputs(len(vocabulary), longest) <= (EXHAUSTIVE_LIMIT if samples is None else samples):
        return Inputs.every(vocabulary, longest)
    if samples is not None:
        return Inputs.listed(exact_sample(vocabulary, longest, samples, seed), vocabulary, longest)
    return Inputs.sample(vocabulary, longest, _samples(manifest), seed)


def until(seconds: float) -> Watch:
    """A watch that stops a comparison after so many seconds."""
    end = time.monotonic() + seconds
    return lambda done: time.monotonic() < end


def _samples(manifest: Manifest) -> int:
    assert manifest.weights is not None
    per_input = manifest.n_ctx * (manifest.weights.parameters + manifest.n_ctx * _attended(manifest))
    return int(min(MOST_SAMPLES, max(LEAST_SAMPLES, SAMPLE_WORK / per_input)))


def _attended(manifest: Manifest) -> int:
    """Multiplications of attention for each pair of positions."""
    return sum(2 * layer.n_heads * layer.d_head for layer in manifest.layers)


def verify(model: Model, program: Program, inputs: Inputs, watch: Watch | None = None) -> list[Verdict]:
    """A verdict for each output, after all inputs or, for an output, after its first counterexample.

    A watch may stop the comparison before (see `compare`).  The reference interpreter confirms counterexamples.  Raises
    RaspError when the program lacks an output of the model or the model's numbers overflow.
    """
    outputs, names = model.manifest.outputs, dict(program.outputs)
    missing = next((output.name for output in outputs if output.name not in names), None)
    if missing is not None:
        raise RaspError(Diagnostic("unknown-entry", f"the program has no output `{missing}`", None, ALTERED))
    answers = ModelAnswers(model)
    meters = [_MarginMeter(model, output, answers) for output in outputs]
    causal = model.manifest.causal
    comparisons = compare(
        answers,
        ProgramAnswers(program, model.outputs, model.vocabulary, causal=causal),
        inputs,
        model.vocabulary,
        outputs=model.outputs,
        equal=[partial(equal, output) for output in outputs],
        confirm=ReferenceAnswers(program, model.outputs, model.vocabulary, causal=causal),
        observe=lambda output, ids, right: meters[output].measure(ids, right),
        watch=watch,
    )
    return [
        Verdict(comparison, meter.margins.of_error, meter.margins.promised, meter.worst)
        for comparison, meter in zip(comparisons, meters, strict=True)
    ]


class _MarginMeter:
    """Keeps the worst margin of one output."""

    def __init__(self, model: Model, output: OutputRecord, answers: ModelAnswers) -> None:
        self._answers = answers
        self._vocabulary = model.vocabulary
        self.margins = Margins(output, model.unembed.W_U.detach().numpy(), model.unembed.b_U.detach().numpy())
        self.worst: Extreme | None = None

    def measure(self, ids: Codes, right: Sequence[Answer]) -> None:
        """The margins of the logits that the model gave last, where `right` are the answers to ids."""
        defined = [row for row, answer in enumerate(right) if answer is not None]
        if len(defined) == 0:
            return
        places: dict[Scalar, int] = {}
        codes = [places.setdefault(value, len(places)) for answer in right if answer is not None for value in answer]
        logits = self._answers.logits
        if len(defined) < len(right):
            logits = logits[defined]
        flat = logits.flatten(0, 1).double().numpy()
        margins = self.margins.measure(flat, np.array(codes), list(places))
        place = int(margins.argmax() if self.margins.of_error else margins.argmin())
        value = float(margins[place])
        if not np.isfinite(value):
            return
        known = None if self.worst is None else self.worst.value
        if known is None or (value > known if self.margins.of_error else value < known):
            row, position = divmod(place, ids.shape[1])
            tokens = tuple(self._vocabulary[token] for token in ids[defined[row]].tolist())
            self.worst = Extreme(value, tokens, position)


def equal(output: OutputRecord, got: Scalar, expected: Scalar) -> bool:
    """Whether an answer is right: exactly, but within its bound for a number that is given as it is."""
    bound = output_error(output)
    if bound == 0.0 or isinstance(got, (str, bool)) or isinstance(expected, (str, bool)):
        return same_value(got, expected)
    return abs(float(got) - float(expected)) <= bound


def output_error(output: OutputRecord) -> float:
    """The distance from the program's number that the model may give; 0 where answers are exact."""
    decode = output.decode
    if not isinstance(decode, NumberDecodeRecord) or decode.values is not None or decode.max_denominator is not None:
        return 0.0
    return decode.error


def program_of(manifest: Manifest) -> Program:
    """The program that the model was compiled from, elaborated from the texts in its manifest.  Raises RaspError."""
    sources = [Source(file.name, file.text) for file in manifest.program.files]
    return elaborate(
        sources[0],
        entries=manifest.program.entries,
        vocabulary=manifest.vocabulary,
        max_length=manifest.max_length,
        loaded=sources[1:],
    )
