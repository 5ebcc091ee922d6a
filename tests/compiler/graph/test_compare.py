"""Digests tell graphs apart by what they compute, not by order, names or spelling of finite functions."""

from __future__ import annotations

import pytest
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.compare import digest, same_program
from raspc.compiler.graph.graph import Graph, Program, SOp
from raspc.rasp_grammar.span import Source, Span

SPAN = Span(Source("<test>", ""), 0, 0)


def program(text: str) -> Program:
    return elaborate(Source("<test>", f'set vocab "abc"; set max_length 4; {text}'))


def of_graph(graph: Graph, output: SOp) -> str:
    return digest(Program(graph, (("output", output),), None, None, ()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = tokens == 'a'; y = x and indices > 1; y;", "k = indices > 1; tokens == 'a' and k;"),
        ("tokens == 'a';", "tokens in ['a'];"),
        ("tokens != 'a';", "False if tokens == 'a' else True;"),
        ("{'a': 1, 'b': 2}[tokens];", "{'b': 2, 'a': 1}[tokens];"),
        (
            "{'a': 1, 'b': 2}[tokens] if tokens in ['a', 'b'] else 0;",
            "1 if tokens == 'a' else (2 if tokens == 'b' else 0);",
        ),
        ("1 if tokens in ['a', 'b'] else 2;", "(1 if tokens == 'b' else 2) if tokens != 'a' else 1;"),
        ("indices == 1;", "indices in [True];"),
    ],
)
def test_one_function_has_one_digest(one: str, other: str) -> None:
    assert digest(program(one)) == digest(program(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tokens == 'a';", "tokens == 'b';"),
        ("indices + 1;", "1 + indices;"),
        ("indices + 1;", "indices + True;"),
        ("{'a': 1}[tokens];", "1 if tokens == 'a' else 0;"),
        ("{'a': 1}[tokens];", "{'a': True}[tokens];"),
        ("aggregate(select(tokens, 'a', ==), 1);", "aggregate(select(tokens, 'a', ==), 1, 0);"),
        ("selector_width(select(tokens, tokens, <));", "selector_width(select(tokens, tokens, >));"),
        # The second is undefined where the index is no place of the list.
        ("1;", "1 if [0, 0, 0][indices] in [] else 1;"),
    ],
)
def test_other_functions_have_other_digests(one: str, other: str) -> None:
    assert digest(program(one)) != digest(program(other))


def test_declarations_and_names_of_outputs_belong_to_a_program() -> None:
    assert same_program(program("tokens;"), program("tokens;"))
    assert not same_program(program("tokens;"), program("set max_length 5; tokens;"))
    assert not same_program(program("x = tokens; x;"), program("y = tokens; y;"))


def test_a_table_of_two_inputs_is_the_ternary_that_chooses_by_the_first() -> None:
    graph = Graph()
    tokens, indices = graph.tokens(SPAN), graph.indices(SPAN)
    rows = [(("a", 0), 1), (("a", 1), 2), (("b", 1), 3)]
    table = graph.table([tokens, indices], rows, 0, "dict", SPAN)
    written = program(
        "({0: 1, 1: 2}[indices] if indices in [0, 1] else 0) if tokens == 'a'"
        " else (3 if tokens == 'b' and indices == 1 else 0);"
    )
    other = program(
        "({0: 1, 1: 2}[indices] if indices in [0, 1] else 0) if tokens == 'a'"
        " else ((3 if indices == 1 else 0) if tokens == 'b' else 0);"
    )
    assert of_graph(graph, table) == digest(other)
    # `and` is not looked into.
    assert of_graph(graph, table) != digest(written)


def test_a_constant_input_leaves_the_rows_of_its_value() -> None:
    graph = Graph()
    tokens, one = graph.tokens(SPAN), graph.constant(True, SPAN)
    table = graph.table([one, tokens], [((1, "a"), 5), ((2, "b"), 6)], 7, "dict", SPAN)
    assert of_graph(graph, table) == digest(program("5 if tokens == 'a' else 7;"))
