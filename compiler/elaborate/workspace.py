"""The state that all parts of an elaboration share: the graph, the budget of work, the place in the program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import RaspError, error
from ...rasp_grammar.span import Span
from ..graph.graph import Graph, SOp

#: Evaluated expressions, and items of lists and strings that were made.  About a second, and a few
#: hundred thousand nodes at most.
MAX_STEPS = 1_000_000

#: Items of one list, characters of one string.
MAX_ITEMS = 100_000

#: Items that are copied in the time of one step.
_COPIED_PER_STEP = 1_000

#: Nested evaluations: expressions in expressions, bodies of functions and loops.
MAX_DEPTH = 3_000

#: Python frames for `MAX_DEPTH` evaluations (at most five each) and for whoever called us.  Python-to-Python
#: calls take no space on the C stack.
_FRAMES = 5 * MAX_DEPTH + 5_000


class Budget:
    """The work that a program may still do.  Raises RaspError at the expression that exceeds it."""

    def __init__(self) -> None:
        self._steps = MAX_STEPS
        self._depth = 0

    def spend(self, steps: int, span: Span) -> None:
        self._steps -= steps
        if self._steps < 0:
            raise _too_much_work(span)

    def items(self, count: int, what: str, span: Span) -> None:
        """Spends the work of making a list or string of `count` items."""
        if count > MAX_ITEMS:
            raise _too_many_items(count, what, span)
        self.spend(count, span)

    def joined(self, first: int, second: int, what: str, span: Span) -> None:
        """Spends the work of appending one list or string to another: what is new, and little for what is copied."""
        if first + second > MAX_ITEMS:
            raise _too_many_items(first + second, what, span)
        self.spend(min(first, second) + max(first, second) // _COPIED_PER_STEP, span)

    def enter(self, span: Span, steps: int = 0) -> None:
        """Begins an evaluation inside the present one, and spends its steps."""
        self._steps -= steps
        self._depth += 1
        if self._steps < 0:
            raise _too_much_work(span)
        if self._depth > MAX_DEPTH:
            hint = "does a function call itself without end? A ternary with a plain condition can stop it"
            raise error("recursion-too-deep", "calls are nested too deeply", span, hint)

    def restart(self) -> None:
        """Resets the depth, after a mistake ended all evaluations.  Spent steps stay spent."""
        self._depth = 0

    def leave(self) -> None:
        self._depth -= 1


def _too_many_items(count: int, what: str, span: Span) -> RaspError:
    size = f"{count:,}" if count < 10**15 else "far too many"
    return error("too-large", f"this makes {what} of {size} items", span, f"at most {MAX_ITEMS:,} are allowed")


def _too_much_work(span: Span) -> RaspError:
    message = "the program does too much work before its sequence computation"
    hint = f"at most {MAX_STEPS:,} evaluated expressions and list items; are the loops and lists this large?"
    return error("too-much-work", message, span, hint)


class Workspace:
    """The state that operators and built-in functions work on.

    length: makes the library's `length`, an s-op, for a place in the program's text.
    """

    def __init__(self, length: Callable[[Span], SOp]) -> None:
        self.graph = Graph()
        self.budget = Budget()
        self.length = length
        #: While a function of the library runs: where the program calls it.  Nodes made inside get this span.
        self.call_site: Span | None = None
        #: The function of the library that runs.
        self.library_function: str | None = None

    def at(self, node: tree.Tree) -> Span:
        """The span, in the program, of what a syntax node makes: inside the library, that of the call."""
        return node.span if self.call_site is None else self.call_site

    def restart(self, budget: Budget | None = None) -> None:
        """Prepares for a new statement, also after a mistake.  `budget` replaces what is left of the old one."""
        self.call_site = self.library_function = None
        if budget is not None:
            self.budget = budget
        self.budget.restart()


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Raises Python's recursion limit, so that `MAX_DEPTH` evaluations fit."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
