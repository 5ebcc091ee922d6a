"""Selectors as disjoint conjunctions: over all inputs of a small space, exactly one conjunction holds where the
formula holds, and none elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, islice, product
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from raspc.compiler.analysis.compare_values import compare_all
from raspc.compiler.analysis.conjunctions import Conjunction, DisjointConjunctions, RelationPredicate
from raspc.compiler.analysis.domains import Space
from raspc.compiler.analysis.node_facts import Analysis
from raspc.compiler.graph.comparisons import Comparison
from raspc.compiler.graph.graph import Selector, SOp
from raspc.compiler.graph.values import Scalar, Undefined, Value
from raspc.compiler.graph.walk import comparisons_of
from raspc.compiler.interpret.interpreter import evaluate
from raspc.tests.support.building import SPAN, SelectorBuild
from raspc.tests.support.generated import COMPARISONS, inputs_of_space

Truth = NDArray[np.bool_]

#: Comparisons over tokens, indices and computed s-ops; the later ones share sources with the first.
POOL: dict[str, Callable[[Small], Selector]] = {
    "same": lambda w: w.same,
    "earlier": lambda w: w.earlier,
    "up to here": lambda w: w.select(w.indices, w.indices, "<="),
    "is first token": lambda w: w.is_(w.analysed.space.vocabulary[0]),
    "here is first token": lambda w: w.select(w.constant(w.analysed.space.vocabulary[0]), w.tokens, "=="),
    "greater": lambda w: w.select(w.tokens, w.tokens, ">"),
    "even apart": lambda w: w.select(w.parity(w.indices), w.parity(w.indices), "=="),
    "last": lambda w: w.at(w.plus(w.length, -1)),
    "as frequent": lambda w: w.select(w.width(w.same), w.width(w.same), "<="),
    "rank is here": lambda w: w.select(w.width(w.smaller), w.indices, "=="),
    "first token here": lambda w: w.select(w.aggregate(w.at(w.constant(0)), w.tokens), w.tokens, "!="),
    "mean above": lambda w: w.select(w.aggregate(w.earlier, w.indices), w.indices, ">"),
    "everything": lambda w: w.everything(),
}


def _conjunctions(analysis: Analysis, selector: Selector) -> tuple[Conjunction, ...]:
    """The conjunctions of a selector that can be expanded."""
    found = DisjointConjunctions(analysis).of(selector)
    assert found is not None
    return found


class Small(SelectorBuild):
    """SelectorBuild over a space; the truth of selectors and the values of s-ops at every (input, query, key)."""

    analysed: Analysis

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.analysed = Analysis(space)
        self.inputs = inputs_of_space(space)

    def parity(self, node: SOp) -> SOp:
        return self.op("mod", node, self.constant(2))

    @cache  # noqa: B019 - one object for the whole module
    def truth(self, selector: Selector) -> tuple[Truth, Truth]:
        """(holds, is defined) of each cell."""
        cells: list[bool | Undefined] = []
        for tokens in self.inputs:
            rows = evaluate([selector], tokens, vocabulary=self.analysed.space.vocabulary)[selector]
            cells += [cell for row in cast(list[list[bool | Undefined]], rows) for cell in row]
        return np.array([cell is True for cell in cells]), np.array([not isinstance(cell, Undefined) for cell in cells])

    @cache  # noqa: B019
    def places(self, node: SOp | None, of_keys: bool) -> NDArray[np.int64]:
        """For each cell, the place of the key's (or the query's) value in the node's domain."""
        found: list[int] = []
        positions = {} if node is None else self.analysed.domain(node).positions
        for tokens in self.inputs:
            column: list[Value] = [0] * len(tokens)
            if node is not None:
                column = cast(list[Value], evaluate([node], tokens, vocabulary=self.analysed.space.vocabulary)[node])
            codes = [0 if node is None or isinstance(value, Undefined) else positions[value] for value in column]
            found += codes * len(codes) if of_keys else [code for code in codes for _ in codes]
        return np.array(found)

    def holds(self, part: RelationPredicate) -> Truth:
        relation = part.relation
        return part.matrix()[self.places(relation.keys, True), self.places(relation.queries, False)]

    def count(self, conjunctions: tuple[Conjunction, ...]) -> NDArray[np.int64]:
        """[cell]: the number of conjunctions that hold."""
        total = np.zeros(len(self.truth(self.same)[0]), np.int64)
        for conjunction in conjunctions:
            whole = np.ones_like(total, dtype=bool)
            for part in conjunction:
                whole &= self.holds(part)
            total += whole
        return total


@dataclass(frozen=True)
class Formula:
    """A formula over atoms with its truth, both built from parts."""

    selector: Selector
    truth: Truth


def _literals(small: Small, atom: Selector) -> Iterator[Formula]:
    truth, _ = small.truth(atom)
    yield Formula(atom, truth)
    yield Formula(small.not_(atom), ~truth)


def _joined(small: Small, first: Formula, second: Formula) -> Iterator[Formula]:
    yield Formula(small.and_(first.selector, second.selector), first.truth & second.truth)
    yield Formula(small.or_(first.selector, second.selector), first.truth | second.truth)
    yield Formula(small.not_(small.and_(first.selector, second.selector)), ~(first.truth & second.truth))


def _formulas(small: Small, atoms: tuple[Selector, ...]) -> Iterator[Formula]:
    """Every formula that uses each atom once, in this order, up to negations of negations."""
    if len(atoms) == 1:
        yield from _literals(small, atoms[0])
        return
    if len(atoms) == 2:
        for first, second in product(*(list(_literals(small, atom)) for atom in atoms)):
            yield from _joined(small, first, second)
        return
    for pair in _formulas(small, atoms[:2]):
        for last in _literals(small, atoms[2]):
            yield from islice(_joined(small, pair, last), 2)


def _check(small: Small, formula: Formula) -> None:
    defined = np.ones_like(formula.truth)
    for atom in comparisons_of(formula.selector):
        defined &= small.truth(atom)[1]
    count = small.count(_conjunctions(small.analysed, formula.selector))
    assert np.array_equal(count[defined], formula.truth.astype(np.int64)[defined])


@pytest.fixture(scope="module", params=[(0, 1), ("a", "b"), (0, "a")], ids=str)
def small(request: pytest.FixtureRequest) -> Small:
    return Small(Space(request.param, 3))


@pytest.mark.parametrize("count", [1, 2])
def test_all_formulas_of_one_or_two_atoms(small: Small, count: int) -> None:
    atoms = [make(small) for make in POOL.values()]
    for chosen in combinations(atoms, count):
        for formula in _formulas(small, chosen):
            _check(small, formula)


TRIPLES = [name for name in POOL if name != "here is first token"]


@pytest.mark.parametrize("first", TRIPLES[:-2])
def test_all_formulas_of_three_atoms(first: str) -> None:
    """Over numbers, with the later atoms of the pool."""
    small = Small(Space((0, 1), 2))
    atoms = [POOL[name](small) for name in TRIPLES]
    start = TRIPLES.index(first)
    for second, third in combinations(atoms[start + 1 :], 2):
        for formula in _formulas(small, (atoms[start], second, third)):
            _check(small, formula)


def test_an_atom_may_come_twice(small: Small) -> None:
    """`a != b` of two formulas: both share an atom with the other."""
    same, earlier = small.same, small.earlier
    either = small.or_(small.and_(same, small.not_(earlier)), small.and_(small.not_(same), earlier))
    _check(small, Formula(either, small.truth(same)[0] ^ small.truth(earlier)[0]))
    nothing = small.and_(same, small.not_(same))
    assert _conjunctions(small.analysed, nothing) == ()
    assert _conjunctions(small.analysed, small.or_(same, small.not_(same))) == ((),)


def test_one_relation_is_one_part() -> None:
    """Comparisons of the same two sources never make more than one head."""
    small = Small(Space((0, 1), 3))
    order = small.or_(small.smaller, small.same)
    distance = small.and_(small.select(small.indices, small.plus(small.indices, -2), ">="), small.earlier)
    for selector in (
        order,
        distance,
        small.not_(order),
        small.or_(distance, small.select(small.indices, small.indices, ">")),
    ):
        (conjunction,) = _conjunctions(small.analysed, selector)
        assert len(conjunction) == 1
    (both,) = _conjunctions(small.analysed, small.and_(order, distance))
    assert len(both) == 2


def test_sorting_takes_two_conjunctions() -> None:
    small = Small(Space((0, 1), 3))
    order = small.or_(small.smaller, small.and_(small.same, small.earlier))
    assert sorted(map(len, _conjunctions(small.analysed, order))) == [1, 2]


def test_causal_models_do_not_ask_what_they_cannot_see() -> None:
    """If no key comes after the query, `<=` on indices always holds."""
    words = SelectorBuild()
    analysis = Analysis(Space((0, 1), 4, causal=True))
    assert _conjunctions(analysis, words.select(words.indices, words.indices, "<=")) == ((),)
    assert _conjunctions(analysis, words.select(words.indices, words.indices, ">")) == ()
    (conjunction,) = _conjunctions(analysis, words.and_(words.same, words.select(words.indices, words.indices, "<=")))
    assert len(conjunction) == 1


def test_signs() -> None:
    words = SelectorBuild()
    analysis = Analysis(Space((0, 1, 2), 3))
    for comparison, signs in (("<", {-1}), ("<=", {-1, 0}), ("==", {0}), ("!=", {-1, 1})):
        ((part,),) = _conjunctions(analysis, words.select(words.tokens, words.tokens, cast(Comparison, comparison)))
        assert part.signs() == frozenset(signs)
    ((mixed,),) = _conjunctions(
        analysis, words.and_(words.smaller, words.select(words.plus(words.tokens, 1), words.tokens, "<"))
    )
    assert mixed.signs() is None


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_comparing_all_pairs(comparison: Comparison) -> None:
    values: list[Scalar | Undefined] = [0, 1, True, "a", "b", "", -2, 0.5, Undefined("no value")]
    found = compare_all(comparison, values, values[::-1])
    words = SelectorBuild()
    for i, key in enumerate(values):
        for j, query in enumerate(values[::-1]):
            expected: object = False
            if not isinstance(key, Undefined) and not isinstance(query, Undefined):
                selector = words.graph.select(words.constant(key), words.constant(query), comparison, SPAN)
                ((expected,),) = cast(list[list[bool | Undefined]], evaluate([selector], ("x",))[selector])
            assert found[i, j] == (expected is True)


def test_atoms_come_once_in_order() -> None:
    words = SelectorBuild()
    formula = words.and_(words.same, words.or_(words.earlier, words.not_(words.same)))
    assert comparisons_of(formula) == [words.same, words.earlier]


# ---- limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("longest", "by_classes"), [(1024, True), (1025, False)])
def test_relations_over_more_than_2_to_the_21_pairs_are_known_by_sign_only(longest: int, by_classes: bool) -> None:
    build = SelectorBuild()
    analysis = Analysis(Space(tuple(range(2048)), longest))
    ((predicate,),) = _conjunctions(analysis, build.select(build.tokens, build.indices, "=="))
    assert (predicate.relation.codes is not None) == by_classes
    assert predicate.signs() == frozenset({0})


def test_relations_of_values_that_are_not_listed_are_known_by_sign_only() -> None:
    build = SelectorBuild()
    analysis = Analysis(Space(tuple(range(0, 3000, 7)), 64))
    mean = build.aggregate(build.select(build.indices, build.indices, "<="), build.tokens)
    assert analysis.domain(mean).values is None
    for selector in (build.select(mean, build.constant(3), "=="), build.select(build.constant(3), mean, "==")):
        ((predicate,),) = _conjunctions(analysis, selector)
        assert predicate.relation.codes is None
        assert predicate.signs() == frozenset({0})


def _odd(build: SelectorBuild, truths: list[Selector]) -> Selector:
    """An odd number of the truths hold."""
    whole, *rest = truths
    for one in rest:
        whole = build.or_(build.and_(whole, build.not_(one)), build.and_(build.not_(whole), one))
    return whole


def test_formulas_with_more_than_256_branches_are_not_expanded() -> None:
    build = SelectorBuild()
    analysis = Analysis(Space(tuple(range(30)), 3))
    *truths, last = [build.select(build.width(build.is_(n)), build.constant(1), "==") for n in range(10)]
    odd = _odd(build, truths)
    assert len(_conjunctions(analysis, odd)) == 256
    one_more = build.or_(odd, build.and_(*map(build.not_, truths), last))
    assert DisjointConjunctions(analysis).of(one_more) is None
