"""Selectors as disjoint conjunctions.

A selector is a formula over comparisons.  Comparisons whose keys depend on one source and whose queries depend on
one source form a *relation*: together they sort the (key, query) pairs of these sources into classes, and any formula
over them is one predicate, a matrix.  A formula over several relations is expanded into conjunctions of such
predicates that exclude each other: the branches of a decision diagram with one level for each relation.  One head holds
one conjunction (scores of its parts add up), and widths and sums over disjoint conjunctions add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from ..analysis import SIGNS, Analysis
from ..graph import Aggregate, Constant, Indices, Select, Selector, SelectorAnd, SelectorNot, SelectorOr, SOp, Tokens
from ..grid import Column, evaluate
from ..values import Scalar, Undefined, is_number

Matrix = NDArray[np.bool_]

#: A relation over more pairs than this is known only by the order of key and query.
MAX_PAIRS = 1 << 21
#: More branches than this are not explored.
MAX_BRANCHES = 1 << 12


@dataclass(frozen=True)
class Relation:
    """Comparisons that read the same key source and the same query source (None: a constant).

    `codes[k, q]` tells for each pair of values which comparisons hold (bit i: atom i); None when the pairs are too
    many, then all atoms compare exactly `keys` with `queries` and the code is that of the sign.
    """

    keys: SOp | None
    queries: SOp | None
    atoms: tuple[Select, ...]
    codes: NDArray[np.int32] | None
    realised: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Part:
    """A predicate on one relation: the pairs whose code is one of `accepted`."""

    relation: Relation
    accepted: frozenset[int]

    def matrix(self) -> Matrix:
        """[key values, query values]; a constant side has one row or column."""
        assert self.relation.codes is not None
        return np.isin(self.relation.codes, list(self.accepted))

    def signs(self) -> frozenset[int] | None:
        """The signs of key - query that are accepted, when the predicate depends on nothing else."""
        if len({(atom.keys, atom.queries) for atom in self.relation.atoms}) != 1:
            return None
        accepted = set()
        for sign in (-1, 0, 1):
            code = sum((sign in SIGNS[atom.comparison]) << bit for bit, atom in enumerate(self.relation.atoms))
            if code in self.accepted:
                accepted.add(sign)
        return frozenset(accepted)


Conjunction = tuple[Part, ...]


class Predicates:
    """Memoised by selector."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._found: dict[Selector, tuple[Conjunction, ...]] = {}

    def conjunctions(self, selector: Selector) -> tuple[Conjunction, ...]:
        """Conjunctions that exclude each other and together are the selector; none when nothing is ever selected."""
        if selector not in self._found:
            self._found[selector] = self._expand(selector)
        return self._found[selector]

    def _expand(self, selector: Selector) -> tuple[Conjunction, ...]:
        atoms = atoms_of(selector)
        relations = self._relations(atoms)
        best: tuple[Conjunction, ...] | None = None
        orders = permutations(relations) if len(relations) <= 4 else [tuple(relations)]
        for order in orders:
            found = self._branches(selector, order)
            if best is None or (len(found), sum(map(len, found))) < (len(best), sum(map(len, best))):
                best = found
        assert best is not None
        return best

    def _branches(self, selector: Selector, order: Sequence[Relation]) -> tuple[Conjunction, ...]:
        result: list[Conjunction] = []

        def explore(place: int, truth: dict[Select, bool], parts: Conjunction) -> None:
            outcomes = self._outcomes(selector, order[place:], truth)
            if not any(outcomes):
                return
            if all(outcomes):
                result.append(parts)
                return
            relation = order[place]
            residuals: dict[tuple[bool, ...], list[int]] = {}
            for code in relation.realised:
                residuals.setdefault(
                    self._outcomes(selector, order[place + 1 :], truth | _bits(relation, code)), []
                ).append(code)
            for codes in residuals.values():
                whole = len(codes) == len(relation.realised)
                part = () if whole else (Part(relation, frozenset(codes)),)
                explore(place + 1, truth | _bits(relation, codes[0]), parts + part)

        explore(0, {}, ())
        return tuple(result)

    def _outcomes(self, selector: Selector, rest: Sequence[Relation], truth: Mapping[Select, bool]) -> tuple[bool, ...]:
        """The formula's truth for each combination of the remaining relations' classes."""
        found = []
        for codes in product(*(relation.realised for relation in rest)):
            whole = dict(truth)
            for relation, code in zip(rest, codes, strict=True):
                whole |= _bits(relation, code)
            found.append(_truth(selector, whole))
            if len(found) > MAX_BRANCHES:
                raise TooManyBranches
        return tuple(found)

    # ---- relations ------------------------------------------------------------------------------

    def _relations(self, atoms: Sequence[Select]) -> list[Relation]:
        grouped: dict[tuple[SOp | None, SOp | None], list[Select]] = {}
        for atom in atoms:
            source = (self._source(atom.keys), self._source(atom.queries))
            if self._pairs(*source) > MAX_PAIRS:
                source = (atom.keys, atom.queries)
            grouped.setdefault(source, []).append(atom)
        return [self._relation(keys, queries, group) for (keys, queries), group in grouped.items()]

    def _source(self, node: SOp) -> SOp | None:
        """The one leaf that a node depends on, when any function of that leaf can be had for free; else the node."""
        leaves = self.analysis.leaves(node)
        if not leaves:
            return None
        if len(leaves) == 1:
            (leaf,) = leaves
            domain = self.analysis.domain(leaf)
            free = isinstance(leaf, (Tokens, Indices)) or (
                isinstance(leaf, Aggregate) and self.analysis.retrieves(leaf)
            )
            if free and domain.values is not None:
                return leaf
        return node

    def _pairs(self, keys: SOp | None, queries: SOp | None) -> int:
        total = 1
        for node in (keys, queries):
            if node is not None:
                size = self.analysis.domain(node).size
                total *= MAX_PAIRS + 1 if size is None else size
        return total

    def _relation(self, keys: SOp | None, queries: SOp | None, atoms: list[Select]) -> Relation:
        if self._pairs(keys, queries) > MAX_PAIRS:
            realised = {sum((sign in SIGNS[a.comparison]) << bit for bit, a in enumerate(atoms)) for sign in (-1, 0, 1)}
            return Relation(keys, queries, tuple(atoms), None, tuple(sorted(realised)))
        key_count = 1 if keys is None else len(self.analysis.domain(keys).values or ())
        query_count = 1 if queries is None else len(self.analysis.domain(queries).values or ())
        codes = np.zeros((key_count, query_count), dtype=np.int32)
        for bit, atom in enumerate(atoms):
            left, right = self._seen(atom.keys, keys), self._seen(atom.queries, queries)
            codes |= compare_all(atom.comparison, left, right).astype(np.int32) << bit
        visible = codes
        if self.analysis.space.causal and isinstance(keys, Indices) and isinstance(queries, Indices):
            visible = codes[np.triu_indices(key_count)]  # key <= query
        elif keys is not None and keys is queries and self.analysis.same_everywhere(keys):
            visible = np.diagonal(codes)
        return Relation(keys, queries, tuple(atoms), codes, tuple(np.unique(visible).tolist()))

    def _seen(self, node: SOp, source: SOp | None) -> list[Scalar | Undefined]:
        """The values of `node` for each value of its source."""
        if isinstance(node, Constant):
            return [node.value]
        if source is None:
            return list(evaluate(node, {}, []).values)
        values = self.analysis.domain(source).values
        assert values is not None
        column = evaluate(node, {source: Column((0,), np.arange(len(values)), values)}, [len(values)])
        return [column.values[code] for code in np.broadcast_to(column.codes, (len(values),)).tolist()]


class TooManyBranches(Exception):
    """The formula has more combinations of classes than are worth exploring."""


def atoms_of(selector: Selector) -> list[Select]:
    """The comparisons of a formula, each once, in order of appearance."""
    found: dict[Select, None] = {}
    seen: set[Selector] = set()
    stack = [selector]
    while stack:
        current = stack.pop()
        if current in seen:
            continue
        seen.add(current)
        match current:
            case Select():
                found.setdefault(current)
            case SelectorAnd(left=left, right=right) | SelectorOr(left=left, right=right):
                stack += [right, left]
            case SelectorNot(operand=operand):
                stack.append(operand)
            case _:
                raise AssertionError(current)
    return list(found)


def compare_all(comparison: str, keys: Sequence[Scalar | Undefined], queries: Sequence[Scalar | Undefined]) -> Matrix:
    """[keys, queries]: whether each pair compares so; False where it is undefined."""
    ranks = {
        kind: {value: rank for rank, value in enumerate(sorted({v for v in (*keys, *queries) if _kind(v) == kind}))}  # type: ignore[type-var]
        for kind in ("number", "string")
    }

    def codes(values: Sequence[Scalar | Undefined]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        kinds = np.array([("undefined", "number", "string").index(_kind(v)) for v in values])
        places = np.array([ranks[_kind(v)][v] if not isinstance(v, Undefined) else 0 for v in values])
        return kinds, places

    key_kinds, key_ranks = codes(keys)
    query_kinds, query_ranks = codes(queries)
    signs = np.sign(key_ranks[:, None] - query_ranks[None, :])
    same = (key_kinds[:, None] == query_kinds[None, :]) & (key_kinds[:, None] > 0)
    defined = (key_kinds[:, None] > 0) & (query_kinds[None, :] > 0)
    result: Matrix = np.isin(signs, list(SIGNS[comparison])) & same
    if comparison == "!=":
        result |= defined & ~same
    return result


def _kind(value: Scalar | Undefined) -> str:
    if isinstance(value, Undefined):
        return "undefined"
    return "number" if is_number(value) else "string"


def _bits(relation: Relation, code: int) -> dict[Select, bool]:
    return {atom: bool(code >> bit & 1) for bit, atom in enumerate(relation.atoms)}


def _truth(selector: Selector, truth: Mapping[Select, bool]) -> bool:
    match selector:
        case Select():
            return truth[selector]
        case SelectorAnd(left=left, right=right):
            return _truth(left, truth) and _truth(right, truth)
        case SelectorOr(left=left, right=right):
            return _truth(left, truth) or _truth(right, truth)
        case SelectorNot(operand=operand):
            return not _truth(operand, truth)
        case _:
            raise AssertionError(selector)
