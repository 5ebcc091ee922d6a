"""The text that an editor shows for the name under the mouse."""

from __future__ import annotations

from pathlib import Path

import pytest
from raspc.tests.support.editor import Editor
from raspc.tests.tools.editor.conftest import Open

ROOT = Path(__file__).parents[3]
HEAD = 'set vocab "abc";\nset max_length 4;\n'


def test_an_sop(program: Open) -> None:
    page = program(HEAD + "odd = indices % 2 == 1;\nodd;\n")
    shown = page.hover("\n|odd;")
    assert shown is not None
    assert shown.range is not None
    assert page.of(shown.range) == "odd"
    assert page.shown("\n|odd;") == (
        "```rasp\nodd = (indices % 2) == 1\n```\n\ns-op of booleans, attention depth 0\n\nvalues: {False, True}"
    )


def test_a_selector(program: Open) -> None:
    page = program(HEAD + "before = select(indices, indices, <);\nbefore;\n")
    assert page.shown("\n|before;") == (
        "```rasp\nbefore = select(indices, indices, <)\n```\n\nselector, attention depth 0"
    )


def test_attention_depth(program: Open) -> None:
    """Each aggregate of something that needed attention adds a layer; work at one position does not."""
    page = program(
        HEAD + "zero = indices * 2;\n"
        "pairs = select(zero, indices, ==);\n"
        "one = aggregate(pairs, indices);\n"
        "still_one = one + zero;\n"
        "two = selector_width(select(still_one, indices, ==));\n"
        "three = aggregate(select(two, indices, ==), one);\n"
        "also_two = aggregate(pairs, one);\n"
    )
    depths = {name: page.shown(f"\n|{name} =") for name in ("zero", "one", "still_one", "two", "three", "also_two")}
    found = {name: int(shown.partition("attention depth ")[2].split("\n")[0]) for name, shown in depths.items()}
    assert found == {"zero": 0, "one": 1, "still_one": 1, "two": 2, "three": 3, "also_two": 2}
    assert "selector, attention depth 0" in page.shown("\n|pairs =")


@pytest.mark.parametrize(
    ("value", "fact"),
    [
        ("tokens", "s-op of strings, attention depth 0\n\nvalues: {'a', 'b', 'c'}"),
        ("tokens == 'a'", "s-op of booleans, attention depth 0\n\nvalues: {False, True}"),
        ("indices / 2", "s-op of numbers, attention depth 0\n\nvalues: {0, 1/2, 1, 3/2}"),
        ("'a' if indices == 1 else 2", "s-op of numbers or strings, attention depth 0"),
        ("1 / indices", "undefined on some inputs"),
        ("tokens_int", "s-op of numbers, attention depth 0\n\nundefined on every input"),
        ("7", "number"),
        ("'seven'", "string"),
        ("True", "boolean"),
        ("[1, 2, 'x']", "list of 3"),
        ("{'a': 1}", "dict of 1"),
        ("select", "function"),
        ("range(100)", "list of 100"),
    ],
)
def test_kinds_and_values(program: Open, value: str, fact: str) -> None:
    shown = program(f"{HEAD}it = {value};\n").shown("|it =").replace('"', "'")
    assert fact in shown


def test_values_without_a_vocabulary(program: Open) -> None:
    shown = program("x = aggregate(select(tokens, tokens, ==), indices);\n").shown("|x =")
    assert "s-op, attention depth 1" in shown
    assert "`set vocab` and `set max_length`" in shown


def test_a_function_and_its_comment(program: Open) -> None:
    page = program(
        HEAD + "# Not this one.\n\n# The sum of\n#   two things.\ndef plus(a, b) {\n    c = a + b;\n    return c;\n}\n"
        "plus(indices, 1);\n"
    )
    for place in ("def pl|us", "\n|plus(indices", "\nplus|(indices"):
        assert page.shown(place) == "```rasp\ndef plus(a, b)\n```\n\nThe sum of\n  two things."
    assert "a = indices" in page.shown("(|a, b)")
    assert "b = 1" in page.shown("a + |b")
    assert "c = indices + 1" in page.shown("|c = a")


def test_the_parameters_of_a_function_that_nobody_calls(program: Open) -> None:
    page = program(HEAD + "def plus(a) {\n    return a + 1;\n}\n")
    assert page.shown("(|a)") == "```rasp\na\n```\n\nparameter of `plus`"


def test_a_name_with_several_values(program: Open) -> None:
    page = program("y = 1;\nfor i in [1, 2, 3] {\n    y = y + i;\n}\ny;\n")
    assert (
        page.shown("for |i")
        == "```rasp\ni = 1\ni = 2\ni = 3\n```\n\nnumber\n\nevaluated 3 times, with different values"
    )
    assert "y = 7" in page.shown("\n|y;")


def test_the_library(program: Open) -> None:
    page = program(HEAD + "length + 1;\nsort(tokens, tokens);\naggregate(full_s, indices);\nround(1.5);\n")
    assert "How many tokens the input has." in page.shown("len|gth + 1")
    assert "s-op of numbers, attention depth 1\n\nvalues: {1, 2, 3, 4}" in page.shown("len|gth + 1")
    assert "def sort(seq, key)" in page.shown("so|rt(")
    assert "The values of `seq` in ascending order" in page.shown("so|rt(")
    assert "aggregate(selector, values, default)" in page.shown("agg|regate")
    assert "the mean where it selects several" in page.shown("agg|regate")
    assert "a half goes to the even neighbour" in page.shown("rou|nd")
    assert "selector" in page.shown("full|_s")


def test_a_name_of_ones_own_hides_the_library(program: Open) -> None:
    page = program("def sort(x) {\n    return x;\n}\nsort(1);\n")
    assert page.shown("\n|sort(") == "```rasp\ndef sort(x)\n```"


@pytest.mark.parametrize("place", ["d|ef", "# w|ord", '"wo|rd"', "7|7", "= |[", "se|t vocab", "un|known", "\n|\n"])
def test_literals_keywords_and_unknown_names_have_no_hover(program: Open, place: str) -> None:
    page = program(HEAD + '# word\ndef f() {\n    return 1;\n}\nx = [77, "word"];\nunknown;\n\n')
    assert page.hover(place) is None


def test_columns_behind_wide_characters(program: Open) -> None:
    page = program(HEAD + 'x = "🎈é𝔸"; y = indices + 1;\n')
    shown = page.hover("|y =")
    assert shown is not None
    assert shown.range is not None
    assert page.of(shown.range) == "y"


def test_a_name_of_a_loaded_file(program: Open, tmp_path: Path) -> None:
    (tmp_path / "library.rasp").write_text("# One more.\ndef next(x) { return x + 1; }\nten = 10;\n")
    page = program(HEAD + 'load "library";\nnext(ten);\n')
    assert page.shown("\n|next") == "```rasp\ndef next(x)\n```\n\nOne more.\n\nfrom library.rasp, line 2"
    assert page.shown("(|ten") == "```rasp\nten = 10\n```\n\nnumber\n\nfrom library.rasp, line 3"


def test_a_text_that_does_not_parse(program: Open) -> None:
    page = program(HEAD + "x = indices + 1;\ny = (x +;\nz = x;\n")
    assert "x = indices + 1" in page.shown("(|x +")
    assert "z = indices + 1" in page.shown("|z =")


def test_a_definition_that_no_longer_parses_is_remembered(program: Open) -> None:
    page = program(HEAD + "x = indices + 1;\nx;\n")
    assert "x = indices + 1" in page.shown("\n|x;")
    page.type("indices + 1", "indices + 1 +")
    assert "x = indices + 1" in page.shown("\n|x;")


def test_the_page_of_editors_shows_what_is_shown(editor: Editor) -> None:
    """docs/editors.md has one example."""
    path = ROOT / "programs" / "paper" / "sort.rasp"
    page = editor.open(path.read_text(), path)
    shown = page.shown("select(|target").replace("```rasp\n", "").replace("\n```", "").replace("\n\n", "\n")
    assert f"```text\n{shown}\n```" in (ROOT / "docs" / "editors.md").read_text()


def test_long_values_are_shortened(program: Open) -> None:
    page = program(f"x = '{'a' * 100_000}';\nl = range(50000);\n")
    assert len(page.shown("|x =")) < 400
    assert len(page.shown("|l =")) < 400
