"""Text for people: counted nouns, shortened texts, and texts beside titles in columns."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

#: Characters of a name or string of a program that a message quotes; these can be a megabyte long.
MAX_QUOTE = 60

#: Columns of a page of text.
PAGE_WIDTH = 80

#: The column at which texts beside titles begin.
TEXT_COLUMN = 16


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 head`, `1,200 heads`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shortened(text: str, width: int = MAX_QUOTE, ending: str = "...") -> str:
    """The text in at most `width` characters; `ending` replaces the omitted rest."""
    return text if len(text) <= width else text[: max(0, width - len(ending))] + ending


def on_one_line(text: str) -> str:
    """The text with every run of white space, line breaks included, as one blank."""
    return " ".join(text.split())


def printable(text: str) -> str:
    """The text with characters that a terminal would obey (control characters, line breaks) as escapes."""
    return "".join([character if character.isprintable() else ascii(character)[1:-1] for character in text])


def listed(texts: Sequence[str], most: int) -> str:
    """The texts separated by blanks; of more than `most`, the first ones, `...` and the last."""
    if len(texts) > most:
        texts = [*texts[: most - 2], "...", texts[-1]]
    return " ".join(texts)


def number_range(first: int, last: int, dash: str = "-") -> str:
    """The numbers from `first` to `last`: `3`, `3-5`."""
    return str(first) if first == last else f"{first}{dash}{last}"


def beside(title: str, text: str, *, column: int = TEXT_COLUMN, hang: int = 0, width: int = PAGE_WIDTH) -> list[str]:
    """The lines of a text that wraps from `column` on, beside its title.

    A title that does not fit before the column stands on lines of its own.  Lines after the first are indented by
    `hang` more.
    """
    margin = " " * column
    # A long word (a selector without blanks) may break, so that no line is wider than `width`.
    lines = textwrap.wrap(text, width, initial_indent=margin, subsequent_indent=margin + " " * hang) or [margin]
    head = "  " + title
    if len(head) >= column:
        return [*textwrap.wrap(head, PAGE_WIDTH, subsequent_indent="  "), *lines]
    return [head.ljust(column) + lines[0].removeprefix(margin), *lines[1:]]


def terminal_width(text: str) -> int:
    """The columns that a text takes in a terminal: two for a wide East Asian character, none for a combining one."""
    return sum([_columns(character) for character in text])


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "FW" else 1


def right_aligned(text: str, width: int) -> str:
    """The text at the right of `width` columns of a terminal."""
    return " " * (width - terminal_width(text)) + text
