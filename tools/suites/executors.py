"""Executors for jobs: processes of this machine, or the workers of a dask cluster."""

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

#: Seconds to wait for the answer of a scheduler.
CONNECT_TIMEOUT = 10

_DASK = re.compile(r"dask://(?P<host>[^\s:/\[\]]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")

_MAX_PORT = 65_535


def processors() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# ---- this machine -----------------------------------------------------------------------------------


@contextmanager
def local_processes(jobs: int) -> Iterator[Executor]:
    """An executor of at most `jobs` processes of this machine.  An exception in the block ends them at once."""
    others = set(multiprocessing.active_children())
    # A spawned process inherits no state of the terminal, as a forked one would.
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
    """A pool whose processes ignore the interrupt that a terminal sends to all: they start with SIGINT blocked."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        with _interrupts_blocked():
            return super().submit(fn, *args, **kwargs)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block SIGINT; one that arrives meanwhile is delivered afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker() -> None:
    """Prepare a worker process: it ignores interrupts, and exits when the process of the build is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# ---- a cluster --------------------------------------------------------------------------------------


def check_address(spec: str) -> None:
    """Raise RaspError unless the text is `dask://HOST:PORT`."""
    found = _DASK.fullmatch(spec)
    if found is None or not 0 < int(found["port"]) <= _MAX_PORT:
        message = f"`{spec}` names no executor"
        raise RaspError(Diagnostic("build-executor", message, None, "write dask://HOST:PORT"))


@contextmanager
def dask_cluster(spec: str) -> Iterator[Executor]:
    """An executor of the workers of a dask scheduler.  Raises RaspError without dask or an answer."""
    check_address(spec)
    try:
        from distributed import Client
    except ImportError:
        raise RaspError(
            Diagnostic("missing-extra", "`--executor dask://` needs dask", None, "pip install 'raspc[dask]'")
        ) from None
    address = "tcp://" + spec.removeprefix("dask://")
    try:
        client = Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)  # type: ignore[no-untyped-call]
    except OSError as error:
        reason = " ".join(str(error).split())
        message = f"there is no answer from `{spec}`: {reason:.150}"
        hint = "check the address, and that a scheduler runs there (`dask scheduler`)"
        raise RaspError(Diagnostic("build-executor", message, None, hint)) from None
    try:
        # `pure=False`: dask must not reuse the result of an equal job, which another version of raspc may have made.
        yield client.get_executor(pure=False, retries=1)  # type: ignore[no-untyped-call]
    finally:
        client.close(timeout=CONNECT_TIMEOUT)  # type: ignore[no-untyped-call]


def cluster_lost(spec: str) -> RaspError:
    """The error of a build whose cluster no longer answers."""
    message = f"`{spec}` does not answer any more"
    return RaspError(
        Diagnostic("build-executor", message, None, "what was built is kept: the same command goes on from there")
    )
