"""Who does the work: processes of this machine, or a cluster, behind the one interface of `concurrent.futures`."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from ...rasp_grammar.diagnostics import Diagnostic, RaspError

P = ParamSpec("P")
T = TypeVar("T")

#: Seconds to wait for a scheduler.
PATIENCE = 10

_DASK = re.compile(r"dask://(?P<host>[^\s:/\[\]]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")

_MAX_PORT = 65_535


# ---- this machine -----------------------------------------------------------------------------------


@contextmanager
def local(jobs: int) -> Iterator[Executor]:
    """Processes of this machine, at most `jobs`.  When the block is left by an exception, they are ended at once."""
    others = set(multiprocessing.active_children())
    # They start fresh: what a forked one would inherit of a terminal is no use to it.
    pool = _Pool(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker)
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


class _Pool(ProcessPoolExecutor):
    """A pool whose processes never see the interrupt that a terminal sends to all: they are started with it held."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        with _interrupts_held():
            return super().submit(fn, *args, **kwargs)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """An interrupt that comes meanwhile is delivered afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker() -> None:
    """What a process does first.  It leaves interrupts to the build, and ends when the build has gone without it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# ---- a cluster --------------------------------------------------------------------------------------


def check_address(spec: str) -> None:
    """Raise RaspError unless the text names an executor that there can be."""
    found = _DASK.fullmatch(spec)
    if found is None or not 0 < int(found["port"]) <= _MAX_PORT:
        message = f"`{spec}` names no executor"
        raise RaspError(Diagnostic("build-executor", message, None, "write dask://HOST:PORT"))


@contextmanager
def cluster(spec: str) -> Iterator[Executor]:
    """The workers of a dask scheduler.  Raises RaspError where that is impossible."""
    check_address(spec)
    try:
        from distributed import Client
    except ImportError:
        raise RaspError(
            Diagnostic("missing-extra", "`--executor dask://` needs dask", None, "pip install 'raspc[dask]'")
        ) from None
    address = "tcp://" + spec.removeprefix("dask://")
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except OSError as error:
        reason = " ".join(str(error).split())
        message = f"there is no answer from `{spec}`: {reason:.150}"
        hint = "check the address, and that a scheduler runs there (`dask scheduler`)"
        raise RaspError(Diagnostic("build-executor", message, None, hint)) from None
    try:
        # Every attempt is made anew: the same job may be asked of another version's workers.
        yield client.get_executor(pure=False, retries=1)  # type: ignore[no-untyped-call]
    finally:
        client.close(timeout=PATIENCE)  # type: ignore[no-untyped-call]


def lost(spec: str) -> RaspError:
    """The error of a build whose cluster has gone away."""
    message = f"`{spec}` does not answer any more"
    return RaspError(
        Diagnostic("build-executor", message, None, "what was built is kept: the same command goes on from there")
    )
