"""The texts that an editor has open, and what is known of each: worked out in a thread, when the typing pauses.

Nothing of the protocol is here; `server` translates.  Everything runs on one asyncio loop, except the analysis itself.
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

#: Seconds without a change before a text is analysed on its own account.
PAUSE = 0.15

#: Seconds that a request waits for the analysis of the newest text; then it takes the one before.
PATIENCE = 2.0

T = TypeVar("T")


@dataclass(eq=False)
class OpenDocument:
    """One open text.  `changes` counts what was done to it; `seen` is the count that `analysed` belongs to.

    `name` is the absolute path, or for a text without a file whatever the editor calls it."""

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
    """The open texts.  `publish` is called with each text's problems whenever they have been found."""

    def __init__(
        self, publish: Callable[[OpenDocument, tuple[Problem, ...]], None], failed: Callable[[str], None]
    ) -> None:
        self._publish = publish
        self._failed = failed
        self._opened: dict[str, OpenDocument] = {}
        # One thread: analyses take turns.  The other one works out what a hover shows, which may take longer.
        self._analyst = ThreadPoolExecutor(1, "analysis")
        self._reader = ThreadPoolExecutor(1, "facts")

    # --- what the editor tells

    def open(self, uri: str, path: Path | None, base: Path, text: str, version: int | None) -> None:
        """A text was opened; `base` is the folder that its `load` starts from."""
        name = uri.rpartition(":")[2] if path is None else absolute(path)
        opened = OpenDocument(uri, name, path, base, text, version)
        self._opened[uri] = opened
        self._changed(opened)

    def change(self, uri: str, text: str, version: int | None) -> None:
        """A text is now another."""
        opened = self._opened.get(uri)
        if opened is not None:
            opened.text, opened.version = text, version
            self._changed(opened)

    def close(self, uri: str) -> None:
        """A text was closed: from now on its file counts."""
        opened = self._opened.pop(uri, None)
        if opened is not None:
            self._stop(opened)
            self._publish(opened, ())
            self.files_changed()

    def files_changed(self) -> None:
        """Files on the disk, or open texts that others load, are no longer what they were."""
        for opened in self._opened.values():
            if opened.analysed is None or any(
                isinstance(item, tree.Load) for item in opened.analysed.recovered.module.items
            ):
                self._schedule(opened)

    def shut_down(self) -> None:
        """Ends all work soon."""
        for opened in self._opened.values():
            self._stop(opened)
        self._analyst.shutdown(wait=False, cancel_futures=True)
        self._reader.shutdown(wait=False, cancel_futures=True)

    # --- what the editor asks

    async def analysed(self, uri: str) -> DocumentAnalysis | None:
        """What is known of a text as it is now; while that takes long, of the text before its last changes."""
        opened = self._opened.get(uri)
        if opened is None:
            return None
        if opened.seen != opened.changes:
            await asyncio.wait([self._start(opened)], timeout=PATIENCE)
        return opened.analysed

    async def worked_out(self, work: Callable[[], T]) -> T | None:
        """The result of some work in a thread; None when that takes long."""
        future = asyncio.get_running_loop().run_in_executor(self._reader, work)
        try:
            return await asyncio.wait_for(asyncio.shield(future), PATIENCE)
        except TimeoutError:
            return None

    def text_of(self, uri: str) -> str | None:
        """An open text as it is now."""
        opened = self._opened.get(uri)
        return None if opened is None else opened.text

    def uri_of(self, name: str) -> str | None:
        """The editor's own address of an open text."""
        return next((opened.uri for opened in self._opened.values() if opened.name == name), None)

    # --- the work

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
        opened.changes += 1  # an analysis that is under way gives up
        opened.job = None
        if opened.timer is not None:
            opened.timer.cancel()
            opened.timer = None

    def _start(self, opened: OpenDocument) -> asyncio.Task[None]:
        """The task that analyses the text as it is now; only one is started for each change."""
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
        except RaspError as error:  # too long to be read
            if opened.changes == changes:
                start = Span(source, 0, min(1, len(source.text)))
                self._publish(opened, tuple([Problem(diagnostic, start) for diagnostic in error.diagnostics]))
            return
        if opened.changes == changes:
            opened.analysed, opened.seen = found, changes
            self._publish(opened, found.problems)
