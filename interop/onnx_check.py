"""Whether an ONNX model computes what its program means: onnxruntime and the interpreter side by side."""

from __future__ import annotations

from fractions import Fraction
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..compiler.artifact.manifest import Manifest, OutputRecord
from ..compiler.graph.result_types import present
from ..compiler.graph.values import Scalar, Undefined, show
from ..compiler.interpret.batch_interpreter import BatchInterpreter
from ..compiler.interpret.sample_inputs import ids_of, sampled_inputs
from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from ..runner.verify.verify import equal, program_of
from .tables import listed_values

if TYPE_CHECKING:
    import onnx

#: How many inputs are tried, of all lengths: at most about twice this many.
INPUTS = 128


def check_onnx(made: onnx.ModelProto, manifest: Manifest) -> int | None:
    """Run the ONNX model on inputs of every length, filled up to the longest; how many had an answer to compare.

    None where onnxruntime is not installed.  Raises RaspError at the first wrong answer.
    """
    if find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    nodes = dict(program_of(manifest).outputs)
    roots = [nodes[output.name] for output in manifest.outputs]
    interpreter = BatchInterpreter(roots, manifest.vocabulary, causal=manifest.causal)
    inputs = sampled_inputs(manifest.vocabulary, manifest.max_length, INPUTS)
    inputs = inputs[:: max(1, len(inputs) // INPUTS)]  # the structured ones may be many
    compared = 0
    for ids in ids_of(inputs, manifest.vocabulary):
        filled = np.full((len(ids), manifest.max_length), manifest.bos, np.int64)
        filled[:, : ids.shape[1]] = ids
        answers = session.run([f"{output.name}.answer" for output in manifest.outputs], {"tokens": filled})
        defined = np.zeros(len(ids), np.bool_)
        columns = interpreter.columns(ids)
        for output, node, column, answer in zip(manifest.outputs, roots, columns, answers, strict=True):
            kinds = interpreter.kinds[node]
            for row, codes in enumerate(np.broadcast_to(column.codes, ids.shape)):
                wanted = [column.pool.values[code] for code in codes]
                if any(isinstance(value, Undefined) for value in wanted):
                    continue
                defined[row] = True
                right = [present(value, kinds) for value in wanted if not isinstance(value, Undefined)]
                _require_equal(output, manifest, ids[row], _values(output, answer[row, : len(right)]), right)
        compared += int(defined.sum())
    return compared


def _values(output: OutputRecord, answers: NDArray[np.generic]) -> list[Scalar]:
    """The values that a row of `NAME.answer` stands for."""
    listed = listed_values(output)
    numbers: list[int | float] = answers.tolist()
    if listed is not None:
        return [listed[int(place)] for place in numbers]
    limit = getattr(output.decode, "max_denominator", None)
    if answers.dtype == np.int64 or limit is None:
        return [*numbers]
    return [Fraction(number).limit_denominator(limit) for number in numbers]


def _require_equal(
    output: OutputRecord, manifest: Manifest, ids: NDArray[np.generic], got: list[Scalar], wanted: list[Scalar]
) -> None:
    for place, (value, right) in enumerate(zip(got, wanted, strict=True)):
        if not equal(output, value, right):
            tokens = " ".join(show(manifest.vocabulary[token]) for token in ids.tolist())
            raise RaspError(
                Diagnostic(
                    "export-differs",
                    f"with onnxruntime, `{output.name}` at position {place} is {show(value)} instead of {show(right)}, "
                    f"on: {tokens}",
                    None,
                    "nothing was written; `raspc verify` tells whether the model itself is right",
                )
            )
