"""The parts of a model as text and as JSON, from its manifest: the output of `raspc inspect`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...compiler.artifact.manifest import (
    ClassDecodeRecord,
    HeadRecord,
    LayerRecord,
    Manifest,
    ModelSubspace,
    NeuronGroupRecord,
    NodeRecord,
    OutputRecord,
    to_json,
)
from ...compiler.graph.values import Scalar
from ...rasp_grammar.text_layout import PAGE_WIDTH, TEXT_COLUMN, beside, counted, listed, number_range
from ..print_values import value_text

#: Columns that the text of a subspace needs.  If less is left, stages stand below the text instead of in columns.
LEAST_TEXT = 24

#: Values of a vocabulary or one-hot subspace that are listed.
SHOWN_VALUES = 16


@dataclass(frozen=True)
class Margin:
    """The error bound of a part, beside the error that its readers tolerate."""

    where: str
    error: float
    tolerated: float

    @property
    def used(self) -> float:
        """The share of the tolerance that the error can take; the promise needs less than 1."""
        return self.error / self.tolerated if self.tolerated > 0 else float("inf")


def tightest_margin(manifest: Manifest) -> Margin | None:
    """The part whose error bound takes the largest share of its tolerance; None if no part has both."""
    return max(_margins(manifest), key=lambda margin: margin.used, default=None)


def as_json(manifest: Manifest, logits: Collection[int] = ()) -> dict[str, object]:
    """The manifest without the program's text, with sizes, the tightest margin, and the residual stream by subspaces.

    logits: the directions that the logits read.
    """
    document = to_json(manifest)
    program = document["program"]
    assert isinstance(program, dict)
    document["program"] = {key: value for key, value in program.items() if key != "files"}
    tightest = tightest_margin(manifest)
    sizes = manifest.sizes()
    document["sizes"] = {
        "layers": sizes.layers,
        "attention_depth": manifest.attention_depth,
        "heads": sizes.heads,
        "neurons": sizes.neurons,
        "d_model": manifest.d_model,
        "parameters": sizes.parameters,
    }
    document["tightest_margin"] = (
        None
        if tightest is None
        else {"where": tightest.where, "error": tightest.error, "tolerated": tightest.tolerated}
    )
    document["stream"] = [
        {
            "first": use.first,
            "last": use.last,
            "subspace": use.space.name,
            "kind": use.space.kind,
            "node": use.space.node,
            "written": [name for name, mark in use.marks.items() if "w" in mark],
            "read": [name for name, mark in use.marks.items() if "r" in mark],
        }
        for use in stream(manifest, logits)
    ]
    return document


def as_text(manifest: Manifest, name: str, logits: Collection[int] = ()) -> str:
    """The parts of the model, 80 columns wide, under the title `name`.  logits: the directions that the logits read."""
    lines = [f"{name}: {manifest.program.name}, compiled by raspc {manifest.compiler.version}", ""]
    for title, text in _summary(manifest):
        lines += beside(title, text)
    for index, layer in enumerate(manifest.layers):
        lines += ["", f"layer {index}: {_shape(layer)}"]
        for head in layer.heads:
            lines += _part(manifest, f"head {head.index}", head)
        for group in layer.neurons:
            last = group.first + group.count - 1
            title = f"neuron {group.first}" if last == group.first else f"neurons {group.first}-{last}"
            lines += _part(manifest, title, group)
    lines += ["", f"residual stream: {counted(manifest.d_model, 'direction')}", *_map(manifest, logits)]
    lines += ["", "outputs"]
    for output in manifest.outputs:
        lines += beside(output.name, _output(manifest, output))
    return "\n".join(lines)


def _summary(manifest: Manifest) -> Iterator[tuple[str, str]]:
    yield "vocabulary", f"{counted(len(manifest.vocabulary), 'token')}: {_values(manifest.vocabulary)}"
    direction = (
        "each position sees itself and earlier ones (causal)" if manifest.causal else "all positions see each other"
    )
    yield "input", f"1 to {counted(manifest.max_length, 'token')}; {direction}"
    sizes = manifest.sizes()
    uniform = ", padded to one shape" if manifest.uniform else ""
    yield (
        "size",
        f"{counted(sizes.layers, 'layer')} (attention depth {manifest.attention_depth}), "
        f"{counted(sizes.heads, 'head')}, {counted(sizes.neurons, 'neuron')}, d_model {manifest.d_model}, "
        f"{sizes.parameters:,} parameters{uniform}",
    )
    for note in manifest.notes:
        yield "extra", note
    tightest = tightest_margin(manifest)
    if tightest is not None:
        text = f"error at most {tightest.error:.2g} where {tightest.tolerated:.2g} is tolerated: {tightest.where}"
        yield "tightest", text


def _shape(layer: LayerRecord) -> str:
    attention = f"{counted(layer.n_heads, 'head')} of size {layer.d_head}" if layer.n_heads > 0 else "no attention"
    return f"{attention}, {counted(layer.d_mlp, 'neuron') if layer.d_mlp > 0 else 'no MLP'}"


def _part(manifest: Manifest, title: str, part: HeadRecord | NeuronGroupRecord) -> Iterator[str]:
    yield from beside(title, part.label)
    facts = []
    if isinstance(part, HeadRecord):
        if part.selector != part.label:
            yield from beside("", part.selector)
        facts += [part.score_kind, part.level, f"sharpness {part.sharpness:g}"]
    tolerated = "" if part.margin is None else f" ({part.margin:.2g} tolerated)"
    facts.append(f"error at most {part.error:.2g}{tolerated}")
    facts += _places(manifest, part.node)
    if facts:
        yield from beside("", ", ".join(facts))
    if isinstance(part, HeadRecord) and part.why != "":
        yield from beside("", "why     " + part.why, hang=8)
    yield from beside("", "reads   " + _named(manifest, part.reads), hang=8)
    yield from beside("", "writes  " + _named(manifest, part.writes), hang=8)


def _places(manifest: Manifest, node: int | None) -> list[str]:
    """The line of the node in the program, if it has one."""
    info = _node(manifest, node)
    if info is None or info.file is None or info.line is None:
        return []
    return [f"line {info.line}" if info.file == manifest.program.name else f"{info.file} line {info.line}"]


def _node(manifest: Manifest, node: int | None) -> NodeRecord | None:
    return next((info for info in manifest.nodes if info.id == node), None)


def _named(manifest: Manifest, indices: Iterable[int]) -> str:
    """Names for directions: `tokens one-hot` for a whole subspace, `tokens one-hot (3 of 10)` for some of it.

    Where several subspaces have the same name, `[13]` adds the number of the direction.
    """
    chosen = set(indices)
    names = []
    uses = list(stream(manifest))
    texts = Counter(use.text for use in uses)
    for use in uses:
        size = len(use.space.directions)
        used = sorted(chosen & set(use.space.indices))
        if len(used) == size:
            names.append(use.text if texts[use.text] == 1 else f"{use.text} [{number_range(use.first, use.last)}]")
        elif len(used) == 1 and use.space.kind == "one-hot":
            names.append(manifest.directions[used[0]].label)
        elif len(used) > 3 or (used and use.space.kind == "one-hot"):
            names.append(f"{use.text} ({len(used)} of {size})")
        elif used:
            names.append(f"{use.text} [{', '.join(map(str, used))}]")
    return ", ".join(names) if names else "nothing"


@dataclass(frozen=True)
class SubspaceUse:
    """A subspace of the residual stream, and for each stage whether it is written (`w`), read (`r`) or both.

    Stages are `emb`, `0a` (the attention of layer 0), `0m` (its MLP) and so on, and `out`, the logits.
    """

    space: ModelSubspace
    marks: Mapping[str, str]

    @property
    def first(self) -> int:
        return self.space.indices[0]

    @property
    def last(self) -> int:
        return self.space.indices[-1]

    @property
    def text(self) -> str:
        """The name of the value and the kind of directions: a value can be encoded in several ways."""
        return "bos" if self.space.kind == "bos" else f"{self.space.name} {self.space.kind}"


def stream(manifest: Manifest, logits: Collection[int] = ()) -> Iterator[SubspaceUse]:
    """The subspaces of the residual stream, with the stages that write and read each."""
    parts: list[tuple[str, frozenset[int], frozenset[int]]] = []  # stage, reads, writes
    for number, layer in enumerate(manifest.layers):
        for name, group in (("a", layer.heads), ("m", layer.neurons)):
            reads = frozenset(index for part in group for index in part.reads)
            writes = frozenset(index for part in group for index in part.writes)
            if group:
                parts.append((f"{number}{name}", reads, writes))
    made = frozenset(index for _, _, writes in parts for index in writes)
    embedded = frozenset(range(manifest.d_model)) - made
    parts = [("emb", frozenset(), embedded), *parts, ("out", frozenset(logits), frozenset())]
    for space in manifest.subspaces():
        held = set(space.indices)
        marks = {stage: "w" * bool(held & writes) + "r" * bool(held & reads) for stage, reads, writes in parts}
        yield SubspaceUse(space, marks)


def _map(manifest: Manifest, logits: Collection[int]) -> Iterator[str]:
    """The residual stream: the value that each subspace encodes, beside the stages that write and read it.

    With many layers there is no room for a column each; the stages then stand in a line below.
    """
    uses = list(stream(manifest, logits))
    stages = list(uses[0].marks)
    room = PAGE_WIDTH - TEXT_COLUMN - sum(len(stage) + 1 for stage in stages) - 1
    columns = room >= LEAST_TEXT
    if columns:
        titles = "".join(f" {stage}" for stage in stages)
        yield "  w: written, r: read".ljust(PAGE_WIDTH - len(titles)) + titles
    for use in uses:
        text = use.text
        values = [direction.value for direction in use.space.directions]
        listed = [value for value in values if value is not None]
        if use.space.kind == "one-hot" and listed:
            text += f" of {_values(listed)}"
        info = _node(manifest, use.space.node)
        if info is not None and info.text != use.space.name:
            text += f"; {info.text}"
        title = number_range(use.first, use.last)
        if not columns:
            yield from beside(title, text)
            yield from beside("", _journey(use), hang=8)
            continue
        first, *rest = beside(title, text, width=TEXT_COLUMN + room)
        marks = "".join((use.marks[stage] or ".").rjust(len(stage) + 1) for stage in stages)
        yield first.ljust(PAGE_WIDTH - len(marks)) + marks
        yield from rest


def _journey(use: SubspaceUse) -> str:
    written = [stage for stage, mark in use.marks.items() if "w" in mark]
    read = [stage for stage, mark in use.marks.items() if "r" in mark]
    return f"written {' '.join(written)}, read {' '.join(read)}" if read else f"written {' '.join(written)}"


def _output(manifest: Manifest, output: OutputRecord) -> str:
    match output.decode:
        case ClassDecodeRecord(values=values):
            text = f"the largest of {counted(output.count, 'logit')}: {_values(values)}"
        case number:
            exact = "" if number.max_denominator is None else f", denominators up to {number.max_denominator}"
            text = f"a number from {value_text(number.lowest)} to {value_text(number.highest)}{exact}"
    if output.may_be_undefined:
        text += "; some inputs have no defined output"
    return ", ".join([text, *_places(manifest, output.node)])


def _margins(manifest: Manifest) -> Iterator[Margin]:
    for number, layer in enumerate(manifest.layers):
        for head in layer.heads:
            yield Margin(f"layer {number}, head {head.index} ({head.label})", head.error, head.margin)
        for group in layer.neurons:
            if group.margin is not None:
                yield Margin(f"layer {number}, neuron {group.first} ({group.label})", group.error, group.margin)
    for output in manifest.outputs:
        if output.margin > 0:
            yield Margin(f"output {output.name}", output.error, output.margin)


def _values(values: Iterable[Scalar]) -> str:
    return listed([value_text(value) for value in values], SHOWN_VALUES)
