"""Whole programs: outputs and entries, `load`, declarations, names and spans of nodes, and limits."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from raspc.compiler.elaborate import elaborate, parse_vocabulary, require_input_space
from raspc.compiler.graph.graph import Program
from raspc.compiler.graph.print_graph import MAX_DESCRIPTION, describe, format_graph
from raspc.compiler.graph.walk import reachable
from raspc.compiler.interpret.interpreter import evaluate
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.source_file import read_source
from raspc.rasp_grammar.span import Source

PROGRAMS = Path(__file__).parents[3] / "programs"


def program(text: str, **options: object) -> Program:
    return elaborate(Source("test.rasp", text), **options)  # type: ignore[arg-type]


def codes(run: Callable[[], object]) -> list[str]:
    with pytest.raises(RaspError) as caught:
        run()
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


# --- outputs


@pytest.mark.parametrize(
    ("text", "name", "expression"),
    [
        ("indices; tokens;", "tokens", "tokens"),
        ("x = indices + 1; x;", "x", "indices + 1"),
        ("x = indices + 1; (x);", "x", "indices + 1"),
        ("x = indices + 1; x + 1;", "output", "x + 1"),
        ("indices; 5; [1]; def f() { return 1; } f;", "indices", "indices"),
        ("1; 2 + 3;", "output", "5"),
        ("full_s; indices;", "indices", "indices"),
        ('indices; indices("ab");', "indices", "indices"),
        ("def f(x) { tokens; return x; } f(indices);", "output", "indices"),
    ],
)
def test_the_output_is_the_last_statement_with_an_sop(text: str, name: str, expression: str) -> None:
    found = program(text)
    ((found_name, output),) = found.outputs
    assert found_name == name
    assert describe(found.graph, output, expand=True) == expression


def test_entries_are_found_by_name() -> None:
    found = program("a = indices; b = 3; c = tokens; c;", entries=("b", "a", "b"))
    assert [(name, describe(found.graph, node)) for name, node in found.outputs] == [("b", "3"), ("a", "indices")]


@pytest.mark.parametrize(
    ("entry", "code"), [("z", "unknown-entry"), ("s", "wrong-output"), ("f", "wrong-output"), ("xs", "wrong-output")]
)
def test_an_entry_must_be_an_sop(entry: str, code: str) -> None:
    text = "s = full_s; def f(x) { return x; } xs = [1]; indices;"
    assert codes(lambda: program(text, entries=(entry,))) == [code]


def test_a_library_file_needs_no_output_to_be_checked() -> None:
    assert program("def f(x) { return x; }", require_output=False).outputs == ()
    assert codes(lambda: program("def f(x) { return x; }")) == ["no-output"]


def test_an_entry_needs_no_expression_statement() -> None:
    assert [name for name, _ in program("a = indices;", entries=("a",)).outputs] == ["a"]


# --- declarations


@pytest.mark.parametrize(
    ("spec", "tokens"),
    [
        ('"abc"', ("a", "b", "c")),
        ("'abc'", ("a", "b", "c")),
        ('["(", ")", "<pad>"]', ("(", ")", "<pad>")),
        ("range(3)", (0, 1, 2)),
        ("[x * 2 for x in range(3)]", (0, 2, 4)),
        ("[true, 2, 0.5]", (True, 2, 1 / 2)),
        ("[True, 2, 0.5]", (True, 2, 1 / 2)),
        (r'["\n", "\""]', ("\n", '"')),
        ('"ab" + "c";', ("a", "b", "c")),
    ],
)
def test_a_vocabulary_is_a_json_array_or_an_expression(spec: str, tokens: tuple[object, ...]) -> None:
    assert parse_vocabulary(spec) == tokens


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("", "wrong-vocabulary"),
        ("[]", "wrong-vocabulary"),
        ("[1, 1.0]", "wrong-vocabulary"),
        ("[true, 1]", "wrong-vocabulary"),
        ("3", "wrong-vocabulary"),
        ("tokens", "wrong-vocabulary"),
        ('"ab"; "c"', "wrong-vocabulary"),
        ("x = 3", "wrong-vocabulary"),
        ("abc", "unknown-name"),
        ("[1, ", "unclosed-bracket"),
        (r'["\ud800"]', "wrong-vocabulary"),
        ("[[1]]", "wrong-vocabulary"),
        ("range(10^12)", "too-large"),
        ("[" * 5000, "unclosed-bracket"),
    ],
)
def test_wrong_vocabularies_are_refused(spec: str, code: str) -> None:
    assert codes(lambda: parse_vocabulary(spec)) == [code]


def test_arguments_override_declarations() -> None:
    text = 'set vocab "ab"\nset max_length 2 + 3\nindices;'
    assert require_input_space(program(text)) == (("a", "b"), 5)
    assert require_input_space(program(text, vocabulary=(1, 2), max_length=7)) == ((1, 2), 7)
    assert codes(lambda: program(text, vocabulary=(1, True))) == ["wrong-vocabulary"]
    assert codes(lambda: program(text, max_length=0)) == ["wrong-length"]


def test_missing_declarations_are_errors_only_when_they_are_required() -> None:
    found = program("indices;")
    assert (found.vocabulary, found.max_length) == (None, None)
    assert codes(lambda: require_input_space(found)) == ["no-vocabulary", "no-length"]
    assert codes(lambda: require_input_space(program('set vocab "a"\nindices;'))) == ["no-length"]


# --- load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "shapes.rasp").write_text(
        'load "helpers";\n_offset = 10;\ndef moved(x) { return _helped(x) + _offset; }\nplace = indices + _offset;\n'
        "def _helped(x) { return helped(x); }\n"
    )
    (tmp_path / "lib" / "helpers.rasp").write_text("def helped(x) { return x * factor; }\nfactor = 2;\n")
    return tmp_path


def load(folder: Path, text: str, name: str = "main.rasp") -> Program:
    path = folder / name
    path.write_text(text)
    return elaborate(read_source(path))


def outputs(found: Program, tokens: str) -> list[object]:
    ((_, output),) = found.outputs
    return list(evaluate([output], tokens)[output])


def test_load_is_relative_to_the_file_that_loads(folder: Path) -> None:
    found = load(folder, 'load "lib/shapes.rasp";\nmoved(indices) + place;')
    assert outputs(found, "ab") == [20, 23]
    assert [Path(source.name).name for source in found.sources] == ["main.rasp", "shapes.rasp", "helpers.rasp"]


def test_private_names_stay_in_their_file(folder: Path) -> None:
    assert codes(lambda: load(folder, 'load "lib/shapes";\n_offset + indices;')) == ["unknown-name"]
    (folder / "peek.rasp").write_text("y = _mine;")
    assert codes(lambda: load(folder, '_mine = 1;\nload "peek";\ny;')) == ["unknown-name"]


def test_a_loaded_file_sees_the_public_names_of_its_loader(folder: Path) -> None:
    (folder / "uses.rasp").write_text("z = given + 1;")
    assert outputs(load(folder, 'given = 4;\nload "uses";\nz;'), "a") == [5]


def test_a_function_or_loop_loads_names_for_itself(folder: Path) -> None:
    (folder / "edge.rasp").write_text("def edge() { return indices == 0; }")
    text = 'def f() { load "edge"; return edge(); } for i in [1] { load "edge"; } f() or edge();'
    ((_, output),) = program(text, base=folder).outputs
    assert evaluate([output], "ab")[output] == [True, False]
    assert codes(lambda: program('def f() { load "edge"; return 1; } f(); edge();', base=folder)) == ["unknown-name"]


def test_a_file_that_is_not_beside_its_loader_is_sought_in_the_working_directory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "here.rasp").write_text("x = 3;")
    monkeypatch.chdir(folder)
    (folder / "below").mkdir()
    program('load "here"; x;', base=folder / "below")


@pytest.mark.parametrize("end", ["exit();", "exit()", "exit", "quit", "quit;", "x = 2;\nexit"])
def test_a_word_ends_the_file(end: str) -> None:
    ((_, output),) = program(f"tokens;\n{end}\nindices;\nnot_defined;").outputs
    assert evaluate([output], "ab")[output] == ["a", "b"]


def test_exit_may_be_a_name() -> None:
    ((name, _),) = program("exit = indices;\nexit\n").outputs
    assert name == "exit"


def test_out_is_the_value_of_the_last_expression_statement() -> None:
    ((_, output),) = program('tokens; out + "!"; out + "?";').outputs
    assert evaluate([output], "a")[output] == ["a!?"]
    ((_, output),) = program("out = 3; indices; out;", entries=["out"]).outputs
    assert evaluate([output], "ab")[output] == [0, 1]
    assert codes(lambda: program("out;")) == ["unknown-name"]


def test_statements_of_the_repl_may_stand_on_several_lines() -> None:
    program('set\n example "abc"\nset s-op\nexample "ab"\nexamples\non\nshow\nexample\ntokens;')


def test_a_loaded_file_declares_only_what_the_main_file_does_not(folder: Path) -> None:
    (folder / "space.rasp").write_text('set vocab "xyz"\nset max_length 3\nindices;')
    assert require_input_space(load(folder, 'load "space"\nset max_length 4\ntokens;')) == (("x", "y", "z"), 4)
    assert require_input_space(load(folder, 'set max_length 4\nload "space"\ntokens;')) == (("x", "y", "z"), 4)


def test_names_from_a_file_that_failed_to_load_are_no_further_mistakes(folder: Path) -> None:
    assert codes(lambda: load(folder, 'load "nothing";\nf(tokens);\n1 / 0;')) == ["file-missing", "division-by-zero"]


def test_mistakes_in_a_loaded_file_are_shown_there(folder: Path) -> None:
    (folder / "wrong.rasp").write_text("x = 1 / 0;")
    with pytest.raises(RaspError) as caught:
        load(folder, 'load "wrong";\nx;')
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span is not None
    assert Path(diagnostic.span.source.name).name == "wrong.rasp"


@pytest.mark.parametrize("name", ["main", "main.rasp", "./main", "lib/../main"])
def test_a_file_cannot_load_itself(folder: Path, name: str) -> None:
    assert codes(lambda: load(folder, f'load "{name}";')) == ["load-cycle"]


def test_files_cannot_load_each_other(folder: Path) -> None:
    (folder / "a.rasp").write_text('load "b";')
    (folder / "b.rasp").write_text('load "a";')
    assert codes(lambda: load(folder, 'load "a";')) == ["load-cycle"]


@pytest.mark.parametrize("name", ["", "lib", "nothing", "a" * 5000, "\0", "lib/shapes.rasp/x"])
def test_unreadable_files_are_errors_at_the_load(folder: Path, name: str) -> None:
    assert codes(lambda: load(folder, f'load "{name}";'))[0] in ("file-missing", "file-unreadable")


def test_a_file_may_be_loaded_twice(folder: Path) -> None:
    assert outputs(load(folder, 'load "lib/helpers"; load "lib/helpers"; helped(indices);'), "ab") == [0, 2]


# --- names and spans


def test_nodes_have_the_first_name_in_the_program() -> None:
    found = program("x = indices + 1; y = x; def f(a) { inner = a * 2; return inner + 1; } z = f(y); z;")
    names = [found.graph.name(node) for node in found.graph]
    assert [name for name in names if name is not None] == ["x", "inner", "z"]


def test_nodes_of_the_library_have_the_span_of_the_call() -> None:
    source = Source("test.rasp", "\nx = sort(tokens, tokens);\ny = length + tokens[-1];\nx + y;\n")
    found = elaborate(source)
    assert {node.span.source.name for node in found.graph} == {"test.rasp"}
    (rank,) = [node for node in found.graph if found.graph.name(node) == "sort.rank"]
    assert rank.span.text == "sort(tokens, tokens)"
    (length,) = [node for node in found.graph if found.graph.name(node) == "length"]
    assert length.span.text == "length"


def test_a_constant_has_the_span_of_its_text() -> None:
    found = program("indices + 41;")
    assert [node.span.text for node in found.graph] == ["indices", "41", "indices + 41"]


def test_equal_expressions_are_one_node() -> None:
    found = program("a = sort(tokens, tokens); b = sort(tokens, tokens); a == b;")
    ((_, output),) = found.outputs
    assert len(reachable([output])) == 11


def test_a_description_is_short_however_large_the_expression() -> None:
    found = program("x = indices; for i in range(2000) { x = (x + i) * (x - tokens[i]) + x; } x + 1;")
    ((_, output),) = found.outputs
    for node in found.graph:
        assert len(describe(found.graph, node)) <= MAX_DESCRIPTION
        assert len(describe(found.graph, node, expand=True)) <= MAX_DESCRIPTION
    assert describe(found.graph, output) == "x + 1"


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("(indices + 1) * 2;", "(indices + 1) * 2"),
        ("-indices;", "-indices"),
        ("not (indices == 1);", "not (indices == 1)"),
        ("1 if tokens == 'a' else indices;", '1 if (tokens == "a") else indices'),
        ("tokens_int + round(indices / 3);", "tokens_int + round(indices / 3)"),
        ("indices * (1 / 3);", "indices * 1/3"),
        ("aggregate(full_s or not full_s, True, False);", "aggregate(full_s or (not full_s), True, False)"),
        ("selector_width(select(tokens, 'a', !=));", 'selector_width(select(tokens, "a", !=))'),
        ("tokens in 'ab';", 'tokens in ["", "a", "ab", "b"]'),
        ("[1, 2][indices];", "[1, 2][indices]"),
        ("{'a': 1}[tokens];", '{"a": 1}[tokens]'),
        ("'xy'[indices];", '"xy"[indices]'),
    ],
)
def test_descriptions(text: str, description: str) -> None:
    found = program(text)
    ((_, output),) = found.outputs
    assert describe(found.graph, output) == description


@pytest.mark.parametrize("name", ["paper/sort", "paper/dyck2", "strings/induction", "automata/parity"])
def test_the_printed_graph(name: str, golden: Callable[..., None]) -> None:
    golden(format_graph(elaborate(read_source(PROGRAMS / f"{name}.rasp"))))


# --- limits


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x = range(10^12);", "too-large"),
        ("x = range(10^100);", "too-large"),
        ("x = range(0, 0 - 10^100, 0 - 3);", "too-large"),
        ("x = [0] * 10^9;", "too-large"),
        ('x = "a" * 10^9;', "too-large"),
        ('x = "a"; for i in range(99) { x = x + x; }', "too-large"),
        ("x = [0]; for i in range(99) { x = x + x; }", "too-large"),
        ("x = 3; for i in range(99) { x = x * x; }", "cannot-compute"),
        ("x = 3 ^ (10^9);", "cannot-compute"),
        ("x = 3 ^ (10^9 + 0.5);", "cannot-compute"),
        ("def f(x) { return f(x); } f(1);", "recursion-too-deep"),
        ("def f(x) { return [f(y) for y in [x]]; } f(1);", "recursion-too-deep"),
        ("def f(x) { for y in [x] { for z in [y] { return f(z); } } return 1; } f(1);", "recursion-too-deep"),
        ("def f(x) { return f(x) + f(x) if x else 1; } f(1);", "recursion-too-deep"),
        ("def f(n) { return 1 if n == 0 else f(n - 1) + f(n - 1); } f(40);", "too-much-work"),
        ("x = indices; for i in range(99999) { for j in range(99999) { x = x + 1; } }", "too-much-work"),
        ("x = [[i for i in range(9999)] for j in range(9999)];", "too-much-work"),
        ("x = tokens in 'abcdefgh' * 9999;", "too-large"),
        ("for i in range(999) { x = [j + i for j in range(999)][indices]; }", "too-much-work"),
        ('x = select(indices, indices, <)("a" * 99999);', "too-much-work"),
    ],
)
def test_programs_that_ask_for_too_much_are_refused_quickly(text: str, code: str) -> None:
    start = time.process_time()
    assert codes(lambda: program(text)) == [code]
    assert time.process_time() - start < 10


def test_after_a_failed_recursion_the_next_statement_is_tried() -> None:
    assert codes(lambda: program("def f(x) { return f(x); }\na = f(1);\nb = 1 / 0;\na + b;")) == [
        "recursion-too-deep",
        "division-by-zero",
    ]


def test_the_recursion_limit_is_as_it_was() -> None:
    before = sys.getrecursionlimit()
    program("def f(n) { return 0 if n == 0 else f(n - 1); } f(500);")
    assert sys.getrecursionlimit() == before


@pytest.mark.parametrize("path", sorted(PROGRAMS.rglob("*.rasp")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_shipped_program_is_elaborated_without_warnings(path: Path) -> None:
    found = elaborate(read_source(path))
    require_input_space(found)
    assert found.warnings == ()


def test_a_small_program_takes_little_time() -> None:
    source = read_source(PROGRAMS / "paper" / "sort.rasp")
    elaborate(source)
    times = []
    for _ in range(5):
        start = time.process_time()
        elaborate(source)
        times.append(time.process_time() - start)
    assert min(times) < 0.1
