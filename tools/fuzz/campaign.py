"""Many random programs: generated, checked, and the failures among them made small.

Program i of a seed is the same whatever the number of programs, of jobs, or the machine.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context

from ...datasets.random_programs.generator import generate
from .check import Outcome, check_program
from .shrink import shrink

#: Expressions per program.
BUDGETS = (4, 8, 12, 16, 24, 32, 48)

#: Failures of one cause that are made small; the others are only counted.
SHRUNK = 3

#: Calls of the check for one failure that is made small.
SHRINK_TRIES = 400


@dataclass(frozen=True)
class Settings:
    """How the programs are chosen, compiled and tried."""

    seed: int = 0
    inputs: int = 50
    small: bool = False
    causal: bool = False


@dataclass(frozen=True)
class Failure:
    """A program that failed, as it was generated and as small as it could be made."""

    index: int
    text: str
    minimal: str
    outcome: Outcome


@dataclass
class Summary:
    """What a campaign found.  `refusals` counts diagnostic codes; `unshrunk` failures are like one that is listed."""

    programs: int = 0
    inputs: int = 0
    undefined: int = 0
    positions: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    mismatches: list[Failure] = field(default_factory=list)
    internal_errors: list[Failure] = field(default_factory=list)
    unshrunk: Counter[str] = field(default_factory=Counter)

    @property
    def refused(self) -> int:
        return self.refusals.total()

    @property
    def failed(self) -> bool:
        return len(self.mismatches) > 0 or len(self.internal_errors) > 0


def program_text(seed: int, index: int) -> str:
    """The program with this number."""
    rng = random.Random(f"{seed}:{index}")
    return generate(rng, rng.choice(BUDGETS))


def run(
    programs: int, settings: Settings, jobs: int = 1, progress: Callable[[int, Summary], None] | None = None
) -> Summary:
    """Check programs 0 to `programs` - 1 in `jobs` processes; `progress` is told after each what is known then."""
    summary = Summary()
    seen: Counter[tuple[str, str]] = Counter()
    for index, outcome in enumerate(_outcomes(programs, settings, jobs)):
        summary.programs += 1
        summary.inputs += outcome.compared
        summary.undefined += outcome.undefined
        summary.positions += outcome.positions
        if outcome.status == "refused":
            summary.refusals[outcome.reason] += 1
        if outcome.failed:
            seen[outcome.cause] += 1
            if seen[outcome.cause] <= SHRUNK:
                _record(summary, minimised(index, outcome, settings))
            else:
                summary.unshrunk[outcome.reason] += 1
        if progress is not None:
            progress(index, summary)
    return summary


def minimised(index: int, outcome: Outcome, settings: Settings) -> Failure:
    """The failure with a program that is as small as could be found, and what comes of that."""
    text = program_text(settings.seed, index)
    check = partial(_check, settings=settings, seed=_input_seed(settings, index))

    def fails_alike(candidate: str) -> bool:
        return check(candidate).cause == outcome.cause

    if not fails_alike(text):  # not deterministic, which is worth knowing too
        return Failure(index, text, text, outcome)
    minimal = shrink(text, fails_alike, SHRINK_TRIES)
    return Failure(index, text, minimal, check(minimal))


def _record(summary: Summary, failure: Failure) -> None:
    found = summary.mismatches if failure.outcome.status == "mismatch" else summary.internal_errors
    found.append(failure)


def _outcomes(programs: int, settings: Settings, jobs: int) -> Iterator[Outcome]:
    work = partial(_outcome, settings)
    if jobs == 1:
        with one_thread():
            yield from map(work, range(programs))
        return
    # Not forked: PyTorch's threads do not survive that.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _one_thread) as pool:
        yield from pool.map(work, range(programs), chunksize=8)


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch with one thread: on models this small, more of them only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _one_thread() -> None:
    """For a process of its own."""
    import torch

    torch.set_num_threads(1)


def _outcome(settings: Settings, index: int) -> Outcome:
    return _check(program_text(settings.seed, index), settings, _input_seed(settings, index))


def _check(text: str, settings: Settings, seed: str) -> Outcome:
    return check_program(text, settings.inputs, settings.small, settings.causal, seed)


def _input_seed(settings: Settings, index: int) -> str:
    return f"inputs:{settings.seed}:{index}"
