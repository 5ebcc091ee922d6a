"""A build from end to end: what is still good is kept, the rest is compiled, and results are kept as they come."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..compiler.atomic import replace_files
from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from ..rasp_grammar.parser import read_source
from . import executors, index
from .memory import current, recall, remember, written
from .model import Entry, Job, Loaded, Outcome, Settings, Target, Text
from .sources import compiler_digest, key_of, loaded_by, sha256
from .work import build, messages

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
    known = {} if plan.force else recall(plan.output)
    done: dict[Target, Entry] = {}
    rest: list[Target] = []
    for target in plan.targets:
        entry = known.get(target.name)
        kept = None if entry is None else current(entry, target, plan.settings, plan.output)
        if kept is None:
            rest.append(target)
        else:
            done[target] = kept
            tell(kept)
    flushed = time.monotonic()
    if rest:
        try:
            for entry in _build_all(plan, rest):
                done[entry.target] = entry
                tell(entry)
                if time.monotonic() - flushed > FLUSH:
                    remember(plan.output, done.values())
                    flushed = time.monotonic()
        finally:
            remember(plan.output, done.values())
    entries = tuple(done[target] for target in plan.targets)
    index.write(plan.output, plan.settings, entries)
    return entries


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make the folder `{folder}`: {(error.strerror or str(error)).lower()}"
        raise RaspError(Diagnostic("file", message, None, "choose another with -o")) from None


# ---- handing out ------------------------------------------------------------------------------------


def _build_all(plan: Plan, targets: Sequence[Target]) -> Iterator[Entry]:
    """Entries in the order in which they are done.  A job that ends its process is tried once more, alone."""
    suspects: list[_Prepared] = []
    with _executor(plan) as (executor, ahead):
        todo = deque(targets)
        running: dict[Future[Outcome], _Prepared] = {}
        broken = False
        while todo or running:
            while todo and len(running) < ahead and not broken:
                target = todo.popleft()
                prepared = _prepare(target, plan.settings)
                if isinstance(prepared, Entry):
                    yield prepared
                    continue
                try:
                    running[executor.submit(build, prepared.job)] = prepared
                except BrokenExecutor:
                    broken = True
                    todo.appendleft(target)
            if broken and not running:
                break
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                prepared = running.pop(future)
                try:
                    outcome = future.result()
                except (BrokenExecutor, CancelledError):
                    broken = True
                    suspects.append(prepared)
                else:
                    yield _kept(plan, prepared, outcome)
    for prepared in suspects:
        yield _kept(plan, prepared, _alone(prepared.job))
    if todo:
        yield from _build_all(plan, tuple(todo))


@contextmanager
def _executor(plan: Plan) -> Iterator[tuple[Executor, int]]:
    """Where jobs go, and how many may wait there."""
    if plan.executor is not None:
        with executors.cluster(plan.executor) as executor:
            yield executor, CLUSTER_AHEAD
        return
    pool = executors.local(plan.jobs)
    try:
        yield pool, plan.jobs * AHEAD
    except BaseException:
        # Interrupted: what is being compiled is not waited for.
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _alone(job: Job) -> Outcome:
    """One job in a process that nothing else depends on."""
    with executors.local(1) as pool:
        try:
            return pool.submit(build, job).result()
        except BrokenExecutor:
            died = Diagnostic(
                "build-worker",
                "the process that compiled it was ended from outside",
                None,
                "the system does that where memory runs out: use a smaller vocabulary or max_length",
            )
            return Outcome("failed", 0.0, messages([died]))


# ---- one program ------------------------------------------------------------------------------------


def _prepare(target: Target, settings: Settings) -> _Prepared | Entry:
    """The job of a program, or its entry where its files cannot even be read."""
    digest = compiler_digest(settings.verify)
    try:
        source = read_source(target.path)
        loaded, loads = loaded_by(source, target.path.parent)
    except RaspError as error:
        return Entry(target, "failed", 0.0, messages(_in_place(target, error).diagnostics))
    job = Job(target, Text(source.name, source.text), loaded, settings, digest)
    return _Prepared(job, key_of(target, sha256(source.text), loads, settings), loads)


def _in_place(target: Target, error: RaspError) -> RaspError:
    """The mistakes of a program whose texts are not all there, as elaborating it shows them."""
    from ..api import read_program

    try:
        read_program(target.path, require_output=False)
    except RaspError as found:
        return found
    return error


def _kept(plan: Plan, prepared: _Prepared, outcome: Outcome) -> Entry:
    """The entry of an outcome, its files written.  A wrong model is not written."""
    target, said, status = prepared.job.target, outcome.messages, outcome.status
    contents: dict[str, bytes] = {}
    if status == "ok":
        contents = {f"{target.name}.safetensors": outcome.weights, f"{target.name}.manifest.json": outcome.manifest}
        try:
            (plan.output / PurePosixPath(target.name).parent).mkdir(parents=True, exist_ok=True)
            replace_files({plan.output / name: (content,) for name, content in contents.items()})
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            mistake = Diagnostic("file", f"cannot write `{target.name}.safetensors`: {reason}", None, "make room there")
            status, contents, said = "failed", {}, (*said, *messages([mistake]))
    return Entry(
        target,
        status,
        outcome.seconds,
        said,
        outcome.sizes,
        outcome.verified,
        prepared.key,
        prepared.loads,
        tuple(written(plan.output, name, content) for name, content in contents.items()),
    )
