"""`raspc fmt` rewrites files whole, in place, and only those that need it; --check and --diff write nothing."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Call = Callable[..., CompletedProcess[str]]

ROOT = Path(__file__).parents[2]
MESSY, NEAT = "x=tokens ;# why\nx", "x = tokens;  # why\nx;\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_shipped_programs_are_formatted(call: Call) -> None:
    paths = ["programs", "rasp_grammar/prelude.rasp", "cli/starter.rasp"]
    result = call("fmt", "--check", *paths, folder=ROOT)
    assert (result.returncode, result.stderr) == (0, "")
    number = len(list((ROOT / "programs").rglob("*.rasp"))) + 2
    assert result.stdout == f"{number} files are as they should be\n"


def test_files_and_folders_are_formatted_in_place(call: Call, here: Path) -> None:
    (here / "suite" / "deep").mkdir(parents=True)
    (here / "suite" / ".hidden").mkdir()
    for name in ("a.rasp", "suite/b.rasp", "suite/deep/c.rasp", "suite/.hidden/d.rasp", "suite/e.txt"):
        (here / name).write_text(MESSY)
    (here / "suite" / "neat.rasp").write_text(NEAT)
    result = call("fmt", "a.rasp", "suite", "suite/b.rasp")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (
        "formatted a.rasp\nformatted suite/b.rasp\nformatted suite/deep/c.rasp\n"
        "3 files formatted, 1 file left as it was\n"
    )
    for name in ("a.rasp", "suite/b.rasp", "suite/deep/c.rasp"):
        assert (here / name).read_text() == NEAT
    for name in ("suite/.hidden/d.rasp", "suite/e.txt"):
        assert (here / name).read_text() == MESSY
    assert call("fmt", "suite").stdout == "3 files left as they were\n"


def test_a_file_that_needs_nothing_is_not_written(call: Call, here: Path) -> None:
    (here / "a.rasp").write_text(NEAT)
    before = (here / "a.rasp").stat()
    call("fmt", "a.rasp")
    after = (here / "a.rasp").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o640])
def test_permissions_stay(call: Call, here: Path, mode: int) -> None:
    path = here / "a.rasp"
    path.write_text(MESSY)
    path.chmod(mode)
    mask = os.umask(0o022)
    try:
        assert call("fmt", "a.rasp").returncode == 0
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_text() == NEAT
    assert os.listdir(here) == ["a.rasp"]


def test_a_link_stays_a_link(call: Call, here: Path) -> None:
    (here / "real").mkdir()
    (here / "real" / "a.rasp").write_text(MESSY)
    (here / "link.rasp").symlink_to("real/a.rasp")
    assert call("fmt", "link.rasp").returncode == 0
    assert (here / "link.rasp").is_symlink()
    assert (here / "real" / "a.rasp").read_text() == NEAT


def test_bytes_are_kept(call: Call, here: Path) -> None:
    (here / "a.rasp").write_bytes("# é ☃\r\nx='é';".encode())
    assert call("fmt", "a.rasp").returncode == 0
    assert (here / "a.rasp").read_bytes() == "# é ☃\r\nx = 'é';\r\n".encode()


def test_check_writes_nothing(call: Call, here: Path) -> None:
    (here / "a.rasp").write_text(MESSY)
    (here / "b.rasp").write_text(NEAT)
    result = call("fmt", "--check", ".")
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout == "would format a.rasp\n1 file would be formatted, 1 file is as it should be\n"
    assert (here / "a.rasp").read_text() == MESSY


def test_diff_is_one_that_patch_takes(call: Call, here: Path) -> None:
    (here / "a.rasp").write_text(MESSY)
    (here / "b.rasp").write_text(NEAT)
    result = call("fmt", "--diff", "a.rasp", "b.rasp")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (
        "--- a.rasp\n+++ a.rasp\n@@ -1,2 +1,2 @@\n-x=tokens ;# why\n-x\n\\ No newline at end of file\n"
        "+x = tokens;  # why\n+x;\n"
    )
    assert (here / "a.rasp").read_text() == MESSY
    assert call("fmt", "--diff", "--check", "a.rasp").returncode == 1
    if shutil.which("patch") is not None:
        subprocess.run(["patch", "-p0"], input=result.stdout, text=True, check=True, capture_output=True)
        assert (here / "a.rasp").read_text() == NEAT


def test_a_bad_file_does_not_spoil_the_others(call: Call, here: Path) -> None:
    (here / "a.rasp").write_text("x = ;\n")
    (here / "b.rasp").write_text(MESSY)
    (here / "c.rasp").write_bytes(b"\xff")
    result = call("fmt", "a.rasp", "b.rasp", "c.rasp", "missing.rasp")
    assert result.returncode == 1
    assert result.stdout == "formatted b.rasp\n1 file formatted, 3 files with errors\n"
    assert "a.rasp:1:3: error" in result.stderr
    assert "[file-encoding]" in result.stderr
    assert "there is no file `missing.rasp`" in result.stderr
    assert (here / "a.rasp").read_text() == "x = ;\n"
    assert (here / "b.rasp").read_text() == NEAT


def test_a_file_that_cannot_be_written(call: Call, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "a.rasp").write_text(MESSY)
    (here / "b.rasp").write_text(MESSY)
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "a.rasp" and access(path, mode))
    result = call("fmt", "a.rasp", "b.rasp")
    assert result.returncode == 1
    assert "`a.rasp` cannot be written: it is read-only" in result.stderr
    assert [(here / name).read_text() for name in ("a.rasp", "b.rasp")] == [MESSY, NEAT]


def test_standard_input(call: Call) -> None:
    result = call("fmt", "-", stdin=MESSY.encode())
    assert (result.returncode, result.stdout, result.stderr) == (0, NEAT, "")
    result = call("fmt", "-", stdin=b"x;\r\ny")
    assert (result.returncode, result.stdout) == (0, "x;\r\ny;\r\n")
    result = call("fmt", "--check", "-", stdin=MESSY.encode())
    assert (result.returncode, result.stdout) == (1, "would format <stdin>\n")
    result = call("fmt", "--check", "-", stdin=NEAT.encode())
    assert (result.returncode, result.stdout) == (0, "")
    assert call("fmt", "--diff", "-", stdin=MESSY.encode()).stdout.startswith("--- <stdin>\n")


def test_mistakes_on_standard_input(call: Call) -> None:
    result = call("fmt", "-", stdin=b"x = ;")
    assert (result.returncode, result.stdout) == (1, "")
    assert "<stdin>:1:3: error" in result.stderr
    result = call("fmt", "-", stdin=b"\xff")
    assert (result.returncode, result.stdout) == (1, "")
    assert "standard input is not UTF-8 text (byte 0)" in result.stderr


def test_json(call: Call, here: Path) -> None:
    (here / "a.rasp").write_text(MESSY)
    (here / "b.rasp").write_text(NEAT)
    (here / "c.rasp").write_text("x = ;\n")
    result = call("fmt", "--check", "--json", ".")
    assert result.returncode == 1
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"file": "a.rasp", "changed": True},
        {"file": "b.rasp", "changed": False},
    ]
    assert json.loads(result.stderr)["file"] == "c.rasp"


def test_a_folder_without_programs_is_no_error(call: Call, here: Path) -> None:
    result = call("fmt", ".")
    assert (result.returncode, result.stdout, result.stderr) == (0, "no .rasp files there\n", "")


@pytest.mark.parametrize("arguments", [[], ["-", "a.rasp"]])
def test_wrong_command_lines(call: Call, arguments: list[str]) -> None:
    assert call("fmt", *arguments).returncode == 2
