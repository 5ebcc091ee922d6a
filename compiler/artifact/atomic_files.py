"""Files that appear whole or not at all, several of one directory together.

A file is written without a name (Linux) or under a hidden one, flushed to the disk, and then moved into place.  On an
error, Ctrl-C or a full disk the old files stay and no other file is left.  A process killed between two moves leaves
the first file new and the second old, both whole; a raspc model's hashes show that they do not belong together.

Files without a name (O_TMPFILE, then linkat) cost 15 lines more than hidden names alone.  They pay for a common case:
a build on a cluster is killed for time or memory, with SIGKILL, which no handler sees.  Weights can take 800 MB.  Each
killed job would leave that much in hidden files beside the models, and users could not know if they are needed.  The
kernel frees a file without a name when its process ends.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path


def replace_files(contents: Mapping[Path, Iterable[bytes]]) -> None:
    """Write each path's chunks to it.  Raises OSError, the old files then being in place.

    The directories exist.  A path that is a symbolic link becomes a file; what it pointed to is not touched.
    """
    new = {path: _hidden_name(path) for path in contents}
    old = {path: _hidden_name(path) for path in contents}
    try:
        with contextlib.ExitStack() as open_files:
            nameless = []
            for path, chunks in contents.items():
                descriptor, has_name = _open(new[path])
                open_files.callback(os.close, descriptor)
                try:
                    _write(descriptor, chunks)
                except OSError as error:  # a full disk: the error itself names no file
                    error.filename = str(path)
                    raise
                if not has_name:
                    nameless.append((descriptor, new[path]))
            for descriptor, name in nameless:
                # With a `src_dir_fd`, Python calls linkat(2), which alone can follow this link to a nameless file.
                os.link(_descriptor_path(descriptor), name, src_dir_fd=descriptor, follow_symlinks=True)
        absent = {path for path in contents if not os.path.lexists(path)}
        for path in contents.keys() - absent:
            with contextlib.suppress(OSError):  # not every file system can give a file two names
                os.link(path, old[path], follow_symlinks=False)
        _move(new, old, absent)
    finally:
        for leftover in (*new.values(), *old.values()):
            leftover.unlink(missing_ok=True)
    for directory in {path.parent for path in contents}:
        _flush_directory(directory)


def _hidden_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.urandom(6).hex()}.tmp")


def _descriptor_path(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def _open(name: Path) -> tuple[int, bool]:
    """A new file to write, and whether it has this name.  A nameless one vanishes with its process, even if killed."""
    nameless_flag = getattr(os, "O_TMPFILE", None)
    if nameless_flag is not None:
        with contextlib.suppress(OSError):  # not every file system can
            descriptor = os.open(name.parent, nameless_flag | os.O_WRONLY, 0o666)
            if os.path.exists(_descriptor_path(descriptor)):
                return descriptor, False
            os.close(descriptor)
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666), True


def _write(descriptor: int, chunks: Iterable[bytes]) -> None:
    for chunk in chunks:
        rest = memoryview(chunk)
        while len(rest) > 0:
            rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def _move(new: Mapping[Path, Path], old: Mapping[Path, Path], absent: Collection[Path]) -> None:
    """Move new files to their paths.  If one cannot be, put back those before it from `old`, or to being absent."""
    started: list[Path] = []
    try:
        for path, name in new.items():
            started.append(path)
            os.replace(name, path)
    except BaseException:
        for path in started:
            if os.path.lexists(new[path]):
                continue  # not moved
            if os.path.lexists(old[path]):
                os.replace(old[path], path)
            elif path in absent:
                path.unlink(missing_ok=True)
        raise


def _flush_directory(directory: Path) -> None:
    """Make the moves durable.  The files are in place, so a file system that cannot do this is no error."""
    if hasattr(os, "O_DIRECTORY"):
        with contextlib.suppress(OSError):
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
