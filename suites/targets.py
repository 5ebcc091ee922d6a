"""Which programs a suite has: the `.rasp` files that the paths name or contain."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from .model import Target

SUFFIX = ".rasp"


def targets_of(paths: Iterable[Path], output: Path) -> tuple[Target, ...]:
    """Every program once, folder by folder in order of their names.

    A folder's programs keep their places below it; a file stands at the top.  Hidden folders and `output` are left out.
    Raises RaspError for a path that is not there, and where two programs would become one model.
    """
    found: dict[str, Target] = {}
    for path in paths:
        for target in _targets(path, output):
            other = found.setdefault(target.name, target)
            if not _same(other.path, target.path):
                raise RaspError(
                    Diagnostic(
                        "build-clash",
                        f"`{other.path}` and `{target.path}` would both become `{target.name}.safetensors`",
                        None,
                        "build them into different folders, or name the folder that holds both",
                    )
                )
    return tuple(found.values())


def _targets(path: Path, output: Path) -> Iterator[Target]:
    if path.is_dir():
        for folder, inner, files in os.walk(path):
            inner[:] = sorted(
                name for name in inner if not name.startswith(".") and not _same(Path(folder, name), output)
            )
            for name in sorted(files):
                if name.endswith(SUFFIX) and not name.startswith("."):
                    program = Path(folder, name)
                    yield Target(program, program.relative_to(path).as_posix().removesuffix(SUFFIX))
    elif path.exists():
        yield Target(path, path.name.removesuffix(SUFFIX))
    else:
        raise RaspError(Diagnostic("file-missing", f"there is no file or folder `{path}`", None, "check the path"))


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
