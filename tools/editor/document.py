"""The analysis of one text of an editor: its problems, the definitions of its names, and their values."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...compiler.analysis.domains import Space
from ...compiler.analysis.node_facts import Analysis
from ...compiler.elaborate.program_run import Mistake
from ...compiler.elaborate.workspace import deep_recursion
from ...compiler.graph.graph import Graph
from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from ...rasp_grammar.precedence_warnings import precedence_warnings
from ...rasp_grammar.recovery import RecoveredText, recover
from ...rasp_grammar.span import Source, Span
from . import name_resolution as names
from .files import Buffers
from .name_resolution import Binding, NameIndex, place, resolve_names
from .observed_run import ObservedRun, ObservedValues, locate, observe_run


@dataclass(frozen=True)
class Problem:
    """A diagnostic with a span in the text itself.  `related`: spans in other places, each with a message."""

    diagnostic: Diagnostic
    span: Span
    related: tuple[tuple[Span, str], ...] = ()


@dataclass(frozen=True)
class DocumentAnalysis:
    """One text, as far as it can be read.

    base: the folder that `load` starts from.  run: None if no runnable program was found.
    previous: if the text does not parse, the last state of it that did.
    """

    source: Source
    base: Path
    recovered: RecoveredText
    problems: tuple[Problem, ...]
    index: NameIndex
    run: ObservedRun | None
    previous: DocumentAnalysis | None

    @property
    def parses(self) -> bool:
        """True if the whole text parses."""
        return self.recovered.parses

    def observed(self, name: tree.Name) -> ObservedValues | None:
        """The values of a name at one place where it is used or bound; None if it was never evaluated."""
        if self.run is None:
            return None
        found = self.run.values.get(place(name.span))
        if found is not None:
            return found
        bound = self.index.bindings.get(place(name.span))
        return None if bound is None else self.value_of(bound)

    def value_of(self, binding: Binding) -> ObservedValues | None:
        """The values that a binding gave its name: those of its expression, or of the uses that only it reaches."""
        if self.run is None:
            return None
        if binding.value is not None:
            found = self.run.values.get(place(binding.value.span))
            if found is not None:
                return found
        for where in self._uses_of.get(binding, ()):
            if where in self.run.values:
                return self.run.values[where]
        return None

    @cached_property
    def _uses_of(self) -> dict[Binding, list[names.Place]]:
        found: dict[Binding, list[names.Place]] = {}
        for where, bindings in self.index.uses.items():
            if len(bindings) == 1:
                found.setdefault(bindings[0], []).append(where)
        return found

    @cached_property
    def node_facts(self) -> Analysis | None:
        """The compiler's analysis of the program's nodes; None without vocabulary and length."""
        if self.run is None or self.run.vocabulary is None or self.run.max_length is None:
            return None
        return Analysis(Space(self.run.vocabulary, self.run.max_length))

    @cached_property
    def lock(self) -> threading.Lock:
        """To be held while `node_facts` is used: it stores its results and is not thread-safe."""
        return threading.Lock()

    @property
    def graph(self) -> Graph:
        return Graph() if self.run is None else self.run.graph


def analyse(
    source: Source,
    base: Path,
    buffers: Buffers | None = None,
    previous: DocumentAnalysis | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> DocumentAnalysis:
    """Parses a text, resolves its names and runs it.

    base: the folder that `load` starts from.  buffers: the editor's texts of other files.
    previous: the analysis of the text before the last changes.

    Raises RaspError if the text is too long, and Cancelled soon after `cancelled` returns True.
    """
    buffers = Buffers() if buffers is None else buffers
    with deep_recursion():
        recovered = recover(source)
        index = resolve_names(recovered.module, _Loader(base, source, buffers))
        program = recovered.program
        run = None if program is None else observe_run(program, base, buffers, cancelled)
    if recovered.parses and run is not None:
        problems = _problems_of_run(source, recovered.module, run)
    else:
        problems = tuple([_at_its_place(source, mistake) for mistake in recovered.mistakes])
    if previous is not None and not previous.parses:
        previous = previous.previous
    return DocumentAnalysis(
        source, base, recovered, problems, index, run, previous=None if recovered.parses else previous
    )


class _Loader:
    """Reads the files of `load` statements for name resolution; parses each once."""

    def __init__(self, base: Path, main: Source, buffers: Buffers) -> None:
        self._base = base
        self._main = main
        self._buffers = buffers
        self._modules: dict[str, tree.Module | None] = {}

    def __call__(self, load: tree.Load) -> tree.Module | None:
        source = load.span.source
        path = locate(self._base if source.name == self._main.name else Path(source.name).parent, load)
        if path is None:
            return None
        try:
            found = self._buffers.read(path)
            if found.name not in self._modules:
                self._modules[found.name] = recover(found).module
        except RaspError:
            return None
        return self._modules[found.name]


def _problems_of_run(source: Source, module: tree.Module, run: ObservedRun) -> tuple[Problem, ...]:
    problems: list[Problem] = []
    elsewhere: dict[tree.Item, list[Diagnostic]] = {}
    for mistake in run.mistakes:
        span = mistake.diagnostic.span
        if span is not None and span.source.name != source.name and mistake.statement is not None:
            elsewhere.setdefault(mistake.statement, []).append(mistake.diagnostic)
        else:
            problems.append(_in_this_file(source, mistake))
    problems += [_in_other_files(item, found) for item, found in elsewhere.items()]
    # Computed here: the run stops at its limit of mistakes, and its warnings include those of loaded files.
    problems += [_at_its_place(source, warning) for warning in precedence_warnings(module)]
    return tuple(sorted(problems, key=lambda problem: problem.span.start))


def _at_its_place(source: Source, diagnostic: Diagnostic) -> Problem:
    span = diagnostic.span
    return Problem(diagnostic, Span(source, 0, min(1, len(source.text))) if span is None else span)


def _in_this_file(source: Source, mistake: Mistake) -> Problem:
    """A mistake of this text.  If it lies in a function, the statement that called the function is related."""
    found = _at_its_place(source, mistake.diagnostic)
    statement = mistake.statement
    if statement is None or statement.span.start <= found.span.start < statement.span.end:
        return found
    return Problem(found.diagnostic, found.span, ((statement.span, "while this statement was run"),))


def _in_other_files(item: tree.Item, diagnostics: list[Diagnostic]) -> Problem:
    """The mistakes in loaded files, reported at the statement that loads the file or calls its functions."""
    span = item.path.span if isinstance(item, tree.Load) else item.span
    first = diagnostics[0]
    assert first.span is not None
    name = Path(first.span.source.name).name
    line = first.span.line
    more = "" if len(diagnostics) == 1 else f" (and {len(diagnostics) - 1} more)"
    told = Diagnostic(first.code, f"{name}:{line}: {first.message}{more}", span, first.hint, first.severity)
    related = [(diagnostic.span, diagnostic.message) for diagnostic in diagnostics if diagnostic.span is not None]
    return Problem(told, span, tuple(related))
