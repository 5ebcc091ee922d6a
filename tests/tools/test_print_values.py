"""Printed values: numbers, strings, truths and rows of results."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from raspc.tools.print_values import json_line, short_text, text_line, value_text


def test_a_line_of_text() -> None:
    assert text_line([True, False, 1, 0, Fraction(1, 2), 1.5, "a", ""]) == 'true false 1 0 0.5 1.5 a ""'


def test_a_line_of_json() -> None:
    line = json_line([True, 1, Fraction(1, 3), 0.25, 'a"é'])
    assert line == '[true, 1, 0.3333333333333333, 0.25, "a\\"é"]'
    assert json.loads(line) == [True, 1, 1 / 3, 0.25, 'a"é']


@pytest.mark.parametrize(
    "value", [10**1200, Fraction(10**1200 + 1, 3), Fraction(1, 10**1200)], ids=["int", "big", "small"]
)
def test_numbers_beyond_the_floats(value: Fraction | int) -> None:
    assert text_line([value])
    assert json.loads(json_line([value])) == [value if isinstance(value, int) else round(value)]


def test_strings_in_a_line_can_be_told_apart() -> None:
    assert text_line(["a b", "", " ", 'x"', "c", "é"]) == '"a b" "" " " "x\\"" c é'


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (4567.0, 0.0, "4567"),
        (4567.0000213, 0.0001, "4567"),
        (2.33333325, 0.00015, "2.333"),
        (Fraction(7, 3), 0.00015, "2.333"),
        (12345.678949, 0.00015, "12345.679"),
        (0.123456789, 1e-6, "0.12346"),
        (1234.6, 3.0, "1235"),
        (7, 0.1, "7"),
        (True, 0.1, "true"),
    ],
)
def test_a_number_has_the_digits_that_its_error_leaves(value: float | Fraction, error: float, text: str) -> None:
    assert value_text(value, error) == text
    if error > 0.0:
        assert short_text(value, error) == text


def test_a_whole_number_is_an_integer_in_json() -> None:
    assert json_line([4567.0, Fraction(4), 0.5]) == "[4567, 4, 0.5]"
