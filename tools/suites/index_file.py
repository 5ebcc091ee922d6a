"""`index.json`: the results of a build, for programs to read.  docs/suites.md describes its fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from ... import __version__
from ...compiler.artifact.json_text import dumps
from ...compiler.artifact.replaceable import BUILD_INDEX, NewFile, write_files
from .records import BuildEntry, BuildSettings, WrittenFile

INDEX = "index.json"


def write(
    folder: Path,
    settings: BuildSettings,
    entries: Sequence[BuildEntry],
    leftover: Sequence[WrittenFile],
    *,
    inputs: Iterable[Path] = (),
    force: bool = False,
) -> None:
    """Write the index; the file is replaced as a whole.  `replaceable` explains the keywords.

    leftover: files of earlier builds that belong to no program any more.
    """
    document = {
        "format": "raspc-build",
        "format_version": 1,
        "compiler": __version__,
        "settings": settings.as_json(),
        "counts": status_counts(entries),
        "programs": [entry_json(entry) for entry in entries],
        "leftover": [file.name for file in leftover],
    }
    content = (dumps(document).encode(),)
    write_files({folder / INDEX: NewFile(BUILD_INDEX, content)}, inputs=inputs, force=force)


def status_counts(entries: Sequence[BuildEntry]) -> dict[str, int]:
    """The number of entries of each status, and of those reused from an earlier build (`cached`)."""
    statuses = Counter(entry.status for entry in entries)
    return {
        "ok": statuses["ok"],
        "failed": statuses["failed"],
        "skipped": statuses["skipped"],
        "cached": sum(entry.cached for entry in entries),
    }


def entry_json(entry: BuildEntry) -> dict[str, object]:
    """One program of the index; its file names are relative to the index."""
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
