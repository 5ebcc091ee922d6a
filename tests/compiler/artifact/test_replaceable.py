"""A command replaces a file only by one of the same kind, and never replaces an input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from raspc.compiler.artifact.model_files import write
from raspc.compiler.artifact.replaceable import (
    DRAWING,
    JUNIT_REPORT,
    MANIFEST,
    WEIGHTS,
    FileKind,
    NewFile,
    require_replaceable,
    write_files,
)
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.tests.support.handmade import identity


def _why(path: Path, kind: FileKind, **options: object) -> str:
    with pytest.raises(RaspError) as caught:
        require_replaceable({path: kind}, **options)  # type: ignore[arg-type]
    (found,) = caught.value.diagnostics
    assert found.code == "would-overwrite"
    return found.message.partition("is not replaced: ")[2]


def test_each_file_of_a_model_is_its_own_kind(tmp_path: Path) -> None:
    paths = write(identity(), tmp_path / "m.safetensors")
    require_replaceable({paths.weights: WEIGHTS, paths.manifest: MANIFEST, tmp_path / "absent": WEIGHTS})
    assert _why(paths.weights, MANIFEST) == "it exists, and is not the manifest of a raspc model"
    assert _why(paths.manifest, WEIGHTS) == "it exists, and is not the weights of a raspc model"


@pytest.mark.parametrize("content", [b"", b"{", b"\x00" * 9000, b'{"format": "raspc"}', b"<testsuites/>"])
def test_other_contents_stay_unless_forced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    for kind in (WEIGHTS, MANIFEST, JUNIT_REPORT, DRAWING):
        assert _why(path, kind).startswith("it exists, and is not")
        with pytest.raises(RaspError):
            write_files({path: NewFile(kind, [b"new"])})
        assert path.read_bytes() == content
    write_files({path: NewFile(WEIGHTS, [b"new"])}, force=True)
    assert path.read_bytes() == b"new"


def test_what_ends_a_long_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.svg"
    path.write_bytes(b"<svg>" + b" " * 100_000 + b"<!-- drawn by raspc -->\n")
    require_replaceable({path: DRAWING})
    path.write_bytes(path.read_bytes() + b"<!-- and altered -->\n")
    _why(path, DRAWING)


@pytest.mark.parametrize("force", [False, True])
def test_an_input_stays_whatever_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool) -> None:
    monkeypatch.chdir(tmp_path)
    paths = write(identity(), Path("m.safetensors"))
    Path("folder").mkdir()
    Path("soft").symlink_to("m.safetensors")
    os.link("m.safetensors", "hard")
    inputs = (Path("nowhere"), paths.weights)
    for name in (
        "m.safetensors",
        "./m.safetensors",
        "folder/../m.safetensors",
        str(paths.weights.resolve()),
        "soft",
        "hard",
    ):
        assert _why(Path(name), WEIGHTS, inputs=inputs, force=force) == "it is an input of this command"


def test_only_regular_files_are_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in (tmp_path / "pipe", tmp_path / "folder", Path("/dev/null")):
        assert _why(name, WEIGHTS, force=True) == "it exists and is not a regular file"
    (tmp_path / "link").symlink_to("nowhere")
    assert _why(tmp_path / "link", WEIGHTS) == "it is a link to a file that is not there"
