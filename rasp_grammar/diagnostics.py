"""Diagnostics: the place of a mistake in a program, its description, and a hint.

Every mistake that a person can make becomes a `Diagnostic`; code that finds one raises
`RaspError` (one or several at once).  Our own bugs stay ordinary Python exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

from .codes import Code
from .span import Span
from .text_layout import MAX_QUOTE as MAX_QUOTE
from .text_layout import shortened as shortened

Severity = Literal["error", "warning"]

#: The hint, or None, where no word is close.
Otherwise = TypeVar("Otherwise", bound="str | None")

#: A caret line longer than this would hide the message that it belongs to.
MAX_EXCERPT = 160

#: A misspelt word is compared with at most this many known ones.
MAX_COMPARED = 1000


@dataclass(frozen=True)
class Diagnostic:
    """One message.  `code` is stable (tests and scripts match it); `hint` says what to do about it."""

    code: Code
    message: str
    span: Span | None
    hint: str | None = None
    severity: Severity = "error"

    def render(self) -> str:
        """`file:line:col: error: message [code]`, the source line with a caret, then the hint."""
        lines = [f"{self.span}: " if self.span is not None else "raspc: "]
        lines[0] += f"{self.severity}: {self.message} [{self.code}]"
        if self.span is not None:
            lines += _excerpt(self.span)
        if self.hint is not None:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """The fields of one `--json` line."""
        result: dict[str, object] = {
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
        }
        if self.span is not None:
            line, column = self.span.source.position(self.span.start)
            end_line, end_column = self.span.source.position(self.span.end)
            result |= {
                "file": self.span.source.name,
                "line": line,
                "column": column,
                "end_line": end_line,
                "end_column": end_column,
            }
        return result


class RaspError(Exception):
    """One or more diagnostics, at least one of them an error."""

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        if isinstance(diagnostics, Diagnostic):
            diagnostics = (diagnostics,)
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("\n".join(diagnostic.render() for diagnostic in self.diagnostics))


def error(code: Code, message: str, span: Span | None, hint: str | None = None) -> RaspError:
    """The exception for one mistake."""
    return RaspError(Diagnostic(code, message, span, hint))


def did_you_mean(word: str, known: Iterable[str], otherwise: Otherwise) -> str | Otherwise:
    """The hint that names the known word closest to a misspelt one; `otherwise` where none is close."""
    close = closest(word, known)
    return f"did you mean `{close[0]}`?" if close else otherwise


def closest(word: str, known: Iterable[str], most: int = 1) -> list[str]:
    """The known words that look like a misspelt one, the most similar first; none for a word of over 60 characters."""
    from difflib import get_close_matches

    # The time grows with the length of the word and the number of known words.
    return get_close_matches(word, list(known)[:MAX_COMPARED], n=most) if len(word) <= MAX_QUOTE else []


def reason_of(error: Exception) -> str:
    """An exception's message as the end of a sentence: `permission denied`, without number and file name."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return text[:1].lower() + text[1:]


def _excerpt(span: Span) -> list[str]:
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    offset = column - 1
    width = min(span.end - span.start, len(text) - offset)
    if len(text) > MAX_EXCERPT:
        first = max(0, min(offset - MAX_EXCERPT // 2, len(text) - MAX_EXCERPT))
        text = text[first : first + MAX_EXCERPT]
        offset -= first
    width = max(1, min(width, len(text) - offset))
    # Tabs and control characters would move the caret away from what it points at.
    shown = "".join(" " if ord(char) < 32 or ord(char) == 127 else char for char in text)
    return [f"    {shown}", "    " + " " * offset + "^" * width]
