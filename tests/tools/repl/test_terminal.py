"""The prompt: keys in, inputs out; and one real terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.history import FileHistory, InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from raspc.tools.repl.conversation import Conversation
from raspc.tools.repl.terminal import history_file, person_history, prompts, styled

UP, TAB, ENTER, ALT_ENTER, CTRL_C, CTRL_D, CTRL_R = "\x1b[A", "\t", "\r", "\x1b\r", "\x03", "\x04", "\x12"


def _typed(keys: str) -> list[str]:
    """The inputs that some keys make; the session ends with Ctrl-D."""
    conversation = Conversation(Path())
    with create_pipe_input() as pipe:
        pipe.send_text(keys + CTRL_D)
        return list(prompts(conversation, terminal=(pipe, DummyOutput()), history=InMemoryHistory()))


@pytest.mark.parametrize(
    ("keys", "texts"),
    [
        ("x;" + ENTER + "y" + ENTER, ["x;", "y"]),
        (ENTER + "  " + ENTER + "x;" + ENTER, ["x;"]),
        # An unfinished statement continues on the next line, indented by its open braces.
        (
            ENTER.join(["def f(x) {", "for i in xs {", "y = i;", "}", "return y;", "}", ""]),
            ["def f(x) {\n    for i in xs {\n        y = i;\n    }\n    return y;\n}"],
        ),
        ("x =" + ENTER + "3" + ENTER, ["x =\n3"]),
        ("select(tokens," + ENTER + "'a', ==)" + ENTER, ["select(tokens,\n'a', ==)"]),
        ("x" + ALT_ENTER + "+ 1;" + ENTER, ["x\n+ 1;"]),
        ("x = {1: 2}" + ENTER, ["x = {1: 2}"]),
        # A mistake is shown at once, not waited for.
        ("x = = 3" + ENTER, ["x = = 3"]),
        ("def f(x) {" + ENTER + "y = = 3;" + ENTER, ["def f(x) {\n    y = = 3;"]),
        (":type x +" + ENTER, [":type x +"]),
        # Ctrl-C drops what was typed, all its lines.
        ("x = 3" + CTRL_C + "y;" + ENTER, ["y;"]),
        ("def f(x) {" + ENTER + "y = 3;" + CTRL_C + "z;" + ENTER, ["z;"]),
    ],
)  # fmt: skip
def test_keys(keys: str, texts: list[str]) -> None:
    assert _typed(keys) == texts


def test_the_history_file_is_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert history_file() == tmp_path / "state" / "raspc" / "history"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert history_file() == tmp_path / "home" / ".local" / "state" / "raspc" / "history"
    monkeypatch.delenv("XDG_STATE_HOME")
    assert history_file() == tmp_path / "home" / ".local" / "state" / "raspc" / "history"
    assert isinstance(person_history(), FileHistory)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert history_file() is None
    assert isinstance(person_history(), InMemoryHistory)


@pytest.mark.parametrize(
    "line", ["", "x = select(a, 'b', ==); # why", '"open', "  set vocab [", ":doc x", "§ \x01", "}"]
)
def test_colours_change_no_text(line: str) -> None:
    assert "".join([piece[1] for piece in styled(line)]) == line


def test_colours() -> None:
    fragments = [(style.removeprefix("class:rasp."), text) for style, text, *_ in styled("def f(x) { 'a' + 1 } # no")]
    assert ("word", "def") in fragments
    assert ("text", "'a'") in fragments
    assert ("number", "1") in fragments
    assert ("comment", "# no") in fragments
    assert ("", "f") in fragments


# ---- a real terminal -------------------------------------------------------------------------------


class _Terminal:
    """A process at a terminal of its own."""

    def __init__(self, folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        environment = os.environ | {
            "TERM": "xterm", "COLUMNS": "80", "LINES": "24", "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "NO_COLOR": "1",
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "raspc", "repl"],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.shown = ""

    def wait_for(self, text: str, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            open_ = self._read(0.5)
            assert text in self.shown or (open_ and time.monotonic() < deadline), f"{text!r} is not in {self.shown!r}"

    def linger(self, seconds: float) -> None:
        """Waits, and answers what the terminal is asked: prompts end only when they know where the cursor is."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._read(left)

    def _read(self, seconds: float) -> bool:
        """Reads the output of that time; False when the other end is closed."""
        if select.select([self._ours], [], [], seconds)[0]:
            try:
                data = os.read(self._ours, 1 << 16).decode()
            except OSError:
                return False
            if "\x1b[6n" in data:
                os.write(self._ours, b"\x1b[1;1R")  # where the cursor is
            self.shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r", "", data)
        return True

    def leave(self, seconds: float = 20) -> int:
        """Types Ctrl-D until the process ends (it is ignored before the first prompt); returns the exit status."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            os.write(self._ours, CTRL_D.encode())
            self._read(0.3)
        return self.process.wait(1)

    def type(self, keys: str, until: str) -> None:
        self.linger(0.3)  # until the next prompt hears keys: before that, Tab and Ctrl-R are the terminal's own
        self.shown = ""
        os.write(self._ours, keys.encode())
        self.wait_for(until)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[_Terminal]:
    made = _Terminal(tmp_path)
    yield made
    made.close()


def test_a_session_at_a_terminal(tmp_path: Path, terminal: _Terminal) -> None:
    terminal.wait_for(">>")
    assert "Ctrl-D leaves" in terminal.shown
    terminal.type("x = tokens_s" + TAB, "tr")
    terminal.type(" == 'l';" + ENTER, "= [F, F, T, T, F] (bools)")
    terminal.type("x = missing;" + ENTER, "hint:")
    assert "<input>:1:5: error: `missing` is not defined [unknown-name]" in terminal.shown
    terminal.type("def f(a) {" + ENTER + "return a;" + ENTER + "}" + ENTER, "console function: f(a)")
    terminal.type(":de" + TAB, "pth")
    terminal.type(" x" + ENTER, "attention depth: 0")
    # A loop that takes seconds, stopped.
    terminal.type("for i in range(90000) { x = select(1, i, ==); y = select(i, 1, <); }" + ENTER, "}\n")
    terminal.linger(1.0)
    os.kill(terminal.process.pid, signal.SIGINT)
    terminal.wait_for("interrupted\n")
    terminal.type("x;" + ENTER, "= [F, F, T, T, F] (bools)")
    assert terminal.leave() == 0
    # The next session has the history of this one.
    again = _Terminal(tmp_path)
    try:
        again.wait_for(">>")
        again.type(UP, "x;")
        again.type(ENTER, "unknown-name")
        again.type(CTRL_R + "turn a", "}")
        again.type(ENTER + ENTER, "console function: f(a)")
    finally:
        again.close()
    assert "+def f(a) {\n+    return a;\n+}\n" in (tmp_path / "state" / "raspc" / "history").read_text()
