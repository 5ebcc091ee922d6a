"""Compares an ONNX model with the meaning of its program: onnxruntime beside the interpreter."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...compiler.artifact.manifest import Manifest, OutputRecord
from ...compiler.graph.values import Scalar, show
from ...compiler.interpret.batch_values import Codes
from ...compiler.interpret.sample_inputs import sampled_inputs
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from ...runner.verify.answerers import ProgramAnswers
from ...runner.verify.compare import Answer, Inputs, compare
from ...runner.verify.verify import equal, program_of
from ..tables import listed_values

if TYPE_CHECKING:
    import onnx

#: Inputs to draw, of all lengths; the sample has at most about twice as many.
INPUTS = 128

#: Inputs that the ONNX model answers at once.
BATCH = 64


def check_onnx(made: onnx.ModelProto, manifest: Manifest) -> int | None:
    """Run the ONNX model on inputs of every length, padded to the longest; return the number of compared inputs.

    Returns None if onnxruntime is not installed.  Raises RaspError for a wrong answer.
    """
    if find_spec("onnxruntime") is None:
        return None
    names = [output.name for output in manifest.outputs]
    chosen = sampled_inputs(manifest.vocabulary, manifest.max_length, INPUTS)
    chosen = chosen[:: max(1, len(chosen) // INPUTS)]  # the structured ones may be many
    comparisons = compare(
        OnnxAnswers(made, manifest),
        ProgramAnswers(program_of(manifest), names, manifest.vocabulary, causal=manifest.causal),
        Inputs.listed(chosen, manifest.vocabulary, manifest.max_length),
        manifest.vocabulary,
        outputs=names,
        equal=[partial(equal, output) for output in manifest.outputs],
    )
    for comparison in comparisons:
        found = comparison.counterexample
        if found is not None:
            tokens = " ".join(map(show, found.tokens))
            assert found.candidate is not None, "an ONNX model always answers"
            message = (
                f"with onnxruntime, `{comparison.output}` at position {found.position} is {show(found.candidate)} "
                f"instead of {show(found.reference)}, on: {tokens}"
            )
            hint = "nothing was written; `raspc verify` tells whether the model itself is right"
            raise RaspError(Diagnostic("export-differs", message, None, hint))
    return max(comparison.compared for comparison in comparisons)


class OnnxAnswers:
    """The answers of an ONNX model, by onnxruntime on the CPU.  Inputs are padded to the longest."""

    def __init__(self, made: onnx.ModelProto, manifest: Manifest) -> None:
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        self._session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
        self._manifest = manifest

    def batch_size(self, length: int) -> int:
        return BATCH

    def answers(self, ids: Codes) -> list[list[Answer]]:
        outputs = self._manifest.outputs
        padded = np.full((len(ids), self._manifest.max_length), self._manifest.bos, np.int64)
        padded[:, : ids.shape[1]] = ids
        found = self._session.run([f"{output.name}.answer" for output in outputs], {"tokens": padded})
        return [
            [_values(output, row[: ids.shape[1]]) for row in rows] for output, rows in zip(outputs, found, strict=True)
        ]


def _values(output: OutputRecord, answers: NDArray[np.generic]) -> list[Scalar]:
    """The values that a row of `NAME.answer` encodes."""
    listed = listed_values(output)
    numbers: list[int | float] = answers.tolist()
    if listed is not None:
        return [listed[int(place)] for place in numbers]
    limit = getattr(output.decode, "max_denominator", None)
    if answers.dtype == np.int64 or limit is None:
        return [*numbers]
    return [Fraction(number).limit_denominator(limit) for number in numbers]
