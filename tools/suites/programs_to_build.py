"""Finds the programs of a suite: the `.rasp` files that the paths name or contain."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...rasp_grammar.diagnostics import Diagnostic, RaspError, reason_of
from .records import SuiteProgram

SUFFIX = ".rasp"


def programs_below(paths: Iterable[Path], output: Path) -> tuple[SuiteProgram, ...]:
    """Every program once, folder by folder in order of their names.

    Programs keep their paths relative to their folder; a single file is at the top.  Hidden folders and
    `output` are left out.
    Raises RaspError for a path that is not there and for a folder that cannot be listed.
    """
    found: dict[tuple[str, str], SuiteProgram] = {}
    for path in paths:
        for target in _targets(path, output):
            found.setdefault((target.name, os.path.realpath(target.path)), target)
    return tuple(found.values())


def name_clashes(targets: Iterable[SuiteProgram]) -> dict[SuiteProgram, Diagnostic]:
    """Programs whose models would have the same name as another's, with the error for each."""
    by_name: defaultdict[str, list[SuiteProgram]] = defaultdict(list)
    for target in targets:
        by_name[target.name].append(target)
    found = {}
    for name, group in by_name.items():
        for target in group if len(group) > 1 else []:
            other = next(one for one in group if one is not target)
            message = f"`{target.path}` and `{other.path}` would both become `{name}.safetensors`"
            hint = "build them into different folders, or name the folder that holds both"
            found[target] = Diagnostic("build-clash", message, None, hint)
    return found


def _targets(path: Path, output: Path) -> Iterator[SuiteProgram]:
    if path.is_dir():
        for folder, inner, files in os.walk(path, onerror=_refuse):
            inner[:] = sorted(
                name for name in inner if not name.startswith(".") and not _same(Path(folder, name), output)
            )
            for name in sorted(files):
                program = Path(folder, name)
                # Reading a pipe would block.  A broken link stays in the list, so that the build reports it.
                if name.endswith(SUFFIX) and not name.startswith(".") and (program.is_file() or program.is_symlink()):
                    yield SuiteProgram(program, program.relative_to(path).as_posix().removesuffix(SUFFIX))
    elif os.path.lexists(path):
        yield SuiteProgram(path, path.name.removesuffix(SUFFIX))
    else:
        raise RaspError(Diagnostic("file-missing", f"there is no file or folder `{path}`", None, "check the path"))


def _refuse(error: OSError) -> None:
    message = f"cannot list the folder `{error.filename}`: {reason_of(error)}"
    raise RaspError(Diagnostic("file-unreadable", message, None, "build only what can be read"))


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
