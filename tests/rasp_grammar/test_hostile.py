"""No text makes the parser fail otherwise than with diagnostics: arbitrary texts, and damaged programs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from raspc.compiler.elaborate import elaborate, parse_vocabulary
from raspc.rasp_grammar.diagnostics import Diagnostic, RaspError
from raspc.rasp_grammar.source_file import read_source
from raspc.rasp_grammar.span import Source

TEXTS = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[2] / "programs").rglob("*.rasp"))]
SIGNS = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ":",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "^",
    "&",
    "|",
    "!",
    ".",
    "#",
    "'",
    '"',
    "\\",
    "é",
]
WORDS = [
    "a",
    "x",
    "tokens",
    "indices",
    "1",
    "0.5",
    "True",
    "and",
    "or",
    "not",
    "in",
    "if",
    "else",
    "for",
    "def",
    "return",
    "load",
    "set",
    "vocab",
    "max_length",
    "example",
]
PIECES = st.sampled_from([*SIGNS, *WORDS, "select(", "aggregate(", '"s"', "\n", "\t", "\0"])


def mistakes(run: Callable[[], object]) -> tuple[Diagnostic, ...]:
    """The diagnostics that `run` raises; other exceptions are not caught."""
    try:
        run()
    except RaspError as error:
        return error.diagnostics
    return ()


def survives(text: str) -> None:
    """Either a program, or diagnostics that can be shown."""
    for diagnostic in mistakes(lambda: elaborate(Source("text", text), base=Path("/nonexistent"))):
        assert diagnostic.span is not None
        diagnostic.render()
        diagnostic.as_json()


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_any_text(text: str) -> None:
    survives(text)


@given(st.lists(PIECES, max_size=30))
@settings(max_examples=500, deadline=None)
def test_any_sequence_of_words(words: list[str]) -> None:
    survives(" ".join(words))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_programs(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(TEXTS))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(st.one_of(PIECES, st.just(""))) + text[end:]
    survives(text)


@given(st.binary())
@settings(max_examples=100, deadline=None)
def test_any_bytes(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.rasp"
        path.write_bytes(content)
        found = mistakes(lambda: read_source(path))
        assert [diagnostic.code for diagnostic in found] in ([], ["file-encoding"])
        if not found:
            survives(read_source(path).text)


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_vocabulary_flag(spec: str) -> None:
    mistakes(lambda: parse_vocabulary(spec))
