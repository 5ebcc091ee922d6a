"""Lines become inputs exactly where statements end."""

from __future__ import annotations

import pytest
from raspc.rasp_grammar.parser import parse
from raspc.rasp_grammar.span import Source
from raspc.tests.programs.cases import shipped_programs
from raspc.tools.repl.read_statements import InputState, check_input, split_inputs


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", InputState.EMPTY),
        ("  \n# only a comment", InputState.EMPTY),
        ("x;", InputState.COMPLETE),
        ("x = 3; y;", InputState.COMPLETE),
        (";", InputState.COMPLETE),
        ('set example "abc"', InputState.COMPLETE),
        ("examples off", InputState.COMPLETE),
        ('load "x"', InputState.COMPLETE),
        ("exit()", InputState.COMPLETE),
        (":type x +", InputState.COMPLETE),
        ("def f(x) { return x; }", InputState.COMPLETE),
        ("for i in range(3) { x = i; }", InputState.COMPLETE),
        ("x", InputState.NO_SEMICOLON),
        ("x = tokens == 'a'", InputState.NO_SEMICOLON),
        ("x = {1: 2}", InputState.NO_SEMICOLON),
        ("x; y", InputState.NO_SEMICOLON),
        ("x =", InputState.UNFINISHED),
        ("x = a +", InputState.UNFINISHED),
        ("not", InputState.UNFINISHED),
        ("select(tokens,", InputState.UNFINISHED),
        ("[1, 2", InputState.UNFINISHED),
        ("{1: 2,", InputState.UNFINISHED),
        ("set vocab [1,", InputState.UNFINISHED),
        ("def f(x)", InputState.UNFINISHED),
        ("def f(x) {", InputState.UNFINISHED),
        ("def f(x) {\n    y = x;", InputState.UNFINISHED),
        ("def f(x) {\n    return x", InputState.UNFINISHED),
        ("for i in range(3)", InputState.UNFINISHED),
        ("for i in range(3) {\n    for j in range(3) {\n        x = i;\n    }", InputState.UNFINISHED),
        ("x if a else", InputState.UNFINISHED),
        ("x = = 3", InputState.WRONG),
        ("x)", InputState.WRONG),
        ('"abc', InputState.WRONG),
        ("set vocab", InputState.WRONG),
        ("def f(x) {\n    y = = x;", InputState.WRONG),
    ],
)
def test_states(text: str, state: InputState) -> None:
    assert check_input(text).state is state


def _split(script: str) -> list[str]:
    return [source.text for source in split_inputs(script.splitlines(keepends=True), "<stdin>")]


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
        # An unfinished statement at the end is returned unchanged.
        ("def f(x) {\n", ["def f(x) {\n"]),
        ("", []),
        ("\n \n", []),
    ],
)
def test_inputs(script: str, texts: list[str]) -> None:
    assert _split(script) == texts


def test_inputs_know_their_lines() -> None:
    script = "x;\n\n# of f\ndef f(a) {\n  return a;\n}\ny\nz\n"
    assert [source.first_line for source in split_inputs(script.splitlines(), "s")] == [1, 3, 7, 8]


def test_an_input_comes_as_soon_as_it_is_whole() -> None:
    seen: list[int] = []

    def lines() -> list[str]:
        return ["x;", "def f(a) {", "return a;", "}"]

    def spied() -> object:
        for number, line in enumerate(lines()):
            seen.append(number)
            yield line

    found = split_inputs(spied(), "s")  # type: ignore[arg-type]
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
