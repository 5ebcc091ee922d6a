"""The heat map of the residual stream on the page: a row for each direction, in groups by subspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...compiler.artifact.manifest import HeadRecord, LayerRecord, ModelSubspace, NeuronGroupRecord
from ...rasp_grammar.text_layout import counted
from ..print_values import short_text
from .cross_links import subspace_key
from .page_records import DirectionRow, PageLimits, SubspaceRows
from .trace import Trace

MINUS = "\N{MINUS SIGN}"


class HeatMap:
    """The residual stream of a trace at its first positions, BOS included.

    Directions that are 0 everywhere are left out, and the smallest ones if there are more than the limits allow.
    """

    def __init__(self, trace: Trace, positions: int, limits: PageLimits) -> None:
        self._trace = trace
        self._stream = trace.residual[:, : positions + 1]  # [stage, position, direction]
        seen = np.abs(self._stream[:, 1:]).max((0, 1))  # [direction]
        shown = [index for index in range(trace.manifest.d_model) if index == 0 or seen[index] > 0]
        room = max(8, limits.stream_cells // (positions + 1))
        self._leaves_out_small_ones = len(shown) > room
        if self._leaves_out_small_ones:
            shown = sorted(sorted(shown, key=lambda index: (-seen[index], index))[:room])
        self.groups = tuple(self._groups(set(shown)))

    @property
    def left_out(self) -> str:
        """The number of directions that are left out, as a sentence; empty if there are none."""
        number = sum(group.hidden for group in self.groups)
        if number == 0:
            return ""
        reason = "are 0 throughout, or smallest," if self._leaves_out_small_ones else "are 0 throughout"
        return f"{counted(number, 'direction')} of {self._trace.manifest.d_model:,} {reason} and left out."

    def history(self, index: int) -> list[list[object]]:
        """(stage, values) pairs for the stages at which a direction changes."""
        found: list[list[object]] = []
        before = None
        for stage, stream in enumerate(self._stream):
            numbers = [float(f"{number:.6g}") for number in stream[:, index].tolist()]
            if numbers != before:
                found.append([stage, numbers])
                before = numbers
        return found

    def largest(self, directions: Sequence[int]) -> float:
        """The largest absolute number of some directions at the end, at tokens only: at BOS nothing reads them."""
        if directions == [0]:
            return 1.0
        largest = max((float(np.abs(self._stream[-1, 1:, index]).max()) for index in directions), default=0.0)
        return float(f"{largest:.6g}") or 1.0

    def _groups(self, shown: set[int]) -> Iterator[SubspaceRows]:
        program = self._trace.program
        for space in self._trace.manifest.subspaces():
            directions = [index for index in space.indices if index in shown]
            largest = self.largest(directions)
            rows = []
            for index in directions:
                numbers = self._stream[-1, :, index].tolist()
                cells = tuple((number / largest, brief(number)) for number in numbers)
                rows.append(DirectionRow(index, self._label(index), cells))
            node = program.node(space.node)
            text = "" if node is None else program.text(node, expand=True)
            yield SubspaceRows(
                key=subspace_key(space),
                space=space,
                title="beginning of sequence" if space.kind == "bos" else f"{space.name} · {space.kind}",
                note="" if text == space.name else text,
                written=self._written(space),
                rows=tuple(rows),
                hidden=len(space.directions) - len(rows),
            )

    def _label(self, index: int) -> str:
        direction = self._trace.manifest.directions[index]
        if direction.kind == "one-hot" and direction.value is not None:
            return f"= {short_text(direction.value)}"
        if direction.kind == "feature":
            return direction.label
        return self._trace.meanings.get(index, "BOS").replace(" - ", f" {MINUS} ")

    def _written(self, space: ModelSubspace) -> str:
        """The parts of layers that write the subspace."""
        writers = []
        for number, layer in enumerate(self._trace.manifest.layers):
            for part in parts_of_layer(layer):
                if set(part.writes) & set(space.indices):
                    kind = "attention" if isinstance(part, HeadRecord) else "MLP"
                    writers.append(f"layer {number} {kind}")
        return ", ".join(dict.fromkeys(writers)) or "embedding"


def parts_of_layer(layer: LayerRecord) -> tuple[HeadRecord | NeuronGroupRecord, ...]:
    """The heads and groups of neurons of a layer."""
    return (*layer.heads, *layer.neurons)


def brief(number: float) -> str:
    """A number in at most five characters; nothing for zero."""
    if number == 0:
        return ""
    text = f"{number:.3g}"
    return text.replace("-", MINUS) if len(text) <= 5 else f"{number:.0e}".replace("-", MINUS)
