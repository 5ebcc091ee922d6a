"""The options of a compilation, and the settings that the compiler tries for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

#: The largest model that is built unless a caller allows more, in parameters: 800 MB of float32 numbers.
DEFAULT_MAX_PARAMETERS = 200_000_000

#: `CompileOptions.widest_order` values that `small` tries, in classes of the compared values.
SMALL_ORDER_WIDTHS = (4, 12, 64)


@dataclass(frozen=True)
class CompileOptions:
    """The options that a caller can choose, and one that the compiler varies itself.

    small: the smallest encoding of everything; otherwise categorical payloads and outputs stay one-hot.
    uniform: all layers are padded to one shape.
    causal: a position sees only itself and earlier ones.
    max_parameters: a larger model is refused before memory is spent.
    widest_order: a comparison `k < q` over more classes than this is split into digits where heads count.
    """

    small: bool = False
    uniform: bool = False
    causal: bool = False
    max_parameters: int = DEFAULT_MAX_PARAMETERS
    widest_order: int = 64

    def as_json(self) -> dict[str, bool | int | str]:
        """The options that a caller can choose, as manifests and build states keep them."""
        return {
            "causal": self.causal,
            "max_parameters": self.max_parameters,
            "small": self.small,
            "uniform": self.uniform,
        }

    def settings(self) -> tuple[CompileOptions, ...]:
        """The settings to compile with, of which the smallest model is kept.

        With `small`, these are several widths of orders, then the settings without `small`; else the options alone.
        """
        widths = SMALL_ORDER_WIDTHS if self.small else ()
        return (*(replace(self, widest_order=width) for width in widths), replace(self, small=False))


class Strategy(Enum):
    """The strategies of the lowering, tried in this order until one succeeds.

    SMALLEST: the cheapest forms.  LOW_NOISE: forms with less error where the cheapest are noisy; they may cost layers.
    APPROXIMATE_OUTPUT: the cheapest forms; outputs that cannot be rounded to an exact value are returned as
    approximate numbers.
    """

    SMALLEST = "smallest"
    LOW_NOISE = "low-noise"
    APPROXIMATE_OUTPUT = "approximate-output"
