"""The manifest of a scheduled program: a record of every node, direction, reading, head, neuron group and output."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence

from ...version import __version__
from ..blocks.blocks import (
    ClassDecode,
    NumberDecode,
    OutputBlock,
    ValueReading,
    key_forms,
    logits_of,
    query_forms,
    used_neurons,
)
from ..blocks.forms import Direction, LinearForm, to_float
from ..blocks.layers import BlockLayer, PlacedHead, extra_layers
from ..graph.graph import Node, SOp
from ..graph.print_graph import describe
from ..graph.result_types import infer
from ..graph.values import Scalar
from ..graph.walk import reachable
from ..options import CompileOptions
from ..stages import Stages
from . import manifest as records
from .graph_records import computation_of, graph_hash, written_nodes

#: (heads, d_head, d_mlp) of a layer in the weights.
LayerShape = tuple[int, int, int]


def manifest_of(stages: Stages, options: CompileOptions, shapes: Sequence[LayerShape]) -> records.Manifest:
    """The manifest of a scheduled program.  `shapes`: those of the layers in the weights, padding included."""
    return _Recorder(stages).manifest(options, shapes)


class _Recorder:
    """Makes the records of one program."""

    def __init__(self, stages: Stages) -> None:
        self.stages = stages
        self.folder = os.path.dirname(stages.program.sources[0].name)
        self.places = {direction: index + 1 for index, direction in enumerate(stages.plan.directions)}

    def manifest(self, options: CompileOptions, shapes: Sequence[LayerShape]) -> records.Manifest:
        """The whole manifest, without the weights file's hash."""
        space, plan = self.stages.space, self.stages.plan
        readings = [reading for reading in plan.blocks.readings if self._is_held(reading)]
        return records.Manifest(
            compiler=records.CompilerRecord(__version__, options.as_json()),
            program=self._program(),
            vocabulary=space.vocabulary,
            bos=len(space.vocabulary),
            max_length=space.max_length,
            n_ctx=space.max_length + 1,
            causal=space.causal,
            uniform=options.uniform,
            d_model=len(self.places) + 1,
            nodes=tuple(self._nodes(readings)),
            directions=tuple(self._directions()),
            readings=tuple(map(self._reading, readings)),
            layers=tuple(self._layer(layer, shape) for layer, shape in zip(plan.layers, shapes, strict=True)),
            outputs=tuple(self._outputs()),
            attention_depth=min(plan.blocks.attention_depth, sum(bool(layer.heads) for layer in plan.layers)),
            notes=tuple(extra_layers(plan, self._text)),
        )

    def _text(self, node: Node) -> str:
        return describe(self.stages.simplified.graph, node)

    def _file(self, name: str) -> str:
        """A source file's name relative to the main file's folder, so that it does not depend on the caller's place."""
        return os.path.relpath(name, self.folder) if self.folder else name

    def _program(self) -> records.ProgramRecord:
        program = self.stages.program
        files = [records.SourceText(self._file(source.name), source.text) for source in program.sources]
        return records.ProgramRecord.of(files, program.entries, graph_hash(program))

    # ---- the program graph --------------------------------------------------------------------

    def _nodes(self, readings: Sequence[ValueReading]) -> Iterable[records.NodeRecord]:
        """Every node that an output depends on or that a record names, with all inputs, by ascending id."""
        plan, simplified = self.stages.plan, self.stages.simplified
        named: list[Node] = [node for _, node in simplified.outputs]
        named += [direction.node for direction in plan.directions]
        named += [reading.node for reading in readings]
        named += [placed.head.selector for layer in plan.layers for placed in layer.heads]
        named += [group.node for layer in plan.layers for group in layer.groups]
        named += [output.node for output in plan.blocks.outputs]
        listed = {reading.node for reading in readings if self._numbers(reading) is not None}
        written: dict[Node, list[int]] = {}
        for place, node in enumerate(written_nodes(self.stages.program)):
            image = self.stages.images.get(node)
            if image is not None:
                written.setdefault(image, []).append(place)
        files = {self._file(source.name) for source in self.stages.program.sources}
        for node in reachable(named):
            yield self._node(node, files, listed, written.get(node, []))

    def _node(self, node: Node, files: set[str], listed: set[SOp], written: Sequence[int]) -> records.NodeRecord:
        span, file = node.span, self._file(node.span.source.name)
        there = file in files
        values = self.stages.analysis.domain(node).values if isinstance(node, SOp) and node in listed else None
        return records.NodeRecord(
            id=node.id,
            name=self.stages.simplified.graph.name(node),
            text=self._text(node),
            file=file if there else None,
            start=span.start if there else None,
            end=span.end if there else None,
            line=span.line if there else None,
            column=span.column if there else None,
            computes=computation_of(node),
            values=values,
            written=tuple(written),
        )

    # ---- the residual stream ------------------------------------------------------------------

    def _is_held(self, reading: ValueReading) -> bool:
        """The model has every direction of the reading, and JSON every number of it."""
        held = all(direction in self.places for direction, _ in reading.form.terms)
        return held and all(number is None or abs(number) < records.LARGEST_NUMBER for number in reading.numbers or ())

    def _directions(self) -> Iterable[records.DirectionRecord]:
        yield records.DirectionRecord(0, "bos", None, "bos", None, "beginning of sequence", 0, 0.0)
        for direction, place in self.places.items():
            yield records.DirectionRecord(
                index=place,
                subspace=self._text(direction.node),
                node=direction.node.id,
                kind=direction.kind,
                value=direction.value,
                label=direction.label,
                stage=direction.time,
                error=direction.error,
            )

    def _numbers(self, reading: ValueReading) -> tuple[float | None, ...] | None:
        """The reading's number for each value of its node; None where it is the value itself."""
        if reading.numbers is None:
            return None
        values = self.stages.analysis.domain(reading.node).values
        assert values is not None
        pairs = zip(reading.numbers, values, strict=True)
        same = all(number is not None and _is(value, number) for number, value in pairs)
        return None if same else reading.numbers

    def _reading(self, reading: ValueReading) -> records.ReadingRecord:
        numbers, form = self._numbers(reading), reading.form
        runs = [(number, len(list(run))) for number, run in itertools.groupby(numbers or ())]
        return records.ReadingRecord(
            node=reading.node.id,
            numbers=None if numbers is None else tuple(number for number, _ in runs),
            runs=tuple(length for _, length in runs),
            directions=tuple(self.places[direction] for direction, _ in form.terms),
            coefficients=tuple(coefficient for _, coefficient in form.terms),
            constant=form.constant,
            error=form.error,
            reach=form.reach,
        )

    def _indices(self, forms: Iterable[LinearForm]) -> tuple[int, ...]:
        """The coordinates that forms read."""
        return tuple(sorted({self.places[d] for form in forms for d, _ in form.terms if d in self.places}))

    # ---- layers -------------------------------------------------------------------------------

    def _layer(self, layer: BlockLayer, shape: LayerShape) -> records.LayerRecord:
        n_heads, d_head, d_mlp = shape
        heads = tuple(self._head(number, placed) for number, placed in enumerate(layer.heads))
        return records.LayerRecord(n_heads, d_head if n_heads else 0, heads, d_mlp, tuple(self._groups(layer)))

    def _head(self, number: int, placed: PlacedHead) -> records.HeadRecord:
        head = placed.head
        written = [payload.direction for payload in placed.payloads]
        return records.HeadRecord(
            index=number,
            label=f"{head.level} {_labels(written)}",
            node=head.selector.id,
            selector=head.label,
            score_kind=head.score_kind,
            sharpness=head.sharpness,
            level=head.level,
            scale=head.scale,
            query_reads=self._indices(query_forms(head)),
            key_reads=self._indices(key_forms(head)),
            value_reads=self._indices(payload.form for payload in placed.payloads),
            writes=tuple(sorted({self.places[direction] for direction in written})),
            error=head.score_error,
            margin=head.tolerated,
            why=head.why,
        )

    def _groups(self, layer: BlockLayer) -> Iterable[records.NeuronGroupRecord]:
        first = 0
        for group in layer.groups:
            count = len(used_neurons(group))
            if count == 0:
                continue
            written = [direction for direction, _ in group.outputs if direction in self.places]
            yield records.NeuronGroupRecord(
                first=first,
                count=count,
                label=_labels(written),
                node=group.node.id,
                reads=self._indices([group.input]),
                writes=tuple(sorted(self.places[direction] for direction in written)),
                error=group.input.error,
                margin=group.tolerated if group.tolerated != float("inf") else None,
            )
            first += count

    # ---- outputs ------------------------------------------------------------------------------

    def _outputs(self) -> Iterable[records.OutputRecord]:
        program = self.stages.program
        kinds = infer([node for _, node in program.outputs], self.stages.space.vocabulary)
        written = dict(program.outputs)
        first = 0
        for output in self.stages.plan.blocks.outputs:
            count = len(logits_of(output))
            yield records.OutputRecord(
                name=output.name,
                node=output.node.id,
                kinds=tuple(sorted(kinds[written[output.name]])),
                first=first,
                count=count,
                decode=_decode(output),
                may_be_undefined=output.may_be_undefined,
                error=output.error,
                margin=max(output.tolerated, 0.0),
            )
            first += count


def _labels(directions: Sequence[Direction]) -> str:
    return ", ".join(dict.fromkeys(direction.label for direction in directions[:4]))


def _is(value: Scalar, number: float) -> bool:
    return not isinstance(value, str) and number == to_float(value)


def _decode(output: OutputBlock) -> records.Decode:
    match output.decode:
        case ClassDecode(values=values):
            return records.ClassDecodeRecord(values)
        case NumberDecode(lowest=lowest, highest=highest, max_denominator=bound, values=values):
            return records.NumberDecodeRecord(bound, lowest, highest, output.error, values)
