"""The heads, groups of neurons and outputs of a model by key, and the nodes that each computes or computes with."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from ...compiler.graph.graph import Attended, Node
from ...compiler.graph.walk import inputs_of, visited
from .model_program import ModelProgram


def parts_of(program: ModelProgram) -> Iterator[tuple[str, list[Node]]]:
    """Every head (`h0.1`: layer, index), group of neurons (`g0.0`) and output (`o0`), with the nodes it computes."""
    for number, layer in enumerate(program.manifest.layers):
        for head in layer.heads:
            yield f"h{number}.{head.index}", program.computed_by(head)
        for place, group in enumerate(layer.neurons):
            yield f"g{number}.{place}", program.computed_by(group)
    for place, output in enumerate(program.manifest.outputs):
        yield f"o{place}", [node for node in [program.node(output.node)] if node is not None]


def part_names(program: ModelProgram) -> Iterator[tuple[str, str]]:
    """The key of every part, and its name for people."""
    for number, layer in enumerate(program.manifest.layers):
        for head in layer.heads:
            yield f"h{number}.{head.index}", f"layer {number} head {head.index}"
        for place, group in enumerate(layer.neurons):
            last = group.first + group.count - 1
            numbers = f"neuron {last}" if group.count == 1 else f"neurons {group.first}-{last}"
            yield f"g{number}.{place}", f"layer {number} {numbers}"
    for place, output in enumerate(program.manifest.outputs):
        yield f"o{place}", "output" if output.name == "output" else f"output {output.name}"


def folded_parts(program: ModelProgram) -> dict[Node, list[str]]:
    """For each node: the keys of the parts that compute it between their inputs and their outputs."""
    owners = program.owners
    found: dict[Node, list[str]] = {}
    for key, roots in parts_of(program):
        if key.startswith("o") and roots[0] in owners:
            continue  # the logits read it directly
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
