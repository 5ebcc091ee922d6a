"""Turns off TF32 and bfloat16 matrix products: the margins of a compiled model hold for float32 products only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch


def _switches() -> list[tuple[Any, str, object]]:
    """(object, attribute, value): torch's settings for reduced precision, with the value that turns it off."""
    cuda: Any = torch.backends.cuda.matmul
    mkldnn: Any = getattr(torch.backends.mkldnn, "matmul", None)
    if hasattr(cuda, "fp32_precision"):  # torch 2.9 and later
        return [(cuda, "fp32_precision", "ieee")] + ([] if mkldnn is None else [(mkldnn, "fp32_precision", "ieee")])
    return [(cuda, "allow_tf32", False)]


@contextlib.contextmanager
def full_precision() -> Iterator[None]:
    """A context in which float32 matrix products do not round their factors to TF32 or bfloat16.

    The setting holds for the whole process, so other threads get full precision too.  The end of the block restores
    the previous setting.
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
