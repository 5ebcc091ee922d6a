"""The program graph: what a RASP program computes, as immutable, hash-consed nodes.

Built by elaboration, rewritten by simplification, read by the interpreter and the lowering.
A node belongs to one `Graph`; equal nodes of a graph are the same object, so `is` compares them,
and walks can be memoised by node.  Operations are data: an `Elementwise` names a row of
`ops.OPERATIONS`, a `Table` lists a finite function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from ...rasp_grammar.diagnostics import Diagnostic
from ...rasp_grammar.span import Source, Span
from .comparisons import Comparison
from .values import Scalar, scalar_key


@dataclass(frozen=True, eq=False)
class Node:
    """`id` counts the graph's nodes in order of creation (inputs first); `span` is where it was written first."""

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
    """The position, from 0."""


@dataclass(frozen=True, eq=False)
class Constant(SOp):
    """The same value at every position."""

    value: Scalar


@dataclass(frozen=True, eq=False)
class Elementwise(SOp):
    """A named scalar function (a key of `ops.OPERATIONS`) of the inputs' values at the same position."""

    op: str
    inputs: tuple[SOp, ...]


@dataclass(frozen=True, eq=False)
class Table(SOp):
    """A finite function: `rows` maps tuples of input values to a value; anything else is `otherwise`,
    undefined when that is None.  `what` names it in messages ("dict", "list index")."""

    inputs: tuple[SOp, ...]
    rows: tuple[tuple[tuple[Scalar, ...], Scalar], ...]
    otherwise: Scalar | None
    what: str


@dataclass(frozen=True, eq=False)
class Aggregate(SOp):
    """The value at the selected position, the mean where several are selected, `default` where none is.

    `default` None is a missing default: 0 for numbers and booleans, undefined for strings."""

    selector: Selector
    values: SOp
    default: Scalar | None


@dataclass(frozen=True, eq=False)
class SelectorWidth(SOp):
    """How many positions are selected."""

    selector: Selector


@dataclass(frozen=True, eq=False)
class SelectorSum(SOp):
    """The sum of the selected (numeric) values.  Not in the language: simplification makes it."""

    selector: Selector
    values: SOp


@dataclass(frozen=True, eq=False)
class Select(Selector):
    """Selected where `keys[column] comparison queries[row]`."""

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


#: The s-ops that an attention head computes.
Attended = Aggregate | SelectorWidth | SelectorSum

N = TypeVar("N", bound=Node)


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
        """Remember the name that a person gave to a node; the first one stays."""
        self._names.setdefault(node, name)

    def name(self, node: Node) -> str | None:
        return self._names.get(node)

    def tokens(self, span: Span) -> Tokens:
        return self._intern(Tokens, (), span, ())

    def indices(self, span: Span) -> Indices:
        return self._intern(Indices, (), span, ())

    def constant(self, value: Scalar, span: Span) -> Constant:
        return self._intern(Constant, (scalar_key(value),), span, (value,))

    def elementwise(self, op: str, inputs: Iterable[SOp], span: Span) -> Elementwise:
        inputs = tuple(inputs)
        return self._intern(Elementwise, (op, *inputs), span, (op, inputs))

    def table(
        self,
        inputs: Iterable[SOp],
        rows: Iterable[tuple[tuple[Scalar, ...], Scalar]],
        otherwise: Scalar | None,
        what: str,
        span: Span,
    ) -> Table:
        inputs, rows = tuple(inputs), tuple(rows)
        typed_rows = tuple((tuple(map(scalar_key, args)), scalar_key(value)) for args, value in rows)
        typed_otherwise = None if otherwise is None else scalar_key(otherwise)
        return self._intern(Table, (inputs, typed_rows, typed_otherwise, what), span, (inputs, rows, otherwise, what))

    def aggregate(self, selector: Selector, values: SOp, default: Scalar | None, span: Span) -> Aggregate:
        key = None if default is None else scalar_key(default)
        return self._intern(Aggregate, (selector, values, key), span, (selector, values, default))

    def selector_width(self, selector: Selector, span: Span) -> SelectorWidth:
        return self._intern(SelectorWidth, (selector,), span, (selector,))

    def selector_sum(self, selector: Selector, values: SOp, span: Span) -> SelectorSum:
        return self._intern(SelectorSum, (selector, values), span, (selector, values))

    def select(self, keys: SOp, queries: SOp, comparison: Comparison, span: Span) -> Select:
        return self._intern(Select, (keys, queries, comparison), span, (keys, queries, comparison))

    def selector_and(self, left: Selector, right: Selector, span: Span) -> SelectorAnd:
        return self._intern(SelectorAnd, (left, right), span, (left, right))

    def selector_or(self, left: Selector, right: Selector, span: Span) -> SelectorOr:
        return self._intern(SelectorOr, (left, right), span, (left, right))

    def selector_not(self, operand: Selector, span: Span) -> SelectorNot:
        return self._intern(SelectorNot, (operand,), span, (operand,))

    def _intern(self, kind: type[N], key: tuple[object, ...], span: Span, fields: tuple[object, ...]) -> N:
        found = self._interned.get((kind, *key))
        if found is None:
            found = kind(len(self._nodes), span, *fields)
            self._nodes.append(found)
            self._interned[(kind, *key)] = found
        assert isinstance(found, kind)
        return found


@dataclass(frozen=True)
class Program:
    """A program after elaboration: the graph, what the output is, and what the text declares.

    `outputs` maps each entry's name to its s-op (one entry unless several were asked for).  `vocabulary`
    and `max_length` come from `set vocab` and `set max_length`, or the command line; None when absent.
    `entries` are the outputs that were asked for by name; empty when the output is the file's last expression.
    `sources` are the texts that it was read from, the main file first (the prelude is not among them).
    `warnings` are what a person should know about a program that is well formed.
    """

    graph: Graph
    outputs: tuple[tuple[str, SOp], ...]
    vocabulary: tuple[Scalar, ...] | None
    max_length: int | None
    sources: tuple[Source, ...]
    warnings: tuple[Diagnostic, ...] = ()
    entries: tuple[str, ...] = ()
