"""Compares the compiled model of one program with the interpreter."""

from __future__ import annotations

import math
import random
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ...compiler.artifact.manifest import NumberDecodeRecord, OutputRecord
from ...compiler.elaborate import elaborate, require_input_space
from ...compiler.graph.values import Scalar, show
from ...compiler.interpret.interpreter import Interpreter
from ...compiler.interpret.sample_inputs import Input, sampled_inputs
from ...compiler.options import CompileOptions
from ...compiler.pipeline import compile_program
from ...rasp_grammar.diagnostics import RaspError
from ...rasp_grammar.span import Source

if TYPE_CHECKING:
    from ...compiler.artifact.model_files import CompiledModel
    from ...compiler.graph.graph import Program

#: Models with more parameters are refused: a campaign runs thousands of models.
MAX_PARAMETERS = 20_000_000

#: Tolerance of an output without a stated bound (a fractional power that is read out as a number), relative to it.
FLOAT_TOLERANCE = 1e-3

#: Tolerance, relative and absolute, for floats that were computed in another order: some 4,000 roundings of float64.
ROUNDING = 1e-12

Status = Literal["ok", "mismatch", "internal-error", "refused"]

#: The folder of the package raspc.
PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mismatch:
    """An input on which model and interpreter differ, and the first position where they do."""

    tokens: Input
    position: int
    model: Scalar
    interpreter: Scalar

    def __str__(self) -> str:
        tokens = " ".join(show(token) if token != "" else '""' for token in self.tokens)
        values = f"the model gives {self.model!r}, the interpreter {self.interpreter!r}"
        return f"on {tokens}: at position {self.position} {values}"


@dataclass(frozen=True)
class CheckResult:
    """The result of the check of one program.

    reason: the diagnostic's code, or the exception's type and the function that raised it.
    detail: the whole message.
    compared: number of inputs on which model and interpreter ran.
    undefined: number of inputs left out because the output is undefined.
    positions: number of positions compared.
    """

    status: Status
    reason: str = ""
    detail: str = ""
    compared: int = 0
    undefined: int = 0
    positions: int = 0
    mismatch: Mismatch | None = None

    @property
    def failed(self) -> bool:
        return self.status in ("mismatch", "internal-error")

    @property
    def cause(self) -> tuple[str, str]:
        """Equal for results that probably have the same cause."""
        return self.status, self.reason


def inputs_for(vocabulary: Sequence[Scalar], max_length: int, count: int, rng: random.Random) -> list[Input]:
    """All inputs if there are at most `count`; otherwise a sample of `count`, half of them structured, half random."""
    found = sampled_inputs(vocabulary, max_length, 2 * count, rng.randrange(1 << 32))
    return found if len(found) <= count else rng.sample(found, count)


def check_program(text: str, inputs: Iterable[Input] | int, small: bool, causal: bool, seed: str = "") -> CheckResult:
    """Compiles a program and compares the model with the interpreter, on the given inputs or on a number of them.

    Never raises an `Exception`: errors of any kind become the result.
    """
    try:
        return _checked(text, inputs, small, causal, seed)
    except RaspError as error:
        first = error.diagnostics[0]
        return CheckResult("refused", first.code, str(error))
    except Exception as error:
        return CheckResult("internal-error", _origin(error), "".join(traceback.format_exception(error)))


def _checked(text: str, inputs: Iterable[Input] | int, small: bool, causal: bool, seed: str) -> CheckResult:
    program = elaborate(Source("fuzz.rasp", text))
    vocabulary, max_length = require_input_space(program)
    compiled = compile_program(program, CompileOptions(small=small, causal=causal, max_parameters=MAX_PARAMETERS))
    if isinstance(inputs, int):
        inputs = inputs_for(vocabulary, max_length, inputs, random.Random(seed))
    given = list(inputs)
    meanings = _meanings(program, given, causal)
    admitted = [tokens for tokens, values in zip(given, meanings, strict=True) if values is not None]
    results = iter(_run(compiled, admitted))
    undefined = positions = 0
    for tokens, expected in zip(given, meanings, strict=True):
        if expected is None:
            undefined += 1
            continue
        got = next(results)
        positions += len(expected)
        for position, (value, wanted) in enumerate(zip(got, expected, strict=True)):
            if not equal(compiled.manifest.outputs[0], value, wanted):
                mismatch = Mismatch(tokens, position, value, wanted)
                compared = len(admitted)
                return CheckResult("mismatch", "mismatch", str(mismatch), compared, undefined, positions, mismatch)
    return CheckResult("ok", "", "", len(admitted), undefined, positions)


def _meanings(program: Program, inputs: Sequence[Input], causal: bool) -> list[list[Scalar] | None]:
    """The interpreter's outputs, one list an input; None where an output is undefined."""
    interpreter = Interpreter(program, causal=causal)
    meanings: list[list[Scalar] | None] = []
    for tokens in inputs:
        try:
            meanings.append(interpreter.run(tokens))
        except RaspError as error:
            if [diagnostic.code for diagnostic in error.diagnostics] != ["undefined-output"]:
                raise
            meanings.append(None)
    return meanings


def _run(compiled: CompiledModel, inputs: Sequence[Input]) -> list[list[Scalar]]:
    from ...runner.model import Model

    try:
        return Model.from_compiled(compiled, device="cpu").run_batch(inputs)
    except RaspError as error:  # compilation succeeded, so this is a fault of the compiler
        raise AssertionError(f"the model cannot be run: {error}") from error


def equal(output: OutputRecord, got: Scalar, wanted: Scalar) -> bool:
    """Whether the model's value equals the interpreter's.

    Values are compared exactly, except for floats (within `ROUNDING`) and for outputs that are read out as approximate
    numbers (within the stated error, or `FLOAT_TOLERANCE`).
    """
    if isinstance(got, bool) != isinstance(wanted, bool):
        return False
    decode = output.decode
    inexact = isinstance(decode, NumberDecodeRecord) and decode.max_denominator is None and decode.values is None
    if isinstance(got, str) or isinstance(wanted, str):
        return got == wanted
    if not inexact:
        # 2/3 as a fraction and 2/3 as a float print alike.
        rounded = isinstance(got, float) or isinstance(wanted, float)
        return math.isclose(got, wanted, rel_tol=ROUNDING, abs_tol=ROUNDING) if rounded else got == wanted
    assert isinstance(decode, NumberDecodeRecord)
    bound = decode.error
    return abs(float(got) - float(wanted)) <= bound


def _origin(error: Exception) -> str:
    """The exception's type, and the innermost function of raspc in its traceback."""
    name = type(error).__name__
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename).resolve()
        ours = file.relative_to(PACKAGE).parts if file.is_relative_to(PACKAGE) else ()
        if ours and not ours[0].startswith("."):  # a virtual environment may lie inside a checkout
            return f"{name} in {file.name}:{frame.name}"
    return name
