"""Who does the work: processes of this machine, or a cluster, behind the one interface of `concurrent.futures`."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from .work import start_worker

#: Seconds to wait for a scheduler.
PATIENCE = 10

_DASK = re.compile(r"dask://(?P<host>[^\s:/]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")


def local(jobs: int) -> ProcessPoolExecutor:
    """Processes of this machine.  They start fresh: what a forked one would inherit of a terminal is no use to it."""
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=start_worker)


def check_address(spec: str) -> None:
    """Raise RaspError unless the text names an executor that there is."""
    if _DASK.fullmatch(spec) is None:
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
