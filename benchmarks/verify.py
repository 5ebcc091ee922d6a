"""Measures the time of `raspc verify`: `python -m raspc.benchmarks.verify [--samples N] [PROGRAM...]`.

The goal is 100,000 short inputs in under a minute on two cores.  Each program below `programs/` that is named
(`paper/sort`) is compiled and verified in processes of their own, everything included: starting, drawing the inputs,
the interpreter, the model.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from raspc.benchmarks.table import table

PROGRAMS = Path(__file__).resolve().parent.parent / "programs"

#: Programs of short inputs (at most 16 tokens), of which there are enough.
CHOSEN = ("paper/sort", "paper/dyck3", "strings/vowels", "strings/reverse_words", "arithmetic/addition")

TITLES = ("program", "longest", "parameters", "inputs", "positions", "seconds", "inputs/s", "margin seen / promised")

SAMPLES = 100_000
GOAL = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=f"default: {', '.join(CHOSEN)}")
    parser.add_argument("--samples", type=int, default=SAMPLES, metavar="N", help=f"inputs (default: {SAMPLES:,})")
    arguments = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.programs or CHOSEN:
            row, seconds = _row(name, arguments.samples, Path(folder) / "model.safetensors")
            rows.append(row)
            slowest = max(slowest, seconds)
            print(*row, file=sys.stderr)
    print(table(TITLES, rows))
    print(f"\nslowest: {slowest:.1f} s (goal for {SAMPLES:,} short inputs: under {GOAL:.0f} s)")


def _row(name: str, samples: int, model: Path) -> tuple[tuple[str, ...], float]:
    raspc = (sys.executable, "-m", "raspc")
    source = PROGRAMS / f"{name}.rasp"
    built = subprocess.run(
        (*raspc, "compile", str(source), "-o", str(model), "--json"), check=True, capture_output=True
    )
    start = time.perf_counter()
    done = subprocess.run(
        (*raspc, "verify", str(model), "--samples", str(samples), "--json"), check=True, capture_output=True
    )
    seconds = time.perf_counter() - start
    found = json.loads(done.stdout)
    margin = found["margin"]
    inputs = found["inputs"] + found["undefined"]
    shown = "-" if margin is None else f"{margin['seen']:.4g} / {margin['promised']:.4g}"
    parameters = json.loads(built.stdout)["parameters"]
    return (
        name,
        str(max(found["lengths"])),
        f"{parameters:,}",
        f"{inputs:,}",
        f"{found['positions']:,}",
        f"{seconds:.1f}",
        f"{inputs / seconds:,.0f}",
        shown,
    ), seconds


if __name__ == "__main__":
    main()
