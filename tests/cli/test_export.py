"""`raspc export`: files, messages and refusals."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import raspc
from raspc.compiler.artifact.manifest import ClassDecodeRecord
from raspc.compiler.artifact.model_files import CompiledModel, read, write

Call = Callable[..., CompletedProcess[str]]

PROGRAM = 'set vocab "abc"; set max_length 4; tokens[length - indices - 1];'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    raspc.compile(PROGRAM).save(tmp_path / "reverse.safetensors")
    return tmp_path


def test_onnx(call: Call, folder: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    done = call("export", "reverse.manifest.json", "--to", "onnx", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    size = (folder / "reverse.onnx").stat().st_size
    assert done.stdout == f"reverse.onnx: 55 operations, {size:,} bytes, right on 120 inputs\n"
    done = call("export", "reverse.safetensors", "--to", "onnx", "-o", "other.onnx", "--json", folder=folder)
    assert json.loads(done.stdout) == {
        "path": "other.onnx",
        "bytes": size,
        "inputs": ["tokens"],
        "outputs": ["output.answer", "output.logits"],
        "checked": 120,
    }
    assert (folder / "other.onnx").read_bytes() == (folder / "reverse.onnx").read_bytes()


def test_hugging_face(call: Call, folder: Path) -> None:
    done = call("export", "reverse.safetensors", "--to", "hf", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    size = sum(file.stat().st_size for file in (folder / "reverse-hf").iterdir())
    assert done.stdout == f"reverse-hf: 8 files, {size:,} bytes\n"
    done = call("export", "reverse.safetensors", "reverse-hf", "--to", "hf", "--json", folder=folder)
    summary = json.loads(done.stdout)
    assert (summary["path"], summary["bytes"]) == ("reverse-hf", size)
    assert summary["files"] == sorted(os.listdir(folder / "reverse-hf"))


def test_a_wrong_model_is_not_written(call: Call, folder: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    model = read(folder / "reverse.safetensors")
    bias = model.tensors["unembed.b_U"].copy()
    assert isinstance(model.manifest.outputs[0].decode, ClassDecodeRecord)
    bias[1] += 1000
    write(CompiledModel({**model.tensors, "unembed.b_U": bias}, model.manifest), folder / "wrong.safetensors")
    done = call("export", "wrong.safetensors", "--to", "onnx", folder=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: with onnxruntime, `output` at position 0 is b instead of a, on: a [export-differs]" in done.stderr
    assert not (folder / "wrong.onnx").exists()


def test_mistakes(call: Call, folder: Path) -> None:
    def error(*arguments: str) -> tuple[int, str]:
        done = call("export", "reverse.safetensors", *arguments, folder=folder)
        assert done.stdout == ""
        return done.returncode, done.stderr

    before = sorted(os.listdir(folder))
    status, text = error("--to", "tflite")
    assert status == 2
    assert "'tflite' is not one of 'onnx', 'hf'" in text
    status, text = error("--to", "tl")
    assert status == 2
    assert "raspc.interop.to_transformer_lens(raspc.load(MODEL))" in text
    status, text = error("a", "--to", "hf", "-o", "b")
    assert status == 2
    assert "give PATH or -o, not both" in text
    assert error()[0] == 2
    status, text = error("--to", "hf", ".")
    assert status == 1
    assert "raspc: error: `.` holds other files, such as `reverse.manifest.json` [export-folder]" in text
    for target in ("hf", "onnx"):
        if target == "onnx":
            pytest.importorskip("onnx")
        status, text = error("--to", target, "nowhere/x")
        assert status == 1
        assert "raspc: error: cannot write `nowhere/x`: there is no folder nowhere [file]" in text
    assert sorted(os.listdir(folder)) == before


def test_the_missing_extra_is_named(call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    done = call("export", "reverse.safetensors", "--to", "onnx", folder=folder)
    assert done.returncode == 1
    assert done.stderr == (
        "raspc: error: an export to ONNX needs onnx [missing-extra]\n  hint: pip install 'raspc[onnx]'\n"
    )
