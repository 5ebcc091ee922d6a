"""Measures and writes all sections of RESULTS.md: `python -m raspc.benchmarks.run_all [SECTION...]`.

Prints the tables and writes them to benchmarks/RESULTS.md; with sections named it prints those only.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from raspc.benchmarks import belief, report
from raspc.benchmarks.rows import LENGTHS, SIZES

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ("models", "growth", "cpu", "gpu", "belief")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"one of {', '.join(names)} (default: all)")
    sections: list[str] = parser.parse_args().sections
    unknown = [name for name in sections if name not in names]
    if len(unknown) > 0:
        parser.error(f"there is no section {', '.join(unknown)}; there are {', '.join(names)}")
    with tempfile.TemporaryDirectory() as folder:
        texts = [
            text
            for name, make in _sections(Path(folder)).items()
            if not sections or name in sections
            for text in make()
        ]
    document = "\n\n".join(["# Benchmark", "Written by `make bench`.  " + report.about(), *texts]) + "\n"
    print(document)
    if len(sections) == 0:
        RESULTS.write_text(document, encoding="utf-8")


def _sections(folder: Path) -> dict[str, Callable[[], list[str]]]:
    return {
        "models": lambda: ["## Models", _MODELS, report.models((*SIZES, *LENGTHS), folder, _tell)],
        "growth": lambda: ["## Growth with the longest input", _GROWTH, report.growths(_tell)],
        "cpu": lambda: ["## Runner on the CPU", report.runner(torch.device("cpu"), folder, _tell)],
        "gpu": lambda: ["## Runner on a GPU", _gpu(folder)],
        "belief": lambda: ["## Random programs", belief.fuzzed(), "## Mutants of the compiler", belief.mutated()],
    }


def _gpu(folder: Path) -> str:
    if not torch.cuda.is_available():
        return "No GPU here: run `make bench` on a machine that has one."
    return report.runner(torch.device("cuda"), folder, _tell)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


_MODELS = """\
Parameters are the elements of the weights file.  Compile seconds are the median of three compilations, text to
arrays, in a process that has compiled before; the peak is of that whole process, the files' writing included, and may
be 4 times the weights and 300 MB.  Checked positions are compared with an oracle that is not raspc's interpreter: all
inputs while they are few, else constant, longest, sorted, alternating and random ones; once as `run_batch` computes
and once with a plain softmax, whose count is shown where it differs."""

_GROWTH = """\
The exponent is the slope of the line fitted to log parameters over log L, the steepest that between two neighbours."""


if __name__ == "__main__":
    main()
