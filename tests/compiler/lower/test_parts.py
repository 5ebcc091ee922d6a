"""The parts that lowering is made of, each held to what it promises: which of several ways is taken, what is shared,
and what is exact.  `test_lower_limits.py` has the limits of whole expressions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import exp

import numpy as np
import pytest
from raspc.cli.compile import DEFAULT_MAX_PARAMS
from raspc.compiler.analysis.joint_tables import NOT_DEFINED, TableColumn
from raspc.compiler.blocks.blocks import (
    LARGEST,
    SMALLEST,
    ClassDecode,
    LinearForm,
    NumberDecode,
    OutputBlock,
    constant_form,
)
from raspc.compiler.graph.graph import Selector, SOp
from raspc.compiler.graph.values import Scalar
from raspc.compiler.lower.attention.heads import leak
from raspc.compiler.lower.attention.score_terms import ScoreTerm, is_equality
from raspc.compiler.lower.attention.scores import Scores
from raspc.compiler.lower.context import Context, NoiseRemoval, as_form
from raspc.compiler.lower.neurons import factors as cuts
from raspc.compiler.lower.neurons import joint_functions as joint
from raspc.compiler.lower.neurons.factors import CategoricalFactor
from raspc.compiler.lower.neurons.joint_functions import Code
from raspc.compiler.lower.neurons.piecewise import bends_of, interpolate, stairs
from raspc.compiler.lower.neurons.wanted_rows import Grid
from raspc.compiler.lower.outputs import Outputs
from raspc.compiler.lower.value_views import ValueViews
from raspc.compiler.options import CompileOptions, Strategy
from raspc.compiler.pipeline import stages
from raspc.rasp_grammar.diagnostics import Diagnostic, RaspError
from raspc.tests.compiler.analysis.test_node_facts import Words
from raspc.tests.compiler.lower.test_limits import _head, _scored, code_of, lowering
from raspc.tests.support.agreement import assert_agree, program

UNIT = 2.0**-24
BIG = int(LARGEST)


def test_options_are_those_of_the_command_line() -> None:
    options = CompileOptions()
    assert options.max_parameters == DEFAULT_MAX_PARAMS == 200_000_000
    assert not options.small
    assert not options.uniform
    assert not options.causal


def _at(form: LinearForm, node: SOp, place: int) -> float:
    """An embedded form's value where the node has the value at a place of its domain (tokens in ascending order)."""
    assert all(direction.node is node for direction, _ in form.terms)
    return form.constant + sum(coefficient * direction.data[place] for direction, coefficient in form.terms)


# ---- features -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("values", "wanted", "one_hot"), [(3, 2, 0), (3, 3, 3), (4, 3, 4), (6, 4, 0), (6, 5, 6)])
def test_many_functions_of_a_token_are_read_off_one_hot(values: int, wanted: int, one_hot: int) -> None:
    """As soon as there are as many of them as one-hot takes directions, but for one; never for less than three."""
    words = Words()
    context = lowering(range(values), 4)
    squares = [tuple(float((place + 1) ** power) for place in range(values)) for power in range(2, 2 + wanted)]
    forms = context.features.functions(words.tokens, squares)
    for form, want in zip(forms, squares, strict=True):
        assert [_at(form, words.tokens, place) for place in range(values)] == pytest.approx(want)
    made = {direction for form in forms for direction, _ in form.terms}
    assert sum(direction.kind == "one-hot" for direction in made) == one_hot
    assert len(made) == one_hot or wanted


@pytest.mark.parametrize("small", [False, True])
def test_texts_are_one_hot_unless_the_smallest_model_is_wanted(small: bool) -> None:
    words = Words()
    context = lowering("abc", 4, CompileOptions(small=small))
    (form,) = context.features.functions(words.tokens, [(3.0, 1.0, 4.0)])
    assert [_at(form, words.tokens, place) for place in range(3)] == pytest.approx([3, 1, 4])
    assert {direction.kind for direction, _ in form.terms} == {"feature" if small else "one-hot"}


def test_functions_that_are_affine_in_one_another_share_a_direction() -> None:
    words = Words()
    context = lowering("abcd", 4, CompileOptions(small=True))
    first = (2.0, 7.0, 1.0, 5.0)
    for factor, shift in ((1, 0), (3, -5), (-1, 0), (-0.5, 11)):
        want = tuple(factor * number + shift for number in first)
        form = context.features.function(words.tokens, want)
        assert [_at(form, words.tokens, place) for place in range(4)] == pytest.approx(want)
        assert (form.low, form.high) == (min(want), max(want))
    assert context.directions_made == 1
    context.features.function(words.tokens, (2.0, 7.0, 1.0, 6.0))
    assert context.directions_made == 2
    context.features.function(words.indices, first)  # another part of the embedding
    assert context.directions_made == 3


@pytest.mark.parametrize(("part", "passes"), [(1.0, True), (1.01, False)])
def test_what_a_snapped_form_lets_pass(part: float, passes: bool) -> None:
    """Errors of up to 2^-20 of the distance between two values."""
    words = Words()
    context = lowering((0, 1), 8)
    count = words.width(words.is_(1))
    plain = context.features.identity(count)
    context.features._identities[count] = LinearForm(plain.terms, 0.0, 0.0, 8.0, part * 2.0**-20)
    doubled = context.features.function(count, tuple(2.0 * n for n in range(9)), snap=NoiseRemoval.STEP_FUNCTION)
    assert (context.groups_made == []) == passes
    if passes:
        assert doubled.error == part * 2.0**-19


@pytest.mark.parametrize(
    ("snap", "longest", "groups"),
    [
        (NoiseRemoval.STEP_FUNCTION, 8, 1),
        (NoiseRemoval.NESTED_STEP_FUNCTIONS, 8, 2),
        (NoiseRemoval.NESTED_STEP_FUNCTIONS, 9, 1),
    ],
)
def test_stairs_upon_stairs(snap: NoiseRemoval, longest: int, groups: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """For values that are few, and not for what the embedding can give."""
    words = Words()
    context = lowering((0, 1), longest)
    monkeypatch.setattr("raspc.compiler.lower.value_views.MAX_SETTLED", 9)
    count = words.width(words.is_(1))
    plain = context.features.identity(count)
    context.features._identities[count] = LinearForm(plain.terms, 0.0, 0.0, float(longest), 2.0**-10)
    parity = tuple(float(n % 2) for n in range(longest + 1))
    context.features.function(count, parity, snap=snap)
    assert len(context.groups_made) == groups
    context.features.function(words.indices, parity[:longest], snap=snap)
    assert len(context.groups_made) == groups


@pytest.mark.parametrize("longest", [4, 32])
def test_how_well_sums_and_means_know_their_values(longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The values of a sum to a 64th together; means, which may be a square as near, to a 32nd of that."""
    words = Words()
    context = lowering((0, 1, 2), longest)
    asked: list[float] = []

    def settled(features: ValueViews, node: SOp, tolerance: float) -> LinearForm:
        asked.append(tolerance)
        return features.identity(node)

    monkeypatch.setattr(ValueViews, "settled", settled)
    context.features.identity(words.aggregate(words.select(words.indices, words.indices, "<="), words.tokens))
    context.features.identity(words.graph.selector_sum(words.same, words.tokens, words.tokens.span))
    mean, total = asked
    assert mean * longest**2 == 1 / 32
    assert total * longest == 1 / 64


# ---- scores -------------------------------------------------------------------------------------------------


def test_what_an_equality_is() -> None:
    yes, no = True, False
    for rows in ([[yes, no], [no, yes]], [[no, yes, no], [no, no, no]], [[no]], [[yes]]):
        assert is_equality(np.array(rows))
        assert is_equality(np.array(rows).T)
    for rows in ([[yes, yes], [no, no]], [[yes, no, no], [no, yes, yes]]):
        assert not is_equality(np.array(rows))
        assert not is_equality(np.array(rows).T)


def test_the_side_of_fewer_classes_is_one_hot() -> None:
    """Tokens 1 to 3 select even positions, odd ones, and all: three classes of tokens, two of positions."""
    words = Words()
    context = lowering(range(4), 6)
    parity = words.op("mod", words.indices, words.constant(2))
    twice = words.op("mul", parity, words.constant(2))
    others = [words.plus(parity, 1), words.plus(twice, 1), words.plus(parity, 3)]
    for turned in (False, True):
        pairs = [(other, words.tokens) if turned else (words.tokens, other) for other in others]
        equal = words.or_(*(words.select(keys, queries, "==") for keys, queries in pairs))
        ((part,),) = context.heads.predicates.conjunctions(equal)
        assert sorted(context.heads.scores.tables(part).truth.shape) == [2, 4]
        assert len(context.heads.scores.piece(part, level="count", exact_level=True).pairs) == 2


def test_the_same_piece_louder() -> None:
    key, query = LinearForm((), 1.0, 0.0, 2.0, 0.5), LinearForm((), 3.0, 1.0, 4.0, 0.25)
    piece = ScoreTerm("table", "why", key, query, ((key, query),), 1.0, 0.5, 0.125)
    louder = piece.scaled(4.0)
    assert (louder.level, louder.gap, louder.error) == (4.0, 2.0, 0.5)
    assert (louder.key_only, louder.query_only) == (key.scaled(4.0), query.scaled(4.0))
    assert louder.pairs == ((key.scaled(4.0), query),)
    assert piece.scaled(1.0) == piece


def test_a_snapped_square_is_off_by_what_its_parts_can_be_off() -> None:
    """2 q k - k^2 where k and k^2 are each off on their own, as far as they can be, and q is as large as k can be."""
    square, key = LinearForm((), 0.0, 0.0, 25.0, 0.5), LinearForm((), 0.0, -5.0, 4.0, 0.25)
    worst = max(
        abs(2 * q * key_off - square_off) for q, key_off, square_off in product((-5, 4), (-0.25, 0.25), (-0.5, 0.5))
    )
    assert lowering(range(4), 4).heads.scores.equalities._own_error(square, key) == worst


@pytest.mark.parametrize(("longest", "exact"), [(3097, True), (3098, False)])
def test_equalities_of_half_numbers_are_exact_to_a_quarter_of_that(longest: int, exact: bool) -> None:
    """Centred at 1000.5, 2 k q and k^2 are multiples of 1/4: all of these are there below 2^22."""
    words = Words()
    context = lowering((0, 2001), longest)
    ((part,),) = context.heads.predicates.conjunctions(words.select(words.tokens, words.indices, "=="))
    piece = context.heads.scores.equalities.of_numbers(part, NoiseRemoval.NONE, False)
    assert (piece.error == 0) == exact


@pytest.mark.parametrize(("reach", "exact"), [(2047, True), (2048, False)])
def test_equalities_are_exact_while_float32_holds_every_product(reach: int, exact: bool) -> None:
    """2 k q with q up to 4096: below 2^24 all whole numbers are there."""
    words = Words()
    context = lowering((-reach, reach), 4097)
    ((part,),) = context.heads.predicates.conjunctions(words.select(words.tokens, words.indices, "=="))
    piece = context.heads.scores.equalities.of_numbers(part, NoiseRemoval.NONE, False)
    assert (piece.error == 0) == exact
    assert (piece.level, piece.gap) == (0.0, 1.0)


def _truths(words: Words, count: int) -> list[SOp]:
    """Truths about what stands before."""
    before = [
        words.aggregate(
            words.select(words.indices, words.minus(words.indices, words.constant(n)), "=="), words.tokens, 0
        )
        for n in range(1, count + 1)
    ]
    return [words.op("eq", one, words.tokens) for one in before]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize(("op", "wanted", "any_of"), [("or", True, True), ("and", True, False), ("or", False, False)])
def test_votes_are_worth_it_beyond_four_neurons_for_each_truth(
    count: int, op: str, wanted: bool, any_of: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = Words()
    first, *others = _truths(words, count)
    whole = first
    for other in others:
        whole = words.op(op, whole, other)
    context = lowering((0, 1, 2), 9)
    ((part,),) = context.heads.predicates.conjunctions(words.select(whole, words.constant(wanted), "=="))
    monkeypatch.setattr(joint.JointFunctions, "bends", lambda self, node: 4 * count)
    assert context.heads.scores._vote(part) is None
    monkeypatch.setattr(joint.JointFunctions, "bends", lambda self, node: 4 * count + 1)
    vote = context.heads.scores._vote(part)
    assert vote is not None
    assert (vote.level, vote.gap, vote.excess) == (1.0, 1.0, count - 1.0 if any_of else 0.0)
    assert vote.key_only is not None
    assert vote.key_only.constant == (0.0 if any_of else 1.0 - count) + (count if not wanted else 0)


@pytest.mark.parametrize(("part", "tried"), [(1.0, False), (1.01, True)])
@pytest.mark.parametrize("effort", Strategy)
def test_stairs_upon_stairs_are_for_what_is_spoilt(
    part: float, tried: bool, effort: Strategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores that are off by a 256th, divided by the number of keys; and only where care is taken."""
    words = Words()
    context = lowering(range(9), 100)
    context.effort = effort
    scores = context.heads.scores
    ((conjunct,),) = context.heads.predicates.conjunctions(words.same)
    errors = {
        NoiseRemoval.NONE: part / 256 / 100,
        NoiseRemoval.STEP_FUNCTION: 2 * part / 256 / 100,
        NoiseRemoval.NESTED_STEP_FUNCTIONS: 0.5 * part / 256 / 100,
    }
    made: list[NoiseRemoval] = []

    def make(snap: NoiseRemoval) -> ScoreTerm:
        made.append(snap)
        return ScoreTerm("table", "", None, None, (), 1.0, 1.0, errors[snap])

    monkeypatch.setattr(scores, "_makers", lambda *arguments: [make])
    tried = tried and effort is Strategy.LOW_NOISE
    piece = scores.piece(conjunct, level="count", exact_level=True)
    assert piece.error == errors[NoiseRemoval.NESTED_STEP_FUNCTIONS if tried else NoiseRemoval.NONE]
    assert made == [NoiseRemoval.NONE, NoiseRemoval.STEP_FUNCTION, *([NoiseRemoval.NESTED_STEP_FUNCTIONS] * tried)]
    errors[NoiseRemoval.NESTED_STEP_FUNCTIONS] = errors[NoiseRemoval.NONE]
    assert scores.piece(conjunct, level="count", exact_level=True).error == errors[NoiseRemoval.NONE]
    errors[NoiseRemoval.NONE] = 0.45  # nothing has to tie: this leaves a tenth of the gap
    errors[NoiseRemoval.NESTED_STEP_FUNCTIONS] = 0.44
    worse = scores.piece(conjunct, level="retrieve", exact_level=True).error
    assert worse == errors[NoiseRemoval.NESTED_STEP_FUNCTIONS if effort is Strategy.LOW_NOISE else NoiseRemoval.NONE]


def test_a_vote_makes_the_others_loud_enough_to_veto_it(monkeypatch: pytest.MonkeyPatch) -> None:
    words = Words()
    context = lowering(range(9), 9)
    conjunction, *_ = context.heads.predicates.conjunctions(words.and_(words.same, words.earlier))
    one = ScoreTerm("key only", "", constant_form(0.0), None, (), 1.0, 1.0, 0.0, 3.0)
    made = iter([one, None])
    monkeypatch.setattr(Scores, "_vote", lambda self, part: next(made))
    vote, other = context.heads.scores.pieces(conjunction, level="retrieve", exact_level=False)
    assert vote is one
    assert other.gap == 4.0
    quiet = context.heads.scores.pieces(conjunction, level="count", exact_level=False)
    assert [piece.gap for piece in quiet] == [1.0, 1.0]


# ---- selectors as conjunctions ------------------------------------------------------------------------------


def _chosen(words: Words, beside: int) -> Selector:
    """`b` where `a` holds, else `c`, and some more; `b` comes first in the text."""
    a, b, c, *more = [
        words.select(words.width(words.is_(number)), words.constant(1), "==") for number in range(3 + beside)
    ]
    return words.and_(words.or_(words.and_(b, a), words.and_(c, words.not_(a))), *more)


@pytest.mark.parametrize(("beside", "heads"), [(0, 2), (1, 2), (2, 3)])
def test_the_best_order_of_up_to_four_relations_is_found(beside: int, heads: int) -> None:
    words = Words()
    context = lowering(range(9), 4)
    assert len(context.heads.conjunctions(_chosen(words, beside))) == heads


@pytest.mark.parametrize("comparison", ["<", "<=", ">", ">=", "!="])
def test_only_equality_compares_what_is_not_listed(comparison: str) -> None:
    for keys, queries in (("m", "20"), ("20", "m"), ("m", "m")):
        with pytest.raises(RaspError) as refusal:
            stages(program(f"{WIDE}selector_width(select({keys}, {queries}, {comparison}));"), CompileOptions())
        assert code_of(refusal) == "C210"


def test_an_equality_of_too_many_pairs_is_not_split() -> None:
    words = Words()
    context = lowering(range(2048), 1025)
    conjunctions = context.heads.predicates.conjunctions(words.select(words.tokens, words.indices, "=="))
    assert context.heads.digits.split(conjunctions) == [list(conjunctions[0])]
    assert not context.heads.digits.splits_computed(conjunctions)


# ---- heads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [1.0, 0.5, 0.25, 0.125])
def test_ties_are_kept_at_the_best_sharpness(gap: float) -> None:
    """Where what spoils the tie and what leaks through add up to the least, of the powers of two from 16 to 512."""
    for error in np.geomspace(1e-8, 2e-3 * gap, 50).tolist():
        harm = {2.0**p: 2 * 2**p * error + 100 * exp(-(2**p) * (gap - 2 * error)) for p in range(4, 10)}
        assert _head("mean", gap, error).sharpness == min(harm, key=lambda sharpness: harm[sharpness])


@pytest.mark.parametrize("power", range(7, 13))
@pytest.mark.parametrize("distance", [104.0, 103.9])
def test_how_sharp_heads_are_and_what_leaks(power: int, distance: float) -> None:
    """At the first power of two at which float32 holds no weight for what loses; else all losers together leak."""
    head = _head("retrieve", distance / 2**power)
    lost = [bool(np.exp(np.float32(-(2**doubled) * distance)) == 0) for doubled in range(2)]
    assert lost == [distance == 104, True]
    assert head.sharpness == min(2.0 ** (power + lost.index(True)), 4096)
    behind = head.sharpness * distance / 2**power
    assert leak(head, 100) == pytest.approx(0.0 if behind >= 104 else 100 * exp(-behind), rel=1e-6, abs=0)


@pytest.mark.parametrize(
    ("gap", "error", "why"),
    [
        (0.02, 0.01, "scores that should differ by 0.02 are known to within 0.01 only"),
        (0.02, 0.011, "scores that should differ by 0.02 are known to within 0.011 only"),
        (0.001, 0.0001, "leave keys that are not selected [0-9]+% of a weight"),
        (0.02, 0.008, "leave keys that are not selected [0-9]+% of a weight"),
        (1.0, 0.01, "may differ by 32%, as scores are known to 0.01"),
    ],
)
def test_why_a_head_is_refused(gap: float, error: float, why: str) -> None:
    with pytest.raises(RaspError, match=why) as refusal:
        _head("mean", gap, error)
    assert code_of(refusal) == "C213"


def test_what_is_said_of_a_head_that_is_refused() -> None:
    """What is compared and what that can be, without constants."""
    words = Words()
    heads = lowering((0, 1, 2), 9).heads
    for selector, sides in ((words.is_(1), 1), (words.select(words.tokens, words.indices, "=="), 2)):
        with pytest.raises(RaspError) as refusal:
            heads._new_head(selector, _scored(1.0, 0.5), "mean", False, 0)
        (diagnostic,) = refusal.value.diagnostics
        assert diagnostic.message.count("`it`: ") == 1 + sides


# ---- outputs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("error", "one_hot"), [(0.2499, True), (0.25, False)])
def test_classes_are_one_hot_while_that_is_clear(error: float, one_hot: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [
        LinearForm((), 0.0, 0.0, 1.0, 0.0),
        LinearForm((), 0.0, 0.0, 1.0, error),
        LinearForm((), 0.0, 0.0, 1.0, 0.1),
    ]
    monkeypatch.setattr(ValueViews, "indicators", lambda *arguments: made)
    block = Outputs(lowering("abc", 4)).output("y", Words().tokens, False)
    assert isinstance(block.decode, ClassDecode)
    assert (block.decode.logits == tuple(made)) == one_hot
    assert block.tolerated == 0.5
    assert (block.error == error) == one_hot


@pytest.mark.parametrize(("error", "refused"), [(0.4999, False), (0.5, True)])
def test_codes_that_are_half_a_step_off_are_refused(
    error: float, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Outputs, "_noise", lambda *arguments: error)
    outputs = Outputs(lowering("abc", 4, CompileOptions(small=True)))
    if refused:
        with pytest.raises(RaspError) as refusal:
            outputs.output("y", Words().tokens, False)
        assert code_of(refusal) == "C221"
    else:
        assert outputs.output("y", Words().tokens, False).error == error


def _number(error: float, values: Sequence[Scalar], monkeypatch: pytest.MonkeyPatch) -> OutputBlock:
    """The output of a count as a number, known as well as this."""
    words = Words()
    context = lowering(values, 8)
    monkeypatch.setattr(ValueViews, "identity", lambda self, node: LinearForm((), 0.0, 0.0, 0.0, error))
    return Outputs(context)._number("y", words.tokens, False)


@pytest.mark.parametrize(("error", "named"), [(1.0 - 2.0**-20, False), (1.0, True)])
def test_numbers_that_are_half_a_step_off_are_named_otherwise(
    error: float, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = _number(error, [0, 2, 5], monkeypatch)
    assert isinstance(block.decode, ClassDecode) == named
    if not named:
        assert isinstance(block.decode, NumberDecode)
        assert block.decode.values == (0, 2, 5)
        assert (block.error, block.tolerated) == (error, 1.0)


# ---- joint functions ----------------------------------------------------------------------------------------


def _conditions(words: Words, count: int) -> tuple[list[SOp], dict[SOp, TableColumn], list[int]]:
    """Truths that have nothing to do with each other, and their columns in a grid of as many axes."""
    truths = [words.op("eq", words.tokens, words.constant(f"t{number}")) for number in range(count)]
    columns = {
        truth: TableColumn((axis,), np.arange(2, dtype=np.int64), (False, True)) for axis, truth in enumerate(truths)
    }
    return truths, columns, [2] * count


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize(("ternaries", "parts"), [(1, 2), (2, 4), (5, 32), (6, 32)])
def test_a_function_is_cut_by_its_first_five_ternaries(ternaries: int, parts: int, twice: bool) -> None:
    """Each combination of what they choose is one part, however often each of them occurs."""
    words = Words()
    truths, columns, sizes = _conditions(words, ternaries)
    chosen = [words.op("where", truth, words.indices, words.constant(n)) for n, truth in enumerate(truths)]
    whole = words.constant(0)
    for one in chosen:
        whole = words.op("add", whole, words.op("add", one, one) if twice else one)
    if twice:
        whole = words.op("mul", whole, words.op("add", words.indices, whole))
    masks = list(lowering((0, 1), 2).features.joint._branches(whole, columns, sizes))
    assert len(masks) == parts
    assert (np.sum(masks, axis=0) == 1).all()
    cut = [axis for axis in range(ternaries) if all(len(np.unique(np.nonzero(mask)[axis])) == 1 for mask in masks)]
    assert len(cut) == min(ternaries, 5)


def test_a_condition_that_is_undefined_chooses_the_other_branch() -> None:
    words = Words()
    (truth,), _, _ = _conditions(words, 1)
    columns = {truth: TableColumn((0,), np.arange(3, dtype=np.int64), (False, True, NOT_DEFINED))}
    whole = words.op("where", truth, words.indices, words.constant(0))
    masks = list(lowering((0, 1), 2).features.joint._branches(whole, columns, [3]))
    assert sorted(mask.tolist() for mask in masks) == [[False, True, False], [True, False, True]]


def _factors(words: Words, *sizes: int) -> list[cuts.Factor]:
    return [CategoricalFactor(words.tokens, tuple(range(size))) for size in sizes]


def test_what_is_the_same_everywhere_takes_no_code() -> None:
    """As far as it is wanted; 0 where nothing is."""
    words = Words()
    hole = float("nan")
    grids = [np.array(row).reshape(1, 3) for row in ([2.0, hole, 2.0], [hole, hole, hole], [-1.0, -1.0, -1.0])]
    forms = lowering((0, 1), 2).features.joint._encode(_factors(words, 1, 3), grids, False)
    assert forms == [constant_form(number) for number in (2.0, 0.0, -1.0)]


@pytest.mark.parametrize(
    ("sizes", "orders"), [((2, 2), 2), ((2, 2, 2), 6), ((2, 2, 2, 2), 2), ((20, 10, 99), 6), ((20, 10, 100), 2)]
)
def test_how_many_orders_of_the_digits_are_tried(
    sizes: tuple[int, ...], orders: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of up to three while the table is small; else as they come and the other way round."""
    words = Words()
    found: list[tuple[int, ...]] = []

    def code(self: joint.JointFunctions, factors: list[cuts.Factor], stack: Grid) -> Code:
        assert stack.shape[1:] == tuple(factor.size for factor in factors)
        found.append(stack.shape)
        return Code(constant_form(0.0), (), ((),), 0)

    monkeypatch.setattr(joint.JointFunctions, "_code", code)
    assert (
        len(list(lowering((0, 1), 2).features.joint._orders(_factors(words, *sizes), np.zeros((1, *sizes))))) == orders
    )
    assert len(found) == orders


@pytest.mark.parametrize(("limit", "functions", "made"), [(16, 8, True), (16, 9, False), (15, 1, False)])
def test_tables_of_too_many_points_are_not_made(
    limit: int, functions: int, made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 4 by 4 points, or of eight functions of as many points as one may have."""
    words = Words()
    left, right = words.width(words.is_(1)), words.width(words.select(words.tokens, words.indices, "=="))
    context = lowering((0, 1, 2), 3)
    node = words.op("mul", left, right)
    size = len(context.features.values(node))
    monkeypatch.setattr(joint, "MAX_GRID", limit)
    wanted = [tuple(float(n**power) for n in range(size)) for power in range(1, functions + 1)]
    assert (context.features.joint.table(node, wanted, deep=False) is not None) == made


@pytest.mark.parametrize(("limit", "listed"), [(8, False), (9, True)])
def test_sums_of_too_many_values_are_not_listed(limit: int, listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    words = Words()
    left, right = words.width(words.is_(1)), words.width(words.select(words.tokens, words.indices, "=="))
    context = lowering((0, 1, 2), 4)
    affine = context.analysis.affine(words.minus(left, right))
    assert affine is not None
    monkeypatch.setattr(cuts, "MAX_GRID", limit)
    assert context.features.joint.cuts.points(affine) == (tuple(range(-4, 5)) if listed else None)


def test_fractions_of_too_many_values_are_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    words = Words()
    context = lowering((0, 1), 3)
    mean = words.aggregate(words.select(words.indices, words.indices, "<="), words.tokens)
    affine = context.analysis.affine(words.op("add", mean, words.width(words.is_(1))))
    assert affine is not None
    means = context.features.values(mean)
    assert len(means) == 5  # 0, 1/3, 1/2, 2/3, 1
    monkeypatch.setattr(cuts, "MAX_GRID", 19)
    assert context.features.joint.cuts.points(affine) is None
    monkeypatch.setattr(cuts, "MAX_GRID", 20)
    assert context.features.joint.cuts.points(affine) == tuple(
        sorted({m + n for m, n in product(means, range(4)) if not isinstance(m, str)})
    )


def _emitted(values: tuple[float | None, ...], error: float, snap: NoiseRemoval) -> tuple[int, LinearForm, Context]:
    """How many neurons a function of a number from 0 on takes, if that is known as well as this."""
    words = Words()
    context = lowering((0, 1), 9)
    direction = context.direction(
        "head", words.length, "scalar", "n", time=1, low=0.0, high=float(len(values) - 1), error=error
    )
    code = Code(as_form(direction), tuple(map(float, range(len(values)))), (values,), 0)
    (form,) = context.features.joint.emit(words.length, code, snap)
    return sum(len(weights) for group in context.groups_made for _, weights in group.outputs), form, context


@pytest.mark.parametrize(
    ("part", "snap", "neurons"),
    [
        (0.99, NoiseRemoval.NONE, 2),
        (1.01, NoiseRemoval.NONE, 6),
        (0.99 * 2.0**-12, NoiseRemoval.STEP_FUNCTION, 2),
        (1.01 * 2.0**-12, NoiseRemoval.STEP_FUNCTION, 6),
    ],
)
def test_how_much_error_may_pass_through(part: float, snap: NoiseRemoval, neurons: int) -> None:
    """A 256th of the smallest step, and next to nothing where equal values have to give equal numbers."""
    made, form, context = _emitted((0.0, 1.0, 0.0, 1.0), part / 256, snap)
    assert made == neurons
    (group,) = context.groups_made
    assert group.tolerated == 0.25
    if snap is NoiseRemoval.NONE:
        assert form.error == pytest.approx(part / 256, rel=0.01) if neurons == 2 else form.error < part / 512


@pytest.mark.parametrize(("error", "refused"), [(0.2499, False), (0.25, True)])
def test_what_is_known_to_a_quarter_of_its_gaps_is_refused(error: float, refused: bool) -> None:
    if refused:
        with pytest.raises(RaspError) as refusal:
            _emitted((0.0, 1.0, 0.0, 1.0), error, NoiseRemoval.NONE)
        assert code_of(refusal) == "C204"
    else:
        assert _emitted((0.0, 1.0, 0.0, 1.0), error, NoiseRemoval.NONE)[0] == 6


def test_what_is_flat_where_it_stands_close_may_be_known_badly() -> None:
    """The first two wanted values are two points apart; those that are one apart are equal."""
    assert _emitted((0.0, None, 1.0, 1.0), 0.25, NoiseRemoval.NONE)[0] > 0


@pytest.mark.parametrize(("times", "neurons"), [(63, 1), (65, 4)])
def test_stairs_that_are_rough_themselves_are_taken_where_the_line_is_much_rougher(times: float, neurons: int) -> None:
    """A great step beside a small one: stairs round by more than a 256th of the small one."""
    values = (0.0, 65536.0 * 3, 65536.0 * 3 + 1)
    points = [0.0, 1.0, 2.0]
    flat, line = stairs(points, values, True), interpolate(points, values, False)
    assert flat.rounding > 2.0**-8
    error = (times * flat.rounding - line.rounding) / line.steepness
    assert _emitted(values, error, NoiseRemoval.NONE)[0] == neurons


class Ways:
    """Forms of these errors for a function, the cheapest first, made when asked for; None: refused."""

    def __init__(self, cheapest: float | None, *others: float) -> None:
        self.cheapest, self.others, self.asked = cheapest, others, 0

    def first(self, *arguments: object) -> list[LinearForm]:
        if self.cheapest is None:
            raise RaspError(Diagnostic("C202", "no table", Words().tokens.span))
        return [LinearForm((), 0.0, 0.0, 1.0, self.cheapest)]

    def more(self, *arguments: object) -> Iterator[list[LinearForm]]:
        for error in self.others:
            self.asked += 1
            yield [LinearForm((), 0.0, 0.0, 1.0, error)]


@pytest.mark.parametrize(
    ("ways", "taken", "asked"),
    [
        (Ways(0.0625, 0.01), 0.0625, 0),
        (Ways(0.063, 0.01, 0.0), 0.01, 1),
        (Ways(0.2, 0.3, 0.1, 0.0625, 0.0), 0.0625, 3),
        (Ways(0.2, 0.3, 0.25), 0.2, 2),
        (Ways(None, 0.3, 0.25, 0.4), 0.25, 3),
        (Ways(None, 0.05, 0.01), 0.05, 1),
        (Ways(None), None, 0),
    ],
)
def test_where_the_cheapest_form_is_noisy_the_first_clear_one_is_taken(
    ways: Ways, taken: float | None, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clear: a 16th of the smallest step between two of the wanted numbers, which is 3 here."""
    words = Words()
    context = lowering((0, 1), 4)
    monkeypatch.setattr(joint.JointFunctions, "_cheapest", ways.first)
    monkeypatch.setattr(joint.JointFunctions, "_clearer", ways.more)
    scaled = [(-3.0, 4.0, 0.0, 0.0, 9.0)]  # steps of 3, 4 and 5
    ways.cheapest, ways.others = None if ways.cheapest is None else 3 * ways.cheapest, tuple(3 * o for o in ways.others)
    for effort in (Strategy.SMALLEST, Strategy.APPROXIMATE_OUTPUT):
        context.effort = effort
        if ways.cheapest is not None:
            (form,) = context.features.joint.functions(words.length, scaled, NoiseRemoval.NONE)
            assert (form.error, ways.asked) == (ways.cheapest, 0)
    context.effort = Strategy.LOW_NOISE
    if taken is None:
        with pytest.raises(RaspError):
            context.features.joint.functions(words.length, scaled, NoiseRemoval.NONE)
    else:
        (form,) = context.features.joint.functions(words.length, scaled, NoiseRemoval.NONE)
        assert form.error == 3 * taken
    assert ways.asked == asked


def test_how_much_noise_a_code_passes_on() -> None:
    """Its steepest slope, relative to the smallest step between two wanted numbers."""
    form = LinearForm((), 0.0, 0.0, 3.0, 0.125)
    for wanted, passed in (
        (((0.0, 2.0, 3.0),), 2.0),
        (((0.0, 2.0, 6.0),), 1.0),
        (((0.0, 2.0, 6.0), (5.0, 5.0, 8.0)), 1.0),
        (((3.0, None, 0.0),), 1 / 3),
        (((3.0, 3.0, 3.0),), 0.0),
    ):
        assert joint._passed(Code(form, (0.0, 1.0, 3.0), wanted, 0)) == pytest.approx(passed * 0.125)
    assert joint._passed(Code(form, (0.0,), ((1.0,),), 0)) == 0


@pytest.mark.parametrize(
    ("points", "made"),
    [((0, BIG), True), ((-BIG, 0), True), ((0, BIG + BIG // 2**23), False), ((-BIG - BIG // 2**23, 0), False)],
)
def test_codes_of_large_numbers_are_not_made(points: tuple[int, ...], made: bool) -> None:
    words = Words()
    context = lowering((0, 1), 4)
    unit = context.analysis.affine(words.indices)
    assert unit is not None
    factor = cuts.NumericFactor(unit, points)
    code = context.features.joint._code([factor], np.array([[0.0, 1.0]]))
    assert (code is not None) == made
    if code is not None:
        assert code.points == tuple(map(float, points))


@pytest.mark.parametrize("number", [LARGEST, SMALLEST, -LARGEST, 0.0])
def test_numbers_that_are_held(number: float) -> None:
    words = Words()
    features = lowering((0, 1), 4).features
    assert features.function(words.tokens, (1.0, number)).low == min(1.0, number)
    if number != 0:
        beyond = number * (1.001 if abs(number) > 1 else 0.999)
        with pytest.raises(RaspError, match="numbers as large as" if abs(number) > 1 else "numbers as close to 0 as"):
            features.function(words.tokens, (1.0, beyond))


# ---- piecewise linear functions -----------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
def test_the_last_of_what_is_straight(sign: int) -> None:
    values = [0.0, 1.0 + sign * 2.0**-32 * 4, 2.0, 3.0, 4.0]
    assert bends_of([0.0, 1.0, 2.0, 3.0, 4.0], values) == []


@pytest.mark.parametrize(("height", "exact"), [(2.0**19 - 1, True), (2.0**19, False)])
def test_lines_are_exact_below_2_to_the_20(height: float, exact: bool) -> None:
    """Of multiples of 1/16; each term counts twice."""
    assert interpolate([0.0, 1.0], [0.0, height], True).rounding == (0.0 if exact else 2 * UNIT * height)
    assert interpolate([0.0, 1.0], [0.0, height], False).rounding == 2 * UNIT * height


@pytest.mark.parametrize(("parts", "exact"), [(16, True), (15, False), (17, False), (32, False)])
def test_bends_are_exact_at_multiples_of_a_16th(parts: int, exact: bool) -> None:
    for points, values in (([0.0, 1 / parts, 1.0], [0.0, 0.0, 1 - 1 / parts]), ([0.0, 1.0, 2.0], [0, 1 / parts, 1.0])):
        assert (interpolate(points, values, True).rounding == 0) == exact


@pytest.mark.parametrize(("first", "exact"), [(2.0**20 - 2, True), (2.0**20 - 1, False)])
def test_steps_between_whole_numbers_below_2_to_the_20_are_exact(first: float, exact: bool) -> None:
    for points in ([first, first + 1], [-first - 1, -first]):
        assert (stairs(points, [0.0, 1.0], True).rounding == 0) == exact
        assert stairs(points, [0.0, 1.0], False).rounding > 0


@pytest.mark.parametrize(
    ("points", "values", "exact"),
    [
        ([5, 6], [0, 1], True),
        ([5, 6], [0, 4], True),
        ([5, 6], [0, 3], False),  # three times anything is rounded
        ([5, 6], [3, 7], False),  # nor is what is added to three
        ([5, 6], [4, 8], True),
        ([5, 7], [0, 1], False),  # a power of two may lie between the knots
        ([5, 6, 7], [0, 1, 0], True),  # one pair on each side
        ([5, 6, 7, 8, 9], [0, 1, 0, 1, 0], False),  # two pairs on one side
        ([5, 6, 7], [1, 3, 4], False),  # two pairs on one side, or three
        ([5, 6, 7], [4, 3, 1], False),
        ([5.5, 6.5], [0, 1], False),
    ],
)
def test_which_steps_are_exact(points: list[float], values: list[float], exact: bool) -> None:
    shape = stairs(list(map(float, points)), list(map(float, values)), True)
    assert (shape.rounding == 0) == exact


@pytest.mark.parametrize("height", [1.0, 4.0])
def test_steps_beside_zero_are_rounded_once(height: float) -> None:
    assert stairs([0.0, 1.0], [0.0, height], True).rounding == 2 * UNIT * 2 * height
    assert stairs([-1.0, 0.0], [0.0, height], True).rounding == 2 * UNIT * 2 * height
    assert stairs([1.0, 2.0], [0.0, height], True).rounding == 0


# ---- whole programs -----------------------------------------------------------------------------------------

WIDE = "set vocab [18, 19, 20, 21, 23, 2500]; set max_length 12; m = aggregate(select(indices, indices, <=), tokens); "
#: What there is no other test of, and how many layers it takes.
PROGRAMS = {
    "a choice by a number that is not listed": (WIDE + '"yes" if m > 20 else "no";', 1),
    "the opposite of a comparison of such a number": (WIDE + "not (m > 20);", 1),
    "several heads, one of them late": (
        "set vocab range(3); set max_length 5; n = selector_width(select(tokens, tokens, ==)); "
        "w = selector_width(select(tokens, indices, ==) or select(n, indices, ==)); "
        "aggregate(select(indices, w, ==), tokens, 9);",
        3,
    ),
    "a choice of two that may both be undefined": (
        'set vocab "abc"; set max_length 4; a = aggregate(select(indices, indices - 1, ==), tokens); '
        "b = aggregate(select(indices, indices + 1, ==), tokens); "
        'a if tokens == "a" else (b if tokens == "b" else "A");',
        1,
    ),
}


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str, small: bool) -> None:
    text, layers = PROGRAMS[name]
    options = CompileOptions(small=small)
    assert len(stages(program(text), options).plan.layers) == layers
    assert_agree(text, options, samples=40)


@pytest.mark.parametrize("text", ["round(m)", "m // 7", "tokens if round(m) == 20 else 3"])
def test_functions_of_what_is_not_listed_are_refused(text: str) -> None:
    with pytest.raises(RaspError, match="as a joint function it needs a table") as refusal:
        stages(program(f"{WIDE}{text};"), CompileOptions())
    assert code_of(refusal) == "C202"
