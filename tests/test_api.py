"""The public API: exported names, modules that an import loads, programs given as paths and as texts."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import raspc

REVERSE = 'set vocab "abc"; set max_length 4; tokens[length - indices - 1];'


def test_public_names_exist() -> None:
    for name in raspc.__all__:
        assert getattr(raspc, name) is not None
    assert set(raspc.__all__) <= set(dir(raspc))


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'raspc' has no attribute 'decompile'"):
        raspc.decompile  # type: ignore[attr-defined] # noqa: B018


@pytest.mark.parametrize(
    ("use", "loaded"),
    [
        ("import raspc", []),
        ("import raspc; raspc.RaspError, raspc.Program, raspc.Diagnostic", []),
        ("from raspc import interpret; interpret('set vocab \"ab\"; tokens;', 'ab')", ["lark"]),
        ("import raspc; raspc.compile('set vocab \"ab\"; set max_length 3; tokens;').manifest", ["lark", "numpy"]),
    ],
)
def test_import_loads_only_the_modules_it_needs(use: str, loaded: list[str]) -> None:
    script = f"{use}\nimport sys; print([name for name in ('lark', 'numpy', 'torch') if name in sys.modules])"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert result.stdout == f"{loaded}\n"


def test_compiled_model_is_saved_loaded_and_run(tmp_path: Path) -> None:
    compiled = raspc.compile(REVERSE)
    files = compiled.save(tmp_path / "reverse.safetensors")
    for model in (compiled.model(), raspc.load(files.weights), raspc.load(str(files.manifest), device="cpu")):
        assert isinstance(model, raspc.Model)
        assert model.run("abca") == ["a", "c", "b", "a"]
        assert model.run_batch(["ab", "", "cab"]) == [["b", "a"], [], ["b", "a", "c"]]
    assert compiled.manifest.vocabulary == ("a", "b", "c")
    assert compiled.warnings == ()


def test_string_is_a_text_and_path_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("reverse.rasp").write_text(REVERSE)
    Path("; odd.rasp").write_text(REVERSE)
    for program in ("reverse.rasp", Path("reverse.rasp"), tmp_path / "reverse.rasp", Path("; odd.rasp"), REVERSE):
        assert raspc.interpret(program, "abc") == ["c", "b", "a"]


def test_files_are_loaded_relative_to_the_program(tmp_path: Path) -> None:
    (tmp_path / "library.rasp").write_text("def twice(x) { return x + x; }")
    (tmp_path / "main.rasp").write_text('load "library"; set vocab range(3); twice(tokens);')
    assert raspc.interpret(tmp_path / "main.rasp", [1, 2]) == [2, 4]


def test_arguments_override_the_program() -> None:
    assert raspc.interpret(REVERSE, ["x", "y"], vocab="xyz") == ["y", "x"]
    assert raspc.interpret("tokens / 2;", [1, 2], vocab=range(5)) == [Fraction(1, 2), 1]
    assert raspc.interpret("a = indices; b = tokens; a;", "ab", entry="b", vocab="ab") == ["a", "b"]
    text = "aggregate(select(indices, indices, <=), indices);"
    assert raspc.interpret("selector_width(full_s);", "ab", vocab="ab", causal=True) == [1, 2]
    compiled = raspc.compile(text, vocab="ab", max_length=3, causal=True, uniform=True)
    assert (compiled.manifest.max_length, compiled.manifest.causal, compiled.manifest.uniform) == (3, True, True)


@pytest.mark.parametrize(
    ("program", "code"),
    [
        (Path("missing.rasp"), "file-missing"),
        ("missing.rasp", "file-missing"),
        (Path("nul\0.rasp"), "file-unreadable"),
        (Path("."), "file-unreadable"),
    ],
)
def test_unreadable_file_is_a_diagnostic(program: str | Path, code: str) -> None:
    with pytest.raises(raspc.RaspError) as caught:
        raspc.interpret(program, [])
    assert [found.code for found in caught.value.diagnostics] == [code]


def test_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "bom.rasp"
    path.write_bytes(b"\xef\xbb\xbf" + REVERSE.encode())
    assert raspc.interpret(path, "ab") == ["b", "a"]


@pytest.mark.parametrize(
    ("vocab", "tokens"),
    [
        ("abc", ("a", "b", "c")),
        ("()", ("(", ")")),
        ("[]", ("[", "]")),
        ("range", ("r", "a", "n", "g", "e")),
        ("range(3)", (0, 1, 2)),
        ("[1, 2]", (1, 2)),
        ('["(", ")"]', ("(", ")")),
        ('"ab"', ("a", "b")),
        (list("[x]"), ("[", "x", "]")),
        (range(3), (0, 1, 2)),
    ],
)
def test_a_vocabulary_as_a_string_is_characters_or_what_the_command_line_reads(
    vocab: Any, tokens: tuple[object, ...]
) -> None:
    assert raspc.compile("tokens;", vocab=vocab, max_length=2).manifest.vocabulary == tokens


@pytest.mark.parametrize(
    ("vocab", "hint"), [("range(3", "list("), ("[x]", "list("), (14, "vocab="), ([None], "tokens")]
)
def test_what_is_no_vocabulary_is_refused_with_advice(vocab: Any, hint: str) -> None:
    with pytest.raises(raspc.RaspError) as caught:
        raspc.compile("tokens;", vocab=vocab, max_length=2)
    assert hint in str(caught.value.diagnostics[0].hint)
