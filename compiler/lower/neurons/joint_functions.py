"""A function of several values in one layer of neurons: ridge codes.

A one-hidden-layer ReLU network is a sum of functions of single linear forms.  So a joint function of several
*factors* is made a function of one number: the factors become the digits of a code in a mixed radix
(`code = x + (span(x) + 1) * y`), which is a linear form, and the function is piecewise linear in the code with as many
neurons as it has bends.  Factors that only matter by class are recoded to as few classes as the function tells apart,
numbers that are only compared enter as their difference, and the order of the digits is the one with the fewest bends.

A factor is *loose* when it may be undefined where the function is defined (a branch of a ternary that is not taken).
What the residual stream then holds is some mixture of its values.  As the least significant digit that does no harm,
because the function is flat along it; a ternary with several loose factors is the sum of its branches.

Tracr (Lindner et al. 2023) tabulates a joint function with a neuron for each combination of one-hot inputs; ridge codes
are ours, from the textbook fact that ReLUs of one linear form make any piecewise linear function of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations
from math import inf, prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ....rasp_grammar.diagnostics import RaspError
from ...analysis.affine import Affine
from ...analysis.joint_tables import NOT_DEFINED, TableColumn, broadcast, evaluate
from ...analysis.node_facts import MAX_GRID
from ...blocks.blocks import LARGEST, UNIT, LinearForm, NeuronGroup, constant_form, sum_forms, to_float
from ...graph.graph import Elementwise, SOp, Table
from ...graph.values import Scalar, Undefined
from ...options import Strategy
from ..context import Context, NoiseRemoval, as_form
from .factors import CategoricalFactor, Factor, FactorSplit, FactorSplits, NumericFactor, plain_node
from .piecewise import Piecewise, bends_of, interpolate, known, stairs
from .wanted_rows import Grid, filled, merge_rows

if TYPE_CHECKING:
    from ..value_views import Wanted

#: A table with more neurons than this is worth another layer, if that is smaller.
WORTH_A_LAYER = 1024
#: More neurons than this are never made for one expression.
MAX_NEURONS = 1 << 15
#: A function of several loose factors is cut into parts by at most this many ternaries.
MAX_TERNARIES = 5
#: An error below this part of the smallest step between two wanted numbers may pass through.
TOLERANCE = 2.0**-8
#: With more noise than this part of that step, few readers can tell the numbers apart, and dearer ways are tried.
NOISY = 2.0**-4


@dataclass(frozen=True)
class Code:
    """A linear form and its value at every point of the (compressed) grid, with the wanted numbers there."""

    form: LinearForm
    points: tuple[float, ...]
    wanted: tuple[tuple[float | None, ...], ...]
    bends: int


class JointFunctions:
    """Makes joint functions; a part of `Features`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.analysis = context.analysis
        self.cuts = FactorSplits(context)

    # ---- entry points ---------------------------------------------------------------------------

    def functions(self, node: SOp, wanted: Sequence[Wanted], snap: NoiseRemoval) -> list[LinearForm]:
        """Forms for the wanted functions of an element-wise node or a numeric leaf."""
        best: list[LinearForm] | None = None
        refused: RaspError | None = None
        try:
            best = self._cheapest(node, wanted, snap)
        except RaspError as error:
            refused = error
        noisy = best is None or _relative_noise(best, wanted) > NOISY
        self.context.improvable |= noisy
        if noisy and self.context.effort is Strategy.LOW_NOISE:
            for other in self._clearer(node, wanted, snap):
                if best is None or _relative_noise(other, wanted) < _relative_noise(best, wanted):
                    best = other
                if _relative_noise(best, wanted) <= NOISY:
                    break
        if best is None:
            assert refused is not None
            raise refused
        return best

    def _cheapest(self, node: SOp, wanted: Sequence[Wanted], snap: NoiseRemoval) -> list[LinearForm]:
        """The fewest neurons, but for what is worth a layer."""
        found = self.table(node, wanted, deep=False)
        if found is None or _bends(found) > WORTH_A_LAYER:
            later = self.table(node, wanted, deep=True)
            if later is not None and (found is None or _bends(later) * 4 < _bends(found)):
                found = later
        if found is None or _bends(found) > MAX_NEURONS:
            raise self.context.refuse(
                node,
                "C202",
                f"as a joint function it needs a table of more than {MAX_GRID} combinations: {self._sizes(node)}",
                "use a smaller vocabulary or max_length, or write it with sums and comparisons of fewer values",
            )
        return self._emit_all(node, found, snap)

    def _emit_all(self, node: SOp, found: Sequence[Code | list[LinearForm]], snap: NoiseRemoval) -> list[LinearForm]:
        parts = [part if isinstance(part, list) else self.emit(node, part, snap) for part in found]
        return [sum_forms(forms) for forms in zip(*parts, strict=True)]

    def _clearer(self, node: SOp, wanted: Sequence[Wanted], snap: NoiseRemoval) -> Iterator[list[LinearForm]]:
        """Other forms for the same functions, dearer ones, for where the cheapest is too noisy."""
        for deep, numbers in ((False, True), (True, True), (False, False)):
            try:
                found = self.table(node, wanted, deep=deep, numbers=numbers, calm=True)
                if found is not None and _bends(found) <= MAX_NEURONS:
                    yield self._emit_all(node, found, snap)
            except RaspError:
                continue
        if snap or not isinstance(node, Elementwise) or node.op != "mul" or not self.analysis.domain(node).numeric:
            return
        fits = [affine_fit(self.context.features.values(node), want) for want in wanted]
        if all(fit is not None for fit in fits):
            try:
                product = self.product(node)
            except RaspError:
                return
            yield [product.scaled(*fit) for fit in fits if fit is not None]

    def _sizes(self, node: SOp) -> str:
        """What the expression depends on, and what that can be."""
        leaves = sorted(self.analysis.leaves(node), key=lambda leaf: leaf.id)
        return ", ".join(f"`{self.context.quoted(leaf)}`: {self.analysis.domain(leaf).describe()}" for leaf in leaves)

    def bends(self, node: SOp) -> int:
        """How many neurons a truth takes as one joint function; very many when it has no table."""
        values = self.context.features.values(node)
        found = self.table(node, [tuple(to_float(value) for value in values if not isinstance(value, str))], deep=False)
        return MAX_NEURONS if found is None else _bends(found)

    def of_number(
        self, node: SOp, form: LinearForm, points: tuple[float, ...], wanted: Sequence[Wanted]
    ) -> list[LinearForm]:
        """Functions of a value by stairs over one number, `form`, that is `points[i]` for the i-th value."""
        return self.emit(node, Code(form, points, tuple(wanted), 0), NoiseRemoval.STEP_FUNCTION)

    def product(self, node: SOp) -> LinearForm:
        """x * y for numbers with too many pairs for a table: a quarter of the squares of x + y and x - y."""
        if isinstance(node, Elementwise) and node.op == "mul":
            parts = [self.analysis.affine(child) for child in node.inputs]
            left, right = parts
            if left is not None and right is not None:
                squares = [self._square(node, left.plus(right)), self._square(node, left.minus(right)).scaled(-1.0)]
                return sum_forms([square.scaled(0.25) for square in squares])
        raise self.context.refuse(
            node,
            "C201",
            f"it can take too many values ({self.analysis.domain(node).describe()}) to be looked up in a table",
            "use a shorter max_length or a smaller vocabulary, or round the value first",
        )

    def _square(self, node: SOp, affine: Affine) -> LinearForm:
        if not affine.terms:  # x - x
            return constant_form(to_float(affine.constant * affine.constant))
        unit, scale, shift = affine.normalised()
        points = self.cuts.points(unit)
        if points is None or len(points) > MAX_NEURONS:
            raise self.context.refuse(
                node,
                "C203",
                f"the product of two numbers takes a neuron for each of their sums, at most {MAX_NEURONS:,}, and it "
                f"can be {self.analysis.domain(node).describe()}",
                "use a smaller vocabulary or max_length, or round the factors to fewer values first",
            )
        squares = tuple(to_float((scale * point + shift) ** 2) for point in points)
        form = self._number_form(unit)
        code = Code(form, tuple(map(to_float, points)), (squares,), 0)
        (form,) = self.emit(node, code, NoiseRemoval.NONE)
        return form

    # ---- from an expression to a code -----------------------------------------------------------

    def table(
        self, node: SOp, wanted: Sequence[Wanted], *, deep: bool, numbers: bool = True, calm: bool = False
    ) -> list[Code | list[LinearForm]] | None:
        """Codes for the wanted functions, or forms when no neurons are needed, to be added up; None when the grid is
        too large or too much of it is loose.

        `deep`: factors may themselves need neurons, which costs a layer.  `numbers`: as in `FactorSplits.find`.
        `calm`: the digits come in the order that passes on the least noise, not the one with the fewest neurons.
        """
        cut = self.cuts.find(node, deep, numbers)
        if cut is None:
            return None
        columns, sizes = cut.columns, cut.sizes
        total = prod(sizes)
        if total * len(wanted) > 8 * MAX_GRID or total > MAX_GRID:
            return None
        if len(sizes) > 1 and any(isinstance(factor, NumericFactor) and factor.open_ended for factor in cut.factors):
            return None  # beyond its points a number's code would run into the other digits
        self._find_loose(node, cut)
        result = evaluate(node, columns, sizes)
        positions = self.analysis.domain(node).positions
        codes = broadcast(result, sizes)
        possible = self._possible(cut.factors)
        grids = []
        for want in wanted:
            looked_up = np.array([_number(want, positions, value) for value in result.values])
            grids.append(looked_up[codes] if possible is None else np.where(possible, looked_up[codes], np.nan))
        masks: list[NDArray[np.bool_] | None] = [None]
        if sum(factor.loose for factor in cut.factors) > 1:
            masks = list(self._branches(node, columns, sizes))
        parts = []
        for mask in masks:
            masked = grids if mask is None else [np.where(mask, grid, 0.0) for grid in grids]
            found = self._encode(cut.factors, masked, calm)
            if found is None:
                return None
            parts.append(found)
        return parts

    def _find_loose(self, node: SOp, cut: FactorSplit) -> None:
        """Marks the factors that may be undefined where the expression is defined."""
        for axis, factor in enumerate(cut.factors):
            inner = [one for one, reading in cut.readings.items() if reading.axis == axis]
            atoms = [factor.node] if isinstance(factor, CategoricalFactor) else [atom for atom, _ in factor.unit.terms]
            if not any(self.analysis.domain(atom).undefined for atom in atoms):
                continue
            nothing = TableColumn((), np.zeros((), dtype=np.int64), (NOT_DEFINED,))
            result = evaluate(node, cut.columns | dict.fromkeys(inner, nothing), cut.sizes)
            if any(not isinstance(result.values[code], Undefined) for code in np.unique(result.codes).tolist()):
                cut.factors[axis] = replace(factor, loose=True)

    def _branches(
        self, node: SOp, columns: dict[SOp, TableColumn], sizes: Sequence[int]
    ) -> Iterator[NDArray[np.bool_]]:
        """The parts of the grid on which every ternary of the expression takes one branch."""
        taken: NDArray[np.int64] = np.zeros(tuple(sizes), dtype=np.int64)
        stack, seen, count = [node], set(columns), 0
        while stack:
            current = stack.pop()
            if current in seen or not isinstance(current, (Elementwise, Table)):
                continue
            seen.add(current)
            stack.extend(current.inputs)
            if isinstance(current, Elementwise) and current.op == "where" and count < MAX_TERNARIES:
                column = evaluate(current.inputs[0], columns, sizes)
                truths = np.array([not isinstance(value, Undefined) and bool(value) for value in column.values])
                taken |= truths[broadcast(column, sizes)].astype(np.int64) << count
                count += 1
        for code in np.unique(taken).tolist():
            yield taken == code

    def _possible(self, factors: Sequence[Factor]) -> NDArray[np.bool_] | None:
        """Which points of the grid can occur, as far as known."""
        nodes = [plain_node(factor) for factor in factors]
        known = [node for node in nodes if node is not None]
        return self.analysis.possible(known) if len(known) == len(nodes) else None

    # ---- codes ----------------------------------------------------------------------------------

    def _encode(self, factors: Sequence[Factor], grids: list[Grid], calm: bool) -> Code | list[LinearForm] | None:
        """Drops what does not matter, merges classes, and orders the digits."""
        kept: list[Factor] = []
        stack = np.stack(grids)  # [functions, *sizes]
        for axis in range(len(factors) - 1, -1, -1):
            moved = np.moveaxis(stack, axis + 1, 0)
            flat = moved.reshape(moved.shape[0], -1)
            rows, inverse = merge_rows(flat)
            factor = factors[axis]
            if len(rows) == 1:
                stack = filled(flat, inverse, 1)[0].reshape(moved.shape[1:])
                continue
            if isinstance(factor, CategoricalFactor):
                order = sorted(range(len(rows)), key=lambda row: tuple(np.nan_to_num(flat[rows[row]], nan=-1e300)))
                rank = {row: place for place, row in enumerate(order)}
                factor = replace(factor, classes=tuple(rank[inverse[c]] for c in factor.classes))
                united = filled(flat, inverse, len(rows))[order].reshape(len(rows), *moved.shape[1:])
                stack = np.moveaxis(united, 0, axis + 1)
            kept.insert(0, factor)
        features = self.context.features
        if not kept:
            return [constant_form(0.0 if np.isnan(number) else float(number)) for number in stack.ravel()]
        if len(kept) == 1 and isinstance(kept[0], CategoricalFactor):
            classes = kept[0].classes
            return features.functions(kept[0].node, [tuple(_optional(row[c]) for c in classes) for row in stack])
        return min(self._orders(kept, stack), key=_passed if calm else lambda code: code.bends, default=None)

    def _orders(self, factors: list[Factor], stack: Grid) -> Iterator[Code]:
        axes = range(len(factors))
        loose = tuple(axis for axis in axes if _is_last(factors[axis]))
        firm = tuple(axis for axis in axes if not _is_last(factors[axis]))
        if len(loose) > 1:
            return
        few = len(firm) <= 3 and stack.size < 20_000
        for order in permutations(firm) if few else (firm, firm[::-1]):
            order = (*order, *loose)
            code = self._code(
                [factors[axis] for axis in order], np.transpose(stack, (0, *(axis + 1 for axis in order)))
            )
            if code is not None:
                yield code

    def _code(self, factors: list[Factor], stack: Grid) -> Code | None:
        """The code whose least significant digit is the last factor; None when its numbers are too large, or too close
        to be told apart."""
        forms: list[LinearForm] = []
        points: Grid = np.zeros(())
        span, gap = 0.0, 1.0
        for place, factor in enumerate(reversed(factors)):
            if isinstance(factor, CategoricalFactor):
                form = self.context.features.function(factor.node, tuple(map(float, factor.classes)))
                digits = np.arange(max(factor.classes) + 1, dtype=np.float64)
            else:
                form = self._number_form(factor.unit)
                digits = np.array([to_float(point) for point in factor.points])
            step = float(np.diff(digits).min())
            if step == 0:
                return None
            radix = 1.0 if place == 0 else (span + gap) / step
            if place == 0:
                gap = step
            forms.append(form.scaled(radix))
            points = digits.reshape(-1, *([1] * place)) * radix + points
            span += float(digits[-1] - digits[0]) * radix
        flat = points.ravel()
        order = np.argsort(flat, kind="stable")
        sorted_points = tuple(flat[order].tolist())
        if max(map(abs, (sorted_points[0], sorted_points[-1]))) > LARGEST or (np.diff(flat[order]) <= 0).any():
            return None
        wanted = tuple(_optionals(row.ravel()[order]) for row in stack)
        return Code(sum_forms(forms), sorted_points, wanted, _count(sorted_points, wanted))

    def _number_form(self, unit: Affine) -> LinearForm:
        features = self.context.features
        for atom, coefficient in unit.terms:
            features.within_range(atom, [to_float(coefficient)])
        return sum_forms([features.identity(atom).scaled(to_float(c)) for atom, c in unit.terms])

    # ---- neurons --------------------------------------------------------------------------------

    def emit(self, node: SOp, code: Code, snap: NoiseRemoval) -> list[LinearForm]:
        """Neurons for every wanted function of a code."""
        group = self.context.group(code.form, node)
        return [self._emit_one(node, group, code, want, snap) for want in code.wanted]

    def _emit_one(
        self, node: SOp, group: NeuronGroup, code: Code, want: tuple[float | None, ...], snap: NoiseRemoval
    ) -> LinearForm:
        points, values = known(code.points, want)
        error = code.form.error
        gap = min((b - a for a, b in pairwise(points)), default=inf)
        distinct = sorted(set(values))
        step = min((b - a for a, b in pairwise(distinct)), default=inf)
        shape = interpolate(points, values, error == 0)
        passed = 2.0**-20 if snap else TOLERANCE
        if shape.steepness * error > passed * step:
            if error >= gap / 4 and shape.steepness * error >= step / 4:
                raise self.context.refuse(
                    node,
                    "C204",
                    f"what it reads is known to within {error:.2g} only, and its values stand {gap:.2g} apart "
                    f"({self._sizes(node)})",
                    "use a shorter max_length or a smaller vocabulary, or combine fewer values at once",
                )
            flat = stairs(points, values, _order_free(code.form))
            through = shape.rounding + shape.steepness * error
            if flat.rounding <= through and (snap or flat.rounding <= TOLERANCE * step or through > 64 * flat.rounding):
                shape = flat
        group.tolerated = min(group.tolerated, gap / 4)
        return self._write(node, group, shape, code.form, min(values), max(values))

    def _write(
        self, node: SOp, group: NeuronGroup, shape: Piecewise, form: LinearForm, low: float, high: float
    ) -> LinearForm:
        linear = form.scaled(shape.slope, shape.constant)
        error = shape.steepness * form.error + shape.rounding
        if not shape.neurons:
            return LinearForm(linear.terms, linear.constant, low, high, error)
        weights = {group.neuron(orientation, knot): coefficient for orientation, knot, coefficient in shape.neurons}
        ends = [value - shape.slope * end for value in (low, high) for end in (form.low, form.high)]
        low_direction, high_direction = min(ends) - shape.constant, max(ends) - shape.constant
        direction = self.context.direction(
            "neurons", node, "scalar", self.context.describe(node),
            time=group.time + 1, low=low_direction, high=high_direction, error=error, rounding=shape.rounding,
        )  # fmt: skip
        group.outputs.append((direction, weights))
        total = (
            sum_forms([as_form(direction), linear]) if linear.terms else as_form(direction).scaled(1.0, shape.constant)
        )
        if error > 0:  # whoever reads the sum rounds once more
            error += 2 * UNIT * total.reach
        return LinearForm(total.terms, total.constant, low, high, error)


def _order_free(form: LinearForm) -> bool:
    """At most two products, each exact: every neuron that reads the form gets the same sum, however it is added up."""
    return len(form.terms) <= 2 and all(abs(np.frexp(coefficient)[0]) == 0.5 for _, coefficient in form.terms)


def _number(want: Wanted, positions: dict[Scalar, int], value: Scalar | Undefined) -> float:
    if isinstance(value, Undefined):
        return np.nan
    place = positions.get(value)
    number = None if place is None else want[place]
    return np.nan if number is None else number


def _optional(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def _optionals(numbers: Grid) -> tuple[float | None, ...]:
    return tuple(map(_optional, numbers)) if np.isnan(numbers).any() else tuple(numbers.tolist())


def _count(points: Sequence[float], wanted: Sequence[Sequence[float | None]]) -> int:
    """How many neurons the functions need together, when linear between the points."""
    return len({knot for want in wanted for knot in bends_of(points, want)})


def _passed(code: Code) -> float:
    """How much of its input's error a code passes on where it is linear between the points."""
    steepest = 0.0
    for want in code.wanted:
        points, values = known(code.points, want)
        steepest = max(steepest, max(np.abs(np.diff(values) / np.diff(points)), default=0.0) / _step(values))
    return code.form.error * steepest


def _step(values: Iterable[float | None]) -> float:
    """The smallest distance between two different values."""
    return min((b - a for a, b in pairwise(sorted({value for value in values if value is not None}))), default=inf)


def _relative_noise(forms: Sequence[LinearForm], wanted: Sequence[Wanted]) -> float:
    """The error of the noisiest of the forms, relative to the smallest step between the numbers that it may give."""
    return max(form.error / _step(want) for form, want in zip(forms, wanted, strict=True))


def affine_fit(values: Sequence[Scalar], want: Wanted) -> tuple[float, float] | None:
    """(factor, shift) when the wanted function is affine in the value."""
    known = [(to_float(v), w) for v, w in zip(values, want, strict=True) if w is not None]
    if all(v == w for v, w in known):
        return 1.0, 0.0
    (v0, w0), (v1, w1) = known[0], known[-1]
    if v0 == v1:  # told apart by their exact values only
        return None
    factor = (w1 - w0) / (v1 - v0)
    scale = max(abs(w) for _, w in known) * 1e-12
    if any(abs(w - w0 - factor * (v - v0)) > scale for v, w in known):
        return None
    return factor, w0 - factor * v0


def _bends(found: Sequence[Code | list[LinearForm]]) -> int:
    return sum(part.bends for part in found if isinstance(part, Code))


def _is_last(factor: Factor) -> bool:
    """The factor can only be the least significant digit."""
    return factor.loose or (isinstance(factor, NumericFactor) and factor.thinned)
