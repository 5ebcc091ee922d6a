"""Values in JSON: lossless, and one form for each value."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raspc.compiler.artifact.scalar_json import decode_scalar, encode_scalar
from raspc.compiler.graph.operations import MAX_BITS
from raspc.compiler.graph.values import Scalar, normal

SCALARS = (
    st.booleans()
    | st.integers(-(2**MAX_BITS) + 1, 2**MAX_BITS - 1)
    | st.fractions()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
).map(normal)


@given(SCALARS)
def test_decoding_an_encoded_value_gives_the_value(value: Scalar) -> None:
    found = decode_scalar(json.loads(json.dumps(encode_scalar(value))))
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (True, True),
        (1, 1),
        ("1", "1"),
        (2**53, 2**53),
        (2**53 + 1, {"int": "9007199254740993"}),
        (-(2**53) - 1, {"int": "-9007199254740993"}),
        (Fraction(-1, 3), {"fraction": ["-1", "3"]}),
        (0.5, {"float": "0x1.0000000000000p-1"}),
        (-0.0, {"float": "-0x0.0p+0"}),
    ],
)
def test_each_value_has_one_form(value: Scalar, form: object) -> None:
    assert encode_scalar(value) == form
    assert decode_scalar(form) == value


@pytest.mark.parametrize(
    "form",
    [
        None, 0.5, [], {}, [1], 2**53 + 1, {"int": 1}, {"int": "1"}, {"int": "1_000"}, {"int": "+99999999999999999"},
        {"int": " 99999999999999999"}, {"int": "\uff19" * 17}, {"int": "9" * 10_000}, {"float": 0.5}, {"float": "0.5"},
        {"float": "inf"}, {"float": "nan"}, {"float": "0x1p99999"}, {"float": "0X1P+1"}, {"fraction": ["1", "1"]},
        {"fraction": ["2", "4"]}, {"fraction": ["1", "0"]}, {"fraction": ["1", "-2"]}, {"fraction": ["1", "2", "3"]},
        {"fraction": [1, 2]}, {"fraction": ["1", "2"], "int": "3"},
    ],
)  # fmt: skip
def test_other_forms_are_refused(form: object) -> None:
    with pytest.raises(ValueError, match=r"^not (the form|a decimal|a hexadecimal)"):
        decode_scalar(form)
