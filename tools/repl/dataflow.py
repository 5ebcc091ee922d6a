"""The flow of a computation: which heads and which s-ops stand at which attention depth, and what reads what.

A box is what a person has named or a head has to compute; what lies between two boxes is written out in the second.
The depth of a box is the number of attention steps on the longest way to it: 0 for what a token and its position tell,
k for what needs k layers of attention.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ...compiler.graph.graph import (
    Attended,
    Constant,
    Graph,
    Indices,
    Node,
    Selector,
    SOp,
    Tokens,
)
from ...compiler.graph.print_graph import describe
from ...compiler.graph.walk import attention_depths, inputs_of, operands_of, visited

BoxKind = Literal["input", "head", "s-op", "selector"]


@dataclass(frozen=True, eq=False)
class Box:
    """`nodes` are what it computes: the s-ops of one head, or one s-op.  `selector` is a head's, or what a selector's
    box shows.  `texts` are the definitions of the selector (its named parts included) and of the nodes."""

    kind: BoxKind
    depth: int
    nodes: tuple[Node, ...]
    selector: Selector | None
    selections: tuple[str, ...]
    texts: tuple[str, ...]
    reads: tuple[Box, ...]


@dataclass(frozen=True)
class Flow:
    """`boxes` stand in the order of the computation, inputs first; `name` is what was asked for."""

    name: str
    boxes: tuple[Box, ...]

    @property
    def depth(self) -> int:
        """The attention depth of the whole."""
        return max([box.depth for box in self.boxes], default=0)


def longest_chain(root: Node) -> list[SOp]:
    """The attention steps that make the depth of a node, the first of them first."""
    found = attention_depths([root])
    chain: list[SOp] = []
    node = root
    while found[node] > 0:
        if isinstance(node, Attended):
            chain.append(node)
        node = max(inputs_of(node), key=lambda child: found[child])
    return chain[::-1]


def flow(root: SOp | Selector, name: str, names: Mapping[Node, str]) -> Flow:
    """How `root` is computed.  `names` are those that boxes and texts use, beside `name` for the root."""
    return _Flow(root, name, names).made()


class _Flow:
    def __init__(self, root: SOp | Selector, name: str, names: Mapping[Node, str]) -> None:
        self._root = root
        self._name = name
        self._depths = attention_depths([root])
        #: `describe` asks a graph for the names of nodes; this one has the session's.
        self._naming = Graph()
        for node in self._depths:
            known = name if node is root else names.get(node)
            if known is not None and not isinstance(node, (Tokens, Indices, Constant)):
                self._naming.set_name(node, known)
        self._boxes: dict[Node, Box] = {}

    def made(self) -> Flow:
        order = sorted(self._depths, key=lambda node: (self._depths[node], node.id))
        heads: dict[Selector, list[Node]] = {}
        for node in order:
            if isinstance(node, Attended):
                heads.setdefault(node.selector, []).append(node)
        boxes: list[Box] = []
        for node in order:
            if node in self._boxes or not self._is_boxed(node):
                continue
            boxes.append(self._box(node, heads))
        return Flow(self._name, tuple(boxes))

    def _is_boxed(self, node: Node) -> bool:
        if node is self._root or isinstance(node, (Tokens, Indices, Attended)):
            return True
        return isinstance(node, SOp) and not isinstance(node, Constant) and self._naming.name(node) is not None

    def _box(self, node: Node, heads: Mapping[Selector, list[Node]]) -> Box:
        depth = self._depths[node]
        match node:
            case Tokens() | Indices():
                box = Box("input", 0, (node,), None, (), (describe(self._naming, node),), ())
            case Selector():
                box = Box("selector", depth, (node,), node, self._selections(node), (), self._reads([node]))
            case _ if isinstance(node, Attended):
                # Steps of one depth that share a selector are one head's.
                group = [other for other in heads[node.selector] if self._depths[other] == depth]
                texts = tuple([self._definition(other) for other in group])
                reads = self._reads(group)
                box = Box("head", depth, tuple(group), node.selector, self._selections(node.selector), texts, reads)
            case _:
                box = Box("s-op", depth, (node,), None, (), (self._definition(node),), self._reads([node]))
        self._boxes.update(dict.fromkeys(box.nodes, box))
        return box

    def _definition(self, node: Node) -> str:
        name = self._naming.name(node)
        text = describe(self._naming, node, expand=True)
        return text if name is None else f"{name} = {text}"

    def _selections(self, selector: Selector) -> tuple[str, ...]:
        """The selector's definition, then those of its parts that have names."""
        lines: dict[str, None] = {}
        for node in visited([selector], operands_of):
            if node is selector or self._naming.name(node) is not None:
                lines[self._definition(node)] = None
        return tuple(lines)

    def _reads(self, nodes: Iterable[Node]) -> tuple[Box, ...]:
        """The boxes that the nodes read, through everything that has no box."""
        below = [child for node in nodes for child in inputs_of(node)]
        read = visited(below[::-1], lambda node: () if node in self._boxes else inputs_of(node)[::-1])
        return tuple(dict.fromkeys(self._boxes[node] for node in read if node in self._boxes))
