"""Shows on a terminal, on standard error, what a command is doing and how far it is."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

#: Seconds after which work is shown.
DELAY = 1.0


class Advance(Protocol):
    """Shows progress."""

    def __call__(self, done: int, what: str = "") -> None:
        """`done` of the whole are done; `what` describes the present state."""
        ...


@contextmanager
def counted_work(total: int, *, unit: str, quiet: bool = False, what: str = "") -> Iterator[Advance | None]:
    """Shows a bar, the count, the rate and the time left.

    Gives None, and shows nothing, where standard error is no terminal or `quiet`.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    display = _Display(total, unit, what)
    with display.shown():
        yield display.advance


@contextmanager
def long_work(what: str, *, quiet: bool = False) -> Iterator[Callable[[str], None] | None]:
    """Shows what is being done, once it has taken a second.  Gives a function that adds the present step to it.

    Gives None, and shows nothing, where standard error is no terminal or `quiet`.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    display = _Display(None, "", what)
    with display.shown():
        yield lambda step: display.advance(0, f"{what}: {step}")


class _Display:
    """A line that appears after `DELAY` seconds and disappears at the end.  `rich` is imported only then."""

    def __init__(self, total: int | None, unit: str, what: str) -> None:
        self._total, self._unit, self._what = total, unit, what
        self._done = 0
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._ended = False

    @contextmanager
    def shown(self) -> Iterator[None]:
        timer = threading.Timer(DELAY, self._appear)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                self._ended = True
                if self._progress is not None:
                    self._progress.stop()

    def advance(self, done: int, what: str = "") -> None:
        with self._lock:
            self._done, self._what = done, what or self._what
            if self._progress is not None:
                task = self._progress.task_ids[0]
                self._progress.update(task, completed=done, description=self._what, rate=self._rate())

    def _rate(self) -> str:
        """Units a second since the beginning."""
        return f"{self._done / max(1e-3, time.monotonic() - self._started):,.1f} {self._unit}/s"

    def _appear(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        with self._lock:
            if self._ended:
                return
            progress = Progress(*self._columns(), console=Console(stderr=True), transient=True)
            progress.add_task(self._what, total=self._total, completed=self._done, rate=self._rate())
            progress.start()
            self._progress = progress

    def _columns(self) -> list[ProgressColumn]:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        words = TextColumn("{task.description}", markup=False)
        if self._total is None:
            return [SpinnerColumn(), words, TimeElapsedColumn()]
        rate, left = TextColumn("{task.fields[rate]}", markup=False), TimeRemainingColumn(compact=True)
        return [BarColumn(), MofNCompleteColumn(), rate, left, words]
