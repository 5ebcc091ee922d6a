"""Splits an element-wise expression into factors: the inputs it depends on, and the classes it can distinguish.

The expression is split at numbers that are linear forms, at differences of two numbers that are only compared, and at
nodes of which any function can be had.  Values that the expression does not distinguish are merged before any table is
made: values of a categorical factor on which all its readers agree, and intervals of a numeric factor on which no
reader changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import lcm, prod

import numpy as np

from ...analysis.affine import Affine, Coefficient
from ...analysis.joint_tables import NOT_DEFINED, TableColumn, evaluate
from ...analysis.node_facts import MAX_GRID, Analysis
from ...blocks.times import Time
from ...graph.comparisons import COMPARISON_OPERATIONS, sign_of
from ...graph.graph import Attended, Elementwise, SOp, Table
from ...work_limit import spend
from ..ready_times import ReadyTimes, is_computed

#: A node with more values than this is no categorical factor.
MAX_CATEGORICAL_VALUES = 4096
#: The price of a sum of two fractions, in steps (`work_limit.spend`).
FRACTION_STEPS = 4
#: In a grid of more points than this, the inner points of constant intervals of a numeric factor are left out.
MAX_POINTS_WITH_INTERVALS = 4096


@dataclass(frozen=True)
class NumericFactor:
    """A factor that is read as a number, such as `a - b` in `a < b`: the value of `unit`, one of `points` (ascending).

    `open_ended`: the unit has too many values to list; all beyond the outermost points act as these do.
    `only_interval_ends`: inner points of intervals on which nothing changes are left out.  Then the factor must be the
    lowest digit, because a higher digit needs all its values.
    `may_be_undefined`: as in `CategoricalFactor`."""

    unit: Affine
    points: tuple[Coefficient, ...]
    open_ended: bool = False
    only_interval_ends: bool = False
    may_be_undefined: bool = False

    @property
    def size(self) -> int:
        return len(self.points)

    @property
    def must_be_lowest(self) -> bool:
        """The factor can only be the lowest digit of a code."""
        return self.may_be_undefined or self.only_interval_ends


@dataclass(frozen=True)
class CategoricalFactor:
    """A factor of which any function can be had, such as `tokens`.

    `classes[i]`: the class of the i-th value of the node's domain; the expression depends on the class only.
    `may_be_undefined`: the factor may be undefined where the expression is defined (a ternary drops it)."""

    node: SOp
    classes: tuple[int, ...]
    may_be_undefined: bool = False

    @property
    def size(self) -> int:
        return max(self.classes) + 1

    @property
    def must_be_lowest(self) -> bool:
        """The factor can only be the lowest digit of a code."""
        return self.may_be_undefined


Factor = NumericFactor | CategoricalFactor


@dataclass(frozen=True)
class FactorReader:
    """A node where the expression was split, as a function of the factor of one axis.

    Of a categorical factor: any function of its value.  Of a numeric factor: `scale * unit + shift` with `line` =
    (scale, shift), or the truth of that compared with zero (`comparison`)."""

    axis: int
    line: tuple[Coefficient, Coefficient] | None = None
    comparison: str | None = None


@dataclass
class FactorSplit:
    """`factors[axis]`: the axes of the grid.  `readers`: the nodes where the expression was split.
    `columns`: the values of each reader along its axis, codes [factor size]."""

    factors: list[Factor] = field(default_factory=list)
    readers: dict[SOp, FactorReader] = field(default_factory=dict)
    columns: dict[SOp, TableColumn] = field(default_factory=dict)

    @property
    def sizes(self) -> list[int]:
        return [factor.size for factor in self.factors]

    def readers_along(self, axis: int) -> list[SOp]:
        return [node for node, reader in self.readers.items() if reader.axis == axis]

    def add(self, factor: Factor, node: SOp, reader: FactorReader) -> None:
        """Adds a reader of a factor, and the factor if it is new; `reader.axis` is set here."""
        if factor not in self.factors:
            self.factors.append(factor)
        self.readers[node] = replace(reader, axis=self.factors.index(factor))

    def merge_classes(self, axis: int) -> None:
        """Merges the values of a categorical factor on which all its readers agree."""
        factor = self.factors[axis]
        assert isinstance(factor, CategoricalFactor)
        numbers: dict[tuple[int, ...], int] = {}
        classes = tuple(numbers.setdefault(codes, len(numbers)) for codes in self._codes_along(axis))
        self.factors[axis] = replace(factor, classes=classes)
        self._keep(axis, [classes.index(number) for number in range(len(numbers))])

    def drop_inner_points(self, axis: int) -> None:
        """Leaves out the inner points of intervals of a numeric factor on which no reader changes."""
        factor = self.factors[axis]
        assert isinstance(factor, NumericFactor)
        codes = self._codes_along(axis)
        last = len(codes) - 1
        kept = [i for i in range(last + 1) if i in (0, last) or not codes[i - 1] == codes[i] == codes[i + 1]]
        if len(kept) < len(codes):
            points = tuple(factor.points[i] for i in kept)
            self.factors[axis] = replace(factor, points=points, only_interval_ends=True)
            self._keep(axis, kept)

    def _codes_along(self, axis: int) -> list[tuple[int, ...]]:
        """For each point of a factor, the codes of its readers' values."""
        return list(zip(*(self.columns[node].codes.tolist() for node in self.readers_along(axis)), strict=True))

    def _keep(self, axis: int, kept: list[int]) -> None:
        for node in self.readers_along(axis):
            column = self.columns[node]
            self.columns[node] = TableColumn(column.axes, column.codes[kept], column.values)


class FactorSplits:
    """Splits expressions."""

    def __init__(self, analysis: Analysis, times: ReadyTimes) -> None:
        self.analysis = analysis
        self.times = times
        self._points: dict[Affine, tuple[Coefficient, ...] | None] = {}

    def find(self, node: SOp, *, allow_extra_layer: bool, sums_as_numbers: bool = True) -> FactorSplit | None:
        """The split of an expression; None if no split can be tabulated.

        `allow_extra_layer`: factors may need neurons themselves, which costs a layer; otherwise the first MLP after
        the last of the expression's leaves must be able to read every factor.  `sums_as_numbers`: sums and differences
        are numeric factors, which is cheap, but large numbers with close values cannot be told apart; otherwise only
        leaves are."""
        ready = None if allow_extra_layer else self.times.of_leaves(node).first_mlp_after
        split = FactorSplit()
        stack = [node]
        while stack:
            current = stack.pop()
            if current in split.readers or not self.analysis.leaves(current):
                continue
            if self.analysis.domain(current).values == ():
                split.columns[current] = TableColumn((), np.zeros((), dtype=np.int64), (NOT_DEFINED,))
                continue
            if current is not node and self._is_categorical(current, ready):
                source = self._source(current)
                classes = tuple(range(len(self._values(source))))
                split.add(CategoricalFactor(source, classes), current, FactorReader(0))
                continue
            if (sums_as_numbers or isinstance(current, Attended)) and (
                self._add_sum(split, current, ready) or self._add_comparison(split, current, ready)
            ):
                continue
            if not isinstance(current, (Elementwise, Table)) or (allow_extra_layer and current is not node):
                return None
            stack.extend(reversed(current.inputs))
        for inner, reader in split.readers.items():
            split.columns[inner] = self._column(split.factors[reader.axis], inner, reader)
        for axis, factor in enumerate(split.factors):
            if isinstance(factor, CategoricalFactor):
                split.merge_classes(axis)
        sized = [(factor.size, axis) for axis, factor in enumerate(split.factors) if isinstance(factor, NumericFactor)]
        if sized and prod(split.sizes) > MAX_POINTS_WITH_INTERVALS:
            split.drop_inner_points(max(sized)[1])
        return split

    # ---- categorical factors --------------------------------------------------------------------

    def _is_categorical(self, node: SOp, ready: Time | None) -> bool:
        size = self.analysis.domain(node).size
        if size is None or size > MAX_CATEGORICAL_VALUES:
            return False
        if isinstance(node, Attended) and not self.times.carries_functions(node):
            return False
        return ready is None or self.times.of_function(node) <= ready

    def _source(self, node: SOp) -> SOp:
        """The one leaf that the node is a function of, if functions of that leaf can be had; else the node itself."""
        leaves = self.analysis.leaves(node)
        if len(leaves) == 1 and self.times.carries_functions(next(iter(leaves))):
            return next(iter(leaves))
        return node

    def _values(self, node: SOp) -> tuple[object, ...]:
        values = self.analysis.domain(node).values
        assert values is not None
        return values

    # ---- numeric factors ------------------------------------------------------------------------

    def _add_sum(self, split: FactorSplit, node: SOp, ready: Time | None) -> bool:
        affine = self.analysis.affine(node)
        if affine is None or not affine.terms:
            return False
        if not isinstance(node, Attended) and any(atom is node for atom, _ in affine.terms):
            return False
        return self._is_available(affine, ready) and self._add_number(split, affine, node, None)

    def _add_comparison(self, split: FactorSplit, node: SOp, ready: Time | None) -> bool:
        if not isinstance(node, Elementwise) or node.op not in COMPARISON_OPERATIONS:
            return False
        left, right = (self.analysis.affine(child) for child in node.inputs)
        if left is None or right is None:
            return False
        difference = left.minus(right)
        return (
            bool(difference.terms)
            and self._is_available(difference, ready)
            and self._add_number(split, difference, node, node.op)
        )

    def _is_available(self, affine: Affine, ready: Time | None) -> bool:
        return ready is None or all(
            not is_computed(atom) or self.times.of_function(atom) <= ready for atom, _ in affine.terms
        )

    def _add_number(self, split: FactorSplit, affine: Affine, node: SOp, comparison: str | None) -> bool:
        unit, scale, shift = affine.normalised()
        reader = FactorReader(0, (scale, shift), comparison)
        if unit not in self._points:
            self._points[unit] = values_of_unit(self.analysis, unit)
        points = self._points[unit]
        if points is not None:
            split.add(NumericFactor(unit, points), node, reader)
            return True
        step = least_distance_from_zero(self.analysis, unit, Fraction(shift) / Fraction(scale))
        if comparison is None or step is None:
            return False
        zero = Fraction(-shift) / Fraction(scale)
        split.add(NumericFactor(unit, (zero - step, zero, zero + step), open_ended=True), node, reader)
        return True

    def _column(self, factor: Factor, node: SOp, reader: FactorReader) -> TableColumn:
        axes = (reader.axis,)
        if isinstance(factor, CategoricalFactor):
            values = self.analysis.domain(factor.node).values
            assert values is not None
            found = evaluate(node, {factor.node: TableColumn((0,), np.arange(len(values)), values)}, [len(values)])
            return TableColumn(axes, np.broadcast_to(found.codes, (len(values),)), found.values)
        assert reader.line is not None
        scale, shift = reader.line
        spend(FRACTION_STEPS * len(factor.points))
        numbers = factor.points if (scale, shift) == (1, 0) else [scale * point + shift for point in factor.points]
        if reader.comparison is None:
            whole = [n.numerator if isinstance(n, Fraction) and n.denominator == 1 else n for n in numbers]
            return TableColumn(axes, np.arange(len(numbers)), tuple(whole))
        truths = [_compare(reader.comparison, number) for number in numbers]
        return TableColumn(axes, np.array(truths, dtype=np.int64), (False, True))


def values_of_unit(analysis: Analysis, unit: Affine) -> tuple[Coefficient, ...] | None:
    """A superset of the values of a unit (`Affine.normalised`), ascending; None if they are too many."""
    domains = [analysis.domain(atom) for atom, _ in unit.terms]
    if all(d.integer for d in domains):
        if len(domains) == 1 and domains[0].values is not None:
            return tuple(int(v) for v in domains[0].values)
        ends = [sorted((c * d.lowest, c * d.highest)) for (_, c), d in zip(unit.terms, domains, strict=True)]
        low, high = (sum(int(end[side]) for end in ends) for side in (0, 1))
        return tuple(range(low, high + 1)) if high - low < MAX_GRID else None
    listed: list[list[Fraction]] = []
    for (_, c), domain in zip(unit.terms, domains, strict=True):
        if domain.values is None or any(isinstance(value, float) for value in domain.values):
            return None
        listed.append([c * Fraction(value) for value in domain.values])
    whole = lcm(*(value.denominator for values in listed for value in values))
    totals = {0}
    for values in listed:
        if len(totals) * len(values) > MAX_GRID:
            return None
        spend(len(totals) * len(values))
        steps = [value.numerator * (whole // value.denominator) for value in values]
        totals = {total + step for total in totals for step in steps}
    return tuple(Fraction(total, whole) for total in sorted(totals))


def least_distance_from_zero(analysis: Analysis, unit: Affine, offset: Fraction) -> Fraction | None:
    """A lower bound of |unit + offset| where that is not zero; None if no bound is known."""
    product, common = 1, offset.denominator
    for atom, coefficient in unit.terms:
        domain = analysis.domain(atom)
        whole = domain.denominator
        if whole is not None:
            common = lcm(common, whole * Fraction(coefficient).denominator)
        elif domain.max_denominator is not None:  # each value has a denominator of its own
            product *= domain.max_denominator
            common = lcm(common, Fraction(coefficient).denominator)
        else:
            return None
    return Fraction(1, product * common)


def undivided_node(factor: Factor) -> SOp | None:
    """The node whose listed values are the factor's points, one by one; None if there is no such node."""
    if isinstance(factor, CategoricalFactor):
        return factor.node if factor.classes == tuple(range(factor.size)) else None
    unit = factor.unit
    single = (
        len(unit.terms) == 1
        and unit.terms[0][1] == 1
        and unit.constant == 0
        and not (factor.open_ended or factor.only_interval_ends)
    )
    return unit.terms[0][0] if single else None


def _compare(comparison: str, difference: Coefficient) -> bool:
    return COMPARISON_OPERATIONS[comparison].holds(sign_of(difference))
