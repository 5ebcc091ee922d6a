"""Whether a compiled model computes what its program means: model and interpreter side by side on many inputs.

It needs the model's two files only: the manifest carries the program's texts and options.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from ..compiler.interpreter import Interpreter
from ..compiler.manifest import Manifest, NumberDecode, Output
from ..compiler.values import Scalar
from ..rasp_grammar.diagnostics import RaspError

if TYPE_CHECKING:
    from ..compiler.graph import Program
    from ..runner.model import Model

Input = tuple[Scalar, ...]

#: Inputs that the model sees at once.
BATCH = 256

#: Where an output is a float without a stated bound (a fractional power, read out as a number), relative to it.
FLOAT_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Counterexample:
    """An input on which model and interpreter differ, and the first position where they do."""

    entry: str
    tokens: Input
    position: int
    model: Scalar
    interpreter: Scalar


@dataclass(frozen=True)
class Verdict:
    """`compared` inputs were run by both; `undefined` more have no defined output and were left out."""

    compared: int
    undefined: int
    counterexample: Counterexample | None


class Verifier:
    """One output of a model beside the interpreter of its program."""

    def __init__(self, model: Model, program: Program, output: Output) -> None:
        self._model = model
        self._output = output
        self._interpreter = Interpreter(program, entry=output.name, causal=model.manifest.causal)

    def verify(self, inputs: Iterable[Input]) -> Verdict:
        """Compare on each input, until they differ; the counterexample is minimised by dropping tokens."""
        compared = undefined = 0
        for batch in _batches(inputs):
            expected = [self._meaning(tokens) for tokens in batch]
            undefined += expected.count(None)
            admitted = [(tokens, values) for tokens, values in zip(batch, expected, strict=True) if values is not None]
            compared += len(admitted)
            results = self._run([tokens for tokens, _ in admitted])
            for (tokens, values), result in zip(admitted, results, strict=True):
                if self._difference(tokens, result, values) is not None:
                    return Verdict(compared, undefined, self._minimised(tokens))
        return Verdict(compared, undefined, None)

    def _minimised(self, tokens: Input) -> Counterexample:
        found = self._counterexample(tokens)
        assert found is not None
        shorter = True
        while shorter:
            shorter = False
            for position in range(len(found.tokens)):
                tokens = found.tokens[:position] + found.tokens[position + 1 :]
                smaller = self._counterexample(tokens) if tokens else None
                if smaller is not None:
                    found, shorter = smaller, True
                    break
        return found

    def _counterexample(self, tokens: Input) -> Counterexample | None:
        expected = self._meaning(tokens)
        return None if expected is None else self._difference(tokens, self._run([tokens])[0], expected)

    def _difference(self, tokens: Input, result: Sequence[Scalar], expected: Sequence[Scalar]) -> Counterexample | None:
        for position, (got, wanted) in enumerate(zip(result, expected, strict=True)):
            if not self._equal(got, wanted):
                return Counterexample(self._output.name, tokens, position, got, wanted)
        return None

    def _equal(self, got: Scalar, wanted: Scalar) -> bool:
        if isinstance(got, bool) != isinstance(wanted, bool):
            return False
        decode = self._output.decode
        inexact = isinstance(decode, NumberDecode) and decode.values is None and decode.max_denominator is None
        if not inexact or isinstance(got, str) or isinstance(wanted, str):
            return got == wanted
        assert isinstance(decode, NumberDecode)
        bound = decode.error if decode.error is not None else FLOAT_TOLERANCE * max(1.0, abs(float(wanted)))
        return abs(float(got) - float(wanted)) <= bound

    def _meaning(self, tokens: Input) -> list[Scalar] | None:
        """The interpreter's answer, None where the output is undefined."""
        try:
            return self._interpreter.run(tokens)
        except RaspError as error:
            if [diagnostic.code for diagnostic in error.diagnostics] == ["undefined-output"]:
                return None
            raise

    def _run(self, batch: Sequence[Input]) -> list[list[Scalar]]:
        return self._model.run_batch(batch, self._output.name)


def program_of(manifest: Manifest) -> Program:
    """The program that the model was compiled from, out of the texts in its manifest.  Raises RaspError."""
    from ..compiler.elaborate import elaborate
    from ..rasp_grammar.span import Source

    sources = [Source(file.name, file.text) for file in manifest.program.files]
    return elaborate(
        sources[0],
        entries=manifest.program.entries,
        vocabulary=manifest.vocabulary,
        max_length=manifest.max_length,
        loaded=sources[1:],
    )


def _batches(inputs: Iterable[Input]) -> Iterator[list[Input]]:
    iterator = iter(inputs)
    while batch := list(islice(iterator, BATCH)):
        yield batch
