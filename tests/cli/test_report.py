"""`raspc report`: its file and its refusals."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from raspc.tools.reports import figures

Call = Callable[..., CompletedProcess[str]]

COUNT = 'set vocab "ab";\nset max_length 4;\nselector_width(select(tokens, tokens, ==));\n'


@pytest.fixture
def model(call: Call, tmp_path: Path) -> Path:
    (tmp_path / "count.rasp").write_text(COUNT)
    assert call("compile", "count.rasp", folder=tmp_path).returncode == 0
    return tmp_path


def test_a_page(call: Call, model: Path) -> None:
    result = call("report", "count.safetensors", "abb", folder=model)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "wrote count.html\n"
    first = (model / "count.html").read_bytes()
    assert first.startswith(b"<!doctype html>")
    assert call("report", "count.manifest.json", "abb", "-o", "new/page.html", folder=model).returncode == 0
    assert (model / "new" / "page.html").read_bytes().replace(b"manifest.json", b"safetensors") == first


def test_figures(call: Call, model: Path) -> None:
    pytest.importorskip("matplotlib")
    result = call("report", "count.safetensors", "abb", "--png", "out", "--json", folder=model)
    assert json.loads(result.stdout) == {
        "files": ["out/count-attention.png", "out/count-residual.png"],
        "agrees": True,
    }
    assert call("report", "count.safetensors", "abb", "--png", "one.png", folder=model).returncode == 0
    assert (model / "one.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib(call: Call, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "find_spec", lambda _: None)
    result = call("report", "count.safetensors", "abb", "--png", "out", folder=model)
    assert (result.returncode, result.stdout) == (1, "")
    assert "pip install 'raspc[plot]'" in result.stderr
    assert not (model / "out").exists()


def test_a_page_needs_no_matplotlib(call: Call, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert call("report", "count.safetensors", "abb", folder=model).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["abb", "-o", "page.html", "--png", "out"], 2, "not both"),
        (["abb", "-o", "page.pdf"], 2, "should end in .html"),
        ([], 2, "Missing argument"),
        (["abc"], 1, "not in the program's vocabulary"),
        (["abb", "-o", "count.rasp/page.html"], 1, "count.rasp"),
    ],
    ids=["both", "no html", "no tokens", "unknown token", "no folder"],
)
def test_refusals(call: Call, model: Path, arguments: list[str], status: int, message: str) -> None:
    result = call("report", "count.safetensors", *arguments, folder=model)
    assert (result.returncode, result.stdout) == (status, "")
    assert message in result.stderr
    assert sorted(path.name for path in model.iterdir()) == ["count.manifest.json", "count.rasp", "count.safetensors"]
