"""A compiled model as two files: `NAME.safetensors`, its weights, and `NAME.manifest.json`, what they mean.

`write` puts both in place whole or leaves what was there.  `read` accepts a pair only if it is exactly what `write`
made: each file carries a hash of the other, and every size, name and reference is checked before it is used.
docs/format.md describes the format, and lists the diagnostics that start with M.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...rasp_grammar.codes import Code
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, reason_of
from . import weights_file
from .atomic_files import replace_files
from .json_shapes import StructureError
from .json_text import JsonError, dumps, loads
from .manifest import (
    FORMAT,
    FORMAT_VERSION,
    Manifest,
    WeightsRecord,
    check,
    expected_shapes,
    from_json,
    manifest_hash,
    to_json,
)
from .scalar_json import decode_scalar, encode_scalar

__all__ = [
    "CompiledModel",
    "Manifest",
    "Written",
    "decode_scalar",
    "encode_scalar",
    "expected_shapes",
    "pair_paths",
    "read",
    "write",
]

WEIGHTS_SUFFIX = ".safetensors"
MANIFEST_SUFFIX = ".manifest.json"

#: Longest manifest, in bytes.  A direction takes some 150, so this is room for models of 400,000 dimensions.
MAX_MANIFEST = 2**26

_AGAIN = "compile the program again"


@dataclass(frozen=True)
class CompiledModel:
    """`tensors`: float32, named and shaped as `expected_shapes(manifest)` says.  `manifest`: what they mean."""

    tensors: Mapping[str, NDArray[np.float32]]
    manifest: Manifest


@dataclass(frozen=True)
class Written:
    """The two files of a model."""

    weights: Path
    manifest: Path


def pair_paths(path: Path) -> Written:
    """Both files of the model that either of them names.  Raises RaspError (M003) for any other name."""
    for suffix in (WEIGHTS_SUFFIX, MANIFEST_SUFFIX):
        stem = path.name.removesuffix(suffix)
        if stem not in (path.name, ""):
            return Written(path.with_name(stem + WEIGHTS_SUFFIX), path.with_name(stem + MANIFEST_SUFFIX))
    raise _error(
        "M003",
        f"{_named(path)} is not the name of a model's file",
        f"a model is two files, NAME{WEIGHTS_SUFFIX} and NAME{MANIFEST_SUFFIX}; name one of them",
    )


def write(model: CompiledModel, weights_path: Path) -> Written:
    """Write a model's two files.  The same model gives the same bytes.

    On any failure the old files remain.  Raises RaspError when the files cannot be written (M040), and ValueError
    when the model is not one (a mistake of the compiler, not of a person).
    """
    paths = pair_paths(weights_path)
    check(model.manifest)
    shapes = expected_shapes(model.manifest)
    found = {name: tensor.shape for name, tensor in model.tensors.items()}
    if found != shapes:
        wrong = sorted(name for name in shapes.keys() | found.keys() if shapes.get(name) != found.get(name))
        raise ValueError(f"tensors that do not fit the manifest: {wrong}")
    tensors = {name: model.tensors[name] for name in shapes}
    for name, tensor in tensors.items():
        if tensor.dtype != np.float32 or not np.isfinite(tensor).all():
            raise ValueError(f"`{name}` is not of finite float32 numbers")
    metadata = _metadata(model.manifest)
    digest = hashlib.sha256()
    for chunk in weights_file.chunks(tensors, metadata):
        digest.update(chunk)
    parameters = sum(tensor.size for tensor in tensors.values())
    weights = WeightsRecord(paths.weights.name, digest.hexdigest(), parameters, shapes)
    text = dumps(to_json(dataclasses.replace(model.manifest, weights=weights))).encode()
    if len(text) > MAX_MANIFEST:
        raise _error("M040", f"the manifest would take {len(text)} bytes, more than {MAX_MANIFEST}", _SMALLER)
    for path in (paths.weights, paths.manifest):
        _require_replaceable(path)
    try:
        replace_files({paths.weights: weights_file.chunks(tensors, metadata), paths.manifest: (text,)})
    except OSError as error:
        raise _error("M040", f"cannot write {_named(paths.weights)}: {reason_of(error)}", _WRITABLE) from None
    return paths


_SMALLER = "give the program a smaller vocabulary or `max_length`"
_WRITABLE = "nothing was changed; choose another place with `-o`, or make room there"


def read(path: Path) -> CompiledModel:
    """Read the model that either of its files names.  Raises RaspError for whatever `write` did not write."""
    paths = pair_paths(path)
    other = paths.manifest if path == paths.weights else paths.weights
    for file in (path, other):
        if not _exists(file):
            message = f"there is no file {_named(file)}"
            if file is path:
                raise _error("M001", message, "check the name")
            raise _error("M002", message, "copy both files, or compile again")
    manifest = _read_manifest(paths.manifest)
    return CompiledModel(_read_weights(paths, manifest), manifest)


def _read_manifest(path: Path) -> Manifest:
    data = _read_bytes(path, MAX_MANIFEST)
    try:
        document = loads(data)
    except JsonError as error:
        raise _error("M010", f"{_named(path)} is not JSON: {error}", _AGAIN) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _error("M011", f"{_named(path)} is not the manifest of a raspc model", "name a model's file")
    _require_version(path, document.get("format_version"), FORMAT_VERSION)
    try:
        manifest = from_json(document)
    except StructureError as error:
        raise _error("M013", f"{_named(path)} is damaged: {error}", _AGAIN) from None
    if manifest.weights is None:
        raise _error("M013", f"{_named(path)} is damaged: `weights` is null", _AGAIN)
    return manifest


def _read_weights(paths: Written, manifest: Manifest) -> dict[str, NDArray[np.float32]]:
    path, stated, shapes = paths.weights, manifest.weights, expected_shapes(manifest)
    assert stated is not None
    parameters = sum(map(math.prod, shapes.values()))
    data = _read_bytes(path, 8 + weights_file.MAX_HEADER + 4 * parameters)
    try:
        metadata, entries, start = weights_file.split(data)
    except weights_file.FileFormatError as error:
        raise _error("M020", f"{_named(path)} is not a safetensors file: it {error}", _AGAIN) from None
    if metadata.get("format") != FORMAT:
        raise _error("M011", f"{_named(path)} does not hold the weights of a raspc model", "name a model's file")
    _require_version(path, metadata.get("format_version"), str(FORMAT_VERSION))
    expected = _metadata(manifest)
    together = "compile the program again, and copy both files together"
    if metadata.get("program_sha256") != expected["program_sha256"]:
        raise _error("M030", f"{_named(path)} and {_named(paths.manifest)} are of different programs", together)
    if metadata != expected:
        if hashlib.sha256(data).hexdigest() == stated.sha256:
            raise _error("M030", f"{_named(paths.manifest)} was altered after it was written", _AGAIN)
        raise _error("M030", f"{_named(path)} and {_named(paths.manifest)} are of different compilations", together)
    if stated.tensors != shapes or stated.parameters != parameters:
        raise _error("M013", f"{_named(paths.manifest)} is damaged: `weights` does not fit its layers", _AGAIN)
    try:
        tensors = weights_file.tensors(data, entries, start, shapes)
    except weights_file.TensorError as error:
        raise _error("M021", f"{_named(path)} is not what its manifest describes: it {error}", _AGAIN) from None
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise _error("M022", f"{_named(path)} holds a number in `{name}` that is not finite", _AGAIN)
    if hashlib.sha256(data).hexdigest() != stated.sha256:
        raise _error("M030", f"{_named(path)} was altered after it was written", _AGAIN)
    return tensors


def _metadata(manifest: Manifest) -> dict[str, str]:
    """What the weights file says about its manifest."""
    return {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "program_sha256": manifest.program.sha256,
        "manifest_sha256": manifest_hash(manifest),
    }


def _require_version(path: Path, version: object, known: int | str) -> None:
    if type(version) is not type(known) or version != known:
        shown = version if isinstance(version, (int, str)) and len(str(version)) < 20 else "?"
        message = f"{_named(path)} is in version {shown} of the format; this raspc reads version {known}"
        raise _error("M012", message, "compile the program again, or use the raspc that wrote the file")


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):  # read will say why
        return True
    return True


def _read_bytes(path: Path, limit: int) -> bytes:
    """A whole regular file; nothing of one that is larger than `limit` bytes."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _error("M001", f"cannot read {_named(path)}: it is not a regular file", "name a model's file")
        if status.st_size > limit:
            raise _error("M001", f"{_named(path)} is too large: {status.st_size} bytes, at most {limit}", _AGAIN)
        with path.open("rb") as file:
            return file.read(status.st_size)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise _error(
            "M001", f"cannot read {_named(path)}: {reason_of(error)}", "name a file that you may read"
        ) from None
    except MemoryError:
        raise _error("M001", f"cannot read {_named(path)}: it does not fit in the memory", _AGAIN) from None


def _require_replaceable(path: Path) -> None:
    try:
        if not path.parent.is_dir():
            raise _error("M040", f"cannot write {_named(path)}: there is no such folder", "create the folder first")
        if path.exists() and not path.is_file():
            raise _error("M040", f"cannot write {_named(path)}: it exists and is not a regular file", _WRITABLE)
    except (OSError, ValueError) as error:
        raise _error("M040", f"cannot write {_named(path)}: {reason_of(error)}", _WRITABLE) from None


def _named(path: Path) -> str:
    """A path in a one-line message, whatever characters it has."""
    text = str(path)
    return f"`{text}`" if text.isprintable() else ascii(text)


def _error(code: Code, message: str, hint: str) -> RaspError:
    return RaspError(Diagnostic(code, message, None, hint))
