"""Shells complete raspc's commands, options and values, through the script that `raspc completion` prints."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from raspc.cli.main import COMMANDS, main

BIN = str(Path(sys.executable).parent)


def _bash(*words: str) -> list[str]:
    """What bash offers for the last of these words."""
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    script = (
        'source <(raspc completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()\n'
        'compopt() { local IFS=" "; echo "by $*"; }; _raspc_completion raspc; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script, "bash", "raspc", *words], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line != ""]


def test_commands() -> None:
    assert set(_bash("")) == set(COMMANDS)
    assert _bash("insp") == ["inspect"]


def test_options_and_their_values() -> None:
    assert "--max-length" in _bash("compile", "sort.rasp", "--")
    assert _bash("compile", "--emit", "") == ["ast", "graph", "blocks", "layers"]


def test_files_are_left_to_the_shell() -> None:
    assert _bash("inspect", "so") == ["by -o default"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert f"_RASPC_COMPLETE={shell}_complete" in capsys.readouterr().out


def test_other_shells(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "csh"]) == 2
    assert "bash" in capsys.readouterr().err
