"""Decodes logits, from raspc or any other runtime, to a program's values."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ..compiler.artifact.manifest import Manifest
from ..compiler.graph.values import Scalar
from ..runner.decode import decoder


def answers(
    manifest: Manifest, logits: Tensor, output: str | None = None, lengths: Sequence[int] | None = None
) -> list[list[Scalar]]:
    """The values of an output (the first unless named) for each row of logits [batch, position, d_vocab_out].

    Position 0 is BOS and has no value.  lengths: each row's number of tokens, without BOS and padding; None if no row
    is padded.
    Raises KeyError for an output that the model does not have.
    """
    outputs = {one.name: one for one in manifest.outputs}
    read = decoder(outputs[output] if output is not None else manifest.outputs[0])
    counts = [logits.shape[1] - 1] * len(logits) if lengths is None else lengths
    return [read(row[1 : 1 + count]) for row, count in zip(logits.detach(), counts, strict=True)]
