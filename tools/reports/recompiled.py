"""Where a model comes from: its program, compiled once more up to the arrays, so that every number has its meaning.

The manifest names the value that a direction belongs to; the compiler's *forms* say how to read it (a count less its
default, stairs beside the number that they round).  They follow from the program's texts and options, which the
manifest keeps, so nothing else is needed, and the model's own directions are compared with what comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ...compiler.artifact.manifest import Manifest
from ...compiler.blocks.blocks import Head
from ...compiler.blocks.forms import Direction
from ...compiler.elaborate import elaborate
from ...compiler.elaborate.scope import Object
from ...compiler.graph.graph import Node, Program, Selector, SOp
from ...compiler.graph.print_graph import describe
from ...compiler.options import CompileOptions
from ...compiler.pipeline import stages
from ...compiler.stages import Stages
from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from ...rasp_grammar.span import Source, Span


@dataclass(frozen=True)
class Mention:
    """An expression of the program and an s-op or selector that it stood for when it was evaluated."""

    expression: tree.Expression
    node: Node

    @property
    def span(self) -> Span:
        return self.expression.span


@dataclass(frozen=True)
class Origin:
    """The program behind a model.

    `stages`: what the compiler made of it.  `mentions`: which expression stands for which node of the program's graph,
    in order of evaluation.  `places`: each direction's coordinate in the residual stream.
    """

    manifest: Manifest
    stages: Stages
    mentions: tuple[Mention, ...]
    places: Mapping[Direction, int]

    @property
    def program(self) -> Program:
        """The program as it was written."""
        return self.stages.program

    @property
    def simplified(self) -> Program:
        """The program whose nodes the manifest's ids name."""
        return self.stages.simplified

    def node(self, identity: int | None) -> Node | None:
        """The node of the simplified graph that the manifest calls so."""
        return None if identity is None else self._nodes.get(identity)

    def head(self, layer: int, index: int) -> Head:
        """What the compiler knows of a head."""
        return self.stages.plan.layers[layer].heads[index].head

    def text(self, node: Node, *, expand: bool = False) -> str:
        """A node of the simplified graph as RASP."""
        return describe(self.simplified.graph, node, expand=expand)

    @cached_property
    def _nodes(self) -> dict[int, Node]:
        return {node.id: node for node in self.simplified.graph}


def origin_of(manifest: Manifest) -> Origin:
    """The program behind a manifest.  Raises RaspError where this raspc makes another model of it."""
    seen: dict[tuple[str, int, int, int], Mention] = {}

    def observe(expression: tree.Expression, value: Object) -> None:
        if isinstance(value, (SOp, Selector)):
            span = expression.span
            seen.setdefault((span.source.name, span.start, span.end, value.id), Mention(expression, value))

    files = [Source(file.name, file.text) for file in manifest.program.files]
    program = elaborate(
        files[0],
        entries=manifest.program.entries,
        vocabulary=manifest.vocabulary,
        max_length=manifest.max_length,
        loaded=files[1:],
        observer=observe,
    )
    small = bool(manifest.compiler.options.get("small", False))
    made = stages(program, CompileOptions(small=small, uniform=manifest.uniform, causal=manifest.causal))
    places = {direction: index + 1 for index, direction in enumerate(made.plan.directions)}
    if not _fits(made, manifest):
        raise RaspError(
            Diagnostic(
                "other-compiler",
                f"raspc {manifest.compiler.version} compiled this model differently, so its values cannot be read back",
                None,
                "compile the program again with this raspc",
            )
        )
    return Origin(manifest, made, tuple(seen.values()), places)


def _fits(made: Stages, manifest: Manifest) -> bool:
    """The directions, heads and neurons that came out are the model's."""
    found = [(d.kind, d.label, d.value, d.node.id) for d in made.plan.directions]
    wanted = [(d.kind, d.label, d.value, d.node) for d in manifest.directions[1:]]
    heads = [[(head.head.score_kind, head.head.sharpness) for head in layer.heads] for layer in made.plan.layers]
    stated = [[(head.score_kind, head.sharpness) for head in layer.heads] for layer in manifest.layers]
    graph = made.simplified.graph
    texts = {node.id: describe(graph, node) for node in graph}
    named = all(texts.get(info.id) == info.text for info in manifest.nodes)
    return found == wanted and heads == stated and named
