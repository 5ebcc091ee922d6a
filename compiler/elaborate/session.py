"""A program that is given statement by statement, as in the REPL: names stay, a mistake changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from ...rasp_grammar.span import Source
from ..graph.graph import Graph
from ..graph.values import Scalar
from .evaluate import Observer
from .program import _Elaboration, _in_library
from .scope import Deferred, Object, Poison
from .workspace import Budget, deep_recursion

#: A name that no file has, so that every file may be loaded.
_NAME = "<session>"


@dataclass(frozen=True)
class Ran:
    """What a statement gave: an expression statement its value, any other None; and warnings on files it loaded."""

    value: Object | None
    warnings: tuple[Diagnostic, ...] = ()


class Session(_Elaboration):
    """Statements run one at a time into one graph, whose nodes and names are there for the next.

    Each statement has a budget of its own and is run as a whole or not at all: after a mistake, or an interruption,
    names, declarations and loaded files are as they were before it.  (Nodes may be left in the graph, unused.)

    base: the folder that `load` starts from.
    observer: is told what each expression stands for, whenever it is evaluated.
    on_draw: is told of each `draw(x, ...)`: its arguments, and the call that they stand in.
    """

    def __init__(
        self,
        base: Path,
        *,
        observer: Observer | None = None,
        on_draw: Callable[[Sequence[Object], tree.Call], None] | None = None,
    ) -> None:
        super().__init__(Source(_NAME, ""), base, None, observer)
        self._evaluator.on_draw = on_draw

    @property
    def base(self) -> Path:
        """The folder that `load` starts from."""
        return self._base

    @property
    def graph(self) -> Graph:
        """The nodes of everything that was run."""
        return self._evaluator.graph

    @property
    def vocabulary(self) -> tuple[Scalar, ...] | None:
        """What `set vocab` declared."""
        return self._vocabulary

    @property
    def max_length(self) -> int | None:
        """What `set max_length` declared."""
        return self._max_length

    @property
    def loaded(self) -> tuple[Source, ...]:
        """The texts of the files that were loaded, in order, those that they loaded included."""
        return tuple(self._sources)

    @property
    def names(self) -> Sequence[str]:
        """The names that the session gave, in the order in which they were given first."""
        return list(self._scope.names)

    def visible(self) -> list[str]:
        """Every name that can be used: the session's, then the library's."""
        return self._scope.visible()

    def value(self, name: str) -> Object:
        """What a name of the session stands for now.  KeyError where it has none."""
        value = self._scope.names[name]
        assert not isinstance(value, (Deferred, Poison)), "only the library's names are deferred, and none is poisoned"
        return value

    def execute(self, item: tree.Item) -> Ran:
        """Run one statement.  Raises RaspError, and then nothing has changed."""
        names, incomplete = dict(self._scope.names), self._scope.incomplete
        declared = self._vocabulary, self._max_length
        sources = len(self._sources)
        try:
            return Ran(self._execute(item), tuple(self._warnings))
        except BaseException:  # Ctrl-C too
            self._scope.names, self._scope.incomplete = names, incomplete
            self._vocabulary, self._max_length = declared
            del self._sources[sources:]
            raise
        finally:
            self._mistakes.clear()
            self._warnings.clear()
            self._evaluator.restart()

    def evaluate(self, expression: tree.Expression) -> Object:
        """The value of an expression.  Raises RaspError."""
        self._evaluator.budget = Budget()
        try:
            with deep_recursion():
                return self._evaluator.evaluate(expression, self._scope)
        except RaspError as mistake:
            raise self._located(mistake) from None
        finally:
            self._evaluator.restart()

    def _execute(self, item: tree.Item) -> Object | None:
        if isinstance(item, tree.ExpressionStatement):
            return self.evaluate(item.expression)
        self._evaluator.budget = Budget()
        try:
            with deep_recursion():
                self._item(item, self._scope, self._base)
        except RaspError as mistake:
            if not self._mistakes:  # else a loaded file has noted it
                raise self._located(mistake) from None
        if self._mistakes:
            raise RaspError(dict.fromkeys(self._mistakes))
        return None

    def _located(self, mistake: RaspError) -> RaspError:
        owner = self._evaluator.owner
        return RaspError([_in_library(found, owner) for found in mistake.diagnostics])
