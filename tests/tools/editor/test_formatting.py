"""Formatting in an editor: the text of `raspc fmt`, as an edit of the lines that differ."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raspc.cli.main import main
from raspc.tests.support.editor import Editor, edited
from raspc.tests.tools.editor.conftest import Open
from raspc.tools.editor.formatting import formatting

ROOT = Path(__file__).parents[3]
MESSY = "x=tokens ;# why 🎈\n\n\n\ndef   f( a ){return a;}\ny   = f(x)\n;y"


def _by_fmt(text: str, folder: Path) -> str:
    path = folder / "formatted.rasp"
    path.write_bytes(text.encode())
    assert main(["fmt", str(path)]) == 0
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    "text",
    [
        MESSY,
        MESSY.replace("\n", "\r\n"),
        "x=1;",
        "x = 1;\r\ny=2;\r\nz = 3;\r\n",
        "# only a comment",
        "\n\n\nx = 1;\n\n\n",
        "x = '🎈';y = '𝔸é' ;z = 1;",
        "x = 1; # \u2028 \x0b \x0c \x85\ny=1;\n",
    ],
)
def test_the_editor_formats_as_fmt_does(program: Open, tmp_path: Path, text: str) -> None:
    page = program(text)
    edits = page.formatting()
    assert edits is not None
    assert edited(text, edits) == _by_fmt(text, tmp_path)


def test_a_formatted_text_has_no_edit(program: Open) -> None:
    page = program("x = tokens;  # why\nx;\n")
    assert not page.formatting()
    page = program("")
    assert not page.formatting()


def test_lines_that_are_right_are_left_alone(program: Open) -> None:
    before, after = "x = 1;\n" * 50, "y = 1;\n" * 50
    page = program(f"{before}z=3;\n{after}")
    (edit,) = page.formatting() or []
    assert (edit.range.start.line, edit.range.end.line, edit.new_text) == (50, 51, "z = 3;\n")


@pytest.mark.parametrize("text", ["x = (1;", "x=1;\ny=;", "}", '"', "$", "(" * 3000])
def test_texts_that_do_not_parse_are_not_changed(program: Open, text: str) -> None:
    page = program(text)
    assert not page.formatting()
    assert page.problems() != []


def test_programs_with_semantic_errors_are_formatted(program: Open) -> None:
    page = program("x=unknown;")
    (edit,) = page.formatting() or []
    assert edit.new_text == "x = unknown;\n"


def test_formatting_uses_the_current_text(program: Open) -> None:
    page = program("x = 1;\n")
    for number in range(5):
        page.change(f"x={number};\n")
        assert edited(page.text, page.formatting() or []) == f"x = {number};\n"


def test_a_byte_order_mark(program: Open, tmp_path: Path) -> None:
    text = "\ufeffx=1;\n"
    page = program(text)
    assert edited(text, page.formatting() or []).removeprefix("\ufeff") == _by_fmt(text, tmp_path).removeprefix(
        "\ufeff"
    )


def test_shipped_programs_need_none(editor: Editor) -> None:
    for path in sorted((ROOT / "programs" / "paper").glob("*.rasp")):
        assert not editor.open(path.read_text(), path).formatting()


def _apply(text: str) -> str:
    edit = formatting(text)
    return text if edit is None else text[: edit.start] + edit.text + text[edit.end :]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["x", "y=1;", "x = 1;", "\n", " ", "# c\n", "# \u2028 c", "\r\n", "\x0c", "x=(1\n,2);"]))
)
def test_the_edit_makes_the_text_that_the_formatter_makes(parts: list[str]) -> None:
    """Whatever stands between: applied, it leaves nothing to do, and changes only when there was something."""
    text = "".join(parts)
    once = _apply(text)
    assert _apply(once) == once
    assert (formatting(text) is None) == (once == text)
