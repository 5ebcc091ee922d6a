"""The rule of everything that writes files: what may be replaced.

A file is replaced where raspc wrote it as a file of the same kind, or where the caller forces it.  An input of the same
command is never replaced, whatever name it has: links, other spellings and hard links count.  Only regular files are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...rasp_grammar.diagnostics import Diagnostic, RaspError, reason_of
from .atomic_files import replace_files
from .read_bytes import quoted

#: Bytes at the beginning and at the end of a file that are enough to recognise every kind.
HEAD, TAIL = 4096, 64

#: The way out that the command line and the Python functions share.
FORCE = "choose another place, or replace it with `--force` (in Python, `force=True`)"


@dataclass(frozen=True)
class FileKind:
    """A kind of file that raspc writes: its name, and a pattern of the first and last bytes of such a file."""

    name: str
    ends: re.Pattern[bytes]


WEIGHTS = FileKind("the weights of a raspc model", re.compile(rb'.{8}\{"__metadata__":\{"raspc":"', re.S))
MANIFEST = FileKind(
    "the manifest of a raspc model",
    re.compile(rb'\{\s*"attention_depth": \d+,\s*"bos": \d+,\s*"causal": (true|false),\s*"compiler": \{'),
)
ONNX_MODEL = FileKind("an ONNX model of raspc", re.compile(rb"\x08.\x12\x05raspc", re.S))
PAGE = FileKind(
    "a page of `raspc report`", re.compile(rb'<!doctype html>.*<meta name="generator" content="raspc', re.S)
)
PICTURE = FileKind("a picture of raspc", re.compile(rb"\x89PNG\r\n\x1a\n.*tEXtSoftware\x00raspc", re.S))
DRAWING = FileKind("a drawing of raspc", re.compile(rb".*(//|<!--|%) drawn by raspc( -->)?\n\Z", re.S))
JUNIT_REPORT = FileKind("a report of `raspc build`", re.compile(rb'<\?xml [^>]*\?>\s*<testsuites name="raspc build"'))
#: A file of a folder for `transformers`.  The folder as a whole is recognised, so no single file is.
EXPORTED = FileKind("a file of `raspc export`", re.compile(rb"(?!)"))
BUILD_INDEX = FileKind(
    "the index of a `raspc build`",
    re.compile(rb'\{\s*"compiler": "[^"]*",\s*"counts": \{[^}]*\},\s*"format": "raspc-build"'),
)
#: Its hidden name is raspc's own, and a damaged state must not stop a build: any contents.
BUILD_STATE = FileKind("the state of a `raspc build`", re.compile(b""))


def require_replaceable(
    outputs: Mapping[Path, FileKind], *, inputs: Iterable[Path] = (), force: bool = False, way_out: str = FORCE
) -> None:
    """Raise RaspError (would-overwrite) unless every output may be written.

    inputs: the files that the command reads.  Those that do not exist are ignored.
    force: replace other files too; not inputs, and nothing that is no regular file.
    way_out: the hint for a file that `force` would replace.
    """
    read = [path for path in inputs if os.path.exists(path)]
    for path, kind in outputs.items():
        try:
            if not os.path.lexists(path):
                continue
            found = os.path.exists(path)
            if found and any(os.path.samefile(path, other) for other in read):
                raise _refused(path, "it is an input of this command", "choose another place")
            if found and not path.is_file():
                raise _refused(path, "it exists and is not a regular file", "choose another place")
            if force:
                continue
            if not found:
                raise _refused(path, "it is a link to a file that is not there", way_out)
            if kind.ends.match(_ends(path)) is None:
                raise _refused(path, f"it exists, and is not {kind.name}", way_out)
        except (OSError, ValueError) as problem:
            raise _refused(path, f"it cannot be read: {reason_of(problem)}", "choose another place") from None


def _ends(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(max(HEAD, path.stat().st_size - TAIL))
        return head + file.read(TAIL)


def _refused(path: Path, why: str, hint: str) -> RaspError:
    return RaspError(Diagnostic("would-overwrite", f"{quoted(path)} is not replaced: {why}", None, hint))


@dataclass(frozen=True)
class NewFile:
    """The kind and the contents of a file to write."""

    kind: FileKind
    chunks: Iterable[bytes]


def write_files(
    files: Mapping[Path, NewFile], *, inputs: Iterable[Path] = (), force: bool = False, way_out: str = FORCE
) -> None:
    """Write files of one folder, all or none, as `require_replaceable` allows.

    Raises RaspError for what may not be replaced, and OSError for what cannot be written.
    """
    require_replaceable({path: new.kind for path, new in files.items()}, inputs=inputs, force=force, way_out=way_out)
    replace_files({path: new.chunks for path, new in files.items()})
