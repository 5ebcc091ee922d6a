"""The frame of all commands: usage, exit statuses, and errors that no command expects."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest
from raspc.cli import main as module
from raspc.rasp_grammar.diagnostics import Diagnostic, RaspError

Call = Callable[..., CompletedProcess[str]]


@pytest.mark.parametrize("name", ["", *module.COMMANDS])
def test_help(call: Call, golden: Callable[..., None], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = call(*name.split(), "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert max(map(len, result.stdout.splitlines())) <= 80
    golden(result.stdout)


def test_version(call: Call) -> None:
    from raspc import __version__

    result = call("--version")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"raspc {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["evl"],
        ["frobnicate"],
        ["--wrong"],
        ["eval"],
        ["eval", "x.rasp"],
        ["eval", "x.rasp", "a", "--input", "-"],
        ["eval", "x.rasp", "a", "--max-length", "0"],
        ["eval", "x.rasp", "a", "--max-length", "many"],
        ["run", "x.safetensors", "a", "--device", "tpu"],
        ["run", "x.safetensors", "a", "--batch", "0"],
        ["compile", "x.rasp", "--emit", "steam"],
        ["compile", "x.rasp", "y.rasp"],
        ["check"],
        ["verify", "x.safetensors", "--samples", "3", "--exhaustive"],
    ],
    ids=lambda arguments: " ".join(arguments) or "nothing",
)
def test_wrong_command_lines_exit_with_2(call: Call, golden: Callable[..., None], arguments: list[str]) -> None:
    result = call(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    golden(result.stderr)


def _raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(module.raspc, "invoke", fail)


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (
            RaspError(Diagnostic("no-output", "a mistake", None, "do this")),
            1,
            "a mistake [no-output]\n  hint: do this\n",
        ),
        (RecursionError(), 1, "[too-deep]"),
        (MemoryError(), 1, "[out-of-memory]"),
        (
            OSError(errno.ENOSPC, "No space left on device", "x.out"),
            1,
            "error: `x.out`: no space left on device [file]",
        ),
        (KeyboardInterrupt(), 130, ""),
        (KeyError("a\nbug"), 1, "internal error (KeyError: 'a\\nbug'); please report it"),
        (ValueError("a\nbug"), 1, "internal error (ValueError: a bug); please report it"),
        (click.UsageError("no such thing"), 2, "no such thing"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_errors_become_exit_statuses(
    call: Call, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, said: str
) -> None:
    monkeypatch.delenv("RASPC_DEBUG", raising=False)
    _raising(monkeypatch, error)
    result = call("check", "x.rasp")
    assert (result.returncode, result.stdout) == (status, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_internal_errors_are_one_line_unless_debugging(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    _raising(monkeypatch, ZeroDivisionError("x" * 1000))
    monkeypatch.setenv("RASPC_DEBUG", "0")
    assert len(call("check", "x.rasp").stderr.splitlines()) == 1
    monkeypatch.setenv("RASPC_DEBUG", "1")
    assert "Traceback" in call("check", "x.rasp").stderr


def _process(*arguments: str, folder: Path, **options: object) -> CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


def test_a_closed_output_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "x.rasp").write_text("set vocab 'ab'; set max_length 9; tokens;")
    (tmp_path / "x.jsonl").write_text('["a", "b"]\n' * 20_000)
    script = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', 'raspc', *sys.argv[1:]], " + (
        "stdout=subprocess.PIPE, stderr=subprocess.PIPE); p.stdout.readline(); p.stdout.close(); "
        "print(p.stderr.read(), p.wait())"
    )
    result = _process("-c", script, "eval", "x.rasp", "--input", "x.jsonl", folder=tmp_path)
    assert result.stdout.split()[-1] == "1"
    assert result.stdout.startswith("b''"), result.stdout


_LOADED = """
import sys
from raspc.cli.main import main
status = main(sys.argv[1:]) if len(sys.argv) > 1 else 0
print(status, sorted(name for name in ("torch", "numpy", "lark") if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        ([], "[]"),
        (["--help"], "[]"),
        (["check", "x.rasp"], "['lark']"),
        (["eval", "x.rasp", "ab"], "['lark']"),
        (["compile", "x.rasp"], "['lark', 'numpy']"),
        (["inspect", "x.safetensors"], "['numpy']"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_commands_load_only_what_they_need(tmp_path: Path, arguments: list[str], allowed: str) -> None:
    (tmp_path / "x.rasp").write_text("set vocab 'ab'; set max_length 3; tokens[0];")
    if "x.safetensors" in arguments:
        assert _process("-m", "raspc", "compile", "x.rasp", folder=tmp_path).returncode == 0
    result = _process("-c", _LOADED, *arguments, folder=tmp_path)
    assert result.stderr == f"0 {allowed}\n"


def test_a_name_without_its_suffix_finds_the_file(call: Call, tmp_path: Path) -> None:
    (tmp_path / "kv.rasp").write_text('set vocab "ab"; set max_length 3; tokens;\n')
    for command in (["check", "kv"], ["compile", "kv"], ["eval", "kv", "ab"], ["run", "kv", "ab"], ["verify", "kv"]):
        result = call(*command, folder=tmp_path)
        assert (result.returncode, result.stderr) == (0, ""), command
    assert "`kx` is not the name of a model's file" in call("run", "kx", "ab", folder=tmp_path).stderr
    missing = call("compile", "ky.rasp", folder=tmp_path)
    assert "there is no file `ky.rasp`" in missing.stderr
    assert "did you mean `kv.rasp`?" in missing.stderr
