"""Weights files: tensors by name and one line of metadata, in the safetensors format.

`read` takes any safetensors file, with or without a manifest.  The safetensors library checks a file's header: every
tensor's type, shape and place, no overlap, no gap, nothing after the last tensor.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...rasp_grammar.diagnostics import error
from .read_bytes import quoted, read_bytes

#: The longest header that the safetensors library reads, in bytes.  A tensor takes some 100 bytes of it.
MAX_HEADER = 100_000_000

#: The largest weights file that is read without a manifest, in bytes: twice what `--max-params` allows by default.
MAX_FILE = 2**31

Array = NDArray[np.generic]


class WeightsFileError(ValueError):
    """Bytes that are not a safetensors file; the message says why."""


@dataclass(frozen=True)
class WeightsFile:
    """`tensors`: by name, in alphabetical order.  `metadata`: the texts that the writer left."""

    tensors: Mapping[str, Array]
    metadata: Mapping[str, str]


def pack(tensors: Mapping[str, NDArray[np.float32]], metadata: tuple[str, str]) -> bytes:
    """The bytes of a weights file.  Equal tensors and metadata give equal bytes, whatever the order of the tensors.

    metadata: one key and its text; the library writes several keys in an order that differs from run to run.
    """
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, dict([metadata]))


def unpack(data: bytes) -> WeightsFile:
    """The tensors and metadata of a weights file's bytes.  Raises WeightsFileError."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
    except SafetensorError as problem:
        reason = str(problem).removeprefix("Error while deserializing: ")
        raise WeightsFileError(reason if reason.isprintable() else ascii(reason)) from None
    except (KeyError, TypeError, ValueError) as problem:
        raise WeightsFileError(f"a tensor of a type that NumPy lacks: {problem}") from None
    length = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + length]).get("__metadata__") or {}
    return WeightsFile({name: tensors[name] for name in sorted(tensors)}, metadata)


def read(path: Path) -> WeightsFile:
    """The tensors of any safetensors file, without a manifest.

    Raises RaspError for a file that cannot be read (M001) or is no safetensors file (M020).
    """
    try:
        return unpack(read_bytes(path, MAX_FILE))
    except WeightsFileError as problem:
        message = f"{quoted(path)} is not a safetensors file: {problem}"
        raise error("M020", message, None, "name a file of weights") from None
