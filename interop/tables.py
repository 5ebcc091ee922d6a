"""Tables for using a model without raspc: its vocabulary, and the decoding of each output.

The tables are JSON values; tokens and outputs have the forms of docs/format.md.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import assert_never

from ..compiler.artifact.manifest import ClassDecodeRecord, Manifest, NumberDecodeRecord, OutputRecord
from ..compiler.artifact.scalar_json import encode_scalar
from ..compiler.graph.result_types import Kinds, present, prints_truths
from ..compiler.graph.values import Scalar, normal


def vocabulary_table(manifest: Manifest) -> list[object]:
    """The tokens, in the order of their ids."""
    return [encode_scalar(token) for token in manifest.vocabulary]


def output_table(output: OutputRecord) -> dict[str, object]:
    """The name of an output, its logit columns, and the decoding of these logits.

    `decode` is one of

    - `class`: the value is `values[i]` for the largest logit i.
    - `nearest`: the value is the one in `values` that is nearest to the logit.
    - `number`: the value is the logit, rounded to the nearest fraction with a denominator up to `max_denominator`
      unless that is null.  If `truths` is true, 0 and 1 mean false and true.
    """
    table: dict[str, object] = {
        "name": output.name,
        "first": output.first,
        "count": output.count,
        "may_be_undefined": output.may_be_undefined,
        "decode": decode_kind(output),
    }
    values = listed_values(output)
    if values is not None:
        table["values"] = [encode_scalar(value) for value in values]
    match output.decode:
        case ClassDecodeRecord():
            return table
        case NumberDecodeRecord(max_denominator=limit):
            if values is None:
                table |= {"max_denominator": limit, "truths": prints_truths(frozenset(output.kinds))}
            return table
        case _:
            assert_never(output.decode)


def decode_kind(output: OutputRecord) -> str:
    """`class`, `nearest` or `number`: see `output_table`."""
    if isinstance(output.decode, ClassDecodeRecord):
        return "class"
    return "number" if output.decode.values is None else "nearest"


def listed_values(output: OutputRecord) -> tuple[Scalar, ...] | None:
    """Every value that the output can take, as `raspc run` shows it; None if the manifest does not list them."""
    if output.decode.values is None:
        return None
    kinds: Kinds = frozenset(output.kinds)
    return tuple(present(normal(value), kinds) for value in output.decode.values)


def halfway_points(output: OutputRecord) -> list[float]:
    """The logits halfway between neighbouring values of an output whose decoding is `nearest`."""
    assert isinstance(output.decode, NumberDecodeRecord)
    assert output.decode.values is not None
    numbers = [Fraction(value) for value in output.decode.values]
    return [float((a + b) / 2) for a, b in itertools.pairwise(numbers)]
