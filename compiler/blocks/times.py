"""Time in half layers: when a value is in the residual stream, and when a block can read it."""

from __future__ import annotations

from collections.abc import Iterable


class Time(int):
    """A count of half layers.  Layer l, counted from 0, has its attention at time 2l and its MLP at time 2l + 1.

    A block that reads at time t writes at t + 1; the embedding writes at time 0.  Attention reads at even times, an MLP
    at odd times.
    """

    @classmethod
    def attention(cls, layer: int) -> Time:
        """The time at which the attention of a layer reads."""
        return cls(2 * layer)

    @classmethod
    def mlp(cls, layer: int) -> Time:
        """The time at which the MLP of a layer reads."""
        return cls(2 * layer + 1)

    @classmethod
    def latest(cls, times: Iterable[int]) -> Time:
        """The latest of several times; 0 if there are none."""
        return cls(max(times, default=0))

    @property
    def first_attention_after(self) -> Time:
        """The time of the earliest attention that can read a value written at this time."""
        return Time(self + self % 2)

    @property
    def first_mlp_after(self) -> Time:
        """The time of the earliest MLP that can read a value written at this time."""
        return Time(self | 1)

    @property
    def written(self) -> Time:
        """The time at which the result of a block that reads at this time can be read."""
        return Time(self + 1)

    @property
    def layer(self) -> int:
        """The index, from 0, of the layer whose block reads at this time."""
        return self // 2

    @property
    def is_attention(self) -> bool:
        """True if a block that reads at this time is an attention head; otherwise it is in an MLP."""
        return self % 2 == 0
