"""How long a person waits for one command, as a whole process: `python benchmarks/startup.py [--runs N]`.

Goals: `raspc compile programs/paper/sort.rasp` under 0.6 s; `raspc run` within 0.3 s of `python -c "import torch"`.
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

COMPILE_GOAL = 0.6
RUN_GOAL = 0.3


def seconds(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, list[float]]:
    """Wall times of `runs` runs of each command, after one that warms the disk's cache.

    The commands take turns, so that whatever else the machine does meanwhile slows all of them alike.
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
    compiling = medians["raspc compile sort.rasp"]
    beyond_torch = medians["raspc run sort.safetensors 3 1 2"] - medians['python -c "import torch"']
    print(f"compile: {compiling:.3f} s (goal {COMPILE_GOAL} s: {_reached(compiling <= COMPILE_GOAL)})")
    print(f"run beyond torch: {beyond_torch:.3f} s (goal {RUN_GOAL} s: {_reached(beyond_torch <= RUN_GOAL)})")


def _reached(reached: bool) -> str:
    return "reached" if reached else "missed"


if __name__ == "__main__":
    main()
