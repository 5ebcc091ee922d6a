"""The state of a build: entries that the next build can reuse, in a file beside the models.

An entry is reused if one key (of the program's text, the texts that it loads, the settings and the compiler) is the
same, and if the files that were written have not changed.  Failures are not kept: the next build tries them again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ...compiler.artifact.atomic_files import replace_files
from ...rasp_grammar.diagnostics import RaspError
from ...rasp_grammar.source_file import read_source
from .records import BuildEntry, BuildSettings, LoadedFile, Message, Sizes, SuiteProgram, WrittenFile
from .sources import key_of, loaded_path, sha256

STATE = ".raspc-build"

#: Part of the checksum.  Change it together with the fields of an entry.
_FORMAT = b"raspc build state 2"


@dataclass(frozen=True)
class BuildState:
    """The entries of earlier builds into a folder, by the names of the programs."""

    folder: Path
    entries: Mapping[str, BuildEntry]

    @staticmethod
    def read(folder: Path) -> BuildState:
        """The state of a folder; empty if the file is missing, damaged or of another version."""
        try:
            checksum, _, text = (folder / STATE).read_bytes().partition(b"\n")
            if checksum != _checksum(text):
                return BuildState(folder, {})
            return BuildState(folder, {one["name"]: _entry(one) for one in json.loads(text)})
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return BuildState(folder, {})

    def write(self, entries: Iterable[BuildEntry]) -> None:
        """Write these entries, and earlier ones of other programs that still exist; the file is replaced as a whole."""
        state = {name: entry for name, entry in self.entries.items() if os.path.exists(entry.target.path)}
        for entry in entries:
            state[entry.target.name] = entry
        text = json.dumps([_json(entry) for entry in state.values() if entry.status != "failed"]).encode()
        replace_files({self.folder / STATE: (_checksum(text), b"\n", text)})


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
    wanted = settings if entry.verified is None else replace(settings, verify=True)
    if entry.key != key_of(target, source, loads, wanted) or not all(
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
        "path": str(entry.target.path),
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
