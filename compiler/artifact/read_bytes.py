"""Whole files as bytes, with one clear error for each way in which a file cannot be read."""

from __future__ import annotations

import stat
from pathlib import Path

from ...rasp_grammar.diagnostics import RaspError, error, reason_of


def read_bytes(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes.  Raises RaspError (M001) for any other."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _unreadable(path, "it is not a regular file", "name a model's file")
        if status.st_size > limit:
            message = f"{quoted(path)} is too large: {status.st_size} bytes, at most {limit}"
            raise error("M001", message, None, "compile the program again")
        with path.open("rb") as file:
            return file.read(status.st_size)
    except (OSError, ValueError) as problem:  # ValueError: a name with a null character
        raise _unreadable(path, reason_of(problem), "name a file that you may read") from None
    except MemoryError:
        raise _unreadable(path, "it does not fit in the memory", "compile the program again") from None


def quoted(path: Path) -> str:
    """A path in a message of one line, whatever characters it has."""
    text = str(path)
    return f"`{text}`" if text.isprintable() else ascii(text)


def _unreadable(path: Path, why: str, hint: str) -> RaspError:
    return error("M001", f"cannot read {quoted(path)}: {why}", None, hint)
