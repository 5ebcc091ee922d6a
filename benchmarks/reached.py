"""A pytest plugin for `mutants.py`: records the lines of a folder that each test runs; runs listed tests in order.

    pytest -p raspc.benchmarks.reached --reach compiler/lower --reach-to FILE ...
    pytest -p raspc.benchmarks.reached --only-listed FILE ...

The record is JSON: for each test its `seconds` and its `lines`, {path from the current folder: [line, ...]}.  Each
line of a list is a number of seconds and a test, which fails if it takes longer (Unix only).
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Generator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("reached")
    group.addoption("--reach", metavar="FOLDER", help="record which lines of a folder's files each test runs")
    group.addoption("--reach-to", metavar="FILE", help="where to write that, as JSON")
    group.addoption("--only-listed", metavar="FILE", help="run these tests, in this order, each within its seconds")


def pytest_configure(config: pytest.Config) -> None:
    folder, target, listed = (config.getoption(name) for name in ("reach", "reach_to", "only_listed"))
    if folder is not None:
        config.pluginmanager.register(Recorder(Path(folder).resolve(), Path(target)))
    if listed is not None:
        config.pluginmanager.register(OnlyListed(Path(listed)))


class Recorder:
    """Traces the functions defined in the files of a folder."""

    def __init__(self, folder: Path, target: Path) -> None:
        self.folder, self.target = f"{folder}/", target
        self.root = f"{Path.cwd()}/"
        self.found: dict[str, dict[str, object]] = {}
        self.lines: dict[str, set[int]] = {}
        self._tracers: dict[CodeType, Any] = {}  # a tracer returns itself: no type can say that

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self.lines, self._tracers = {}, {}
        start = time.perf_counter()
        sys.settrace(self._called)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            seconds = round(time.perf_counter() - start, 3)
            self.found[item.nodeid] = {"seconds": seconds, "lines": {f: sorted(n) for f, n in self.lines.items()}}

    def pytest_sessionfinish(self) -> None:
        self.target.write_text(json.dumps(self.found), encoding="utf-8")

    def _called(self, frame: FrameType, event: str, arg: object) -> Any:
        code = frame.f_code
        if code not in self._tracers:
            self._tracers[code] = self._tracer(code)
        tracer = self._tracers[code]
        if tracer is not None:
            tracer(frame, "line", arg)
        return tracer

    def _tracer(self, code: CodeType) -> Any:
        if not code.co_filename.startswith(self.folder):
            return None
        lines = self.lines.setdefault(code.co_filename.removeprefix(self.root), set())

        def local(frame: FrameType, event: str, arg: object) -> Any:
            lines.add(frame.f_lineno)
            return local

        return local


class OnlyListed:
    """Selects and orders the listed tests, and stops those that exceed their time limit."""

    def __init__(self, listed: Path) -> None:
        rows = [line.split(" ", 1) for line in listed.read_text(encoding="utf-8").splitlines()]
        self.seconds = {name: float(seconds) for seconds, name in rows}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = {name: place for place, name in enumerate(self.seconds)}
        items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        signal.signal(signal.SIGALRM, _too_long)
        signal.setitimer(signal.ITIMER_REAL, self.seconds[item.nodeid])
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TimeoutError("the test exceeds its time limit")
