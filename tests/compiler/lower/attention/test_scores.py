"""Score terms: which construction a predicate takes, its size, and its exactness."""

from __future__ import annotations

import numpy as np
import pytest
from raspc.compiler.analysis.conjunctions import RelationPredicate
from raspc.compiler.blocks.forms import LinearForm
from raspc.compiler.graph.graph import Selector, SOp
from raspc.compiler.lower.attention.equality_scores import EqualityScores
from raspc.compiler.lower.attention.score_terms import ScoreTerm, is_equality
from raspc.compiler.lower.attention.truth_sums import TruthSums
from raspc.compiler.lower.context import NoiseRemoval
from raspc.compiler.lower.ready_times import ReadyTimes
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import stages
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.tests.support.agreement import program
from raspc.tests.support.building import SelectorBuild
from raspc.tests.support.lowering import Lowering, code_of

#: The means of up to 12 numbers in 18..2500 are too many to list.
UNLISTED = "set vocab [18, 19, 20, 21, 23, 2500]; set max_length 12; "
MEAN = "m = aggregate(select(indices, indices, <=), tokens); "


def _predicate(lowering: Lowering, selector: Selector) -> RelationPredicate:
    ((predicate,),) = lowering.scores.conjunctions(selector)
    return predicate


def _term(lowering: Lowering, selector: Selector) -> ScoreTerm:
    """The term of a selector that is one predicate, for a counting head."""
    predicate = _predicate(lowering, selector)
    return lowering.scores.terms.term(predicate, level="count", level_is_exact=True)


def _equality(lowering: Lowering, selector: Selector) -> ScoreTerm:
    """The equality's term by numbers, where BOS's score is not compared."""
    scores = EqualityScores(lowering.context, lowering.views)
    predicate = _predicate(lowering, selector)
    return scores.of_numbers(predicate, denoise=NoiseRemoval.NONE, level_is_exact=False)


def test_an_equality_has_at_most_one_true_entry_in_each_row_and_column() -> None:
    yes, no = True, False
    for rows in ([[yes, no], [no, yes]], [[no, yes, no], [no, no, no]], [[no]], [[yes]]):
        assert is_equality(np.array(rows))
        assert is_equality(np.array(rows).T)
    for rows in ([[yes, yes], [no, no]], [[yes, no, no], [no, yes, yes]]):
        assert not is_equality(np.array(rows))
        assert not is_equality(np.array(rows).T)


def test_the_side_with_fewer_classes_is_one_hot() -> None:
    """Tokens 1 to 3 select even positions, odd ones, and all: three classes of tokens, two of positions."""
    build = SelectorBuild()
    lowering = Lowering(range(4), 6)
    parity = build.op("mod", build.indices, build.constant(2))
    twice = build.op("mul", parity, build.constant(2))
    others = [build.plus(parity, 1), build.plus(twice, 1), build.plus(parity, 3)]
    for turned in (False, True):
        pairs = [(other, build.tokens) if turned else (build.tokens, other) for other in others]
        equal = build.or_(*(build.select(keys, queries, "==") for keys, queries in pairs))
        assert len(_term(lowering, equal).pairs) == 2


def test_a_scaled_term_has_all_its_scores_multiplied() -> None:
    key, query = LinearForm((), 1.0, 0.0, 2.0, 0.5), LinearForm((), 3.0, 1.0, 4.0, 0.25)
    term = ScoreTerm(
        kind="table", why="why", key_only=key, query_only=query, pairs=((key, query),), level=1.0, gap=0.5, error=0.125
    )
    louder = term.scaled(4.0)
    assert (louder.level, louder.gap, louder.error) == (4.0, 2.0, 0.5)
    assert (louder.key_only, louder.query_only) == (key.scaled(4.0), query.scaled(4.0))
    assert louder.pairs == ((key.scaled(4.0), query),)
    assert term.scaled(1.0) == term


@pytest.mark.parametrize(("longest", "exact"), [(3097, True), (3098, False)])
def test_equalities_centred_at_half_integers_are_exact_below_2_to_the_22(longest: int, exact: bool) -> None:
    """Centred at 1000.5, 2kq and k^2 are multiples of 1/4."""
    build = SelectorBuild()
    term = _equality(Lowering((0, 2001), longest), build.select(build.tokens, build.indices, "=="))
    assert (term.error == 0) == exact


@pytest.mark.parametrize(("reach", "exact"), [(2047, True), (2048, False)])
def test_equalities_of_whole_numbers_are_exact_while_2kq_is_below_2_to_the_24(reach: int, exact: bool) -> None:
    build = SelectorBuild()
    term = _equality(Lowering((-reach, reach), 4097), build.select(build.tokens, build.indices, "=="))
    assert (term.error == 0) == exact
    assert (term.level, term.gap) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (range(1999), -999, 999),
        (range(2000), -1000, 999),  # whole numbers, not exactly centred
        (range(2002), -1000.5, 1000.5),  # half integers, exactly centred
        (range(5000, 5004), -2, 1),  # the span matters, not the size
        (range(-5000, -2000), -1499.5, 1499.5),
    ],
    ids=str,
)
def test_keys_that_span_2000_or_more_are_centred_exactly(values: range, low: float, high: float) -> None:
    ((_, key),) = _equality(Lowering(values, 3000), SelectorBuild().same).pairs
    assert (key.low, key.high) == (low, high)


@pytest.mark.parametrize(("denominator", "kind"), [(64, "equality"), (65, "table")])
def test_multiples_of_at_least_a_64th_are_compared_as_numbers(denominator: int, kind: str) -> None:
    build = SelectorBuild()
    lowering = Lowering(range(4), 4)
    keys = build.op("div", build.tokens, build.constant(denominator))
    queries = build.op("div", build.indices, build.constant(denominator))
    for selector in (build.select(keys, queries, "=="), build.select(queries, keys, "==")):
        assert _term(lowering, selector).kind == kind


@pytest.mark.parametrize(("count", "kind"), [(3, "table"), (4, "equality")])
def test_an_equality_of_three_values_is_a_table(count: int, kind: str) -> None:
    build = SelectorBuild()
    lowering = Lowering(range(count), 9)
    for keys, queries in ((build.tokens, build.indices), (build.indices, build.tokens)):
        assert _term(lowering, build.select(keys, queries, "==")).kind == kind


@pytest.mark.parametrize("comparison", ["<", "<=", ">", ">=", "!="])
def test_values_that_are_not_listed_can_only_be_compared_by_equality(comparison: str) -> None:
    for keys, queries in (("m", "20"), ("20", "m"), ("m", "m")):
        with pytest.raises(RaspError) as refusal:
            stages(
                program(f"{UNLISTED}{MEAN}selector_width(select({keys}, {queries}, {comparison}));"), CompileOptions()
            )
        assert code_of(refusal) == "C210"


# ---- orders in digits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("longest", "heads"), [(64, 1), (65, 2)])
def test_counted_orders_over_more_than_64_classes_take_two_heads(longest: int, heads: int) -> None:
    text = f"set vocab [0, 1]; set max_length {longest}; selector_width(select(indices, indices, <));"
    made = stages(program(text), CompileOptions())
    assert len(made.blocks.heads) == heads
    assert made.blocks.split_orders == (heads > 1)


def test_an_equality_of_too_many_pairs_to_list_takes_one_head() -> None:
    build = SelectorBuild()
    lowering = Lowering(range(2048), 1025)
    selector = build.select(build.tokens, build.indices, "==")
    (score,) = lowering.scores.scores(selector, "count", level_is_exact=True)
    assert score.kind == "equality"
    assert not lowering.context.split_orders


# ---- sums of truths -----------------------------------------------------------------------------------------


def _truths(build: SelectorBuild, count: int) -> list[SOp]:
    """Truths that compare the token with one of the tokens before it."""
    before = [
        build.aggregate(
            build.select(build.indices, build.minus(build.indices, build.constant(n)), "=="), build.tokens, 0
        )
        for n in range(1, count + 1)
    ]
    return [build.op("eq", one, build.tokens) for one in before]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize(("op", "holds", "any_of"), [("or", True, True), ("and", True, False), ("or", False, False)])
def test_a_sum_of_truths_replaces_a_joint_function_of_more_than_four_neurons_for_each(
    count: int, op: str, holds: bool, any_of: bool
) -> None:
    build = SelectorBuild()
    whole, *others = _truths(build, count)
    for other in others:
        whole = build.op(op, whole, other)
    lowering = Lowering((0, 1, 2), 9)
    predicate = _predicate(lowering, build.select(whole, build.constant(holds), "=="))
    times = ReadyTimes(lowering.analysis)
    assert TruthSums(lowering.context, times, lowering.views, lambda node: 4 * count).term(predicate) is None
    term = TruthSums(lowering.context, times, lowering.views, lambda node: 4 * count + 1).term(predicate)
    assert term is not None
    assert (term.level, term.gap, term.excess) == (1.0, 1.0, count - 1.0 if any_of else 0.0)
    assert term.key_only is not None
    assert term.key_only.constant == (0.0 if any_of else 1.0 - count) + (count if not holds else 0)


# ---- formulas -----------------------------------------------------------------------------------------------


def _choice(build: SelectorBuild, others: int) -> Selector:
    """`b` where `a` holds, otherwise `c`, and `others` more conditions; `b` comes first in the text."""
    a, b, c, *more = [
        build.select(build.width(build.is_(number)), build.constant(1), "==") for number in range(3 + others)
    ]
    return build.and_(build.or_(build.and_(b, a), build.and_(c, build.not_(a))), *more)


@pytest.mark.parametrize(("others", "heads"), [(0, 2), (1, 2), (2, 3)])
def test_the_order_of_relations_with_the_fewest_heads_is_found_for_up_to_four(others: int, heads: int) -> None:
    build = SelectorBuild()
    assert len(Lowering(range(9), 4).scores.conjunctions(_choice(build, others))) == heads


def test_formulas_that_distinguish_more_than_65536_cases_are_refused() -> None:
    build = SelectorBuild()
    scores = Lowering(range(30), 3).scores
    truths = [build.select(build.width(build.is_(number)), build.constant(1), "==") for number in range(17)]
    (conjunction,) = scores.conjunctions(build.and_(*truths[:16]))
    assert len(conjunction) == 16
    with pytest.raises(RaspError) as refusal:
        scores.conjunctions(build.and_(*truths))
    assert code_of(refusal) == "C211"


def test_a_program_with_very_long_inputs_is_refused_within_seconds() -> None:
    text = 'set vocab "ab"; set max_length 30000; tokens[length - indices - 1];'
    with pytest.raises(RaspError, match="scores that should differ by") as refusal:
        stages(program(text), CompileOptions())
    assert code_of(refusal) == "C213"
