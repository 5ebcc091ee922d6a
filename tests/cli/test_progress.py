"""Progress of commands: shown on a terminal, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from raspc.cli import progress
from raspc.cli.progress import counted_work, long_work

from .conftest import Call


class _Terminal:
    """Runs a command whose standard output and error are a terminal of 80 columns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, delay: float = 0.0, before: str = "pass") -> tuple[int, str]:
        script = (
            "import sys; from raspc.cli import progress; from raspc.cli.main import main;"
            f"progress.DELAY = {delay}; {before}; sys.exit(main(sys.argv[1:]))"
        )
        main_end, end = pty.openpty()
        environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
        process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments], stdout=end, stderr=end, cwd=self.folder, env=environment
        )
        os.close(end)
        shown = b""
        try:
            while chunk := os.read(main_end, 1 << 16):
                shown += chunk
        except OSError:  # the other end is closed
            pass
        os.close(main_end)
        return process.wait(), shown.decode()


@pytest.fixture
def terminal(tmp_path: Path) -> _Terminal:
    (tmp_path / "sort.rasp").write_text('set vocab "abc"; set max_length 9; tokens[length - indices - 1];\n')
    return _Terminal(tmp_path)


def test_verify_shows_count_and_rate_on_a_terminal(terminal: _Terminal, call: Call) -> None:
    call("compile", "sort.rasp", folder=terminal.folder)
    status, shown = terminal("verify", "sort.safetensors")
    assert status == 0
    assert "reading sort.safetensors" in shown
    assert "/29523" in shown
    assert "inputs/s" in shown
    assert "agree on every one" in shown


def test_short_work_shows_nothing(terminal: _Terminal) -> None:
    status, shown = terminal("compile", "sort.rasp", delay=60.0)
    assert status == 0
    assert shown.splitlines()[0].startswith("sort.safetensors: ")


def test_compile_says_what_it_is_doing(terminal: _Terminal) -> None:
    slow = (
        "import time; from raspc.compiler import pipeline; schedule = pipeline.schedule;"
        "pipeline.schedule = lambda *given: (time.sleep(3), schedule(*given))[1]"
    )
    status, shown = terminal("compile", "sort.rasp", before=slow)
    assert status == 0
    assert "sort.rasp" in shown.split("sort.safetensors:")[0]


def test_check_of_a_right_file_says_so_on_a_terminal_only(terminal: _Terminal, call: Call) -> None:
    assert terminal("check", "sort.rasp") == (0, "sort.rasp: no errors\r\n")
    assert terminal("check", "sort.rasp", "sort.rasp") == (0, "2 files: no errors\r\n")
    assert terminal("check", "sort.rasp", "--json") == (0, "")
    silent = call("check", "sort.rasp", folder=terminal.folder)
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")


def test_nothing_is_shown_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.0)
    with long_work("compiling"):
        time.sleep(0.05)
    with counted_work(3, unit="inputs") as advance:
        assert advance is None
    assert capsys.readouterr() == ("", "")
