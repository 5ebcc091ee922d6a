"""Writes files and folders whole or not at all, and makes errors for paths that cannot be written."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from ..compiler.artifact.atomic_files import replace_files
from ..rasp_grammar.diagnostics import Diagnostic, RaspError, reason_of


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError while writing `path` into a RaspError that names `path`, not a temporary file."""
    try:
        if not path.parent.is_dir():
            raise FileNotFoundError(None, f"there is no folder {path.parent}")
        yield
    except OSError as error:
        message = f"cannot write `{path}`: {reason_of(error)}"
        raise RaspError(Diagnostic("file", message, None, "nothing was changed; choose another place")) from None


def require_folder(folder: Path) -> None:
    """Raise RaspError unless the folder is absent or a folder, not a link to one."""
    if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
        raise _refused(folder, "exists and is not a folder", "name a new folder; nothing was changed")


def require_ours(folder: Path, mark: str, is_mark: Callable[[bytes], bool], names: Collection[str]) -> None:
    """Raise RaspError unless the folder is absent, empty, or an earlier export.

    An earlier export holds only `names`, and its file `mark` has contents for which `is_mark` is true.
    """
    require_folder(folder)
    if not folder.exists():
        return
    found = {entry.name for entry in folder.iterdir()} - {"__pycache__"}
    foreign = sorted(found - set(names))
    if len(foreign) > 0:
        raise _refused(folder, f"holds other files, such as `{foreign[0]}`", _FORCE)
    if len(found) > 0 and not (mark in found and is_mark((folder / mark).read_bytes())):
        raise _refused(folder, "was not written by `raspc export`", _FORCE)


_FORCE = "name a new folder, or write into this one with `--force`: its other files stay (in Python, `force=True`)"


def _refused(folder: Path, why: str, hint: str) -> RaspError:
    return RaspError(Diagnostic("export-folder", f"`{folder}` {why}", None, hint))


def replace_folder(folder: Path, contents: Mapping[str, Iterable[bytes]]) -> None:
    """Write a folder with these files.  It replaces an existing folder; after an OSError that one is unchanged."""
    token = os.urandom(6).hex()
    new, old = (folder.with_name(f".{folder.name}.{token}.{state}") for state in ("new", "old"))
    try:
        new.mkdir()
        replace_files({new / name: chunks for name, chunks in contents.items()})
        if folder.exists():
            os.rename(folder, old)
        try:
            os.rename(new, folder)
        except BaseException:
            if old.exists():
                os.rename(old, folder)
            raise
    finally:
        for leftover in (new, old):
            if leftover.exists():
                shutil.rmtree(leftover)
