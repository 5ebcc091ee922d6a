"""Elaborates a program as the compiler does, and records the values of its names and the statements that fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ...compiler.elaborate.program import _Elaboration, _locate
from ...compiler.elaborate.scope import Object, Scope
from ...compiler.elaborate.workspace import deep_recursion
from ...compiler.graph.graph import Graph
from ...compiler.graph.values import Scalar
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
class Mistake:
    """An error, and the statement of the main file that was running; None if none was."""

    diagnostic: Diagnostic
    statement: tree.Item | None


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
    recording = _Recording(source, base, buffers, cancelled)
    mistakes: tuple[Mistake, ...] = ()
    with deep_recursion():
        try:
            recording.run((), None, None, require_output=False)
        except RaspError as error:
            mistakes = recording.placed(error.diagnostics)
    return recording.finished(mistakes)


def locate(base: Path, load: tree.Load) -> Path | None:
    """The file that a `load` names, found as the compiler finds it; None if the name cannot be a file's."""
    try:
        return _locate(base, load.path)[0]
    except RaspError:
        return None


class _Recording(_Elaboration):
    def __init__(self, source: Source, base: Path, buffers: Buffers, cancelled: Callable[[], bool]) -> None:
        super().__init__(source, base, None, self._observe)
        self._buffers = buffers
        self._cancelled = cancelled
        self._values: dict[Place, ObservedValues] = {}
        #: The main file's statements as they were begun, each with the number of mistakes before it.
        self._begun: list[tuple[int, tree.Item]] = []
        #: Expressions that are given a name.
        self._bound: set[tree.Tree] = set()

    def finished(self, mistakes: tuple[Mistake, ...]) -> ObservedRun:
        return ObservedRun(
            self._values,
            self._evaluator.graph,
            self._vocabulary,
            self._max_length,
            mistakes,
            tuple(self._warnings),
        )

    def placed(self, diagnostics: tuple[Diagnostic, ...]) -> tuple[Mistake, ...]:
        """The diagnostics without duplicates, each with the statement that was running."""
        owners: dict[int, tree.Item] = {}
        for number, mistake in enumerate(self._mistakes):
            owners[id(mistake)] = [item for before, item in self._begun if before <= number][-1]
        found: dict[tuple[object, ...], Mistake] = {}
        for diagnostic in diagnostics:
            # A program that asks for too much work is noted once by each file on the way out.
            key = (diagnostic.code, diagnostic.message, None if diagnostic.span is None else place(diagnostic.span))
            found.setdefault(key, Mistake(diagnostic, owners.get(id(diagnostic))))
        return tuple(found.values())

    def _observe(self, expression: tree.Expression, value: Object) -> None:
        if isinstance(expression, tree.Name) or expression in self._bound:
            self._values.setdefault(place(expression.span), ObservedValues()).add(value)
        if self._cancelled():
            raise Cancelled

    def _file(self, source: Source, scope: Scope, base: Path) -> None:
        if self._cancelled():
            raise Cancelled
        super()._file(source, scope, base)

    def _item(self, item: tree.Item, scope: Scope, base: Path) -> None:
        if scope is self._scope:
            self._begun.append((len(self._mistakes), item))
        stack: list[tree.Item] = [item]
        while stack:
            match stack.pop():
                case tree.Assignment(values=values):
                    self._bound.update(values)
                case tree.Definition(body=body) | tree.Loop(body=body):
                    stack.extend(body)
        super()._item(item, scope, base)

    def _read(self, path: Path) -> Source:
        return self._buffers.read(path)


def _same(first: Object, second: Object) -> bool:
    return first is second or (type(first) is type(second) and first == second)
