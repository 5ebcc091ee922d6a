"""The open texts of an editor, each with its analysis, which runs in a thread when the typing pauses.

This module knows nothing of the protocol; `server` translates.  All of it runs on one asyncio loop, except the
analyses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import RaspError
from ...rasp_grammar.span import Source, Span
from .document import DocumentAnalysis, Problem, analyse
from .files import Buffers, absolute
from .observed_run import Cancelled

#: Seconds without a change after which a text is analysed.
PAUSE = 0.15

#: Seconds that a request waits for the analysis of the current text; then it uses the previous analysis.
MAX_WAIT = 2.0

T = TypeVar("T")


@dataclass(eq=False)
class OpenDocument:
    """One open text.

    name: the absolute path; for a text without a file, the editor's name for it.
    changes: the number of changes so far.  seen: the value of `changes` for which `analysed` was made.
    """

    uri: str
    name: str
    path: Path | None
    base: Path
    text: str
    version: int | None
    changes: int = 0
    seen: int = -1
    analysed: DocumentAnalysis | None = None
    timer: asyncio.TimerHandle | None = None
    job: asyncio.Task[None] | None = None


class OpenDocuments:
    """The open texts.

    publish: called with the problems of a text after each analysis.
    failed: called with the message of an internal error.
    """

    def __init__(
        self, publish: Callable[[OpenDocument, tuple[Problem, ...]], None], failed: Callable[[str], None]
    ) -> None:
        self._publish = publish
        self._failed = failed
        self._opened: dict[str, OpenDocument] = {}
        # Analyses take turns in one thread.  Domains of a hover, which take longer, are computed in another.
        self._analyst = ThreadPoolExecutor(1, "analysis")
        self._reader = ThreadPoolExecutor(1, "facts")

    # --- notifications from the editor

    def open(self, uri: str, path: Path | None, base: Path, text: str, version: int | None) -> None:
        """Adds a text; `base` is the folder that its `load` starts from."""
        name = uri.rpartition(":")[2] if path is None else absolute(path)
        opened = OpenDocument(uri, name, path, base, text, version)
        self._opened[uri] = opened
        self._changed(opened)

    def change(self, uri: str, text: str, version: int | None) -> None:
        """Replaces the content of a text."""
        opened = self._opened.get(uri)
        if opened is not None:
            opened.text, opened.version = text, version
            self._changed(opened)

    def close(self, uri: str) -> None:
        """Removes a text; from now on its file is read from the disk."""
        opened = self._opened.pop(uri, None)
        if opened is not None:
            self._stop(opened)
            self._publish(opened, ())
            self.files_changed()

    def files_changed(self) -> None:
        """Schedules the texts that load files: files on the disk or open texts have changed."""
        for opened in self._opened.values():
            if opened.analysed is None or any(
                isinstance(item, tree.Load) for item in opened.analysed.recovered.module.items
            ):
                self._schedule(opened)

    def shut_down(self) -> None:
        """Cancels all analyses; those that run end soon."""
        for opened in self._opened.values():
            self._stop(opened)
        self._analyst.shutdown(wait=False, cancel_futures=True)
        self._reader.shutdown(wait=False, cancel_futures=True)

    # --- requests from the editor

    async def analysed(self, uri: str) -> DocumentAnalysis | None:
        """The analysis of the current text; after `MAX_WAIT`, that of the text before its last changes."""
        opened = self._opened.get(uri)
        if opened is None:
            return None
        if opened.seen != opened.changes:
            await asyncio.wait([self._start(opened)], timeout=MAX_WAIT)
        return opened.analysed

    async def worked_out(self, work: Callable[[], T]) -> T | None:
        """The result of a function that runs in a thread; None after `MAX_WAIT`."""
        future = asyncio.get_running_loop().run_in_executor(self._reader, work)
        try:
            return await asyncio.wait_for(asyncio.shield(future), MAX_WAIT)
        except TimeoutError:
            return None

    def text_of(self, uri: str) -> str | None:
        """The current content of an open text."""
        opened = self._opened.get(uri)
        return None if opened is None else opened.text

    def uri_of(self, name: str) -> str | None:
        """The URI under which the editor knows an open text; None for texts that are not open."""
        return next((opened.uri for opened in self._opened.values() if opened.name == name), None)

    # --- analysis

    def _changed(self, opened: OpenDocument) -> None:
        self._schedule(opened)
        for other in self._opened.values():
            if other is not opened and other.analysed is not None and self._loads(other.analysed, opened):
                self._schedule(other)

    def _loads(self, analysed: DocumentAnalysis, opened: OpenDocument) -> bool:
        return any(source.name == opened.name for source in analysed.index.sources)

    def _schedule(self, opened: OpenDocument) -> None:
        self._stop(opened)
        opened.timer = asyncio.get_running_loop().call_later(PAUSE, self._start, opened)

    def _stop(self, opened: OpenDocument) -> None:
        opened.changes += 1  # cancels an analysis that is running
        opened.job = None
        if opened.timer is not None:
            opened.timer.cancel()
            opened.timer = None

    def _start(self, opened: OpenDocument) -> asyncio.Task[None]:
        """The task that analyses the current text; one is started after each change."""
        if opened.job is None:
            opened.job = asyncio.get_running_loop().create_task(self._analyse(opened, opened.changes))
            opened.job.add_done_callback(self._note_failure)
        return opened.job

    def _note_failure(self, job: asyncio.Task[None]) -> None:
        if not job.cancelled() and job.exception() is not None:
            self._failed(f"internal error ({job.exception()!r:.200}); please report it with the program")

    async def _analyse(self, opened: OpenDocument, changes: int) -> None:
        source = Source(
            opened.name, opened.text.replace("\ufeff", " ", 1) if opened.text[:1] == "\ufeff" else opened.text
        )
        buffers = Buffers(
            {other.path.resolve(): other.text for other in self._opened.values() if other.path is not None}
        )
        base, previous = opened.base, opened.analysed

        def work() -> DocumentAnalysis:
            return analyse(source, base, buffers, previous, lambda: opened.changes != changes)

        try:
            found = await asyncio.get_running_loop().run_in_executor(self._analyst, work)
        except Cancelled:
            return
        except RaspError as error:  # the text is too long
            if opened.changes == changes:
                start = Span(source, 0, min(1, len(source.text)))
                self._publish(opened, tuple([Problem(diagnostic, start) for diagnostic in error.diagnostics]))
            return
        if opened.changes == changes:
            opened.analysed, opened.seen = found, changes
            self._publish(opened, found.problems)
