"""Measures the wall time of single commands as whole processes: `python benchmarks/startup.py [--runs N]`.

Goals on two cores: `raspc check` of a shipped program under 0.2 s, `raspc compile` of it under 0.4 s, and `raspc run`
within 0.3 s of `python -c "import torch"`.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

SORT = Path(__file__).resolve().parent.parent / "programs" / "paper" / "sort.rasp"
TOKENS = ("3", "1", "2")

#: Seconds; the goal of `run` is the time beyond the import of torch.
CHECK_GOAL = 0.2
COMPILE_GOAL = 0.4
RUN_GOAL = 0.3


def seconds(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, list[float]]:
    """Wall times in seconds of `runs` runs of each command, after one run that fills the disk cache.

    The commands take turns, so that other load on the machine slows all of them alike.
    """
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - start)
    return {name: measured[1:] for name, measured in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=11, metavar="N", help="runs of each command (default: 11)")
    runs: int = parser.parse_args().runs
    raspc = (sys.executable, "-m", "raspc")
    with tempfile.TemporaryDirectory() as folder:
        model = str(Path(folder) / "sort.safetensors")
        commands = {
            "python -c pass": (sys.executable, "-c", "pass"),
            'python -c "import numpy"': (sys.executable, "-c", "import numpy"),
            'python -c "import torch"': (sys.executable, "-c", "import torch"),
            "raspc check sort.rasp": (*raspc, "check", str(SORT)),
            "raspc eval sort.rasp 3 1 2": (*raspc, "eval", str(SORT), *TOKENS),
            "raspc compile sort.rasp": (*raspc, "compile", str(SORT), "-o", model),
            "raspc run sort.safetensors 3 1 2": (*raspc, "run", model, *TOKENS),
        }
        measured = seconds(commands, runs)
    medians = {name: statistics.median(times) for name, times in measured.items()}
    print(f"{'command':34}{'median':>9}{'fastest':>9}{'slowest':>9}   seconds, {runs} runs")
    for name, times in measured.items():
        print(f"{name:34}{medians[name]:9.3f}{min(times):9.3f}{max(times):9.3f}")
    beyond_torch = medians["raspc run sort.safetensors 3 1 2"] - medians['python -c "import torch"']
    for name, taken, goal in (
        ("check", medians["raspc check sort.rasp"], CHECK_GOAL),
        ("compile", medians["raspc compile sort.rasp"], COMPILE_GOAL),
        ("run beyond torch", beyond_torch, RUN_GOAL),
    ):
        print(f"{name}: {taken:.3f} s (goal {goal} s: {'reached' if taken <= goal else 'missed'})")


if __name__ == "__main__":
    main()
