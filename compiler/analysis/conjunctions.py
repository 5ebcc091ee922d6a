"""Selectors as disjoint conjunctions.

A selector is a formula over comparisons.  Comparisons whose keys depend on one source and whose queries depend on one
source form a *relation*.  Each (key, query) pair of the sources' values has a code: the set of comparisons that hold.
Any formula over the comparisons is then one predicate, a set of codes.  A formula over several relations is expanded
into conjunctions of predicates that exclude each other: the branches of a decision diagram with one level for each
relation.  One head computes one conjunction, because the scores of its predicates add up.  Widths and sums over
disjoint conjunctions add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..graph.comparisons import COMPARISONS
from ..graph.graph import (
    Aggregate,
    Constant,
    Indices,
    Select,
    Selector,
    SOp,
    Tokens,
)
from ..graph.values import Scalar, Undefined
from ..graph.walk import comparisons_of, fold, has_picks
from .compare_values import Matrix, compare_all
from .joint_tables import evaluate, values_along
from .node_facts import Analysis

#: A relation over more pairs of values than this is known only by the sign of key - query.
MAX_PAIRS = 1 << 21
#: A formula that distinguishes more cases than this is not expanded.
MAX_CASES = 1 << 16
#: Nor is a formula with more branches than this.
MAX_BRANCHES = 1 << 8
#: All orders of at most this many relations are tried.
MAX_RELATIONS_TO_PERMUTE = 4


@dataclass(frozen=True)
class Relation:
    """Comparisons that read the same key source and the same query source (None: a constant).

    `codes`: an array [key value, query value]; bit i of a code is set if atom i holds.  None if the pairs are too many;
    then every atom compares `keys` with `queries`, and the code depends on the sign of key - query.
    `realised`: the codes that occur, ascending.
    """

    keys: SOp | None
    queries: SOp | None
    atoms: tuple[Select, ...]
    codes: NDArray[np.int32] | None
    realised: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class RelationPredicate:
    """A predicate on one relation: the pairs whose code is one of `accepted`."""

    relation: Relation
    accepted: frozenset[int]

    def matrix(self) -> Matrix:
        """The predicate as an array [key value, query value]; a constant side has one row or column."""
        assert self.relation.codes is not None
        return np.isin(self.relation.codes, list(self.accepted))

    def sides(self) -> tuple[SOp, SOp]:
        """(keys, queries) of the comparisons, which must be the same for all of them."""
        (sides,) = self._sides()
        return sides

    def _sides(self) -> set[tuple[SOp, SOp]]:
        return {(atom.keys, atom.queries) for atom in self.relation.atoms}

    def signs(self) -> frozenset[int] | None:
        """The accepted signs of key - query; None if the predicate depends on anything else."""
        if len(self._sides()) != 1:
            return None
        accepted = set()
        for sign in (-1, 0, 1):
            code = code_of_sign(self.relation.atoms, sign)
            if code in self.accepted:
                accepted.add(sign)
        return frozenset(accepted)


Conjunction = tuple[RelationPredicate, ...]


class DisjointConjunctions:
    """Expands selectors into conjunctions that exclude each other.  Memoised by selector."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._found: dict[Selector, tuple[Conjunction, ...] | None] = {}

    def of(self, selector: Selector) -> tuple[Conjunction, ...] | None:
        """Conjunctions that exclude each other and together are the selector; () if nothing is ever selected.

        None if the formula distinguishes more than `MAX_CASES` cases or has more than `MAX_BRANCHES` branches, or if it
        combines picks, which are no predicates of pairs."""
        if selector not in self._found:
            self._found[selector] = self._expand(selector)
        return self._found[selector]

    def joint_truths(self, selectors: Sequence[Selector]) -> tuple[tuple[Relation, ...], list[Matrix]] | None:
        """The relations of all comparisons of the selectors, and each selector's truth over the realised classes.

        None if a selector has a pick, or if the formulas distinguish more than `MAX_CASES` cases."""
        if any(map(has_picks, selectors)):
            return None
        comparisons = dict.fromkeys(atom for selector in selectors for atom in comparisons_of(selector))
        relations = tuple(self._relations(list(comparisons)))
        if prod(len(relation.realised) for relation in relations) > MAX_CASES:
            return None
        return relations, [_truth(selector, relations) for selector in selectors]

    def branches(self, relations: Sequence[Relation], truth: Matrix) -> tuple[Conjunction, ...] | None:
        """Disjoint conjunctions for a truth over the relations' realised classes; None above `MAX_BRANCHES`.

        The order of the relations is the one with the fewest conjunctions, then the fewest predicates."""
        axes = range(len(relations))
        best: tuple[Conjunction, ...] | None = None
        for order in permutations(axes) if len(relations) <= MAX_RELATIONS_TO_PERMUTE else [tuple(axes)]:
            branches = _branches(np.transpose(truth, order), [relations[axis] for axis in order])
            found = tuple(islice(branches, MAX_BRANCHES + 1))
            if len(found) > MAX_BRANCHES:
                return None
            if best is None or (len(found), sum(map(len, found))) < (len(best), sum(map(len, best))):
                best = found
        return best

    def _expand(self, selector: Selector) -> tuple[Conjunction, ...] | None:
        found = self.joint_truths([selector])
        if found is None:
            return None
        relations, (truth,) = found
        return self.branches(relations, truth)

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
        """The one leaf that a node depends on, if any function of that leaf is free; otherwise the node."""
        leaves = self.analysis.leaves(node)
        if not leaves:
            return None
        if len(leaves) == 1:
            (leaf,) = leaves
            domain = self.analysis.domain(leaf)
            free = isinstance(leaf, (Tokens, Indices)) or (
                isinstance(leaf, Aggregate) and self.analysis.selectors.retrieves(leaf)
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
            realised = {code_of_sign(atoms, sign) for sign in (-1, 0, 1)}
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
        elif keys is not None and keys is queries and self.analysis.selectors.same_everywhere(keys):
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
        return values_along(node, source, values)


def code_of_sign(atoms: Sequence[Select], sign: int) -> int:
    """The code of a pair where key - query has this sign; bit i is set if atom i holds."""
    return sum(COMPARISONS[atom.comparison].holds(sign) << bit for bit, atom in enumerate(atoms))


def _branches(truth: Matrix, order: Sequence[Relation], path: Conjunction = ()) -> Iterator[Conjunction]:
    """The branches of a decision diagram below `path`.

    `truth`: an array with an axis for each relation of `order`, over the relation's realised codes."""
    if not truth.any():
        return
    if truth.all():
        yield path
        return
    relation, *rest = order
    residuals: dict[bytes, list[int]] = {}
    for row, residual in enumerate(truth):
        residuals.setdefault(residual.tobytes(), []).append(row)
    for rows in residuals.values():
        codes = frozenset(relation.realised[row] for row in rows)
        step = () if len(rows) == len(truth) else (RelationPredicate(relation, codes),)
        yield from _branches(truth[rows[0]], rest, path + step)


def _truth(selector: Selector, relations: Sequence[Relation]) -> Matrix:
    """The formula's truth for every combination of the relations' realised classes, one axis for each relation."""
    shape = tuple(len(relation.realised) for relation in relations)
    truths: dict[Select, Matrix] = {}
    for axis, relation in enumerate(relations):
        codes = np.array(relation.realised, dtype=np.int64)
        along = [len(codes) if other == axis else 1 for other in range(len(shape))]
        for bit, atom in enumerate(relation.atoms):
            truths[atom] = (codes >> bit & 1).astype(np.bool_).reshape(along)
    truth = fold(selector, atom=truths.__getitem__, both=np.logical_and, either=np.logical_or, negate=np.logical_not)
    return np.ascontiguousarray(np.broadcast_to(truth, shape))
