"""Inputs as JSON lines and words, and the errors of bad ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raspc.cli.report_errors import Report
from raspc.cli.run_lines import run_lines
from raspc.rasp_grammar.diagnostics import Diagnostic, RaspError
from raspc.tools.read_inputs import MAX_LINE, InputLine, read_lines, word_tokens

Call = Callable[..., CompletedProcess[str]]


def _read(path: Path, data: bytes) -> list[InputLine | Diagnostic | None]:
    path.write_bytes(data)
    return list(read_lines(str(path)))


@pytest.mark.parametrize(
    ("line", "tokens"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("[3, -1, 2]", [3, -1, 2]),
        ("[0.5, 1.0, 1e2, -0.0, 2.5E-1]", [Fraction(1, 2), 1, 100, 0, Fraction(1, 4)]),
        ("[0.1]", [Fraction(1, 10)]),
        ("[true, false]", [True, False]),
        ("[]", []),
        ('  ["\\u00e9", "é", "\U0001f600"]\r', ["é", "é", "\U0001f600"]),
    ],
)
def test_values_are_exact(tmp_path: Path, line: str, tokens: list[object]) -> None:
    (read,) = _read(tmp_path / "in.jsonl", line.encode() + b"\n")
    assert isinstance(read, InputLine)
    assert read.tokens == tokens
    assert list(map(type, read.tokens)) == list(map(type, tokens))


BAD = [
    b'["a", "b"',
    b"a b",
    b'["a"] ["b"]',
    b'"ab"',
    b"3",
    b"null",
    b"true",
    b'{"tokens": ["a"]}',
    b'["a", null]',
    b'["a", ["b"]]',
    b'["a", {}]',
    b"[NaN]",
    b"[1, Infinity]",
    b"[-Infinity]",
    b"[1e999999999]",
    b"[1e-999999999]",
    b"[" + b"9" * 500 + b"]",
    b"[0." + b"9" * 500 + b"]",
    b'["\\ud800"]',
    b'["\xff"]',
    b"[" * 100_000,
    b'["' + b"x" * MAX_LINE + b'"]',
    b"\x00",
]


def test_bad_lines_are_reported_and_the_rest_is_read(tmp_path: Path, golden: Callable[..., None]) -> None:
    data = b"".join(b'["good"]\n\n' + line + b"\n" for line in BAD)
    lines = _read(tmp_path / "in.jsonl", data)
    assert [line.tokens for line in lines if isinstance(line, InputLine)] == [["good"]] * len(BAD)
    diagnostics = [line for line in lines if isinstance(line, Diagnostic)]
    assert [found.span.line for found in diagnostics if found.span is not None] == [3 * i + 3 for i in range(len(BAD))]
    golden("\n".join(found.render() for found in diagnostics).replace(str(tmp_path), "") + "\n")


def test_a_mark_of_utf8_and_a_missing_line_end_are_fine(tmp_path: Path) -> None:
    first, second = _read(tmp_path / "in.jsonl", b'\xef\xbb\xbf["a"]\r\n["b"]')
    assert isinstance(first, InputLine)
    assert isinstance(second, InputLine)
    assert (first.tokens, second.tokens) == (["a"], ["b"])


@given(data=st.binary(max_size=200) | st.text(alphabet='[]{}",\\0123eE.-+nulltruefas \n', max_size=60).map(str.encode))
@settings(deadline=None)
def test_any_bytes_are_lines_or_diagnostics(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    for line in _read(path, data):
        if isinstance(line, Diagnostic):
            assert line.render()
            json.dumps(line.as_json())
        elif line is not None:
            assert all(isinstance(token, (int, str, Fraction)) for token in line.tokens)


def test_one_bad_input_does_not_take_its_batch_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(batch: list[list[object]]) -> list[list[object]]:
        sizes.append(len(batch))
        if ["bad"] in batch:
            raise RaspError(Diagnostic("unknown-token", "no such token", None))
        return batch

    sizes: list[int] = []
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f'["{name}"]\n' for name in ("a", "b", "bad", "c", "d")))
    report = Report()
    run_lines(str(path), run, 4, report)  # type: ignore[arg-type]
    out, err = capsys.readouterr()
    assert out == '["a"]\n["b"]\n["c"]\n["d"]\n'
    assert err == f'{path}:3:1: error: no such token [unknown-token]\n    ["bad"]\n    ^^^^^^^\n'
    assert report.failed
    assert sizes == [4, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("path", ["missing.jsonl", ".", "nul\0.jsonl", "x" * 5000])
def test_unreadable_files(path: str) -> None:
    with pytest.raises(RaspError) as caught:
        list(read_lines(path))
    assert [found.code for found in caught.value.diagnostics] == ["file-unreadable"]


def test_words_without_a_vocabulary_are_strings() -> None:
    assert word_tokens(["3", "ab"], None) == ["3", "ab"]
    assert word_tokens(["31"], None) == ["3", "1"]
    assert word_tokens([""], None) == []


def test_words_that_are_not_utf8() -> None:
    with pytest.raises(RaspError) as caught:
        word_tokens(["a", "\udcff"], ["a"])
    assert [found.code for found in caught.value.diagnostics] == ["input-encoding"]
