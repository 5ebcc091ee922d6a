"""A new name for a thing: everywhere, or not at all."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from pygls.exceptions import JsonRpcInvalidParams
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Node
from raspc.rasp_grammar.span import Source
from raspc.tests.support.editor import edited
from raspc.tests.tools.editor.conftest import Open
from raspc.tools.editor import navigation
from raspc.tools.editor.document import analyse

ROOT = Path(__file__).parents[3]
HEAD = 'set vocab "abc";\nset max_length 4;\n'


def test_in_one_file(program: Open) -> None:
    page = program('x = 1;\ny = "🎈x" + x; # x\ndef f(x) {\n    return x;\n}\nf(x);\n')
    place = page.renamable('" + |x')
    assert place is not None
    assert page.of(place) == "x"
    edits = page.rename('" + |x', "longer")
    assert set(edits) == {page.uri}
    assert edited(page.text, edits[page.uri]) == (
        'longer = 1;\ny = "🎈x" + longer; # x\ndef f(x) {\n    return x;\n}\nf(longer);\n'
    )


def test_rename_changes_all_definitions_that_reach_the_same_uses(program: Open) -> None:
    page = program("x = 1;\nfor i in [1] {\n    x = x + i;\n}\nx;\nx = 5;\n")
    edits = page.rename("\n|x;", "total")
    assert edited(page.text, edits[page.uri]).count("total") == 4
    assert edited(page.text, edits[page.uri]).endswith("total;\nx = 5;\n")


def test_in_loaded_files(program: Open, tmp_path: Path) -> None:
    library = "def f(x) { return x; }\ng = f(1);\n"
    (tmp_path / "library.rasp").write_text(library)
    page = program('load "library";\nf(2);\n')
    edits = page.rename("\n|f(2)", "first")
    assert edited(page.text, edits[page.uri]) == 'load "library";\nfirst(2);\n'
    there = edits[(tmp_path / "library.rasp").as_uri()]
    assert edited(library, there) == "def first(x) { return x; }\ng = first(1);\n"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("y", "`y` is a name in this program already"),
        ("tokens", "`tokens` is a name in this program already"),
        ("if", "`if` cannot be a name"),
        ("a b", "`a b` cannot be a name"),
        ("1a", "`1a` cannot be a name"),
        ("ä", "`ä` cannot be a name"),
        ("", "`` cannot be a name"),
    ],
)
def test_refused(program: Open, name: str, why: str) -> None:
    page = program(HEAD + "x = tokens;\ny = x;\n")
    with pytest.raises(JsonRpcInvalidParams, match=why):
        page.rename("|x =", name)


def test_only_names_of_the_program_can_be_renamed(program: Open) -> None:
    page = program(HEAD + "x = length; # word\n")
    for place in ("len|gth;", "# wo|rd", "se|t vocab", "|4;"):
        assert page.renamable(place) is None
    with pytest.raises(JsonRpcInvalidParams, match="only names that the program defines"):
        page.rename("len|gth;", "width")


def test_a_text_with_mistakes(program: Open) -> None:
    page = program("x = 1;\nx + ;\n")
    with pytest.raises(JsonRpcInvalidParams, match="the text has mistakes"):
        page.rename("|x = 1", "z")


def _meaning(path: Path, text: str) -> list[object]:
    """The nodes that the outputs are computed from, without their places in the text."""
    program = elaborate(Source(str(path), text), base=path.parent)
    shapes: list[object] = [[node.id for _, node in program.outputs]]
    for node in program.graph:
        parts = [getattr(node, field.name) for field in fields(node) if field.name != "span"]
        shapes.append((type(node).__name__, [_shape(part) for part in parts]))
    return shapes


def _shape(part: object) -> object:
    if isinstance(part, Node):
        return ("node", part.id)
    return tuple(_shape(item) for item in part) if isinstance(part, tuple) else part


def _renamed(path: Path, new_name: str) -> int:
    """Each name of a program in turn; returns how many could be renamed."""
    text = path.read_text()
    analysed = analyse(Source(str(path), text), path.parent)
    before = _meaning(path, text)
    count = 0
    for binding in {binding.name: binding for binding in analysed.index.bindings.values()}.values():
        try:
            places = navigation.rename(analysed, binding.span.start, new_name)
        except navigation.Refused:
            continue
        assert {source for source, _, _ in places} == {str(path)}
        changed = text
        for _, start, end in reversed(places):
            changed = changed[:start] + new_name + changed[end:]
        assert _meaning(path, changed) == before, (path, binding.name)
        count += 1
    return count


@pytest.mark.parametrize("folder", ["paper", "hard", "logic"])
def test_the_meaning_stays(folder: str) -> None:
    """The graph that the compiler sees is the same."""
    paths = sorted((ROOT / "programs" / folder).glob("*.rasp"))
    assert sum(_renamed(path, "brand_new") for path in paths) > 10


@pytest.mark.parametrize("name", ["length", "full_s", "sort", "rank", "has_focus", "select", "tokens_int"])
def test_names_of_the_library_are_refused_or_do_no_harm(name: str) -> None:
    """A program's names do not change the meaning of the library's functions."""
    for program in ("paper/dyck1", "paper/sort_by_frequency", "hard/find_pattern"):
        _renamed(ROOT / "programs" / f"{program}.rasp", name)


def test_a_name_that_a_loaded_file_looks_up(program: Open, tmp_path: Path) -> None:
    """A name that a loaded file does not define is looked up in the file that loads it, before the library."""
    (tmp_path / "library.rasp").write_text("def f() {\n    inner = 1;\n    return length + inner;\n}\n")
    page = program(HEAD + 'load "library";\nx = 5;\nf() + x;\n')
    with pytest.raises(JsonRpcInvalidParams, match="`length` is a name in this program already"):
        page.rename("|x = 5", "length")
    assert set(page.rename("|x = 5", "inner")) == {page.uri}  # no business of the library's function
