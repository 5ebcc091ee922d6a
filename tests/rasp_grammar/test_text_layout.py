"""Counted nouns, shortened texts and columns."""

from __future__ import annotations

import pytest
from raspc.rasp_grammar.text_layout import (
    beside,
    counted,
    listed,
    number_range,
    on_one_line,
    printable,
    right_aligned,
    shortened,
    terminal_width,
)


def test_a_noun_has_the_plural_for_every_number_but_one() -> None:
    assert [counted(number, "head") for number in (0, 1, 2, 1200)] == ["0 heads", "1 head", "2 heads", "1,200 heads"]


@pytest.mark.parametrize(("width", "shown"), [(7, "letters"), (8, "letters"), (6, "let..."), (3, "..."), (1, "...")])
def test_a_text_is_shortened_only_where_it_is_too_long(width: int, shown: str) -> None:
    assert shortened("letters", width) == shown


def test_the_ending_of_a_shortened_text_can_be_chosen() -> None:
    assert shortened("letters", 4, "..") == "le.."


def test_a_long_list_keeps_its_last_item() -> None:
    assert listed(["a", "b", "c"], 3) == "a b c"
    assert listed(["a", "b", "c", "d", "e"], 4) == "a b ... e"


def test_ranges_of_one_number_are_that_number() -> None:
    assert [number_range(3, 3), number_range(3, 5), number_range(3, 5, "–")] == ["3", "3-5", "3–5"]  # noqa: RUF001


def test_no_shown_text_breaks_a_line_or_moves_a_cursor() -> None:
    assert on_one_line(" a\n  b\tc ") == "a b c"
    assert printable("a\x1b[31m\nb") == "a\\x1b[31m\\nb"


def test_wide_and_combining_characters_are_aligned_by_their_columns() -> None:
    assert [terminal_width(text) for text in ("abc", "语", "é")] == [3, 2, 1]
    assert right_aligned("语", 4) == "  语"


def test_a_text_wraps_beside_its_title() -> None:
    assert beside("name", "one two three", column=10, width=18) == ["  name    one two", "          three"]
    assert beside("a long title", "text", column=6) == ["  a long title", "      text"]
    assert beside("name", "", column=8) == ["  name  "]
