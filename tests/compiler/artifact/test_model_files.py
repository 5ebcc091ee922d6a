"""A model's two files: reading them gives the written bytes, also with the safetensors library."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from raspc.compiler.artifact.manifest import program_hash
from raspc.compiler.artifact.model_files import CompiledModel, pair_paths, read, write
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.tests.support.handmade import MODELS, identity, random_model, same


@pytest.mark.parametrize("name", MODELS)
def test_a_written_model_is_read_from_either_file(name: str, tmp_path: Path) -> None:
    model = MODELS[name]
    written = write(model, tmp_path / "m.safetensors")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "m.manifest.json", tmp_path / "m.safetensors"]
    for path in (written.weights, written.manifest):
        assert same(read(path), model)
    weights = read(written.weights).manifest.weights
    assert weights is not None
    assert weights.file == "m.safetensors"
    assert weights.sha256 == hashlib.sha256(written.weights.read_bytes()).hexdigest()
    assert weights.parameters == sum(tensor.size for tensor in model.tensors.values())
    types = [type(value) for value in read(written.weights).manifest.vocabulary]
    assert types == [type(value) for value in model.manifest.vocabulary]


@pytest.mark.parametrize("name", MODELS)
def test_the_safetensors_library_reads_the_same(name: str, tmp_path: Path) -> None:
    model = MODELS[name]
    path = write(model, tmp_path / "m.safetensors").weights
    found = safetensors.numpy.load_file(path)
    assert found.keys() == model.tensors.keys()
    for key, tensor in model.tensors.items():
        np.testing.assert_array_equal(found[key], tensor)
    with safetensors.safe_open(path, "np") as file:
        (stated,) = file.metadata().values()
    assert json.loads(stated).keys() == {"format_version", "program_sha256", "manifest_sha256"}
    assert json.loads(stated)["program_sha256"] == program_hash(model.manifest.program.files)


def test_same_model_same_bytes_whatever_the_order_of_its_tensors(tmp_path: Path) -> None:
    model = random_model(0)
    shuffled = CompiledModel({name: model.tensors[name] for name in sorted(model.tensors)}, model.manifest)
    first, second = write(model, tmp_path / "m.safetensors"), tmp_path / "again"
    second.mkdir()
    again = write(shuffled, second / "m.safetensors")
    assert first.weights.read_bytes() == again.weights.read_bytes()
    assert first.manifest.read_bytes() == again.manifest.read_bytes()


def test_the_text_of_a_manifest(tmp_path: Path, golden: object) -> None:
    assert callable(golden)
    golden(write(identity(), tmp_path / "identity.safetensors").manifest.read_text())


def test_the_pair_may_be_renamed_together(tmp_path: Path) -> None:
    written = write(identity(), tmp_path / "old.safetensors")
    written.weights.rename(tmp_path / "new.name.safetensors")
    written.manifest.rename(tmp_path / "new.name.manifest.json")
    assert same(read(tmp_path / "new.name.safetensors"), identity())


def test_written_files_have_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    written = write(identity(), tmp_path / "m.safetensors")
    assert {path.stat().st_mode for path in dataclasses.astuple(written)} == {(tmp_path / "plain").stat().st_mode}


@pytest.mark.parametrize("change", ["missing", "extra", "shape", "dtype", "nan"])
def test_a_wrong_model_raises_and_writes_no_file(change: str, tmp_path: Path) -> None:
    tensors = dict(identity().tensors)
    match change:
        case "missing":
            del tensors["unembed.b_U"]
        case "extra":
            tensors["blocks.0.mlp.b_in"] = np.zeros(3, np.float32)
        case "shape":
            tensors["unembed.b_U"] = np.zeros((3, 1), np.float32)
        case "dtype":
            tensors["unembed.b_U"] = np.zeros(3)  # type: ignore[assignment]
        case "nan":
            tensors["unembed.b_U"] = np.full(3, np.nan, np.float32)
    with pytest.raises(ValueError, match=r"unembed.b_U|blocks.0.mlp.b_in"):
        write(CompiledModel(tensors, identity().manifest), tmp_path / "m.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_an_inconsistent_manifest_raises_and_writes_no_file(tmp_path: Path) -> None:
    model = identity()
    with pytest.raises(ValueError, match="`bos` is not the id after the vocabulary's"):
        write(CompiledModel(model.tensors, dataclasses.replace(model.manifest, bos=1)), tmp_path / "m.safetensors")


@pytest.mark.parametrize("name", ["m.pt", "m", ".safetensors", ".manifest.json", "m.safetensors.json", "m\n.bin"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(RaspError) as caught:
        pair_paths(Path(name))
    shown = f"`{name}`" if name.isprintable() else ascii(name)
    assert str(caught.value) == (
        f"raspc: error: {shown} is not the name of a model's file [M003]\n"
        "  hint: a model is two files, NAME.safetensors and NAME.manifest.json; name one of them"
    )


def test_importing_loads_no_large_library() -> None:
    code = (
        "import sys, raspc.compiler.artifact.model_files, raspc.compiler.interpret.parse_tokens;"
        "print(*sorted({'torch', 'safetensors', 'jsonschema', 'lark'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
