"""Graph to graph: the same meaning, cheaper to lower.

Rules, applied bottom-up while the graph is rebuilt:

- an s-op that can only take one value is a constant;
- a ternary whose condition is constant is its branch;
- a truth about a width that only asks "is anything selected" reads a mean of ones instead (a linear form, no neurons);
- a mean times the width of the same selector is a sum; the mean of "is it position 0" over everything is 1 / length;
- a mean over a selector that no single head can hold is a sum divided by a width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import numpy as np

from ...rasp_grammar.span import Span
from ..analysis.conjunctions import DisjointConjunctions
from ..analysis.domains import Space
from ..analysis.joint_tables import TableColumn, evaluate
from ..analysis.node_facts import Analysis
from ..graph.comparisons import COMPARISON_OPERATIONS, COMPARISONS, Comparison
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
    SelectorSum,
    SelectorWidth,
    SOp,
    Table,
    Tokens,
)
from ..graph.result_types import STRING, Kinds, infer
from ..graph.values import Undefined
from ..graph.walk import reachable

#: How many positions stand before, at and after position `index`: (coefficient of index, of length, constant).
POSITIONS = ((1, 0, 0), (0, 0, 1), (-1, 1, -1))

#: Stands for a selector with more conjunctions than were counted.
MANY = 1 << 20


def simplify(program: Program, space: Space, widest_order: int = 64) -> tuple[Program, Analysis]:
    """The simplified program and what is known about its nodes; arguments as for `simplify_traced`."""
    return simplify_traced(program, space, widest_order)[:2]


def simplify_traced(
    program: Program, space: Space, widest_order: int = 64
) -> tuple[Program, Analysis, Mapping[Node, Node]]:
    """The simplified program, what is known about its nodes, and what became of each node that an output depends on.

    `widest_order`: comparisons over more classes are better counted by digits than read by one head."""
    kinds = infer([output for _, output in program.outputs], space.vocabulary)
    rewriter = _Rewriter(program.graph, Analysis(space), kinds, widest_order)
    for node in reachable([output for _, output in program.outputs]):
        rewriter.rewrite(node)
    outputs = tuple((name, rewriter.sop(output)) for name, output in program.outputs)
    return replace(program, graph=rewriter.graph, outputs=outputs), rewriter.analysis, rewriter.new


def _compares_with_end(node: Elementwise | Table, leaf: SOp) -> bool:
    """The node compares the leaf with 0 or with 1, the ends of a mean of truths."""
    if not isinstance(node, Elementwise) or node.op not in COMPARISON_OPERATIONS:
        return False
    others = [child for child in node.inputs if child is not leaf]
    return len(others) == 1 and isinstance(others[0], Constant) and others[0].value in (0, 1)


class _Rewriter:
    def __init__(self, old: Graph, analysis: Analysis, kinds: Mapping[SOp, Kinds], widest_order: int) -> None:
        self.kinds = kinds
        self.widest_order = widest_order
        self.old = old
        self.graph = Graph()
        self.analysis = analysis
        self.predicates = DisjointConjunctions(analysis)
        self.new: dict[Node, Node] = {}

    def sop(self, node: SOp) -> SOp:
        found = self.new[node]
        assert isinstance(found, SOp)
        return found

    def selector(self, node: Selector) -> Selector:
        found = self.new[node]
        assert isinstance(found, Selector)
        return found

    def rewrite(self, node: Node) -> None:
        """Puts the node's image into the new graph; its inputs have theirs already."""
        image = self._copy(node)
        if isinstance(image, SOp):
            better: SOp | None = image
            while better is not None:
                image = better
                better = self._constant(image) or self._improved(image)
        elif isinstance(image, Selector):
            image = self._settled(image)
        self.new[node] = image
        name = self.old.name(node)
        if name is not None:
            self.graph.set_name(image, name)

    def _copy(self, node: Node) -> Node:
        graph, span = self.graph, node.span
        match node:
            case Tokens():
                return graph.tokens(span)
            case Indices():
                return graph.indices(span)
            case Constant(value=value):
                return graph.constant(value, span)
            case Elementwise(op=op, inputs=inputs):
                return graph.elementwise(op, map(self.sop, inputs), span)
            case Table(inputs=inputs, rows=rows, otherwise=otherwise, what=what):
                return graph.table(map(self.sop, inputs), rows, otherwise, what, span)
            case Aggregate(selector=selector, values=values, default=default):
                chosen, moved = self.selector(selector), self.sop(values)
                if self.analysis.selectors.never_empty(chosen):
                    default = None  # never read
                elif default is None and self.kinds[values] != STRING and self.analysis.domain(moved).textual:
                    default = 0  # what a missing default means where the values only happen to be strings
                return graph.aggregate(chosen, moved, default, span)
            case SelectorWidth(selector=selector):
                return graph.selector_width(self.selector(selector), span)
            case SelectorSum(selector=selector, values=values):
                return graph.selector_sum(self.selector(selector), self.sop(values), span)
            case Select(keys=keys, queries=queries, comparison=comparison):
                return graph.select(self.sop(keys), self.sop(queries), comparison, span)
            case SelectorAnd(left=left, right=right):
                return graph.selector_and(self.selector(left), self.selector(right), span)
            case SelectorOr(left=left, right=right):
                return graph.selector_or(self.selector(left), self.selector(right), span)
            case SelectorNot(operand=operand):
                return graph.selector_not(self.selector(operand), span)
            case _:
                raise AssertionError(node)

    def _settled(self, selector: Selector) -> Selector:
        """The one node for "everything" and the one for "nothing"."""
        if not (self.analysis.selectors.always(selector) or self.analysis.selectors.never(selector)):
            return selector
        one = self.graph.constant(1, selector.span)
        comparison: Comparison = "==" if self.analysis.selectors.always(selector) else "!="
        return self.graph.select(one, one, comparison, selector.span)

    # ---- rules ----------------------------------------------------------------------------------

    def _constant(self, node: SOp) -> SOp | None:
        if isinstance(node, Constant):
            return None
        domain = self.analysis.domain(node)
        if domain.values is not None and len(domain.values) == 1 and not domain.undefined:
            return self.graph.constant(domain.values[0], node.span)
        return None

    def _improved(self, node: SOp) -> SOp | None:
        match node:
            case Elementwise(op="where", inputs=(Constant(value=condition), then, otherwise)):
                return then if condition else otherwise
            case Elementwise(op="mul", inputs=(left, right)):
                found = self._sum(node, left, right) or self._sum(node, right, left)
                if found is not None:
                    return found
            case SelectorWidth(selector=selector) | SelectorSum(selector=selector) if self._branches(selector) == 0:
                return self.graph.constant(0, node.span)
            case Aggregate(selector=selector) if self._branches(selector) == 0:
                return self._default_of(node)
            case Aggregate(values=values, default=str()) if self.analysis.domain(values).numeric:
                return self._text_default(node)
            case Aggregate():
                return self._uniform(node) or self._reciprocal_length(node) or self._ratio(node)
            case _:
                pass
        if isinstance(node, (Elementwise, Table)):
            return self._any(node)
        return None

    def _any(self, node: Elementwise | Table) -> SOp | None:
        """A function of one width, or of one mean of truths, that tells only zero (or only one) from the rest.

        It asks whether anything (true) is selected: a mean of ones over the selected (and true) positions."""
        leaves = self.analysis.leaves(node)
        if len(leaves) != 1:
            return None
        (leaf,) = leaves
        if not isinstance(leaf, (SelectorWidth, Aggregate)):
            return None
        values = self.analysis.domain(leaf).values
        if values is None and _compares_with_end(node, leaf):
            values = (0, Fraction(1, 2), 1)  # the others are like the one in the middle
        if values is None or len(values) < 3:
            return None
        column = evaluate(node, {leaf: TableColumn((0,), np.arange(len(values)), values)}, [len(values)])
        results = [column.values[code] for code in np.broadcast_to(column.codes, (len(values),)).tolist()]
        if any(isinstance(result, Undefined) for result in results):
            return None
        span = node.span
        for sought, rest in ((0, results[1:]), (-1, results[:-1])):
            if any(result != rest[0] for result in rest):
                continue
            selector = self._sought(leaf, sought == 0, span)
            if selector is None or self._branches(selector) != 1:
                continue
            if self._is_wide(selector):
                if isinstance(leaf, SelectorWidth):
                    continue
                width = self.graph.selector_width(selector, span)
                anything: SOp = self.graph.elementwise("gt", [width, self.graph.constant(0, span)], span)
            else:
                anything = self.graph.aggregate(selector, self.graph.constant(1, span), 0, span)
            rows = (((0,), results[sought]), ((1,), rest[0]))
            return self.graph.table([anything], rows, None, "whether anything is selected", span)
        return None

    def _is_wide(self, selector: Selector) -> bool:
        """The selector compares over so many values that counting by digits takes much smaller heads."""
        (conjunction,) = self.predicates.of(selector) or ()
        for part in conjunction:
            codes = part.relation.codes
            if codes is None or (min(codes.shape) > self.widest_order and part.signs() != frozenset({0})):
                return True
        return False

    def _sought(self, leaf: SOp, nothing: bool, span: Span) -> Selector | None:
        """The selector that selects nothing exactly when the leaf is 0 (`nothing`), or when it is 1."""
        if isinstance(leaf, SelectorWidth):
            return leaf.selector if nothing and self.analysis.domain(leaf).lowest == 0 else None
        assert isinstance(leaf, Aggregate)
        domain = self.analysis.domain(leaf.values)
        if not domain.boolean or domain.undefined or len(domain.values or ()) != 2:
            return None
        if not self.analysis.selectors.never_empty(leaf.selector) and (not nothing or leaf.default not in (None, 0)):
            return None
        graph = self.graph
        counted = graph.select(leaf.values, graph.constant(int(nothing), span), "==", span)
        return (
            counted
            if self.analysis.selectors.always(leaf.selector)
            else graph.selector_and(leaf.selector, counted, span)
        )

    def _sum(self, node: Elementwise, mean: SOp, width: SOp) -> SOp | None:
        if not (isinstance(mean, Aggregate) and self._is_width(width, mean.selector)):
            return None
        numeric = self.analysis.domain(mean.values).numeric and not self.analysis.domain(mean).undefined
        if not numeric or (mean.default is not None and isinstance(mean.default, str)):
            return None  # where nothing is selected, default * 0 is 0, as the empty sum
        return self.graph.selector_sum(mean.selector, mean.values, node.span)

    def _text_default(self, node: Aggregate) -> SOp | None:
        """Numbers with a string where nothing is selected: a ternary, so that the numbers stay numbers."""
        if (
            self.analysis.selectors.retrieves(node)
            or self.analysis.selectors.never_empty(node.selector)
            or node.default is None
        ):
            return None
        graph, span = self.graph, node.span
        numbers = graph.aggregate(node.selector, node.values, 0, span)
        default = graph.constant(node.default, span)
        return graph.elementwise("where", [self._anything(node.selector, span), numbers, default], span)

    def _default_of(self, node: Aggregate) -> SOp | None:
        """What an aggregate gives when nothing is ever selected; None when that is undefined."""
        default = node.default
        if default is None and self.analysis.domain(node.values).textual:
            return None
        return self.graph.constant(0 if default is None else default, node.span)

    def _uniform(self, node: Aggregate) -> SOp | None:
        """Values that are the same everywhere need no averaging; only whether anything is selected matters."""
        values = node.values
        if not self.analysis.selectors.same_everywhere(values) or self.analysis.domain(values).undefined:
            return None
        if isinstance(values, Constant) and self._branches(node.selector) <= 1:
            return None  # one head reads whether anything is selected, and scales it
        if self.analysis.selectors.never_empty(node.selector):
            return values
        if node.default is None and self.analysis.domain(values).textual:
            return values
        graph, span = self.graph, node.span
        default = graph.constant(0 if node.default is None else node.default, span)
        return graph.elementwise("where", [self._anything(node.selector, span), values, default], span)

    def _anything(self, selector: Selector, span: Span) -> SOp:
        """Whether anything is selected: a mean of ones where one head holds the selector, else a width above zero."""
        if self._branches(selector) <= 1:
            return self.graph.aggregate(selector, self.graph.constant(1, span), 0, span)
        width = self.graph.selector_width(selector, span)
        return self.graph.elementwise("gt", [width, self.graph.constant(0, span)], span)

    def _is_width(self, node: SOp, selector: Selector) -> bool:
        """The node is how many positions the selector selects."""
        if isinstance(node, SelectorWidth) and node.selector is selector:
            return True
        affine = self.analysis.affine(node)
        if affine is None:
            return False
        index, length, others = self.analysis.selectors.in_positions(affine)
        if others:
            return False
        if self.analysis.selectors.always(selector) and not self.analysis.space.causal:
            return (index, length, affine.constant) == (0, 1, 0)
        match selector:
            case Select(keys=Indices(), queries=Indices(), comparison=comparison):
                rule = COMPARISONS[comparison]
                if not rule.is_ordering or (self.analysis.space.causal and rule.holds(1)):
                    return False
                # How many positions stand before, at and after the query: index, 1 and length - index - 1.
                counts = [count for sign, count in zip((-1, 0, 1), POSITIONS, strict=True) if rule.holds(sign)]
                return tuple(map(sum, zip(*counts, strict=True))) == (index, length, affine.constant)
            case _:
                return False

    def _reciprocal_length(self, node: Aggregate) -> SOp | None:
        if not self.analysis.selectors.always(node.selector) or self.analysis.space.causal:
            return None
        first = self.analysis.affine(node.values)
        if first is None or not self._is_first_position(node.values):
            return None
        length = self.graph.selector_width(node.selector, node.span)
        return self.graph.elementwise("div", [self.graph.constant(1, node.span), length], node.span)

    def _is_first_position(self, node: SOp) -> bool:
        leaves = self.analysis.leaves(node)
        if len(leaves) != 1 or not isinstance(next(iter(leaves)), Indices) or not self.analysis.domain(node).boolean:
            return False
        values = self.analysis.domain(next(iter(leaves))).values
        if values is None or node in leaves:
            return False
        column = evaluate(node, {next(iter(leaves)): TableColumn((0,), np.arange(len(values)), values)}, [len(values)])
        return [column.values[code] == 1 for code in column.codes.tolist()] == [True] + [False] * (len(values) - 1)

    def _ratio(self, node: Aggregate) -> SOp | None:
        """Sum divided by width, where one head cannot hold the selector and more than one key may be selected."""
        if self.analysis.selectors.at_most_one(node.selector) or self._branches(node.selector) <= 1:
            return None
        values = self.analysis.domain(node.values)
        graph, span = self.graph, node.span
        width = graph.selector_width(node.selector, span)
        moved, back = node.values, None
        if not values.numeric:
            if not values.textual or values.values is None or values.undefined:
                return None
            moved = graph.table([moved], [((v,), i) for i, v in enumerate(values.values)], None, "code", span)
            back = [((i,), v) for i, v in enumerate(values.values)]
        total = graph.selector_sum(node.selector, moved, span)
        mean: SOp = graph.elementwise("div", [total, width], span)
        if back is not None:
            mean = graph.table([mean], back, None, "value of a code", span)
        if self.analysis.selectors.never_empty(node.selector):
            return mean
        default = node.default
        if default is None:
            if values.textual:
                return mean
            default = 0
        empty = graph.elementwise("eq", [width, graph.constant(0, span)], span)
        return graph.elementwise("where", [empty, graph.constant(default, span), mean], span)

    def _branches(self, selector: Selector) -> int:
        """How many conjunctions the selector takes; 0 when it never selects anything."""
        found = self.predicates.of(selector)
        return MANY if found is None else len(found)
