"""`raspc repl` with a script: streams, exit statuses, files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Call = Callable[..., CompletedProcess[str]]


def test_streams_and_status(call: Call) -> None:
    result = call("repl", stdin=b"3;\nx;\ntokens\n")
    assert result.returncode == 1
    assert result.stdout == (
        "     value: 3 (int)\n     s-op: tokens\n" + ' \t Example: tokens("hello") = [h, e, l, l, o] (strings)\n'
    )
    assert result.stderr.startswith("<stdin>:2:1: error: `x` is not defined [unknown-name]\n    x;\n    ^\n  hint: ")


@pytest.mark.parametrize("script", [b"", b"\n# nothing\n", b"3;", b"3;\nexit()\nmissing;", b"3\nquit\nmissing"])
def test_a_script_without_mistakes_exits_with_0(call: Call, script: bytes) -> None:
    result = call("repl", stdin=script)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout in ("", "     value: 3 (int)\n")


def test_warnings_are_no_mistakes(call: Call) -> None:
    result = call("repl", stdin=b"1 == 1 or 2 == 2 and False;")
    assert result.returncode == 0
    assert "warning:" in result.stderr


def test_files_are_loaded_first(call: Call, tmp_path: Path) -> None:
    (tmp_path / "one.rasp").write_text("x = 3; x;")
    (tmp_path / "it's.rasp").write_text("y = x + 1;")
    result = call("repl", "one", "it's.rasp", stdin=b"y;", folder=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "     value: 4 (int)\n", "")
    result = call("repl", "two.rasp", stdin=b"3;", folder=tmp_path)
    assert (result.returncode, result.stdout) == (1, "     value: 3 (int)\n")
    assert "there is no file `two.rasp` [file-missing]" in result.stderr
    (tmp_path / "wrong.rasp").write_text("\nz = missing;")
    result = call("repl", "wrong.rasp", folder=tmp_path)
    assert result.stderr.startswith("wrong.rasp:2:5: error: ")
    assert call("repl", "a\"b'c.rasp", folder=tmp_path).returncode == 2


def test_bytes_that_are_no_text(call: Call) -> None:
    result = call("repl", stdin=b"\xef\xbb\xbf1;\r\n\xff\xfe;\n2;\r\n\x00;\n3;")
    assert result.returncode == 1
    assert result.stdout == "".join([f"     value: {number} (int)\n" for number in (1, 2, 3)])
    assert "line 2 is not UTF-8 text" in result.stderr
    assert "`U+0000` means nothing in RASP" in result.stderr


_LOADED = """
import sys
from raspc.cli.main import main
status = main(["repl"])
print(status, sorted(name for name in ("torch", "numpy", "lark", "prompt_toolkit", "pygls") if name in sys.modules))
"""


def test_a_script_loads_only_what_it_needs(tmp_path: Path) -> None:
    script = b"x = selector_width(full_s);\n:depth x\n:doc sort\n:help\n"
    done = subprocess.run([sys.executable, "-c", _LOADED], input=script, capture_output=True, cwd=tmp_path)
    assert done.stdout.decode().splitlines()[-1] == "0 ['lark']"


def test_each_answer_is_written_before_the_next_input(tmp_path: Path) -> None:
    """A program at the other end of a pipe can talk to the REPL, mistakes in their places among the answers."""
    command = [sys.executable, "-m", "raspc", "repl"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=tmp_path, bufsize=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line, answer in (("1 + 1;", "     value: 2 (int)"), ("y;", "<stdin>:2:1: error:"), (":d", "<stdin>:3:1:")):
            process.stdin.write(f"{line}\n".encode())
            assert process.stdout.readline().decode().startswith(answer)
            while answer.startswith("<") and not process.stdout.readline().startswith(b"  hint"):
                pass
        process.stdin.close()
        assert process.wait(20) == 1
