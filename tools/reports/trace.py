"""A trace: one input's way through a compiled model, beside what its program means at every step.

Made once by `trace`; the text view, the page and the figures all read it.  Positions count as in the model: BOS is
position 0 of the residual stream and of attention patterns; values of s-ops are by token, BOS left out.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ...compiler.artifact.manifest import HeadRecord, Manifest, NeuronGroupRecord
from ...compiler.graph.graph import Attended, Indices, Node, Selector, SOp, Tokens
from ...compiler.graph.result_types import Kinds, infer, present
from ...compiler.graph.values import Scalar, Undefined, Value
from ...compiler.graph.walk import inputs_of, reachable, visited
from ...compiler.interpret.interpreter import Selection, evaluate
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, did_you_mean
from .readings import Found, Readout, Readouts, meanings
from .recompiled import Origin, origin_of

if TYPE_CHECKING:
    from ...runner.model import Model

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Stage:
    """A moment of the residual stream: after the embedding, or after a layer's attention or MLP."""

    index: int
    layer: int | None
    part: Literal["embedding", "attention", "MLP"]

    @property
    def name(self) -> str:
        """`embedding`, `layer 0 attention`."""
        return self.part if self.layer is None else f"layer {self.layer} {self.part}"

    @property
    def short(self) -> str:
        """`embed`, `0 attn`, `0 mlp`."""
        return "embed" if self.layer is None else f"{self.layer} {'attn' if self.part == 'attention' else 'mlp'}"


@dataclass(frozen=True)
class Cell:
    """An s-op's value at one position.

    model: the value read from the residual stream; several where the model holds only so much of it as its readers
    need; empty where it holds nothing.  interpreter: the value that the program means.
    error: how far the numbers read were from those of the value; tolerated: where another value would be as near.
    """

    model: tuple[Scalar, ...]
    interpreter: Value
    error: float
    tolerated: float

    @property
    def agrees(self) -> bool | None:
        """Whether model and interpreter say the same; None where one of them says nothing."""
        if not self.model or isinstance(self.interpreter, Undefined):
            return None
        first = self.model[0]
        if isinstance(first, float) and not isinstance(self.interpreter, str):
            return abs(first - float(self.interpreter)) <= self.tolerated + 1e-6 * abs(first)
        return self.interpreter in self.model


@dataclass(frozen=True)
class SOpTrace:
    """An s-op of the program on this input.

    encoding: `number`, `one-hot`, `code`, `part` or `constant`, as `readings.Readout` has them.

    node: its id in the manifest's numbering.  stage: where its value is complete in the residual stream, and
    `directions` those that hold it; None and empty where the model never holds it.  folded: what computes with it
    instead, such as `layer 1 head 0`.
    """

    node: int
    name: str
    text: str
    line: int | None
    stage: Stage | None
    encoding: str | None
    directions: tuple[int, ...]
    folded: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def agrees(self) -> bool | None:
        """False where some position differs; None where none can be compared."""
        compared = [cell.agrees for cell in self.cells if cell.agrees is not None]
        return all(compared) if compared else None


@dataclass(frozen=True)
class OutputTrace:
    """One output: the model's answer by position, and the interpreter's."""

    name: str
    node: int
    model: tuple[Scalar, ...]
    interpreter: tuple[Value, ...]

    @property
    def agrees(self) -> bool:
        """Whether all defined positions are equal."""
        pairs = zip(self.model, self.interpreter, strict=True)
        return all(isinstance(right, Undefined) or got == right for got, right in pairs)


@dataclass(frozen=True)
class Trace:
    """One input's way through a model.

    residual: [stage, position, direction].  patterns: for each layer [head, query, key], None where it has no heads.
    selections: by (layer, head), the interpreter's selector [query][key], without BOS.  meanings: what a direction
    that holds no single value is in its subspace.
    """

    origin: Origin
    tokens: tuple[Scalar, ...]
    stages: tuple[Stage, ...]
    residual: Floats
    patterns: tuple[Floats | None, ...]
    selections: Mapping[tuple[int, int], Selection]
    sops: tuple[SOpTrace, ...]
    outputs: tuple[OutputTrace, ...]
    meanings: Mapping[int, str]

    @property
    def manifest(self) -> Manifest:
        return self.origin.manifest

    @property
    def agrees(self) -> bool:
        """No value that can be compared differs."""
        return all(sop.agrees is not False for sop in self.sops) and all(output.agrees for output in self.outputs)

    def heads(self) -> Iterator[tuple[int, HeadRecord]]:
        """Every head that computes something, with its layer."""
        for number, layer in enumerate(self.manifest.layers):
            for head in layer.heads:
                yield number, head

    def weights(self, layer: int, head: HeadRecord) -> Floats:
        """A head's pattern as people read it [query, key], without the row of BOS.

        For counts, BOS takes all but some 10^-14 of the weight; there the column of BOS is left out too, and the
        others are divided by the weight of one selected key, so that selected keys weigh 1 and a row adds up to the
        count.  Otherwise these are the model's numbers, key 0 being BOS.
        """
        pattern = self.patterns[layer]
        assert pattern is not None
        rows: Floats = pattern[head.index, 1:, :]
        if not self.rescaled(head):
            return rows
        scale = self.origin.head(layer, head.index).scale
        shares: Floats = (rows[:, 1:].astype(np.float64) / rows[:, :1] * scale).astype(np.float32)
        return shares

    def rescaled(self, head: HeadRecord) -> bool:
        """Whether `weights` are not the model's own numbers."""
        return head.level == "count"

    def label(self, direction: int) -> str:
        """What a direction stands for."""
        label = self.manifest.directions[direction].label
        meaning = self.meanings.get(direction, "value")
        return label if meaning == "value" else f"{label}: {meaning}"

    def exists(self, stage: Stage) -> bool:
        """Whether the layer has that part, so that the stage differs from the one before it."""
        if stage.layer is None:
            return True
        layer = self.manifest.layers[stage.layer]
        return (layer.n_heads if stage.part == "attention" else layer.d_mlp) > 0


def trace(
    model: Model, tokens: Sequence[Scalar], *, entries: Sequence[str] = (), origin: Origin | None = None
) -> Trace:
    """Run the model on one input, and read every s-op's value back out of its residual stream.

    `entries` names outputs; only what they depend on is traced then.  `origin` is that of an earlier trace of the same
    model, which spares the work of compiling its program again.  Raises RaspError for tokens outside the
    vocabulary, an input without tokens or longer than `max_length`, an unknown entry, and for a model that this
    version of the compiler would build differently.
    """
    if len(tokens) == 0:
        raise RaspError(Diagnostic("no-tokens", "an input without tokens has nothing to trace", None, "give a token"))
    ids, lengths = model.encode([tokens])
    given = tuple(model.vocabulary[index] for index in ids[0, 1:].tolist())
    _require(entries, model.outputs)
    (answers,) = model.run_outputs([given])
    origin = origin_of(model.manifest) if origin is None else origin
    record = {name: value[0].double().cpu().numpy() for name, value in model.activations(ids, lengths).items()}
    stages = _stages(model.manifest)
    residual = np.stack([record[_hook(stage)] for stage in stages]).astype(np.float32)
    patterns = [record.get(f"blocks.{index}.attn.hook_pattern") for index in range(len(model.manifest.layers))]
    meaning = _Meaning(origin, given)
    shown = entries or model.outputs
    return Trace(
        origin,
        given,
        stages,
        residual,
        tuple(None if pattern is None else pattern.astype(np.float32) for pattern in patterns),
        meaning.selections(),
        tuple(_sops(origin, meaning, stages, residual, shown)),
        tuple(_outputs(origin, meaning, answers, shown)),
        dict(meanings(origin)),
    )


def _require(entries: Sequence[str], outputs: Sequence[str]) -> None:
    for name in entries:
        if name not in outputs:
            hint = did_you_mean(name, outputs, f"the model's outputs are: {', '.join(outputs)}")
            raise RaspError(Diagnostic("unknown-entry", f"the model has no output `{name}`", None, hint))


def _stages(manifest: Manifest) -> tuple[Stage, ...]:
    stages = [Stage(0, None, "embedding")]
    for layer in range(len(manifest.layers)):
        stages += [Stage(2 * layer + 1, layer, "attention"), Stage(2 * layer + 2, layer, "MLP")]
    return tuple(stages)


def _hook(stage: Stage) -> str:
    if stage.layer is None:
        return "blocks.0.hook_resid_pre"
    return f"blocks.{stage.layer}.hook_resid_{'mid' if stage.part == 'attention' else 'post'}"


class _Meaning:
    """What the interpreter says: of the program's own nodes where there are such, else of those simplification made."""

    def __init__(self, origin: Origin, tokens: Sequence[Scalar]) -> None:
        self.origin = origin
        space = origin.stages.space
        self._sources: dict[Node, list[Node]] = {}
        for old, new in origin.stages.images.items():
            self._sources.setdefault(new, []).append(old)
        roots = [node for _, node in origin.program.outputs]
        made: list[Node] = [node for _, node in origin.simplified.outputs]
        made += self._heads()
        self._written = evaluate(roots, tokens, causal=space.causal, vocabulary=space.vocabulary)
        self._made = evaluate(
            [*made, *(d.node for d in origin.places)], tokens, causal=space.causal, vocabulary=space.vocabulary
        )
        self._kinds = {**infer(self._made, space.vocabulary), **infer(roots, space.vocabulary)}

    def _heads(self) -> Iterator[Node]:
        for layer in self.origin.stages.plan.layers:
            for placed in layer.heads:
                yield placed.head.selector

    def names(self, node: Node) -> list[str]:
        """What the program calls it."""
        graph = self.origin.program.graph
        names = [graph.name(old) for old in self._sources.get(node, ())]
        return list(dict.fromkeys(name for name in names if name is not None))

    def kinds(self, node: SOp) -> Kinds:
        written = self._source(node)
        return self._kinds[written] if isinstance(written, SOp) else self._kinds[node]

    def values(self, node: SOp) -> list[Value]:
        written = self._source(node)
        values = self._made[node] if written is None else self._written[written]
        kinds = self.kinds(node)
        return [value if isinstance(value, Undefined) else present(value, kinds) for value in _flat(values)]

    def selections(self) -> dict[tuple[int, int], Selection]:
        found: dict[tuple[int, int], Selection] = {}
        for number, layer in enumerate(self.origin.stages.plan.layers):
            for index, placed in enumerate(layer.heads):
                node = placed.head.selector
                written = self._source(node)
                found[number, index] = _rows(self._made[node] if written is None else self._written[written])
        return found

    def _source(self, node: Node) -> Node | None:
        """The node of the program as it was written that became this one, the one with its name first."""
        sources = [old for old in self._sources.get(node, ()) if old in self._written]
        name = self.origin.simplified.graph.name(node)
        named = [old for old in sources if self.origin.program.graph.name(old) == name]
        return next(iter([*named, *sources]), None)


def _flat(values: list[Value] | Selection) -> Iterator[Value]:
    for value in values:
        assert not isinstance(value, list)
        yield value


def _rows(selection: list[Value] | Selection) -> Selection:
    rows: Selection = []
    for row in selection:
        assert isinstance(row, list)
        rows.append(row)
    return rows


def _sops(
    origin: Origin, meaning: _Meaning, stages: Sequence[Stage], residual: Floats, entries: Sequence[str]
) -> Iterator[SOpTrace]:
    roots = [node for name, node in origin.simplified.outputs if name in entries]
    owners = {direction.node for direction in origin.places}
    readouts = Readouts(origin)
    names_of_parts = dict(_part_names(origin))
    readers = {node: [names_of_parts[key] for key in keys] for node, keys in folded_parts(origin).items()}
    found: list[SOpTrace] = []
    for node in reachable(roots):
        names = meaning.names(node)
        if not isinstance(node, SOp) or not (node in owners or node in roots or names):
            continue
        readout = readouts.of(node)
        cells = tuple(_cells(meaning, node, readout, readouts, residual))
        held = readout is not None and readout.kind != "constant"
        whole = held and readout is not None and readout.kind != "part"
        found.append(
            SOpTrace(
                node.id,
                " = ".join(names) if names else origin.text(node),
                origin.text(node, expand=True),
                _line(origin, node),
                stages[readout.stage] if readout is not None and held else None,
                None if readout is None else readout.kind,
                () if readout is None else readout.directions,
                () if whole else tuple(readers.get(node, ())),
                cells,
            )
        )
    # In the order in which the model has them; what it never has comes last.
    inputs = {node.id: not isinstance(node, Tokens) for node in reachable(roots) if isinstance(node, (Tokens, Indices))}

    def order(sop: SOpTrace) -> tuple[bool, int, int, int]:
        return sop.stage is None, 0 if sop.stage is None else sop.stage.index, inputs.get(sop.node, 2), sop.node

    found.sort(key=order)
    yield from found


def _line(origin: Origin, node: Node) -> int | None:
    return node.span.line if node.span.source in origin.program.sources[:1] else None


def _cells(
    meaning: _Meaning, node: SOp, readout: Readout | None, readouts: Readouts, residual: Floats
) -> Iterator[Cell]:
    wanted = meaning.values(node)
    found: list[Found | None] = [None] * len(wanted)
    if readout is not None:
        stream = residual[readout.stage, 1:]
        found = list(readout.read(readouts.numbers(readout, stream)))
    kinds = meaning.kinds(node)
    for value, right in zip(found, wanted, strict=True):
        if value is None:
            yield Cell((), right, 0.0, 0.0)
        else:
            yield Cell(tuple(present(one, kinds) for one in value.values), right, value.error, value.tolerated)


def folded_parts(origin: Origin) -> dict[Node, list[str]]:
    """For each node: the keys of the parts that compute with it on the way from what they read to what they write."""
    owners = {direction.node for direction in origin.places}
    found: dict[Node, list[str]] = {}
    for key, roots in parts_of(origin):
        if key.startswith("o") and roots[0] in owners:
            continue  # it is read as it stands
        for node in _computed_with(roots, owners, key.startswith("h")):
            found.setdefault(node, []).append(key)
    return found


def _computed_with(roots: Sequence[Node], owners: Container[Node], is_head: bool) -> list[Node]:
    """The nodes that one part computes on its way to the roots.  A node that owns directions is read, not computed."""

    def inputs(node: Node) -> list[Node]:
        if isinstance(node, Attended) and not (is_head and node in roots):
            return []
        return [child for child in inputs_of(node) if child in roots or child not in owners]

    return visited(roots, inputs)


def parts_of(origin: Origin) -> Iterator[tuple[str, list[Node]]]:
    """Every head (`h0.1`: layer, index), group of neurons (`g0.0`) and output (`o0`), with the nodes it computes."""
    for number, layer in enumerate(origin.manifest.layers):
        for head in layer.heads:
            yield f"h{number}.{head.index}", _computed(origin, head)
        for place, group in enumerate(layer.neurons):
            yield f"g{number}.{place}", _computed(origin, group)
    for place, output in enumerate(origin.manifest.outputs):
        yield f"o{place}", [node for node in [origin.node(output.node)] if node is not None]


def _computed(origin: Origin, part: HeadRecord | NeuronGroupRecord) -> list[Node]:
    written = [origin.manifest.directions[place].node for place in part.writes]
    nodes = [origin.node(identity) for identity in dict.fromkeys([part.node, *written])]
    return [node for node in nodes if node is not None]


def _part_names(origin: Origin) -> Iterator[tuple[str, str]]:
    """The parts' keys and what people call them."""
    for number, layer in enumerate(origin.manifest.layers):
        for head in layer.heads:
            yield f"h{number}.{head.index}", f"layer {number} head {head.index}"
        for place, group in enumerate(layer.neurons):
            last = group.first + group.count - 1
            numbers = f"neuron {last}" if group.count == 1 else f"neurons {group.first}-{last}"
            yield f"g{number}.{place}", f"layer {number} {numbers}"
    for place, output in enumerate(origin.manifest.outputs):
        yield f"o{place}", "output" if output.name == "output" else f"output {output.name}"


def _outputs(
    origin: Origin, meaning: _Meaning, answers: Mapping[str, Sequence[Scalar]], entries: Sequence[str]
) -> Iterator[OutputTrace]:
    nodes = dict(origin.simplified.outputs)
    for output in origin.manifest.outputs:
        if output.name in entries:
            node = nodes[output.name]
            assert not isinstance(node, Selector)
            values = tuple(meaning.values(node))
            yield OutputTrace(output.name, node.id, tuple(answers[output.name]), values)
