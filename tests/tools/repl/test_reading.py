"""Lines become inputs exactly where statements end."""

from __future__ import annotations

import pytest
from raspc.rasp_grammar.parser import parse
from raspc.rasp_grammar.span import Source
from raspc.tests.programs.cases import shipped_programs
from raspc.tools.repl.read_statements import State, inputs, read


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", State.EMPTY),
        ("  \n# only a comment", State.EMPTY),
        ("x;", State.WHOLE),
        ("x = 3; y;", State.WHOLE),
        (";", State.WHOLE),
        ('set example "abc"', State.WHOLE),
        ("examples off", State.WHOLE),
        ('load "x"', State.WHOLE),
        ("exit()", State.WHOLE),
        (":type x +", State.WHOLE),
        ("def f(x) { return x; }", State.WHOLE),
        ("for i in range(3) { x = i; }", State.WHOLE),
        ("x", State.UNSIGNED),
        ("x = tokens == 'a'", State.UNSIGNED),
        ("x = {1: 2}", State.UNSIGNED),
        ("x; y", State.UNSIGNED),
        ("x =", State.OPEN),
        ("x = a +", State.OPEN),
        ("not", State.OPEN),
        ("select(tokens,", State.OPEN),
        ("[1, 2", State.OPEN),
        ("{1: 2,", State.OPEN),
        ("set vocab [1,", State.OPEN),
        ("def f(x)", State.OPEN),
        ("def f(x) {", State.OPEN),
        ("def f(x) {\n    y = x;", State.OPEN),
        ("def f(x) {\n    return x", State.OPEN),
        ("for i in range(3)", State.OPEN),
        ("for i in range(3) {\n    for j in range(3) {\n        x = i;\n    }", State.OPEN),
        ("x if a else", State.OPEN),
        ("x = = 3", State.WRONG),
        ("x)", State.WRONG),
        ('"abc', State.WRONG),
        ("set vocab", State.WRONG),
        ("def f(x) {\n    y = = x;", State.WRONG),
    ],
)
def test_states(text: str, state: State) -> None:
    assert read(text).state is state


def _split(script: str) -> list[str]:
    return [source.text for source in inputs(script.splitlines(keepends=True), "<stdin>")]


@pytest.mark.parametrize(
    ("script", "texts"),
    [
        ("x;\ny;\n", ["x;\n", "y;\n"]),
        ("x; y;", ["x; y;\n"]),
        # Without `;`, a statement ends where another begins ...
        ("x\ny\n:help\nz", ["x\n", "y\n", ":help\n", "z\n"]),
        ("x = 1\ny = 2", ["x = 1\n", "y = 2\n"]),
        # ... and goes on where none can begin.
        ("x = select(a,\n  b, ==)\n  and c;\ny;", ["x = select(a,\n  b, ==)\n  and c;\n", "y;\n"]),
        ("x =\n\n3;\n", ["x =\n\n3;\n"]),
        # Comments belong to what follows directly.
        ("# alone\n\n# of x\nx;\n# of nothing", ["# of x\nx;\n"]),
        ("# alone\n:help\nx;", [":help\n", "x;\n"]),
        # A mistake ends an input, or the braces that it is in.
        ("x = = 3\ny;", ["x = = 3\n", "y;\n"]),
        ("def f(x) {\n  y = = 3;\n  return y;\n}\nz;", ["def f(x) {\n  y = = 3;\n  return y;\n}\n", "z;\n"]),
        ("(1 + ;\ny;", ["(1 + ;\n", "y;\n"]),
        # What is not finished at the end is given as it is.
        ("def f(x) {\n", ["def f(x) {\n"]),
        ("", []),
        ("\n \n", []),
    ],
)
def test_inputs(script: str, texts: list[str]) -> None:
    assert _split(script) == texts


def test_inputs_know_their_lines() -> None:
    script = "x;\n\n# of f\ndef f(a) {\n  return a;\n}\ny\nz\n"
    assert [source.first_line for source in inputs(script.splitlines(), "s")] == [1, 3, 7, 8]


def test_an_input_comes_as_soon_as_it_is_whole() -> None:
    seen: list[int] = []

    def lines() -> list[str]:
        return ["x;", "def f(a) {", "return a;", "}"]

    def spied() -> object:
        for number, line in enumerate(lines()):
            seen.append(number)
            yield line

    found = inputs(spied(), "s")  # type: ignore[arg-type]
    next(found)
    assert seen == [0]
    next(found)
    assert seen == [0, 1, 2, 3]


@pytest.mark.parametrize("shipped", shipped_programs(), ids=str)
def test_shipped_programs_are_read_as_the_parser_reads_them(shipped: object) -> None:
    text = shipped.path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    whole = [item.span.text for item in parse(Source("", text)).items]
    parts = [item.span.text for part in _split(text) for item in parse(Source("", part)).items]
    assert parts == whole


def test_long_inputs_take_linear_time() -> None:
    entries = "".join([f'  "{number}": {number},\n' for number in range(5_000)])
    assert len(_split(f"x = {{\n{entries}}};\ny;\n")) == 2
    assert len(_split("(\n" * 20_000)) == 1
