"""How much work a program may ask for before its sequence computation has even begun."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ...rasp_grammar.diagnostics import error
from ...rasp_grammar.span import Span

#: Evaluated expressions, and items of lists and strings that were made.  About a second, and a few
#: hundred thousand nodes at most.
MAX_STEPS = 1_000_000

#: Items of one list, characters of one string.
MAX_ITEMS = 100_000

#: Nested evaluations: expressions in expressions, bodies of functions and loops.
MAX_DEPTH = 3_000

#: Python frames for `MAX_DEPTH` evaluations (at most five each) and for whoever called us.  Python-to-Python
#: calls take no space on the C stack.
_FRAMES = 5 * MAX_DEPTH + 5_000


class Budget:
    """Counts down; a program that runs out gets a diagnostic at the expression where that happened."""

    def __init__(self) -> None:
        self._steps = MAX_STEPS
        self._depth = 0

    def spend(self, steps: int, span: Span) -> None:
        self._steps -= steps
        if self._steps < 0:
            message = "the program does too much work before its sequence computation"
            hint = f"at most {MAX_STEPS:,} evaluated expressions and list items; are the loops and lists this large?"
            raise error("too-much-work", message, span, hint)

    def items(self, count: int, what: str, span: Span) -> None:
        """Asks for a list or string of `count` items."""
        if count > MAX_ITEMS:
            size = f"{count:,}" if count < 10**15 else "far too many"
            raise error("too-large", f"this makes {what} of {size} items", span, f"at most {MAX_ITEMS:,} are allowed")
        self.spend(count, span)

    def enter(self, span: Span) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            hint = "does a function call itself without end? A ternary with a plain condition can stop it"
            raise error("recursion-too-deep", "calls are nested too deeply", span, hint)

    def restart(self) -> None:
        """After a mistake: no evaluation is under way any more.  Spent steps stay spent."""
        self._depth = 0

    def leave(self) -> None:
        self._depth -= 1


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Room on Python's stack for `MAX_DEPTH` evaluations."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
