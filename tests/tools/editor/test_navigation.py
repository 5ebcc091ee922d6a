"""From a name to its definition and its uses; the outline of a text."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from raspc.tests.support.editor import Page, between
from raspc.tests.tools.editor.conftest import Open

HEAD = 'set vocab "abc";\nset max_length 4;\n'
ROOT = Path(__file__).parents[3]


def _starts(places: list[types.Location], page: Page) -> list[tuple[int, int]]:
    """Line and column of places in a page, each of which holds the same name."""
    assert {place.uri for place in places} <= {page.uri}
    assert len({page.of(place.range) for place in places}) <= 1
    return [(place.range.start.line, place.range.start.character) for place in places]


# --- definitions


def test_a_name_of_the_file(program: Open) -> None:
    page = program("one = 1;\ntwo = one + 1;\n")
    for place in ("= |one +", "= o|ne +", "= one| +", "\ntwo = one|", "|one = 1", "one| = 1"):
        assert _starts(page.definition(place), page) == [(0, 0)]
    assert page.definition("one + |1") == []


def test_the_nearest_of_several_definitions(program: Open) -> None:
    page = program("x = 1;\ny = x;\nx = x + 2;\nz = x;\n")
    assert _starts(page.definition("y = |x"), page) == [(0, 0)]
    assert _starts(page.definition("x = |x +"), page) == [(0, 0)]
    assert _starts(page.definition("z = |x"), page) == [(2, 0)]


def test_each_definition_that_can_reach_a_use(program: Open) -> None:
    page = program("x = 1;\nfor i in [1, 2] {\n    y = x;\n    x = i;\n}\nx + 0;\n")
    assert _starts(page.definition("y = |x"), page) == [(0, 0), (3, 4)]
    assert _starts(page.definition("\n|x + 0"), page) == [(0, 0), (3, 4)]
    assert _starts(page.definition("x = |i"), page) == [(1, 4)]


def test_functions_and_parameters(program: Open) -> None:
    page = program("x = 1;\ndef f(x) {\n    y = x;\n    return y + x;\n}\nf(x);\n")
    assert _starts(page.definition("\n|f(x)"), page) == [(1, 4)]
    assert _starts(page.definition("y = |x"), page) == [(1, 6)]
    assert _starts(page.definition("return |y"), page) == [(2, 4)]
    assert _starts(page.definition("\nf(|x)"), page) == [(0, 0)]


def test_a_function_sees_what_is_there_when_it_is_called(program: Open) -> None:
    """Outer names are looked up at the call, so each definition before some call counts, and no other."""
    page = program("k = 1;\ndef f() {\n    return k;\n}\nk = 2;\na = f();\nk = 3;\nb = f();\nk = 4;\n")
    assert _starts(page.definition("return |k"), page) == [(4, 0), (6, 0)]


def test_comprehensions(program: Open) -> None:
    page = program("k = 1;\nl = [k + 1 for k in [k, 2]];\nk + 0;\n")
    assert _starts(page.definition("[|k + 1"), page) == [(1, 15)]
    assert _starts(page.definition("in [|k"), page) == [(0, 0)]
    assert _starts(page.definition("\n|k + 0"), page) == [(0, 0)]


def test_the_library_is_a_file_too(program: Open) -> None:
    page = program(HEAD + "sort(tokens, length);\n")
    prelude = ROOT / "rasp_grammar" / "prelude.rasp"
    for place, line in (("so|rt(", "def sort(seq, key) {"), ("len|gth)", "length = selector_width(full_s);")):
        (found,) = page.definition(place)
        assert found.uri == prelude.as_uri()
        assert prelude.read_text().splitlines()[found.range.start.line] == line
        assert between(prelude.read_text(), found.range) in ("sort", "length")


@pytest.mark.parametrize("place", ["tok|ens", "se|lect", "unknow|n", "1|;", "# wo|rd", "'wo|rd'", "de|f"])
def test_no_definition(program: Open, place: str) -> None:
    page = program("select(tokens, 1, ==);\nunknown;\nx = 1; # word\n'word';\ndef f(){ return 2; }\n")
    assert page.definition(place) == []


def test_a_load_leads_to_its_file(program: Open, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "library.rasp").write_text("\n\ndef f(x) { return x; }\nten = 10;\n")
    page = program('load "folder/library";\nload "nothing";\nf(ten);\n')
    (found,) = page.definition('"folder/|library"')
    assert found.uri == (tmp_path / "folder" / "library.rasp").as_uri()
    assert found.range.start == types.Position(0, 0)
    assert page.definition('"noth|ing"') == []
    (found,) = page.definition("\n|f(ten)")
    assert (found.uri, found.range.start) == (
        (tmp_path / "folder" / "library.rasp").as_uri(),
        types.Position(2, 4),
    )


def test_places_in_a_loaded_file_that_is_open(program: Open, tmp_path: Path) -> None:
    (tmp_path / "library.rasp").write_text("ten = 10;\n")
    library = program('# 🎈\n"🎈"; ten = 10;\n', "library.rasp")
    page = program('load "library";\nten;\n')
    (found,) = page.definition("\n|ten;")
    assert (found.uri, library.of(found.range)) == (library.uri, "ten")


def test_definitions_while_a_statement_is_broken(program: Open) -> None:
    page = program("x = 1;\ny = x + ;\n\ndef f(a) {\n    b = a +\n    return b;\n}\nz = (x;\n")
    assert _starts(page.definition("y = |x"), page) == [(0, 0)]
    assert _starts(page.definition("b = |a"), page) == [(3, 6)]
    assert _starts(page.definition("z = (|x"), page) == [(0, 0)]


# --- uses


def test_references(program: Open) -> None:
    page = program('x = 1;\ny = x;\ndef f(x) {\n    return x;\n}\n# x\n"x";\nf(x);\n')
    assert _starts(page.references("|x = 1"), page) == [(0, 0), (1, 4), (7, 2)]
    assert _starts(page.references("\nf(|x)"), page) == [(0, 0), (1, 4), (7, 2)]
    assert _starts(page.references("\nf(|x)", declarations=False), page) == [(1, 4), (7, 2)]
    assert _starts(page.references("f(|x) {"), page) == [(2, 6), (3, 11)]
    assert _starts(page.references("def |f"), page) == [(2, 4), (7, 0)]
    assert page.references("# |x") == []


def test_references_in_loaded_files(program: Open, tmp_path: Path) -> None:
    text = "def f(x) { return x; }\ng = f(1);\n"
    (tmp_path / "library.rasp").write_text(text)
    page = program('load "library";\nf(2);\n')
    found = page.references("\n|f(2)")
    library = (tmp_path / "library.rasp").as_uri()
    assert [place.uri for place in found if place.uri != page.uri] == [library, library]
    assert _starts([place for place in found if place.uri == page.uri], page) == [(1, 0)]
    assert {between(text, place.range) for place in found if place.uri == library} == {"f"}


def test_references_of_the_library(program: Open) -> None:
    """The uses in the program; a name of its own is none of them."""
    page = program(
        HEAD + "a = length + length;\nb = select(tokens, tokens, ==);\ndef f(tokens) {\n    return tokens;\n}\n"
    )
    assert _starts(page.references("|length +"), page) == [(2, 4), (2, 13)]
    assert _starts(page.references("(tok|ens, "), page) == [(3, 11), (3, 19)]
    assert len(page.highlights("sel|ect")) == 1


def test_highlights(program: Open) -> None:
    page = program("x = 1;\ny = x + x;\n")
    read, write = types.DocumentHighlightKind.Read, types.DocumentHighlightKind.Write
    found = [(place.range.start.line, place.range.start.character, place.kind) for place in page.highlights("= |x +")]
    assert found == [(0, 0, write), (1, 4, read), (1, 8, read)]
    assert page.highlights("|y =")[0].kind == write
    assert page.highlights("= |1") == []


# --- the outline


def test_the_outline(program: Open) -> None:
    page = program(
        'load "library";\n# one\nx = 1;\na, b = 1, 2;\ndef f(p, q) {\n    y = p;\n    return y + q;\n}\n'
        "for i in [1] {\n    z = i;\n}\n"
    )
    found = page.outline()
    kinds = types.SymbolKind
    assert [(symbol.name, symbol.kind, symbol.detail) for symbol in found] == [
        ("library", kinds.File, "load"),
        ("x", kinds.Variable, None),
        ("a", kinds.Variable, None),
        ("b", kinds.Variable, None),
        ("f", kinds.Function, "f(p, q)"),
        ("z", kinds.Variable, None),
    ]
    function = found[4]
    assert page.of(function.range).startswith("def f(p, q)")
    assert page.of(function.range).endswith("}")
    assert function.children is not None
    assert [child.name for child in function.children] == ["y"]
    for symbol in found:
        assert page.of(symbol.selection_range) in (symbol.name, '"library"')
        assert page.of(symbol.selection_range) in page.of(symbol.range)


def test_the_outline_of_nothing_and_of_what_does_not_parse(program: Open) -> None:
    page = program("")
    assert page.outline() == []
    page.change("x = 1;\ny = (;\ndef f(a) {\n    return a\n}\nz = ")
    assert {"x", "f"} <= {symbol.name for symbol in page.outline()}
