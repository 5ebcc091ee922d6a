"""Checks many random programs, and reduces those that fail.

Program i of a seed is the same for any number of programs and jobs, and on any machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context

from ...datasets.random_programs.generator import program_text
from .check import CheckResult, check_program
from .shrink import shrink

#: Failures of one cause that are reduced; further ones are only counted.
MAX_REDUCED = 3

#: Largest number of checks for the reduction of one failure.
MAX_SHRINK_CHECKS = 400


@dataclass(frozen=True)
class CampaignSettings:
    """The choice of programs, the compiler's options, and the number of inputs per program."""

    seed: int = 0
    inputs: int = 50
    small: bool = False
    causal: bool = False


@dataclass(frozen=True)
class Failure:
    """A program that failed: its number, its text, the reduced text, and the result of the reduced one."""

    index: int
    text: str
    reduced_text: str
    result: CheckResult


@dataclass
class Summary:
    """Counts of a campaign.  `refusals` are by diagnostic code; `further_failures`, by reason, are not reduced."""

    programs: int = 0
    inputs: int = 0
    undefined: int = 0
    positions: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    mismatches: list[Failure] = field(default_factory=list)
    internal_errors: list[Failure] = field(default_factory=list)
    further_failures: Counter[str] = field(default_factory=Counter)

    @property
    def refused(self) -> int:
        return self.refusals.total()

    @property
    def failed(self) -> bool:
        return len(self.mismatches) > 0 or len(self.internal_errors) > 0


def run(
    programs: int, settings: CampaignSettings, jobs: int = 1, progress: Callable[[int, Summary], None] | None = None
) -> Summary:
    """Checks programs 0 to `programs` - 1 in `jobs` processes; calls `progress(index, summary)` after each."""
    summary = Summary()
    seen: Counter[tuple[str, str]] = Counter()
    for index, result in enumerate(_results(programs, settings, jobs)):
        summary.programs += 1
        summary.inputs += result.compared
        summary.undefined += result.undefined
        summary.positions += result.positions
        if result.status == "refused":
            summary.refusals[result.reason] += 1
        if result.failed:
            seen[result.cause] += 1
            if seen[result.cause] <= MAX_REDUCED:
                _record(summary, reduced(index, result, settings))
            else:
                summary.further_failures[result.reason] += 1
        if progress is not None:
            progress(index, summary)
    return summary


def reduced(index: int, result: CheckResult, settings: CampaignSettings) -> Failure:
    """The failure with a reduced program that fails for the same cause."""
    text = program_text(settings.seed, index)
    check = partial(_check, settings=settings, seed=_input_seed(settings, index))

    def fails_alike(candidate: str) -> bool:
        return check(candidate).cause == result.cause

    if not fails_alike(text):  # the failure is not deterministic: the program stays as it is
        return Failure(index, text, text, result)
    smaller = shrink(text, fails_alike, MAX_SHRINK_CHECKS)
    return Failure(index, text, smaller, check(smaller))


def _record(summary: Summary, failure: Failure) -> None:
    found = summary.mismatches if failure.result.status == "mismatch" else summary.internal_errors
    found.append(failure)


def _results(programs: int, settings: CampaignSettings, jobs: int) -> Iterator[CheckResult]:
    work = partial(_result, settings)
    if jobs == 1:
        with one_thread():
            yield from map(work, range(programs))
        return
    # PyTorch's threads do not survive a fork.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _one_thread) as pool:
        yield from pool.map(work, range(programs), chunksize=8)


@contextmanager
def one_thread() -> Iterator[None]:
    """Limits PyTorch to one thread: on small models several threads take longer than one."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _one_thread() -> None:
    """Limits PyTorch to one thread in a worker process."""
    import torch

    torch.set_num_threads(1)


def _result(settings: CampaignSettings, index: int) -> CheckResult:
    return _check(program_text(settings.seed, index), settings, _input_seed(settings, index))


def _check(text: str, settings: CampaignSettings, seed: str) -> CheckResult:
    return check_program(text, settings.inputs, settings.small, settings.causal, seed)


def _input_seed(settings: CampaignSettings, index: int) -> str:
    return f"inputs:{settings.seed}:{index}"
