"""Finds the programs below some paths, replaces their texts, and shows how texts differ."""

from __future__ import annotations

import difflib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..compiler.artifact.atomic_files import replace_files
from ..rasp_grammar.span import Source


def programs_below(paths: Sequence[Path]) -> Iterator[Path]:
    """The files that the paths name, and the `.rasp` files below their folders; each once, hidden ones left out."""
    seen: set[Path] = set()
    for path in paths:
        found = _below(path) if path.is_dir() else [path]
        for file in found:
            if file not in seen:
                seen.add(file)
                yield file


def _below(folder: Path) -> list[Path]:
    return [
        file
        for file in sorted(folder.rglob("*.rasp"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]


def replace_program(path: Path, text: str) -> None:
    """Replace a program by a text, as a whole and with the same permissions.  `path` is no symbolic link.

    Raises OSError.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if not os.access(path, os.W_OK):  # replacing a file does not need this permission
        raise PermissionError(errno.EACCES, "it is read-only", str(path))
    mask = os.umask(0o777 & ~mode)  # the new file is never readable by more people than the old one
    try:
        replace_files({path: [text.encode()]})
    finally:
        os.umask(mask)
    path.chmod(mode)


def unified_difference(source: Source, text: str) -> str:
    """A unified diff that `patch -p0` takes; empty where nothing changes."""
    lines = difflib.unified_diff(_lines(source.text), _lines(text), source.name, source.name)
    return "".join([line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines])


def _lines(text: str) -> list[str]:
    """Lines with their ends; unlike `splitlines`, only a newline character ends one."""
    *lines, last = text.split("\n")
    return [f"{line}\n" for line in lines] + ([last] if last != "" else [])
