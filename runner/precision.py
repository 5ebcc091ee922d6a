"""Float32 products in float32: a compiled model's margins are proved for that, not for TF32 or bfloat16."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch


def _switches() -> list[tuple[Any, str, object]]:
    """Where torch keeps the permission to round factors of a matrix product, and the value that denies it."""
    cuda: Any = torch.backends.cuda.matmul
    mkldnn: Any = getattr(torch.backends.mkldnn, "matmul", None)
    if hasattr(cuda, "fp32_precision"):  # torch 2.9 and later
        return [(cuda, "fp32_precision", "ieee")] + ([] if mkldnn is None else [(mkldnn, "fp32_precision", "ieee")])
    return [(cuda, "allow_tf32", False)]


@contextlib.contextmanager
def full_precision() -> Iterator[None]:
    """Within the block float32 matrix products do not round their factors to TF32 or bfloat16.

    Torch has this setting for the whole process, not for a model; what it was before is put back at the end.  Other
    threads that multiply meanwhile get full precision too.
    """
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in _switches()]
    try:
        for owner, name, value in _switches():
            if getattr(owner, name) != value:
                setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            if getattr(owner, name) != value:
                setattr(owner, name, value)
