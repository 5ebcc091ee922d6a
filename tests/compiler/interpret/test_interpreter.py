"""The reference meaning, node by node: graphs are built by hand, so that nothing but the interpreter is tested."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from raspc.compiler.graph.comparisons import Comparison
from raspc.compiler.graph.graph import Node, Selector, SOp, Which
from raspc.compiler.graph.operations import OPERATIONS
from raspc.compiler.graph.values import Scalar, Undefined, Value
from raspc.compiler.interpret.interpreter import Selection, evaluate
from raspc.tests.support.building import SPAN, Build


@pytest.fixture
def build() -> Build:
    return Build()


def values(node: SOp, tokens: Sequence[Scalar], *, causal: bool = False) -> list[tuple[str, Value]]:
    """A node's values with the names of their types, which `==` does not compare."""
    found = evaluate([node], tokens, causal=causal)[node]
    return [(type(value).__name__, value) for value in found if not isinstance(value, list)]


def cells(selector: Selector, tokens: Sequence[Scalar], *, causal: bool = False) -> Selection:
    return [row for row in evaluate([selector], tokens, causal=causal)[selector] if isinstance(row, list)]


def typed(*expected: Value) -> list[tuple[str, Value]]:
    return [(type(value).__name__, value) for value in expected]


def test_values_of_tokens_indices_and_constants(build: Build) -> None:
    assert values(build.tokens, ["b", "a"]) == typed("b", "a")
    assert values(build.indices, ["b", "a", "a"]) == typed(0, 1, 2)
    assert values(build.constant(Fraction(4, 2)), [0, 0]) == typed(2, 2)
    assert values(build.constant("x"), []) == []


THIRD = Fraction(1, 3)

#: For each operation: arguments and what comes of them; a reason where nothing does.
OPERATION_CASES: list[tuple[str, tuple[Scalar, ...], Scalar | Undefined]] = [
    ("add", (2, 3), 5),
    ("add", (True, True), 2),
    ("add", (THIRD, Fraction(2, 3)), 1),
    ("add", ("a", "b"), "ab"),
    ("add", ("a", 1), Undefined("`+` of a string and a number")),
    ("sub", (2, 3), -1),
    ("sub", ("a", "b"), Undefined("`-` of a string")),
    ("mul", (THIRD, 3), 1),
    ("mul", (True, 4), 4),
    ("div", (1, 3), THIRD),
    ("div", (6, 3), 2),
    ("div", (1, 0), Undefined("division by zero")),
    ("floordiv", (-7, 2), -4),
    ("floordiv", (1, 0), Undefined("division by zero")),
    ("mod", (-7, 3), 2),
    ("mod", (7, -3), -2),
    ("mod", (Fraction(5, 2), 1), Fraction(1, 2)),
    ("mod", (1, 0), Undefined("division by zero")),
    ("pow", (2, 10), 1024),
    ("pow", (2, -1), Fraction(1, 2)),
    ("pow", (4, Fraction(1, 2)), 2.0),
    ("pow", (-4, Fraction(1, 2)), Undefined("a fractional power of a negative number")),
    ("pow", (0, -1), Undefined("division by zero")),
    ("pow", (2, 10**6), Undefined("a number too large to hold")),
    ("neg", (True,), -1),
    ("neg", ("a",), Undefined("`-` of a string")),
    ("pos", (True,), 1),
    ("abs", (-THIRD,), THIRD),
    ("round", (Fraction(5, 2),), 2),
    ("round", (Fraction(7, 2),), 4),
    ("indicator", ("",), 0),
    ("indicator", ("a",), 1),
    ("indicator", (0,), 0),
    ("eq", (1, True), True),
    ("eq", ("1", 1), False),
    ("ne", ("a", "b"), True),
    ("lt", ("a", "b"), True),
    ("lt", (THIRD, 1), True),
    ("lt", ("a", 1), Undefined("`<` of a string and a number")),
    ("le", (2, 2), True),
    ("gt", (2, 2), False),
    ("ge", (2, "a"), Undefined("`>=` of a string and a number")),
    ("and", (2, "a"), True),
    ("and", (0, "a"), False),
    ("or", (0, ""), False),
    ("or", (0, "a"), True),
    ("not", ("",), True),
    ("where", (True, "a", 2), "a"),
    ("where", (0, "a", 2), 2),
    ("str", (3,), "3"),
    ("str", (Fraction(1, 2),), "0.5"),
    ("int", ("12",), 12),
    ("int", ("a",), Undefined("`a` is not an integer")),
    ("float", ("0.5",), Fraction(1, 2)),
    ("bool", ("False",), True),
    ("bool", ("",), False),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), OPERATION_CASES)
def test_values_of_operations(build: Build, name: str, arguments: tuple[Scalar, ...], expected: Value) -> None:
    node = build.op(name, *(build.constant(argument) for argument in arguments))
    assert values(node, ["x", "x"]) == typed(expected, expected)


def test_every_operation_has_a_case() -> None:
    assert {name for name, _, _ in OPERATION_CASES} == set(OPERATIONS)


def test_an_undefined_argument_makes_the_result_undefined_except_in_the_branch_not_chosen(build: Build) -> None:
    ratio = build.op("div", build.constant(6), build.indices)
    at_start = build.op("eq", build.indices, build.constant(0))
    assert values(build.op("neg", ratio), "abc") == typed(Undefined("division by zero"), -6, -3)
    assert values(build.op("where", at_start, build.constant(0), ratio), "abc") == typed(0, 6, 3)
    # A condition that is undefined leaves the choice open, and `and` needs both sides.
    assert values(build.op("where", ratio, at_start, at_start), "a") == typed(Undefined("division by zero"))
    assert values(build.op("and", build.constant(False), ratio), "a") == typed(Undefined("division by zero"))
    assert values(build.op("eq", ratio, ratio), "a") == typed(Undefined("division by zero"))


def test_a_table_gives_its_row_or_otherwise(build: Build) -> None:
    rows: list[tuple[tuple[Scalar, ...], Scalar]] = [(("a",), 1), (("b",), Fraction(4, 2))]
    node = build.graph.table([build.tokens], rows, None, "dict", SPAN)
    assert values(node, "abz") == typed(1, 2, Undefined('dict: nothing for "z"'))
    with_default = build.graph.table([build.tokens], rows, "?", "dict", SPAN)
    assert values(with_default, "abz") == typed(1, 2, "?")


def test_a_table_takes_true_for_one(build: Build) -> None:
    rows: list[tuple[tuple[Scalar, ...], Scalar]] = [((0, "a"), "first"), ((1, "b"), "second")]
    is_b = build.op("eq", build.tokens, build.constant("b"))
    node = build.graph.table([is_b, build.tokens], rows, None, "list index", SPAN)
    assert values(node, "ab") == typed("first", "second")
    assert values(node, "c") == typed(Undefined('list index: nothing for false, "c"'))
    halved = build.op("div", build.indices, build.constant(0))
    undefined = build.graph.table([halved, build.tokens], rows, "?", "list index", SPAN)
    assert values(undefined, "a") == typed(Undefined("division by zero"))


@pytest.mark.parametrize(
    ("comparison", "rows"),
    [
        ("==", [[True, False], [False, True]]),
        ("!=", [[False, True], [True, False]]),
        # Row 0 is the query at position 0, and the key at position 1 is larger.
        ("<", [[False, False], [True, False]]),
        ("<=", [[True, False], [True, True]]),
        (">", [[False, True], [False, False]]),
        (">=", [[True, True], [False, True]]),
    ],
)
def test_select_compares_key_with_query(build: Build, comparison: Comparison, rows: Selection) -> None:
    assert cells(build.select(build.indices, build.indices, comparison), "ab") == rows
    assert cells(build.select(build.tokens, build.tokens, comparison), "ab") == rows


def test_ordering_strings_with_numbers_is_undefined(build: Build) -> None:
    undefined = Undefined("`<` of a string and a number")
    assert cells(build.select(build.tokens, build.constant(1), "=="), ["a", 1]) == [[False, True], [False, True]]
    assert cells(build.select(build.tokens, build.constant(1), "!="), ["a", 1]) == [[True, False], [True, False]]
    assert cells(build.select(build.tokens, build.constant(1), "<"), ["a", 0]) == [[undefined, True]] * 2
    assert cells(build.select(build.constant("a"), build.constant(1), "<"), ["x"]) == [[undefined]]


def test_and_or_not_of_selectors(build: Build) -> None:
    before = build.select(build.indices, build.indices, "<")
    same = build.select(build.tokens, build.tokens, "==")
    assert cells(build.graph.selector_and(before, same, SPAN), "aab") == [
        [False, False, False],
        [True, False, False],
        [False, False, False],
    ]
    assert cells(build.graph.selector_or(before, same, SPAN), "aab") == [
        [True, True, False],
        [True, True, False],
        [True, True, True],
    ]
    assert cells(build.graph.selector_not(before, SPAN), "ab") == [[True, True], [False, True]]


@pytest.mark.parametrize("text", ["", "a", "aab", "abba", "baabab"])
def test_a_pick_keeps_one_of_the_selected_positions(build: Build, text: str) -> None:
    same = build.select(build.tokens, build.tokens, "==")
    others = build.graph.selector_and(same, build.select(build.indices, build.indices, "!="), SPAN)
    places = range(len(text))
    for query in places:
        keys = [key for key in places if text[key] == text[query] and key != query]
        expected: dict[Which, list[int]] = {
            "first": keys[:1],
            "last": keys[-1:],
            "nearest": sorted(keys, key=lambda key: (abs(key - query), key))[:1],
        }
        for which, kept in expected.items():
            row = cells(build.graph.selector_pick(others, which, SPAN), text)[query]
            assert row == [key in kept for key in places]


def test_a_pick_from_a_row_with_an_undefined_cell_is_undefined(build: Build) -> None:
    ratio = build.op("div", build.constant(2), build.indices)
    equal = build.select(ratio, build.indices, "==")
    undefined = Undefined("division by zero")
    assert cells(build.graph.selector_pick(equal, "last", SPAN), "abc") == [[undefined] * 3] * 3


def test_a_causal_pick_keeps_one_of_the_earlier_positions(build: Build) -> None:
    last = build.graph.selector_pick(build.everything(), "last", SPAN)
    rows = evaluate([last], "abc", causal=True)[last]
    assert rows == [[True, False, False], [False, True, False], [False, False, True]]


def test_an_undefined_cell_makes_its_row_undefined(build: Build) -> None:
    ratio = build.op("div", build.constant(2), build.indices)
    undefined = Undefined("division by zero")
    equal = build.select(build.indices, ratio, "==")
    assert cells(equal, "abc") == [[undefined] * 3, [False, False, True], [False, True, False]]
    for combined in (
        build.graph.selector_and(build.nothing(), equal, SPAN),
        build.graph.selector_or(equal, build.everything(), SPAN),
        build.graph.selector_not(equal, SPAN),
    ):
        assert cells(combined, "abc")[0] == [undefined] * 3
    assert values(build.aggregate(equal, build.tokens, "-"), "abc") == typed(undefined, "c", "b")
    assert values(build.width(equal), "abc") == typed(undefined, 1, 1)
    # As a key it is one column of every row.
    assert values(build.width(build.select(ratio, build.indices, "==")), "ab") == typed(undefined, undefined)


def test_aggregate_of_one_position_is_its_value(build: Build) -> None:
    itself = build.select(build.indices, build.indices, "==")
    assert values(build.aggregate(itself, build.tokens), ["a", "b"]) == typed("a", "b")
    is_a = build.op("eq", build.tokens, build.constant("a"))
    assert values(build.aggregate(itself, is_a), ["a", "b"]) == typed(True, False)
    assert values(build.aggregate(itself, build.constant(0.5)), ["a"]) == typed(0.5)


def test_aggregate_of_several_is_their_exact_mean(build: Build) -> None:
    mean = build.aggregate(build.everything(), build.tokens)
    assert values(mean, [1, 2, 3])[0] == ("int", 2)
    assert values(mean, [1, 1, 2])[0] == ("Fraction", Fraction(4, 3))
    assert values(mean, [THIRD, Fraction(2, 3)])[0] == ("Fraction", Fraction(1, 2))
    assert values(mean, [10**300, 10**300 + 1])[0] == ("Fraction", 10**300 + Fraction(1, 2))
    assert values(mean, [0.1] * 3)[0] == ("float", 0.1)
    assert values(mean, [1e308, 1e308])[0] == ("float", 1e308)
    assert values(mean, [10**400, 0.5])[0] == ("Undefined", Undefined("a number too large to hold"))


def test_booleans_count_as_numbers_in_a_mean(build: Build) -> None:
    is_a = build.op("eq", build.tokens, build.constant("a"))
    mean = build.aggregate(build.everything(), is_a)
    assert values(mean, "ab")[0] == ("Fraction", Fraction(1, 2))
    assert values(mean, "aa")[0] == ("int", 1)
    assert values(build.aggregate(build.everything(), build.tokens), [True, 2])[0] == ("Fraction", Fraction(3, 2))


def test_aggregate_of_several_strings_needs_them_equal(build: Build) -> None:
    mean = build.aggregate(build.everything(), build.tokens)
    assert values(mean, "aa") == typed("a", "a")
    assert values(mean, "ab")[0] == (
        "Undefined",
        Undefined("several positions are selected and hold different strings"),
    )
    assert values(mean, ["a", 1])[0] == ("Undefined", Undefined("the mean of strings and numbers"))


def test_aggregate_ignores_what_it_does_not_select(build: Build) -> None:
    ratio = build.op("div", build.constant(6), build.indices)
    later = build.select(build.indices, build.constant(0), ">")
    assert values(build.aggregate(later, ratio), "abc") == typed(*[Fraction(9, 2)] * 3)
    assert values(build.aggregate(build.everything(), ratio), "ab") == typed(*[Undefined("division by zero")] * 2)


def test_the_default_is_the_value_where_nothing_is_selected(build: Build) -> None:
    nothing, is_a = build.nothing(), build.op("eq", build.tokens, build.constant("a"))
    assert values(build.aggregate(nothing, build.tokens, "-"), "ab") == typed("-", "-")
    assert values(build.aggregate(nothing, build.indices, Fraction(4, 2)), "a") == typed(2)
    assert values(build.aggregate(nothing, build.tokens, False), "a") == typed(False)
    assert values(build.aggregate(nothing, build.indices), "a") == typed(0)
    assert values(build.aggregate(nothing, is_a), "a") == typed(False)


def test_without_default_an_empty_selection_of_strings_is_undefined(build: Build) -> None:
    reason = Undefined("an empty selection of strings and no default")
    strings = build.aggregate(build.nothing(), build.tokens)
    assert values(strings, "ab") == typed(reason, reason)
    # The kinds of all possible values decide, not the values on this input.
    assert values(strings, ["a", 1]) == typed(0, 0)
    assert evaluate([strings], ["a"], vocabulary=["a", 1])[strings] == [0]
    mixed = build.op("where", build.indices, build.tokens, build.constant(1))
    assert values(build.aggregate(build.nothing(), mixed), "ab") == typed(0, 0)


def test_the_width_counts_the_selected_positions(build: Build) -> None:
    assert values(build.width(build.select(build.tokens, build.tokens, "==")), "aab") == typed(2, 2, 1)
    assert values(build.width(build.nothing()), "a") == typed(0)


def test_a_selector_sum_adds_the_selected_values(build: Build) -> None:
    total = build.graph.selector_sum(build.select(build.indices, build.indices, "<="), build.tokens, SPAN)
    assert values(total, [1, THIRD, True]) == typed(1, Fraction(4, 3), Fraction(7, 3))
    assert values(total, [True, 0.1, 0.2]) == typed(1, 1.1, 1.3)
    assert values(total, ["a"]) == typed(Undefined("the sum of several strings"))
    assert values(total, [1, "a"]) == typed(1, Undefined("the sum of strings and numbers"))
    assert values(build.graph.selector_sum(build.nothing(), build.tokens, SPAN), ["a", 1]) == typed(0, 0)


def test_causal_selectors_see_no_later_position(build: Build) -> None:
    everything = build.everything()
    assert cells(everything, "abc", causal=True) == [[True, False, False], [True, True, False], [True, True, True]]
    assert values(build.width(everything), "abc", causal=True) == typed(1, 2, 3)
    inverted = build.graph.selector_not(build.select(build.tokens, build.tokens, "=="), SPAN)
    assert values(build.width(inverted), "aab", causal=True) == typed(0, 0, 2)
    assert values(build.aggregate(everything, build.indices), "abc", causal=True) == typed(0, Fraction(1, 2), 1)
    # An undefined comparison with a later position is never made.
    ratio = build.op("div", build.constant(1), build.op("sub", build.indices, build.constant(2)))
    selector = build.select(ratio, build.constant(5), "==")
    assert values(build.width(selector), "abc", causal=True) == typed(0, 0, Undefined("division by zero"))


def test_evaluate_gives_every_node_once(build: Build) -> None:
    same = build.select(build.tokens, build.tokens, "==")
    width = build.width(same)
    doubled = build.op("add", width, width)
    assert set(evaluate([doubled], "ab")) == {build.tokens, same, width, doubled}


def test_graphs_may_be_of_any_depth_and_share_nodes(build: Build) -> None:
    """A recursive walk would overflow; one that is not memoised would take 2^5000 steps."""
    node: SOp = build.indices
    for _ in range(5000):
        node = build.op("mod", build.op("add", node, node), build.constant(7))
    assert values(node, "ab") == typed(0, pow(2, 5000, 7))


def test_nodes_of_an_unknown_class_raise_type_error() -> None:
    with pytest.raises(TypeError, match="no meaning for SOp"):
        evaluate([SOp(0, SPAN)], "a")
    with pytest.raises(TypeError, match="no meaning for Selector"):
        evaluate([Selector(0, SPAN)], "a")
    assert evaluate([Node(0, SPAN)], "a") == {}
