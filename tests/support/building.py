"""Graphs by hand, for tests of what reads graphs."""

from __future__ import annotations

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
