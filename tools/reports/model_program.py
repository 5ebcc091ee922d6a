"""The program of a model, from its manifest alone: as it was written, and as the graph that the model computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ...compiler.analysis.domains import Space
from ...compiler.analysis.node_facts import Analysis
from ...compiler.artifact.graph_records import graph_hash, recorded_graph, written_nodes
from ...compiler.artifact.manifest import HeadRecord, Manifest, NeuronGroupRecord, NodeRecord
from ...compiler.elaborate import elaborate
from ...compiler.elaborate.scope import Object
from ...compiler.graph.graph import Node, Program, Selector, SOp
from ...compiler.graph.print_graph import describe
from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from ...rasp_grammar.span import Source, Span


@dataclass(frozen=True)
class Mention:
    """An expression of the program, and an s-op or selector that it stood for when it was evaluated."""

    expression: tree.Expression
    node: Node

    @property
    def span(self) -> Span:
        return self.expression.span


@dataclass(frozen=True)
class ModelProgram:
    """The program of a model.

    written: the program as elaborated from its text.  recorded: the simplified program that the manifest records; its
    nodes are those that directions, heads, neurons and outputs name.  nodes: the recorded nodes by the manifest's ids.
    images: the recorded node that each node of `written` became, where it became one.  mentions: the expressions of
    the text and the nodes of `written` that they stood for, in order of evaluation.
    """

    manifest: Manifest
    written: Program
    recorded: Program
    nodes: Mapping[int, Node]
    images: Mapping[Node, Node]
    mentions: tuple[Mention, ...]

    def node(self, identity: int | None) -> Node | None:
        """The node that the manifest calls `identity`."""
        return None if identity is None else self.nodes.get(identity)

    def id(self, node: Node) -> int:
        """The manifest's id of a recorded node."""
        return self._ids[node]

    def record(self, node: Node) -> NodeRecord:
        """The manifest's record of a node."""
        return self._records[self.id(node)]

    def text(self, node: Node, *, expand: bool = False) -> str:
        """A recorded node as RASP; `expand`: its definition, even if it has a name."""
        return describe(self.recorded.graph, node, expand=expand)

    @cached_property
    def owners(self) -> frozenset[Node]:
        """The nodes whose values directions encode."""
        return frozenset(self.nodes[one.node] for one in self.manifest.directions if one.node is not None)

    @cached_property
    def needed(self) -> frozenset[Node]:
        """The nodes of `written` that an output depends on."""
        return frozenset(written_nodes(self.written))

    @cached_property
    def analysis(self) -> Analysis:
        """Domains and affine forms of the recorded nodes."""
        manifest = self.manifest
        return Analysis(Space(manifest.vocabulary, manifest.max_length, manifest.causal))

    @cached_property
    def _ids(self) -> dict[Node, int]:
        return {node: identity for identity, node in self.nodes.items()}

    @cached_property
    def _records(self) -> dict[int, NodeRecord]:
        return {record.id: record for record in self.manifest.nodes}

    def computed_by(self, part: HeadRecord | NeuronGroupRecord) -> list[Node]:
        """The nodes that a head or a group of neurons computes: its own, and those whose directions it writes."""
        written = [self.manifest.directions[place].node for place in part.writes]
        nodes = [self.node(identity) for identity in dict.fromkeys([part.node, *written])]
        return [node for node in nodes if node is not None]


def program_of_model(manifest: Manifest) -> ModelProgram:
    """The program of a model.  Raises RaspError if the manifest's nodes describe no program."""
    try:
        recorded = recorded_graph(manifest)
    except ValueError as error:
        message, hint = f"the manifest is damaged: {error}", "compile the program again"
        raise RaspError(Diagnostic("M013", message, None, hint)) from None
    seen: dict[tuple[str, int, int, int], Mention] = {}

    def observe(expression: tree.Expression, value: Object) -> None:
        if isinstance(value, (SOp, Selector)):
            span = expression.span
            seen.setdefault((span.source.name, span.start, span.end, value.id), Mention(expression, value))

    files = [Source(file.name, file.text) for file in manifest.program.files]
    written = elaborate(
        files[0],
        entries=manifest.program.entries,
        vocabulary=manifest.vocabulary,
        max_length=manifest.max_length,
        loaded=files[1:],
        observer=observe,
    )
    images: dict[Node, Node] = {}
    # Another version of raspc may elaborate the text to another graph.  Then only the recorded nodes are known.
    if graph_hash(written) == manifest.program.graph_sha256:
        originals = written_nodes(written)
        for record in manifest.nodes:
            for place in record.written:
                if place < len(originals):
                    images[originals[place]] = recorded.nodes[record.id]
    return ModelProgram(manifest, written, recorded.program, recorded.nodes, images, tuple(seen.values()))
