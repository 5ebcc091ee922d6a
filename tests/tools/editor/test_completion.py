"""Completion in an editor."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from raspc.rasp_grammar.incremental_parser import tokenize
from raspc.rasp_grammar.lark_grammar import keywords
from raspc.rasp_grammar.span import Source
from raspc.tests.tools.editor.conftest import Open
from raspc.tools.editor.completion import complete
from raspc.tools.editor.document import analyse

ROOT = Path(__file__).parents[3]
HEAD = 'set vocab "abc";\nset max_length 4;\n'
KINDS = types.CompletionItemKind


def test_names_the_library_and_keywords(program: Open) -> None:
    page = program(HEAD + "# One more.\ndef next(x) { return x + 1; }\nodd = indices % 2 == 1;\n\nlast = 1;\n")
    found = page.completion("1;\n|\nlast")
    assert (found["next"].kind, found["next"].detail, found["next"].documentation) == (
        KINDS.Function,
        "next(x)",
        "One more.",
    )
    assert (found["odd"].kind, found["odd"].detail) == (KINDS.Variable, "s-op")
    assert (found["sort"].kind, found["sort"].detail) == (KINDS.Function, "sort(seq, key)")
    assert (found["tokens"].kind, found["full_s"].kind) == (KINDS.Variable, KINDS.Variable)
    assert found["def"].kind == KINDS.Keyword
    assert {*keywords(), "set"} <= set(found)
    assert "last" not in found  # it is defined further on


def test_the_nearest_come_first(program: Open) -> None:
    page = program(HEAD + "outer = 1;\ndef f(parameter) {\n    inner = 1;\n    \n    return inner;\n}\n")
    found = page.completion("1;\n    |\n    return")
    order = sorted(("if", "sort", "outer", "parameter", "inner"), key=lambda name: found[name].sort_text or name)
    assert order == ["inner", "parameter", "outer", "sort", "if"]
    assert "parameter" not in page.completion("|outer = 1")


def test_completion_ignores_the_typed_prefix(program: Open) -> None:
    page = program(HEAD + "bravo = 1;\nx = bra\n")
    assert "bravo" in page.completion("x = bra|")
    assert "bravo" in page.completion("x = b|ra")


@pytest.mark.parametrize("place", ["# wo|rd", "'wo|rd'", '"wo|rd"', "7.|5", "77|;", "def ne|w", "# |word"])
def test_nothing_where_no_name_can_stand(program: Open, place: str) -> None:
    page = program(HEAD + "# word\nx = 'word' + \"word\" + 7.5 + 77;\ndef new() {\n    return 1;\n}\n")
    assert page.completion(place) == {}


def test_after_set_the_declarations_are_offered(program: Open) -> None:
    page = program("set \nset vo\n")
    assert set(page.completion("set |\n")) == {"vocab", "max_length", "example"}
    assert set(page.completion("set vo|")) == {"vocab", "max_length", "example"}


def test_files_behind_load(program: Open, tmp_path: Path) -> None:
    for name in ("folder/inside.rasp", "one.rasp", "other.txt", ".hidden.rasp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1;")
    page = program('load "";\nload \'folder/\';\nload "nowhere/";\nload "../\n')
    found = page.completion('load "|";')
    assert {name: item.kind for name, item in found.items()} == {"folder/": KINDS.Folder, "one": KINDS.File}
    (tmp_path / "one").write_text("")
    assert "one.rasp" in page.completion('load "|";')  # `one` would now be another file
    assert set(page.completion("load 'folder/|'")) == {"inside"}
    assert page.completion('load "nowhere/|"') == {}
    assert f"{tmp_path.name}/" in page.completion('load "../|')


def test_completed_file_names_can_be_loaded(program: Open, tmp_path: Path) -> None:
    (tmp_path / "library.rasp").write_text("x = 1;")
    page = program('load "";\n')
    (name,) = page.completion('load "|"')
    page.type('""', f'"{name}"')
    assert page.codes() == []


def test_while_the_statement_is_being_typed(program: Open) -> None:
    page = program(HEAD + "first = indices;\ndef f(parameter) {\n    local = 1;\n    return sel\n}\nx = aggregate(\n")
    assert {"parameter", "local", "first", "select"} <= set(page.completion("return sel|"))
    assert {"first", "f", "select"} <= set(page.completion("x = aggregate(|"))


def test_names_of_loaded_files(program: Open, tmp_path: Path) -> None:
    (tmp_path / "library.rasp").write_text("# Ten.\ndef ten() { return 10; }\n_own = 1;\n")
    page = program('load "library";\n\n')
    found = page.completion(";\n|\n")
    assert (found["ten"].detail, found["ten"].documentation) == ("ten()", "Ten.")
    assert "_own" not in found


def test_an_empty_text(program: Open) -> None:
    found = program("").completion("|")
    assert {"set", "def", "load", "tokens", "select"} <= set(found)


@pytest.mark.parametrize("name", ["paper/dyck2", "hard/find_pattern", "logic/has_duplicates", "automata/elevator"])
def test_every_name_of_a_program_is_offered_where_it_stands(name: str) -> None:
    """The oracle: whoever wrote the program wrote these names there."""
    path = ROOT / "programs" / f"{name}.rasp"
    text = path.read_text()
    source = Source(str(path), text)
    analysed = analyse(source, path.parent)
    bound = {place[1] for place in analysed.index.bindings}
    words, comments = tokenize(source)
    used = [token for token in words if token.kind == "NAME" and token.start not in bound]
    assert len(used) > 7
    for token in used:
        assert token.text in {suggestion.text for suggestion in complete(analysed, token.end)}, token
    for comment in comments:
        assert complete(analysed, comment.end) == []
    for token in words:
        if token.kind == "STRING":
            assert complete(analysed, token.end - 1) == []
