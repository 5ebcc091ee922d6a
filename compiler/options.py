"""What a caller can choose about a compilation, and the strategies that the lowering tries in turn."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class CompileOptions:
    """`small`: the smallest encoding of everything; otherwise categorical payloads and outputs stay one-hot.
    `max_parameters`: what is larger is refused before memory is spent.  `widest_order`: a comparison `k < q` over more
    classes than this is split into digits where the heads count."""

    small: bool = False
    uniform: bool = False
    causal: bool = False
    max_parameters: int = 200_000_000
    widest_order: int = 64


class Strategy(Enum):
    """How far the lowering goes; each is tried where the one before is refused.

    CHEAP: the cheapest forms.  CAREFUL: dearer ones wherever these are noisy, which may cost layers.  LENIENT: the
    cheapest forms again, and numbers that cannot be named are given as they are."""

    SMALLEST = "smallest"
    LOW_NOISE = "low-noise"
    APPROXIMATE_OUTPUT = "approximate-output"
