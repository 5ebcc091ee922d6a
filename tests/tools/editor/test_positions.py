"""Offsets and the protocol's positions, against the codecs of Python."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raspc.tools.editor.positions import Encoding, Lines

CODECS: dict[Encoding, tuple[str, int]] = {
    "utf-8": ("utf-8", 1),
    "utf-16": ("utf-16-le", 2),
    "utf-32": ("utf-32-le", 4),
}

texts = st.text(
    st.sampled_from([*"ab \t", "\n", "\r", "é", "☃", "🎈", "\U0001d538", "\u2028", "\x0b", "\x0c", "\x85", "\ud800"])
)


def _expected(text: str, offset: int, encoding: Encoding) -> tuple[int, int]:
    """Line and column of an offset, worked out from the encoded text before it."""
    codec, size = CODECS[encoding]
    lines = re.split("\r\n|\n|\r", text[:offset])
    return len(lines) - 1, len(lines[-1].encode(codec, "surrogatepass")) // size


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@given(text=texts, data=st.data())
def test_offset_and_position_are_inverse(encoding: Encoding, text: str, data: st.DataObject) -> None:
    lines = Lines(text, encoding)
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n" and offset > 0:
        offset -= 1  # between the two is no place
    assert lines.position(offset) == _expected(text, offset, encoding)
    assert lines.offset(*lines.position(offset)) == offset


@given(text=texts, line=st.integers(-2, 20), column=st.integers(-2, 50))
def test_any_position_is_a_place_in_the_text(text: str, line: int, column: int) -> None:
    offset = Lines(text).offset(line, column)
    assert 0 <= offset <= len(text)
    found = _expected(text, offset, "utf-16")
    if 0 <= line <= len(re.findall("\r\n|\n|\r", text)):
        assert found[0] == line
        assert found[1] <= max(column, 0)


def test_inside_a_character_is_before_it() -> None:
    assert [Lines("a🎈b").offset(0, column) for column in range(6)] == [0, 1, 1, 2, 3, 3]
    assert [Lines("é🎈", "utf-8").offset(0, column) for column in range(7)] == [0, 0, 1, 1, 1, 1, 2]


def test_between_the_signs_of_a_line_end() -> None:
    assert Lines("ab\r\nc").position(3) == (0, 2)
