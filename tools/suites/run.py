"""Runs a build: reuses unchanged models, compiles the others, and saves results as they arrive."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ...compiler.artifact.replaceable import (
    BUILD_INDEX,
    BUILD_STATE,
    MANIFEST,
    WEIGHTS,
    NewFile,
    require_replaceable,
    write_files,
)
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, reason_of
from ...rasp_grammar.source_file import read_source
from . import executors
from . import index_file as index
from .build_state import STATE, BuildState, record_file, remove_files, reusable_entry
from .programs_to_build import name_clashes
from .records import (
    BuildEntry,
    BuildResult,
    BuildSettings,
    Job,
    JobResult,
    LoadedFile,
    ProgramText,
    SuiteProgram,
    WrittenFile,
)
from .sources import compiler_digest, key_of, loaded_by, sha256
from .worker import build, failure_result, messages_of

#: Seconds between two writings of the state, from which an interrupted build goes on.
SAVE_INTERVAL = 1.0

#: Jobs in the executor for each process: enough to keep it busy; few, as a crash loses them all.
JOBS_PER_PROCESS = 2

#: Jobs in the queue of a cluster.
MAX_CLUSTER_JOBS = 256


@dataclass(frozen=True)
class BuildPlan:
    """The arguments of a build.  Without `executor`, `jobs` processes of this machine do the work.

    rebuild: compile also what is unchanged.  force: replace files that raspc did not write.
    prune: remove the models of programs that are gone.
    """

    targets: tuple[SuiteProgram, ...]
    output: Path
    settings: BuildSettings
    jobs: int
    executor: str | None = None
    rebuild: bool = False
    force: bool = False
    prune: bool = False

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The programs, which no file of the build replaces."""
        return tuple(target.path for target in self.targets)


@dataclass(frozen=True)
class _Prepared:
    job: Job
    key: str
    loads: tuple[LoadedFile, ...]


def run(plan: BuildPlan, tell: Callable[[BuildEntry], None]) -> BuildResult:
    """Build the suite; calls `tell` with every entry as soon as it is done, reused ones first.

    If the build is interrupted, the finished entries are kept and no index is written.  Raises RaspError if the output
    folder or the executor cannot be used, or if another file stands in the place of the index.
    """
    _make_folder(plan.output)
    own = {plan.output / index.INDEX: BUILD_INDEX, plan.output / STATE: BUILD_STATE}
    require_replaceable(own, inputs=plan.inputs, force=plan.force)
    state = BuildState.read(plan.output)
    clashing = name_clashes(plan.targets)
    done: dict[SuiteProgram, BuildEntry] = {}
    rest: list[SuiteProgram] = []
    for target in plan.targets:
        if target in clashing:
            entry = BuildEntry(target, "failed", 0.0, messages_of([clashing[target]]))
        else:
            known = None if plan.rebuild else state.entries.get(target.name)
            kept = None if known is None else reusable_entry(known, target, plan.settings, plan.output)
            if kept is None:
                rest.append(target)
                continue
            entry = kept
        done[target] = entry
        tell(entry)
    flushed = time.monotonic()
    if rest:
        try:
            with closing(_build_all(plan, rest)) as built:
                for entry in built:
                    done[entry.target] = entry
                    tell(entry)
                    if time.monotonic() - flushed > SAVE_INTERVAL:
                        state.updated(done.values()).write(inputs=plan.inputs, force=plan.force)
                        flushed = time.monotonic()
        finally:
            state.updated(done.values()).write(inputs=plan.inputs, force=plan.force)
    entries = tuple(done[target] for target in plan.targets)
    state = state.updated(entries)
    leftover = state.leftover(entries)
    if plan.prune:
        leftover = remove_files(plan.output, leftover)
        state = state.updated(entries)
    state.write(inputs=plan.inputs, force=plan.force)
    remaining = () if plan.prune else leftover
    index.write(plan.output, plan.settings, entries, remaining, inputs=plan.inputs, force=plan.force)
    return BuildResult(entries, leftover, plan.prune)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make the folder `{folder}`: {reason_of(error)}"
        raise RaspError(Diagnostic("file", message, None, "choose another with -o")) from None


# ---- handing out ------------------------------------------------------------------------------------


def _build_all(plan: BuildPlan, targets: Sequence[SuiteProgram]) -> Generator[BuildEntry, None, None]:
    """The entries in the order in which they are done.

    If a process is killed, the whole pool breaks, and the job that it had is unknown.  All jobs that were running are
    tried once more, each in a process of its own; the rest go to a new pool.
    """
    todo = deque(targets)
    while todo:
        suspects: list[_Prepared] = []
        with _executor(plan) as (executor, ahead):
            yield from _hand_out(plan, executor, ahead, todo, suspects)
        for prepared in suspects:
            if plan.executor is not None:
                raise executors.cluster_lost(plan.executor)
            yield _finished(plan, prepared, _alone(prepared.job))


def _hand_out(
    plan: BuildPlan, executor: Executor, ahead: int, todo: deque[SuiteProgram], suspects: list[_Prepared]
) -> Iterator[BuildEntry]:
    """Give jobs to the executor until none is left, or until it breaks; jobs that it had then are in `suspects`."""
    running: dict[Future[JobResult], _Prepared] = {}
    while running or (todo and not suspects):
        while todo and len(running) < ahead and not suspects:
            prepared = _prepare(plan, todo.popleft())
            if isinstance(prepared, BuildEntry):
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
            except Exception as error:  # of a cluster: its worker died repeatedly, or cannot import raspc
                yield _finished(plan, prepared, failure_result(error, prepared.job.target))
            else:
                yield _finished(plan, prepared, outcome)


@contextmanager
def _executor(plan: BuildPlan) -> Iterator[tuple[Executor, int]]:
    """The executor, and the number of jobs that it may hold."""
    if plan.executor is None:
        with executors.local_processes(plan.jobs) as pool:
            yield pool, plan.jobs * JOBS_PER_PROCESS
    else:
        with executors.dask_cluster(plan.executor) as executor:
            yield executor, MAX_CLUSTER_JOBS


def _alone(job: Job) -> JobResult:
    """Do one job in a process of its own."""
    with executors.local_processes(1) as pool:
        try:
            return pool.submit(build, job).result()
        except BrokenExecutor as error:
            return failure_result(error, job.target)


# ---- one program ------------------------------------------------------------------------------------


def _prepare(plan: BuildPlan, target: SuiteProgram) -> _Prepared | BuildEntry:
    """The job of a program, or the entry of its failure if it cannot be read, or its model not be replaced."""
    settings = plan.settings
    kinds = {
        plan.output / f"{target.name}.safetensors": WEIGHTS,
        plan.output / f"{target.name}.manifest.json": MANIFEST,
    }
    try:
        require_replaceable(kinds, inputs=plan.inputs, force=plan.force)
        source = read_source(target.path)
    except RaspError as error:
        return BuildEntry(target, "failed", 0.0, messages_of(error.diagnostics))
    loaded, loads = loaded_by(source, target.path)
    job = Job(target, ProgramText(source.name, source.text), loaded, settings, compiler_digest(settings.verify))
    return _Prepared(job, key_of(target, sha256(source.text), loads, settings), loads)


def _finished(plan: BuildPlan, prepared: _Prepared, outcome: JobResult) -> BuildEntry:
    """Write the files of a result, and return its entry.  A wrong model is not written."""
    target, said, status = prepared.job.target, outcome.messages, outcome.status
    files: tuple[WrittenFile, ...] = ()
    if status == "ok":
        contents = {f"{target.name}.safetensors": outcome.weights, f"{target.name}.manifest.json": outcome.manifest}
        loaded = [target.path.parent / one.asked for one in prepared.loads]
        try:
            (plan.output / PurePosixPath(target.name).parent).mkdir(parents=True, exist_ok=True)
            write_files(
                {
                    plan.output / name: NewFile(kind, (content,))
                    for (name, content), kind in zip(contents.items(), (WEIGHTS, MANIFEST), strict=True)
                },
                inputs=[*plan.inputs, *loaded],
                force=plan.force,
            )
            files = tuple(record_file(plan.output, name, content) for name, content in contents.items())
        except RaspError as error:
            status, said = "failed", (*said, *messages_of(error.diagnostics))
        except OSError as error:
            message = f"cannot write `{plan.output / target.name}.safetensors`: {reason_of(error)}"
            hint = "see what is in its place, and whether there is room"
            status, said = "failed", (*said, *messages_of([Diagnostic("file", message, None, hint)]))
    return BuildEntry(
        target, status, outcome.seconds, said, outcome.sizes, outcome.verified, prepared.key, prepared.loads, files
    )
