"""Does the suite notice a wrong compiler?  `python -m raspc.benchmarks.mutants [--mutants N] [--seed S]`.

Copies the package, makes one small change in `compiler/lower/` at a time (`mutations.py` says which), and runs the
quick part of the suite: a mutant that fails a test, or with which a test takes far too long, is killed.  Issue 4 asks
for at least 85%.  Survivors are listed with what was changed; some are no different programs (a comparison of two
numbers that are never equal), others stand at limits that are somewhat arbitrary, the rest are missing tests.

The sample is stratified: each file of the folder has its share.  What only says something is left out by rule and
counted.  Each mutant runs only the tests that reach its statement when nothing is changed (tests of one file with the
same parameters count as one, since they may share what they cache), the quickest first; `--reached FILE` keeps what was
found for the next time.
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

#: The tests that are run.
TESTS = (
    "tests/compiler/lower/test_meaning.py",
    "tests/compiler/lower/test_numbers.py",
    "tests/compiler/lower/test_costs.py",
    "tests/compiler/lower/test_error_bounds.py",
    "tests/compiler/lower/test_limits.py",
    "tests/compiler/lower/test_parts.py",
    "tests/compiler/test_hostile_programs.py",
    "tests/compiler/blocks/test_forms.py",
    "tests/compiler/lower/test_selector_formulas.py",
    "tests/compiler/lower/test_piecewise.py",
    "tests/compiler/analysis/test_conjunctions.py",
    "tests/compiler/test_stages.py",
    "tests/compiler/lower/test_error_budget.py",
    "tests/compiler/lower/test_refusals.py",
)

#: Share of killed mutants that issue 4 asks for.
GOAL = 0.85

#: A test may take this many seconds, or this many times as long as it takes unchanged.
LEAST_SECONDS, PATIENCE = 20.0, 6.0


@dataclass(frozen=True)
class Reached:
    """What a test takes and runs, unchanged."""

    test: str
    seconds: float
    lines: dict[str, frozenset[int]]

    def reaches(self, mutant: Mutant) -> bool:
        if mutant.lines is None:
            return True
        first, last = mutant.lines
        return any(first <= line <= last for line in self.lines.get(Path(mutant.file).name, ()))


@dataclass(frozen=True)
class Outcome:
    """`killed_by`: a test; None when the mutant survived `tests` tests."""

    mutant: Mutant
    killed_by: str | None
    tests: int
    seconds: float

    def __str__(self) -> str:
        what = f"SURVIVED {self.tests} tests" if self.killed_by is None else f"killed by {self.killed_by}"
        return f"{self.seconds:4.0f} s  {self.mutant}: {what}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=40, metavar="N", help="how many to try (default: 40)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="choose others")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="how many to try at once (default: 1)")
    parser.add_argument("--reached", type=Path, metavar="FILE", help="keep here which tests reach which lines")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the result as JSON, for RESULTS.md")
    parser.add_argument("--list", action="store_true", help="only list them")
    arguments = parser.parse_args()
    every: list[Mutant] = []
    left_out: Counter[str] = Counter()
    for path in sorted((ROOT / TARGET).glob("*.py")):
        found, without = mutants_of(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        every += found
        left_out += without
    chosen = sampled(every, arguments.mutants, arguments.seed)
    if arguments.list:
        print("\n".join(map(str, chosen)))
        return
    with tempfile.TemporaryDirectory() as folder:
        outcomes = _campaign(chosen, Path(folder), arguments.jobs, arguments.reached)
    killed = sum(outcome.killed_by is not None for outcome in outcomes)
    survivors = [outcome for outcome in outcomes if outcome.killed_by is None]
    counted = ", ".join(f"{number} in {kind}" for kind, number in sorted(left_out.items()))
    print(f"\n{len(chosen)} of {len(every):,} mutants of {TARGET}, seed {arguments.seed}; left out: {counted}")
    print(f"killed: {killed} ({killed / len(chosen):.1%}; goal {GOAL:.0%})")
    for outcome in survivors:
        print(f"survived {outcome.tests} tests: {outcome.mutant}")
    if arguments.write is not None:
        result = {
            "target": TARGET,
            "seed": arguments.seed,
            "population": len(every),
            "left_out": dict(sorted(left_out.items())),
            "mutants": len(chosen),
            "killed": killed,
            # A person's judgement is added by hand: equivalent, limit, or gap, and why.
            "survivors": [{"mutant": str(one.mutant), "tests": one.tests, "verdict": None} for one in survivors],
        }
        arguments.write.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def sampled(every: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """Some of the mutants: of each file its share, to within one, and within a file any with equal chances."""
    chance = random.Random(seed)
    shuffled = chance.sample(every, len(every))
    ordered = sorted(shuffled, key=lambda mutant: mutant.file)
    count = min(count, len(every))
    start = chance.random()
    return chance.sample([ordered[int((start + place) * len(every) / count)] for place in range(count)], count)


def _campaign(chosen: list[Mutant], folder: Path, jobs: int, kept: Path | None) -> list[Outcome]:
    """What becomes of each mutant, in copies of the package below a folder."""
    copies: queue.Queue[Path] = queue.Queue()
    for number in range(jobs):
        copy = folder / str(number) / "raspc"
        ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "out", "build", "dist", "shared")
        shutil.copytree(ROOT, copy, ignore=ignored)
        copies.put(copy)
    start = time.perf_counter()
    tests = _reached(folder / "0" / "raspc", kept)
    print(f"{len(tests)} tests pass unchanged ({time.perf_counter() - start:.0f} s)", file=sys.stderr, flush=True)

    def tried(mutant: Mutant) -> Outcome:
        copy = copies.get()
        try:
            outcome = _tried(mutant, copy, tests)
        finally:
            copies.put(copy)
        print(outcome, file=sys.stderr, flush=True)
        return outcome

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(tried, chosen))


def _tried(mutant: Mutant, copy: Path, tests: list[Reached]) -> Outcome:
    start = time.perf_counter()
    reaching = sorted((test for test in tests if test.reaches(mutant)), key=lambda test: test.seconds)
    if len(reaching) == 0:
        return Outcome(mutant, None, 0, 0.0)
    listed = copy.parent / "listed"
    rows = [f"{max(LEAST_SECONDS, PATIENCE * test.seconds):.0f} {test.test}\n" for test in reaching]
    listed.write_text("".join(rows), encoding="utf-8")
    path = copy / mutant.file
    original = path.read_bytes()
    path.write_bytes(mutant.applied(original))
    files = sorted({test.test.partition("::")[0] for test in reaching})
    limit = 120 + PATIENCE * sum(test.seconds for test in reaching)
    failed = _failure(copy, ["-x", "--only-listed", str(listed), *files], limit)
    path.write_bytes(original)
    return Outcome(mutant, failed, len(reaching), time.perf_counter() - start)


def _reached(copy: Path, kept: Path | None) -> list[Reached]:
    """What each test reaches, unchanged; ends the program when one fails.

    Kept by test file: what is known of one is used again when neither it nor the compiler has changed."""
    digest = hashlib.sha256()
    for path in sorted((copy / "compiler").rglob("*.py")):
        digest.update(path.read_bytes())
    known = json.loads(kept.read_text(encoding="utf-8")) if kept is not None and kept.is_file() else {}
    found: dict[str, dict[str, dict[str, object]]] = {}
    for file in TESTS:
        key = f"{file} {hashlib.sha256(digest.digest() + (copy / file).read_bytes()).hexdigest()}"
        if key not in known:
            target = copy.parent / "reached"
            if (failed := _failure(copy, ["--reach", TARGET, "--reach-to", str(target), file], 3600)) is not None:
                sys.exit(f"the tests fail without any change: {failed}")
            known[key] = json.loads(target.read_text(encoding="utf-8"))
        found[file] = known[key]
        if kept is not None:
            kept.write_text(json.dumps(known), encoding="utf-8")
    return [test for tests in found.values() for test in _shared(tests)]


def _shared(tests: dict[str, dict[str, object]]) -> list[Reached]:
    """The tests of a file; those with the same parameters reach the same lines."""
    together: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for name, test in tests.items():
        lines = test["lines"]
        assert isinstance(lines, dict)
        for file, numbers in lines.items():
            together[_parameters(name)][file].update(numbers)
    return [
        Reached(
            name,
            float(str(test["seconds"])),
            {file: frozenset(numbers) for file, numbers in together[_parameters(name)].items()},
        )
        for name, test in tests.items()
    ]


def _parameters(test: str) -> str:
    """What stands in brackets, or the whole name of a test without parameters."""
    found = re.search(r"\[.*\]$", test)
    return test if found is None else found.group()


def _failure(copy: Path, arguments: list[str], limit: float) -> str | None:
    """The first test that fails in the copy, or why there is none; None when all pass."""
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
