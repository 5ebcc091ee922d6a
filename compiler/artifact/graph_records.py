"""The simplified program graph in the manifest: records of its nodes, and the graph that such records describe."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ...rasp_grammar.span import Source, Span
from ..graph.graph import (
    Aggregate,
    Constant,
    Elementwise,
    Graph,
    Indices,
    Node,
    Program,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorPick,
    SelectorSum,
    SelectorWidth,
    SOp,
    Table,
    Tokens,
)
from ..graph.operations import OPERATIONS
from ..graph.print_graph import format_graph
from ..graph.walk import inputs_of, reachable
from .manifest import ComputationRecord, Manifest, NodeKind, NodeRecord, TableRowRecord


def computation_of(node: Node) -> ComputationRecord:
    """The record of one node's operation; its inputs are named by their ids."""
    inputs = tuple(child.id for child in inputs_of(node))
    match node:
        case Constant(value=value):
            return ComputationRecord("constant", inputs, None, value, ())
        case Elementwise(op=op):
            return ComputationRecord("elementwise", inputs, op, None, ())
        case Table(rows=rows, otherwise=otherwise, what=what):
            listed = tuple(TableRowRecord(arguments, value) for arguments, value in rows)
            return ComputationRecord("table", inputs, what, otherwise, listed)
        case Aggregate(default=default):
            return ComputationRecord("aggregate", inputs, None, default, ())
        case Select(comparison=comparison):
            return ComputationRecord("select", inputs, comparison, None, ())
        case SelectorPick(which=which):
            return ComputationRecord("pick", inputs, which, None, ())
        case _:
            return ComputationRecord(_KINDS[type(node)], inputs, None, None, ())


_KINDS: dict[type[Node], NodeKind] = {
    Tokens: "tokens",
    Indices: "indices",
    SelectorWidth: "selector_width",
    SelectorSum: "selector_sum",
    SelectorAnd: "and",
    SelectorOr: "or",
    SelectorNot: "not",
}


@dataclass(frozen=True)
class RecordedGraph:
    """The simplified program that a manifest records, and its nodes by the manifest's ids."""

    program: Program
    nodes: Mapping[int, Node]


def recorded_graph(manifest: Manifest) -> RecordedGraph:
    """The simplified program of a manifest.  Raises ValueError where its `nodes` describe no program graph."""
    sources = {file.name: Source(file.name, file.text) for file in manifest.program.files}
    elsewhere = Span(Source("<prelude>", ""), 0, 0)
    graph = Graph()
    nodes: dict[int, Node] = {}
    for record in manifest.nodes:
        span = elsewhere
        if record.file in sources and record.start is not None and record.end is not None:
            span = Span(sources[record.file], record.start, record.end)
        node = _node(graph, record, nodes, span)
        nodes[record.id] = node
        if record.name is not None:
            graph.set_name(node, record.name)
    outputs = []
    for output in manifest.outputs:
        node = nodes[output.node]
        if not isinstance(node, SOp):
            raise ValueError(f"output `{output.name}` is a selector")
        outputs.append((output.name, node))
    program = Program(
        graph,
        tuple(outputs),
        manifest.vocabulary,
        manifest.max_length,
        tuple(sources.values()),
        (),
        manifest.program.entries,
    )
    return RecordedGraph(program, nodes)


def _node(graph: Graph, record: NodeRecord, nodes: Mapping[int, Node], span: Span) -> Node:
    computes = record.computes
    inputs = [nodes[identity] for identity in computes.inputs]
    s_ops = [node for node in inputs if isinstance(node, SOp)]
    selectors = [node for node in inputs if isinstance(node, Selector)]

    def of(n_selectors: int, n_s_ops: int) -> bool:
        return len(selectors) == n_selectors and len(s_ops) == n_s_ops and inputs == [*selectors, *s_ops]

    match computes.kind, computes.function:
        case "tokens", None if of(0, 0):
            return graph.tokens(span)
        case "indices", None if of(0, 0):
            return graph.indices(span)
        case "constant", None if of(0, 0) and computes.value is not None:
            return graph.constant(computes.value, span)
        case "elementwise", str(op) if op in OPERATIONS and of(0, OPERATIONS[op].arity):
            return graph.elementwise(op, s_ops, span)
        case "table", str(what) if of(0, len(s_ops)) and all(len(r.arguments) == len(s_ops) for r in computes.rows):
            rows = [(row.arguments, row.value) for row in computes.rows]
            return graph.table(s_ops, rows, computes.value, what, span)
        case "aggregate", None if of(1, 1):
            return graph.aggregate(selectors[0], s_ops[0], computes.value, span)
        case "selector_width", None if of(1, 0):
            return graph.selector_width(selectors[0], span)
        case "selector_sum", None if of(1, 1):
            return graph.selector_sum(selectors[0], s_ops[0], span)
        case "select", ("==" | "!=" | "<" | "<=" | ">" | ">=") as comparison if of(0, 2):
            return graph.select(s_ops[0], s_ops[1], comparison, span)
        case "and", None if of(2, 0):
            return graph.selector_and(selectors[0], selectors[1], span)
        case "or", None if of(2, 0):
            return graph.selector_or(selectors[0], selectors[1], span)
        case "not", None if of(1, 0):
            return graph.selector_not(selectors[0], span)
        case "pick", ("first" | "last" | "nearest") as which if of(1, 1) and isinstance(s_ops[0], Indices):
            return graph.selector_pick(selectors[0], which, span)
    raise ValueError(f"node {record.id} is no operation of a program graph")


def written_nodes(program: Program) -> list[Node]:
    """The nodes of a program before simplification in the order that `NodeRecord.written` counts."""
    return reachable(node for _, node in program.outputs)


def graph_hash(program: Program) -> str:
    """SHA-256 of the text of a program graph; equal hashes mean that `written_nodes` agree."""
    return hashlib.sha256(format_graph(program).encode("utf-8", "surrogatepass")).hexdigest()
