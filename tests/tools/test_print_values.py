"""Printed values: numbers, strings, truths and rows of results."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from raspc.tools.print_values import json_line, text_line


def test_a_line_of_text() -> None:
    assert text_line([True, False, 1, 0, Fraction(1, 2), 1.5, "a", ""]) == "true false 1 0 0.5 1.5 a "


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
