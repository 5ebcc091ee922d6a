"""Watches a compilation: counts its steps, ends it when they or its time are used up, and tells what it is doing.

The functions that take the time call `spend`.  They find the limit in a context variable, because tables are made in
many places far below the one that knows the limits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from ..rasp_grammar.text_layout import shortened
from .graph.graph import Node

#: Steps of one compilation, about a microsecond each.  Steps are counted, not timed: a program gets the same answer on
#: every machine.
MAX_STEPS = 10_000_000


class LimitReached(Exception):
    """The steps or the time are used up.  No RaspError, which would only end one of several candidates."""


@dataclass
class WorkLimit:
    """seconds: the time that the compilation may take; None is any.  tell: is given what is being done, in words."""

    seconds: float | None = None
    tell: Callable[[str], None] | None = None
    max_steps: int = MAX_STEPS
    steps: int = 0
    node: Node | None = None
    _started: float = field(default_factory=time.monotonic)

    @property
    def late(self) -> bool:
        """The time is used up."""
        return self.seconds is not None and time.monotonic() - self._started > self.seconds

    @property
    def expression(self) -> str | None:
        """The text of the expression that is being worked on."""
        return None if self.node is None else shortened(" ".join(self.node.span.text.split()))

    def spend(self, steps: int, node: Node | None) -> None:
        """Counts steps for a node (None: the same as before).  Raises LimitReached."""
        if node is not None and node is not self.node:
            self.node = node
            if self.tell is not None and self.expression:
                self.tell(self.expression)
        self.steps += steps
        if self.steps > self.max_steps or self.late:
            raise LimitReached


_limit: ContextVar[WorkLimit | None] = ContextVar("_limit", default=None)


@contextmanager
def limited(limit: WorkLimit) -> Iterator[None]:
    """The limit counts what is spent in the block."""
    token = _limit.set(limit)
    try:
        yield
    finally:
        _limit.reset(token)


def spend(steps: int, node: Node | None = None) -> None:
    """Counts steps of the present compilation, about a microsecond each.  Raises LimitReached."""
    limit = _limit.get()
    if limit is not None:
        limit.spend(steps, node)
