"""Calling the command line in this process, exactly as the console script does."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from raspc.cli.main import main

Call = Callable[..., CompletedProcess[str]]

TIMING = re.compile(r": \d+ layers?, .* s$", re.M)
SIZE = re.compile(r"[\d,]+ parameters")


def _call(*arguments: str, stdin: bytes = b"", folder: Path | None = None) -> CompletedProcess[str]:
    """Run one command with its own standard streams, in `folder` when given."""
    out, err = _stream(), _stream()
    with contextlib.ExitStack() as stack:
        if folder is not None:
            stack.enter_context(contextlib.chdir(folder))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        stack.enter_context(_stdin(stdin))
        status = main(list(arguments))
    return CompletedProcess(arguments, status, _text(out), _text(err))


def _stream(data: bytes = b"") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="\n", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


@contextlib.contextmanager
def _stdin(data: bytes) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = _stream(data)
    try:
        yield
    finally:
        sys.stdin = before


@pytest.fixture(scope="session")
def call() -> Call:
    """`call("check", "x.rasp")` gives the exit status, standard output and standard error."""
    return _call


@pytest.fixture
def session(tmp_path: Path) -> Callable[..., str]:
    """Runs command lines, one after another, in a folder with some files; gives what a terminal would have shown.

    What a compilation took and gave in numbers is left out: other tests look at that.
    """

    def run(commands: str, files: dict[str, str | bytes], stdin: bytes = b"") -> str:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        shown = []
        for line in commands.strip().splitlines():
            name, *arguments = shlex.split(line)
            assert name == "raspc"
            result = _call(*arguments, stdin=stdin, folder=tmp_path)
            text = f"$ {line.strip()}\n{result.stdout}"
            if result.stderr:
                text += f"--- standard error\n{result.stderr}"
            shown.append(f"{text}--- exit status {result.returncode}\n")
        return SIZE.sub("N parameters", TIMING.sub(": SIZE AND TIME", "\n".join(shown)))

    return run
