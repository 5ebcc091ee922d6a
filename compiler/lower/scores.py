"""How one predicate becomes attention scores.

A *piece* scores a (key, query) pair `level` where the predicate holds, and at least `gap` less where it does not.
Pieces of a conjunction add up.  Forms:

- key only, query only: an indicator;
- table: one-hot of the key's class times the row of the predicate (or the other way round), as many dimensions as
  the smaller side has classes;
- equality of numbers: -(k - q)^2 = 2kq - k^2 - q^2, two or three dimensions whatever the domain; q^2 is only needed
  where BOS's score is compared, as softmax does not notice what all keys share.

One-hot times row is how Tracr (Lindner et al. 2023) makes scores of a select.  Numeric equality, sums of scores for
conjunctions, votes and orders in digits are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, lcm, log2, sqrt

import numpy as np
from numpy.typing import NDArray

from ..analysis import Analysis
from ..blocks import Form, Level, constant_form, sum_forms
from ..graph import Elementwise, SOp
from .context import Context
from .predicates import Conjunction, Matrix, Part

#: A score error that no reader notices, to be divided by the most keys that can tie.  The values of a mean lie closer
#: together than those of a count.
HARMLESS: dict[Level, float] = {"retrieve": 2.0**-12, "count": 2.0**-12, "mean": 2.0**-16}
#: Key codes that span more than this are centred exactly, though that makes them half integers.
WIDE = 2000


@dataclass(frozen=True)
class Piece:
    """Scores: `key_only(k) + query_only(q) + sum of a(q) b(k)`; `error` bounds their float32 error.

    `excess`: pairs for which the predicate holds may score this much above `level` (never where ties matter).
    `why`: what a person is told who asks why this form was taken."""

    form: str
    why: str
    key_only: Form | None
    query_only: Form | None
    pairs: tuple[tuple[Form, Form], ...]
    level: float
    gap: float
    error: float
    excess: float = 0.0

    def after(self, noisier: Sequence[Piece]) -> Piece:
        """The same piece, taken after cheaper ones were found too noisy."""
        tried = [piece for piece in noisier if piece.form != self.form]
        if not tried:
            return self
        errors = f"{tried[0].error:.1g} against {self.error:.1g}"
        return replace(self, why=f"{self.why}; `{tried[0].form}` would be noisier ({errors})")

    def scaled(self, factor: float) -> Piece:
        """The same predicate, `factor` times as loud."""
        if factor == 1.0:
            return self
        return replace(
            self,
            key_only=None if self.key_only is None else self.key_only.scaled(factor),
            query_only=None if self.query_only is None else self.query_only.scaled(factor),
            pairs=tuple((a.scaled(factor), b) for a, b in self.pairs),
            level=factor * self.level,
            gap=factor * self.gap,
            error=factor * self.error,
        )


@dataclass(frozen=True, eq=False)
class Side:
    """What scores read of one side: a node and, for each value of its domain, a class."""

    node: SOp | None
    classes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class TablePart:
    """A predicate given by classes: `truth[key class, query class]`.  `digit`: which part of a split order it is."""

    keys: Side
    queries: Side
    truth: Matrix
    digit: str | None = None


class Scores:
    """Chooses and makes the pieces of a conjunction."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.analysis: Analysis = context.analysis
        self._tables: dict[Part, TablePart] = {}

    def tables(self, part: Part) -> TablePart:
        """The predicate with equal rows and equal columns merged."""
        if part not in self._tables:
            matrix = part.matrix()
            key_classes, key_first = _classes(matrix)
            query_classes, query_first = _classes(matrix.T)
            self._tables[part] = TablePart(
                Side(part.relation.keys, key_classes),
                Side(part.relation.queries, query_classes),
                matrix[np.ix_(key_first, query_first)],
            )
        return self._tables[part]

    def pieces(self, parts: Sequence[Part | TablePart], *, level: Level, exact_level: bool) -> list[Piece]:
        """Pieces whose sum is a score for the conjunction of the parts: it reaches the sum of the levels where all of
        them hold, and stays below that by the smallest gap where one does not.

        One of them may exceed its level where ties do not matter; the others are then loud enough to veto it."""
        voted: list[Piece | None] = [None] * len(parts)
        if level == "retrieve":
            for place, part in enumerate(parts):
                voted[place] = self._vote(part)
                if voted[place] is not None:
                    break
        factor = 1.0 + sum(piece.excess for piece in voted if piece is not None)
        return [
            vote if vote is not None else self.piece(part, level=level, exact_level=exact_level).scaled(factor)
            for vote, part in zip(voted, parts, strict=True)
        ]

    def _vote(self, part: Part | TablePart) -> Piece | None:
        """A predicate on the key alone that is a disjunction or conjunction of truths, as a sum of these: at least 1
        where it holds and at most 0 where not.  Worth it where a joint function would take many neurons."""
        if not isinstance(part, Part) or part.relation.queries is not None or part.relation.keys is None:
            return None
        if part.relation.codes is None:
            return None
        features = self.context.features
        accepted = part.matrix()[:, 0]
        holds = {bool(v): bool(t) for v, t in zip(features.values(part.relation.keys), accepted, strict=True)}
        node, negated = _stripped(part.relation.keys, holds.get(False, False))
        if len(set(holds.values())) != 2 or not isinstance(node, Elementwise) or node.op not in ("and", "or"):
            return None
        truths = _operands(node, node.op)
        if len(truths) < 2 or any(not self.analysis.domain(truth).boolean for truth in (node, *truths)):
            return None
        if max(map(features.function_time, truths)) > features.function_time(node):
            return None
        if features.joint.bends(node) <= 4 * len(truths):
            return None
        # De Morgan: "not (a and b)" is "not a or not b".
        forms = []
        for truth in truths:
            place = frozenset(i for i, value in enumerate(features.values(truth)) if bool(value) != negated)
            forms += features.indicators(truth, [place])
        any_of = (node.op == "or") != negated
        total = sum_forms([*forms, constant_form(0.0 if any_of else 1.0 - len(forms))])
        why = f"the key's `{node.op}` of {len(truths)} truths is their sum, where their joint function takes neurons"
        excess = len(forms) - 1.0 if any_of else 0.0
        return Piece("key only", why, total, None, (), 1.0, 1.0, total.error, excess)

    def piece(self, part: Part | TablePart, *, level: Level, exact_level: bool) -> Piece:
        """The first form whose noise is harmless, else the least noisy.  Where ties matter (counts, means), all
        selected keys must get equal scores.  `exact_level`: BOS's score is compared with theirs, so the level must not
        depend on the query.

        Noise in what a tie reads can be removed by stairs (`snap`), which have rounding errors of their own."""
        tie = level != "retrieve"
        best: Piece | None = None
        noisier: list[Piece] = []
        harmless = HARMLESS[level] / self.analysis.space.max_length
        for piece in self._forms(part, tie, exact_level):
            if piece.error <= harmless or (not tie and piece.gap - 2 * piece.error >= piece.gap / 8):
                return piece.after(noisier)
            if best is None or piece.error < best.error:
                best = piece.after(noisier)
            noisier.append(piece)
        assert best is not None
        return best

    def _forms(self, part: Part | TablePart, tie: bool, exact_level: bool) -> Iterator[Piece]:
        """The forms that a predicate can take, the cheapest first."""
        snaps = (False, True) if tie else (False,)
        table = part if isinstance(part, TablePart) else None if part.relation.codes is None else self.tables(part)
        if isinstance(part, Part) and (table is None or self._prefers_numbers(part, table)):
            if part.signs() != frozenset({0}):
                atom = part.relation.atoms[0]
                sides = [
                    f"`{self.context.quoted(s)}`: {self.analysis.domain(s).describe()}"
                    for s in (atom.keys, atom.queries)
                ]
                raise self.context.refuse(
                    atom,
                    "C210",
                    f"only an equality can compare so many values ({', '.join(sides)})",
                    "use a smaller vocabulary or max_length, or compare ranks: selector_width(select(x, x, <))",
                )
            for snap in snaps:
                yield self._equality(part, snap, exact_level)
        elif isinstance(part, TablePart) and is_equality(part.truth) and len(part.truth) > 3:
            for snap in snaps:
                yield self._class_equality(part, snap, exact_level)
        if table is not None:
            for snap in snaps:
                yield self._table_piece(table, snap)

    def _table_piece(self, table: TablePart, snap: bool) -> Piece:
        """An indicator where only one side matters, else one-hot times rows."""
        truth = table.truth
        if truth.shape[1] == 1:
            form = self._side(table.keys, [truth[:, 0]], snap)[0]
            why = f"only the key matters, which may have {_count(table.keys, truth[:, 0])}"
            return Piece("key only", why, form, None, (), 1.0, 1.0, form.error)
        if truth.shape[0] == 1:
            form = self._side(table.queries, [truth[0]], snap)[0]
            why = f"only the query matters, which may have {_count(table.queries, truth[0])}"
            return Piece("query only", why, None, form, (), 1.0, 1.0, form.error)
        by_key = self._table_cost(table, key_side=True)
        by_query = self._table_cost(table, key_side=False)
        pairs = self._pairs(table, by_key <= by_query, snap)
        # One side is one-hot: a single term counts fully, the others only by what leaks into their zeros.
        leaks = [max(a.error, b.error) for a, b in pairs]
        error = 2 * max(leaks) + sum(leaks) * (max(leaks) if is_equality(truth) else 1.0)
        return Piece(
            "table", self._why_table(table, len(pairs), by_key <= by_query), None, None, tuple(pairs), 1.0, 1.0, error
        )

    def _why_table(self, table: TablePart, used: int, by_key: bool) -> str:
        keys, queries = table.truth.shape
        side = "key" if by_key else "query"
        if not is_equality(table.truth):
            reason = f"{keys} classes of keys by {queries} of queries, and no equality"
        elif min(keys, queries) <= 3:
            reason = f"an equality of only {min(keys, queries)} classes"
        elif all(s.node is not None and self.analysis.domain(s.node).numeric for s in (table.keys, table.queries)):
            reason = f"an equality of {used} classes whose numbers are not nearly whole"
        else:
            reason = f"an equality of {used} strings, which stay one-hot for readers (-Os numbers them)"
        digit = "" if table.digit is None else f"{table.digit}: "
        return f"{digit}{reason}; the {side}'s side is one-hot, {used} wide"

    def _pairs(self, table: TablePart, by_key: bool, snap: bool) -> list[tuple[Form, Form]]:
        truth = table.truth if by_key else table.truth.T
        hot, rows = (table.keys, table.queries) if by_key else (table.queries, table.keys)
        used = [i for i in range(truth.shape[0]) if truth[i].any()]
        one_hot = self._side(hot, [np.arange(truth.shape[0]) == i for i in used], snap)
        row_forms = self._side(rows, [truth[i] for i in used], snap)
        pairs = list(zip(row_forms, one_hot, strict=True))
        return pairs if by_key else [(b, a) for a, b in pairs]

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
            return self._nearly_whole(keys) and self._nearly_whole(queries)
        return self.context.options.small

    def _nearly_whole(self, node: SOp) -> bool:
        denominator = self.analysis.domain(node).denominator
        return denominator is not None and denominator <= 64

    def _equality(self, part: Part, snap: bool, exact_level: bool) -> Piece:
        atom = part.relation.atoms[0]
        keys, queries = atom.keys, atom.queries
        codes = self._codes(keys, queries)
        key_values = self.context.features.values(keys)
        if codes is not None:
            query_values = self.context.features.values(queries)
            key_codes = [float(codes[value]) for value in key_values]
            query_codes: list[float] | None = [float(codes[value]) for value in query_values]
            scale = None
        else:
            # Multiplied so that all are whole: then what differs differs by 1 at least.
            scale = self._scale(keys, queries)
            key_codes = [float(value * scale) for value in key_values if not isinstance(value, str)]
            listed = self.analysis.domain(queries).values
            query_codes = None if listed is None else [float(v * scale) for v in listed if not isinstance(v, str)]
        what = "numbers" if codes is None else "strings, numbered"
        why = (
            f"an equality of {len(key_values)} {what}: -(k - q)^2 is one product, where one-hot would take one for each"
        )
        return self._squares(keys, queries, key_codes, query_codes, scale, snap, exact_level, why)

    def _class_equality(self, table: TablePart, snap: bool, exact_level: bool) -> Piece:
        """Equality of classes, by their numbers; a query class without a partner gets a number of its own."""
        assert table.keys.node is not None
        assert table.queries.node is not None
        count = len(table.truth)
        partner = [int(np.argmax(column)) if column.any() else count + 1 for column in table.truth.T]
        key_codes = [float(c) for c in table.keys.classes]
        query_codes = [float(partner[c]) for c in table.queries.classes]
        digit = "" if table.digit is None else f"{table.digit}: "
        why = f"{digit}each of {len(table.truth)} classes of keys has one class of queries: their numbers are compared"
        return self._squares(table.keys.node, table.queries.node, key_codes, query_codes, None, snap, exact_level, why)

    def _squares(
        self,
        keys: SOp,
        queries: SOp,
        key_codes: list[float],
        query_codes: list[float] | None,
        scale: int | None,
        snap: bool,
        exact_level: bool,
        why: str,
    ) -> Piece:
        """-(k - q)^2 for whole codes of the key's and the query's values.

        `scale`: codes are the numbers themselves, times this, so the query is read as the linear form that it is.
        `query_codes`: None when they are too many to list."""
        features = self.context.features
        centre = (min(key_codes) + max(key_codes)) / 2
        if max(key_codes) - min(key_codes) < WIDE:
            centre = float(round(centre))  # whole numbers are easier to read
        shifted = tuple(code - centre for code in key_codes)
        moved = None if query_codes is None else tuple(code - centre for code in query_codes)
        if scale is not None and not (snap and moved is not None):
            query = features.identity(queries).scaled(float(scale), -centre)
        else:
            assert moved is not None
            query = features.functions(queries, [moved], snap=snap)[0]
        key, square = features.functions(keys, [shifted, tuple(v * v for v in shifted)], snap=snap)
        query_only = None
        if exact_level:
            if moved is None:
                features.values(queries)  # refuses: they cannot be listed
                raise AssertionError("unlisted values")
            query_only = features.functions(queries, [tuple(-v * v for v in moved)], snap=snap)[0]
        cross = 2 * key.size * (query.size + query.error)
        # What is selected scores near zero, its neighbours by gap^2 less: one product and one sum are rounded.
        ragged = half_ulp(cross) + half_ulp(max(key.size, query.size) ** 2)
        exact = key.error == query.error == square.error == 0
        if exact and cross < 2**24 and all(float(4 * v).is_integer() for v in shifted):
            ragged = 0.0
        ragged += square.rounding + (0.0 if query_only is None else query_only.rounding)
        noise = key.error + query.error
        # Near a match -(k - q)^2 is of second order in the noise; but k^2 is linear between the points (the key leaves
        # the parabola by its error at most) or rounded on its own, and so is q^2.
        bent = key.error + (query.error if exact_level else 0.0) + noise * noise
        own = self._own_error(square, key) if snap else 0.0
        return Piece(
            "equality",
            why,
            square.scaled(-1.0),
            query_only,
            ((query.scaled(2.0), key),),
            0.0,
            1.0 - 2 * noise,
            bent + ragged + own,
        )

    def _own_error(self, square: Form, key: Form) -> float:
        """Error of a snapped square: stairs leave the rounding of k and of k^2 unrelated."""
        return square.error + 2 * key.size * key.error

    def _scale(self, keys: SOp, queries: SOp) -> int:
        """What makes every value of both sides whole."""
        denominators = [self.analysis.domain(node).denominator for node in (keys, queries)]
        return lcm(*(1 if denominator is None else denominator for denominator in denominators))

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
        result: list[list[Part | TablePart]] = []
        todo: list[list[Part | TablePart]] = [list(conjunction) for conjunction in conjunctions]
        while todo:
            parts = todo.pop(0)
            wide = [self._wide_order(part) for part in parts]
            place = next((i for i, table in enumerate(wide) if table is not None), None)
            if place is None:
                result.append(parts)
                continue
            table = wide[place]
            assert table is not None
            rest = parts[:place] + parts[place + 1 :]
            high, equal, low = self._digits(table)
            todo = [[*rest, high], [*rest, equal, low], *todo]
        return result

    def splits_computed(self, conjunctions: tuple[Conjunction, ...]) -> bool:
        """Whether an order that would be split compares what the embedding does not hold."""
        features = self.context.features
        wide = [part for conjunction in conjunctions for part in conjunction if self._wide_order(part) is not None]
        sides = [side for part in wide for side in (part.relation.keys, part.relation.queries) if side is not None]
        return any(features.function_time(side) > 0 for side in sides)

    def _wide_order(self, part: Part | TablePart) -> TablePart | None:
        """The order predicate of a part that is wide enough to be split."""
        if isinstance(part, Part):
            if part.relation.codes is None or part.relation.keys is None or part.relation.queries is None:
                return None
            table = self.tables(part)
            if self._prefers_numbers(part, table):
                return None
        else:
            table = part
        if min(table.truth.shape) <= self.context.options.widest_order or is_equality(table.truth):
            return None
        return table if _chain(table.truth) is not None else None

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
        order = f"of an order over {len(ranks)} by {len(thresholds)} classes"
        return (
            TablePart(key_high, query_high, lower, f"the high digit {order}"),
            TablePart(key_high, query_high, same, f"equal high digits {order}"),
            TablePart(key_low, query_low, low_order, f"the low digit {order}"),
        )


def _classes(matrix: Matrix) -> tuple[tuple[int, ...], list[int]]:
    """Each row's class (equal rows share one), and each class's first row."""
    packed = np.packbits(matrix, axis=1)
    numbers: dict[bytes, int] = {}
    first: list[int] = []
    classes = []
    for place, row in enumerate(packed):
        found = numbers.setdefault(row.tobytes(), len(numbers))
        if found == len(first):
            first.append(place)
        classes.append(found)
    return tuple(classes), first


def _count(side: Side, accepted: NDArray[np.bool_]) -> str:
    """How many of a side's values are accepted."""
    return f"{sum(bool(accepted[c]) for c in side.classes)} of its {len(side.classes)} values"


def _chain(truth: Matrix) -> tuple[list[int], list[int]] | None:
    """For nested columns: each row's rank and each column's threshold; selected is rank < threshold."""
    sizes = truth.sum(axis=1)
    order = np.argsort(-sizes, kind="stable")
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    thresholds = truth.sum(axis=0)
    if not np.array_equal(truth, ranks[:, None] < thresholds[None, :]):
        return None
    return ranks.tolist(), thresholds.tolist()


def _stripped(node: SOp, negated: bool) -> tuple[SOp, bool]:
    """A truth without the `not` and `indicator` around it, and whether it is wanted negated."""
    while isinstance(node, Elementwise) and node.op in ("not", "indicator"):
        negated = negated != (node.op == "not")
        (node,) = node.inputs
    return node, negated


def _operands(node: SOp, op: str) -> list[SOp]:
    """What a nest of one associative and idempotent operation combines, each once, in order of appearance."""
    found: dict[SOp, None] = {}
    seen: set[SOp] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if current in seen:
            continue
        seen.add(current)
        if isinstance(current, Elementwise) and current.op == op:
            stack += current.inputs[::-1]
        else:
            found[current] = None
    return list(found)


def is_equality(truth: Matrix) -> bool:
    """Each key class is selected by at most one query class and the other way round."""
    return bool((truth.sum(axis=0) <= 1).all() and (truth.sum(axis=1) <= 1).all())


def half_ulp(size: float) -> float:
    """The rounding error of a float32 number up to `size`."""
    return 0.0 if size == 0 else 2.0 ** (ceil(log2(size)) - 25)
