"""`index.json`: what a build made, for programs to read.  The shape is described in docs/suites.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ... import __version__
from ...compiler.artifact.atomic_files import replace_files
from ...compiler.artifact.json_text import dumps
from .records import Entry, Settings

INDEX = "index.json"


def write(folder: Path, settings: Settings, entries: Sequence[Entry]) -> None:
    """Write the index, whole or not at all."""
    document = {
        "format": "raspc-build",
        "format_version": 1,
        "compiler": __version__,
        "settings": settings.as_json(),
        "counts": counts(entries),
        "programs": [as_json(entry) for entry in entries],
    }
    replace_files({folder / INDEX: (dumps(document).encode(),)})


def counts(entries: Sequence[Entry]) -> dict[str, int]:
    """How many entries there are of each status, and how many were kept from an earlier build."""
    statuses = Counter(entry.status for entry in entries)
    return {
        "ok": statuses["ok"],
        "failed": statuses["failed"],
        "skipped": statuses["skipped"],
        "cached": sum(entry.cached for entry in entries),
    }


def as_json(entry: Entry) -> dict[str, object]:
    """One program of the index; its files are named relative to the index."""
    return {
        "program": entry.target.program,
        "source": str(entry.target.path),
        "status": entry.status,
        "cached": entry.cached,
        "seconds": round(entry.seconds, 3),
        "key": entry.key,
        "sizes": None if entry.sizes is None else asdict(entry.sizes),
        "verified_inputs": entry.verified,
        "files": [{"name": file.name, "bytes": file.size, "sha256": file.sha256} for file in entry.files],
        "diagnostics": [message.fields for message in entry.messages],
    }
