"""Kinds of an s-op's values (numbers, truths, strings), and how values of these kinds are shown."""

from __future__ import annotations

from fractions import Fraction

import pytest
from raspc.compiler.graph.graph import Graph, SOp
from raspc.compiler.graph.operations import OPERATIONS, apply
from raspc.compiler.graph.result_types import BOOL, NOTHING, NUMBER, STRING, Kinds, infer, present
from raspc.compiler.graph.values import Scalar, Undefined
from raspc.rasp_grammar.span import Source, Span

SPAN = Span(Source("test.rasp", "x"), 0, 1)
STRING_OR_NUMBER = STRING | NUMBER


def kinds(node: SOp, *vocabulary: Scalar) -> Kinds:
    return infer([node], vocabulary)[node]


def test_tokens_have_the_kinds_of_the_vocabulary() -> None:
    graph = Graph()
    tokens = graph.tokens(SPAN)
    assert kinds(tokens, "a", "b") == STRING
    assert kinds(tokens, 1, Fraction(1, 2), 0.5) == NUMBER
    assert kinds(tokens, True, "a") == BOOL | STRING
    assert kinds(graph.indices(SPAN)) == NUMBER
    assert kinds(graph.constant(True, SPAN)) == BOOL
    everything = graph.select(tokens, tokens, "==", SPAN)
    assert kinds(graph.selector_width(everything, SPAN), "a") == NUMBER


EXAMPLES: dict[str, Scalar] = {"bool": True, "number": 3, "string": "1"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_kinds_of_an_operation_are_those_of_its_values(name: str) -> None:
    """On one value of each kind, an operation gives a kind that was foreseen, or nothing."""
    graph = Graph()
    arity = OPERATIONS[name].arity
    for first in EXAMPLES.values():
        for second in EXAMPLES.values():
            arguments = (first, second, second)[:arity] if name != "where" else (True, first, second)
            node = graph.elementwise(name, [graph.constant(value, SPAN) for value in arguments], SPAN)
            value = apply(name, arguments)
            if not isinstance(value, Undefined):
                shown = "bool" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"
                assert shown in kinds(node)
                assert repr(present(value, kinds(node))) == repr(value) or name == "where"


def test_a_sum_is_a_string_or_a_number_as_its_operands_are() -> None:
    graph = Graph()
    tokens, one, text = graph.tokens(SPAN), graph.constant(1, SPAN), graph.constant("x", SPAN)
    assert kinds(graph.elementwise("add", [tokens, tokens], SPAN), "a", 1) == STRING_OR_NUMBER
    assert kinds(graph.elementwise("add", [tokens, text], SPAN), "a", 1) == STRING
    assert kinds(graph.elementwise("add", [tokens, one], SPAN), True) == NUMBER
    assert kinds(graph.elementwise("add", [text, one], SPAN)) == NOTHING


def test_choices_and_tables_have_the_kinds_of_their_branches_and_rows() -> None:
    graph = Graph()
    tokens = graph.tokens(SPAN)
    choice = graph.elementwise("where", [tokens, graph.constant("a", SPAN), graph.constant(1, SPAN)], SPAN)
    assert kinds(choice, 0) == STRING_OR_NUMBER
    rows: list[tuple[tuple[Scalar, ...], Scalar]] = [((0,), True), ((1,), "a")]
    assert kinds(graph.table([tokens], rows, None, "dict", SPAN), 0) == BOOL | STRING
    assert kinds(graph.table([tokens], rows, 2, "dict", SPAN), 0) == BOOL | STRING | NUMBER


@pytest.mark.parametrize(
    ("vocabulary", "default", "expected"),
    [
        ((True, False), None, BOOL),
        ((True, False), False, BOOL),
        ((True, False), 0, BOOL),
        ((True, False), 1, BOOL),
        ((True, False), 2, BOOL | NUMBER),
        ((True, False), "-", BOOL | STRING),
        ((True, "a"), 0, BOOL | STRING),
        ((1, 2), None, NUMBER),
        ((1, 2), True, NUMBER | BOOL),
        (("a",), None, STRING),
        (("a",), 0, STRING_OR_NUMBER),
        (("a", 1), None, STRING_OR_NUMBER),
    ],
)
def test_an_aggregate_has_the_kinds_of_its_values_and_default(
    vocabulary: tuple[Scalar, ...], default: Scalar | None, expected: Kinds
) -> None:
    graph = Graph()
    tokens = graph.tokens(SPAN)
    node = graph.aggregate(graph.select(tokens, tokens, "==", SPAN), tokens, default, SPAN)
    assert kinds(node, *vocabulary) == expected


def test_an_aggregate_of_undefined_values_is_a_number_where_nothing_is_selected() -> None:
    graph = Graph()
    never = graph.elementwise("add", [graph.constant("a", SPAN), graph.constant(1, SPAN)], SPAN)
    tokens = graph.tokens(SPAN)
    assert kinds(graph.aggregate(graph.select(tokens, tokens, "!=", SPAN), never, None, SPAN), "a") == NUMBER


@pytest.mark.parametrize(
    ("value", "kinds", "shown"),
    [
        (1, BOOL, "True"),
        (0, BOOL, "False"),
        (True, BOOL, "True"),
        (1.0, BOOL, "True"),
        (Fraction(1, 2), BOOL, "Fraction(1, 2)"),
        (1, BOOL | STRING, "True"),
        ("a", BOOL | STRING, "'a'"),
        (True, NUMBER, "1"),
        (True, BOOL | NUMBER, "1"),
        (False, BOOL | NUMBER, "0"),
        (2, NUMBER, "2"),
        (0.5, NUMBER, "0.5"),
        ("a", STRING, "'a'"),
    ],
)
def test_kinds_decide_how_zero_and_one_are_printed(value: Scalar, kinds: Kinds, shown: str) -> None:
    assert repr(present(value, kinds)) == shown
