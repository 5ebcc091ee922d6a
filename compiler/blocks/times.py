"""Time in half layers: when a value is in the residual stream, and when a block can read it."""

from __future__ import annotations

from collections.abc import Iterable


class Time(int):
    """A count of half layers: 0 is the embedding, 2l-1 the attention of layer l, 2l the MLP of layer l.

    A block that reads at time t writes at t + 1.  Attention reads at even times, an MLP at odd times.
    """

    @classmethod
    def latest(cls, times: Iterable[int]) -> Time:
        """The latest of several times; the embedding's if there are none."""
        return cls(max(times, default=0))

    @property
    def first_attention_after(self) -> Time:
        """When the earliest attention reads that can read a value written at this time."""
        return Time(self + self % 2)

    @property
    def first_mlp_after(self) -> Time:
        """When the earliest MLP reads that can read a value written at this time."""
        return Time(self | 1)

    @property
    def written(self) -> Time:
        """When a block that reads at this time has written."""
        return Time(self + 1)

    @property
    def layer(self) -> int:
        """The index, from 0, of the layer whose block reads at this time."""
        return self // 2

    @property
    def is_attention(self) -> bool:
        """A block that reads at this time is an attention head; otherwise it is in an MLP."""
        return self % 2 == 0
