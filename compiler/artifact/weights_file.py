"""The safetensors file format, as narrowly as raspc needs it: float32 tensors, in a given order, one after the other.

    8 bytes: length N of the header (little-endian) | N bytes: JSON header, padded with spaces | tensors

The reference library orders a file's metadata differently from run to run, and it reads files that a raspc
model cannot be; hence this module.  What it writes, that library reads, and a test holds it to that.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from .json_text import JsonError, loads

Tensors = Mapping[str, NDArray[np.float32]]
Shapes = Mapping[str, tuple[int, ...]]

#: Longest header that is read.  A tensor takes some 100 bytes, so this is room for 80,000 layers.
MAX_HEADER = 2**26


class FileFormatError(ValueError):
    """Bytes that are not a safetensors file; the message completes "the file ..."."""


class TensorError(ValueError):
    """A safetensors file that does not hold the tensors it should; the message says which."""


def header(shapes: Shapes, metadata: Mapping[str, str]) -> bytes:
    """Everything before the tensors' numbers."""
    entries: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    offset = 0
    for name, shape in shapes.items():
        end = offset + 4 * math.prod(shape)
        entries[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers are aligned when the file is mapped
    return len(text).to_bytes(8, "little") + text


def chunks(tensors: Tensors, metadata: Mapping[str, str]) -> Iterator[bytes]:
    """The bytes of a file, tensors in the mapping's order."""
    yield header({name: tensor.shape for name, tensor in tensors.items()}, metadata)
    for tensor in tensors.values():
        yield tensor.astype("<f4", copy=False).tobytes()


def split(data: bytes) -> tuple[dict[str, object], dict[str, object], int]:
    """A file's metadata, its tensor entries, and the offset of its first number.  Raises FileFormatError."""
    if len(data) < 8:
        raise FileFormatError("ends within its first 8 bytes")
    length = int.from_bytes(data[:8], "little")
    if length > MAX_HEADER:
        raise FileFormatError(f"claims a header of {length} bytes")
    if len(data) < 8 + length:
        raise FileFormatError("ends within its header")
    try:
        entries = loads(data[8 : 8 + length])
    except JsonError as error:
        raise FileFormatError(f"has a header that is not JSON ({error})") from None
    if not isinstance(entries, dict):
        raise FileFormatError("has a header that is not a JSON object")
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict):
        raise FileFormatError("has metadata that are not a JSON object")
    return metadata, entries, 8 + length


def tensors(data: bytes, entries: Mapping[str, object], start: int, shapes: Shapes) -> dict[str, NDArray[np.float32]]:
    """Read-only views of exactly the tensors named by `shapes`, in that order.  Raises TensorError."""
    for name in entries:
        if name not in shapes:
            raise TensorError(f"holds {name[:80]!a}, which the model does not have")
    result: dict[str, NDArray[np.float32]] = {}
    offset = 0
    for name, shape in shapes.items():
        entry = entries.get(name)
        if entry is None:
            raise TensorError(f"lacks `{name}`")
        if not isinstance(entry, dict):
            raise TensorError(f"describes `{name}` by something other than an object")
        end = offset + 4 * math.prod(shape)
        for key, what, wanted in (
            ("dtype", "type", "F32"),
            ("shape", "shape", list(shape)),
            ("data_offsets", "place", [offset, end]),
        ):
            if json.dumps(entry.get(key)) != json.dumps(wanted):  # `==` would take true for 1
                raise TensorError(f"gives `{name}` the {what} {_short(entry.get(key))}, not {_short(wanted)}")
        if end > len(data) - start:
            raise TensorError(f"ends within `{name}`")
        result[name] = np.frombuffer(data, "<f4", math.prod(shape), start + offset).reshape(shape)
        offset = end
    if offset != len(data) - start:
        raise TensorError(f"has {len(data) - start - offset} bytes after the last tensor")
    return result


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:60] + "..."
