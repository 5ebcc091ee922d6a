"""A trace: the values that a model computes on one input, read from its residual stream, beside the interpreter's.

The text, the page and the figures show a trace.  The residual stream and attention patterns count positions as the
model does: BOS is position 0.  Values of s-ops are by token, without BOS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ...compiler.artifact.manifest import HeadRecord, Manifest
from ...compiler.blocks.times import Time
from ...compiler.graph.graph import Indices, Node, Selector, SOp, Tokens
from ...compiler.graph.result_types import Kinds, infer, present
from ...compiler.graph.values import Scalar, Undefined, Value
from ...compiler.graph.walk import reachable
from ...compiler.interpret.interpreter import Selection, evaluate
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, did_you_mean
from .model_parts import folded_parts, part_names
from .model_program import ModelProgram, program_of_model
from .readings import DecodedValue, Decoder, Decoders, meanings

if TYPE_CHECKING:
    from ...runner.model import Model

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Stage:
    """A half layer: the residual stream after the embedding, or after a layer's attention or MLP."""

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

    model: the value read from the residual stream; several if the model holds only as much of it as its readers need;
    empty if it holds nothing.  interpreter: the value that the program means.  error: the distance of the numbers read
    from those of the value.  tolerated: the distance at which another value would be as near.
    """

    model: tuple[Scalar, ...]
    interpreter: Value
    error: float
    tolerated: float

    @property
    def agrees(self) -> bool | None:
        """Whether both values are equal; None if the model holds none or the interpreter's is undefined."""
        if not self.model or isinstance(self.interpreter, Undefined):
            return None
        first = self.model[0]
        if isinstance(first, float) and not isinstance(self.interpreter, str):
            return abs(first - float(self.interpreter)) <= self.tolerated + 1e-6 * abs(first)
        return self.interpreter in self.model


@dataclass(frozen=True)
class SOpTrace:
    """An s-op of the program on this input.

    encoding: `number`, `one-hot`, `code`, `part` or `constant`, as in `readings.Decoder`.

    node: its id in the manifest.  stage: the half layer after which the residual stream holds its value, in
    `directions`; None, and no directions, if the model never holds it.  folded: the parts that compute with it instead,
    such as `layer 1 head 0`.
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
    """One output: the model's answer by position, and the interpreter's.

    right: whether the answer at each position is right, as `raspc verify` judges it; true where it is undefined.
    error: the bound on a number's error that the model promises; 0 where answers are exact.
    """

    name: str
    node: int
    model: tuple[Scalar, ...]
    interpreter: tuple[Value, ...]
    right: tuple[bool, ...]
    error: float

    @property
    def agrees(self) -> bool:
        """Whether the answers at all defined positions are right."""
        return all(self.right)


@dataclass(frozen=True)
class Trace:
    """The values of a model on one input.

    residual: [stage, position, direction].  patterns: for each layer [head, query, key], None if it has no heads.
    selections: by (layer, head), the interpreter's selector [query][key], without BOS.  meanings: the meaning of each
    direction in its subspace, one-hot directions left out.
    """

    program: ModelProgram
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
        return self.program.manifest

    @property
    def agrees(self) -> bool:
        """Whether all values that can be compared are equal."""
        return all(sop.agrees is not False for sop in self.sops) and all(output.agrees for output in self.outputs)

    def heads(self) -> Iterator[tuple[int, HeadRecord]]:
        """Every head that computes something, with its layer."""
        for number, layer in enumerate(self.manifest.layers):
            for head in layer.heads:
                yield number, head

    def weights(self, layer: int, head: HeadRecord) -> Floats:
        """The attention pattern of a head for people: [query, key], without the row of BOS.

        In a head that counts, BOS takes all but about 10^-14 of the weight.  There the column of BOS is left out, and
        the others are divided by the weight of one selected key: a selected key weighs 1, and a row adds up to the
        count.  Otherwise these are the weights of the model, and key 0 is BOS.
        """
        pattern = self.patterns[layer]
        assert pattern is not None
        rows: Floats = pattern[head.index, 1:, :]
        if not self.rescaled(head):
            return rows
        shares: Floats = (rows[:, 1:].astype(np.float64) / rows[:, :1] * head.scale).astype(np.float32)
        return shares

    def rescaled(self, head: HeadRecord) -> bool:
        """Whether `weights` are rescaled: the head counts."""
        return head.level == "count"

    def label(self, direction: int) -> str:
        """The label of a direction, with its meaning."""
        label = self.manifest.directions[direction].label
        interpreter = self.meanings.get(direction, "value")
        return label if interpreter == "value" else f"{label}: {interpreter}"

    def exists(self, stage: Stage) -> bool:
        """Whether the layer has that part, so that the stage can differ from the one before it."""
        if stage.layer is None:
            return True
        layer = self.manifest.layers[stage.layer]
        return (layer.n_heads if stage.part == "attention" else layer.d_mlp) > 0


def trace(
    model: Model, tokens: Sequence[Scalar], *, entries: Sequence[str] = (), program: ModelProgram | None = None
) -> Trace:
    """Run the model on one input, and read every s-op's value back out of its residual stream.

    `entries` names outputs; only what they depend on is traced then.  `program` is that of an earlier trace of the same
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
    program = program_of_model(model.manifest) if program is None else program
    record = {name: value[0].double().cpu().numpy() for name, value in model.activations(ids, lengths).items()}
    stages = _stages(model.manifest)
    residual = np.stack([record[_hook(stage)] for stage in stages]).astype(np.float32)
    patterns = [record.get(f"blocks.{index}.attn.hook_pattern") for index in range(len(model.manifest.layers))]
    interpreter = _InterpreterValues(program, given)
    shown = entries or model.outputs
    return Trace(
        program,
        given,
        stages,
        residual,
        tuple(None if pattern is None else pattern.astype(np.float32) for pattern in patterns),
        interpreter.selections(),
        tuple(_sops(program, interpreter, stages, residual, shown)),
        tuple(_outputs(program, interpreter, answers, shown)),
        dict(meanings(program)),
    )


def _require(entries: Sequence[str], outputs: Sequence[str]) -> None:
    for name in entries:
        if name not in outputs:
            hint = did_you_mean(name, outputs, f"the model's outputs are: {', '.join(outputs)}")
            raise RaspError(Diagnostic("unknown-entry", f"the model has no output `{name}`", None, hint))


def _stages(manifest: Manifest) -> tuple[Stage, ...]:
    stages = [Stage(0, None, "embedding")]
    for layer in range(len(manifest.layers)):
        stages += [
            Stage(Time.attention(layer).written, layer, "attention"),
            Stage(Time.mlp(layer).written, layer, "MLP"),
        ]
    return tuple(stages)


def _hook(stage: Stage) -> str:
    if stage.layer is None:
        return "blocks.0.hook_resid_pre"
    return f"blocks.{stage.layer}.hook_resid_{'mid' if stage.part == 'attention' else 'post'}"


class _InterpreterValues:
    """The interpreter's values on one input: of the program as written where possible, else of the recorded nodes."""

    def __init__(self, program: ModelProgram, tokens: Sequence[Scalar]) -> None:
        self._program = program
        manifest = program.manifest
        self._originals: dict[Node, list[Node]] = {}
        for original, image in program.images.items():
            self._originals.setdefault(image, []).append(original)
        roots = [node for _, node in program.written.outputs]
        causal, vocabulary = manifest.causal, manifest.vocabulary
        self._of_written = evaluate(roots, tokens, causal=causal, vocabulary=vocabulary)
        self._of_recorded = evaluate(list(program.nodes.values()), tokens, causal=causal, vocabulary=vocabulary)
        self._kinds = {**infer(self._of_recorded, vocabulary), **infer(roots, vocabulary)}

    def names(self, node: Node) -> list[str]:
        """The names that the program gives the node."""
        if not self._program.images:
            names = [self._program.recorded.graph.name(node)]
        else:
            names = [self._program.written.graph.name(original) for original in self._originals.get(node, ())]
        return list(dict.fromkeys(name for name in names if name is not None))

    def kinds(self, node: SOp) -> Kinds:
        original = self._original(node)
        return self._kinds[original] if isinstance(original, SOp) else self._kinds[node]

    def values(self, node: SOp) -> list[Value]:
        """The node's value at each position."""
        kinds = self.kinds(node)
        return [value if isinstance(value, Undefined) else present(value, kinds) for value in _flat(self._of(node))]

    def selections(self) -> dict[tuple[int, int], Selection]:
        """The selection of each head that states its selector, by (layer, head)."""
        found: dict[tuple[int, int], Selection] = {}
        for number, layer in enumerate(self._program.manifest.layers):
            for head in layer.heads:
                node = self._program.node(head.node)
                if isinstance(node, Selector):
                    found[number, head.index] = _rows(self._of(node))
        return found

    def _of(self, node: Node) -> list[Value] | Selection:
        original = self._original(node)
        return self._of_recorded[node] if original is None else self._of_written[original]

    def _original(self, node: Node) -> Node | None:
        """A node of the program as written that became this one; one with its name, if there is one."""
        originals = [one for one in self._originals.get(node, ()) if one in self._of_written]
        name = self._program.recorded.graph.name(node)
        named = [one for one in originals if self._program.written.graph.name(one) == name]
        return next(iter([*named, *originals]), None)


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
    program: ModelProgram,
    interpreter: _InterpreterValues,
    stages: Sequence[Stage],
    residual: Floats,
    entries: Sequence[str],
) -> Iterator[SOpTrace]:
    roots = [node for name, node in program.recorded.outputs if name in entries]
    owners = program.owners
    decoders = Decoders(program)
    names_of_parts = dict(part_names(program))
    readers = {node: [names_of_parts[key] for key in keys] for node, keys in folded_parts(program).items()}
    found: list[SOpTrace] = []
    for node in reachable(roots):
        names = interpreter.names(node)
        if not isinstance(node, SOp) or not (node in owners or node in roots or names):
            continue
        decoder = decoders.of(node)
        cells = tuple(_cells(interpreter, node, decoder, residual))
        held = decoder is not None and decoder.encoding != "constant"
        whole = held and decoder is not None and decoder.encoding != "part"
        found.append(
            SOpTrace(
                program.id(node),
                " = ".join(names) if names else program.text(node),
                program.text(node, expand=True),
                _line(program, node),
                stages[decoder.stage] if decoder is not None and held else None,
                None if decoder is None else decoder.encoding,
                () if decoder is None else decoder.directions,
                () if whole else tuple(readers.get(node, ())),
                cells,
            )
        )
    # In the order of stages; values that the model never holds come last.
    inputs = {
        program.id(node): not isinstance(node, Tokens)
        for node in reachable(roots)
        if isinstance(node, (Tokens, Indices))
    }

    def order(sop: SOpTrace) -> tuple[bool, int, int, int]:
        return sop.stage is None, 0 if sop.stage is None else sop.stage.index, inputs.get(sop.node, 2), sop.node

    found.sort(key=order)
    yield from found


def _line(program: ModelProgram, node: Node) -> int | None:
    return node.span.line if node.span.source in program.written.sources[:1] else None


def _cells(interpreter: _InterpreterValues, node: SOp, decoder: Decoder | None, residual: Floats) -> Iterator[Cell]:
    expected = interpreter.values(node)
    found: list[DecodedValue | None] = [None] * len(expected)
    if decoder is not None:
        stream = residual[decoder.stage, 1:]
        found = list(decoder.decode(decoder.numbers(stream)))
    kinds = interpreter.kinds(node)
    for value, right in zip(found, expected, strict=True):
        if value is None:
            yield Cell((), right, 0.0, 0.0)
        else:
            yield Cell(tuple(present(one, kinds) for one in value.values), right, value.error, value.tolerated)


def _outputs(
    program: ModelProgram,
    interpreter: _InterpreterValues,
    answers: Mapping[str, Sequence[Scalar]],
    entries: Sequence[str],
) -> Iterator[OutputTrace]:
    from ...runner.verify.verify import equal, output_error

    nodes = dict(program.recorded.outputs)
    for output in program.manifest.outputs:
        if output.name in entries:
            node = nodes[output.name]
            assert not isinstance(node, Selector)
            values = tuple(interpreter.values(node))
            model = tuple(answers[output.name])
            right = tuple(
                isinstance(value, Undefined) or equal(output, got, value)
                for got, value in zip(model, values, strict=True)
            )
            yield OutputTrace(output.name, output.node, model, values, right, output_error(output))
