"""Programs built in Python compile, are saved, loaded and verified as those of texts are."""

from __future__ import annotations

from pathlib import Path

import pytest
import raspc
from raspc.compiler.elaborate import elaborate
from raspc.compiler.elaborate.from_graph import program_of_graph
from raspc.compiler.graph.compare import same_program
from raspc.compiler.graph.graph import Graph
from raspc.rasp_grammar.span import Source, Span
from raspc.runner.verify.verify import chosen_inputs, program_of, verify

SPAN = Span(Source("<test>", ""), 0, 0)


def sorting() -> raspc.ProgramBuilder:
    """Builds the program that sorts digits, and names its rank."""
    return raspc.ProgramBuilder(vocab=range(5), max_length=4)


def sorted_tokens(builder: raspc.ProgramBuilder) -> raspc.Program:
    tokens, indices = builder.tokens, builder.indices
    smaller = builder.select(tokens, tokens, "<")
    earlier_twin = builder.both(builder.select(tokens, tokens, "=="), builder.select(indices, indices, "<"))
    rank = builder.named("rank", builder.selector_width(builder.either(smaller, earlier_twin)), "Where a token goes.")
    return builder.program(builder.aggregate(builder.select(rank, indices, "=="), tokens))


TEXT = """set vocab range(5);
set max_length 4;

# Where a token goes.
rank = selector_width(
    select(tokens, tokens, <) or (select(tokens, tokens, ==) and select(indices, indices, <))
);
aggregate(select(rank, indices, ==), tokens);
"""


def test_the_source_is_the_text_of_the_graph() -> None:
    program = sorted_tokens(sorting())
    assert [source.text for source in program.sources] == [TEXT]
    assert program.vocabulary == (0, 1, 2, 3, 4)
    assert program.max_length == 4


def test_the_model_verifies_from_its_two_files(tmp_path: Path) -> None:
    compiled = raspc.compile(sorted_tokens(sorting()))
    written = compiled.save(tmp_path / "sort.safetensors")
    model = raspc.load(written.manifest)
    assert model.run([3, 1, 4, 1]) == [1, 1, 3, 4]
    assert model.manifest.program.files[0].text == TEXT
    inputs = chosen_inputs(model.manifest, exhaustive=True)
    (verdict,) = verify(model, program_of(model.manifest), inputs)
    assert verdict.comparison.compared == inputs.count
    assert verdict.comparison.counterexample is None


def test_it_means_what_the_text_means() -> None:
    assert raspc.interpret(sorted_tokens(sorting()), [3, 1, 4, 1]) == raspc.interpret(TEXT, [3, 1, 4, 1])


def test_vocabulary_and_length_can_be_others() -> None:
    program = sorted_tokens(sorting())
    assert raspc.interpret(program, "cab", vocab="abc") == ["a", "b", "c"]
    assert raspc.compile(program, max_length=3).manifest.max_length == 3


def test_several_outputs_have_names() -> None:
    builder = raspc.ProgramBuilder("abc", 4)
    is_a = builder.operation("eq", builder.tokens, "a")
    code = builder.table({"a": 1, "b": 2}, builder.tokens, otherwise=0)
    program = builder.program({"is_a": is_a, "code": code, "total": builder.operation("add", code, builder.length)})
    model = raspc.compile(program).model()
    assert model.outputs == ("is_a", "code", "total")
    assert model.run_outputs(["cab"]) == [{"is_a": [False, True, False], "code": [0, 1, 2], "total": [3, 4, 5]}]


def test_a_table_of_two_s_ops_compiles() -> None:
    builder = raspc.ProgramBuilder("ab", 3)
    rows = {("a", 0): "x", ("a", 1): "y", ("b", 1): "z"}
    program = builder.program(builder.table(rows, builder.tokens, builder.indices, otherwise="-"))
    assert raspc.compile(program).model().run("abb") == raspc.interpret(program, "abb") == ["x", "z", "-"]


def test_any_graph_has_a_program() -> None:
    graph = Graph()
    tokens = graph.tokens(SPAN)
    width = graph.selector_width(graph.selector_not(graph.select(tokens, tokens, "==", SPAN), SPAN), SPAN)
    program = program_of_graph(graph, width, vocabulary="ab", max_length=3)
    expected = elaborate(
        Source("<text>", 'set vocab "ab"; set max_length 3; selector_width(not select(tokens, tokens, ==));')
    )
    assert same_program(program, expected)


def test_wrong_calls_are_refused() -> None:
    builder = raspc.ProgramBuilder("ab", 3)
    with pytest.raises(ValueError, match="did you mean `add`"):
        builder.operation("addd", builder.tokens, 1)
    with pytest.raises(ValueError, match="'not' takes 1 inputs, not 2"):
        builder.operation("not", builder.tokens, 1)
    with pytest.raises(ValueError, match="keys of a table of 2 s-ops have 2 values"):
        builder.table({"a": 1}, builder.tokens, builder.indices)
    with pytest.raises(ValueError, match="'if' is no name"):
        builder.program({"if": builder.tokens})
    with pytest.raises(ValueError, match="at least one output"):
        builder.program({})
    with pytest.raises(raspc.RaspError, match="wrong-length"):
        raspc.ProgramBuilder("ab", 0).program(builder.tokens)
    with pytest.raises(raspc.RaspError, match="not-expressible"):
        builder.program(builder.operation("eq", builder.tokens, "\n"))
