"""Which values an element-wise expression is a joint function of: its factors, and what it sees of each.

The expression is cut where its parts can be read as they are: at numbers that are linear forms (or differences of
numbers that are only compared), and at nodes of which any function can be had.  What the expression cannot tell apart
in a factor is merged before any table is made: values of a discrete factor on which all the nodes of the cut agree, and
stretches of a number on which all its comparisons agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import lcm, prod

import numpy as np

from ...analysis.affine import Affine, Coefficient
from ...analysis.joint_tables import NOT_DEFINED, TableColumn, evaluate
from ...analysis.node_facts import MAX_GRID
from ...graph.comparisons import COMPARISON_OPERATIONS, sign_of
from ...graph.graph import Attended, Elementwise, SOp, Table
from ..context import Context, next_mlp

#: Discrete factors with more values than this are read as numbers only.
MAX_CLASSES = 4096
#: Beyond this many grid points it is worth listing only the ends of a number's stretches.
CROWDED = 4096


@dataclass(frozen=True)
class NumericFactor:
    """A factor that is there as a number: `unit`'s value, one of `points` (ascending).

    `open_ended`: the values are too many to list, but those beyond the outermost points mean the same as these.
    `thinned`: of a stretch on which nothing changes only the ends are listed; then it must be the least significant
    digit, as any other digit needs its every value."""

    unit: Affine
    points: tuple[Coefficient, ...]
    open_ended: bool = False
    thinned: bool = False
    loose: bool = False

    @property
    def size(self) -> int:
        return len(self.points)


@dataclass(frozen=True)
class CategoricalFactor:
    """A factor any function of which is there: `classes[i]` is the class of the i-th value of the node's domain."""

    node: SOp
    classes: tuple[int, ...]
    loose: bool = False

    @property
    def size(self) -> int:
        return max(self.classes) + 1


Factor = NumericFactor | CategoricalFactor


@dataclass(frozen=True)
class FactorReading:
    """What a node of the cut is: a function of a discrete factor's value; or, of a number's,
    `scale * unit + shift` where `line` is (scale, shift), or how that compares with zero."""

    axis: int
    line: tuple[Coefficient, Coefficient] | None = None
    comparison: str | None = None


@dataclass
class FactorSplit:
    """`factors[axis]` are the axes of the grid; `columns` give each node of the cut along its axis."""

    factors: list[Factor] = field(default_factory=list)
    readings: dict[SOp, FactorReading] = field(default_factory=dict)
    columns: dict[SOp, TableColumn] = field(default_factory=dict)

    @property
    def sizes(self) -> list[int]:
        return [factor.size for factor in self.factors]


class FactorSplits:
    """Finds cuts; a part of `Joint`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.analysis = context.analysis

    def find(self, node: SOp, deep: bool, numbers: bool = True) -> FactorSplit | None:
        """The cut of an expression; None when there is none that can be tabulated.

        `deep`: factors may themselves need neurons, which costs a layer; else all must be readable by the first MLP
        that comes after the last of the expression's leaves.  `numbers`: sums and differences are taken as numbers,
        which is cheap, but near values of large numbers are not told apart; else only what is not known otherwise."""
        features = self.context.features
        latest = max((features.leaf_time(leaf) for leaf in self.analysis.leaves(node)), default=0)
        ready = None if deep else next_mlp(latest)
        cut = FactorSplit()
        stack = [node]
        while stack:
            current = stack.pop()
            if current in cut.readings or not self.analysis.leaves(current):
                continue
            if self.analysis.domain(current).values == ():
                cut.columns[current] = TableColumn((), np.zeros((), dtype=np.int64), (NOT_DEFINED,))
                continue
            if current is not node and self._is_discrete(current, ready):
                source = self._source(current)
                self._add(cut, CategoricalFactor(source, tuple(range(len(self._values(source))))), current)
                continue
            if (numbers or isinstance(current, Attended)) and (
                self._add_sum(cut, current, ready) or self._add_comparison(cut, current, ready)
            ):
                continue
            if not isinstance(current, (Elementwise, Table)) or (deep and current is not node):
                return None
            stack.extend(reversed(current.inputs))
        for inner, reading in cut.readings.items():
            cut.columns[inner] = self._column(cut.factors[reading.axis], inner, reading)
        for axis, factor in enumerate(cut.factors):
            if isinstance(factor, CategoricalFactor):
                _merge_classes(cut, axis)
        sized = [(factor.size, axis) for axis, factor in enumerate(cut.factors) if isinstance(factor, NumericFactor)]
        if sized and prod(cut.sizes) > CROWDED:
            _thin(cut, max(sized)[1])
        return cut

    # ---- discrete factors -----------------------------------------------------------------------

    def _is_discrete(self, node: SOp, ready: int | None) -> bool:
        size = self.analysis.domain(node).size
        if size is None or size > MAX_CLASSES:
            return False
        if isinstance(node, Attended) and not self.context.features.carries(node):
            return False
        return ready is None or self.context.features.function_time(node) <= ready

    def _source(self, node: SOp) -> SOp:
        """The one leaf that the node is a function of, when functions of it can be had; else the node itself."""
        leaves = self.analysis.leaves(node)
        if len(leaves) == 1 and self.context.features.carries(next(iter(leaves))):
            return next(iter(leaves))
        return node

    def _values(self, node: SOp) -> tuple[object, ...]:
        values = self.analysis.domain(node).values
        assert values is not None
        return values

    # ---- numbers --------------------------------------------------------------------------------

    def _add_sum(self, cut: FactorSplit, node: SOp, ready: int | None) -> bool:
        affine = self.analysis.affine(node)
        if affine is None or not affine.terms:
            return False
        if not isinstance(node, Attended) and any(atom is node for atom, _ in affine.terms):
            return False
        return self._is_available(affine, ready) and self._add_number(cut, affine, node, None)

    def _add_comparison(self, cut: FactorSplit, node: SOp, ready: int | None) -> bool:
        if not isinstance(node, Elementwise) or node.op not in COMPARISON_OPERATIONS:
            return False
        left, right = (self.analysis.affine(child) for child in node.inputs)
        if left is None or right is None:
            return False
        gap = left.minus(right)
        return bool(gap.terms) and self._is_available(gap, ready) and self._add_number(cut, gap, node, node.op)

    def _is_available(self, affine: Affine, ready: int | None) -> bool:
        features = self.context.features
        return ready is None or all(
            not isinstance(atom, (Elementwise, Table)) or features.function_time(atom) <= ready
            for atom, _ in affine.terms
        )

    def _add_number(self, cut: FactorSplit, affine: Affine, node: SOp, comparison: str | None) -> bool:
        unit, scale, shift = affine.normalised()
        points = self.points(unit)
        if points is not None:
            self._add(cut, NumericFactor(unit, points), node, (scale, shift), comparison)
            return True
        step = self._step(unit, Fraction(shift) / Fraction(scale))
        if comparison is None or step is None:
            return False
        zero = Fraction(-shift) / Fraction(scale)
        self._add(
            cut,
            NumericFactor(unit, (zero - step, zero, zero + step), open_ended=True),
            node,
            (scale, shift),
            comparison,
        )
        return True

    def _add(
        self,
        cut: FactorSplit,
        factor: Factor,
        node: SOp,
        line: tuple[Coefficient, Coefficient] | None = None,
        comparison: str | None = None,
    ) -> None:
        if factor not in cut.factors:
            cut.factors.append(factor)
        cut.readings[node] = FactorReading(cut.factors.index(factor), line, comparison)

    def points(self, unit: Affine) -> tuple[Coefficient, ...] | None:
        """Every value that a unit (`Affine.normalised`) can take, or more, ascending; None when they are too many."""
        domains = [self.analysis.domain(atom) for atom, _ in unit.terms]
        if all(d.integer for d in domains):
            if len(domains) == 1 and domains[0].values is not None:
                return tuple(int(v) for v in domains[0].values)
            ends = [sorted((c * d.lowest, c * d.highest)) for (_, c), d in zip(unit.terms, domains, strict=True)]
            low, high = (sum(int(end[side]) for end in ends) for side in (0, 1))
            return tuple(range(low, high + 1)) if high - low < MAX_GRID else None
        totals = {Fraction(0)}
        for (_, c), domain in zip(unit.terms, domains, strict=True):
            if domain.values is None or len(totals) * len(domain.values) > MAX_GRID:
                return None
            if any(isinstance(value, float) for value in domain.values):
                return None
            totals = {total + c * Fraction(value) for total in totals for value in domain.values}
        return tuple(sorted(totals))

    def _step(self, unit: Affine, offset: Fraction) -> Fraction | None:
        """The least absolute value that `unit + offset` can have when it is not zero; None when none is known."""
        product, common = 1, offset.denominator
        for atom, coefficient in unit.terms:
            domain = self.analysis.domain(atom)
            whole = domain.denominator
            if whole is not None:
                common = lcm(common, whole * Fraction(coefficient).denominator)
            elif domain.max_denominator is not None:  # each value has a denominator of its own
                product *= domain.max_denominator
                common = lcm(common, Fraction(coefficient).denominator)
            else:
                return None
        return Fraction(1, product * common)

    def _column(self, factor: Factor, node: SOp, reading: FactorReading) -> TableColumn:
        axes = (reading.axis,)
        if isinstance(factor, CategoricalFactor):
            values = self.analysis.domain(factor.node).values
            assert values is not None
            seen = evaluate(node, {factor.node: TableColumn((0,), np.arange(len(values)), values)}, [len(values)])
            return TableColumn(axes, np.broadcast_to(seen.codes, (len(values),)), seen.values)
        assert reading.line is not None
        scale, shift = reading.line
        numbers = [scale * point + shift for point in factor.points]
        if reading.comparison is None:
            whole = [n.numerator if isinstance(n, Fraction) and n.denominator == 1 else n for n in numbers]
            return TableColumn(axes, np.arange(len(numbers)), tuple(whole))
        truths = [_compare(reading.comparison, number) for number in numbers]
        return TableColumn(axes, np.array(truths, dtype=np.int64), (False, True))


def plain_node(factor: Factor) -> SOp | None:
    """The node whose listed values are the factor's points, one by one; None when there is no such node."""
    if isinstance(factor, CategoricalFactor):
        return factor.node if factor.classes == tuple(range(factor.size)) else None
    unit = factor.unit
    single = (
        len(unit.terms) == 1
        and unit.terms[0][1] == 1
        and unit.constant == 0
        and not (factor.open_ended or factor.thinned)
    )
    return unit.terms[0][0] if single else None


def _merge_classes(cut: FactorSplit, axis: int) -> None:
    """Merges the values of a discrete factor that look the same to every node of the cut."""
    factor = cut.factors[axis]
    assert isinstance(factor, CategoricalFactor)
    numbers: dict[tuple[int, ...], int] = {}
    classes = tuple(numbers.setdefault(codes, len(numbers)) for codes in _seen(cut, axis))
    cut.factors[axis] = replace(factor, classes=classes)
    _keep(cut, axis, [classes.index(number) for number in range(len(numbers))])


def _thin(cut: FactorSplit, axis: int) -> None:
    """Leaves out the inner points of the stretches of a number on which no node of the cut changes."""
    factor = cut.factors[axis]
    assert isinstance(factor, NumericFactor)
    seen = _seen(cut, axis)
    last = len(seen) - 1
    kept = [i for i in range(last + 1) if i in (0, last) or not seen[i - 1] == seen[i] == seen[i + 1]]
    if len(kept) < len(seen):
        cut.factors[axis] = replace(factor, points=tuple(factor.points[i] for i in kept), thinned=True)
        _keep(cut, axis, kept)


def _seen(cut: FactorSplit, axis: int) -> list[tuple[int, ...]]:
    """For each point of a factor, what the nodes of the cut are there."""
    inner = [node for node, reading in cut.readings.items() if reading.axis == axis]
    return list(zip(*(cut.columns[node].codes.tolist() for node in inner), strict=True))


def _keep(cut: FactorSplit, axis: int, kept: list[int]) -> None:
    for node, reading in cut.readings.items():
        if reading.axis == axis:
            column = cut.columns[node]
            cut.columns[node] = TableColumn(column.axes, column.codes[kept], column.values)


def _compare(comparison: str, gap: Coefficient) -> bool:
    return COMPARISON_OPERATIONS[comparison].holds(sign_of(gap))
