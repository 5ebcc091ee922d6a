"""Completion: the names in scope at an offset, the library, the reserved words, and files behind `load`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...compiler.elaborate.library_docs import comment_above, library, signature
from ...rasp_grammar import tree
from ...rasp_grammar.lark_grammar import keywords
from ...rasp_grammar.text_words import in_quotes, line_before
from .document import DocumentAnalysis
from .hover import what
from .name_resolution import Binding

SuggestionKind = Literal["function", "value", "parameter", "keyword", "file", "folder"]

#: Statements that are more than one word.
_STATEMENTS = {
    "vocab": 'the tokens: `set vocab "abc";`',
    "max_length": "the longest input: `set max_length 16;`",
    "example": 'the REPL\'s running example: `set example "abc";`',
}

_LOAD = re.compile(r"\s*load\s+(['\"])(?P<path>[^'\"]*)$")
_SET = re.compile(r"\s*set[ \t]+\w*$")
#: Here a new name is typed, so nothing is suggested.
_NEW_NAME = re.compile(r"(^|[;{}\s])def\s+\w*$")
_NUMBER = re.compile(r"(?<![A-Za-z0-9_])[0-9][A-Za-z0-9_.]*$")


@dataclass(frozen=True)
class Suggestion:
    """One completion.  Smaller `rank` comes first: 0 local names, 1 the file's, 2 the library's, 3 reserved words."""

    text: str
    kind: SuggestionKind
    detail: str
    documentation: str = ""
    rank: int = 0


def complete(analysed: DocumentAnalysis, offset: int) -> list[Suggestion]:
    """All names that can stand at an offset; the editor filters them by the part that has been typed."""
    line = line_before(analysed.source.text, offset)
    load = _LOAD.match(line)
    if load is not None:
        return list(_files(analysed.base, load["path"]))
    if in_quotes(line) or _NEW_NAME.search(line) is not None or _NUMBER.search(line) is not None:
        return []
    if _SET.match(line) is not None:
        return [Suggestion(word, "keyword", "statement", text) for word, text in _STATEMENTS.items()]
    found: dict[str, Suggestion] = {}
    for name, binding in analysed.index.visible(offset).items():
        found[name] = _suggestion(analysed, name, binding)
    if analysed.previous is not None:
        # The statement that is being typed is not in the tree; the last text that parsed may define the name.
        for name, bindings in analysed.previous.index.final.items():
            found.setdefault(name, _suggestion(analysed.previous, name, bindings[-1]))
    for name, known in library().items():
        kind: SuggestionKind = "function" if known.is_function else "value"
        found.setdefault(name, Suggestion(name, kind, known.signature, known.text, 2))
    for word in (*keywords(), "set"):
        found.setdefault(word, Suggestion(word, "keyword", "keyword", rank=3))
    return list(found.values())


def _suggestion(analysed: DocumentAnalysis, name: str, binding: Binding) -> Suggestion:
    rank = 0 if binding.scope is not None else 1
    if isinstance(binding.node, tree.Definition) and binding.kind == "function":
        return Suggestion(name, "function", signature(binding.node), comment_above(binding.node.span), rank)
    observed = analysed.value_of(binding)
    detail = what(observed.values[0]) if observed is not None and observed.values else binding.kind
    kind: SuggestionKind = "parameter" if binding.kind == "parameter" else "value"
    comment = comment_above(binding.node.span) if isinstance(binding.node, tree.Assignment) else ""
    return Suggestion(name, kind, detail, comment, rank)


def _files(base: Path, typed: str) -> Iterator[Suggestion]:
    """The RASP files and folders that can follow the last `/` of a path."""
    folder = base / typed.rpartition("/")[0]
    try:
        entries = sorted(folder.iterdir())
    except (OSError, ValueError):
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield Suggestion(f"{entry.name}/", "folder", "folder")
        elif entry.suffix == ".rasp":
            # Programs write `load` without the suffix; it stays where `load` would find another file without it.
            other = entry.stem.endswith(".rasp") or entry.with_suffix("").is_file()
            yield Suggestion(entry.name if other else entry.stem, "file", "file")
