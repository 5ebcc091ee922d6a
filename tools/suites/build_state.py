"""The state of a build: entries that the next build can reuse, in a file beside the models.

An entry is reused if one key (of the program's text, the texts that it loads, the settings and the compiler) is the
same, and if the files that were written have not changed.  Failures are not kept: the next build tries them again.
Files that a build wrote and that belong to no program any more are kept in mind, so that they can be named and removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ...compiler.artifact.replaceable import BUILD_STATE, NewFile, write_files
from ...rasp_grammar.diagnostics import RaspError
from ...rasp_grammar.source_file import read_source
from .records import BuildEntry, BuildSettings, LoadedFile, Message, Sizes, SuiteProgram, WrittenFile
from .sources import key_of, loaded_path, sha256

STATE = ".raspc-build"

#: Part of the checksum.  Change it together with the fields of an entry.
_FORMAT = b"raspc build state 3"


@dataclass(frozen=True)
class BuildState:
    """The entries of earlier builds into a folder, by the names of the programs.

    other_files: files that earlier builds wrote and that belong to none of the entries.
    """

    folder: Path
    entries: Mapping[str, BuildEntry]
    other_files: tuple[WrittenFile, ...] = ()

    @staticmethod
    def read(folder: Path) -> BuildState:
        """The state of a folder; empty if the file is missing, damaged or of another version."""
        try:
            checksum, _, text = (folder / STATE).read_bytes().partition(b"\n")
            if checksum != _checksum(text):
                return BuildState(folder, {})
            entries, others = json.loads(text)
            return BuildState(
                folder, {one["name"]: _entry(one) for one in entries}, tuple(WrittenFile(**one) for one in others)
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return BuildState(folder, {})

    def updated(self, entries: Iterable[BuildEntry]) -> BuildState:
        """The state with these entries, and earlier ones of other programs that still exist."""
        kept = {name: entry for name, entry in self.entries.items() if os.path.exists(entry.target.path)}
        for entry in entries:
            kept[entry.target.name] = entry
        kept = {name: entry for name, entry in kept.items() if entry.status != "failed"}
        earlier = {file.name: file for file in self.other_files}
        earlier |= {file.name: file for entry in self.entries.values() for file in entry.files}
        current = {file.name for entry in kept.values() for file in entry.files}
        others = tuple(
            file for name, file in earlier.items() if name not in current and _is_unchanged(self.folder, file)
        )
        return BuildState(self.folder, kept, others)

    def write(self, *, inputs: Iterable[Path] = (), force: bool = False) -> None:
        """Write the state; the file is replaced as a whole.  `replaceable` explains the keywords."""
        document = [[_json(entry) for entry in self.entries.values()], [asdict(file) for file in self.other_files]]
        text = json.dumps(document).encode()
        new = NewFile(BUILD_STATE, (_checksum(text), b"\n", text))
        write_files({self.folder / STATE: new}, inputs=inputs, force=force)

    def leftover(self, entries: Iterable[BuildEntry]) -> tuple[WrittenFile, ...]:
        """Files that belong to no program any more, by name.  The last model of a program that now fails is none."""
        failed = {entry.target.name for entry in entries if entry.status == "failed"}
        found = (file for file in self.other_files if model_name(file) not in failed)
        return tuple(sorted(found, key=lambda file: file.name))


def model_name(file: WrittenFile) -> str:
    """The name of the model that a file is of."""
    return file.name.removesuffix(".safetensors").removesuffix(".manifest.json")


def remove_files(folder: Path, files: Iterable[WrittenFile]) -> tuple[WrittenFile, ...]:
    """Remove files that still have the contents that the build wrote, and folders that become empty.

    Returns the files that were removed.  Raises OSError.
    """
    removed = []
    for file in files:
        path = folder / file.name
        if path.is_symlink() or hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256:
            continue
        path.unlink()
        removed.append(file)
        for parent in PurePosixPath(file.name).parents:
            with contextlib.suppress(OSError):  # it holds other files
                if parent.name:
                    (folder / parent).rmdir()
    return tuple(removed)


def _checksum(text: bytes) -> bytes:
    return hashlib.sha256(_FORMAT + text).hexdigest().encode()


def reusable_entry(entry: BuildEntry, target: SuiteProgram, settings: BuildSettings, folder: Path) -> BuildEntry | None:
    """The entry of an earlier build as an entry of this one; None if its inputs or its files have changed."""
    try:
        source = sha256(read_source(target.path).text)
        loads = tuple(
            LoadedFile(one.asked, sha256(read_source(loaded_path(target.path.parent / one.asked)).text))
            for one in entry.loads
        )
    except (RaspError, OSError, ValueError):
        return None
    # A verified model serves a build that does not ask for verification.
    key_settings = settings if entry.verified is None else replace(settings, verify=True)
    if entry.key != key_of(target, source, loads, key_settings) or not all(
        _is_unchanged(folder, file) for file in entry.files
    ):
        return None
    return replace(entry, target=target, cached=True)


def record_file(folder: Path, name: str, content: bytes) -> WrittenFile:
    """The record of a file that has just been written."""
    status = os.stat(folder / name)
    return WrittenFile(name, len(content), status.st_mtime_ns, hashlib.sha256(content).hexdigest())


def _is_unchanged(folder: Path, file: WrittenFile) -> bool:
    """Whether a file has not changed.  Its hash is read only if its time differs, as in a copied folder."""
    path = folder / file.name
    try:
        status = os.stat(path)
        if status.st_size != file.size:
            return False
        return status.st_mtime_ns == file.modified or hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
    except OSError:
        return False


def _json(entry: BuildEntry) -> dict[str, object]:
    return {
        "name": entry.target.name,
        "path": os.path.abspath(entry.target.path),  # the next build may start in another folder
        "status": entry.status,
        "seconds": entry.seconds,
        "messages": [asdict(message) for message in entry.messages],
        "sizes": None if entry.sizes is None else asdict(entry.sizes),
        "verified": entry.verified,
        "key": entry.key,
        "loads": [asdict(one) for one in entry.loads],
        "files": [asdict(one) for one in entry.files],
    }


def _entry(stored: Mapping[str, Any]) -> BuildEntry:
    return BuildEntry(
        target=SuiteProgram(Path(stored["path"]), stored["name"]),
        status=stored["status"],
        seconds=stored["seconds"],
        messages=tuple(Message(**message) for message in stored["messages"]),
        sizes=None if stored["sizes"] is None else Sizes(**stored["sizes"]),
        verified=stored["verified"],
        key=stored["key"],
        loads=tuple(LoadedFile(**one) for one in stored["loads"]),
        files=tuple(WrittenFile(**one) for one in stored["files"]),
    )
