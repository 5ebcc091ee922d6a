"""Bounds on the errors of attention: weights of keys that are not selected, rounding of sums, BOS's distance."""

from __future__ import annotations

from math import exp

from ...blocks.blocks import Head
from ...blocks.forms import UNIT

#: In a counting head BOS scores this many nats above the selected keys.  e^-32 keeps the relative error of a count of
#: 4096 keys below 2^-34.
COUNT_BOS_NATS = 32.0
#: A key that scores this many nats less than another has weight 0: exp(-104) is 0 in float32.
ZERO_WEIGHT_NATS = 104.0


def averaging_error(longest: int) -> float:
    """The relative float32 error of an average or a count over up to `longest` equal weights.

    Equal terms round the same way again and again, so this grows with their number, not with its root; matrix products
    add in blocks, which leaves a small part of it.  Measured with a plain softmax and matrix product: 8, 15, 62 and 164
    units at 64, 256, 1024 and 4096 keys (tests/compiler/lower/test_residual_bounds.py holds compiled models to it)."""
    return (8 + longest / 16) * UNIT


def bos_between(level: float, gap: float) -> tuple[float, float]:
    """(score of BOS, distance) for a BOS that is attended to exactly when no key is selected.

    `level`: the score of selected keys; all others score at least `gap` less.  `distance`: how far BOS's score is from
    both, or more."""
    half = min(gap, 1.0) / 2
    return level - half, half


def leaked_weight(sharpness: float, margin: float, longest: int) -> float:
    """A bound on the weight of all keys that are not selected together, relative to one selected key.

    `margin`: the distance of their scores, before sharpness, after all errors."""
    return longest * exp(-sharpness * margin)


def leak(head: Head, longest: int) -> float:
    """`leaked_weight` of a head; 0 where float32 holds no such weight."""
    if head.sharpness * head.margin >= ZERO_WEIGHT_NATS:
        return 0.0
    return leaked_weight(head.sharpness, head.margin, longest)
