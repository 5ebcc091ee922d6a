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
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..compiler.atomic import replace_files
from ..rasp_grammar.diagnostics import RaspError
from ..rasp_grammar.parser import read_source
from .model import Entry, Loaded, Message, Settings, Sizes, Target, Written
from .sources import key_of, located, sha256

STATE = ".raspc-build.json"
_FORMAT = "raspc build state 1"

Remembered = Mapping[str, Entry]


def recall(folder: Path) -> Remembered:
    """What the last build into the folder left; nothing where that is missing, damaged or of another version."""
    try:
        state = json.loads((folder / STATE).read_bytes())
        if state["format"] != _FORMAT:
            return {}
        return {entry["name"]: _entry(entry) for entry in state["entries"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def remember(folder: Path, entries: Iterable[Entry]) -> None:
    """Write the memory, whole or not at all."""
    state = {"format": _FORMAT, "entries": [_json(entry) for entry in entries if entry.status != "failed"]}
    replace_files({folder / STATE: (json.dumps(state).encode(),)})


def current(entry: Entry, target: Target, settings: Settings, folder: Path) -> Entry | None:
    """The entry as this build's result, if nothing that it came from or left has changed."""
    try:
        source = sha256(read_source(target.path).text)
        loads = tuple(
            Loaded(one.asked, path, sha256(read_source(path).text))
            for one in entry.loads
            for path in [str(located(Path(one.asked)))]
        )
    except RaspError:
        return None
    if entry.key != key_of(target, source, loads, settings) or not all(_kept(folder, file) for file in entry.files):
        return None
    return Entry(
        target, entry.status, entry.seconds, entry.messages, entry.sizes, entry.verified,
        entry.key, entry.loads, entry.files, cached=True,
    )  # fmt: skip


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
