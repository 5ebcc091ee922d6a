"""The manifest: the meaning of a compiled model's numbers, and everything needed to run and check the model.

One set of frozen dataclasses is the format: `to_json` and `from_json` follow them, and the published
`manifest.schema.json` is made from them (`python -m raspc.compiler.artifact.manifest` prints it; a test compares).
`from_json` refuses JSON of any other shape, and records that contradict each other.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from ..graph.values import Scalar
from .json_shapes import AtLeast, Pattern, Schema, StructureError, json_schema, shape_of

FORMAT: Final = "raspc"
FORMAT_VERSION: Final = 2
SCHEMA_ID = "urn:raspc:manifest:2"

#: Numbers of this size and more have no place in a manifest: few JSON readers hold them.
LARGEST_NUMBER = 1e300

Count = Annotated[int, AtLeast(0)]
Size = Annotated[int, AtLeast(1)]
Hash = Annotated[str, Pattern("[0-9a-f]{64}", "a SHA-256 in 64 hexadecimal digits")]
Bound = Annotated[float, AtLeast(0)]
Kind = Literal["bool", "number", "string"]
DirectionRecordKind = Literal["one-hot", "scalar", "feature", "bos"]
NodeKind = Literal[
    "tokens",
    "indices",
    "constant",
    "elementwise",
    "table",
    "aggregate",
    "selector_width",
    "selector_sum",
    "select",
    "and",
    "or",
    "not",
    "pick",
]


@dataclass(frozen=True)
class CompilerRecord:
    """The compiler that made the model."""

    version: Annotated[str, "Version of raspc."]
    options: Annotated[Mapping[str, bool | int | str], "The options that the program was compiled with."]


@dataclass(frozen=True)
class SourceText:
    """One file of the program."""

    name: Annotated[str, "The file's name, as diagnostics print it."]
    text: Annotated[str, "The whole text, so that the model can be checked against its program anywhere."]


@dataclass(frozen=True)
class ProgramRecord:
    """The RASP program that the model computes.  `ProgramRecord.of` makes one."""

    name: Annotated[str, "The main file's name."]
    sha256: Annotated[Hash, "SHA-256 of the JSON list of [name, text] pairs in `files`."]
    files: Annotated[tuple[SourceText, ...], "The main file first, then the files it loads."]
    entries: Annotated[tuple[str, ...], "The s-ops asked for by name; empty for the file's last expression."]
    graph_sha256: Annotated[
        Hash, "SHA-256 of the text of the program graph before simplification, whose nodes `written` counts."
    ]

    @staticmethod
    def of(files: Iterable[SourceText], entries: Iterable[str] = (), graph_sha256: str = "0" * 64) -> ProgramRecord:
        """The record of these files, the main file first."""
        texts = tuple(files)
        return ProgramRecord(texts[0].name, program_hash(texts), texts, tuple(entries), graph_sha256)


@dataclass(frozen=True)
class TableRowRecord:
    """One row of a finite function."""

    arguments: Annotated[tuple[Scalar, ...], "A value for each input."]
    value: Annotated[Scalar, "The function's value for them."]


@dataclass(frozen=True)
class ComputationRecord:
    """The operation of a node of the program graph."""

    kind: Annotated[NodeKind, "The kind of node; `select`, `and`, `or` and `not` are selectors, the others s-ops."]
    inputs: Annotated[tuple[Count, ...], "Ids of the nodes that it reads: selectors first, keys before queries."]
    function: Annotated[
        str | None,
        "elementwise: the scalar operation.  select: the comparison of key and query.  table: its name in messages."
        "  Else null.",
    ]
    value: Annotated[
        Scalar | None,
        "constant: its value.  aggregate: the default.  table: the value of arguments in no row.  Null when none.",
    ]
    rows: Annotated[tuple[TableRowRecord, ...], "table: the listed arguments and values.  Else empty."]


@dataclass(frozen=True)
class NodeRecord:
    """A node of the simplified program graph.  Inputs precede their readers."""

    id: Annotated[Count, "The number that references use."]
    name: Annotated[str | None, "The name that the program gave it."]
    text: Annotated[str, "RASP text of the expression."]
    file: Annotated[str | None, "The file it was written in; null when it stands in no file of the program."]
    start: Annotated[Count | None, "First character in the file, from 0."]
    end: Annotated[Count | None, "Character after the last."]
    line: Annotated[Size | None, "Line of the first character, from 1."]
    column: Annotated[Size | None, "Column of the first character, from 1."]
    computes: Annotated[ComputationRecord, "Its operation."]
    values: Annotated[
        tuple[Scalar, ...] | None, "The values it can take, where a reading lists a number for each; else null."
    ]
    written: Annotated[
        tuple[Count, ...],
        "The nodes of the program graph before simplification that became this one: places, from 0, among the nodes "
        "that the outputs depend on, in order of creation.",
    ]


@dataclass(frozen=True)
class DirectionRecord:
    """One basis vector of the residual stream."""

    index: Annotated[Count, "Which coordinate: its place in `directions`."]
    subspace: Annotated[str, "Name of the group of directions that encode one value together."]
    node: Annotated[Count | None, "The node whose value it encodes."]
    kind: Annotated[
        DirectionRecordKind,
        "one-hot: 1 where the node has `value`, else 0.  scalar: the node's value.  feature: a helper quantity."
        "  bos: 1 at the first position only.",
    ]
    value: Annotated[Scalar | None, "The value that a one-hot direction stands for."]
    label: Annotated[str, "Text for people."]
    stage: Annotated[
        Count, "The half layer that writes it.  0: the embedding.  2l + 1: the attention of layer l.  2l + 2: its MLP."
    ]
    error: Annotated[Bound, "Bound on its float32 error where its exact value is defined."]


@dataclass(frozen=True)
class ReadingRecord:
    """A number that the residual stream holds about a node's value: a sum over directions, plus a constant.

    It is the node's value itself, or a function of the value given by a number for each of the node's `values`."""

    node: Annotated[Count, "The node that it tells about."]
    numbers: Annotated[
        tuple[float | None, ...] | None,
        "The function's numbers, each for a run of adjacent `values` of the node; null within: any number.  Null: the "
        "node's value itself.",
    ]
    runs: Annotated[tuple[Size, ...], "How many adjacent values have each of `numbers`; empty where that is null."]
    directions: Annotated[tuple[Count, ...], "The directions that it sums."]
    coefficients: Annotated[tuple[float, ...], "The weight of each direction."]
    constant: Annotated[float, "Number added to the sum."]
    error: Annotated[Bound, "Bound on the error of the sum that comes from the directions."]
    reach: Annotated[Bound, "Bound on the sum of the absolute terms: rounding in the sum is relative to it."]

    def number_of_each_value(self) -> tuple[float | None, ...] | None:
        """The number for each of the node's `values`; None for the node's value itself."""
        if self.numbers is None:
            return None
        return tuple(number for number, length in zip(self.numbers, self.runs, strict=True) for _ in range(length))


@dataclass(frozen=True)
class HeadRecord:
    """One attention head."""

    index: Annotated[Count, "Which head of its layer."]
    label: Annotated[str, "What it computes, for people."]
    node: Annotated[Count | None, "The selector that its attention pattern implements."]
    selector: Annotated[str, "RASP text of that selector."]
    score_kind: Annotated[str, "How the selector became scores, e.g. `equality`."]
    sharpness: Annotated[float, "The score gap between a selected and an unselected key."]
    level: Annotated[
        Literal["count", "mean", "retrieve", "pick"],
        "count: the attention on BOS tells how many keys are selected.  mean: it averages the selected keys."
        "  retrieve: it reads the one selected key.  pick: of the selected keys it reads the first, the last or the"
        " nearest.",
    ]
    scale: Annotated[
        float, "Factor of what it writes.  count: the weight of BOS over that of one selected key.  Else 1."
    ]
    query_reads: Annotated[tuple[Count, ...], "Directions that its query reads."]
    key_reads: Annotated[tuple[Count, ...], "Directions that its key reads."]
    value_reads: Annotated[tuple[Count, ...], "Directions that its value reads."]
    writes: Annotated[tuple[Count, ...], "Directions that it adds to."]
    error: Annotated[Bound, "Bound on the error of a score, before sharpness."]
    margin: Annotated[Bound, "The score error at which a key would be wrongly selected."]
    why: Annotated[str, "Why the selector took this kind of score, for people."] = ""

    @property
    def reads(self) -> tuple[int, ...]:
        """The directions that its query, key or value reads, ascending."""
        return tuple(sorted({*self.query_reads, *self.key_reads, *self.value_reads}))


@dataclass(frozen=True)
class NeuronGroupRecord:
    """Adjacent MLP neurons that compute one thing together."""

    first: Annotated[Count, "The first neuron."]
    count: Annotated[Size, "How many neurons."]
    label: Annotated[str, "What they compute, for people."]
    node: Annotated[Count | None, "The node that they compute."]
    reads: Annotated[tuple[Count, ...], "Directions that they read."]
    writes: Annotated[tuple[Count, ...], "Directions that they add to."]
    error: Annotated[Bound, "Bound on the error of the number that they read."]
    margin: Annotated[
        Bound | None,
        "The error of it at which neighbouring values would be confused; null where they tell no values apart.",
    ]


@dataclass(frozen=True)
class LayerRecord:
    """One transformer layer: attention, then MLP, each added to the residual stream."""

    n_heads: Annotated[Count, "Heads in the weights; those beyond `heads` are padding.  0: no attention tensors."]
    d_head: Annotated[Count, "Columns of a head's query, key and value; 0 exactly when there are no heads."]
    heads: Annotated[tuple[HeadRecord, ...], "The heads that compute something."]
    d_mlp: Annotated[Count, "Neurons in the weights; those in no group are padding.  0: no MLP tensors."]
    neurons: Annotated[tuple[NeuronGroupRecord, ...], "The groups of neurons that compute something."]


@dataclass(frozen=True)
class ClassDecodeRecord:
    """The output is the value of the largest logit column."""

    values: Annotated[tuple[Scalar, ...], "The value that each logit column stands for."]
    kind: Literal["class"] = "class"


@dataclass(frozen=True)
class NumberDecodeRecord:
    """The output is the one logit, moved to the nearest of `values`, or, where they are not listed, to the nearest
    fraction with a small denominator."""

    max_denominator: Annotated[Size | None, "The largest denominator; null leaves the number as it is."]
    lowest: Annotated[Scalar, "The least value that the output can take."]
    highest: Annotated[Scalar, "The greatest value that the output can take."]
    error: Annotated[Bound, "Bound on the logit's error."]
    values: Annotated[
        tuple[Scalar, ...] | None, "Every value that the output can take, ascending; null when too many."
    ] = None
    kind: Literal["number"] = "number"


Decode = ClassDecodeRecord | NumberDecodeRecord


@dataclass(frozen=True)
class OutputRecord:
    """One output of the program: which logit columns hold it and how they are read."""

    name: Annotated[str, "The entry's name."]
    node: Annotated[Count, "The node that is the output."]
    kinds: Annotated[tuple[Kind, ...], "What the output's values print as."]
    first: Annotated[Count, "Its first logit column."]
    count: Annotated[Size, "How many columns it has."]
    decode: Decode
    may_be_undefined: Annotated[bool, "Some inputs have no value here; the model's answer for them means nothing."]
    error: Annotated[Bound, "Bound on the error of a logit."]
    margin: Annotated[Bound, "The error of a logit that changes no answer; 0 for a number that is left as it is."]


@dataclass(frozen=True)
class WeightsRecord:
    """The weights file that belongs to this manifest."""

    file: Annotated[str, "Its name when it was written; the pair may be renamed together."]
    sha256: Annotated[Hash, "SHA-256 of the whole file."]
    parameters: Annotated[Size, "How many numbers it holds."]
    tensors: Annotated[Mapping[str, tuple[Size, ...]], "Shape of every tensor."]


@dataclass(frozen=True)
class Manifest:
    """A model compiled by raspc from a RASP program.  The weights lie beside it, in a safetensors file."""

    compiler: CompilerRecord
    program: ProgramRecord
    vocabulary: Annotated[tuple[Scalar, ...], "The tokens, in the order of their ids."]
    bos: Annotated[Count, "The id of the beginning-of-sequence token: the one after the vocabulary's."]
    max_length: Annotated[Size, "Most tokens of an input, BOS not counted."]
    n_ctx: Annotated[Size, "Positions: `max_length` + 1, for BOS."]
    causal: Annotated[bool, "Whether a position sees only itself and earlier ones."]
    uniform: Annotated[bool, "Whether the layers were padded to one shape."]
    d_model: Annotated[Size, "Width of the residual stream."]
    nodes: Annotated[tuple[NodeRecord, ...], "The simplified program graph, inputs before their readers."]
    directions: Annotated[tuple[DirectionRecord, ...], "Every coordinate of the residual stream, in order."]
    readings: Annotated[tuple[ReadingRecord, ...], "How values are read back from the residual stream."]
    layers: tuple[LayerRecord, ...]
    outputs: tuple[OutputRecord, ...]
    attention_depth: Annotated[
        Count, "Aggregates and widths on the longest chain of the program; no model has fewer layers."
    ]
    notes: Annotated[tuple[str, ...], "Which expressions cost layers beyond the attention depth."] = ()
    weights: Annotated[WeightsRecord | None, "The weights file; null only before it is written."] = None
    format: Literal["raspc"] = FORMAT
    format_version: Literal[2] = FORMAT_VERSION

    @property
    def d_vocab(self) -> int:
        """Rows of the embedding: the vocabulary and BOS."""
        return len(self.vocabulary) + 1

    @property
    def d_vocab_out(self) -> int:
        """Logit columns."""
        return max(output.first + output.count for output in self.outputs)

    def sizes(self) -> ModelSizes:
        """The totals of the model.  Padding counts as parameters, not as heads or neurons."""
        return ModelSizes(
            layers=len(self.layers),
            heads=sum(len(layer.heads) for layer in self.layers),
            neurons=sum(group.count for layer in self.layers for group in layer.neurons),
            parameters=sum(map(math.prod, expected_shapes(self).values())),
        )

    def subspaces(self) -> tuple[ModelSubspace, ...]:
        """The residual stream as runs of adjacent directions of one subspace, kind and node."""
        runs = itertools.groupby(self.directions, key=lambda d: (d.subspace, d.kind, d.node))
        return tuple(ModelSubspace(name, kind, node, tuple(run)) for (name, kind, node), run in runs)


@dataclass(frozen=True)
class ModelSizes:
    """The totals of a model."""

    layers: int
    heads: int
    neurons: int
    parameters: int


@dataclass(frozen=True)
class ModelSubspace:
    """Adjacent directions of the residual stream that encode one value together."""

    name: str
    kind: DirectionRecordKind
    node: int | None
    directions: tuple[DirectionRecord, ...]

    @property
    def indices(self) -> range:
        """The coordinates of its directions."""
        return range(self.directions[0].index, self.directions[-1].index + 1)


def program_hash(files: Sequence[SourceText]) -> str:
    """SHA-256 over the names and texts of a program's files."""
    return hashlib.sha256(json.dumps([[file.name, file.text] for file in files]).encode()).hexdigest()


def manifest_hash(manifest: Manifest) -> str:
    """SHA-256 of what a manifest says, its `weights` left out, so that the weights file can carry it."""
    document = to_json(manifest)
    del document["weights"]
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def expected_shapes(manifest: Manifest) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor that the model of this manifest has, and no others."""
    width = manifest.d_model
    shapes: dict[str, tuple[int, ...]] = {
        "embed.W_E": (manifest.d_vocab, width),
        "pos_embed.W_pos": (manifest.n_ctx, width),
    }
    for index, layer in enumerate(manifest.layers):
        block, n_heads, d_head, d_mlp = f"blocks.{index}", layer.n_heads, layer.d_head, layer.d_mlp
        if n_heads > 0:
            for role in "QKV":
                shapes[f"{block}.attn.W_{role}"] = (n_heads, width, d_head)
                shapes[f"{block}.attn.b_{role}"] = (n_heads, d_head)
            shapes[f"{block}.attn.W_O"] = (n_heads, d_head, width)
            shapes[f"{block}.attn.b_O"] = (width,)
        if d_mlp > 0:
            shapes[f"{block}.mlp.W_in"] = (width, d_mlp)
            shapes[f"{block}.mlp.b_in"] = (d_mlp,)
            shapes[f"{block}.mlp.W_out"] = (d_mlp, width)
            shapes[f"{block}.mlp.b_out"] = (width,)
    shapes["unembed.W_U"] = (width, manifest.d_vocab_out)
    shapes["unembed.b_U"] = (manifest.d_vocab_out,)
    return shapes


def to_json(manifest: Manifest) -> dict[str, object]:
    """The manifest as plain JSON values."""
    document = shape_of(Manifest).write(manifest)
    assert isinstance(document, dict)
    return document


def from_json(document: object) -> Manifest:
    """The manifest that JSON values state.  Raises StructureError for anything else."""
    manifest = shape_of(Manifest).read(document)
    assert isinstance(manifest, Manifest)
    check(manifest)
    return manifest


def check(manifest: Manifest) -> None:
    """Raise StructureError unless the parts of the manifest agree with each other."""
    program = manifest.program
    _require(program.sha256 == program_hash(program.files), "program.sha256", "does not fit `program.files`")
    _require(len(program.files) > 0, "program.files", "is empty")
    _require(len(set(manifest.vocabulary)) == len(manifest.vocabulary), "vocabulary", "has a token twice")
    _require(len(manifest.vocabulary) > 0, "vocabulary", "is empty")
    _require(manifest.bos == len(manifest.vocabulary), "bos", "is not the id after the vocabulary's")
    _require(manifest.n_ctx == manifest.max_length + 1, "n_ctx", "is not `max_length` + 1")
    for name, value in (("causal", manifest.causal), ("uniform", manifest.uniform)):
        # The weights do not show these options, so one altered word would change the answers; it is stated twice.
        stated = manifest.compiler.options.get(name, value)
        _require(stated == value, name, f"is not what `compiler.options.{name}` says")
    _require(len(manifest.directions) == manifest.d_model, "directions", "are not as many as `d_model`")
    nodes: set[int] = set()
    for index, node in enumerate(manifest.nodes):
        inside = nodes.issuperset(node.computes.inputs)
        _require(inside, f"nodes[{index}].computes.inputs", "are not among the nodes before it")
        _require(node.id not in nodes, f"nodes[{index}].id", "is that of an earlier node")
        nodes.add(node.id)
    for index, direction in enumerate(manifest.directions):
        where = f"directions[{index}]"
        _require(direction.index == index, f"{where}.index", "is not its place in the list")
        _require(direction.node is None or direction.node in nodes, f"{where}.node", "is not in `nodes`")
        _require(direction.stage <= 2 * len(manifest.layers), f"{where}.stage", "is after the last layer")
    values = {node.id: node.values for node in manifest.nodes}
    for index, reading in enumerate(manifest.readings):
        where = f"readings[{index}]"
        _require(reading.node in nodes, f"{where}.node", "is not in `nodes`")
        _check_reading(reading, where, manifest.d_model, values[reading.node])
    for index, layer in enumerate(manifest.layers):
        _check_layer(layer, f"layers[{index}]", manifest.d_model, nodes)
    depth = sum(1 for layer in manifest.layers if layer.n_heads > 0)
    _require(manifest.attention_depth <= depth, "attention_depth", "is more than the number of layers with heads")
    _require(len(manifest.outputs) > 0, "outputs", "are empty")
    _require(len({output.name for output in manifest.outputs}) == len(manifest.outputs), "outputs", "have a name twice")
    for index, output in enumerate(manifest.outputs):
        _check_output(output, f"outputs[{index}]", nodes)


def _check_reading(reading: ReadingRecord, where: str, d_model: int, values: tuple[Scalar, ...] | None) -> None:
    _require(max(reading.directions, default=0) < d_model, f"{where}.directions", "name one that does not exist")
    pairs = len(reading.coefficients) == len(reading.directions)
    _require(pairs, f"{where}.coefficients", "are not as many as `directions`")
    _require(len(reading.runs) == len(reading.numbers or ()), f"{where}.runs", "are not as many as `numbers`")
    if reading.numbers is not None:
        whole = values is not None and sum(reading.runs) == len(values)
        _require(whole, f"{where}.runs", "do not add up to the number of the node's `values`")


def _check_layer(layer: LayerRecord, where: str, d_model: int, nodes: set[int]) -> None:
    headless = layer.n_heads == 0
    _require(headless == (layer.d_head == 0), f"{where}.d_head", "is not 0 exactly when `n_heads` is")
    _require(len(layer.heads) <= layer.n_heads, f"{where}.heads", "are more than `n_heads`")
    for index, head in enumerate(layer.heads):
        place = f"{where}.heads[{index}]"
        _require(head.index == index, f"{place}.index", "is not its place in the list")
        _check_part(head, place, d_model, nodes)
    free = 0
    for index, group in enumerate(layer.neurons):
        place = f"{where}.neurons[{index}]"
        _require(group.first >= free, f"{place}.first", "overlaps the group before it")
        free = group.first + group.count
        _require(free <= layer.d_mlp, f"{place}.count", "goes beyond `d_mlp`")
        _check_part(group, place, d_model, nodes)


def _check_part(part: HeadRecord | NeuronGroupRecord, where: str, d_model: int, nodes: set[int]) -> None:
    _require(part.node is None or part.node in nodes, f"{where}.node", "is not in `nodes`")
    lists = {"writes": part.writes}
    if isinstance(part, HeadRecord):
        lists |= {"query_reads": part.query_reads, "key_reads": part.key_reads, "value_reads": part.value_reads}
    else:
        lists["reads"] = part.reads
    for name, directions in lists.items():
        _require(max(directions, default=0) < d_model, f"{where}.{name}", "name a direction that does not exist")


def _check_output(output: OutputRecord, where: str, nodes: set[int]) -> None:
    _require(output.node in nodes, f"{where}.node", "is not in `nodes`")
    match output.decode:
        case ClassDecodeRecord(values=values):
            _require(output.count == len(values), f"{where}.count", "is not the number of `decode.values`")
        case NumberDecodeRecord(lowest=lowest, highest=highest, values=listed):
            _require(output.count == 1, f"{where}.count", "is not 1, as an output read as a number has")
            for name, value in (("lowest", lowest), ("highest", highest)):
                _require(not isinstance(value, str), f"{where}.decode.{name}", "is not a number")
            numbers = [value for value in listed or () if not isinstance(value, str)]
            _require(listed is None or len(numbers) == len(listed) > 0, f"{where}.decode.values", "are not numbers")
            ascending = all(a < b for a, b in itertools.pairwise(numbers))
            _require(ascending, f"{where}.decode.values", "are not ascending")


def _require(condition: bool, path: str, reason: str) -> None:
    if not condition:
        raise StructureError(reason).inside(path)


def schema() -> Schema:
    """The JSON Schema of the manifest: what `manifest.schema.json` holds."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "raspc model manifest",
    } | json_schema(Manifest)


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
