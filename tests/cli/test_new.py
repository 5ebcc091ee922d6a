"""`raspc new` writes a program that works, and never over another."""

from __future__ import annotations

import shlex
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
import raspc
from raspc.cli.main import main


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _expected(tokens: str) -> list[str]:
    totals, seen, values = Counter(tokens), Counter[str](), []
    for token in tokens:
        place = seen[token]
        values.append("new" if place == 0 else "last" if place == totals[token] - 1 else "again")
        seen[token] += 1
    return values


@pytest.mark.parametrize("name", ["first", "my first"])
def test_the_program_compiles_without_a_word_and_says_what_its_comments_say(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", name]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == f"wrote {name}.rasp; try"
    for line in out.splitlines()[1:]:
        command, *arguments = shlex.split(line)
        assert command == "raspc"
        assert main(arguments) == 0
    assert capsys.readouterr().err == ""
    model = raspc.load(f"{name}.safetensors")
    inputs = [tokens for length in range(1, 6) for tokens in product("abc", repeat=length)]
    for tokens, values in zip(inputs, model.run_batch(inputs), strict=True):
        assert values == _expected("".join(tokens)), tokens
    assert Path(f"{name}.rasp").read_text().startswith(f"# {name}: ")
    assert main(["fmt", "--check", f"{name}.rasp"]) == 0


def test_a_file_is_never_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.rasp").write_text("indices;")
    assert main(["new", "mine.rasp"]) == 1
    assert "`mine.rasp` exists already" in capsys.readouterr().err
    assert Path("mine.rasp").read_text() == "indices;"


def test_a_folder_must_be_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "nowhere/first"]) == 1
    assert "`nowhere`: there is no such folder" in capsys.readouterr().err
    Path("here").mkdir()
    assert main(["new", "here/first"]) == 0
    assert Path("here/first.rasp").exists()


@pytest.mark.parametrize("name", ["a\nb;", "a\x1b[31m", "folder/\x00"])
def test_a_name_is_text_of_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", name]) == 2
    assert "characters that can be seen" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("name", ["", ".rasp", " ", "folder/", "/"])
def test_new_refuses_an_empty_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", name]) == 2
    assert "give the program a name" in capsys.readouterr().err
    assert list(Path().iterdir()) == []
