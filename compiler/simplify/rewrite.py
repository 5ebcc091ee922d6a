"""Copies a program graph node by node, inputs first, and applies the rules to each copy until none applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..analysis.conjunctions import DisjointConjunctions
from ..analysis.domains import Space
from ..analysis.node_facts import Analysis
from ..graph.graph import Aggregate, Graph, Node, Program, Selector, SOp
from ..graph.result_types import STRING, Kinds, infer
from ..graph.walk import reachable
from .picks import reader_of_pick, selector_without_nested_picks
from .rules import Rewriting, everything_or_nothing, rewritten


@dataclass(frozen=True)
class Simplified:
    """A simplified program and what is known about its nodes.

    `images` maps each node of the original that an output depends on to the node that stands for it now."""

    program: Program
    analysis: Analysis
    images: Mapping[Node, Node]


def simplify(program: Program, space: Space, widest_order: int = 64) -> Simplified:
    """The program with the rules applied.

    widest_order: heads read an order over at most this many classes; a wider one is counted by digits, which takes
    smaller heads.
    """
    outputs = [output for _, output in program.outputs]
    kinds = infer(outputs, space.vocabulary)
    analysis = Analysis(space)
    rewriting = Rewriting(Graph(), analysis, DisjointConjunctions(analysis), widest_order)
    images: dict[Node, Node] = {}
    for node in reachable(outputs):
        if isinstance(node, Aggregate):
            copied: Node = _aggregate(node, images, rewriting, kinds[node.values])
        else:
            copied = rewriting.graph.copy(node, images)
        images[node] = _fixpoint(copied, rewriting)
        name = program.graph.name(node)
        if name is not None:
            rewriting.graph.set_name(images[node], name)
    renamed = tuple((name, _sop(images[output])) for name, output in program.outputs)
    return Simplified(replace(program, graph=rewriting.graph, outputs=renamed), analysis, images)


def _fixpoint(node: Node, rewriting: Rewriting) -> Node:
    if isinstance(node, Selector):
        return everything_or_nothing(selector_without_nested_picks(node, rewriting), rewriting)
    assert isinstance(node, SOp)
    better = reader_of_pick(node, rewriting) or rewritten(node, rewriting)
    while better is not None:
        node, better = better, reader_of_pick(better, rewriting) or rewritten(better, rewriting)
    return node


def _aggregate(node: Aggregate, images: Mapping[Node, Node], rewriting: Rewriting, kinds: Kinds) -> Aggregate:
    """The copy without a default that is never read, and with 0 where that is what no default means.

    kinds: those of the values in the original.  No default means undefined only where all of them are strings; after
    simplification that may be true of more aggregates."""
    selector, values = images[node.selector], _sop(images[node.values])
    assert isinstance(selector, Selector)
    default = node.default
    if rewriting.analysis.selectors.never_empty(selector):
        default = None
    elif default is None and kinds != STRING and rewriting.analysis.domain(values).textual:
        default = 0
    return rewriting.graph.aggregate(selector, values, default, node.span)


def _sop(node: Node) -> SOp:
    assert isinstance(node, SOp)
    return node
