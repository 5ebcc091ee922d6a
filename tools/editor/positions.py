"""Converts offsets to the protocol's positions and back: lines from 0, columns in code units of an encoding.

The protocol counts UTF-16 code units unless client and server agree on another encoding, and knows three line ends.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_LINE_END = re.compile(r"\r\n|\n|\r")


class Lines:
    """The lines of one text.  A position outside the text is moved to the nearest one inside."""

    def __init__(self, text: str, encoding: Encoding = "utf-16") -> None:
        self.text = text
        self._encoding = encoding
        self._starts = [0]
        #: The end of each line, its line end not included.
        self._ends: list[int] = []
        for match in _LINE_END.finditer(text):
            self._ends.append(match.start())
            self._starts.append(match.end())
        self._ends.append(len(text))

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._starts, offset) - 1
        return line, self._units(self.text[self._starts[line] : min(offset, self._ends[line])])

    def offset(self, line: int, column: int) -> int:
        """The character offset of a position; a position inside a character gives the offset of its start."""
        if line < 0:
            return 0
        if line >= len(self._starts):
            return len(self.text)
        start, end = self._starts[line], self._ends[line]
        if self.text[start:end].isascii() or self._encoding == "utf-32":
            return min(start + max(0, column), end)
        for offset in range(start, end):
            column -= self._units(self.text[offset])
            if column < 0:
                return offset
        return end

    def _units(self, text: str) -> int:
        if text.isascii() or self._encoding == "utf-32":
            return len(text)
        if self._encoding == "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
