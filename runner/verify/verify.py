"""Whether a compiled model computes what its program means: model and interpreter side by side on many inputs.

It needs the model's two files only: the manifest carries the program's texts and options.  Inputs come as arrays
[input, position] of places in the vocabulary, one length in each; the interpreter is the vectorised one, and what it
finds is confirmed by the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...compiler.artifact.manifest import Manifest, NumberDecodeRecord, OutputRecord
from ...compiler.graph.result_types import present
from ...compiler.graph.values import Scalar, Undefined, Value, show
from ...compiler.interpret.batch_interpreter import BatchInterpreter
from ...compiler.interpret.batch_values import Codes
from ...compiler.interpret.interpreter import Interpreter
from ...compiler.interpret.sample_inputs import all_ids, count_inputs, ids_of, sampled_inputs
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from ..decode import decoder
from ..precision import full_precision
from .margins import Margins

if TYPE_CHECKING:
    from ...compiler.graph.graph import Program
    from ..model import Model

Input = tuple[Scalar, ...]

#: Where an output is a float without a stated bound (a fractional power, read out as a number), relative to it.
FLOAT_TOLERANCE = 1e-3

#: Tokens that take the place of others when a counterexample is made simple.
_SIMPLER = 10


#: Up to this many inputs, all of them are tried.
EXHAUSTIVE_LIMIT = 200_000

#: A sample is at most this large, unless asked for, and at least the other; between them, as many inputs as are done
#: in this many multiplications of the model, some ten seconds.
MOST_SAMPLES = 20_000
LEAST_SAMPLES = 1_000
SAMPLE_WORK = 2e11


@dataclass(frozen=True)
class Counterexample:
    """An input on which model and interpreter differ, and the first position where they do."""

    entry: str
    tokens: Input
    position: int
    model: Scalar
    interpreter: Scalar


@dataclass(frozen=True)
class Extreme:
    """The least margin that was seen (the largest error, where `Margins.of_error`), and where."""

    value: float
    tokens: Input
    position: int


@dataclass
class Verdict:
    """What was found of one output.

    compared: inputs that both ran.  undefined: inputs left out, as the program's output is undefined.  positions: how
    many answers were compared.  lengths: those of the inputs compared.  promised: the least margin (the largest error,
    with `of_error`) that the manifest promises; `worst` is what was seen.  Either may be None, for an output that
    cannot be wrong.
    """

    output: str
    compared: int = 0
    undefined: int = 0
    positions: int = 0
    lengths: set[int] = field(default_factory=set)
    of_error: bool = False
    promised: float | None = None
    worst: Extreme | None = None
    counterexample: Counterexample | None = None

    @property
    def promise_kept(self) -> bool:
        """Whether the margin seen is at least what was promised."""
        if self.worst is None or self.promised is None:
            return True
        return self.worst.value <= self.promised if self.of_error else self.worst.value >= self.promised


def choice(
    manifest: Manifest, *, samples: int | None = None, exhaustive: bool = False, seed: int = 0
) -> tuple[bool, int, Iterable[Codes]]:
    """The inputs to try: whether they are all there are, how many there are, and the inputs as `verify` takes them."""
    vocabulary, longest = manifest.vocabulary, manifest.max_length
    total = count_inputs(len(vocabulary), longest)
    if exhaustive or total <= (EXHAUSTIVE_LIMIT if samples is None else samples):
        return True, total, all_ids(len(vocabulary), longest)
    count = samples if samples is not None else _samples(manifest)
    return False, total, ids_of(sampled_inputs(vocabulary, longest, count, seed), vocabulary)


def _samples(manifest: Manifest) -> int:
    """How many inputs to try when nobody says: as many as take some seconds."""
    assert manifest.weights is not None
    per_input = manifest.n_ctx * (manifest.weights.parameters + manifest.n_ctx * _heads(manifest))
    return int(min(MOST_SAMPLES, max(LEAST_SAMPLES, SAMPLE_WORK / per_input)))


def _heads(manifest: Manifest) -> int:
    """Numbers that attention moves between two positions."""
    return sum(2 * layer.n_heads * layer.d_head for layer in manifest.layers)


def verify(model: Model, program: Program, batches: Iterable[Codes]) -> list[Verdict]:
    """A verdict for each output, after all inputs or, for an output, after its first counterexample.

    Raises RaspError when model and program have no output in common or the model's numbers overflow.
    """
    nodes = dict(program.outputs)
    outputs = [output for output in model.manifest.outputs if output.name in nodes]
    if len(outputs) < len(model.manifest.outputs):
        missing = next(output.name for output in model.manifest.outputs if output.name not in nodes)
        raise RaspError(Diagnostic("unknown-entry", f"the program has no output `{missing}`", None, _ALTERED))
    checks = [OutputCheck(model, program, output) for output in outputs]
    roots = [nodes[output.name] for output in outputs]
    interpreter = BatchInterpreter(roots, model.vocabulary, causal=model.manifest.causal)
    for check in checks:
        check.kinds = interpreter.kinds[nodes[check.verdict.output]]
    for batch in batches:
        if all(check.done for check in checks):
            break
        for ids, columns in interpreter.batches(batch):
            answers = [np.broadcast_to(column.codes, ids.shape) for column in columns]
            admitted = [
                ~_is_undefined(column.pool.values)[codes].any(1) for codes, column in zip(answers, columns, strict=True)
            ]
            for rows, logits in logits_of(model, ids, np.any(admitted, axis=0)):
                for check, codes, column in zip(checks, answers, columns, strict=True):
                    check.add(ids[rows], codes[rows], column.pool.values, logits)
    for check in checks:
        check.minimise()
    return [check.verdict for check in checks]


_ALTERED = "the manifest was altered; compile the program again"


def logits_of(model: Model, ids: Codes, wanted: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.int64], Tensor]]:
    """Logits [row, position, d_vocab_out] of the wanted rows of ids [input, position], in parts, in order.

    Rows that are not wanted come with zeros instead.  Raises RaspError for numbers that are not finite.
    """
    count, length = ids.shape
    compute = model.fast_forward()
    step = len(next(model.batches([length] * count)))
    with torch.inference_mode(), full_precision():
        for start in range(0, count, step):
            rows = np.arange(start, min(count, start + step))
            run = wanted[rows]
            given = np.full((int(run.sum()), 1 + length), model.manifest.bos, np.int64)
            given[:, 1:] = ids[rows[run]]
            if len(given) > 0:
                logits = compute(torch.from_numpy(given), torch.full((len(given),), 1 + length))[:, 1:]
            if len(given) < len(rows):
                spread = torch.zeros(len(rows), length, model.manifest.d_vocab_out)
                if len(given) > 0:
                    spread[torch.from_numpy(run)] = logits
                logits = spread
            if not bool(torch.isfinite(logits).all()):
                place = int((~torch.isfinite(logits)).flatten(1).any(1).nonzero()[0])
                shown = " ".join(show(model.vocabulary[token]) for token in ids[rows[place]].tolist())
                raise RaspError(
                    Diagnostic("M062", f"the model's numbers became too large, on: {shown}", None, _ALTERED)
                )
            yield rows, logits


class OutputCheck:
    """One output of a model beside its program's."""

    def __init__(self, model: Model, program: Program, output: OutputRecord) -> None:
        self._model = model
        self._output = output
        self._reference = Interpreter(program, entry=output.name, causal=model.manifest.causal)
        self._decode = decoder(output)
        unembed = model.unembed
        self._margins = Margins(output, unembed.W_U.detach().numpy(), unembed.b_U.detach().numpy())
        self.kinds = frozenset(output.kinds)
        self.done = False
        self._found: Input | None = None
        self.verdict = Verdict(output.name, of_error=self._margins.of_error, promised=self._margins.promised)

    def add(self, ids: Codes, codes: Codes, pool: Sequence[Value], logits: Tensor) -> None:
        """Compare on inputs ids [input, position], whose answers are `pool[codes]` by the interpreter."""
        if self.done:
            return
        admitted = ~_is_undefined(pool)[codes].any(1)
        self.verdict.undefined += int((~admitted).sum())
        ids, codes, logits = ids[admitted], codes[admitted], logits[torch.from_numpy(admitted)]
        if len(ids) == 0:
            return
        self.verdict.compared += len(ids)
        self.verdict.positions += codes.size
        self.verdict.lengths.add(ids.shape[1])
        shown = {code: present(pool[code], self.kinds) for code in np.unique(codes).tolist()}
        wanted = [shown[code] for code in codes.ravel().tolist()]
        place = first_difference(self._output, self._decode(logits), wanted)
        if place is not None:
            self._found = self._tokens(ids[place // ids.shape[1]])
            self.done = True
            return
        self._measure(ids, codes, pool, logits)

    def _measure(self, ids: Codes, codes: Codes, pool: Sequence[Value], logits: Tensor) -> None:
        flat = logits.flatten(0, 1).double().numpy()
        margins = self._margins.measure(flat, codes.ravel(), pool)
        place = int(margins.argmax() if self._margins.of_error else margins.argmin())
        value, worst = float(margins[place]), self.verdict.worst
        if not np.isfinite(value):
            return
        if worst is None or (value > worst.value if self._margins.of_error else value < worst.value):
            row, position = divmod(place, ids.shape[1])
            self.verdict.worst = Extreme(value, self._tokens(ids[row]), position)

    def minimise(self) -> None:
        """Make the counterexample short and simple, where there is one."""
        if self._found is not None:
            self.verdict.counterexample = self._counterexample(
                minimal(self._found, self._fails, self._model.vocabulary)
            )

    def _fails(self, tokens: Input) -> bool:
        return len(tokens) > 0 and self._difference(tokens) is not None

    def _counterexample(self, tokens: Input) -> Counterexample:
        found = self._difference(tokens)
        assert found is not None, f"the two interpreters differ on {tokens}"
        return found

    def _difference(self, tokens: Input) -> Counterexample | None:
        try:
            expected = self._reference.run(tokens)
        except RaspError as error:
            if [diagnostic.code for diagnostic in error.diagnostics] == ["undefined-output"]:
                return None
            raise
        got = self._model.run_batch([tokens], self._output.name)[0]
        place = first_difference(self._output, got, expected)
        return None if place is None else Counterexample(self._output.name, tokens, place, got[place], expected[place])

    def _tokens(self, ids: Codes) -> Input:
        return tuple(self._model.vocabulary[place] for place in ids.tolist())


def first_difference(output: OutputRecord, got: Sequence[Scalar], wanted: Sequence[Scalar]) -> int | None:
    """Where the model's answers are wrong first; None when they are right."""
    if got == wanted and list(map(type, got)) == list(map(type, wanted)):
        return None
    for place, (value, right) in enumerate(zip(got, wanted, strict=True)):
        if not equal(output, value, right):
            return place
    return None


def equal(output: OutputRecord, got: Scalar, wanted: Scalar) -> bool:
    """Whether an answer is right: exactly, but within its bound for a number that is given as it is."""
    if isinstance(got, bool) != isinstance(wanted, bool):
        return False
    decode = output.decode
    inexact = isinstance(decode, NumberDecodeRecord) and decode.values is None and decode.max_denominator is None
    if not inexact or isinstance(got, str) or isinstance(wanted, str):
        return got == wanted
    assert isinstance(decode, NumberDecodeRecord)
    bound = decode.error
    return abs(float(got) - float(wanted)) <= bound


def minimal(tokens: Input, fails: Callable[[Input], bool], vocabulary: Sequence[Scalar]) -> Input:
    """An input that fails, of which no token can be dropped and that has the vocabulary's first tokens where it can.

    `fails` is false for the input without tokens.
    """
    for size in range(len(tokens) // 2, 1, -1):
        tokens, _ = _without(size, tokens, fails)
    dropped = True
    while dropped:  # one that was needed may be so no longer
        tokens, dropped = _without(1, tokens, fails)
    for place in range(len(tokens)):
        for token in vocabulary[: min(_SIMPLER, vocabulary.index(tokens[place]))]:
            simpler = (*tokens[:place], token, *tokens[place + 1 :])
            if fails(simpler):
                tokens = simpler
                break
    return tokens


def _without(size: int, tokens: Input, fails: Callable[[Input], bool]) -> tuple[Input, bool]:
    """The input without those runs of `size` tokens that can go, and whether any went."""
    place, before = 0, len(tokens)
    while place < len(tokens):
        shorter = tokens[:place] + tokens[place + size :]
        if fails(shorter):
            tokens = shorter
        else:
            place += size
    return tokens, len(tokens) < before


def program_of(manifest: Manifest) -> Program:
    """The program that the model was compiled from, out of the texts in its manifest.  Raises RaspError."""
    from ...compiler.elaborate import elaborate
    from ...rasp_grammar.span import Source

    sources = [Source(file.name, file.text) for file in manifest.program.files]
    return elaborate(
        sources[0],
        entries=manifest.program.entries,
        vocabulary=manifest.vocabulary,
        max_length=manifest.max_length,
        loaded=sources[1:],
    )


def _is_undefined(pool: Sequence[Value]) -> NDArray[np.bool_]:
    return np.array([isinstance(value, Undefined) for value in pool], np.bool_)
