"""What a build remembers for the next one, in a file of its own beside what it built.

An entry is taken up again when the program's text, the texts that it loads, the settings and the compiler are what they
were (one key over all of them), and the files that were written are still there as they were.  Failures are not
remembered: what failed is tried again.
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
from .records import Entry, Loaded, Message, Settings, Sizes, Target, Written
from .sources import key_of, located, sha256

STATE = ".raspc-build"

#: To be changed with the shape of what is remembered.
_FORMAT = b"raspc build state 2"


@dataclass(frozen=True)
class Memory:
    """What the last builds into a folder left, by the programs' names."""

    folder: Path
    entries: Mapping[str, Entry]

    @staticmethod
    def read(folder: Path) -> Memory:
        """The memory of a folder; nothing where that is missing, damaged or of another version."""
        try:
            checksum, _, text = (folder / STATE).read_bytes().partition(b"\n")
            if checksum != _checksum(text):
                return Memory(folder, {})
            return Memory(folder, {one["name"]: _entry(one) for one in json.loads(text)})
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Memory(folder, {})

    def write(self, entries: Iterable[Entry]) -> None:
        """Write what is known now, whole or not at all: these entries, and what was known of other programs."""
        state = {name: entry for name, entry in self.entries.items() if os.path.exists(entry.target.path)}
        for entry in entries:
            state[entry.target.name] = entry
        text = json.dumps([_json(entry) for entry in state.values() if entry.status != "failed"]).encode()
        replace_files({self.folder / STATE: (_checksum(text), b"\n", text)})


def _checksum(text: bytes) -> bytes:
    return hashlib.sha256(_FORMAT + text).hexdigest().encode()


def current(entry: Entry, target: Target, settings: Settings, folder: Path) -> Entry | None:
    """The entry as this build's result, if nothing that it came from or left has changed."""
    try:
        source = sha256(read_source(target.path).text)
        loads = tuple(
            Loaded(one.asked, sha256(read_source(located(target.path.parent / one.asked)).text)) for one in entry.loads
        )
    except (RaspError, OSError, ValueError):
        return None
    # A model that was compared with its program is as good where that is not asked for.
    wanted = settings if entry.verified is None else replace(settings, verify=True)
    if entry.key != key_of(target, source, loads, wanted) or not all(_kept(folder, file) for file in entry.files):
        return None
    return replace(entry, target=target, cached=True)


def written(folder: Path, name: str, content: bytes) -> Written:
    """What to remember of a file that has just been written."""
    status = os.stat(folder / name)
    return Written(name, len(content), status.st_mtime_ns, hashlib.sha256(content).hexdigest())


def _kept(folder: Path, file: Written) -> bool:
    """Whether a file is as it was written.  Its hash is only needed where its time has changed (a copied folder)."""
    path = folder / file.name
    try:
        status = os.stat(path)
        if status.st_size != file.size:
            return False
        return status.st_mtime_ns == file.modified or hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
    except OSError:
        return False


def _json(entry: Entry) -> dict[str, object]:
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


def _entry(stored: Mapping[str, Any]) -> Entry:
    return Entry(
        target=Target(Path(stored["path"]), stored["name"]),
        status=stored["status"],
        seconds=stored["seconds"],
        messages=tuple(Message(**message) for message in stored["messages"]),
        sizes=None if stored["sizes"] is None else Sizes(**stored["sizes"]),
        verified=stored["verified"],
        key=stored["key"],
        loads=tuple(Loaded(**one) for one in stored["loads"]),
        files=tuple(Written(**one) for one in stored["files"]),
    )
