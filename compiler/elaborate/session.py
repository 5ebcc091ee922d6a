"""Runs a program that is given statement by statement, as in the REPL; a statement that fails changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import Diagnostic
from ...rasp_grammar.span import Source
from ..graph.graph import Graph
from ..graph.values import Scalar
from .builtins import OnDraw
from .evaluate import Observer
from .program_run import OnSetting, ProgramRun
from .scope import Deferred, Object, Poison
from .workspace import Budget

#: No file has this name, so that none is refused because it loads itself.
_NAME = "<session>"


@dataclass(frozen=True)
class Ran:
    """The value of an expression statement (None for any other), and the warnings about files that were loaded."""

    value: Object | None
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class SessionState:
    """What statements change: names, declarations, and the number of loaded files."""

    names: dict[str, Object | Deferred | Poison]
    incomplete: bool
    vocabulary: tuple[Scalar, ...] | None
    max_length: int | None
    sources: int


class Session:
    """Statements run one at a time into one graph, whose nodes and names are there for the next.

    Each statement has a budget of its own and is run as a whole or not at all: after a mistake, or an interruption,
    names, declarations and loaded files are as they were before it.  (Nodes may be left in the graph, unused.)

    base: the folder that `load` starts from.
    observer: called with each expression and its value, each time that it is evaluated.
    on_draw: called for each `draw(x, ...)` with its arguments and the call.
    on_setting: called for each `set example` and directive of a loaded file, with the example's value.
    """

    def __init__(
        self,
        base: Path,
        *,
        observer: Observer | None = None,
        on_draw: OnDraw | None = None,
        on_setting: OnSetting | None = None,
    ) -> None:
        source = Source(_NAME, "")
        self._run = ProgramRun(source, base=base, observer=observer, on_draw=on_draw, on_setting=on_setting)

    @property
    def base(self) -> Path:
        """The folder that `load` starts from."""
        return self._run.base

    @property
    def graph(self) -> Graph:
        """The nodes of everything that was run."""
        return self._run.graph

    @property
    def vocabulary(self) -> tuple[Scalar, ...] | None:
        """The tokens that `set vocab` declared; None before it was run."""
        return self._run.vocabulary

    @property
    def max_length(self) -> int | None:
        """The length that `set max_length` declared; None before it was run."""
        return self._run.max_length

    @property
    def loaded(self) -> tuple[Source, ...]:
        """The texts of the files that were loaded, in order, those that they loaded included."""
        return tuple(self._run.sources)

    @property
    def names(self) -> Sequence[str]:
        """The names that the session bound, in the order in which they were bound first."""
        return list(self._run.scope.names)

    def visible(self) -> list[str]:
        """Every name that can be used: the session's, then the library's."""
        return self._run.scope.visible()

    def value(self, name: str) -> Object:
        """The value of a name that the session bound.  Raises KeyError if it did not."""
        value = self._run.scope.names[name]
        assert not isinstance(value, (Deferred, Poison)), "only the library's names are deferred, and none is poisoned"
        return value

    def state(self) -> SessionState:
        """The present state, for `restore`."""
        run = self._run
        return SessionState(
            dict(run.scope.names), run.scope.incomplete, run.vocabulary, run.max_length, len(run.sources)
        )

    def restore(self, state: SessionState) -> None:
        """Takes back everything since an earlier state.  Nodes may be left in the graph, unused."""
        run = self._run
        run.scope.names, run.scope.incomplete = dict(state.names), state.incomplete
        run.vocabulary, run.max_length = state.vocabulary, state.max_length
        del run.sources[state.sources :]

    def execute(self, item: tree.Item) -> Ran:
        """Runs one statement.  Raises RaspError, and then nothing has changed."""
        run, before = self._run, self.state()
        try:
            if isinstance(item, tree.ExpressionStatement):
                found = self.evaluate(item.expression)
                run.scope.set_out(found)
                value: Object | None = found
            else:
                run.restart(Budget())
                run.run_statement(item)
                value = None
            return Ran(value, tuple(run.warnings))
        except BaseException:  # Ctrl-C too
            self.restore(before)
            raise
        finally:
            run.mistakes.clear()
            run.warnings.clear()
            run.restart()

    def evaluate(self, expression: tree.Expression) -> Object:
        """The value of an expression.  Raises RaspError."""
        self._run.restart(Budget())
        try:
            return self._run.evaluate(expression)
        finally:
            self._run.restart()
