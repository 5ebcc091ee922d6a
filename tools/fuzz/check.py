"""Compares the compiled model of one program with the interpreter."""

from __future__ import annotations

import math
import random
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ...compiler import CompileOptions, compile_program
from ...compiler.artifact.manifest import NumberDecodeRecord, OutputRecord
from ...compiler.elaborate import elaborate, require_input_space
from ...compiler.graph.values import Scalar, show
from ...compiler.interpret.sample_inputs import Input, sampled_inputs
from ...rasp_grammar.diagnostics import RaspError
from ...rasp_grammar.span import Source

if TYPE_CHECKING:
    from ...compiler.artifact.model_files import CompiledModel
    from ...compiler.graph.graph import Program
    from ...runner.verify.compare import Comparison, Counterexample

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
    try:
        found = _compared(compiled, program, inputs)
    except RaspError as error:
        if error.diagnostics[0].code.startswith("M"):  # compilation succeeded, so this is a fault of the compiler
            raise AssertionError(f"the model cannot be run: {error}") from error
        raise
    wrong = found.counterexample
    return CheckResult(
        status="ok" if wrong is None else "mismatch",
        reason="" if wrong is None else "mismatch",
        detail="" if wrong is None else described(wrong),
        compared=found.compared,
        undefined=found.undefined,
        positions=found.positions,
    )


def _compared(compiled: CompiledModel, program: Program, inputs: Iterable[Input]) -> Comparison:
    from ...runner.model import Model
    from ...runner.verify.answerers import ModelAnswers, ReferenceAnswers
    from ...runner.verify.compare import Inputs, compare

    manifest = compiled.manifest
    names, vocabulary = [name for name, _ in program.outputs], manifest.vocabulary
    (comparison,) = compare(
        ModelAnswers(Model.from_compiled(compiled, device="cpu")),
        ReferenceAnswers(program, names, vocabulary, causal=manifest.causal),
        Inputs.listed(inputs, vocabulary, manifest.max_length),
        vocabulary,
        outputs=names,
        equal=[partial(equal, output) for output in manifest.outputs],
    )
    return comparison


def described(counterexample: Counterexample) -> str:
    """The input, the first position with a difference, and the two values there."""
    tokens = " ".join(show(token) if token != "" else '""' for token in counterexample.tokens)
    values = f"the model gives {counterexample.candidate!r}, the interpreter {counterexample.reference!r}"
    return f"on {tokens}: at position {counterexample.position} {values}"


def equal(output: OutputRecord, got: Scalar, expected: Scalar) -> bool:
    """Whether the model's value equals the interpreter's.

    Values are compared exactly, except for floats (within `ROUNDING`) and for outputs that are read out as approximate
    numbers (within the stated error, or `FLOAT_TOLERANCE`).
    """
    if isinstance(got, bool) != isinstance(expected, bool):
        return False
    decode = output.decode
    inexact = isinstance(decode, NumberDecodeRecord) and decode.max_denominator is None and decode.values is None
    if isinstance(got, str) or isinstance(expected, str):
        return got == expected
    if not inexact:
        # 2/3 as a fraction and 2/3 as a float print alike.
        rounded = isinstance(got, float) or isinstance(expected, float)
        return math.isclose(got, expected, rel_tol=ROUNDING, abs_tol=ROUNDING) if rounded else got == expected
    assert isinstance(decode, NumberDecodeRecord)
    bound = decode.error
    return abs(float(got) - float(expected)) <= bound


def _origin(error: Exception) -> str:
    """The exception's type, and the innermost function of raspc in its traceback."""
    name = type(error).__name__
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename).resolve()
        ours = file.relative_to(PACKAGE).parts if file.is_relative_to(PACKAGE) else ()
        if ours and not ours[0].startswith("."):  # a virtual environment may lie inside a checkout
            return f"{name} in {file.name}:{frame.name}"
    return name
