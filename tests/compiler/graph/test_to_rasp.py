"""The text of a graph elaborates to the same graph, and reads as if a person had written it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from raspc.compiler.analysis.domains import Space
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.compare import digest, same_program
from raspc.compiler.graph.graph import Graph, Program, SelectorPick, SOp
from raspc.compiler.graph.name_nodes import NodeNames
from raspc.compiler.graph.to_rasp import to_rasp
from raspc.compiler.graph.values import Scalar, Undefined, scalar_key
from raspc.compiler.graph.walk import reachable
from raspc.compiler.interpret.interpreter import evaluate
from raspc.compiler.simplify.rewrite import simplify
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.names import KEYWORDS, REFERENCE_WORDS, library_names
from raspc.rasp_grammar.span import Source, Span

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted((ROOT / "programs").rglob("*.rasp"))

SPAN = Span(Source("<test>", ""), 0, 0)


def elaborated(text: str) -> Program:
    return elaborate(Source("program.rasp", text))


def space(program: Program) -> Space:
    assert program.vocabulary is not None
    assert program.max_length is not None
    return Space(program.vocabulary, program.max_length, False)


def simplified(program: Program) -> Program:
    return simplify(program, space(program)).program


def without_names(program: Program) -> Program:
    """The same nodes, without any name: another graph has none for them."""
    return replace(program, graph=Graph())


def differs(program: Program) -> str:
    """The text of a program and the difference that it makes; empty if there is none."""
    text = to_rasp(program)
    again = elaborate(Source("again.rasp", text), entries=program.entries)
    if again.warnings:
        return f"{again.warnings[0].render()}\n{text}"
    if not same_program(simplified(again), simplified(program)):
        return text
    # The simplified program can be written as text, too.
    made = simplify(program, space(program))
    if _picks(made.program):
        return ""  # picks of several selectors are then positions to compare, which simplify further
    text = to_rasp(made.program, never_empty=made.analysis.selectors.never_empty)
    return "" if digest(simplified(elaborated(text))) == digest(simplified(program)) else text


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_text_of_a_shipped_program_has_its_graph(path: Path) -> None:
    program = elaborate(Source(str(path), path.read_text(encoding="utf-8")))
    assert differs(program) == ""


def test_the_text_of_a_random_program_has_its_graph(random_programs: Sequence[Source]) -> None:
    wrong = [(source.text, differs(elaborate(source))) for source in random_programs]
    assert [pair for pair in wrong if pair[1] != ""] == []


def _picks(program: Program) -> bool:
    return any(isinstance(node, SelectorPick) for node in reachable([node for _, node in program.outputs]))


def test_names_that_are_invented_are_valid_and_unique(random_programs: Sequence[Source]) -> None:
    kept = KEYWORDS | REFERENCE_WORDS | library_names()
    for source in random_programs[:100]:
        text = to_rasp(without_names(elaborate(source)))
        outputs = [name for name, _ in elaborate(source).outputs]
        names = [name for name in re.findall(r"^(\w+) = ", text, re.M) if name not in outputs]
        assert len(set(names)) == len(names), text
        assert not kept.intersection(names), text
        assert not [name for name in names if re.fullmatch(r"[a-z]{0,2}\d*", name)], text


PROGRAMS = {
    "sort": "programs/paper/sort.rasp",
    "dyck2": "programs/paper/dyck2.rasp",
    "most_frequent": "programs/paper/sort_by_frequency.rasp",
    "long_addition": "programs/hard/long_addition.rasp",
    "induction": "programs/hard/induction_head.rasp",
    "next_same": "programs/strings/next_same.rasp",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_graph_without_names_reads_well(name: str, golden: Callable[..., None]) -> None:
    program = elaborated((ROOT / PROGRAMS[name]).read_text(encoding="utf-8"))
    golden(to_rasp(without_names(program)))


def test_a_persons_names_stay() -> None:
    text = """set vocab "abc";
set max_length 4;

earlier = select(tokens, tokens, ==) and select(indices, indices, <);
seen_before = selector_width(earlier) > 0;
mine = "again" if seen_before else "new";
mine;
"""
    assert to_rasp(elaborated(text)) == text


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        ("rank", "rank"),
        ("sort.rank", "rank"),
        ("max", "max_2"),
        ("on", "on_2"),
        ("for", "for_"),
        ("my name", "my_name"),
        ("2nd", "n_2nd"),
        ("été", "t"),
        ("_hidden", "_hidden"),
        ("!!", "total"),
    ],
)
def test_names_are_made_valid(named: str, kept: str) -> None:
    graph = Graph()
    node = graph.elementwise("add", [graph.indices(SPAN), graph.indices(SPAN)], SPAN)
    names = NodeNames()
    assert names.give(node, named) == kept
    assert names.give(node, named) != kept


# --- graphs that no text gave


class Made:
    """A graph for inputs over "abc", and its nodes."""

    def __init__(self, vocabulary: tuple[Scalar, ...] = ("a", "b", "c")) -> None:
        self.graph = Graph()
        self.vocabulary = vocabulary
        self.tokens = self.graph.tokens(SPAN)
        self.indices = self.graph.indices(SPAN)

    def constant(self, value: Scalar) -> SOp:
        return self.graph.constant(value, SPAN)

    def op(self, name: str, *inputs: SOp) -> SOp:
        return self.graph.elementwise(name, inputs, SPAN)

    def table(self, inputs: Sequence[SOp], rows: dict[tuple[Scalar, ...], Scalar], otherwise: Scalar | None) -> SOp:
        return self.graph.table(inputs, rows.items(), otherwise, "dict", SPAN)

    def program(self, *outputs: SOp) -> Program:
        named = tuple((f"y{place}" if place else "output", node) for place, node in enumerate(outputs))
        entries = tuple(name for name, _ in named) if len(named) > 1 else ()
        return Program(self.graph, named, self.vocabulary, 4, (), entries=entries)


def test_a_table_is_a_dict_a_list_a_string_or_a_membership() -> None:
    made = Made()
    tables = {
        '{"a": 1, "b": 2}[tokens]': made.table([made.tokens], {("a",): 1, ("b",): 2}, None),
        'tokens in ["a", "b"]': made.table([made.tokens], {("a",): True, ("b",): True}, False),
        "[5, 6][indices]": made.table([made.indices], {(-2,): 5, (-1,): 6, (0,): 5, (1,): 6}, None),
        '"xy"[indices]': made.table([made.indices], {(-2,): "x", (-1,): "y", (0,): "x", (1,): "y"}, None),
        '{"a": 1, "b": 2}[tokens] if tokens in ["a", "b"] else 0': made.table([made.tokens], {("a",): 1, ("b",): 2}, 0),
        '7 if tokens in ["a", "b"] else 0': made.table([made.tokens], {("a",): 7, ("b",): 7}, 0),
    }
    for text, node in tables.items():
        program = made.program(node)
        assert to_rasp(program).splitlines()[-1] == f"{text};"
        assert differs(program) == ""


def test_a_table_of_several_s_ops_is_a_choice_between_dicts() -> None:
    made = Made()
    rows: dict[tuple[Scalar, ...], Scalar] = {("a", 0): 1, ("a", 1): 2, ("b", 0): 1, ("b", 1): 2, ("c", 1): 3}
    for otherwise in (None, 0):
        program = made.program(made.table([made.tokens, made.indices], rows, otherwise))
        assert differs(program) == ""
    assert "{0: 1, 1: 2}[indices] if indices in [0, 1] else 0" in to_rasp(program)
    three = made.table([made.tokens, made.indices, made.tokens], {("a", 0, "a"): "x", ("a", 1, "a"): "y"}, "z")
    assert differs(made.program(three)) == ""


def test_a_table_of_an_undefined_value_stays_undefined() -> None:
    made = Made()
    half = made.op("div", made.indices, made.indices)
    table = made.table([made.tokens, half], {("a", 1): 1}, 2)
    program = made.program(table)
    text = to_rasp(program)
    assert differs(program) == ""
    again = elaborated(text)
    for tokens in ("ab", "cc"):
        assert _values(program, tokens) == _values(again, tokens)


def _values(program: Program, tokens: Sequence[Scalar]) -> list[object]:
    """The output's values, None where it is undefined."""
    node = program.outputs[0][1]
    return [None if isinstance(value, Undefined) else value for value in evaluate([node], list(tokens))[node]]


@pytest.mark.parametrize(
    "value",
    [
        *(True, False, 0, -3, 10**30, 7 * 10**1200 + 1),
        *(Fraction(1, 2), Fraction(-1, 3), Fraction(1, 10**9), Fraction(10**1100 + 1, 3)),
        *(2.0**0.5, -(3.0**0.5), 0.1, 1e300, -1e-300, 2.0),
        *("", "a b", 'say "a"', "it's", "'\"'", "é"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_any_plain_value_can_be_written(value: Scalar) -> None:
    made = Made(vocabulary=("a", value))
    table = made.table([made.tokens], {("a",): value}, None)
    mean = made.graph.aggregate(made.graph.select(made.tokens, made.constant(value), "==", SPAN), table, None, SPAN)
    again = elaborated(to_rasp(made.program(mean)))
    assert digest(again) == digest(made.program(mean))
    assert again.vocabulary is not None
    assert scalar_key(again.vocabulary[1]) == scalar_key(value)


def test_an_operation_on_constants_is_not_computed_too_early() -> None:
    made = Made()
    zero, one = made.constant(0), made.constant(1)
    undefined = made.op("div", one, zero)
    program = made.program(made.op("where", made.op("eq", made.tokens, made.constant("a")), undefined, made.indices))
    assert "aggregate(full_s, 1) / 0" in to_rasp(program)
    assert differs(program) == ""
    for op in ("add", "and", "or"):
        assert differs(made.program(made.op(op, zero, one))) == ""
    assert differs(made.program(made.op("where", one, made.tokens, made.indices))) == ""
    assert differs(made.program(made.op("not", one))) == ""
    assert differs(made.program(one)) == ""


def test_sums_are_means_times_widths() -> None:
    made = Made(vocabulary=(0, 1, 2))
    same = made.graph.select(made.tokens, made.tokens, "==", SPAN)
    program = made.program(made.graph.selector_sum(same, made.indices, SPAN))
    assert "aggregate(same_token, indices) * selector_width(same_token);" in to_rasp(program)
    assert differs(program) == ""


def test_a_sum_divided_by_a_width_stays_undefined_where_nothing_is_selected() -> None:
    made = Made(vocabulary=(0, 1, 2))
    ones = made.graph.select(made.tokens, made.constant(1), "==", SPAN)
    total = made.graph.selector_sum(ones, made.indices, SPAN)
    program = made.program(made.op("div", total, made.graph.selector_width(ones, SPAN)))
    assert [_values(one, [0, 2]) for one in (program, elaborated(to_rasp(program)))] == [[None, None], [None, None]]
    assert "/ selector_width(" in to_rasp(program)
    assert "/ selector_width(" not in to_rasp(program, never_empty=lambda _: True)


def test_outputs_keep_their_names() -> None:
    text = "set vocab range(3); set max_length 4; "
    text += "length_of = length; length = indices; x = tokens + 1; y = x; max = tokens;"
    program = elaborate(Source("program.rasp", text), entries=["length", "x", "length_of", "y", "max"])
    again = elaborate(Source("again.rasp", to_rasp(program)), entries=program.entries)
    assert [name for name, _ in again.outputs] == ["length", "x", "length_of", "y", "max"]
    assert digest(again) == digest(program)


@pytest.mark.parametrize(
    "text", ["tokens;", "(tokens);", "3;", "x = tokens + tokens; x;", "indices + 1;", "length;", "z = tokens; z;"]
)
def test_the_only_output_keeps_its_name(text: str) -> None:
    program = elaborated(f"set vocab range(3); set max_length 4; {text}")
    again = elaborated(to_rasp(program))
    assert [name for name, _ in again.outputs] == [name for name, _ in program.outputs]


def test_comments_stand_above_the_statement_of_a_node() -> None:
    program = elaborated('set vocab "ab"; set max_length 3; tokens == "a";')
    assert to_rasp(program, {program.outputs[0][1]: "Found by search."}).endswith(
        '\n# Found by search.\noutput = tokens == "a";\noutput;\n'
    )


def test_what_no_text_has_is_refused() -> None:
    made = Made()
    with pytest.raises(RaspError, match="not-expressible"):
        to_rasp(made.program(made.op("int", made.op("add", made.tokens, made.tokens))))
    with pytest.raises(RaspError, match="line break"):
        to_rasp(made.program(made.op("eq", made.tokens, made.constant("a\nb"))))


def test_a_long_chain_is_one_statement_and_a_very_long_one_several() -> None:
    made = Made()
    total: SOp = made.indices
    for number in range(1, 2000):
        total = made.op("add", total, made.constant(number))
    program = made.program(total)
    text = to_rasp(program)
    assert text.count(";") > 10
    assert digest(elaborated(text)) == digest(program)
