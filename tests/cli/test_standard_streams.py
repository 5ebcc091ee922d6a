"""Standard streams that are closed or full, in every command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from raspc.cli.main import COMMANDS

REVERSE = 'set vocab "abc"; set max_length 4; tokens[length - indices - 1];\n'

#: A call of every command, which is right when the streams are.
CALLS = {
    "compile": "compile p.rasp -o new.safetensors",
    "run": "run m.safetensors ab",
    "eval": "eval p.rasp ab",
    "check": "check p.rasp",
    "explain": "explain C201",
    "verify": "verify m.safetensors",
    "inspect": "inspect m.safetensors",
    "trace": "trace m.safetensors ab",
    "report": "report m.safetensors ab -o new.html",
    "build": "build p.rasp -o built --jobs 1",
    "repl": "repl p.rasp",
    "fmt": "fmt p.rasp --check",
    "new": "new fresh",
    "lsp": "lsp",
    "export": "export m.safetensors --to hf new",
    "completion": "completion bash",
    "fuzz": "fuzz --programs 1 --inputs 1",
}

#: Commands that write files, and then only a summary to standard output.
WRITE = {"compile", "report", "build", "new", "export"}

#: Commands that read standard input in these calls.
READ = {"repl", "lsp"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    (folder / "p.rasp").write_text(REVERSE)
    assert _shell(folder, "fmt p.rasp").returncode == 0
    assert _shell(folder, "compile p.rasp -o m.safetensors").returncode == 0
    return folder


def _shell(folder: Path, call: str, streams: str = "</dev/null") -> subprocess.CompletedProcess[str]:
    command = f'"{sys.executable}" -m raspc {call} {streams}'
    (folder / "fresh.rasp").unlink(missing_ok=True)
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, timeout=120, env=os.environ
    )


def test_every_command_is_called_here() -> None:
    assert list(CALLS) == list(COMMANDS)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "lsp"])
def test_closed_output_and_errors_change_no_result(folder: Path, name: str) -> None:
    for streams in ("</dev/null >&-", "</dev/null 2>&-", "</dev/null >&- 2>&-"):
        done = _shell(folder, CALLS[name], streams)
        assert (done.returncode, "internal" in done.stderr) == (0, False), (streams, done.stderr)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_closed_input_is_named_where_it_is_read(folder: Path, name: str) -> None:
    done = _shell(folder, CALLS[name], "<&-")
    assert (done.returncode == 1) == (name in READ), done.stderr
    assert ("standard input is closed [file-unreadable]" in done.stderr) == (name in READ)


@pytest.mark.parametrize("call", ["run m.safetensors --input -", "eval p.rasp --input -", "fmt -"])
def test_a_closed_input_is_no_empty_one(folder: Path, call: str) -> None:
    done = _shell(folder, call, "<&-")
    assert (done.returncode, done.stdout) == (1, "")
    assert "standard input is closed" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("check", "lsp", "repl")])
def test_a_full_output_is_named_and_files_that_are_written_are_a_success(folder: Path, name: str) -> None:
    done = _shell(folder, CALLS[name], "</dev/null >/dev/full")
    assert "cannot write standard output: no space left on device [file]" in done.stderr
    assert done.returncode == (0 if name in WRITE else 1)
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_standard_error_changes_no_status(folder: Path) -> None:
    assert _shell(folder, "eval p.rasp ab", "2>/dev/full").returncode == 0
    assert _shell(folder, "eval p.rasp xyz", "2>/dev/full").returncode == 1
    assert _shell(folder, "eval --nonsense", "2>/dev/full").returncode == 2


@pytest.mark.parametrize("call", ["compile p.rasp -o big.safetensors", "new fresh", "export m.safetensors --to hf big"])
def test_a_full_disk_is_told_with_the_files_name(folder: Path, call: str) -> None:
    """A limit on the size of files stands for the full disk."""
    command = f'trap "" XFSZ; ulimit -f 0; exec "{sys.executable}" -m raspc {call}'
    (folder / "fresh.rasp").unlink(missing_ok=True)
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "big" in done.stderr or "fresh.rasp" in done.stderr
    assert "file too large" in done.stderr
    assert not list(folder.glob("big*"))
    assert not (folder / "fresh.rasp").exists()
