"""Programs and models as answerers, for `compare`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ...compiler.artifact.manifest import OutputRecord
from ...compiler.graph.graph import Program
from ...compiler.graph.result_types import present
from ...compiler.graph.values import Scalar, Undefined, show
from ...compiler.interpret.batch_interpreter import BatchInterpreter
from ...compiler.interpret.batch_values import BatchColumn, Codes
from ...compiler.interpret.interpreter import Interpreter
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from ..decode import decoder
from ..model import Model
from ..precision import full_precision
from .compare import FUNCTION_BATCH, Answer


class ProgramAnswers:
    """The meaning of a program: the vectorised interpreter.  `outputs` names the outputs in order."""

    def __init__(
        self, program: Program, outputs: Sequence[str], vocabulary: Sequence[Scalar], *, causal: bool = False
    ) -> None:
        nodes = dict(program.outputs)
        self._roots = [nodes[name] for name in outputs]
        self._interpreter = BatchInterpreter(self._roots, vocabulary, causal=causal)

    def batch_size(self, length: int) -> int:
        return self._interpreter.batch_size(length)

    def answers(self, ids: Codes) -> list[list[Answer]]:
        columns = self._interpreter.columns(ids)
        return [self._rows(output, column, ids) for output, column in enumerate(columns)]

    def _rows(self, output: int, column: BatchColumn, ids: Codes) -> list[Answer]:
        kinds = self._interpreter.kinds[self._roots[output]]
        codes = np.broadcast_to(column.codes, ids.shape)
        shown: dict[int, Scalar] = {}
        undefined = set()
        for code in np.unique(codes).tolist():
            value = column.pool.values[code]
            if isinstance(value, Undefined):
                undefined.add(code)
            else:
                shown[code] = present(value, kinds)
        if len(undefined) == 0:
            return [[shown[code] for code in row] for row in codes.tolist()]
        return [
            None if any(code in undefined for code in row) else [shown[code] for code in row] for row in codes.tolist()
        ]


class ReferenceAnswers:
    """The meaning of a program: the reference interpreter, one input after the other."""

    def __init__(
        self, program: Program, outputs: Sequence[str], vocabulary: Sequence[Scalar], *, causal: bool = False
    ) -> None:
        self._vocabulary = vocabulary
        self._interpreters = [Interpreter(program, entry=name, causal=causal) for name in outputs]

    def batch_size(self, length: int) -> int:
        return FUNCTION_BATCH

    def answers(self, ids: Codes) -> list[list[Answer]]:
        inputs = [[self._vocabulary[token] for token in row] for row in ids.tolist()]
        return [[_meaning(interpreter, tokens) for tokens in inputs] for interpreter in self._interpreters]


def _meaning(interpreter: Interpreter, tokens: Sequence[Scalar]) -> Answer:
    try:
        return interpreter.run(tokens)
    except RaspError as error:
        if [diagnostic.code for diagnostic in error.diagnostics] != ["undefined-output"]:
            raise
        return None


class ModelAnswers:
    """The answers of a compiled model.  `logits` [input, position, d_vocab_out] are those of the last inputs.

    The model is read when this is made.  `answers` raises RaspError (M062) for numbers that are not finite.
    """

    def __init__(self, model: Model, outputs: Sequence[OutputRecord] | None = None) -> None:
        self._model = model
        self._fast_forward = model.fast_forward()
        chosen = model.manifest.outputs if outputs is None else outputs
        self._decoders = [decoder(output) for output in chosen]
        self.logits = torch.empty(0)

    def batch_size(self, length: int) -> int:
        return self._model.batch_size(length)

    def answers(self, ids: Codes) -> list[list[Answer]]:
        self.logits = self._run(ids)
        found: list[list[Answer]] = []
        for decode in self._decoders:
            values, n = decode(self.logits), ids.shape[1]
            found.append([values[start : start + n] for start in range(0, len(values), n)])
        return found

    def _run(self, ids: Codes) -> Tensor:
        count, length = ids.shape
        device = self._model.embed.W_E.device
        with_bos = np.full((count, 1 + length), self._model.manifest.bos, np.int64)
        with_bos[:, 1:] = ids
        with torch.inference_mode(), full_precision():
            lengths = torch.full((count,), 1 + length, device=device)
            logits = self._fast_forward(torch.from_numpy(with_bos).to(device), lengths)[:, 1:].cpu()
        if not bool(torch.isfinite(logits).all()):
            row = int((~torch.isfinite(logits)).flatten(1).any(1).nonzero()[0])
            shown = " ".join(show(self._model.vocabulary[token]) for token in ids[row].tolist())
            raise RaspError(Diagnostic("M062", f"the model's numbers became too large, on: {shown}", None, ALTERED))
        return logits


#: The hint for files that the compiler cannot have made.
ALTERED = "the manifest was altered; compile the program again"
