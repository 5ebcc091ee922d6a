"""The interface through which makers of blocks read values; `value_views` implements it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..analysis.affine import Affine
from ..blocks.forms import LinearForm
from ..graph.graph import SOp
from .context import NoiseRemoval
from .targets import TargetFunction


class Views(Protocol):
    """Gives values as linear forms over the residual stream.  Every method raises RaspError if no form is exact."""

    def identity(self, node: SOp) -> LinearForm:
        """The number that the node holds."""

    def combination(self, affine: Affine) -> LinearForm:
        """An affine combination of numbers, without its constant."""

    def functions(
        self, node: SOp, targets: Sequence[TargetFunction], *, denoise: NoiseRemoval = NoiseRemoval.NONE
    ) -> list[LinearForm]:
        """One form for each target function of the node's value."""

    def function(self, node: SOp, target: TargetFunction, *, denoise: NoiseRemoval = NoiseRemoval.NONE) -> LinearForm:
        """One target function of the node's value."""

    def indicators(
        self, node: SOp, sets: Sequence[frozenset[int]], *, denoise: NoiseRemoval = NoiseRemoval.NONE
    ) -> list[LinearForm]:
        """For each set of positions in the node's domain: 1 where the node's value is one of them, 0 elsewhere."""

    def denoised(self, node: SOp, tolerance: float) -> LinearForm:
        """The number that the node holds, with its noise removed if its error exceeds `tolerance`."""
