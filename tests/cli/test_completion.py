"""Shells complete raspc's commands, options and values, through the script that `raspc completion` prints."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from raspc.cli.explanation import explanations
from raspc.cli.main import COMMANDS, main

BIN = str(Path(sys.executable).parent)
FILES = ["sort.rasp", "sort of.rasp", "reverse.rasp", "notes.txt", "sort.safetensors", "sort.manifest.json", "x.json"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in FILES:
        Path(name).touch()
    Path("suite").mkdir()
    Path("suite/a.rasp").touch()
    Path("suite/b.txt").touch()


def _run(shell: str, script: str, *arguments: str) -> list[str]:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        [shell, "-c", script, *arguments], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line != ""]


def _bash(*words: str) -> list[str]:
    """The `compopt` call of the script, if any, then the completions that bash offers for the last of these words."""
    script = (
        'source <(raspc completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()\n'
        'compopt() { local IFS=" "; echo "by $*"; }; _raspc_completion raspc; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return _run("bash", script, "bash", "raspc", *words)


def test_commands() -> None:
    assert set(_bash("")) == set(COMMANDS)
    assert _bash("insp") == ["inspect"]


def test_bash_knows_the_script() -> None:
    (line,) = _run("bash", "source <(raspc completion bash); complete -p raspc")
    assert line == "complete -o nosort -F _raspc_completion raspc"


def test_options_and_their_values() -> None:
    assert "--max-length" in _bash("compile", "sort.rasp", "--")
    assert _bash("compile", "--emit", "") == ["ast", "graph", "blocks", "layers"]
    assert _bash("compile", "--emit", "=", "gr") == ["graph"]  # as bash splits `--emit=gr`
    assert _bash("compile", "--emit", "=") == ["ast", "graph", "blocks", "layers"]
    assert _bash("completion", "") == ["bash", "zsh", "fish"]


def test_codes() -> None:
    codes = sorted(code for code in explanations() if code.startswith("unknown"))
    assert len(codes) > 1
    assert sorted(_bash("explain", "unknown")) == codes


@pytest.mark.parametrize("command", ["compile", "eval", "check", "fmt"])
def test_programs(command: str) -> None:
    assert sorted(_bash(command, "")) == ["by -o filenames", "reverse.rasp", "sort of.rasp", "sort.rasp", "suite"]
    assert sorted(_bash(command, "so")) == ["by -o filenames", "sort of.rasp", "sort.rasp"]
    assert _bash(command, "suite/") == ["by -o filenames", "suite/a.rasp"]


@pytest.mark.parametrize("command", ["run", "verify", "inspect"])
def test_models(command: str) -> None:
    assert sorted(_bash(command, "")) == ["by -o filenames", "sort.manifest.json", "sort.safetensors", "suite"]


def test_other_files() -> None:
    assert sorted(_bash("compile", "sort.rasp", "-o", "")) == sorted(["by -o filenames", *FILES, "suite"])
    assert _bash("compile", "nothing") == ["by -o filenames", "by -o default"]


def test_fish() -> None:
    def offered(line: str) -> list[str]:
        return _run("fish", f"raspc completion fish | source; complete -C '{line}'")

    assert [line.partition("\t")[0] for line in offered("raspc insp")] == ["inspect"]
    assert offered("raspc compile sort") == ["sort of.rasp", "sort.rasp"]
    assert offered("raspc run sort") == ["sort.manifest.json", "sort.safetensors"]
    assert offered("raspc compile x.rasp --emit=g") == ["--emit=graph"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script_that_it_can_read(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"_RASPC_COMPLETE={shell}_complete" in script
    Path("script").write_text(script)
    assert _run(shell, f"{shell} -n script") == []


def test_other_shells(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "csh"]) == 2
    assert "bash" in capsys.readouterr().err
