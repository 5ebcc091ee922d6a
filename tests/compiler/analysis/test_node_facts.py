"""The compiler's facts about nodes, checked on every input of a small space.

"Unknown" is always a safe answer, a wrong fact never is: each claim is compared with the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import permutations
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raspc.compiler.analysis.affine import Affine
from raspc.compiler.analysis.domains import Domain, Space, listed
from raspc.compiler.analysis.intervals import bounded
from raspc.compiler.analysis.node_facts import Analysis
from raspc.compiler.graph.comparisons import Comparison, holds
from raspc.compiler.graph.graph import Aggregate, Node, Selector, SOp
from raspc.compiler.graph.values import Undefined, Value
from raspc.compiler.graph.walk import attention_depths, reachable
from raspc.compiler.interpret.interpreter import evaluate
from raspc.compiler.interpret.sample_inputs import Input
from raspc.tests.compiler.analysis.test_domains import admits
from raspc.tests.support.building import Build, SelectorBuild
from raspc.tests.support.generated import COMPARISONS, CONSTANTS, inputs_of_space, selectors, sops, spaces

Rows = list[list[bool | Undefined]]


def _sop_values(space: Space, root: Node) -> list[dict[SOp, list[Value]]]:
    """The values of every s-op below the root, for every input."""
    found = []
    for tokens in inputs_of_space(space):
        values = evaluate([root], tokens, causal=space.causal, vocabulary=space.vocabulary)
        found.append({node: cast(list[Value], column) for node, column in values.items() if isinstance(node, SOp)})
    return found


def _rows(space: Space, selector: Selector, tokens: Input) -> Rows:
    return cast(Rows, evaluate([selector], tokens, causal=space.causal, vocabulary=space.vocabulary)[selector])


def _defined_in(column: list[Value]) -> list[Value]:
    return [value for value in column if not isinstance(value, Undefined)]


def _of_one_kind(analysis: Analysis, node: SOp) -> bool:
    """Every aggregate below the node reads only numbers or only strings, and something of them."""
    for aggregate in reachable([node]):
        if isinstance(aggregate, Aggregate):
            values = analysis.domain(aggregate.values)
            texts = [isinstance(value, str) for value in values.values or ()]
            if values.values == () or (any(texts) and (not all(texts) or aggregate.default is None)):
                return False
    return True


# ---- generated expressions ------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(spaces(), st.data())
def test_domains_hold_every_value(space: Space, data: st.DataObject) -> None:
    root = data.draw(sops(Build(), 3))
    analysis = Analysis(space)
    for values in _sop_values(space, root):
        for node, column in values.items():
            if _of_one_kind(analysis, node):
                domain = analysis.domain(node)
                assert all(admits(domain, value) for value in _defined_in(column)), (node, domain, column)


@settings(max_examples=200, deadline=None)
@given(spaces(), st.data())
def test_domains_of_expressions_know_undefined_values(space: Space, data: st.DataObject) -> None:
    root = data.draw(sops(Build(), 3))
    analysis = Analysis(space)
    for values in _sop_values(space, root):
        depths = attention_depths(values)
        for node, column in values.items():
            if depths[node] == 0:
                domain = analysis.domain(node)
                assert all(admits(domain, value) for value in column), (node, domain, column)


@settings(max_examples=300, deadline=None)
@given(spaces(), st.data())
def test_affine_forms_evaluate_right(space: Space, data: st.DataObject) -> None:
    root = data.draw(sops(Build(), 3))
    analysis = Analysis(space)
    for values in _sop_values(space, root):
        for node, column in values.items():
            affine = analysis.affine(node)
            if affine is None or not _of_one_kind(analysis, node):
                continue
            assert len({atom for atom, _ in affine.terms}) == len(affine.terms)
            assert all(coefficient != 0 for _, coefficient in affine.terms)
            for position, value in enumerate(column):
                parts = [(values[atom][position], coefficient) for atom, coefficient in affine.terms]
                if isinstance(value, Undefined) or any(isinstance(part, Undefined | float) for part, _ in parts):
                    continue
                total = affine.constant + sum(Fraction(cast(int, part)) * coefficient for part, coefficient in parts)
                assert total == value, (node, affine)


@settings(max_examples=200, deadline=None)
@given(spaces(), st.data())
def test_facts_about_generated_selectors_are_true(space: Space, data: st.DataObject) -> None:
    selector = data.draw(selectors(Build(), 1))
    _check_claims(space, selector)


@settings(max_examples=200, deadline=None)
@given(spaces(), st.data())
def test_facts_about_generated_sops_are_true(space: Space, data: st.DataObject) -> None:
    root = data.draw(sops(Build(), 2))
    analysis = Analysis(space)
    for values in _sop_values(space, root):
        for node, column in values.items():
            defined = _defined_in(column)
            if analysis.selectors.same_everywhere(node):
                assert len(set(column)) == 1, node
            if analysis.selectors.injective(node):
                assert len(set(defined)) == len(defined), node
            if analysis.selectors.is_length(node):
                assert set(defined) <= {len(column)}, node


@settings(max_examples=200, deadline=None)
@given(spaces(), st.data())
def test_one_value_is_one_value(space: Space, data: st.DataObject) -> None:
    build = Build()
    values = data.draw(sops(build, 1))
    selector = data.draw(
        st.sampled_from([build.select(values, values, "=="), build.everything()]) | selectors(build, 1)
    )
    _check_one_value(space, selector, values)


def _check_one_value(space: Space, selector: Selector, values: SOp) -> bool:
    """Asserts that the claim that all selected positions hold one value is true; gives whether it is claimed."""
    if not Analysis(space).selectors.one_value(selector, values):
        return False
    for tokens in inputs_of_space(space):
        found = evaluate([selector, values], tokens, causal=space.causal, vocabulary=space.vocabulary)
        for row in _defined(cast(Rows, found[selector])):
            column = cast(list[Value], found[values])
            assert len({value for cell, value in zip(row, column, strict=True) if cell}) <= 1, tokens
    return True


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_holds_is_the_comparison(comparison: Comparison) -> None:
    build = Build()
    for key in CONSTANTS:
        for query in CONSTANTS:
            selector = build.select(build.constant(key), build.constant(query), comparison)
            ((cell,),) = _rows(Space(("x",), 1), selector, ("x",))
            if not isinstance(cell, Undefined):
                assert holds(comparison, key, query) == cell
            else:
                assert not holds(comparison, key, query)


# ---- facts about selectors ------------------------------------------------------------------------


def _check_claims(space: Space, selector: Selector) -> set[str]:
    """Asserts that all facts about the selector hold; returns their names."""
    analysis = Analysis(space)
    truths: dict[str, Callable[[Rows], bool]] = {
        "at most one": lambda rows: all(sum(row) <= 1 for row in _defined(rows)),
        "never empty": lambda rows: all(any(row) for row in _defined(rows)),
        "strict order": _is_strict_order,
        "always": lambda rows: all(all(row) for row in rows),
        "never": lambda rows: not any(any(row) for row in _defined(rows)),
    }
    claims = {
        "at most one": analysis.selectors.at_most_one(selector),
        "never empty": analysis.selectors.never_empty(selector),
        "strict order": analysis.selectors.is_strict_order(selector),
        "always": analysis.selectors.always(selector) and not space.causal,
        "never": analysis.selectors.never(selector),
    }
    for tokens in inputs_of_space(space):
        rows = _rows(space, selector, tokens)
        for name, claimed in claims.items():
            if claimed:
                assert truths[name](rows), f"{name} is wrong on {tokens}"
    return {name for name, claimed in claims.items() if claimed}


def _defined(rows: Rows) -> list[list[bool]]:
    """Rows with an undefined cell are left out: an s-op that reads them is undefined."""
    return [cast(list[bool], row) for row in rows if not any(isinstance(cell, Undefined) for cell in row)]


def _is_strict_order(rows: Rows) -> bool:
    """Some arrangement of the positions has each select exactly those before it."""
    return any(
        all(rows[query][key] is (order.index(key) < order.index(query)) for key in order for query in order)
        for order in permutations(range(len(rows)))
    )


ONE, FULL, ORDER = "at most one", "never empty", "strict order"
ALWAYS, NEVER = "always", "never"

#: A selector, and the facts that must be found about it over numbers, when the model is not causal.
SELECTORS: dict[str, tuple[Callable[[SelectorBuild], Selector], set[str]]] = {
    "everything": (lambda w: w.everything(), {FULL, ALWAYS}),
    "nothing": (lambda w: w.nothing(), {NEVER}),
    "not everything": (lambda w: w.not_(w.everything()), {ONE, NEVER}),
    "not nothing": (lambda w: w.not_(w.nothing()), {FULL, ALWAYS}),
    "everything or same": (lambda w: w.or_(w.same, w.everything()), {FULL, ALWAYS}),
    "nothing and same": (lambda w: w.and_(w.same, w.nothing()), {NEVER}),
    "same": (lambda w: w.same, {FULL}),
    "different": (lambda w: w.select(w.tokens, w.tokens, "!="), set()),
    "not different": (lambda w: w.not_(w.select(w.tokens, w.tokens, "!=")), set()),
    "earlier": (lambda w: w.earlier, {ORDER}),
    "up to here": (lambda w: w.select(w.indices, w.indices, "<="), {FULL}),
    "later": (lambda w: w.select(w.indices, w.indices, ">"), {ORDER}),
    "here": (lambda w: w.at(w.indices), {ONE, FULL}),
    "elsewhere": (lambda w: w.select(w.indices, w.indices, "!="), set()),
    "first": (lambda w: w.at(w.constant(0)), {ONE, FULL}),
    "second": (lambda w: w.at(w.constant(1)), {ONE}),
    "last": (lambda w: w.at(w.plus(w.length, -1)), {ONE, FULL}),
    "opposite": (lambda w: w.at(w.minus(w.plus(w.length, -1), w.indices)), {ONE, FULL}),
    "before": (lambda w: w.at(w.plus(w.indices, -1)), {ONE}),
    "after": (lambda w: w.at(w.plus(w.indices, 1)), {ONE}),
    "beyond": (lambda w: w.at(w.length), {ONE}),
    "shifted keys": (lambda w: w.select(w.plus(w.indices, 1), w.indices, "=="), {ONE}),
    "doubled keys": (lambda w: w.select(w.op("add", w.indices, w.indices), w.indices, "=="), {ONE}),
    "mirrored keys": (lambda w: w.select(w.minus(w.length, w.indices), w.indices, "=="), {ONE}),
    "half": (lambda w: w.select(w.op("div", w.indices, w.constant(2)), w.indices, "=="), {ONE}),
    "halves": (lambda w: w.select(w.op("floordiv", w.indices, w.constant(2)), w.indices, "=="), set()),
    "cancelled": (lambda w: w.select(w.minus(w.indices, w.indices), w.constant(0), "=="), set()),
    "indices plus tokens": (lambda w: w.select(w.op("add", w.indices, w.tokens), w.indices, "=="), set()),
    "greater key": (lambda w: w.select(w.plus(w.tokens, 1), w.tokens, ">"), {FULL}),
    "smaller": (lambda w: w.smaller, set()),
    "smaller or equal": (lambda w: w.select(w.tokens, w.tokens, "<="), {FULL}),
    "sort order": (lambda w: w.or_(w.smaller, w.and_(w.same, w.earlier)), {ORDER}),
    "sort order, reversed ties": (
        lambda w: w.or_(w.smaller, w.and_(w.same, w.select(w.indices, w.indices, ">"))),
        {ORDER},
    ),
    "descending": (lambda w: w.or_(w.select(w.tokens, w.tokens, ">"), w.and_(w.same, w.earlier)), {ORDER}),
    "not an order": (lambda w: w.or_(w.smaller, w.earlier), set()),
    "not total": (lambda w: w.and_(w.smaller, w.earlier), set()),
    "order on a condition": (lambda w: w.and_(w.earlier, w.is_(1)), set()),
    "the sorted one": (lambda w: w.select(w.target, w.indices, "=="), {ONE, FULL}),
    "the sorted one, mirrored": (
        lambda w: w.select(w.target, w.minus(w.plus(w.length, -1), w.indices), "=="),
        {ONE, FULL},
    ),
    "the one sorted here": (lambda w: w.at(w.target), {ONE, FULL}),
    "the one sorted next": (lambda w: w.select(w.target, w.plus(w.target, 1), "=="), {ONE}),
    "one of equal ranks": (lambda w: w.select(w.width(w.smaller), w.indices, "=="), set()),
    "first 1": (lambda w: w.and_(w.is_(1), w.select(w.width(w.and_(w.earlier, w.is_(1))), w.constant(0), "==")), {ONE}),
    "the i-th 1": (lambda w: w.and_(w.is_(1), w.select(w.width(w.and_(w.earlier, w.is_(1))), w.indices, "==")), {ONE}),
    "previous same": (
        lambda w: w.and_(
            w.same,
            w.select(w.width(w.and_(w.same, w.earlier)), w.plus(w.width(w.and_(w.same, w.earlier)), -1), "=="),
        ),
        {ONE},
    ),
    "rank without its condition": (
        lambda w: w.and_(w.is_(2), w.select(w.width(w.and_(w.earlier, w.is_(1))), w.indices, "==")),
        set(),
    ),
    "rank among smaller": (
        lambda w: w.and_(w.smaller, w.select(w.width(w.and_(w.earlier, w.smaller)), w.indices, "==")),
        set(),
    ),
    "here or first": (lambda w: w.or_(w.at(w.indices), w.at(w.constant(0))), {FULL}),
    "here and 1": (lambda w: w.and_(w.at(w.indices), w.is_(1)), {ONE}),
    "reciprocal": (lambda w: w.select(w.op("div", w.constant(1), w.tokens), w.tokens, "=="), set()),
    "where the count says": (lambda w: w.at(w.width(w.is_(1))), {ONE}),
    "where the mean says": (lambda w: w.at(w.aggregate(w.everything(), w.indices)), {ONE}),
    "mean of selected here": (
        lambda w: w.select(w.op("add", w.indices, w.aggregate(w.is_(1), w.tokens)), w.indices, "=="),
        {ONE},
    ),
    "mean that moves": (
        lambda w: w.select(w.op("add", w.indices, w.aggregate(w.earlier, w.tokens)), w.indices, "=="),
        set(),
    ),
}


@pytest.mark.parametrize("name", SELECTORS)
def test_the_expected_facts_about_selectors_are_found(name: str) -> None:
    make, expected = SELECTORS[name]
    assert _check_claims(Space((0, 1, 2), 4), make(SelectorBuild())) >= expected


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("vocabulary", [(0, 1, 2), ("a", "b"), (1, "a"), (0.5, 1)], ids=str)
@pytest.mark.parametrize("name", SELECTORS)
def test_facts_about_selectors_hold_on_every_input(name: str, vocabulary: tuple[int | str, ...], causal: bool) -> None:
    make, _ = SELECTORS[name]
    for max_length in (1, 3):
        _check_claims(Space(vocabulary, max_length, causal), make(SelectorBuild()))


def test_strings_have_an_order_too() -> None:
    space = Space(("a", "b"), 3)
    assert ORDER in _check_claims(space, SELECTORS["sort order"][0](SelectorBuild()))
    assert ORDER not in _check_claims(Space(("a", 1), 3), SELECTORS["sort order"][0](SelectorBuild()))


def test_orders_need_a_model_that_sees_everything() -> None:
    assert _check_claims(Space((0, 1), 3, causal=True), SELECTORS["sort order"][0](SelectorBuild())) == set()
    assert ONE in _check_claims(Space((0, 1), 3, causal=True), SELECTORS["opposite"][0](SelectorBuild()))


@pytest.mark.parametrize("vocabulary", [(0, 1, 2), ("a", "b"), (1, "a")], ids=str)
@pytest.mark.parametrize("causal", [False, True])
def test_one_value(vocabulary: tuple[int | str, ...], causal: bool) -> None:
    """All selected values are equal: to the query, or to the greatest or smallest value of the input."""
    words = SelectorBuild()
    space = Space(vocabulary, 3, causal)
    greater, smaller = (words.select(words.tokens, words.tokens, sign) for sign in (">", "<"))
    one, wrong = words.constant(1), words.aggregate(words.select(words.tokens, words.tokens, ">="), words.constant(1))
    extremes = [words.select(words.aggregate(sign, one), words.constant(0), "==") for sign in (greater, smaller)]
    for extreme in extremes:
        assert _check_one_value(space, extreme, words.tokens) == (not causal)
        assert _check_one_value(space, words.and_(extreme, words.earlier), words.tokens) == (not causal)
        assert not _check_one_value(space, extreme, words.indices)
    assert _check_one_value(space, words.same, words.tokens)
    assert _check_one_value(space, words.everything(), words.constant(2))
    assert _check_one_value(space, words.everything(), words.length) == (not causal)
    assert not _check_one_value(space, words.select(wrong, words.constant(0), "=="), words.tokens)
    assert not _check_one_value(space, words.select(words.aggregate(greater, one), one, "=="), words.tokens)
    assert not _check_one_value(space, words.everything(), words.tokens)


def test_widths_of_orders_are_ranks() -> None:
    words = SelectorBuild()
    analysis = Analysis(Space((0, 1), 4))
    assert analysis.domain(words.target).values == (0, 1, 2, 3)
    assert analysis.domain(words.width(words.same)).values == (1, 2, 3, 4)
    assert analysis.domain(words.width(words.at(words.indices))).values == (1,)


def test_leaves_and_depth() -> None:
    words = SelectorBuild()
    root = words.op("add", words.op("mul", words.target, words.indices), words.constant(1))
    analysis = Analysis(Space((0, 1), 4))
    assert analysis.leaves(root) == {words.target, words.indices}
    assert analysis.leaves(words.constant(1)) == frozenset()
    twice = words.aggregate(words.select(words.target, words.indices, "=="), words.tokens)
    depths = attention_depths([root, twice])
    assert [depths[node] for node in (root, twice, words.tokens)] == [1, 2, 0]


def test_index_and_length_bound_each_other() -> None:
    words = SelectorBuild()
    analysis = Analysis(Space((0, 1), 4))
    assert analysis.domain(words.minus(words.plus(words.length, -1), words.indices)).values == (0, 1, 2, 3)
    assert analysis.domain(words.op("lt", words.indices, words.length)).values == (1,)
    square = words.op("mul", words.minus(words.length, words.indices), words.constant(2))
    assert analysis.domain(square).values == (2, 4, 6, 8)


def test_generated_graphs_have_all_kinds_of_nodes() -> None:
    kinds: set[str] = set()

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(st.data())
    def collect(data: st.DataObject) -> None:
        kinds.update(type(node).__name__ for node in reachable([data.draw(sops(Build(), 3))]))

    collect()
    assert kinds >= {
        "SelectorWidth",
        "SelectorSum",
        "Aggregate",
        "Table",
        "SelectorNot",
        "SelectorAnd",
        "SelectorPick",
    }


# ---- large and odd graphs -------------------------------------------------------------------------


def test_facts_about_shared_and_nested_formulas_take_linear_time() -> None:
    """Each node is looked at once: 60 doublings have 2^60 paths, 3,000 parts are deeper than Python's stack."""
    words = SelectorBuild()
    shared, deep = words.smaller, words.smaller
    for _ in range(60):
        shared = words.and_(words.or_(shared, words.earlier), words.or_(shared, words.same))
    for value in range(3_000):
        deep = words.or_(deep, words.is_(value))
    number: SOp = words.length
    for _ in range(60):
        number = words.op("mod", words.op("mul", number, number), words.constant(7))
    analysis = Analysis(Space((0, 1), 4))
    facts = analysis.selectors
    deciders = (facts.always, facts.never, facts.never_empty, facts.at_most_one, facts.is_strict_order)
    found = [
        [fact(selector) for fact in (*deciders, facts.may_be_undefined)]
        for selector in (shared, deep, words.select(number, words.indices, "=="))
    ]
    # The first is a sort order, however often it is written: smaller, or the same and earlier.
    assert found == [[False] * 4 + [True, False], [False] * 6, [False] * 6]
    constant = analysis.selectors.same_everywhere(number)
    assert constant


def test_a_branch_that_is_never_defined_leaves_the_other() -> None:
    words = SelectorBuild()
    zero = words.minus(words.tokens, words.tokens)
    nothing = words.aggregate(words.everything(), words.op("div", words.constant(1), zero))
    short = words.op("lt", words.indices, words.plus(words.length, -2))
    chosen = words.op("where", short, words.op("add", words.indices, words.length), nothing)
    domain = Analysis(Space((0, 1), 4)).domain(chosen)
    assert domain.undefined
    assert set(domain.values or ()) >= {3, 4, 5}


def test_bounds_know_what_may_be_undefined() -> None:
    many, defined, perhaps = (Domain(None, undefined, 0, 10**6, 1) for undefined in (False, False, True))
    assert bounded("where", [perhaps, many, defined]).undefined
    assert not bounded("where", [defined, many, defined]).undefined
    assert bounded("lt", [many, listed(["a"])]).undefined
    assert not bounded("eq", [many, listed(["a"])]).undefined


def test_units_of_affine_forms_are_whole() -> None:
    words = SelectorBuild()
    affine = Affine.of({words.tokens: 1, words.indices: Fraction(1, 2), words.length: Fraction(2, 3)}, 5)
    unit, scale, shift = affine.normalised()
    assert [coefficient for _, coefficient in unit.terms] == [6, 3, 4]
    assert unit.times(scale).plus(Affine((), shift)) == affine
