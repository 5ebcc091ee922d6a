"""Where the lowering changes its mind: each limit on its two sides."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import exp

import numpy as np
import pytest
from raspc.compiler.analysis.conjunctions import Predicates, TooManyBranches
from raspc.compiler.analysis.domains import Space
from raspc.compiler.analysis.node_facts import Analysis
from raspc.compiler.blocks.blocks import ClassDecode, Head, Level, LinearForm, NumberDecode, constant_form
from raspc.compiler.graph.graph import Selector, SOp
from raspc.compiler.graph.values import Scalar
from raspc.compiler.lower.attention.heads import ConjunctionScore, Heads
from raspc.compiler.lower.attention.score_terms import ScoreTerm
from raspc.compiler.lower.context import Context, NoiseRemoval
from raspc.compiler.lower.neurons.factors import NumericFactor
from raspc.compiler.lower.neurons.joint_functions import Code, JointFunctions
from raspc.compiler.lower.neurons.piecewise import bends_of
from raspc.compiler.lower.outputs import Outputs
from raspc.compiler.lower.value_views import ValueViews
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import stages
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.tests.compiler.analysis.test_node_facts import Words
from raspc.tests.support.agreement import program


def lowering(vocabulary: Sequence[Scalar], longest: int, options: CompileOptions | None = None) -> Context:
    """One lowering that has made nothing yet."""
    space = Space(tuple(vocabulary), longest)
    context = Context(Analysis(space), options or CompileOptions(), lambda node: "it")
    context.features = ValueViews(context)
    context.heads = Heads(context)
    return context


def code_of(error: pytest.ExceptionInfo[RaspError]) -> str:
    (diagnostic,) = error.value.diagnostics
    return diagnostic.code


# ---- outputs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "named"), [(1024, True), (1025, False)])
def test_few_numbers_are_named_however_far_one_of_them_is(count: int, named: bool) -> None:
    """One value in float32's coarse range leaves the others indistinct, unless they are named by their places."""
    words = Words()
    block = Outputs(lowering([*range(count - 1), 10**12], 2)).output("y", words.tokens, False)
    if named:
        assert isinstance(block.decode, ClassDecode)
        assert block.error < block.tolerated == 0.5
    else:
        assert isinstance(block.decode, NumberDecode)
        assert block.decode.values is None
        assert block.tolerated == 0 < block.error


# ---- element-wise expressions -------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "listed"), [(4096, True), (4097, False)])
def test_texts_of_too_many_values_are_no_factor(count: int, listed: bool) -> None:
    words = Words()
    first = words.op("eq", words.indices, words.constant(0))
    other = words.op("where", first, words.constant("t1"), words.constant("t2"))
    vocabulary = [f"t{number}" for number in range(count)]
    cut = lowering(vocabulary, 2).features.joint.cuts.find(words.op("eq", words.tokens, other), False)
    assert (cut is not None) == listed


def _counts(words: Words) -> tuple[SOp, SOp]:
    """Two numbers of 0 to the greatest length."""
    return words.width(words.is_(1)), words.width(words.select(words.tokens, words.indices, "=="))


@pytest.mark.parametrize(("longest", "thinned"), [(63, False), (64, True)])
def test_stretches_of_a_number_are_left_out_of_crowded_grids(longest: int, thinned: bool) -> None:
    """Of 64 by 64 points all are kept, of more only those at which a comparison changes, and the ends."""
    words = Words()
    left, right = _counts(words)
    both = words.op("and", words.op("gt", left, words.constant(9)), words.op("gt", right, words.constant(20)))
    cut = lowering((0, 1, 2), longest).features.joint.cuts.find(both, False)
    assert cut is not None
    first, second = cut.factors
    assert isinstance(first, NumericFactor)
    assert isinstance(second, NumericFactor)
    points = list(range(longest + 1))
    kept = {tuple(factor.points) for factor in (first, second) if factor.thinned}
    assert kept == ({(0, 20, 21, longest)} if thinned else set()) or kept == {(0, 9, 10, longest)}
    assert [list(factor.points) for factor in (first, second) if not factor.thinned] == [points] * (2 - thinned)


@pytest.mark.parametrize("place", [20, 0, 64])
def test_both_ends_of_a_number_are_kept(place: int) -> None:
    words = Words()
    left, right = _counts(words)
    both = words.op("and", words.op("eq", left, words.constant(place)), words.op("eq", right, words.constant(place)))
    cut = lowering((0, 1, 2), 64).features.joint.cuts.find(both, False)
    assert cut is not None
    (points,) = [factor.points for factor in cut.factors if isinstance(factor, NumericFactor) and factor.thinned]
    assert list(points) == sorted({n for n in (0, place - 1, place, place + 1, 64) if 0 <= n <= 64})


def _made(bends: int) -> list[Code | list[LinearForm]]:
    return [Code(constant_form(float(bends)), (), ((),), bends)]


@pytest.mark.parametrize(
    ("shallow", "deep", "taken"),
    [
        (1024, 1, 1024),  # not worth a layer
        (1025, 1, 1),
        (1026, 257, 1026),
        (1028, 257, 1028),  # a quarter, no less
        (1029, 257, 257),
        (32768, None, 32768),
        (32769, None, None),
        (None, 5, 5),
        (None, 32768, 32768),
        (None, 32769, None),
        (None, None, None),
    ],
)
def test_when_another_layer_is_worth_it(
    shallow: int | None, deep: int | None, taken: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    joint = lowering((0, 1), 2).features.joint

    def table(self: JointFunctions, node: SOp, wanted: object, *, deep: bool) -> list[Code | list[LinearForm]] | None:
        bends = after if deep else shallow
        return None if bends is None else _made(bends)

    after = deep
    monkeypatch.setattr(JointFunctions, "table", table)
    monkeypatch.setattr(JointFunctions, "emit", lambda self, node, code, snap: [code.form])
    words = Words()
    if taken is None:
        with pytest.raises(RaspError) as error:
            joint.functions(words.length, [(0.0, 1.0)], NoiseRemoval.NONE)
        assert code_of(error) == "C202"
    else:
        (form,) = joint.functions(words.length, [(0.0, 1.0)], NoiseRemoval.NONE)
        assert form.constant == taken


# ---- numbers known too well or too badly ----------------------------------------------------------------


@pytest.mark.parametrize(("longest", "tried"), [(2047, True), (2048, False)])
def test_numbers_of_too_many_values_stay_as_they_are(longest: int, tried: bool) -> None:
    """Stairs are built for at most 2,048 values, and only for what is not known well enough."""
    words = Words()
    context = lowering((0, 1), longest)
    count = words.width(words.is_(1))
    plain = context.features.identity(count)
    assert context.features.settled(count, plain.error) is plain
    assert context.groups_made == []
    assert context.features.settled(count, plain.error * 0.99).error <= plain.error
    assert (len(context.groups_made) == 1) == tried


# ---- orders and equalities -------------------------------------------------------------------------------


@pytest.mark.parametrize(("longest", "heads"), [(64, 1), (65, 2)])
def test_orders_over_more_than_64_classes_are_split(longest: int, heads: int) -> None:
    made = stages(
        program(f"set vocab [0, 1]; set max_length {longest}; selector_width(select(indices, indices, <));"),
        CompileOptions(),
    )
    assert len(made.blocks.heads) == heads
    assert made.blocks.split_orders == (heads > 1)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (range(1999), -999, 999),
        (range(2000), -1000, 999),  # whole numbers, though not centred
        (range(2002), -1000.5, 1000.5),  # centred, though half integers
        (range(5000, 5004), -2, 1),  # how far apart they are matters, not how large
        (range(-5000, -2000), -1499.5, 1499.5),
    ],
    ids=str,
)
def test_wide_keys_are_centred(values: range, low: float, high: float) -> None:
    words = Words()
    context = lowering(values, 3000)
    ((part,),) = context.heads.predicates.conjunctions(words.same)
    piece = context.heads.scores.equalities.of_numbers(part, NoiseRemoval.NONE, False)
    ((_, key),) = piece.pairs
    assert (key.low, key.high) == (low, high)


@pytest.mark.parametrize(("parts", "form"), [(64, "equality"), (65, "table")])
def test_numbers_are_compared_when_they_are_nearly_whole(parts: int, form: str) -> None:
    words = Words()
    context = lowering(range(4), 4)
    keys = words.op("div", words.tokens, words.constant(parts))
    queries = words.op("div", words.indices, words.constant(parts))
    for selector in (words.select(keys, queries, "=="), words.select(queries, keys, "==")):
        ((part,),) = context.heads.predicates.conjunctions(selector)
        assert context.heads.scores.piece(part, level="count", exact_level=True).form == form


@pytest.mark.parametrize(("count", "form"), [(3, "table"), (4, "equality")])
def test_an_equality_of_three_values_is_a_table(count: int, form: str) -> None:
    words = Words()
    context = lowering(range(count), 9)
    for keys, queries in ((words.tokens, words.indices), (words.indices, words.tokens)):
        ((part,),) = context.heads.predicates.conjunctions(words.select(keys, queries, "=="))
        assert context.heads.scores.piece(part, level="count", exact_level=True).form == form


# ---- formulas -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("longest", "by_classes"), [(1024, True), (1025, False)])
def test_relations_of_too_many_pairs_are_known_by_order_only(longest: int, by_classes: bool) -> None:
    words = Words()
    predicates = Predicates(Analysis(Space(tuple(range(2048)), longest)))
    ((part,),) = predicates.conjunctions(words.select(words.tokens, words.indices, "=="))
    assert (part.relation.codes is not None) == by_classes
    assert part.signs() == frozenset({0})


def test_what_is_not_listed_is_known_by_order_only() -> None:
    words = Words()
    predicates = Predicates(Analysis(Space(tuple(range(0, 3000, 7)), 64)))
    mean = words.aggregate(words.select(words.indices, words.indices, "<="), words.tokens)
    assert predicates.analysis.domain(mean).values is None
    for selector in (words.select(mean, words.constant(3), "=="), words.select(words.constant(3), mean, "==")):
        ((part,),) = predicates.conjunctions(selector)
        assert part.relation.codes is None
        assert part.signs() == frozenset({0})


def _truths(words: Words, count: int) -> list[Selector]:
    """Comparisons that have nothing to do with each other, as far as anyone knows."""
    return [words.select(words.width(words.is_(number)), words.constant(1), "==") for number in range(count)]


def _odd(words: Words, truths: Sequence[Selector]) -> Selector:
    """An odd number of them hold."""
    whole, *rest = truths
    for one in rest:
        whole = words.or_(words.and_(whole, words.not_(one)), words.and_(words.not_(whole), one))
    return whole


def test_formulas_of_too_many_cases_are_refused() -> None:
    words = Words()
    heads = lowering(range(30), 3).heads
    (conjunction,) = heads.conjunctions(words.and_(*_truths(words, 16)))
    assert len(conjunction) == 16
    with pytest.raises(RaspError) as error:
        heads.conjunctions(words.and_(*_truths(words, 17)))
    assert code_of(error) == "C211"


def test_formulas_of_too_many_branches_are_refused() -> None:
    words = Words()
    predicates = Predicates(Analysis(Space(tuple(range(30)), 3)))
    *truths, last = _truths(words, 10)
    odd = _odd(words, truths)
    assert len(predicates.conjunctions(odd)) == 256
    one_more = words.or_(odd, words.and_(*map(words.not_, truths), last))
    with pytest.raises(TooManyBranches):
        predicates.conjunctions(one_more)


# ---- heads --------------------------------------------------------------------------------------------------


def _scored(gap: float, error: float) -> ConjunctionScore:
    return ConjunctionScore("table", "", constant_form(0.0), None, (), 1.0, gap, error)


def _head(level: Level, gap: float, error: float = 0.0, *, with_bos: bool = False, longest: int = 100) -> Head:
    words = Words()
    heads = lowering(range(3), longest).heads
    return heads._new_head(words.same, _scored(gap, error), level, with_bos, 0)


def _lost(score: float) -> bool:
    """Whether a key that is behind by this much has no weight in float32."""
    return bool(np.exp(np.float32(-score)) == 0)


@pytest.mark.parametrize("level", ["retrieve", "mean", "count"])
@pytest.mark.parametrize("with_bos", [False, True])
@pytest.mark.parametrize("power", range(6))
def test_heads_are_just_sharp_enough_to_lose_what_is_not_selected(level: Level, with_bos: bool, power: int) -> None:
    """BOS stands halfway between, but for counts: then it is above, by so much that a count is linear in it."""
    gap = 2.0**-power
    head = _head(level, gap, with_bos=with_bos)
    halved = with_bos and level != "count"
    distance = gap / 2 if halved else gap
    assert head.tolerated == distance / 2
    assert head.error == 0
    assert _lost(head.sharpness * distance) or head.sharpness == 4096
    assert head.sharpness == 128 or not _lost(head.sharpness / 2 * distance)
    if not with_bos:
        assert head.bos is None
    elif level == "count":
        assert head.bos == 1.0 + 32 / head.sharpness
        assert head.scale == pytest.approx(exp(32))
    else:
        assert head.bos == 1.0 - gap / 2
        assert head.scale == 1.0


@pytest.mark.parametrize("error", [1e-7, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3])
@pytest.mark.parametrize("gap", [1.0, 0.5])
def test_ties_that_are_not_exact_are_kept_gently(gap: float, error: float) -> None:
    """The sharpness at which unequal weights and what leaks add up to the least, of the powers of two from 16 on."""
    head = _head("mean", gap, error)

    def harm(sharpness: int) -> float:
        return 2 * sharpness * error + 100 * exp(-sharpness * (gap - 2 * error))

    assert head.sharpness == min((16, 32, 64, 128, 256, 512), key=harm)
    assert head.error == 2 * head.sharpness * error
    assert head.score_error == error
    assert _head("retrieve", gap, error).error == 0


def test_the_gentlest_and_the_sharpest_heads() -> None:
    assert _head("mean", 1.0, 0.005).sharpness == 16
    assert _head("mean", 0.05, 1e-8).sharpness == 512


@pytest.mark.parametrize(("part", "refused"), [(0.99, False), (1.01, True)])
def test_heads_that_leak_a_64th_are_refused(part: float, refused: bool) -> None:
    gap = -np.log(part / 64 / 100) / 4096  # 100 keys leak this part of a 64th at the greatest sharpness
    if refused:
        with pytest.raises(RaspError, match="leave keys that are not selected 2% of a weight") as error:
            _head("retrieve", gap)
        assert code_of(error) == "C213"
    else:
        assert _head("retrieve", gap).sharpness == 4096


@pytest.mark.parametrize(("part", "refused"), [(0.99, False), (1.01, True)])
def test_heads_whose_keys_weigh_too_unequally_are_refused(part: float, refused: bool) -> None:
    """By a quarter, at the least sharpness."""
    error = part / 4 / 2 / 16
    if refused:
        with pytest.raises(RaspError, match="keys that should weigh the same may differ by 25%") as refusal:
            _head("mean", 1.0, error)
        assert code_of(refusal) == "C213"
    else:
        assert _head("mean", 1.0, error).error == pytest.approx(part / 4)


@pytest.mark.parametrize(("level", "harmless"), [("retrieve", 2.0**-12), ("count", 2.0**-12), ("mean", 2.0**-16)])
def test_the_cheapest_form_whose_noise_is_harmless(
    level: Level, harmless: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To be divided by the number of keys; where nothing has to tie, noise that the gap drowns is harmless too."""
    words = Words()
    context = lowering(range(9), 100)
    scores = context.heads.scores
    ((part,),) = context.heads.predicates.conjunctions(words.same)
    limit = harmless / 100

    def taken(*pieces: tuple[float, float]) -> int:
        """Which of the forms is taken, given (error, gap) of each, the cheapest first."""
        made = [ScoreTerm(str(n), "", None, None, (), 1.0, gap, error) for n, (error, gap) in enumerate(pieces)]
        rest = itertools.chain(made, itertools.repeat(made[-1]))
        monkeypatch.setattr(scores, "_makers", lambda *arguments: [lambda snap: next(rest)] * len(made))
        return int(scores.piece(part, level=level, exact_level=True).form)

    tie = level != "retrieve"
    small = 1e-6  # a gap that drowns nothing
    assert taken((limit, small), (0.0, 1.0)) == 0
    assert taken((limit * 1.01, small), (0.0, 1.0)) == 1
    assert taken((limit * 9, small), (limit * 3, small), (limit * 5, small)) == 1
    assert taken((limit * 3, small), (limit * 3, small)) == 0
    # 7/16 of the gap: an eighth of it is left between the worst of what is selected and the best of what is not.
    assert taken((7 / 16, 1.0), (0.0, 1.0)) == int(tie)
    assert taken((7.01 / 16, 1.0), (0.0, 1.0)) == 1


# ---- piecewise linear functions --------------------------------------------------------------------------------


@pytest.mark.parametrize(("off", "bends"), [(0.99, 0), (1.01, 1)])
def test_what_is_straight(off: float, bends: int) -> None:
    """Values within 2^-32 of the largest from a line lie on it."""
    values = [0.0, 1.0 + off * 2.0**-32 * 4, 2.0, 3.0, 4.0]
    assert len(bends_of([0.0, 1.0, 2.0, 3.0, 4.0], values)) >= bends
    assert (len(bends_of([0.0, 1.0, 2.0, 3.0, 4.0], values)) == 0) == (bends == 0)


def test_refused_at_great_length_in_a_moment() -> None:
    """Each way that is tried looks at tables of a row for each of 60,000 differences."""
    text = 'set vocab "ab"; set max_length 30000; tokens[length - indices - 1];'
    with pytest.raises(RaspError, match="scores that should differ by") as caught:
        stages(program(text), CompileOptions())
    assert [found.code for found in caught.value.diagnostics] == ["C213"]


@pytest.mark.parametrize("other", ["tokens - m", "tokens - m + 2", "m - tokens"])
def test_squares_of_noisy_numbers(other: str) -> None:
    """Their sum or difference is constant, so one of the two squares of a product is."""
    mean = "m = aggregate(full_s, tokens);"
    made = stages(
        program(f"set vocab range(12); set max_length 20; {mean} (tokens - m) * ({other});"), CompileOptions()
    )
    (output,) = made.blocks.outputs
    assert isinstance(output.decode, NumberDecode)
    assert output.error < 1e-3
