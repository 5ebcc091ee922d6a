"""Elaborates a program as the compiler does, and records the values of its names and the statements that fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ...compiler.elaborate.program import outputs_of
from ...compiler.elaborate.program_run import Mistake, ProgramRun, located_file
from ...compiler.elaborate.scope import Object
from ...compiler.graph.graph import Graph
from ...compiler.graph.values import Scalar
from ...compiler.graph.walk import visited
from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from ...rasp_grammar.span import Source
from .files import Buffers
from .name_resolution import Place, place

#: Different values that are kept of one expression; a function or loop may give it many.
_MAX_VALUES = 4


class Cancelled(Exception):
    """Raised when the result is no longer needed."""


@dataclass
class ObservedValues:
    """The first `_MAX_VALUES` different values of an expression, and the number of times it was evaluated."""

    values: list[Object] = field(default_factory=list)
    times: int = 0

    def add(self, value: Object) -> None:
        self.times += 1
        if len(self.values) < _MAX_VALUES and not any(_same(value, known) for known in self.values):
            self.values.append(value)


@dataclass(frozen=True)
class ObservedRun:
    """One elaboration.  `values`: those of names, and of expressions that are assigned to a name."""

    values: dict[Place, ObservedValues]
    graph: Graph
    vocabulary: tuple[Scalar, ...] | None
    max_length: int | None
    mistakes: tuple[Mistake, ...]
    warnings: tuple[Diagnostic, ...]


def observe_run(source: Source, base: Path, buffers: Buffers, cancelled: Callable[[], bool]) -> ObservedRun:
    """Runs a program, which may lack an output.  Files that are open in the editor are read from `buffers`.

    Raises Cancelled soon after `cancelled` returns True.
    """
    recorder = _Recorder(buffers, cancelled)
    run = ProgramRun(source, base=base, read=recorder.read, observer=recorder.value, on_statement=recorder.statement)
    run.run()
    if not run.mistakes:
        try:
            outputs_of(run, required=False)
        except RaspError as error:
            run.mistakes += [Mistake(found, None) for found in error.diagnostics]
    # A function that is called again makes its mistake again: one is enough.
    mistakes: dict[tuple[object, ...], Mistake] = {}
    for mistake in run.mistakes:
        mistakes.setdefault(_where(mistake.diagnostic), mistake)
    return ObservedRun(
        recorder.values,
        run.graph,
        run.vocabulary,
        run.max_length,
        tuple(mistakes.values()),
        tuple(run.warnings),
    )


def locate(base: Path, load: tree.Load) -> Path | None:
    """The file that a `load` names, found as the compiler finds it; None if the name cannot be a file's."""
    try:
        return located_file(base, load.path)[0]
    except RaspError:
        return None


class _Recorder:
    """Notes the values of names, and of expressions that are assigned to a name, while a program runs."""

    def __init__(self, buffers: Buffers, cancelled: Callable[[], bool]) -> None:
        self.values: dict[Place, ObservedValues] = {}
        self._buffers = buffers
        self._cancelled = cancelled
        #: Expressions that are assigned to a name.
        self._bound: set[tree.Tree] = set()

    def read(self, path: Path) -> Source:
        self._check()
        return self._buffers.read(path)

    def statement(self, item: tree.Item) -> None:
        self._check()
        for statement in visited([item], lambda one: one.body if isinstance(one, (tree.Definition, tree.Loop)) else ()):
            if isinstance(statement, tree.Assignment):
                self._bound.update(statement.values)

    def value(self, expression: tree.Expression, value: Object) -> None:
        if isinstance(expression, tree.Name) or expression in self._bound:
            self.values.setdefault(place(expression.span), ObservedValues()).add(value)
        self._check()

    def _check(self) -> None:
        if self._cancelled():
            raise Cancelled


def _where(mistake: Diagnostic) -> tuple[object, ...]:
    return mistake.code, mistake.message, None if mistake.span is None else place(mistake.span)


def _same(first: Object, second: Object) -> bool:
    return first is second or (type(first) is type(second) and first == second)
