"""Recovery from syntax errors: the tree keeps every readable statement, at its own place."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raspc.rasp_grammar import tree
from raspc.rasp_grammar.diagnostics import Diagnostic, RaspError
from raspc.rasp_grammar.parser import parse
from raspc.rasp_grammar.recovery import recover
from raspc.rasp_grammar.span import Source

ROOT = Path(__file__).parents[2]
PROGRAMS = [path.read_text() for path in sorted((ROOT / "programs" / "paper").glob("*.rasp"))]


def _names(text: str) -> list[str]:
    """The names that the statements of a text's top level define."""
    found = []
    for item in recover(Source("a.rasp", text)).module.items:
        match item:
            case tree.Definition(name=name):
                found.append(name.name)
            case tree.Assignment(names=names):
                found += [name.name for name in names]
    return found


def _mistakes(text: str) -> tuple[Diagnostic, ...]:
    try:
        parse(Source("a.rasp", text))
    except RaspError as error:
        return error.diagnostics
    return ()


@pytest.mark.parametrize("text", PROGRAMS)
def test_a_whole_text_is_its_tree(text: str) -> None:
    source = Source("a.rasp", text)
    found = recover(source)
    assert found.parses
    assert found.program is source
    assert len(found.module.items) == len(parse(source).items)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = 1;\nb = (;\nc = 2;\n", ["a", "c"]),
        ("a = 1;\nb = 2\nc = 3;\n", ["a", "c"]),
        ("a = 1;\nb = \n", ["a"]),
        ("a = 1;\ndef f(x) {\n    y = x +\n    return y;\n}\nb = 2;\n", ["a", "f", "b"]),
        ("def f(x) {\n    return x;\n\ndef g(x) {\n    return x;\n}\n", ["f", "g"]),
        ("def f(x) {\n    return x", ["f"]),
        ("a = 1;\n}\nb = 2;\n", ["a", "b"]),
        ("a = 1;\nb = 'text;\nc = 3;\n", ["a", "c"]),
        ("a = 1;\n$ ?\nb = 2;\n", ["a", "b"]),
        ("a = select(\n\nb = 2;\n", ["b"]),
        ("", []),
        (";;;", []),
        ("}}}", []),
    ],
)
def test_what_is_left(text: str, names: list[str]) -> None:
    missing = [name for name in names if name not in _names(text)]
    assert missing == []


def _check(text: str) -> None:
    """Assert the properties of recovery that hold for every text."""
    found = recover(Source("a.rasp", text))
    assert found.mistakes == _mistakes(text)
    for node, _ in tree.walk(found.module):
        # A sign that was added at the end has no place.
        assert 0 <= node.span.start <= node.span.end <= len(text)
        if isinstance(node, tree.Name):
            assert text[node.span.start : node.span.end] == node.name
    if found.program is not None:
        made = found.program.text
        assert _mistakes(made) == ()
        # Blanks, `;` and `}` aside it is the text, at the same places.
        for before, after in zip(text, made, strict=False):
            assert after == before or after in " ;}", (before, after)
        assert set(made[len(text) :]) <= set("\n;} ")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_programs_with_something_missing_or_too_much(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(PROGRAMS))
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.sampled_from([0, 1, 2, 5, 40]))
    put = data.draw(st.sampled_from(["", "(", ")", "}", "{", ";", '"', "#", "def ", "x = ", "\n", "=", "🎈", "return"]))
    _check(text[:start] + put + text[start + length :])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "def f(x) {",
                "}",
                "x = 1;",
                "x =",
                "return x;",
                "(",
                ")",
                "\n",
                "# c\n",
                "if",
                "for i in l {",
                '"',
                "load",
                ";",
            ]
        ),
        max_size=25,
    )
)
def test_any_order_of_words(words: list[str]) -> None:
    _check(" ".join(words))


@pytest.mark.parametrize("text", ["def f() {", "x = = 1;\n", ") ", "}", "x = 1\n", "x = (", "f("])
def test_the_work_on_a_long_text_is_bounded(text: str) -> None:
    started = time.process_time()
    recover(Source("a.rasp", text * (50_000 // len(text))))
    assert time.process_time() - started < 10


def test_most_of_a_program_is_left_when_one_line_breaks() -> None:
    """A statement that cannot be parsed is lost; its neighbours are kept."""
    chance = random.Random(5)
    for text in PROGRAMS:
        whole = _names(text)
        lines = text.split("\n")
        number = chance.randrange(len(lines))
        left = _names("\n".join([*lines[:number], lines[number] + " = = (", *lines[number + 1 :]]))
        assert len(set(whole) - set(left)) <= 1, lines[number]
