"""The texts that a program is made of, read once: what a job carries, and what its key is made from."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from ..rasp_grammar import tree
from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from ..rasp_grammar.parser import parse, read_source
from ..rasp_grammar.span import Source
from .model import Loaded, Settings, Target, Text

ROOT = Path(__file__).resolve().parent.parent

#: The code that decides what a model is, and that which decides whether it is right.
COMPILER = ("rasp_grammar", "compiler", "suites/work.py", "__init__.py")
VERIFIER = ("runner",)

#: Deeper chains of loads are refused by the compiler too.
MAX_LOADS = 50


@cache
def compiler_digest(verify: bool) -> str:
    """A hash of the compiler's own files: another version, or a changed checkout, builds anew."""
    digest = hashlib.sha256()
    for part in (*COMPILER, *(VERIFIER if verify else ())):
        place = ROOT / part
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.suffix in (".py", ".rasp", ".json"):
                digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def key_of(target: Target, source: str, loads: tuple[Loaded, ...], settings: Settings) -> str:
    """The content address of a build: equal keys, equal files."""
    parts = [
        compiler_digest(settings.verify),
        settings.as_json(),
        target.name,
        source,
        [[one.asked, one.sha256] for one in loads],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def loaded_by(source: Source, base: Path) -> tuple[tuple[Text, ...], tuple[Loaded, ...]]:
    """What the program loads, directly and through what it loads, in the order in which it is loaded.

    Raises RaspError for a file that cannot be read, for one that loads itself and for mistakes of syntax: whoever
    elaborates the program in place will find the same, and say where.
    """
    texts: list[Text] = []
    loads: list[Loaded] = []

    def visit(current: Source, folder: Path, depth: int) -> None:
        if depth > MAX_LOADS:
            raise RaspError(Diagnostic("load-too-deep", "files load files too deeply", None))
        for item in parse(current).items:
            if isinstance(item, tree.Load):
                asked = folder / item.path.value
                path = located(asked)
                inner = read_source(path)
                texts.append(Text(inner.name, inner.text))
                loads.append(Loaded(str(asked), str(path), sha256(inner.text)))
                visit(inner, path.parent, depth + 1)

    visit(source, base, 1)
    return tuple(texts), tuple(loads)


def located(asked: Path) -> Path:
    """The file that a `load` reads: `.rasp` may be left out.  Raises RaspError for what no file can be named."""
    try:
        if asked.suffix != ".rasp" and asked.name and not asked.is_file():
            return asked.with_name(f"{asked.name}.rasp")
    except (OSError, ValueError):
        raise RaspError(Diagnostic("file-unreadable", "this is no name that a file can have", None)) from None
    return asked
