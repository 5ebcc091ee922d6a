"""From logits, wherever they were computed, to a program's values."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ..compiler.artifact.manifest import Manifest
from ..compiler.graph.values import Scalar
from ..runner.decode import decoder


def answers(
    manifest: Manifest, logits: Tensor, output: str | None = None, lengths: Sequence[int] | None = None
) -> list[list[Scalar]]:
    """For each row of logits [batch, position, d_vocab_out] the values of an output (the first unless named).

    Position 0 is BOS and has none.  `lengths` counts each row's tokens, without BOS, where there is padding after them.
    Raises KeyError for an output that the model does not have.
    """
    outputs = {one.name: one for one in manifest.outputs}
    read = decoder(outputs[output] if output is not None else manifest.outputs[0])
    counts = [logits.shape[1] - 1] * len(logits) if lengths is None else lengths
    return [read(row[1 : 1 + count]) for row, count in zip(logits.detach(), counts, strict=True)]
