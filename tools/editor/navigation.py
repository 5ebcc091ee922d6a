"""Definitions and uses of a name, and renaming."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...compiler.elaborate.library_docs import library
from ...rasp_grammar import tree
from ...rasp_grammar.span import Source, Span
from ...rasp_grammar.text_words import is_name, name_around
from .document import DocumentAnalysis
from .files import absolute
from .name_resolution import Binding, Place, place
from .observed_run import locate


class Refused(Exception):
    """Raised for a rename that is not possible; the text is the reason, in a sentence."""


def definitions(analysed: DocumentAnalysis, offset: int) -> list[Span]:
    """The definitions that can reach the name at an offset; for the path of a `load`, the file."""
    load = _load_at(analysed, offset)
    if load is not None:
        return load
    found = name_around(analysed.source, offset)
    if found is None:
        return []
    text, _ = found
    bindings = bindings_at(analysed, offset)
    if bindings:
        return [binding.span for binding in bindings]
    if analysed.previous is not None and text in analysed.previous.index.final:
        spans = [binding.span for binding in analysed.previous.index.final[text]]
        return [moved for span in spans for moved in _moved(analysed, span, text)]
    known = library().get(text)
    return [] if known is None or known.span is None else [known.span]


def bindings_at(analysed: DocumentAnalysis, offset: int) -> tuple[Binding, ...]:
    """The bindings of the name at an offset; if its statement does not parse, the binding in scope."""
    name = analysed.index.name_at(offset)
    if name is not None:
        return analysed.index.definitions(name)
    found = name_around(analysed.source, offset)
    visible = None if found is None else analysed.index.visible(offset).get(found[0])
    return () if visible is None else (visible,)


def references(analysed: DocumentAnalysis, bindings: Iterable[Binding], *, declarations: bool) -> list[Place]:
    """Every use that some of the bindings reach, in all files of the program."""
    found = set(analysed.index.references(bindings))
    if declarations:
        found |= {place(binding.span) for binding in bindings}
    return sorted(found)


def uses_at(analysed: DocumentAnalysis, offset: int) -> list[Place]:
    """Every use of the library's name at an offset; none if the program has defined the name itself."""
    name = analysed.index.name_at(offset)
    if name is None or name.name not in library() or bindings_at(analysed, offset):
        return []
    free = [where for where, bindings in analysed.index.uses.items() if len(bindings) == 0]
    return [place(span) for span in spans(analysed, sorted(free)) if span.text == name.name]


def rename(analysed: DocumentAnalysis, offset: int, new_name: str) -> list[Place]:
    """The places to write a new name at, in this file and the files that it loads.

    Raises Refused if the name cannot be changed, or if the new name would change what the program computes.
    """
    bindings = bindings_at(analysed, offset)
    if len(bindings) == 0:
        raise Refused("only names that the program defines can be renamed")
    if not is_name(new_name):
        raise Refused(f"`{new_name}` cannot be a name")
    if not analysed.parses:
        raise Refused("the text has mistakes; a name cannot be found everywhere until they are mended")
    together = _together(analysed, bindings)
    places = references(analysed, together, declarations=True)
    files = {name for name, _, _ in places}
    uses = analysed.index.uses
    # In other files a free name clashes too: it would be looked up in the file that loads them.
    free = {where for where, found in uses.items() if len(found) == 0}
    near = {where for where in (*uses, *analysed.index.bindings) if where[0] in files}
    if any(span.text == new_name for span in spans(analysed, near | free)):
        raise Refused(f"`{new_name}` is a name in this program already")
    if new_name.startswith("_") and len(files) > 1:
        raise Refused("a name that begins with `_` is known only in its own file, and this one is used in others")
    return places


def renamable(analysed: DocumentAnalysis, offset: int) -> Span | None:
    """The span of the name at an offset if the program defines it; None otherwise."""
    found = name_around(analysed.source, offset)
    return None if found is None or not bindings_at(analysed, offset) else found[1]


def spans(analysed: DocumentAnalysis, places: Iterable[Place]) -> list[Span]:
    """Places of the program's files as spans of their texts."""
    sources = {source.name: source for source in (*analysed.index.sources, analysed.source)}
    return [Span(sources[name], start, end) for name, start, end in places]


def _together(analysed: DocumentAnalysis, bindings: tuple[Binding, ...]) -> set[Binding]:
    """The bindings connected with these by shared uses: they must all have the same name."""
    group = set(bindings)
    while True:
        sharing = [found for found in analysed.index.uses.values() if not group.isdisjoint(found)]
        larger = group.union(*sharing)
        if larger == group:
            return group
        group = larger


def _load_at(analysed: DocumentAnalysis, offset: int) -> list[Span] | None:
    for item in analysed.index.main.items:
        if isinstance(item, tree.Load) and item.path.span.start <= offset <= item.path.span.end:
            path = locate(analysed.base, item)
            if path is None or not path.is_file():
                return []
            return [Span(Source(absolute(Path(path)), ""), 0, 0)]
    return None


def _moved(analysed: DocumentAnalysis, span: Span, name: str) -> list[Span]:
    """A span of an earlier text in the current text; found if it lies before or behind all changes."""
    if span.source.name != analysed.source.name:
        return [span]
    before, now = span.source.text, analysed.source.text
    shift = len(now) - len(before)
    for start in (span.start, span.start + shift):
        if start >= 0 and now[start : start + len(name)] == name:
            return [Span(analysed.source, start, start + len(name))]
    return []
