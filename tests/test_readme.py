"""The commands on the README and the pages of docs/ do what they show.  `--update-golden` writes the outputs anew."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
from pathlib import Path

import pytest
from raspc.cli.main import main

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
CAUSAL = ROOT / "docs" / "causal.md"
SORT = ROOT / "programs" / "paper" / "sort.rasp"

#: A fenced block: its language, its text.
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)

WRONG = """set vocab "ab";
set max_length 5;
first = indices == 0;
is_a = select(tokens, 'a', ==);
share = agregate(is_a, first);
is_a + 1;
"""


def _run(command: str) -> str:
    name, *arguments = shlex.split(command)
    if name == "cat":
        return "".join(Path(file).read_text(encoding="utf-8") for file in arguments)
    assert name == "raspc"
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        main(arguments)
    # Times are rounded to what a reader may expect anywhere.
    return re.sub(r"\d+\.\d+ s$", "0.2 s", out.getvalue(), flags=re.M)


def _session(text: str) -> str:
    """A console block with the outputs that its commands have."""
    lines = [line for line in text.splitlines() if line.startswith("$ ")]
    return "```console\n" + "".join(f"{line}\n{_run(line.removeprefix('$ '))}" for line in lines) + "```"


def test_the_page_on_causal_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "programs").symlink_to(ROOT / "programs")
    written = CAUSAL.read_text(encoding="utf-8")
    (program,) = [block[2] for block in BLOCK.finditer(written) if block[1] == "rasp"]
    (tmp_path / "continue.rasp").write_text(program)
    actual = BLOCK.sub(lambda block: block[0] if block[1] != "console" else _session(block[2]), written)
    if request.config.getoption("--update-golden"):
        CAUSAL.write_text(actual, encoding="utf-8")
    else:
        assert actual == written


def test_console_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "programs").symlink_to(ROOT / "programs")
    (tmp_path / "wrong.rasp").write_text(WRONG)
    commands = 0

    def session(block: re.Match[str]) -> str:
        nonlocal commands
        if block[1] == "rasp":
            return "```rasp\n" + SORT.read_text(encoding="utf-8") + "```"
        if block[1] != "console":
            return block[0]
        commands += block[2].count("$ ")
        return _session(block[2])

    written = README.read_text(encoding="utf-8")
    actual = BLOCK.sub(session, written)
    assert commands > 5
    if request.config.getoption("--update-golden"):
        README.write_text(actual, encoding="utf-8")
    else:
        assert actual == written


def test_python_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "programs").symlink_to(ROOT / "programs")
    blocks = "".join(block[2] for block in BLOCK.finditer(README.read_text(encoding="utf-8")) if block[1] == "pycon")
    examples = doctest.DocTestParser().get_doctest(blocks, {}, "README.md", str(README), 0)
    assert len(examples.examples) > 5
    report = io.StringIO()
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    doctest.DocTestRunner(optionflags=options).run(examples, out=report.write)
    assert report.getvalue() == ""


def test_shell_blocks_name_targets_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    used = set(re.findall(r"\bmake ([a-z]+)", README.read_text(encoding="utf-8")))
    assert {"run", "test"} <= used <= targets
