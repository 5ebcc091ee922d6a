"""The text of `--emit blocks` and `--emit layers`.

Lines have at most `WIDTH` columns: long sums and lists are shortened and end with the number of omitted items.
`error` is a bound on |float32 value - exact value|.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from ..analysis.domains import Space
from ..graph.print_graph import literal
from ..graph.values import Scalar
from .blocks import (
    Blocks,
    ClassDecode,
    Head,
    NeuronGroup,
    NumberDecode,
    OutputBlock,
    Payload,
    head_forms,
    logits_of,
    used_neurons,
)
from .forms import Direction, LinearForm
from .layers import BlockLayer, PlacedHead, Schedule, parameter_count
from .print_forms import MAX_TERMS, Names, Subspace, bounds, cut, elided, error_bound, fitted, margin, number
from .times import Time

WIDTH = 120

#: Widths in characters: a sum on a line of its own, each factor of a product, a head's value beside its target.
WHOLE, FACTOR, MOVED = 76, 38, 56
#: Width of a list of directions.
LIST = 108


def format_blocks(blocks: Blocks) -> str:
    """The text of `--emit blocks`: directions, heads, neurons and outputs, in the order in which they were made."""
    names = Names(_directions(blocks))
    writers = _writers(blocks)
    counts = [
        _count(len(blocks.heads), "head"),
        _count(len(blocks.groups), "group"),
        _count(len(blocks.outputs), "output"),
    ]
    lines = [f"{', '.join(counts)}; attention depth {blocks.attention_depth}"]
    lines += ["", "directions"]
    rows = _table([_subspace_row(subspace, writers) for subspace in names.subspaces])
    for row, subspace in zip(rows, names.subspaces, strict=True):
        lines += [row] if subspace.label is None else [row, f"    {subspace.label}"]
    for index, head in enumerate(blocks.heads):
        lines += ["", f"head {index}: {head.label}", *_head(head, names)]
    for index, group in enumerate(blocks.groups):
        lines += ["", f"neurons {index}: {group.label}", *_group(group, names)]
    for output in blocks.outputs:
        lines += ["", f"output {output.name}", *_output(output, names)]
    return _page(lines)


def format_layers(plan: Schedule, space: Space) -> str:
    """The text of `--emit layers`: the blocks of each layer, and the coordinates of the residual stream."""
    names = Names(plan.directions)
    heads = sum(len(layer.heads) for layer in plan.layers)
    neurons = sum(_neurons(layer) for layer in plan.layers)
    sizes = [_count(len(plan.layers), "layer"), _count(heads, "head"), _count(neurons, "neuron")]
    lines = [
        f"{', '.join(sizes)}, d_model {len(plan.directions) + 1}, {_count(parameter_count(plan, space), 'parameter')}",
        f"{_count(len(space.vocabulary), 'token')} and BOS; inputs of 1 to {space.max_length}"
        + ("; causal" if space.causal else ""),
    ]
    for index, layer in enumerate(plan.layers):
        attention = f"{_count(len(layer.heads), 'head')} of size {layer.d_head}" if layer.heads else "no attention"
        lines += ["", f"layer {index}: {attention}, {_count(_neurons(layer), 'neuron')}"]
        for place, placed in enumerate(layer.heads):
            lines += _placed(place, placed, names)
        first = 0
        for group in layer.groups:
            count = len(used_neurons(group))
            if count > 0:
                last = first + count - 1
                title = f"neuron {first}" if count == 1 else f"neurons {first}-{last}"
                lines += [f"  {title}: {group.label}", *_reads_writes(names, [group.input], _written(group))]
            first += count
    lines += ["", "residual stream", *_table([("0", "bos", "", "1 at BOS, else 0", ""), *_stream(plan, names)])]
    lines += ["", "outputs", *_table([(output.name, _decode(output)) for output in plan.blocks.outputs])]
    return _page(lines)


# ---- blocks ---------------------------------------------------------------------------------------


def _directions(blocks: Blocks) -> Iterator[Direction]:
    """Every direction that some block reads or writes, each once."""
    forms = [form for head in blocks.heads for form in (*head_forms(head), *(p.form for p in head.payloads))]
    forms += [group.input for group in blocks.groups]
    forms += [logit for output in blocks.outputs for logit in logits_of(output)]
    found = {direction for form in forms for direction, _ in form.terms}
    found |= {payload.direction for head in blocks.heads for payload in head.payloads}
    found |= {direction for group in blocks.groups for direction, _ in group.outputs}
    yield from found


def _writers(blocks: Blocks) -> dict[Direction, str]:
    """The names of the blocks that write each direction; several heads may write one."""
    found: dict[Direction, list[str]] = {}
    for index, head in enumerate(blocks.heads):
        for payload in head.payloads:
            found.setdefault(payload.direction, []).append(f"head {index}")
    for index, group in enumerate(blocks.groups):
        for direction, _ in group.outputs:
            found.setdefault(direction, []).append(f"neurons {index}")
    return {direction: ", ".join(elided(writers, 4)) for direction, writers in found.items()}


def _subspace_row(subspace: Subspace, writers: dict[Direction, str]) -> tuple[str, ...]:
    members = subspace.directions
    first = members[0]
    embedded = {"tokens": "token embedding", "indices": "position embedding"}
    kind = f"{first.kind} of {len(members)}" if subspace.one_hot else first.kind
    spread = bounds(min(d.low for d in members), max(d.high for d in members), max(d.error for d in members))
    return subspace.name, kind, embedded.get(first.role) or writers.get(first, "nothing"), spread


def _head(head: Head, names: Names) -> Iterator[str]:
    bos = "no BOS" if head.bos is None else f"BOS {number(head.bos)}"
    scores = f"{head.level} by {head.score_kind}, sharpness {number(head.sharpness)}, {bos}"
    errors = f"tolerates {margin(head.tolerated)}, score error {error_bound(head.score_error)}"
    yield f"  layer {head.time.layer}: {scores}, {errors}"
    yield f"  key     {_bounded(head.key_only, names)}"
    if head.query_only is not None:
        yield f"  query   {_bounded(head.query_only, names)}"
    products = [
        f"  pair    {names.form(query, FACTOR, inner=True)} * {names.form(key, FACTOR, inner=True)}"
        + _pair_error(query.error, key.error)
        for query, key in head.pairs
    ]
    yield from _first(products, "  pair    ")
    yield from _first([_payload(payload, names) for payload in head.payloads], "  value   ")


def _bounded(form: LinearForm, names: Names) -> str:
    return f"{names.form(form, WHOLE)}  {bounds(form.low, form.high, form.error)}"


def _pair_error(query: float, key: float) -> str:
    return "" if query == key == 0 else f"  [error {error_bound(query)}, {error_bound(key)}]"


def _payload(payload: Payload, names: Names) -> str:
    return f"  value   {names.form(payload.form, MOVED)} -> {names.name(payload.direction)}"


def _group(group: NeuronGroup, names: Names) -> Iterator[str]:
    used = used_neurons(group)
    tolerance = "" if group.tolerated == float("inf") else f", tolerates {margin(group.tolerated)}"
    yield f"  layer {group.time.layer}: {_count(len(used), 'neuron')}{tolerance}"
    yield f"  s       {_bounded(group.input, names)}"
    for orientation, shape in ((-1, "relu(t - s)"), (1, "relu(s - t)")):
        knots = sorted(group.knots[neuron][1] for neuron in used if group.knots[neuron][0] == orientation)
        if knots:
            yield f"  {shape} at t = {_numbers(knots)}"
    for direction, weights in group.outputs:
        ordered = sorted(weights.items(), key=lambda item: group.knots[item[0]][::-1])
        terms = [_neuron(*group.knots[neuron], coefficient) for neuron, coefficient in ordered]
        yield f"  {names.name(direction)} = {fitted(_without_plus(terms), WHOLE, ' ')}"


def _without_plus(terms: Sequence[str]) -> list[str]:
    """The terms of a sum: the first one without its plus sign, or with its minus sign attached."""
    first = terms[0].removeprefix("+ ") if terms[0].startswith("+") else f"-{terms[0][2:]}"
    return [first, *terms[1:]]


def _neuron(orientation: int, knot: float, coefficient: float) -> str:
    sign, shift = ("s", -knot) if orientation > 0 else ("-s", knot)
    inside = sign if knot == 0 else f"{sign} {'-' if shift < 0 else '+'} {number(abs(knot))}"
    size = "" if abs(coefficient) == 1 else f"{number(abs(coefficient))} "
    return f"{'-' if coefficient < 0 else '+'} {size}relu({inside})"


def _numbers(values: Sequence[float]) -> str:
    """Up to twelve numbers; more than four evenly spaced ones as a range."""
    steps = {b - a for a, b in pairwise(values)}
    if len(values) > 4 and len(steps) == 1:
        step = steps.pop()
        by = "" if step == 1 else f" by {number(step)}"
        return f"{number(values[0])}..{number(values[-1])}{by} ({len(values)})"
    return ", ".join(elided([number(value) for value in values], 12))


def _output(output: OutputBlock, names: Names) -> Iterator[str]:
    yield f"  {_decode(output)}"
    match output.decode:
        case ClassDecode(values=values, logits=logits):
            rows = [f"  {cut(literal(v), 16):<16}  {names.form(f, WHOLE)}" for v, f in zip(values, logits, strict=True)]
            yield from _first(rows, "  ")
        case NumberDecode(logit=logit):
            yield f"  {_bounded(logit, names)}"


def _decode(output: OutputBlock) -> str:
    match output.decode:
        case ClassDecode(values=values):
            how = f"largest of {_count(len(values), 'logit')}"
        case NumberDecode(lowest=low, highest=high, max_denominator=bound, values=listed):
            exact = "" if bound is None else f", the nearest with denominator at most {bound}"
            exact = exact if listed is None else f", the nearest of {_count(len(listed), 'value')}"
            how = f"a number in {_scalar(low)}..{_scalar(high)}{exact}"
    undefined = "; may be undefined" if output.may_be_undefined else ""
    return f"{how}, error {error_bound(output.error)}, tolerates {margin(output.tolerated)}{undefined}"


def _scalar(value: Scalar) -> str:
    return number(value) if isinstance(value, float) else cut(literal(value), 24)


# ---- layers ---------------------------------------------------------------------------------------


def _placed(place: int, placed: PlacedHead, names: Names) -> Iterator[str]:
    head = placed.head
    notes = [
        f"{head.level} by {head.score_kind}",
        f"{_count(1 + len(head.pairs) + (head.query_only is not None), 'product')}",
    ]
    if placed.self_attends:
        notes.append("BOS reads itself" + (" by a product of its own" if placed.bos_dimension else ""))
    yield f"  head {place}: {head.label}"
    yield f"    {', '.join(notes)}"
    forms = [*head_forms(head), *(payload.form for payload in placed.payloads)]
    yield from _reads_writes(names, forms, [payload.direction for payload in placed.payloads])


def _reads_writes(names: Names, forms: Iterable[LinearForm], written: Sequence[Direction]) -> Iterator[str]:
    read = {direction: None for form in forms for direction, _ in form.terms}
    yield f"    reads   {names.some(_ordered(read, names), LIST) or 'nothing'}"
    yield f"    writes  {names.some(_ordered(written, names), LIST)}"


def _ordered(directions: Iterable[Direction], names: Names) -> list[Direction]:
    chosen = set(directions)
    return [direction for subspace in names.subspaces for direction in subspace.directions if direction in chosen]


def _written(group: NeuronGroup) -> list[Direction]:
    return [direction for direction, _ in group.outputs]


def _neurons(layer: BlockLayer) -> int:
    return sum(len(used_neurons(group)) for group in layer.groups)


def _stream(plan: Schedule, names: Names) -> Iterator[tuple[str, ...]]:
    """Rows (coordinates, directions, kind, writer, last reader): one for each run of coordinates of one subspace."""
    last = _last_read(plan)
    runs: list[list[tuple[int, Direction]]] = []
    for index, direction in enumerate(plan.directions, 1):
        if runs and names.subspace(direction) is names.subspace(runs[-1][-1][1]):
            runs[-1].append((index, direction))
        else:
            runs.append([(index, direction)])
    for run in runs:
        members = [direction for _, direction in run]
        place = str(run[0][0]) if len(run) == 1 else f"{run[0][0]}-{run[-1][0]}"
        readers = max(members, key=lambda direction: last[direction][0])
        yield (
            place,
            names.some(members, MOVED),
            members[0].kind,
            _written_at(members[0]),
            f"read until {last[readers][1]}",
        )


def _written_at(direction: Direction) -> str:
    if direction.role in ("tokens", "indices"):
        return "embedded"
    read = Time(direction.time - 1)  # the time at which its writer reads
    return f"written by layer {read.layer} {'attention' if read.is_attention else 'neurons'}"


def _last_read(plan: Schedule) -> dict[Direction, tuple[int, str]]:
    """The last step that reads each direction, as (time, name)."""
    last: dict[Direction, tuple[int, str]] = {}

    def read(forms: Iterable[LinearForm], time: int, text: str) -> None:
        for form in forms:
            for direction, _ in form.terms:
                last[direction] = max(last.get(direction, (-1, "")), (time, text))

    for index, layer in enumerate(plan.layers):
        for placed in layer.heads:
            values = [payload.form for payload in placed.payloads]
            read([*head_forms(placed.head), *values], Time.attention(index), f"layer {index} attention")
        read([group.input for group in layer.groups], Time.mlp(index), f"layer {index} neurons")
    for output in plan.blocks.outputs:
        read(logits_of(output), Time.attention(len(plan.layers)), "the output")
    return last


# ---- lines ----------------------------------------------------------------------------------------


def _first(lines: Sequence[str], indent: str) -> list[str]:
    """The first lines of a list, and a line with the number of further ones."""
    if len(lines) <= MAX_TERMS:
        return list(lines)
    return [*lines[: MAX_TERMS - 1], f"{' ' * len(indent)}... {len(lines) - MAX_TERMS + 1} more"]


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows with aligned columns, without trailing blanks."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        f"  {'  '.join([cell.ljust(width) for cell, width in zip(row, widths, strict=True)])}".rstrip() for row in rows
    ]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _page(lines: Iterable[str]) -> str:
    return "".join([f"{cut(line.rstrip(), WIDTH)}\n" for line in lines])
