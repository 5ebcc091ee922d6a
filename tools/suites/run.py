"""A build from end to end: what is still good is kept, the rest is compiled, and results are kept as they come."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ...compiler.artifact.atomic_files import replace_files
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, reason_of
from ...rasp_grammar.source_file import read_source
from . import executors
from . import index_file as index
from .build_state import Memory, current, written
from .programs_to_build import clashes
from .records import Entry, Job, Loaded, Outcome, Settings, Target, Text, Written
from .sources import compiler_digest, key_of, loaded_by, sha256
from .worker import build, messages, outcome_of

#: Seconds between two writings of the memory, which an interrupted build goes on from.
FLUSH = 1.0

#: Jobs that wait in the executor, for each process: enough to keep it busy, few to be lost with it.
AHEAD = 2

#: Jobs that a cluster may hold at a time.
CLUSTER_AHEAD = 256


@dataclass(frozen=True)
class Plan:
    """A build: `executor` is None for processes of this machine, of which there are `jobs`."""

    targets: tuple[Target, ...]
    output: Path
    settings: Settings
    jobs: int
    executor: str | None = None
    force: bool = False


@dataclass(frozen=True)
class _Prepared:
    job: Job
    key: str
    loads: tuple[Loaded, ...]


def run(plan: Plan, tell: Callable[[Entry], None]) -> tuple[Entry, ...]:
    """Build the suite; `tell` hears of every entry as it is done, cached ones first.

    Results are in the order of the targets.  What is done is remembered even if the build is interrupted; the index is
    then not written.  Raises RaspError when the output folder or the executor cannot be used at all.
    """
    _make_folder(plan.output)
    memory = Memory.read(plan.output)
    clashing = clashes(plan.targets)
    done: dict[Target, Entry] = {}
    rest: list[Target] = []
    for target in plan.targets:
        if target in clashing:
            entry = Entry(target, "failed", 0.0, messages([clashing[target]]))
        else:
            known = None if plan.force else memory.entries.get(target.name)
            kept = None if known is None else current(known, target, plan.settings, plan.output)
            if kept is None:
                rest.append(target)
                continue
            entry = kept
        done[target] = entry
        tell(entry)
    flushed = time.monotonic()
    if rest:
        try:
            with closing(_build_all(plan, rest)) as entries:
                for entry in entries:
                    done[entry.target] = entry
                    tell(entry)
                    if time.monotonic() - flushed > FLUSH:
                        memory.write(done.values())
                        flushed = time.monotonic()
        finally:
            memory.write(done.values())
    result = tuple(done[target] for target in plan.targets)
    index.write(plan.output, plan.settings, result)
    return result


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make the folder `{folder}`: {reason_of(error)}"
        raise RaspError(Diagnostic("file", message, None, "choose another with -o")) from None


# ---- handing out ------------------------------------------------------------------------------------


def _build_all(plan: Plan, targets: Sequence[Target]) -> Generator[Entry, None, None]:
    """Entries in the order in which they are done.

    A process that is ended from outside takes the whole pool with it, and nobody knows which job it had: those that
    were running are tried once more, each alone, and the rest go to a new pool.
    """
    todo = deque(targets)
    while todo:
        suspects: list[_Prepared] = []
        with _executor(plan) as (executor, ahead):
            yield from _hand_out(plan, executor, ahead, todo, suspects)
        for prepared in suspects:
            if plan.executor is not None:
                raise executors.lost(plan.executor)
            yield _kept(plan, prepared, _alone(prepared.job))


def _hand_out(
    plan: Plan, executor: Executor, ahead: int, todo: deque[Target], suspects: list[_Prepared]
) -> Iterator[Entry]:
    """Give jobs to the executor until none is left, or until it breaks: what it lost is then in `suspects`."""
    running: dict[Future[Outcome], _Prepared] = {}
    while running or (todo and not suspects):
        while todo and len(running) < ahead and not suspects:
            prepared = _prepare(todo.popleft(), plan.settings)
            if isinstance(prepared, Entry):
                yield prepared
                continue
            try:
                running[executor.submit(build, prepared.job)] = prepared
            except BrokenExecutor:
                suspects.append(prepared)
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            prepared = running.pop(future)
            try:
                outcome = future.result()
            except (BrokenExecutor, CancelledError):
                suspects.append(prepared)
            except Exception as error:  # a cluster's: the worker died again and again, or cannot import raspc
                yield _kept(plan, prepared, outcome_of(error, prepared.job.target))
            else:
                yield _kept(plan, prepared, outcome)


@contextmanager
def _executor(plan: Plan) -> Iterator[tuple[Executor, int]]:
    """Where jobs go, and how many may wait there."""
    if plan.executor is None:
        with executors.local(plan.jobs) as pool:
            yield pool, plan.jobs * AHEAD
    else:
        with executors.cluster(plan.executor) as executor:
            yield executor, CLUSTER_AHEAD


def _alone(job: Job) -> Outcome:
    """One job in a process that nothing else depends on."""
    with executors.local(1) as pool:
        try:
            return pool.submit(build, job).result()
        except BrokenExecutor as error:
            return outcome_of(error, job.target)


# ---- one program ------------------------------------------------------------------------------------


def _prepare(target: Target, settings: Settings) -> _Prepared | Entry:
    """The job of a program, or its entry where it cannot even be read."""
    try:
        source = read_source(target.path)
    except RaspError as error:
        return Entry(target, "failed", 0.0, messages(error.diagnostics))
    loaded, loads = loaded_by(source, target.path)
    job = Job(target, Text(source.name, source.text), loaded, settings, compiler_digest(settings.verify))
    return _Prepared(job, key_of(target, sha256(source.text), loads, settings), loads)


def _kept(plan: Plan, prepared: _Prepared, outcome: Outcome) -> Entry:
    """The entry of an outcome, its files written.  A wrong model is not written."""
    target, said, status = prepared.job.target, outcome.messages, outcome.status
    files: tuple[Written, ...] = ()
    if status == "ok":
        contents = {f"{target.name}.safetensors": outcome.weights, f"{target.name}.manifest.json": outcome.manifest}
        try:
            (plan.output / PurePosixPath(target.name).parent).mkdir(parents=True, exist_ok=True)
            replace_files({plan.output / name: (content,) for name, content in contents.items()})
            files = tuple(written(plan.output, name, content) for name, content in contents.items())
        except OSError as error:
            message = f"cannot write `{plan.output / target.name}.safetensors`: {reason_of(error)}"
            hint = "see what is in its place, and whether there is room"
            status, said = "failed", (*said, *messages([Diagnostic("file", message, None, hint)]))
    return Entry(
        target, status, outcome.seconds, said, outcome.sizes, outcome.verified, prepared.key, prepared.loads, files
    )
