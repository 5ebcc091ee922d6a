"""rasp.lark as a Lark parser, and the file in the user's cache folder that saves building it.

Building takes 0.1 to 0.2 s, loading from the file 0.01 s.  The file is JSON, so reading it can run no code; it is not
trusted either: a file that is damaged, that somebody else owns or may write, or that belongs to another grammar or
another Lark is ignored.  Where no file can be written, the grammar is built at each start.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

from .tokens import LineStatementEnds

#: Permission bits of others than the owner to write.
_OTHERS_WRITE = 0o022


@cache
def grammar() -> Lark:
    """The parser of RASP: LALR, with a lexer that does not depend on the parser's state."""
    text = (files(__package__) / "rasp.lark").read_text(encoding="utf-8")
    key = _key(text)
    path = _cache_path(key)
    saved = None if path is None else _load(path, key)
    if saved is not None:
        return saved
    content = _serialized(build(text))
    if path is not None:
        _save(path, key, content)
    # Not the parser that was built: Lark would check its terminals again at each call of `lex`.
    return _deserialized(content)


@cache
def keywords() -> dict[str, str]:
    """The reserved words of RASP, each with the name of its terminal."""
    return {
        str(terminal.pattern.value): str(terminal.name)
        for terminal in grammar().terminals
        if terminal.pattern.value.isalpha()
    }


def build(text: str, *, strict: bool = False) -> Lark:
    """A grammar's text as a Lark parser.

    strict: raise GrammarError for an LALR conflict, and LexError for two terminals that match the same text.
    """
    return Lark(
        text,
        parser="lalr",
        lexer="basic",
        keep_all_tokens=True,
        maybe_placeholders=False,
        postlex=LineStatementEnds(),
        strict=strict,
    )


def cache_folder() -> Path | None:
    """The folder `raspc` in the user's cache folder; None where the user has none."""
    try:
        given = os.environ.get("XDG_CACHE_HOME", "")
        if os.path.isabs(given):  # the XDG specification: relative paths are to be ignored
            folder = Path(given)
        elif sys.platform == "darwin":
            folder = Path.home() / "Library" / "Caches"
        elif sys.platform == "win32":
            folder = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        else:
            folder = Path.home() / ".cache"
    except RuntimeError:  # the user has no home
        return None
    return folder / "raspc"


def _key(text: str) -> str:
    """A hash of all that the saved parser depends on."""
    versions = f"{lark.__version__} {sys.version_info[:2]}"
    return sha256(f"{versions}\n{text}".encode()).hexdigest()


def _cache_path(key: str) -> Path | None:
    folder = cache_folder()
    return None if folder is None else folder / f"grammar-{key[:16]}.json"


def _load(path: Path, key: str) -> Lark | None:
    """The saved parser; None where the file is missing or not to be trusted."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & _OTHERS_WRITE):
                return None
            head, _, content = file.read().partition(b"\n")
        if head.decode() != f"{key} {sha256(content).hexdigest()}":
            return None
        return _deserialized(content)
    except Exception:  # whatever is wrong with the file, building the grammar makes up for it
        return None


def _save(path: Path, key: str, content: bytes) -> None:
    """Writes the parser to a file, whole or not at all; a failure is not reported."""
    temporary: str | None = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=path.name, dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(f"{key} {sha256(content).hexdigest()}\n".encode() + content)
        os.replace(temporary, path)
    except OSError:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _serialized(built: Lark) -> bytes:
    data, memo = built.memo_serialize([TerminalDef, Rule])
    data["options"]["postlex"] = None
    return json.dumps({"data": data, "memo": memo}, separators=(",", ":")).encode()


def _deserialized(content: bytes) -> Lark:
    saved = json.loads(content, object_pairs_hook=_with_numbers)
    saved["data"]["options"]["postlex"] = LineStatementEnds()
    return Lark.load(saved)


def _with_numbers(pairs: list[tuple[str, object]]) -> dict[object, object]:
    """A JSON object; where Lark's keys were numbers, they are numbers again."""
    if pairs and pairs[0][0].isdecimal():
        return {int(key): value for key, value in pairs}
    return dict(pairs)
