"""Decodes logits to the values of a program's output: one decoder for each kind of output."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import assert_never

import numpy as np
from torch import Tensor

from ..compiler.artifact.manifest import ClassDecodeRecord, NumberDecodeRecord, OutputRecord
from ..compiler.graph.result_types import Kinds, present
from ..compiler.graph.values import Scalar, normal

#: Logits [..., d_vocab_out] to values, flat, in row-major order of the leading dimensions.
Decoder = Callable[[Tensor], list[Scalar]]


def decoder(output: OutputRecord) -> Decoder:
    """The decoder of one output.  It takes the finite logits of all outputs."""
    kinds: Kinds = frozenset(output.kinds)
    match output.decode:
        case ClassDecodeRecord(values=values):
            return _classes(output, tuple(present(normal(value), kinds) for value in values))
        case NumberDecodeRecord(values=tuple(listed)):
            return _nearest(output, output.decode, kinds, listed)
        case NumberDecodeRecord():
            return _numbers(output, output.decode, kinds)
        case _:
            assert_never(output.decode)


def _classes(output: OutputRecord, values: tuple[Scalar, ...]) -> Decoder:
    columns = slice(output.first, output.first + output.count)

    def decode(logits: Tensor) -> list[Scalar]:
        return [values[index] for index in logits[..., columns].argmax(-1).flatten().tolist()]

    return decode


def _nearest(output: OutputRecord, form: NumberDecodeRecord, kinds: Kinds, listed: tuple[Scalar, ...]) -> Decoder:
    """Decodes a logit to the nearest listed value; the boundaries are halfway between neighbours."""
    numbers = [Fraction(value) for value in listed]
    halfway = np.array([float((a + b) / 2) for a, b in itertools.pairwise(numbers)])
    values = tuple(present(normal(value), kinds) for value in listed)

    def decode(logits: Tensor) -> list[Scalar]:
        flat = logits[..., output.first].flatten().double().cpu().numpy()
        return [values[place] for place in np.searchsorted(halfway, flat).tolist()]

    return decode


def _numbers(output: OutputRecord, form: NumberDecodeRecord, kinds: Kinds) -> Decoder:
    limit, column = form.max_denominator, output.first

    def value_of(logit: float) -> Scalar:
        return present(logit if limit is None else normal(Fraction(logit).limit_denominator(limit)), kinds)

    def decode(logits: Tensor) -> list[Scalar]:
        flat = logits[..., column].flatten().double().cpu().numpy()
        if limit == 1:
            # The usual case; `limit_denominator` would take seconds for a million values.
            return [present(int(logit), kinds) for logit in flat.round().tolist()]
        # Most logits repeat, so each distinct one is decoded once.
        distinct, places = np.unique(flat, return_inverse=True)
        values = [value_of(logit) for logit in distinct.tolist()]
        return [values[place] for place in places.tolist()]

    return decode
