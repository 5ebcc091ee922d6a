"""Texts that are long, deeply nested or slow to analyse: the server answers and keeps running."""

from __future__ import annotations

import time

from raspc.tests.support.editor import Editor
from raspc.tests.tools.editor.conftest import Open

HEAD = 'set vocab "abc";\nset max_length 4;\n'


def test_a_long_program(program: Open) -> None:
    lines = [f"x{number} = indices + {number};" for number in range(800)]
    page = program(HEAD + "\n".join(lines) + "\nwrong;\n")
    (problem,) = page.problems()
    assert (problem.range.start.line, page.of(problem.range)) == (802, "wrong")
    assert len(page.outline()) == 800
    assert "x799 = indices + 799" in page.shown("\n|x799 ")
    assert page.definition("|x7 =")[0].range.start.line == 9


def test_a_text_that_is_too_long_to_be_read(program: Open, editor: Editor) -> None:
    page = program("x = 1;\n" + "#" * 1_500_000)
    (problem,) = editor.about(page.uri, page.version)
    assert problem.code == "text-too-long"
    assert page.hover("|x =") is None
    page.change("wrong;")
    assert page.codes() == ["unknown-name"]


def test_deep_nesting(program: Open) -> None:
    for text, code in (
        ("(" * 1_500 + "1" + ")" * 1_500 + ";", "too-deep"),
        ("[" * 1_500, "unclosed-bracket"),
        ("x = " + "not " * 1_500 + "True;", "too-deep"),
        ("def f() {" * 500, "unclosed-bracket"),
    ):
        page = program(text)
        assert code in page.codes(), text[:20]
        assert "select" in page.completion(f"|{text}")
        page.formatting()
        page.outline()
        page.close()


def test_a_long_sum(program: Open) -> None:
    """The server accepts a sum that the compiler accepts."""
    page = program(HEAD + "x = " + " + ".join(["indices"] * 80) + ";\nx;\n")
    assert page.codes() == []
    assert "s-op of numbers" in page.shown("\n|x;")


def test_a_program_that_asks_for_too_much_work(program: Open) -> None:
    page = program(
        HEAD + "x = 0;\nfor i in range(99999) {\n    for j in range(99999) {\n        x = x + 1;\n    }\n}\nx;\n"
    )
    assert page.codes() == ["too-much-work"]


def test_a_change_stops_the_analysis_of_the_text_before(program: Open, editor: Editor) -> None:
    """The analysis of what has been overwritten is given up, not waited for."""
    costly = HEAD + "x = indices;\nfor i in range(9000) {\n    x = (x * 3 + i) % 7;\n}\nx;\n"
    page = program(costly)
    time.sleep(0.3)  # the pause is over and the work has begun
    page.change("wrong;")
    begun = time.monotonic()
    assert page.codes() == ["unknown-name"]
    assert time.monotonic() - begun < 5
    assert [told.version for told in editor.published(page.uri)][-1] == page.version


def test_another_text_is_answered_meanwhile(program: Open) -> None:
    """Formatting needs no analysis, and an analysed text answers from its analysis."""
    page = program(HEAD + "x = indices;\nx;\n")
    page.problems()
    program(HEAD + "x = indices;\nfor i in range(9000) {\n    x = (x * 3 + i) % 7;\n}\nx;\n", "costly.rasp")
    time.sleep(0.3)
    begun = time.monotonic()
    assert "x = indices" in page.shown("\n|x;")
    assert page.formatting() is not None or page.text
    assert time.monotonic() - begun < 5
