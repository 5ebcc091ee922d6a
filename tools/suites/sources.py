"""Reads the texts of a program once: for its job, and for the key of its model."""

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
from .records import BuildSettings, LoadedFile, ProgramText, SuiteProgram, UnreadableText

ROOT = Path(__file__).resolve().parents[2]

#: The code that a model depends on, and the code that its verification depends on.
COMPILER = ("rasp_grammar", "compiler", "tools/suites/worker.py", "version.py")
VERIFIER = ("runner",)

#: The depth of `load` statements that the compiler allows.
MAX_LOADS = 50

#: Loads of one program; a file counts as often as it is loaded.  Without this limit, files that load one another
#: several times would occupy the build, which has other programs to read, for ever.
MAX_FILES = 1000

TOO_MANY = UnreadableText("load-too-deep", f"this program loads more than {MAX_FILES:,} files", "load each file once")


@cache
def compiler_digest(verify: bool) -> str:
    """A hash of the compiler's own files, so that another version or a changed checkout builds everything again."""
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


def key_of(target: SuiteProgram, source: str, loads: tuple[LoadedFile, ...], settings: BuildSettings) -> str:
    """The key of a model: equal keys mean equal files.  `source`: the hash of the program's text."""
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


def loaded_by(source: Source, program: Path) -> tuple[tuple[ProgramText | UnreadableText, ...], tuple[LoadedFile, ...]]:
    """The texts that a program loads, directly and indirectly, in the order in which elaboration asks for them.

    Like elaboration, this does not follow a file that is being loaded already, loads that are too deep, and the loads
    of a text with syntax errors.  Elaboration reports these mistakes.
    """
    texts: list[ProgramText | UnreadableText] = []
    loads: dict[str, LoadedFile] = {}
    loading = [program.resolve()]

    def visit(current: Source, folder: Path) -> None:
        for value in _loads_of(current):
            asked = folder / value
            try:
                path = loaded_path(program.parent / asked)
                resolved = path.resolve()
            except (OSError, RuntimeError, ValueError):
                continue  # no file can have this name
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
                texts.append(UnreadableText(problem.code, problem.message, problem.hint))
                continue
            texts.append(ProgramText(inner.name, inner.text))
            loads[str(asked)] = LoadedFile(str(asked), sha256(inner.text))
            loading.append(resolved)
            visit(inner, asked.parent)
            loading.pop()

    visit(source, Path())
    return tuple(texts), tuple(loads.values())


@lru_cache(maxsize=256)  # a library is loaded by many
def _loads_of(source: Source) -> tuple[str, ...]:
    """The paths in a text's `load` statements; none if it does not parse."""
    if "load" not in source.text:
        return ()
    try:
        return tuple(node.path.value for node, _ in tree.walk(parse(source)) if isinstance(node, tree.Load))
    except RaspError:
        return ()


def loaded_path(asked: Path) -> Path:
    """The file that a `load` reads; `.rasp` may be left out.  Raises OSError or ValueError for an impossible name."""
    if asked.suffix != ".rasp" and asked.name and not asked.is_file():
        return asked.with_name(f"{asked.name}.rasp")
    return asked
