"""A folder is written whole or not at all, and no other files are lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from raspc.interop.directory import replace_folder, require_ours, writing
from raspc.rasp_grammar.diagnostics import RaspError

NAMES = ("mark", "other")


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _broken() -> Iterator[bytes]:
    yield b"half"
    raise OSError(errno.ENOSPC, "the disk is full")


def test_a_new_folder_and_its_replacement(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    replace_folder(folder, {"mark": [b"1"], "other": [b"2", b"3"]})
    assert _files(tmp_path) == {"out/mark": b"1", "out/other": b"23"}
    replace_folder(folder, {"mark": [b"4"]})
    assert _files(tmp_path) == {"out/mark": b"4"}
    assert os.listdir(tmp_path) == ["out"]


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "out"
    with pytest.raises(OSError, match="full"):
        replace_folder(folder, {"mark": [b"1"], "other": _broken()})
    assert os.listdir(tmp_path) == []
    replace_folder(folder, {"mark": [b"1"]})
    with pytest.raises(OSError, match="full"):
        replace_folder(folder, {"mark": [b"2"], "other": _broken()})
    assert _files(tmp_path) == {"out/mark": b"1"}

    rename = os.rename

    def fails(source: Path, target: Path) -> None:
        if str(source).endswith(".new"):
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(os, "rename", fails)
    with pytest.raises(KeyboardInterrupt):
        replace_folder(folder, {"mark": [b"3"]})
    assert _files(tmp_path) == {"out/mark": b"1"}
    assert os.listdir(tmp_path) == ["out"]


def _is_mark(data: bytes) -> bool:
    return data == b"mark"


def test_only_ones_own_folder_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    require_ours(folder, "mark", _is_mark, NAMES)
    folder.mkdir()
    require_ours(folder, "mark", _is_mark, NAMES)
    (folder / "other").touch()
    with pytest.raises(RaspError, match="was not written by `raspc export`"):
        require_ours(folder, "mark", _is_mark, NAMES)
    (folder / "mark").write_bytes(b"other")
    with pytest.raises(RaspError, match="was not written by `raspc export`"):
        require_ours(folder, "mark", _is_mark, NAMES)
    (folder / "mark").write_bytes(b"mark")
    (folder / "__pycache__").mkdir()
    require_ours(folder, "mark", _is_mark, NAMES)
    (folder / "notes.txt").touch()
    with pytest.raises(RaspError, match=r"holds other files, such as `notes.txt`"):
        require_ours(folder, "mark", _is_mark, NAMES)
    with pytest.raises(RaspError, match="exists and is not a folder"):
        require_ours(folder / "mark", "mark", _is_mark, NAMES)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(RaspError, match="exists and is not a folder"):
        require_ours(tmp_path / "link", "mark", _is_mark, NAMES)


def test_the_error_names_the_path_that_cannot_be_written(tmp_path: Path) -> None:
    with (
        pytest.raises(RaspError, match=r"cannot write `.*nowhere/x`: there is no folder .*nowhere"),
        writing(tmp_path / "nowhere" / "x"),
    ):
        pytest.fail("the folder is missing")
    with pytest.raises(RaspError, match=r"cannot write `.*/x`: permission denied"), writing(tmp_path / "x"):
        raise PermissionError(13, "Permission denied")
