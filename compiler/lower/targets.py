"""Target functions: numeric functions of a node, given by a table over its domain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import inf

from ..blocks.forms import LinearForm, to_float
from ..graph.values import Scalar

#: One number for each value of the node's listed domain, in the domain's order.  None means "any number".
TargetFunction = tuple[float | None, ...]

#: Numbers this close to a line, as a fraction of the largest number, count as on it.
MAX_AFFINE_DEVIATION = 1e-12


def constant_of(target: TargetFunction) -> float | None:
    """The number that agrees with every entry of the target; None if there is none."""
    present = {number for number in target if number is not None}
    if len(present) > 1:
        return None
    return present.pop() if present else 0.0


def affine_fit(values: Sequence[Scalar], target: TargetFunction) -> tuple[float, float] | None:
    """(factor, shift) such that `target = factor * value + shift`; None if the target is not affine in the value."""
    known = [(to_float(v), t) for v, t in zip(values, target, strict=True) if t is not None]
    if all(v == t for v, t in known):
        return 1.0, 0.0
    (v0, t0), (v1, t1) = known[0], known[-1]
    if v0 == v1:  # different exact values, but the same float64
        return None
    factor = (t1 - t0) / (v1 - v0)
    scale = max(abs(t) for _, t in known) * MAX_AFFINE_DEVIATION
    if any(abs(t - t0 - factor * (v - v0)) > scale for v, t in known):
        return None
    return factor, t0 - factor * v0


def smallest_step(numbers: Iterable[float | None]) -> float:
    """The smallest distance between two different numbers; infinite if there are no two."""
    return min((b - a for a, b in pairwise(sorted({n for n in numbers if n is not None}))), default=inf)


def relative_error(forms: Sequence[LinearForm], targets: Sequence[TargetFunction]) -> float:
    """The largest error of a form, as a fraction of the smallest step of its target."""
    return max(form.error / smallest_step(target) for form, target in zip(forms, targets, strict=True))
