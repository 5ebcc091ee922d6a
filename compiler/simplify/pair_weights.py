"""Sums of counts as one weight for every (key, query) pair.

`selector_width(a) + 2 * selector_width(b) - length` adds, over all keys, a weight that depends on which selectors hold
for the key and the query.  Counts that are written differently and are the same number have the same weights, and the
weights tell which selectors count the number with the fewest heads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import lcm

import numpy as np
from numpy.typing import NDArray

from ...rasp_grammar.span import Span
from ..analysis.affine import Affine, Coefficient
from ..analysis.conjunctions import Conjunction, DisjointConjunctions, Relation, RelationPredicate
from ..analysis.node_facts import Analysis
from ..graph.comparisons import COMPARISONS
from ..graph.graph import Graph, Indices, Selector, SelectorWidth, SOp
from ..graph.walk import comparisons_of

#: Different weights that are tried as offsets.
MAX_OFFSETS = 3
#: A predicate is written with at most this many comparisons.
MAX_LITERALS = 24

Weights = NDArray[np.int64]
Price = tuple[int, int, int]


@dataclass(frozen=True)
class Counted:
    """A number as `sum over keys of weight(key, query) + rest`.  `weights / scale` has one axis for each relation."""

    relations: tuple[Relation, ...]
    weights: Weights
    scale: int
    rest: Affine


@dataclass(frozen=True)
class Term:
    """`coefficient` times the sum of `key_weights` over the keys of the conjunctions; no `key_weights` are ones."""

    coefficient: Fraction
    conjunctions: tuple[Conjunction, ...]
    key_weights: tuple[Relation, tuple[int, ...]] | None = None


@dataclass(frozen=True)
class Recount:
    """Terms, and multiples of the number of keys before, of one, and of the length, which takes a head."""

    terms: tuple[Term, ...]
    before: Fraction
    itself: Fraction
    length: Fraction

    @property
    def price(self) -> Price:
        """See `price_of`."""
        return price_of((term.conjunctions for term in self.terms), self.length != 0, self.before != 0)


def price_of(conjunctions: Iterable[Sequence[Conjunction]], length: bool, position: bool) -> Price:
    """Heads, then the dimensions that their scores take, then terms, of a sum of counts.

    length: all keys are counted, too.  position: the position is a term."""
    listed = list(conjunctions)
    dimensions = sum(_dimensions(one) for several in listed for one in several)
    return sum(map(len, listed)) + length, dimensions, len(listed) + length + position


class CountedNumbers:
    """Finds the weights of numbers, and the cheapest selectors that give them."""

    def __init__(self, graph: Graph, analysis: Analysis, predicates: DisjointConjunctions) -> None:
        self.graph = graph
        self.analysis = analysis
        self.predicates = predicates

    def is_width(self, node: SOp, selector: Selector) -> bool:
        """The node is how many positions the selector selects, in whatever way it is counted."""
        if isinstance(node, SelectorWidth) and node.selector is selector:
            return True
        affine = self.analysis.affine(node)
        if affine is None:
            return False
        width = self.graph.selector_width(selector, node.span)
        found = self.counted(affine.minus(Affine(((width, 1),), 0)), node.span, whole=True)
        return found is not None and not found.rest.terms and found.rest.constant == 0 and not found.weights.any()

    def counted(self, affine: Affine, span: Span, *, whole: bool = False) -> Counted | None:
        """The weights of an affine combination of widths, positions and lengths; None when there are too many classes.

        whole: a constant is the weight of the query's own position."""
        terms: list[tuple[Selector, Coefficient]] = []
        rest: dict[SOp, Coefficient] = {}
        indices = self.graph.indices(span)
        constant = affine.constant
        causal = self.analysis.space.causal
        for atom, coefficient in affine.terms:
            if isinstance(atom, SelectorWidth) and not self.analysis.selectors.may_be_undefined(atom.selector):
                terms.append((atom.selector, coefficient))
            elif isinstance(atom, Indices):
                terms.append((self.graph.select(indices, indices, "<", span), coefficient))
            else:
                rest[atom] = coefficient
        if not terms:
            return None
        if whole and constant != 0:
            terms.append((self.graph.select(indices, indices, "==", span), constant))
            constant = 0
        if causal:  # keys after the query are never counted
            visible = self.graph.select(indices, indices, "<=", span)
            terms = [(self.graph.selector_and(selector, visible, span), c) for selector, c in terms]
        selectors = [selector for selector, _ in terms]
        if any(
            isinstance(atom.keys, Indices) and atom.keys is atom.queries
            for s in selectors
            for atom in comparisons_of(s)
        ):
            # So that the classes tell keys before, at and after the query.
            selectors += [
                self.graph.select(indices, indices, "<", span),
                self.graph.select(indices, indices, "==", span),
            ]
        found = self.predicates.joint_truths(selectors)
        if found is None:
            return None
        relations, truths = found
        scale = lcm(*(Fraction(coefficient).denominator for _, coefficient in terms))
        weights: Weights = np.zeros(truths[0].shape, dtype=np.int64)
        for truth, (_, coefficient) in zip(truths, terms, strict=False):
            weights += int(Fraction(coefficient) * scale) * truth
        return Counted(relations, weights, scale, Affine.of(rest, constant))

    def cheapest(self, counted: Counted) -> Recount | None:
        """The terms with the fewest heads for the weights."""
        found: Recount | None = None
        for recount in self._recounts(counted):
            if found is None or recount.price < found.price:
                found = recount
        return found

    def _recounts(self, counted: Counted) -> Iterator[Recount]:
        """Ways to take multiples of `indices`, 1 and the length out of the weights, and to split what is left."""
        values = np.unique(counted.weights).tolist()
        offsets = [0, *(value for value in values if value != 0)][: MAX_OFFSETS + 1]
        own = sorted({a - b for a in offsets for b in offsets}, key=abs)  # one position is easily added or left out
        signs = self._signs(counted)
        choices = product(offsets, own, offsets) if signs is not None else ((offset,) * 3 for offset in offsets)
        for before, itself, after in choices:
            if self.analysis.space.causal and after != 0:
                continue
            left = counted.weights - after
            if signs is not None:
                left = counted.weights - np.choose(signs, [before, itself, after])
                left = self._filled(counted, signs, left)
            terms = self._split(counted, left) if len(np.unique(left)) <= len(values) else None
            if terms is not None:
                scale = counted.scale
                yield Recount(
                    tuple(terms),
                    Fraction(before - after, scale),
                    Fraction(itself - after, scale),
                    Fraction(after, scale),
                )

    def _signs(self, counted: Counted) -> NDArray[np.int64] | None:
        """0, 1 or 2 for a key before, at or after the query, along the relation that compares positions; or None."""
        for axis, relation in enumerate(counted.relations):
            if not isinstance(relation.keys, Indices) or not isinstance(relation.queries, Indices):
                continue
            if any(atom.keys is not relation.keys or atom.queries is not relation.queries for atom in relation.atoms):
                return None
            codes = [
                sum(COMPARISONS[a.comparison].holds(s) << bit for bit, a in enumerate(relation.atoms))
                for s in (-1, 0, 1)
            ]
            if len(set(codes) & set(relation.realised)) != len(relation.realised) or len(set(codes)) != 3:
                return None
            shape = [1] * counted.weights.ndim
            shape[axis] = -1
            places = np.array([codes.index(code) for code in relation.realised], dtype=np.int64).reshape(shape)
            return np.broadcast_to(places, counted.weights.shape)
        return None

    def _filled(self, counted: Counted, signs: NDArray[np.int64], weights: Weights) -> Weights:
        """The weights with those of pairs that cannot occur set to the weights of other positions: at the query's own
        position the key is the query."""
        impossible = np.zeros(weights.shape, dtype=np.bool_)
        for axis, relation in enumerate(counted.relations):
            if relation.keys is None or relation.keys is not relation.queries or relation.codes is None:
                continue
            own = np.isin(relation.realised, np.diagonal(relation.codes))
            shape = [1] * weights.ndim
            shape[axis] = -1
            impossible |= (signs == 1) & ~own.reshape(shape)
        for sign in (0, 2):
            if (signs == sign).any():
                axis = next(axis for axis in range(signs.ndim) if (np.diff(signs, axis=axis) != 0).any())
                place = int(np.argmax(np.moveaxis(signs, axis, 0).reshape(signs.shape[axis], -1)[:, 0] == sign))
                return np.where(impossible, np.take(weights, [place], axis=axis), weights)
        return weights

    def _split(self, counted: Counted, weights: Weights) -> list[Term] | None:
        """Weights as one sum of key weights over one selector, else as a width for each of their values."""
        if not weights.any():
            return []
        factored = self._factored(counted, weights)
        if factored is not None:
            return [factored]
        terms: list[Term] = []
        for value in np.unique(weights[weights != 0]).tolist():
            conjunctions = self.predicates.branches(counted.relations, weights == value)
            if conjunctions is None:
                return None
            terms.append(Term(Fraction(value, counted.scale), conjunctions))
        return terms

    def _factored(self, counted: Counted, weights: Weights) -> Term | None:
        """A weight of the key's class times the truth of a selector; None when the weights have no such form."""
        axes = [axis for axis, relation in enumerate(counted.relations) if relation.queries is None]
        if len(axes) != 1 or counted.relations[axes[0]].codes is None or len(np.unique(weights[weights != 0])) < 2:
            return None
        (axis,) = axes
        rows = np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)
        used = rows.any(axis=0)
        key_weights = rows[:, int(np.argmax(used))]
        if not (rows[:, used] == key_weights[:, None]).all():
            return None
        others = [relation for place, relation in enumerate(counted.relations) if place != axis]
        shape = [size for place, size in enumerate(weights.shape) if place != axis]
        conjunctions = self.predicates.branches(others, used.reshape(shape))
        if conjunctions is None:
            return None
        return Term(Fraction(1, counted.scale), conjunctions, (counted.relations[axis], tuple(key_weights.tolist())))

    # ---- nodes ----------------------------------------------------------------------------------

    def build(self, recount: Recount, rest: Affine, span: Span) -> SOp | None:
        """The number as an s-op; None when a predicate takes too many comparisons to write."""
        graph = self.graph
        parts: list[tuple[SOp, Fraction]] = [(atom, Fraction(c)) for atom, c in rest.terms]
        for term in recount.terms:
            selector = self._selector(term.conjunctions, span)
            if selector is None:
                return None
            if term.key_weights is None:
                parts.append((graph.selector_width(selector, span), term.coefficient))
                continue
            relation, weights = term.key_weights
            assert relation.keys is not None
            assert relation.codes is not None
            values = self.analysis.domain(relation.keys).values
            assert values is not None
            by_code = dict(zip(relation.realised, weights, strict=True))
            rows = [
                ((value,), by_code[code]) for value, code in zip(values, relation.codes[:, 0].tolist(), strict=True)
            ]
            weighed = graph.table([relation.keys], rows, None, "weight of a key", span)
            parts.append((graph.selector_sum(selector, weighed, span), term.coefficient))
        parts.append((graph.indices(span), recount.before))
        if recount.length != 0:
            one = graph.constant(1, span)
            parts.append((graph.selector_width(graph.select(one, one, "==", span), span), recount.length))
        return self._added(parts, recount.itself + rest.constant, span)

    def _added(self, parts: Iterable[tuple[SOp, Fraction]], constant: Fraction, span: Span) -> SOp:
        total: SOp | None = None
        for node, coefficient in parts:
            if coefficient == 0:
                continue
            size, op = abs(coefficient), "add" if coefficient > 0 else "sub"
            whole = size.numerator if size.denominator == 1 else size
            part = node if size == 1 else self.graph.elementwise("mul", [node, self.graph.constant(whole, span)], span)
            if total is None:
                total = part if op == "add" else self.graph.elementwise("neg", [part], span)
            else:
                total = self.graph.elementwise(op, [total, part], span)
        offset = self.graph.constant(constant.numerator if constant.denominator == 1 else constant, span)
        if total is None:
            return offset
        return total if constant == 0 else self.graph.elementwise("add", [total, offset], span)

    def _selector(self, conjunctions: Sequence[Conjunction], span: Span) -> Selector | None:
        """A selector that is the disjunction of the conjunctions."""
        either: Selector | None = None
        for conjunction in conjunctions:
            both: Selector | None = None
            for predicate in conjunction:
                part = self._predicate(predicate, span)
                if part is None:
                    return None
                both = part if both is None else self.graph.selector_and(both, part, span)
            if both is None:
                one = self.graph.constant(1, span)
                both = self.graph.select(one, one, "==", span)
            either = both if either is None else self.graph.selector_or(either, both, span)
        return either

    def _predicate(self, predicate: RelationPredicate, span: Span) -> Selector | None:
        """One comparison where one says it, else a disjunction of the accepted classes."""
        relation, graph = predicate.relation, self.graph
        for comparison, rule in COMPARISONS.items():
            sides = {(atom.keys, atom.queries) for atom in relation.atoms}
            if len(sides) != 1:
                break
            codes = {
                s: sum(COMPARISONS[a.comparison].holds(s) << bit for bit, a in enumerate(relation.atoms))
                for s in (-1, 0, 1)
            }
            possible = [s for s in (-1, 0, 1) if codes[s] in relation.realised]
            if all(rule.holds(s) == (codes[s] in predicate.accepted) for s in possible):
                return graph.select(relation.atoms[0].keys, relation.atoms[0].queries, comparison, span)
        if len(predicate.accepted) * len(relation.atoms) > MAX_LITERALS:
            return None
        either: Selector | None = None
        for code in sorted(predicate.accepted):
            both: Selector | None = None
            for bit, atom in enumerate(relation.atoms):
                literal: Selector = atom if code >> bit & 1 else graph.selector_not(atom, span)
                both = literal if both is None else graph.selector_and(both, literal, span)
            assert both is not None
            either = both if either is None else graph.selector_or(either, both, span)
        return either


def _dimensions(conjunction: Conjunction) -> int:
    """How many dimensions the scores of a conjunction take, roughly."""
    total = 0
    for predicate in conjunction:
        codes = predicate.relation.codes
        equality = predicate.signs() == frozenset({0})
        size = 3 if codes is None else min(codes.shape)
        total += min(3, size) if equality else size
    return total
