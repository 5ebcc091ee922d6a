"""Explanations of the diagnostic codes, from the texts in `explanations/`.

A text is Markdown: `#` is a group, `##` a code; a line of summary, paragraphs and blocks follow.  The first of two
`rasp` blocks has the mistake, the second has it mended.  A `console` block is a session in which the first block is
`program.rasp`.  Tests check all three.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

FOLDER = "explanations"

WIDTH = 80

_SECTION = re.compile(r"^## (\S+)\n(.*?)(?=^## |\Z)", re.M | re.S)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Explanation:
    """`summary` is one line; `body` is Markdown."""

    code: str
    group: str
    summary: str
    body: str

    def blocks(self, language: str) -> list[str]:
        """The texts of the body's blocks in a language."""
        return [match[2] for match in _BLOCK.finditer(self.body) if match[1] == language]

    def as_text(self) -> str:
        """The explanation for a terminal: blocks are indented."""
        parts = [f"{self.code}: {self.summary}"]
        end, previous = 0, ""
        for block in _BLOCK.finditer(self.body):
            between = _wrapped(self.body[end : block.start()])
            if block[1] == previous == "rasp" and len(between) == 0:
                between = ["Instead:"]
            parts += [*between, textwrap.indent(block[2].rstrip(), "    ")]
            end, previous = block.end(), block[1]
        return "\n\n".join([*parts, *_wrapped(self.body[end:])])


def _wrapped(text: str) -> list[str]:
    """Paragraphs at the terminal's width."""
    return [textwrap.fill(" ".join(paragraph.split()), WIDTH) for paragraph in text.split("\n\n") if paragraph.strip()]


@cache
def explanations() -> dict[str, Explanation]:
    """All explanations by code, in the order of the texts."""
    found: dict[str, Explanation] = {}
    folder = files(__package__) / FOLDER
    for text in sorted((file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name):
        content = text.read_text(encoding="utf-8")
        group = content.splitlines()[0].removeprefix("# ")
        for match in _SECTION.finditer(content):
            summary, _, body = match[2].partition("\n")
            found[match[1]] = Explanation(match[1], group, summary, body.strip())
    return found
