"""What an editor underlines: the compiler's mistakes, at their places, for as long as they are there."""

from __future__ import annotations

from raspc.tests.editor.conftest import Open

HEAD = 'set vocab "abc";\nset max_length 4;\n'


def test_a(program: Open) -> None:
    page = program(HEAD + "x = agregate(1, 2);\nx;\n")
    (problem,) = page.problems()
    assert page.of(problem.range) == "agregate"
    page.type("agregate(1, 2)", "tokens")
    assert page.codes() == []
