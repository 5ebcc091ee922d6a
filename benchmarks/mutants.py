"""Measures whether the tests notice faults in the lowering.

    python -m raspc.benchmarks.mutants [--mutants N] [--seed S]

Copies the package, makes one small change in `compiler/lower/` at a time (`mutations.py` lists the kinds), and runs the
quick part of the tests.  A mutant is killed if a test fails or exceeds its time limit.  The goal is 85% killed.
Survivors are listed.  Some are equivalent to the original (a comparison of two numbers that are never equal), some
move a limit that has no exact value, the others show missing tests.

The sample is stratified by file.  Changes that affect only messages or types are left out by rule, and counted.  Each
mutant runs only the tests that reach its statement in the unchanged program, the quickest first.  Tests of one file
with the same parameters count as one, because they may share a cache.  `--reached FILE` keeps the reached lines for
the next run.

mutmut 3.8 and cosmic-ray 8.7 were considered instead of this and its two helper modules.  cosmic-ray runs all tests for
every mutant.  mutmut runs here only in a copy with a folder above the package, without the options of pyproject.toml,
and with its tracking of dependencies off.  It draws no sample, selects tests by function, not by statement, and also
mutates messages and the presence of arguments: 2,161 mutants of compiler/lower/neurons, where this makes 921.  The
sample, the rules for what is left out, and the copy would remain here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import queue
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from raspc.benchmarks.mutations import Mutant, mutants_of

ROOT = Path(__file__).resolve().parent.parent
TARGET = "compiler/lower"

#: The tests that are run, as patterns of files.
TESTS = (
    "tests/compiler/lower/**/test_*.py",
    "tests/compiler/blocks/test_forms.py",
    "tests/compiler/analysis/test_conjunctions.py",
    "tests/compiler/test_hostile_programs.py",
    "tests/compiler/test_stages.py",
)

#: Share of mutants that the tests should kill.
GOAL = 0.85

#: Time limit of a test: so many seconds, or so many times its time in the unchanged program, whichever is longer.
MIN_TEST_SECONDS, MAX_SLOWDOWN = 20.0, 6.0

#: Time limit in seconds for starting pytest, beyond the limits of the tests, and for a whole file that is recorded.
START_SECONDS, RECORD_SECONDS = 120, 3600


@dataclass(frozen=True)
class ReachedLines:
    """The time of a test in the unchanged program, and the lines that it runs, by file (relative to the root)."""

    test: str
    seconds: float
    lines: dict[str, frozenset[int]]

    def reaches(self, mutant: Mutant) -> bool:
        if mutant.lines is None:
            return True
        first, last = mutant.lines
        return any(first <= line <= last for line in self.lines.get(mutant.file, ()))


@dataclass(frozen=True)
class MutantResult:
    """The test that killed a mutant (None: it survived), and the number of tests selected for it."""

    mutant: Mutant
    killed_by: str | None
    tests: int
    seconds: float

    def __str__(self) -> str:
        what = f"SURVIVED {self.tests} tests" if self.killed_by is None else f"killed by {self.killed_by}"
        return f"{self.seconds:4.0f} s  {self.mutant}: {what}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=40, metavar="N", help="size of the sample (default: 40)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the sample")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="mutants at once (default: 1)")
    parser.add_argument("--reached", type=Path, metavar="FILE", help="cache of the lines that each test reaches")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the result as JSON, for RESULTS.md")
    parser.add_argument("--list", action="store_true", help="only list the sample")
    arguments = parser.parse_args()
    every: list[Mutant] = []
    left_out: Counter[str] = Counter()
    for path in sorted((ROOT / TARGET).rglob("*.py")):
        found, without = mutants_of(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        every += found
        left_out += without
    chosen = sampled(every, arguments.mutants, arguments.seed)
    if arguments.list:
        print("\n".join(map(str, chosen)))
        return
    with tempfile.TemporaryDirectory() as folder:
        results = _campaign(chosen, Path(folder), arguments.jobs, arguments.reached)
    killed = sum(result.killed_by is not None for result in results)
    survivors = [result for result in results if result.killed_by is None]
    counted = ", ".join(f"{number} in {kind}" for kind, number in sorted(left_out.items()))
    print(f"\n{len(chosen)} of {len(every):,} mutants of {TARGET}, seed {arguments.seed}; left out: {counted}")
    print(f"killed: {killed} ({killed / len(chosen):.1%}; goal {GOAL:.0%})")
    for result in survivors:
        print(f"survived {result.tests} tests: {result.mutant}")
    if arguments.write is not None:
        record = {
            "target": TARGET,
            "seed": arguments.seed,
            "population": len(every),
            "left_out": dict(sorted(left_out.items())),
            "mutants": len(chosen),
            "killed": killed,
            # The verdict is added by hand: equivalent, limit or gap, and the reason.
            "survivors": [{"mutant": str(one.mutant), "tests": one.tests, "verdict": None} for one in survivors],
        }
        arguments.write.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def sampled(every: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """A random sample, stratified by file: each file's share is exact to within one mutant."""
    chance = random.Random(seed)
    shuffled = chance.sample(every, len(every))
    ordered = sorted(shuffled, key=lambda mutant: mutant.file)
    count = min(count, len(every))
    start = chance.random()
    return chance.sample([ordered[int((start + place) * len(every) / count)] for place in range(count)], count)


def _campaign(chosen: list[Mutant], folder: Path, jobs: int, kept: Path | None) -> list[MutantResult]:
    """The results of the mutants, which are tried in copies of the package below a folder."""
    copies: queue.Queue[Path] = queue.Queue()
    for number in range(jobs):
        copy = folder / str(number) / "raspc"
        ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "out", "build", "dist", "shared")
        shutil.copytree(ROOT, copy, ignore=ignored)
        copies.put(copy)
    start = time.perf_counter()
    tests = _reached(folder / "0" / "raspc", kept)
    print(f"{len(tests)} tests pass unchanged ({time.perf_counter() - start:.0f} s)", file=sys.stderr, flush=True)

    def tried(mutant: Mutant) -> MutantResult:
        copy = copies.get()
        try:
            result = _tried(mutant, copy, tests)
        finally:
            copies.put(copy)
        print(result, file=sys.stderr, flush=True)
        return result

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(tried, chosen))


def _tried(mutant: Mutant, copy: Path, tests: list[ReachedLines]) -> MutantResult:
    start = time.perf_counter()
    reaching = sorted((test for test in tests if test.reaches(mutant)), key=lambda test: test.seconds)
    if len(reaching) == 0:
        return MutantResult(mutant, None, 0, 0.0)
    listed = copy.parent / "listed"
    rows = [f"{max(MIN_TEST_SECONDS, MAX_SLOWDOWN * test.seconds):.0f} {test.test}\n" for test in reaching]
    listed.write_text("".join(rows), encoding="utf-8")
    path = copy / mutant.file
    original = path.read_bytes()
    path.write_bytes(mutant.applied(original))
    files = sorted({test.test.partition("::")[0] for test in reaching})
    limit = START_SECONDS + MAX_SLOWDOWN * sum(test.seconds for test in reaching)
    failed = _failure(copy, ["-x", "--only-listed", str(listed), *files], limit)
    path.write_bytes(original)
    return MutantResult(mutant, failed, len(reaching), time.perf_counter() - start)


def _reached(copy: Path, kept: Path | None) -> list[ReachedLines]:
    """The lines that each test reaches in the unchanged program; exits if a test fails.

    The file `kept` caches them by test file, the compiler's sources and the test file's text.
    """
    digest = hashlib.sha256()
    for path in sorted((copy / "compiler").rglob("*.py")):
        digest.update(path.read_bytes())
    known = json.loads(kept.read_text(encoding="utf-8")) if kept is not None and kept.is_file() else {}
    found: dict[str, dict[str, dict[str, object]]] = {}
    for file in sorted({str(path.relative_to(copy)) for pattern in TESTS for path in copy.glob(pattern)}):
        key = f"{file} {hashlib.sha256(digest.digest() + (copy / file).read_bytes()).hexdigest()}"
        if key not in known:
            target = copy.parent / "reached"
            if (
                failed := _failure(copy, ["--reach", TARGET, "--reach-to", str(target), file], RECORD_SECONDS)
            ) is not None:
                sys.exit(f"a test fails in the unchanged program: {failed}")
            known[key] = json.loads(target.read_text(encoding="utf-8"))
        found[file] = known[key]
        if kept is not None:
            kept.write_text(json.dumps(known), encoding="utf-8")
    return [test for tests in found.values() for test in _united(tests)]


def _united(tests: dict[str, dict[str, object]]) -> list[ReachedLines]:
    """The tests of a file; tests with the same parameters get the union of their lines."""
    together: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for name, test in tests.items():
        lines = test["lines"]
        assert isinstance(lines, dict)
        for file, numbers in lines.items():
            together[_parameters(name)][file].update(numbers)
    return [
        ReachedLines(
            name,
            float(str(test["seconds"])),
            {file: frozenset(numbers) for file, numbers in together[_parameters(name)].items()},
        )
        for name, test in tests.items()
    ]


def _parameters(test: str) -> str:
    """The text in the brackets of a test's name, or the whole name of a test without parameters."""
    found = re.search(r"\[.*\]$", test)
    return test if found is None else found.group()


def _failure(copy: Path, arguments: list[str], limit: float) -> str | None:
    """The first test that fails in the copy, or the reason why pytest gave none; None if all pass."""
    options = ("-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "raspc.benchmarks.reached")
    command = (sys.executable, "-m", "pytest", *options, "--hypothesis-seed=0", *arguments)
    environment = {
        "PYTHONPATH": str(copy.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": "/usr/bin:/bin",
        "OMP_NUM_THREADS": "1",
    }
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return "the time limit"
    if done.returncode == 0:
        return None
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return lines[0].split(" - ")[0].split(" ", 1)[1] if len(lines) > 0 else "the tests, which could not be run"


if __name__ == "__main__":
    main()
