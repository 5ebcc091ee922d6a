"""The data flow of a computation: boxes for inputs, heads and named s-ops, and which box reads which.

The text of a box contains the unnamed operations between it and the boxes that it reads.  The depth of a box is the
largest number of attention steps on a path to it: 0 for functions of a token and its position, k for values that need k
layers of attention.
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
from ...compiler.graph.walk import attention_depths, inputs_of, visited

BoxKind = Literal["input", "head", "s-op", "selector"]


@dataclass(frozen=True, eq=False)
class Box:
    """A box of the drawing.

    nodes: the s-ops of one head, one s-op, or one selector.  selector: that of a head or of a selector's box.
    selections: the definitions of the selector and of its named parts.  texts: the definitions of the s-ops.
    """

    kind: BoxKind
    depth: int
    nodes: tuple[Node, ...]
    selector: Selector | None
    selections: tuple[str, ...]
    texts: tuple[str, ...]
    reads: tuple[Box, ...]


@dataclass(frozen=True)
class Flow:
    """The boxes of a computation, inputs first; `name` is that of the whole."""

    name: str
    boxes: tuple[Box, ...]

    @property
    def depth(self) -> int:
        """The attention depth of the whole."""
        return max([box.depth for box in self.boxes], default=0)


def longest_chain(root: Node) -> list[SOp]:
    """The attention steps of the longest chain to a node, in order."""
    found = attention_depths([root])
    chain: list[SOp] = []
    node = root
    while found[node] > 0:
        if isinstance(node, Attended):
            chain.append(node)
        node = max(inputs_of(node), key=lambda child: found[child])
    return chain[::-1]


def flow(root: SOp | Selector, name: str, names: Mapping[Node, str]) -> Flow:
    """The data flow to `root`.  `names` are the names of other nodes in boxes and texts."""
    return _Flow(root, name, names).made()


class _Flow:
    def __init__(self, root: SOp | Selector, name: str, names: Mapping[Node, str]) -> None:
        self._root = root
        self._name = name
        self._depths = attention_depths([root])
        #: `describe` takes the names of nodes from a graph; this graph has only the session's names.
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
                # Attention steps of one depth that share a selector become one head.
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
        for node in visited([selector], _selectors_of):
            if node is selector or self._naming.name(node) is not None:
                lines[self._definition(node)] = None
        return tuple(lines)

    def _reads(self, nodes: Iterable[Node]) -> tuple[Box, ...]:
        """The boxes that the nodes read, directly or through nodes without a box."""
        below = [child for node in nodes for child in inputs_of(node)]
        read = visited(below[::-1], lambda node: () if node in self._boxes else inputs_of(node)[::-1])
        return tuple(dict.fromkeys(self._boxes[node] for node in read if node in self._boxes))


def _selectors_of(selector: Selector) -> list[Selector]:
    """The selectors that a selector is made of."""
    return [part for part in inputs_of(selector) if isinstance(part, Selector)]
