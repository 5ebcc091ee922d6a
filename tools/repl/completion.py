"""Completions at the end of an input: names, words of the language, statements, commands and files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...compiler.elaborate.library_docs import library
from ...rasp_grammar.lark_grammar import keywords
from ...rasp_grammar.text_words import in_quotes, line_before
from .commands import COMMANDS
from .conversation import Conversation
from .show_values import kind_of

_STATEMENTS = (
    "set example",
    "set s-op example",
    "set selector example",
    "set vocab",
    "set max_length",
    "show example",
    "examples on",
    "examples off",
    "s-op examples on",
    "s-op examples off",
    "selector examples on",
    "selector examples off",
    "full seq display on",
    "full seq display off",
)

_LOAD = re.compile(r"\s*load\s*(['\"])(?P<path>[^'\"]*)$")
_COMMAND = re.compile(r"\s*:\s*(?P<word>\w*)$")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")
_NUMBER = re.compile(r"(?<![A-Za-z0-9_])[0-9][A-Za-z0-9_.]*$")
_NEW_NAME = re.compile(r"(^|[;{}\s])def\s+\w*$")


@dataclass(frozen=True)
class Completion:
    """A completion: `text` replaces the last `typed` characters; `detail` describes it."""

    text: str
    typed: int
    detail: str


def complete(conversation: Conversation, text: str) -> list[Completion]:
    """The completions at the end of `text`, which is all the text before the cursor."""
    line = line_before(text, len(text))
    command = _COMMAND.fullmatch(line)
    if command is not None:
        return _matching(command["word"], [(name, known.summary) for name, known in COMMANDS.items()])
    load = _LOAD.match(line)
    if load is not None:
        return list(_files(conversation.session.base, load["path"]))
    if in_quotes(line) or _NUMBER.search(line) is not None or _NEW_NAME.search(line) is not None:
        return []
    found: list[Completion] = []
    begun = line.lstrip()
    # These statements begin a line; they cannot continue an unfinished statement.
    if begun and text.lstrip() == begun:
        found += [
            Completion(statement, len(begun), "statement")
            for statement in _STATEMENTS
            if statement.startswith(begun) and statement != begun
        ]
    word = _WORD.search(line)
    if word is not None and not (found and " " in begun):
        found += _matching(word[0], list(_names(conversation)))
    return found


def _matching(word: str, choices: list[tuple[str, str]]) -> list[Completion]:
    return [Completion(name, len(word), detail) for name, detail in choices if name.startswith(word)]


def _names(conversation: Conversation) -> Iterator[tuple[str, str]]:
    """Names of the session, of the library, and words of the language, each once."""
    own = conversation.session.names
    for name in own:
        yield name, kind_of(conversation.session.value(name))
    for name, known in library().items():
        if name not in own:
            yield name, known.signature if known.is_function else known.text.partition("\n")[0]
    for word in (*keywords(), "example"):
        if word not in own:
            yield word, "word"


def _files(base: Path, typed: str) -> Iterator[Completion]:
    """Folders and programs, by the names that `load` takes."""
    folder, _, start = typed.rpartition("/")
    try:
        entries = sorted((base / folder if folder or not typed.startswith("/") else Path("/")).iterdir())
        for entry in entries:
            if not entry.name.startswith(start) or (entry.name.startswith(".") and not start):
                continue
            if entry.is_dir():
                yield Completion(f"{entry.name}/", len(start), "folder")
            elif entry.suffix == ".rasp":
                yield Completion(entry.name, len(start), "program")
    except OSError:  # no such folder, or none to be read
        return
