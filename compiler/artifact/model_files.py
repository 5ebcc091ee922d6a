"""A compiled model as two files: `NAME.safetensors`, its weights, and `NAME.manifest.json`, what they mean.

`write` puts both in place whole or leaves what was there.  `read` accepts a pair only if it is exactly what `write`
made: each file carries a hash of the other, and every size, name and reference is checked before it is used.
docs/format.md describes the format, and lists the diagnostics that start with M.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...rasp_grammar.codes import Code
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, reason_of
from . import weights_file
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
from .read_bytes import quoted, read_bytes
from .replaceable import FORCE, MANIFEST, WEIGHTS, FileKind, NewFile, require_replaceable, write_files
from .scalar_json import decode_scalar, encode_scalar

__all__ = [
    "CompiledModel",
    "Manifest",
    "ModelPaths",
    "decode_scalar",
    "encode_scalar",
    "expected_shapes",
    "pair_paths",
    "read",
    "require_room",
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
class ModelPaths:
    """The two files of a model."""

    weights: Path
    manifest: Path


def pair_paths(path: Path) -> ModelPaths:
    """Both files of the model that either of them names.  Raises RaspError (M003) for any other name."""
    for suffix in (WEIGHTS_SUFFIX, MANIFEST_SUFFIX):
        stem = path.name.removesuffix(suffix)
        if stem not in (path.name, ""):
            return ModelPaths(path.with_name(stem + WEIGHTS_SUFFIX), path.with_name(stem + MANIFEST_SUFFIX))
    raise _error(
        "M003",
        f"{quoted(path)} is not the name of a model's file",
        f"a model is two files, NAME{WEIGHTS_SUFFIX} and NAME{MANIFEST_SUFFIX}; name one of them",
    )


def require_room(
    weights_path: Path, *, inputs: Iterable[Path] = (), force: bool = False, way_out: str = FORCE
) -> ModelPaths:
    """Both files of a model to write.  Raises RaspError where `write` would: before the work, not after it."""
    paths = pair_paths(weights_path)
    for path in (paths.weights, paths.manifest):
        try:
            if not path.parent.is_dir():
                raise _error("M040", f"cannot write {quoted(path)}: there is no such folder", "create the folder first")
        except (OSError, ValueError) as error:
            raise _error("M040", f"cannot write {quoted(path)}: {reason_of(error)}", _WRITABLE) from None
    require_replaceable(_kinds(paths), inputs=inputs, force=force, way_out=way_out)
    return paths


def _kinds(paths: ModelPaths) -> dict[Path, FileKind]:
    return {paths.weights: WEIGHTS, paths.manifest: MANIFEST}


def write(
    model: CompiledModel,
    weights_path: Path,
    *,
    inputs: Iterable[Path] = (),
    force: bool = False,
    way_out: str = FORCE,
) -> ModelPaths:
    """Write a model's two files.  The same model gives the same bytes.  `replaceable` explains the keywords.

    On any failure the old files remain.  Raises RaspError when the files cannot be written (M040) or other files stand
    in their place (would-overwrite), and ValueError when the model is not one (a mistake of the compiler).
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
    data = weights_file.pack(tensors, (FORMAT, json.dumps(_metadata(model.manifest), sort_keys=True)))
    parameters = sum(tensor.size for tensor in tensors.values())
    weights = WeightsRecord(paths.weights.name, hashlib.sha256(data).hexdigest(), parameters, shapes)
    text = dumps(to_json(dataclasses.replace(model.manifest, weights=weights))).encode()
    if len(text) > MAX_MANIFEST:
        raise _error("M040", f"the manifest would take {len(text)} bytes, more than {MAX_MANIFEST}", _SMALLER)
    require_room(weights_path, inputs=inputs, force=force, way_out=way_out)
    files = {paths.weights: NewFile(WEIGHTS, (data,)), paths.manifest: NewFile(MANIFEST, (text,))}
    try:
        write_files(files, inputs=inputs, force=force, way_out=way_out)
    except OSError as error:
        raise _error("M040", f"cannot write {quoted(paths.weights)}: {reason_of(error)}", _WRITABLE) from None
    return paths


_SMALLER = "give the program a smaller vocabulary or `max_length`"
_WRITABLE = "nothing was changed; choose another place with `-o`, or make room there"


def read(path: Path) -> CompiledModel:
    """Read the model that either of its files names.  Raises RaspError for files that `write` did not write."""
    paths = pair_paths(path)
    other = paths.manifest if path == paths.weights else paths.weights
    if not _exists(path):
        raise _error("M001", f"there is no file {quoted(path)}", "check the name")
    if not _exists(other):
        raise _error("M002", f"there is no file {quoted(other)}", "copy both files, or compile again")
    manifest = _read_manifest(paths.manifest)
    return CompiledModel(_read_weights(paths, manifest), manifest)


def _read_manifest(path: Path) -> Manifest:
    data = read_bytes(path, MAX_MANIFEST)
    try:
        document = loads(data)
    except JsonError as error:
        raise _error("M010", f"{quoted(path)} is not JSON: {error}", _AGAIN) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _error("M011", f"{quoted(path)} is not the manifest of a raspc model", "name a model's file")
    _require_version(path, document.get("format_version"))
    try:
        manifest = from_json(document)
    except StructureError as error:
        raise _error("M013", f"{quoted(path)} is damaged: {error}", _AGAIN) from None
    if manifest.weights is None:
        raise _error("M013", f"{quoted(path)} is damaged: `weights` is null", _AGAIN)
    return manifest


def _read_weights(paths: ModelPaths, manifest: Manifest) -> dict[str, NDArray[np.float32]]:
    path, stated, shapes = paths.weights, manifest.weights, expected_shapes(manifest)
    assert stated is not None
    parameters = sum(map(math.prod, shapes.values()))
    data = read_bytes(path, 8 + weights_file.MAX_HEADER + 4 * parameters)
    try:
        found = weights_file.unpack(data)
    except weights_file.WeightsFileError as error:
        raise _error("M020", f"{quoted(path)} is not a safetensors file: {error}", _AGAIN) from None
    metadata = _stated(found.metadata)
    if metadata is None:
        raise _error("M011", f"{quoted(path)} does not hold the weights of a raspc model", "name a model's file")
    _require_version(path, metadata.get("format_version"))
    expected = _metadata(manifest)
    together = "compile the program again, and copy both files together"
    if metadata.get("program_sha256") != expected["program_sha256"]:
        raise _error("M030", f"{quoted(path)} and {quoted(paths.manifest)} are of different programs", together)
    if metadata != expected:
        if hashlib.sha256(data).hexdigest() == stated.sha256:
            raise _error("M030", f"{quoted(paths.manifest)} was altered after it was written", _AGAIN)
        raise _error("M030", f"{quoted(path)} and {quoted(paths.manifest)} are of different compilations", together)
    if stated.tensors != shapes or stated.parameters != parameters:
        raise _error("M013", f"{quoted(paths.manifest)} is damaged: `weights` does not fit its layers", _AGAIN)
    tensors = {}
    for name in sorted(shapes.keys() | found.tensors.keys()):
        wrong = _difference(name, found.tensors.get(name), shapes.get(name))
        if wrong is not None:
            raise _error("M021", f"{quoted(path)} is not what its manifest describes: it {wrong}", _AGAIN)
        tensors[name] = found.tensors[name].view(np.float32)
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise _error("M022", f"{quoted(path)} holds a number in `{name}` that is not finite", _AGAIN)
    if hashlib.sha256(data).hexdigest() != stated.sha256:
        raise _error("M030", f"{quoted(path)} was altered after it was written", _AGAIN)
    return {name: tensors[name] for name in shapes}


def _difference(name: str, found: weights_file.Array | None, shape: tuple[int, ...] | None) -> str | None:
    """The first difference between a tensor in a file and the float32 tensor that the model has; None where none."""
    if shape is None:
        return f"holds {name[:80]!a}, which the model does not have"
    if found is None:
        return f"lacks `{name}`"
    if found.dtype != np.float32:
        return f"gives `{name}` the type {found.dtype}, not float32"
    if found.shape != shape:
        return f"gives `{name}` the shape {list(found.shape)}, not {list(shape)}"
    return None


def _stated(metadata: Mapping[str, str]) -> dict[str, object] | None:
    """The contents of `_metadata` in a weights file; None where they are missing."""
    try:
        stated = loads(metadata.get(FORMAT, "").encode())
    except JsonError:
        return None
    return stated if isinstance(stated, dict) else None


def _metadata(manifest: Manifest) -> dict[str, object]:
    """The metadata of the weights file: the format's version, and hashes of the program and the manifest."""
    return {
        "format_version": FORMAT_VERSION,
        "program_sha256": manifest.program.sha256,
        "manifest_sha256": manifest_hash(manifest),
    }


def _require_version(path: Path, version: object) -> None:
    if type(version) is not int or version != FORMAT_VERSION:
        shown = version if isinstance(version, (int, str)) and len(str(version)) < 20 else "?"
        message = f"{quoted(path)} is in version {shown} of the format; this raspc reads version {FORMAT_VERSION}"
        raise _error("M012", message, "compile the program again, or use the raspc that wrote the file")


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):  # read will say why
        return True
    return True


def _error(code: Code, message: str, hint: str) -> RaspError:
    return RaspError(Diagnostic(code, message, None, hint))
