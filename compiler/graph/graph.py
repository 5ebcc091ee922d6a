"""The program graph: immutable, hash-consed nodes for the s-ops and selectors of a RASP program.

Elaboration builds the graph, simplification rewrites it, the interpreter and the lowering read it.
A node belongs to one `Graph`.  Equal nodes of a graph are the same object, so `is` compares them and walks can be
memoised by node.  Operations are data: an `Elementwise` names a row of `operations.OPERATIONS`, a `Table` lists a
finite function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Concatenate, Literal, ParamSpec, TypeVar, cast

from ...rasp_grammar.diagnostics import Diagnostic
from ...rasp_grammar.span import Source, Span
from .comparisons import Comparison
from .values import Scalar, is_scalar, scalar_key


@dataclass(frozen=True, eq=False)
class Node:
    """`id` counts the graph's nodes in order of creation, inputs first.  `span` is the first place in the text."""

    id: int
    span: Span


@dataclass(frozen=True, eq=False)
class SOp(Node):
    """One value for each position of the input."""


@dataclass(frozen=True, eq=False)
class Selector(Node):
    """A truth value for each pair of query position (row) and key position (column)."""


@dataclass(frozen=True, eq=False)
class Tokens(SOp):
    """The input tokens, as the vocabulary declares them."""


@dataclass(frozen=True, eq=False)
class Indices(SOp):
    """The position in the input; the first is 0."""


@dataclass(frozen=True, eq=False)
class Constant(SOp):
    """The same value at every position."""

    value: Scalar


@dataclass(frozen=True, eq=False)
class Elementwise(SOp):
    """A named scalar function (a key of `operations.OPERATIONS`) of the inputs' values at the same position."""

    op: str
    inputs: tuple[SOp, ...]


@dataclass(frozen=True, eq=False)
class Table(SOp):
    """A finite function: `rows` maps tuples of input values to a value.

    The value for other inputs is `otherwise`; None: undefined.  `what` names the table in messages ("dict")."""

    inputs: tuple[SOp, ...]
    rows: tuple[tuple[tuple[Scalar, ...], Scalar], ...]
    otherwise: Scalar | None
    what: str


@dataclass(frozen=True, eq=False)
class Aggregate(SOp):
    """The value at the selected position; the mean if several are selected, `default` if none is.

    `default` None: the program gives no default, which means 0 for numbers and booleans, undefined for strings."""

    selector: Selector
    values: SOp
    default: Scalar | None


@dataclass(frozen=True, eq=False)
class SelectorWidth(SOp):
    """The number of selected positions."""

    selector: Selector


@dataclass(frozen=True, eq=False)
class SelectorSum(SOp):
    """The sum of the selected (numeric) values.  Not in the language: simplification makes it."""

    selector: Selector
    values: SOp


@dataclass(frozen=True, eq=False)
class Select(Selector):
    """Selects the key position (column) if `keys[column] comparison queries[row]` holds."""

    keys: SOp
    queries: SOp
    comparison: Comparison


@dataclass(frozen=True, eq=False)
class SelectorAnd(Selector):
    left: Selector
    right: Selector


@dataclass(frozen=True, eq=False)
class SelectorOr(Selector):
    left: Selector
    right: Selector


@dataclass(frozen=True, eq=False)
class SelectorNot(Selector):
    operand: Selector


#: Which of the selected keys a pick keeps.
Which = Literal["first", "last", "nearest"]


@dataclass(frozen=True, eq=False)
class SelectorPick(Selector):
    """Of the keys that the operand selects, the first, the last or the nearest to the query; of two equally near, the
    earlier."""

    operand: Selector
    positions: Indices
    which: Which


#: The s-ops that an attention head computes.
Attended = Aggregate | SelectorWidth | SelectorSum

N = TypeVar("N", bound=Node)
P = ParamSpec("P")


class Graph:
    """Creates and interns the nodes of one program."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._interned: dict[tuple[object, ...], Node] = {}
        self._names: dict[Node, str] = {}

    def __iter__(self) -> Iterator[Node]:
        """All nodes, inputs before their readers."""
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def set_name(self, node: Node, name: str) -> None:
        """Gives a node the name that it has in the program, unless it has one already."""
        self._names.setdefault(node, name)

    def name(self, node: Node) -> str | None:
        return self._names.get(node)

    def tokens(self, span: Span) -> Tokens:
        return self._node(Tokens, span)

    def indices(self, span: Span) -> Indices:
        return self._node(Indices, span)

    def constant(self, value: Scalar, span: Span) -> Constant:
        return self._node(Constant, span, value)

    def elementwise(self, op: str, inputs: Iterable[SOp], span: Span) -> Elementwise:
        return self._node(Elementwise, span, op, tuple(inputs))

    def table(
        self,
        inputs: Iterable[SOp],
        rows: Iterable[tuple[tuple[Scalar, ...], Scalar]],
        otherwise: Scalar | None,
        what: str,
        span: Span,
    ) -> Table:
        """Raises ValueError when two rows have equal arguments (`True` equals 1)."""
        rows = tuple(rows)
        if len({arguments for arguments, _ in rows}) < len(rows):
            raise ValueError("two rows of a table have equal arguments")
        return self._node(Table, span, tuple(inputs), rows, otherwise, what)

    def aggregate(self, selector: Selector, values: SOp, default: Scalar | None, span: Span) -> Aggregate:
        return self._node(Aggregate, span, selector, values, default)

    def selector_width(self, selector: Selector, span: Span) -> SelectorWidth:
        return self._node(SelectorWidth, span, selector)

    def selector_sum(self, selector: Selector, values: SOp, span: Span) -> SelectorSum:
        return self._node(SelectorSum, span, selector, values)

    def select(self, keys: SOp, queries: SOp, comparison: Comparison, span: Span) -> Select:
        return self._node(Select, span, keys, queries, comparison)

    def selector_and(self, left: Selector, right: Selector, span: Span) -> SelectorAnd:
        return self._node(SelectorAnd, span, left, right)

    def selector_or(self, left: Selector, right: Selector, span: Span) -> SelectorOr:
        return self._node(SelectorOr, span, left, right)

    def selector_not(self, operand: Selector, span: Span) -> SelectorNot:
        return self._node(SelectorNot, span, operand)

    def selector_pick(self, operand: Selector, which: Which, span: Span) -> SelectorPick:
        return self._node(SelectorPick, span, operand, self.indices(span), which)

    def copy(self, node: Node, images: Mapping[Node, Node]) -> Node:
        """This graph's node for a node of another graph, with the images of the nodes that it reads."""
        own = [field.name for field in fields(node) if field.name not in ("id", "span")]
        return self._node(type(node), node.span, *[_image(getattr(node, name), images) for name in own])

    def _node(self, kind: Callable[Concatenate[int, Span, P], N], span: Span, *args: P.args, **kwargs: P.kwargs) -> N:
        """The node of this class with these fields: the one that exists, else a new one."""
        key = (kind, *map(_interning_key, args))
        found = self._interned.get(key)
        if found is None:
            found = self._interned[key] = kind(len(self._nodes), span, *args, **kwargs)
            self._nodes.append(found)
        return cast(N, found)


def _image(field: object, images: Mapping[Node, Node]) -> object:
    """A field of a node with its nodes exchanged for their images."""
    if isinstance(field, tuple):
        return tuple([_image(item, images) for item in field])
    return images[field] if isinstance(field, Node) else field


def _interning_key(field: object) -> object:
    """A field as part of a key: it keeps `True` and 1 apart, which are equal."""
    if isinstance(field, tuple):
        return tuple(map(_interning_key, field))
    return scalar_key(field) if is_scalar(field) else field


@dataclass(frozen=True)
class Program:
    """A program after elaboration: its graph, outputs and declarations.

    outputs: (name, s-op) of each output; one, unless several entries were asked for.
    vocabulary, max_length: from `set vocab` and `set max_length`, or from the caller; None when absent.
    sources: the texts of the program, the main file first; the prelude is not among them.
    warnings: diagnostics of a program that is correct, but may not mean what its author thinks.
    entries: the outputs that were asked for by name; empty when the output is the file's last expression.
    """

    graph: Graph
    outputs: tuple[tuple[str, SOp], ...]
    vocabulary: tuple[Scalar, ...] | None
    max_length: int | None
    sources: tuple[Source, ...]
    warnings: tuple[Diagnostic, ...] = ()
    entries: tuple[str, ...] = ()
