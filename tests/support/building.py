"""Builds program graphs by hand, for tests of modules that read graphs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from raspc.compiler.graph.comparisons import Comparison
from raspc.compiler.graph.graph import Graph, Program, Selector, SOp
from raspc.compiler.graph.values import Scalar
from raspc.rasp_grammar.span import Source, Span

TEXT = Source("test.rasp", "first / second\nthe whole\n")
SPAN = Span(TEXT, 15, 24)
DIVISION = Span(TEXT, 0, 14)


class Build:
    """Short names for building graphs; everything is written at SPAN unless said otherwise."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.tokens = self.graph.tokens(SPAN)
        self.indices = self.graph.indices(SPAN)

    def constant(self, value: Scalar) -> SOp:
        return self.graph.constant(value, SPAN)

    def op(self, name: str, *inputs: SOp, span: Span = SPAN) -> SOp:
        return self.graph.elementwise(name, inputs, span)

    def select(self, keys: SOp, queries: SOp, comparison: Comparison) -> Selector:
        return self.graph.select(keys, queries, comparison, SPAN)

    def everything(self) -> Selector:
        return self.select(self.constant(1), self.constant(1), "==")

    def nothing(self) -> Selector:
        return self.select(self.constant(1), self.constant(0), "==")

    def aggregate(self, selector: Selector, values: SOp, default: Scalar | None = None) -> SOp:
        return self.graph.aggregate(selector, values, default, SPAN)

    def width(self, selector: Selector) -> SOp:
        return self.graph.selector_width(selector, SPAN)

    def program(
        self, *outputs: SOp, vocabulary: tuple[Scalar, ...] | None = None, max_length: int | None = None
    ) -> Program:
        named = tuple((f"out{i}", output) for i, output in enumerate(outputs))
        return Program(self.graph, named, vocabulary, max_length, ())


class SelectorBuild(Build):
    """A builder with names for common selectors."""

    def __init__(self) -> None:
        super().__init__()
        self.length = self.width(self.everything())
        self.same = self.select(self.tokens, self.tokens, "==")
        self.earlier = self.select(self.indices, self.indices, "<")
        self.smaller = self.select(self.tokens, self.tokens, "<")
        self.target = self.width(self.or_(self.smaller, self.and_(self.same, self.earlier)))

    def and_(self, *parts: Selector) -> Selector:
        return self._fold(self.graph.selector_and, parts)

    def or_(self, *parts: Selector) -> Selector:
        return self._fold(self.graph.selector_or, parts)

    def not_(self, part: Selector) -> Selector:
        return self.graph.selector_not(part, SPAN)

    def _fold(self, combine: Callable[..., Selector], parts: Sequence[Selector]) -> Selector:
        whole, *rest = parts
        for part in rest:
            whole = combine(whole, part, SPAN)
        return whole

    def at(self, query: SOp) -> Selector:
        """The position that the query names."""
        return self.select(self.indices, query, "==")

    def is_(self, value: Scalar) -> Selector:
        return self.select(self.tokens, self.constant(value), "==")

    def plus(self, node: SOp, amount: int) -> SOp:
        return self.op("add", node, self.constant(amount))

    def minus(self, left: SOp, right: SOp) -> SOp:
        return self.op("sub", left, right)
