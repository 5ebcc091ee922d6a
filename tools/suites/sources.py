"""The texts that a program is made of, read once: what a job carries, and what its key is made from."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache, lru_cache
from pathlib import Path

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import RaspError
from ...rasp_grammar.parser import parse
from ...rasp_grammar.source_file import read_source
from ...rasp_grammar.span import Source
from .records import Loaded, NoText, Settings, Target, Text

ROOT = Path(__file__).resolve().parents[2]

#: The code that decides what a model is, and that which decides whether it is right.
COMPILER = ("rasp_grammar", "compiler", "tools/suites/worker.py", "__init__.py")
VERIFIER = ("runner",)

#: Deeper chains of loads are refused by the compiler too.
MAX_LOADS = 50

#: What one program may load in all, a file counted as often as it is loaded: files that load each other twice over
#: would keep the build, which serves the others too, busy for ever.
MAX_FILES = 1000

TOO_MANY = NoText("load-too-deep", f"this program loads more than {MAX_FILES:,} files", "load each file once")


@cache
def compiler_digest(verify: bool) -> str:
    """A hash of the compiler's own files: another version, or a changed checkout, builds anew."""
    digest = hashlib.sha256()
    for part in (*COMPILER, *(VERIFIER if verify else ())):
        place = ROOT / part
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.suffix in (".py", ".rasp", ".json", ".lark"):
                digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def key_of(target: Target, source: str, loads: tuple[Loaded, ...], settings: Settings) -> str:
    """The content address of a build: equal keys, equal files.  `source`: the hash of the program's text."""
    folder = target.path.parent
    parts = [
        compiler_digest(settings.verify),
        settings.as_json(),
        target.name,
        target.path.name,
        source,
        # A manifest names a loaded file as seen from the program's folder.
        [[os.path.relpath(folder / one.asked, folder), one.sha256] for one in loads],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def loaded_by(source: Source, program: Path) -> tuple[tuple[Text | NoText, ...], tuple[Loaded, ...]]:
    """What the program in the file loads, directly and through what it loads, in the order in which it is loaded.

    This goes where elaboration will go: not into a file that is being loaded already, nor too deep, nor on from a text
    with mistakes of syntax; elaboration finds these mistakes itself.
    """
    texts: list[Text | NoText] = []
    loads: dict[str, Loaded] = {}
    loading = [program.resolve()]

    def visit(current: Source, folder: Path) -> None:
        for value in _loads_of(current):
            asked = folder / value
            try:
                path = located(program.parent / asked)
                resolved = path.resolve()
            except (OSError, RuntimeError, ValueError):
                continue  # no name that a file can have
            if resolved in loading or len(loading) > MAX_LOADS:
                continue
            if len(texts) == MAX_FILES:
                texts.append(TOO_MANY)
            if len(texts) > MAX_FILES:
                return
            try:
                inner = read_source(path)
            except RaspError as error:
                (problem,) = error.diagnostics
                texts.append(NoText(problem.code, problem.message, problem.hint))
                continue
            texts.append(Text(inner.name, inner.text))
            loads[str(asked)] = Loaded(str(asked), sha256(inner.text))
            loading.append(resolved)
            visit(inner, asked.parent)
            loading.pop()

    visit(source, Path())
    return tuple(texts), tuple(loads.values())


@lru_cache(maxsize=256)  # a library is loaded by many
def _loads_of(source: Source) -> tuple[str, ...]:
    """The paths in a text's `load` statements; none where it is no program."""
    if "load" not in source.text:
        return ()
    try:
        return tuple(item.path.value for item in parse(source).items if isinstance(item, tree.Load))
    except RaspError:
        return ()


def located(asked: Path) -> Path:
    """The file that a `load` reads: `.rasp` may be left out.  Raises OSError or ValueError: no file has such a name."""
    if asked.suffix != ".rasp" and asked.name and not asked.is_file():
        return asked.with_name(f"{asked.name}.rasp")
    return asked
