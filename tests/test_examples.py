"""The scripts of docs/examples/ run if their extra is installed, and print the expected words."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "examples"

#: Scripts that tests/tools/reports/test_figures.py runs.
ELSEWHERE = ["figures.py"]

#: Script -> the modules that it needs, whether it takes a folder as an argument, and words of its output.
EXAMPLES = {
    "with_hugging_face.py": (("transformers",), True, "role   - subject - - object\ntimes  1 1 1 1 1 1\n"),
    "with_onnx.py": (("onnx", "onnxruntime"), True, "(a))(      depth 1 1 0 -1 0         balanced: False\n"),
    "with_transformer_lens.py": (
        ("transformer_lens.model_bridge",),
        False,
        "direction 21 (target) holds [2, 0, 3, 1, 4]\nthe last head reads, for each position, token [1, 3, 0, 2, 4]\n",
    ),
}


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def test_every_script_is_run() -> None:
    assert sorted(path.name for path in FOLDER.glob("*.py")) == sorted([*EXAMPLES, *ELSEWHERE])


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_prints_the_expected_words(name: str, tmp_path: Path) -> None:
    modules, takes_folder, shown = EXAMPLES[name]
    for module in modules:
        if not _installed(module):
            pytest.skip(f"{module} is not installed")
    environment = {variable: value for variable, value in os.environ.items() if variable != "PYTHONPATH"}
    environment |= {"HF_HOME": str(tmp_path / "home")}
    folder = tmp_path / "made"
    folder.mkdir()
    arguments = [str(folder)] if takes_folder else []
    done = subprocess.run(
        [sys.executable, str(FOLDER / name), *arguments],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
    assert any(folder.iterdir()) == takes_folder
