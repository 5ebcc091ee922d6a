"""A model's parts in words: what `raspc inspect` prints.  Everything comes from the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from ...compiler.artifact.manifest import (
    ClassDecodeRecord,
    HeadRecord,
    LayerRecord,
    Manifest,
    NeuronGroupRecord,
    NodeRecord,
    OutputRecord,
    expected_shapes,
    to_json,
)
from ...compiler.graph.values import Scalar
from ...rasp_grammar.text_layout import PAGE_WIDTH, TEXT_COLUMN, beside, counted, listed, number_range
from ..print_values import value_text

#: The map of the residual stream has columns for the stages while the text keeps so much room.
LEAST_TEXT = 24

#: Values of a vocabulary or a one-hot that are listed before the rest is counted.
SHOWN_VALUES = 16


@dataclass(frozen=True)
class Margin:
    """How close a part comes to a wrong answer: the bound on its error, and the error that its readers tolerate."""

    where: str
    error: float
    tolerated: float

    @property
    def used(self) -> float:
        """Share of the tolerance that the error can take up; at 1 nothing is promised."""
        return self.error / self.tolerated if self.tolerated > 0 else float("inf")


def tightest_margin(manifest: Manifest) -> Margin | None:
    """The part whose error bound takes up most of what its readers tolerate; None where no part states both."""
    return max(_margins(manifest), key=lambda margin: margin.used, default=None)


def parameters(manifest: Manifest) -> int:
    """How many numbers the weights hold."""
    total = 0
    for shape in expected_shapes(manifest).values():
        size = 1
        for length in shape:
            size *= length
        total += size
    return total


def as_json(manifest: Manifest, logits: Collection[int] = ()) -> dict[str, object]:
    """The manifest without the program's text, and what follows from it: sizes, the tightest margin, and the residual
    stream by subspaces, with where each is written and read.  `logits`: the directions that the logits read."""
    document = to_json(manifest)
    program = document["program"]
    assert isinstance(program, dict)
    document["program"] = {key: value for key, value in program.items() if key != "files"}
    tightest = tightest_margin(manifest)
    document["sizes"] = {
        "layers": len(manifest.layers),
        "attention_depth": manifest.attention_depth,
        "heads": sum(len(layer.heads) for layer in manifest.layers),
        "neurons": sum(group.count for layer in manifest.layers for group in layer.neurons),
        "d_model": manifest.d_model,
        "parameters": parameters(manifest),
    }
    document["tightest_margin"] = (
        None
        if tightest is None
        else {"where": tightest.where, "error": tightest.error, "tolerated": tightest.tolerated}
    )
    document["stream"] = [
        {
            "first": run.first,
            "last": run.last,
            "subspace": run.subspace,
            "kind": run.kind,
            "node": run.node,
            "written": [name for name, mark in run.marks.items() if "w" in mark],
            "read": [name for name, mark in run.marks.items() if "r" in mark],
        }
        for run in stream(manifest, logits)
    ]
    return document


def as_text(manifest: Manifest, name: str, logits: Collection[int] = ()) -> str:
    """The parts of the model at 80 columns; `name` heads them.  `logits`: the directions that the logits read."""
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
    heads = sum(len(layer.heads) for layer in manifest.layers)
    neurons = sum(group.count for layer in manifest.layers for group in layer.neurons)
    uniform = ", padded to one shape" if manifest.uniform else ""
    yield (
        "size",
        f"{counted(len(manifest.layers), 'layer')} (attention depth {manifest.attention_depth}), "
        f"{counted(heads, 'head')}, {counted(neurons, 'neuron')}, d_model {manifest.d_model}, "
        f"{parameters(manifest):,} parameters{uniform}",
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
    """Where the node stands in the program, if it stands there."""
    info = _node(manifest, node)
    if info is None or info.file is None or info.line is None:
        return []
    return [f"line {info.line}" if info.file == manifest.program.name else f"{info.file} line {info.line}"]


def _node(manifest: Manifest, node: int | None) -> NodeRecord | None:
    return next((info for info in manifest.nodes if info.id == node), None)


def _named(manifest: Manifest, indices: Iterable[int]) -> str:
    """Directions by the subspaces that they belong to: `tokens one-hot`, or `tokens one-hot (3 of 10)` for some.

    Where the name does not tell, `[13]` says which direction is meant."""
    chosen = set(indices)
    names = []
    runs = list(stream(manifest))
    texts = Counter(run.text for run in runs)
    for run in runs:
        size = run.last + 1 - run.first
        used = sorted(chosen & set(range(run.first, run.last + 1)))
        if len(used) == size:
            names.append(run.text if texts[run.text] == 1 else f"{run.text} [{number_range(run.first, run.last)}]")
        elif len(used) == 1 and run.kind == "one-hot":
            names.append(manifest.directions[used[0]].label)
        elif len(used) > 3 or (used and run.kind == "one-hot"):
            names.append(f"{run.text} ({len(used)} of {size})")
        elif used:
            names.append(f"{run.text} [{', '.join(map(str, used))}]")
    return ", ".join(names) if names else "nothing"


@dataclass(frozen=True)
class Run:
    """Adjacent directions of one subspace: what they encode, and by stage whether they are written (`w`), read (`r`)
    or both.  Stages are `emb`, `0a` (the attention of layer 0), `0m` (its MLP) and so on, and `out`, the logits."""

    first: int
    last: int
    subspace: str
    kind: str
    node: int | None
    marks: Mapping[str, str]

    @property
    def text(self) -> str:
        """One value can be held in several ways: the kind tells them apart."""
        return "bos" if self.kind == "bos" else f"{self.subspace} {self.kind}"


def stream(manifest: Manifest, logits: Collection[int] = ()) -> Iterator[Run]:
    """The residual stream by subspaces."""
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
    for (subspace, kind, node), members in groupby(manifest.directions, key=lambda d: (d.subspace, d.kind, d.node)):
        indices = [direction.index for direction in members]
        held = set(indices)
        marks = {stage: "w" * bool(held & writes) + "r" * bool(held & reads) for stage, reads, writes in parts}
        yield Run(indices[0], indices[-1], subspace, kind, node, marks)


def _map(manifest: Manifest, logits: Collection[int]) -> Iterator[str]:
    """The residual stream: what each direction encodes, and beside it where it is written and read.

    With many layers there is no room for a column each; then words say it below."""
    runs = list(stream(manifest, logits))
    stages = list(runs[0].marks)
    room = PAGE_WIDTH - TEXT_COLUMN - sum(len(stage) + 1 for stage in stages) - 1
    columns = room >= LEAST_TEXT
    if columns:
        titles = "".join(f" {stage}" for stage in stages)
        yield "  w: written, r: read".ljust(PAGE_WIDTH - len(titles)) + titles
    for run in runs:
        text = run.text
        values = [direction.value for direction in manifest.directions[run.first : run.last + 1]]
        listed = [value for value in values if value is not None]
        if run.kind == "one-hot" and listed:
            text += f" of {_values(listed)}"
        info = _node(manifest, run.node)
        if info is not None and info.text != run.subspace:
            text += f"; {info.text}"
        title = number_range(run.first, run.last)
        if not columns:
            yield from beside(title, text)
            yield from beside("", _journey(run), hang=8)
            continue
        first, *rest = beside(title, text, width=TEXT_COLUMN + room)
        marks = "".join((run.marks[stage] or ".").rjust(len(stage) + 1) for stage in stages)
        yield first.ljust(PAGE_WIDTH - len(marks)) + marks
        yield from rest


def _journey(run: Run) -> str:
    written = [stage for stage, mark in run.marks.items() if "w" in mark]
    read = [stage for stage, mark in run.marks.items() if "r" in mark]
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
    return listed([value_text(value) if value != "" else '""' for value in values], SHOWN_VALUES)
