"""Program files to texts."""

from __future__ import annotations

from pathlib import Path

from .diagnostics import Diagnostic, RaspError, did_you_mean, reason_of
from .span import Source, Span

#: Longer texts are refused before they are parsed: no person wrote them, and parsing them would take minutes.
MAX_CHARACTERS = 1 << 20


def read_source(path: Path | str, name: str | None = None) -> Source:
    """The text of a file.

    name: the file's name in diagnostics; by default the path as the caller wrote it.
    Raises RaspError if the file cannot be read, is not UTF-8, or is longer than `MAX_CHARACTERS`.
    """
    shown = str(path) if name is None else name
    try:
        with Path(path).open("rb") as file:
            # UTF-8 takes up to four bytes a character.
            content = file.read(4 * MAX_CHARACTERS + 1)
    except FileNotFoundError:
        hint = did_you_mean(Path(path).name, _programs_beside(Path(path)), "check the path")
        raise RaspError(Diagnostic("file-missing", f"there is no file `{shown}`", None, hint)) from None
    except IsADirectoryError:
        raise RaspError(Diagnostic("file-unreadable", f"`{shown}` is a folder", None, "name a file")) from None
    except (OSError, ValueError) as error:
        message = f"`{shown}` cannot be read: {reason_of(error)}"
        raise RaspError(Diagnostic("file-unreadable", message, None, "check the path")) from None
    if len(content) > 4 * MAX_CHARACTERS:
        message = f"`{shown}` is too long (more than {MAX_CHARACTERS:,} characters)"
        raise RaspError(Diagnostic("text-too-long", message, None, "split it into several files"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"`{shown}` is not UTF-8 text (byte {error.start})"
        raise RaspError(Diagnostic("file-encoding", message, None, "save it as UTF-8")) from None
    source = Source(shown, text)
    refuse_long_text(source)
    return source


def refuse_long_text(source: Source) -> None:
    """Raises RaspError for a text of more than `MAX_CHARACTERS`."""
    if len(source.text) > MAX_CHARACTERS:
        message = f"this text is too long ({len(source.text):,} characters; at most {MAX_CHARACTERS:,})"
        raise RaspError(Diagnostic("text-too-long", message, Span(source, 0, 1), "split it into several files"))


def _programs_beside(path: Path) -> list[str]:
    """The names of the programs in the file's folder."""
    try:
        return sorted(file.name for file in path.parent.glob("*.rasp"))
    except (OSError, ValueError):
        return []
