"""How one predicate becomes attention scores.

A *piece* scores a (key, query) pair `level` where the predicate holds, and at least `gap` less where it does not.
Pieces of a conjunction add up.  Forms:

- key only, query only: an indicator;
- table: one-hot of the key's class times the row of the predicate (or the other way round), as many dimensions as
  the smaller side has classes;
- equality of numbers: -(k - q)^2 = 2kq - k^2 - q^2, two or three dimensions whatever the domain (NUMERICS section 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from ..analysis import Analysis
from ..blocks import UNIT, Form
from ..graph import SOp
from .context import Context
from .predicates import Conjunction, Matrix, Part

#: Order predicates with more classes than this are split into two digits when everything is kept readable.
READABLE_ORDER = 64
#: The same when the smallest model is asked for.
SMALL_ORDER = 12
#: A score error that no reader notices.
HARMLESS = 2.0**-20


@dataclass(frozen=True)
class Piece:
    """Scores: `key_only(k) + query_only(q) + sum of a(q) b(k)`; `error` bounds their float32 error."""

    form: str
    key_only: Form | None
    query_only: Form | None
    pairs: tuple[tuple[Form, Form], ...]
    level: float
    gap: float
    error: float


@dataclass(frozen=True, eq=False)
class Side:
    """What scores read of one side: a node and, for each value of its domain, a class."""

    node: SOp | None
    classes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class TablePart:
    """A predicate given by classes: `truth[key class, query class]`."""

    keys: Side
    queries: Side
    truth: Matrix


class Scores:
    """Chooses and makes the pieces of a conjunction."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.analysis: Analysis = context.analysis

    def tables(self, part: Part) -> TablePart:
        """The predicate with equal rows and equal columns merged."""
        matrix = part.matrix()
        _, key_classes = np.unique(matrix, axis=0, return_inverse=True)
        _, query_classes = np.unique(matrix, axis=1, return_inverse=True)
        key_first = _first_of(key_classes.reshape(-1))
        query_first = _first_of(query_classes.reshape(-1))
        return TablePart(
            Side(part.relation.keys, tuple(key_classes.reshape(-1).tolist())),
            Side(part.relation.queries, tuple(query_classes.reshape(-1).tolist())),
            matrix[np.ix_(key_first, query_first)],
        )

    def piece(self, part: Part | TablePart, *, tie: bool, exact_level: bool) -> Piece:
        """The cheapest form.  `tie`: all selected keys must get equal scores (widths, means).
        `exact_level`: BOS's score is compared with theirs, so the level must not depend on the query.

        Noise in what a tie reads can be removed by stairs (`snap`), which have rounding errors of their own: the
        better of the two is taken."""
        plain = self._piece(part, snap=False, exact_level=exact_level)
        if not tie or plain.error <= HARMLESS:
            return plain
        snapped = self._piece(part, snap=True, exact_level=exact_level)
        return min(plain, snapped, key=lambda piece: piece.error)

    def _piece(self, part: Part | TablePart, *, snap: bool, exact_level: bool) -> Piece:
        if isinstance(part, TablePart):
            return self._table_piece(part, snap)
        if part.relation.codes is None:
            if part.signs() != frozenset({0}):
                relation = part.relation
                node = relation.keys if relation.keys is not None else relation.queries
                assert node is not None
                raise self.context.refuse(
                    node,
                    "C210",
                    "a comparison over this many pairs of values has no form but equality",
                    "use a smaller vocabulary or max_length",
                )
            return self._equality(part, snap, exact_level)
        table = self.tables(part)
        if self._prefers_numbers(part, table):
            return self._equality(part, snap, exact_level)
        return self._table_piece(table, snap)

    def _table_piece(self, table: TablePart, snap: bool) -> Piece:
        """An indicator where only one side matters, else one-hot times rows."""
        truth = table.truth
        if truth.shape[1] == 1:
            form = self._side(table.keys, [truth[:, 0]], snap)[0]
            return Piece("key only", form, None, (), 1.0, 1.0, form.error)
        if truth.shape[0] == 1:
            form = self._side(table.queries, [truth[0]], snap)[0]
            return Piece("query only", None, form, (), 1.0, 1.0, form.error)
        by_key = self._table_cost(table, key_side=True)
        by_query = self._table_cost(table, key_side=False)
        pairs = self._pairs(table, by_key <= by_query, snap)
        # One side is one-hot: a single term counts fully, the others only by what leaks into their zeros.
        leak = max(max(a.error, b.error) for a, b in pairs)
        error = 2 * leak + len(pairs) * leak * (leak if self._is_equality(table) else 1.0)
        return Piece("table", None, None, tuple(pairs), 1.0, 1.0, error)

    def _pairs(self, table: TablePart, by_key: bool, snap: bool) -> list[tuple[Form, Form]]:
        truth = table.truth if by_key else table.truth.T
        hot, rows = (table.keys, table.queries) if by_key else (table.queries, table.keys)
        used = [i for i in range(truth.shape[0]) if truth[i].any()]
        one_hot = self._side(hot, [np.arange(truth.shape[0]) == i for i in used], snap)
        row_forms = self._side(rows, [truth[i] for i in used], snap)
        pairs = list(zip(row_forms, one_hot, strict=True))
        return pairs if by_key else [(b, a) for a, b in pairs]

    def _is_equality(self, table: TablePart) -> bool:
        """Both sides are one-hot."""
        return bool((table.truth.sum(axis=0) <= 1).all() and (table.truth.sum(axis=1) <= 1).all())

    def _side(self, side: Side, sets: list[NDArray[np.bool_]], snap: bool) -> list[Form]:
        """Indicator forms of sets of classes."""
        assert side.node is not None
        places = [frozenset(i for i, c in enumerate(side.classes) if wanted[c]) for wanted in sets]
        return self.context.features.indicators(side.node, places, snap=snap)

    def _table_cost(self, table: TablePart, key_side: bool) -> int:
        truth = table.truth if key_side else table.truth.T
        return int(truth.any(axis=1).sum())

    # ---- equality of numbers --------------------------------------------------------------------

    def _prefers_numbers(self, part: Part, table: TablePart) -> bool:
        """Whether an equality is worth being numeric: always when that saves dimensions, but strings stay one-hot
        where people read them."""
        if part.signs() != frozenset({0}) or min(table.truth.shape) <= 3:
            return False
        keys, queries = part.relation.atoms[0].keys, part.relation.atoms[0].queries
        numeric = self.analysis.domain(keys).numeric and self.analysis.domain(queries).numeric
        if numeric:
            return self._whole(keys) and self._whole(queries)
        return self.context.options.small

    def _whole(self, node: SOp) -> bool:
        denominator = self.analysis.domain(node).denominator
        return denominator is not None and denominator <= 64

    def _equality(self, part: Part, snap: bool, exact_level: bool) -> Piece:
        atom = part.relation.atoms[0]
        keys, queries = atom.keys, atom.queries
        features = self.context.features
        codes = self._codes(keys, queries)
        if codes is None:
            key_domain = self.analysis.domain(keys)
            low, high = float(key_domain.lowest), float(key_domain.highest)
            centre = float(round((low + high) / 2))
            values = features._values(keys)
            shifted = [float(value) - centre for value in values]
            gap = min((b - a for a, b in zip(shifted, shifted[1:])), default=1.0)
            gap = min(gap, self._cross_gap(keys, queries))
            query = features.identity(queries).scaled(1.0, -centre)
            query_values = None if not exact_level else [float(v) - centre for v in features._values(queries)]
        else:
            order = codes
            centre = (len(order) - 1) // 2
            shifted = [order[value] - centre for value in self.analysis.domain(keys).values or ()]
            query_values = [order[value] - centre for value in self.analysis.domain(queries).values or ()]
            query = features.functions(queries, [tuple(query_values)], snap=snap)[0]
            gap = 1.0
        if codes is None and snap and query_values is not None and query.error > 0:
            query = features.functions(queries, [tuple(query_values)], snap=True)[0]
        key, square = features.functions(keys, [tuple(shifted), tuple(v * v for v in shifted)], snap=snap)
        query_only = None
        if exact_level:
            assert query_values is not None
            query_only = features.functions(queries, [tuple(-v * v for v in query_values)], snap=snap)[0]
        largest = 2 * key.size * query.size + key.size**2 + (query.size**2 if exact_level else 0)
        clean = key.error == query.error == square.error == 0 and largest < 2**23 and _whole_numbers(shifted)
        noise = key.error + query.error
        # Near a match the score is -(k - q)^2, of second order in the noise; but k^2 is linear between the points
        # (the key leaves the parabola by gap * error at most) and rounded on its own, and so is q^2.
        bent = gap * key.error + (gap * query.error if exact_level else 0.0) + noise * noise
        ragged = 0.0 if clean else 2 * UNIT * largest
        return Piece(
            "equality",
            square.scaled(-1.0),
            query_only,
            ((query.scaled(2.0), key),),
            0.0,
            gap * gap - 2 * gap * noise,
            bent + ragged + (self._own_error(square, key) if snap else 0.0),
        )

    def _own_error(self, square: Form, key: Form) -> float:
        """Error of a snapped square: stairs leave the rounding of k and of k^2 unrelated."""
        return square.error + 2 * key.size * key.error

    def _cross_gap(self, keys: SOp, queries: SOp) -> float:
        key, query = self.analysis.domain(keys), self.analysis.domain(queries)
        both = [d.denominator for d in (key, query)]
        if both[0] is None or both[1] is None:
            return 0.0
        return 1.0 / float(np.lcm(both[0], both[1]))

    def _codes(self, keys: SOp, queries: SOp) -> dict[object, int] | None:
        """One number for each string (or mixed value) of either side; None when both sides are numbers."""
        key, query = self.analysis.domain(keys), self.analysis.domain(queries)
        if key.numeric and query.numeric:
            return None
        values = dict.fromkeys([*(key.values or ()), *(query.values or ())])
        return {value: place for place, value in enumerate(values)}

    # ---- orders in two digits -------------------------------------------------------------------

    def split_orders(self, conjunctions: tuple[Conjunction, ...]) -> list[list[Part | TablePart]]:
        """The conjunctions, those with a wide order predicate (`k < q`) split in two by digits.

        With key k = b * k1 + k0 and threshold t = b * t1 + t0: k < t exactly when k1 < t1, or k1 = t1 and k0 < t0,
        and these exclude each other, so their widths add up.
        """
        limit = SMALL_ORDER if self.context.options.small else READABLE_ORDER
        result: list[list[Part | TablePart]] = []
        todo: list[list[Part | TablePart]] = [list(conjunction) for conjunction in conjunctions]
        while todo:
            parts = todo.pop(0)
            place = next((i for i, part in enumerate(parts) if isinstance(part, Part) and self._is_wide_order(part, limit)), None)
            if place is None:
                result.append(parts)
                continue
            wide = parts[place]
            assert isinstance(wide, Part)
            rest = parts[:place] + parts[place + 1 :]
            high, equal, low = self._digits(self.tables(wide))
            todo = [rest + [high], rest + [equal, low], *todo]
        return result

    def _is_wide_order(self, part: Part, limit: int) -> bool:
        if part.relation.codes is None or part.relation.keys is None or part.relation.queries is None:
            return False
        table = self.tables(part)
        if min(table.truth.shape) <= limit or self._prefers_numbers(part, table):
            return False
        return _chain(table.truth) is not None

    def _digits(self, table: TablePart) -> tuple[TablePart, TablePart, TablePart]:
        chain = _chain(table.truth)
        assert chain is not None
        ranks, thresholds = chain  # key class -> rank; query class -> how many ranks are selected
        base = ceil(sqrt(max(thresholds) + 1))
        count = max(max(ranks), max(thresholds)) // base + 1

        def side(of: Side, numbers: list[int], digit: int) -> Side:
            digits = [number // base if digit else number % base for number in numbers]
            return Side(of.node, tuple(digits[c] for c in of.classes))

        key_high, key_low = side(table.keys, ranks, 1), side(table.keys, ranks, 0)
        query_high, query_low = side(table.queries, thresholds, 1), side(table.queries, thresholds, 0)
        lower = np.arange(count)[:, None] < np.arange(count)[None, :]
        same: Matrix = np.eye(count, dtype=bool)
        low_order = np.arange(base)[:, None] < np.arange(base)[None, :]
        return (
            TablePart(key_high, query_high, lower),
            TablePart(key_high, query_high, same),
            TablePart(key_low, query_low, low_order),
        )


def _first_of(classes: NDArray[np.int64]) -> list[int]:
    return [int(np.argmax(classes == c)) for c in range(int(classes.max()) + 1)]


def _chain(truth: Matrix) -> tuple[list[int], list[int]] | None:
    """For a predicate whose columns are nested: each row's rank and each column's threshold, selected when rank < threshold."""
    sizes = truth.sum(axis=1)
    order = np.argsort(-sizes, kind="stable")
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    thresholds = truth.sum(axis=0)
    if not np.array_equal(truth, ranks[:, None] < thresholds[None, :]):
        return None
    return ranks.tolist(), thresholds.tolist()


def _whole_numbers(numbers: list[float]) -> bool:
    return all(float(number).is_integer() for number in numbers)
