"""What raspc says to a person about a program: where, what, and what to do.

Every mistake that a person can make becomes a `Diagnostic`; code that finds one raises
`RaspError` (one or several at once).  Our own bugs stay ordinary Python exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from .span import Span

Severity = Literal["error", "warning"]

#: A caret line longer than this would hide the message that it belongs to.
MAX_EXCERPT = 160

#: Names and strings of a program can be a megabyte long; in a message this much is enough.
MAX_QUOTE = 60


@dataclass(frozen=True)
class Diagnostic:
    """One message.  `code` is stable (tests and scripts match it); `hint` says what to do about it."""

    code: str
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


def shortened(text: str) -> str:
    """A name or string of the program as messages show it: whole while it is short."""
    return text if len(text) <= MAX_QUOTE else text[: MAX_QUOTE - 3] + "..."


class RaspError(Exception):
    """One or more diagnostics, at least one of them an error."""

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        if isinstance(diagnostics, Diagnostic):
            diagnostics = (diagnostics,)
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("\n".join(diagnostic.render() for diagnostic in self.diagnostics))


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
