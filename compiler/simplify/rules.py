"""The rules of simplification: each gives an s-op with the same values that is cheaper to lower, or None."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from ...rasp_grammar.span import Span
from ..analysis.conjunctions import DisjointConjunctions
from ..analysis.joint_tables import values_along
from ..analysis.node_facts import Analysis
from ..graph.comparisons import COMPARISON_OPERATIONS, COMPARISONS, holds
from ..graph.graph import (
    Aggregate,
    Constant,
    Elementwise,
    Graph,
    Indices,
    Select,
    Selector,
    SelectorAnd,
    SelectorOr,
    SelectorSum,
    SelectorWidth,
    SOp,
    Table,
)
from ..graph.values import Scalar, Undefined
from ..graph.walk import picked_from

#: The numbers of positions before, at and after `index`, as (coefficient of index, of length, constant).
POSITIONS = {-1: (1, 0, 0), 0: (0, 0, 1), 1: (-1, 1, -1)}


@dataclass(frozen=True)
class Rewriting:
    """The graph that the rules add to, and what is known about its nodes.

    widest_order: see `rewrite.simplify`."""

    graph: Graph
    analysis: Analysis
    predicates: DisjointConjunctions
    widest_order: int

    def conjunctions(self, selector: Selector) -> float:
        """The number of heads for the selector, or for what it picks from (see `analysis.conjunctions`): 0 if it never
        selects anything, infinity if counting them takes too long."""
        found = self.predicates.of(picked_from(selector))
        return math.inf if found is None else len(found)

    def constant(self, value: Scalar, span: Span) -> SOp:
        return self.graph.constant(value, span)

    def anything(self, selector: Selector, span: Span) -> SOp:
        """Whether anything is selected: a mean of ones where one head holds the selector, else a width above zero."""
        if self.conjunctions(selector) <= 1:
            return self.graph.aggregate(selector, self.constant(1, span), 0, span)
        width = self.graph.selector_width(selector, span)
        return self.graph.elementwise("gt", [width, self.constant(0, span)], span)


def rewritten(node: SOp, rewriting: Rewriting) -> SOp | None:
    """The result of the first rule that applies to the node; None when none does."""
    return single_value(node, rewriting) or _by_class(node, rewriting)


def _by_class(node: SOp, rewriting: Rewriting) -> SOp | None:
    match node:
        case Elementwise(op="where", inputs=(Constant(value=condition), then, otherwise)):
            return then if condition else otherwise
        case Elementwise() | Table():
            return (
                index_of_known_sign(node, rewriting)
                or mean_times_width(node, rewriting)
                or whether_anything_is_selected(node, rewriting)
            )
        case SelectorWidth(selector=selector) | SelectorSum(selector=selector):
            return rewriting.constant(0, node.span) if rewriting.conjunctions(selector) == 0 else None
        case Aggregate(selector=selector) if rewriting.conjunctions(selector) == 0:
            return default_of_nothing(node, rewriting)
        case Aggregate(values=values, default=str()) if rewriting.analysis.domain(values).numeric:
            return numbers_or_text(node, rewriting)
        case Aggregate():
            return (
                uniform_values(node, rewriting)
                or reciprocal_length(node, rewriting)
                or reciprocal_width(node, rewriting)
                or sum_divided_by_width(node, rewriting)
            )
        case _:
            return None


def everything_or_nothing(selector: Selector, rewriting: Rewriting) -> Selector:
    """One node stands for every selector that selects everything, and one for those that select nothing."""
    always = rewriting.analysis.selectors.always(selector)
    if not always and not rewriting.analysis.selectors.never(selector):
        return selector
    one = rewriting.constant(1, selector.span)
    return rewriting.graph.select(one, one, "==" if always else "!=", selector.span)


def single_value(node: SOp, rewriting: Rewriting) -> SOp | None:
    """An s-op that can only take one value is a constant."""
    domain = rewriting.analysis.domain(node)
    if isinstance(node, Constant) or domain.values is None or len(domain.values) != 1 or domain.undefined:
        return None
    return rewriting.constant(domain.values[0], node.span)


def index_of_known_sign(node: Elementwise | Table, rewriting: Rewriting) -> SOp | None:
    """The place that `seq[i]` reads, `length + i if i < 0 else i`, where `i` is never or always negative.

    The condition may be undefined, so it is no constant; the place is undefined at the same positions."""
    match node:
        case Elementwise(op="where", inputs=(Elementwise(op="lt", inputs=(index, Constant(value=0))), then, otherwise)):
            domain = rewriting.analysis.domain(index)
            if not domain.numeric or domain.values == ():
                return None
            if otherwise is index and domain.lowest >= 0:
                return index
            if isinstance(then, Elementwise) and then.op == "add" and index in then.inputs and domain.highest < 0:
                return then
    return None


# ---- functions of means and widths --------------------------------------------------------------------------


def mean_times_width(node: Elementwise | Table, rewriting: Rewriting) -> SOp | None:
    """A mean times the width of the same selector is the sum."""
    if not isinstance(node, Elementwise) or node.op != "mul":
        return None
    left, right = node.inputs
    return _sum(left, right, node.span, rewriting) or _sum(right, left, node.span, rewriting)


def _sum(mean: SOp, width: SOp, span: Span, rewriting: Rewriting) -> SOp | None:
    if not isinstance(mean, Aggregate) or not _is_width(width, mean.selector, rewriting.analysis):
        return None
    numeric = rewriting.analysis.domain(mean.values).numeric and not rewriting.analysis.domain(mean).undefined
    if not numeric or isinstance(mean.default, str):
        return None  # a number as default does no harm: where nothing is selected, it is multiplied by 0
    return rewriting.graph.selector_sum(mean.selector, mean.values, span)


def _is_width(node: SOp, selector: Selector, analysis: Analysis) -> bool:
    """The node is how many positions the selector selects."""
    if isinstance(node, SelectorWidth) and node.selector is selector:
        return True
    affine = analysis.affine(node)
    if affine is None:
        return False
    index, length, others = analysis.selectors.in_positions(affine)
    if others:
        return False
    causal = analysis.space.causal
    if analysis.selectors.always(selector) and not causal:
        return (index, length, affine.constant) == (0, 1, 0)
    match selector:
        case Select(keys=Indices(), queries=Indices(), comparison=comparison):
            rule = COMPARISONS[comparison]
            if not rule.is_ordering or (causal and rule.holds(1)):
                return False
            counts = zip(*(POSITIONS[sign] for sign in rule.accepts), strict=True)
            return tuple(map(sum, counts)) == (index, length, affine.constant)
        case _:
            return False


def whether_anything_is_selected(node: Elementwise | Table, rewriting: Rewriting) -> SOp | None:
    """A function of one width, or of one mean of truths, that only tells zero (or only one) from the other values.

    It becomes a table over a mean of ones, which takes no neurons: is anything selected (of which it is true)?"""
    leaves = rewriting.analysis.leaves(node)
    if len(leaves) != 1:
        return None
    (leaf,) = leaves
    if not isinstance(leaf, (SelectorWidth, Aggregate)):
        return None
    values = rewriting.analysis.domain(leaf).values
    if values is None and _compares_with_end(node, leaf):
        values = (0, Fraction(1, 2), 1)  # all values between the ends compare as the middle does
    if values is None or len(values) < 3:
        return None
    results = [result for result in values_along(node, leaf, values) if not isinstance(result, Undefined)]
    if len(results) < len(values):
        return None
    for end in (0, 1):
        sought, others = (results[0], results[1:]) if end == 0 else (results[-1], results[:-1])
        if any(result != others[0] for result in others):
            continue
        selector = _empty_where(leaf, end, node.span, rewriting)
        if selector is None or rewriting.conjunctions(selector) != 1:
            continue
        if not _is_wide(selector, rewriting):
            anything = rewriting.anything(selector, node.span)
        elif isinstance(leaf, Aggregate):
            width = rewriting.graph.selector_width(selector, node.span)
            anything = rewriting.graph.elementwise("gt", [width, rewriting.constant(0, node.span)], node.span)
        else:
            continue
        rows = (((0,), sought), ((1,), others[0]))
        return rewriting.graph.table([anything], rows, None, "whether anything is selected", node.span)
    return None


def _compares_with_end(node: Elementwise | Table, leaf: SOp) -> bool:
    """The node compares the leaf with 0 or with 1, the ends of a mean of truths."""
    if not isinstance(node, Elementwise) or node.op not in COMPARISON_OPERATIONS:
        return False
    others = [child for child in node.inputs if child is not leaf]
    return len(others) == 1 and isinstance(others[0], Constant) and others[0].value in (0, 1)


def _empty_where(leaf: SelectorWidth | Aggregate, end: int, span: Span, rewriting: Rewriting) -> Selector | None:
    """The selector that selects nothing exactly where the width is 0, or the mean of truths is `end` (0 or 1)."""
    analysis, graph = rewriting.analysis, rewriting.graph
    if isinstance(leaf, SelectorWidth):
        return leaf.selector if end == 0 and analysis.domain(leaf).lowest == 0 else None
    domain = analysis.domain(leaf.values)
    if not domain.boolean or domain.undefined or len(domain.values or ()) != 2:
        return None
    if not analysis.selectors.never_empty(leaf.selector) and (end == 1 or leaf.default not in (None, 0)):
        return None
    other = graph.select(leaf.values, rewriting.constant(1 - end, span), "==", span)
    return other if analysis.selectors.always(leaf.selector) else graph.selector_and(leaf.selector, other, span)


def _is_wide(selector: Selector, rewriting: Rewriting) -> bool:
    """The selector compares over so many values that counting by digits takes much smaller heads."""
    (conjunction,) = rewriting.predicates.of(selector) or ()
    for predicate in conjunction:
        codes = predicate.relation.codes
        if codes is None or (min(codes.shape) > rewriting.widest_order and predicate.signs() != frozenset({0})):
            return True
    return False


# ---- aggregates ---------------------------------------------------------------------------------------------


def default_of_nothing(node: Aggregate, rewriting: Rewriting) -> SOp | None:
    """An aggregate over a selector that never selects anything is its default; None when that is undefined."""
    if node.default is None and rewriting.analysis.domain(node.values).textual:
        return None
    return rewriting.constant(0 if node.default is None else node.default, node.span)


def numbers_or_text(node: Aggregate, rewriting: Rewriting) -> SOp | None:
    """A mean of numbers with a string as default is a ternary, so that the mean stays a number."""
    analysis = rewriting.analysis
    if analysis.selectors.retrieves(node) or analysis.selectors.never_empty(node.selector) or node.default is None:
        return None
    numbers = rewriting.graph.aggregate(node.selector, node.values, 0, node.span)
    return _where_anything(node, numbers, node.default, rewriting)


def uniform_values(node: Aggregate, rewriting: Rewriting) -> SOp | None:
    """Values that are the same at all positions need no mean; only whether anything is selected matters."""
    analysis, values = rewriting.analysis, node.values
    if not analysis.selectors.same_everywhere(values) or analysis.domain(values).undefined:
        return None
    if isinstance(values, Constant) and rewriting.conjunctions(node.selector) <= 1:
        return None  # one head reads whether anything is selected, and scales it
    if analysis.selectors.never_empty(node.selector) or (node.default is None and analysis.domain(values).textual):
        return values
    return _where_anything(node, values, 0 if node.default is None else node.default, rewriting)


def _where_anything(node: Aggregate, values: SOp, default: Scalar, rewriting: Rewriting) -> SOp:
    """`values` where the aggregate's selector selects anything, elsewhere its default."""
    graph, span = rewriting.graph, node.span
    otherwise = rewriting.constant(default, span)
    return graph.elementwise("where", [rewriting.anything(node.selector, span), values, otherwise], span)


def reciprocal_length(node: Aggregate, rewriting: Rewriting) -> SOp | None:
    """The mean over all positions of "is it position 0" is 1 / length."""
    analysis = rewriting.analysis
    over_everything = analysis.selectors.always(node.selector) and not analysis.space.causal
    if not over_everything or not _is_first_position(node.values, analysis):
        return None
    length = rewriting.graph.selector_width(node.selector, node.span)
    return rewriting.graph.elementwise("div", [rewriting.constant(1, node.span), length], node.span)


def reciprocal_width(node: Aggregate, rewriting: Rewriting) -> SOp | None:
    """The mean of "is it position 0", over a selector that selects position 0 for every query, is 1 / width.

    One head takes that mean as it is; the rule is for selectors that one head cannot hold."""
    analysis = rewriting.analysis
    if rewriting.conjunctions(node.selector) <= 1 or not _is_first_position(node.values, analysis):
        return None
    if not _selects_first(node.selector, analysis):
        return None
    width = rewriting.graph.selector_width(node.selector, node.span)
    return rewriting.graph.elementwise("div", [rewriting.constant(1, node.span), width], node.span)


def _selects_first(selector: Selector, analysis: Analysis) -> bool:
    """Every query selects position 0, where nothing is undefined; False also where that is not found."""
    match selector:
        case SelectorOr(left=left, right=right):
            return _selects_first(left, analysis) or _selects_first(right, analysis)
        case SelectorAnd(left=left, right=right):
            return _selects_first(left, analysis) and _selects_first(right, analysis)
        case Select(keys=Indices(), queries=queries, comparison=comparison):
            values = analysis.domain(queries).values
            return values is not None and all(holds(comparison, 0, value) for value in values)
        case _:
            return False


def _is_first_position(node: SOp, analysis: Analysis) -> bool:
    """The node is 1 at position 0 and 0 at all others."""
    leaves = analysis.leaves(node)
    if len(leaves) != 1 or node in leaves:
        return False
    (leaf,) = leaves
    indices = analysis.domain(leaf).values
    if not isinstance(leaf, Indices) or indices is None or not analysis.domain(node).boolean:
        return False
    return [value == 1 for value in values_along(node, leaf, indices)] == [index == 0 for index in indices]


def sum_divided_by_width(node: Aggregate, rewriting: Rewriting) -> SOp | None:
    """A mean over a selector that one head cannot hold is a sum divided by a width, each added up over the heads.

    Strings are numbered before and named again after; where several are selected, the mean has no name."""
    if rewriting.analysis.selectors.at_most_one(node.selector) or rewriting.conjunctions(node.selector) <= 1:
        return None
    domain = rewriting.analysis.domain(node.values)
    graph, span = rewriting.graph, node.span
    width = graph.selector_width(node.selector, span)
    numbers, names = node.values, None
    if not domain.numeric:
        if not domain.textual or domain.values is None or domain.undefined:
            return None
        codes = [((text,), code) for code, text in enumerate(domain.values)]
        numbers = graph.table([numbers], codes, None, "code", span)
        names = [((code,), text) for code, text in enumerate(domain.values)]
    mean: SOp = graph.elementwise("div", [graph.selector_sum(node.selector, numbers, span), width], span)
    if names is not None:
        mean = graph.table([mean], names, None, "value of a code", span)
    if rewriting.analysis.selectors.never_empty(node.selector) or (node.default is None and domain.textual):
        return mean
    empty = graph.elementwise("eq", [width, rewriting.constant(0, span)], span)
    default = rewriting.constant(0 if node.default is None else node.default, span)
    return graph.elementwise("where", [empty, default, mean], span)
