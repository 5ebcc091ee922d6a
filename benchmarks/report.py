"""The sections of the report, each as Markdown text."""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from raspc.benchmarks.growth import SERIES, Growth, growth
from raspc.benchmarks.inputs import long_inputs
from raspc.benchmarks.measure import Compilation, Refusal, compile_apart, tolerated, wrong_positions
from raspc.benchmarks.programs import Benchmark, benchmarks, tracr_parameters
from raspc.benchmarks.rows import FLOAT32, PEAK_REST, PEAK_WEIGHTS, POSITIONS, TRACR_NAMES, Row
from raspc.benchmarks.speed import GOAL, PLAIN, Machine, Speeds, Work, machine, speeds
from raspc.benchmarks.table import table
from raspc.compiler.interpret.sample_inputs import Input, chosen_inputs
from raspc.runner.model import load

#: Inputs of the size table: all of them up to so many, else a sample, the structured inputs first.
EXHAUSTIVE = 4_000
SAMPLES = 1_500

TITLES = (
    *("program", "setting", "V", "L", "layers", "attention depth", "heads", "d_model", "parameters", "at most"),
    *("Tracr", "Tracr / ours", "compile s", "at most s", "peak MB", "wrong of checked"),
)


def about() -> str:
    """The machine, the versions, and the day."""
    cpu = platform.processor() or platform.machine()
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        found = re.search(r"model name\s*:\s*(.*)", listed.read_text())
        cpu = found[1] if found is not None else cpu
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}"
    cores = f"{os.cpu_count()} cores, {torch.get_num_threads()} threads"
    return f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}.  CPU: {cpu}, {cores}.  GPU: {gpu}.  {versions}."


def models(rows: Iterable[Row], folder: Path, tell: Callable[[str], None]) -> str:
    """Compile and check every row, by default and with -Os."""
    cells = []
    for row in rows:
        for small in (False, True):
            cells.append(_model(row, small, folder))
            tell("  ".join(cells[-1]))
    return table(TITLES, cells)


def _model(row: Row, small: bool, folder: Path) -> list[str]:
    benchmark = benchmarks()[row.program]
    path = folder / f"{row.program}-{row.size}-{row.longest}-{_setting(small)}.safetensors"
    made = compile_apart(row.program, row.size, row.longest, small=small, path=path)
    head = [row.program, _setting(small), str(row.size), str(row.longest)]
    if isinstance(made, Refusal):
        return [*head, *["-"] * 8, f"{made.seconds:.2f}", "-", "-", f"refused: {made.message}".replace("|", "\\|")]
    shape = made.shape
    most = None if row.at_most is None else row.at_most[small]
    tracr = tracr_parameters().get((TRACR_NAMES.get(row.program, row.program), row.size, row.longest))
    if row.program == "shuffle_dyck2":
        tracr = None  # Tracr's answers less: see TRACR_NAMES
    return [
        *head,
        str(shape.layers),
        str(shape.attention_depth),
        str(shape.heads),
        str(shape.d_model),
        f"{shape.parameters:,}",
        "-" if most is None else _limit(shape.parameters, most, f"{most:,}"),
        "-" if tracr is None else f"{tracr:,}",
        "-" if tracr is None else f"{tracr / shape.parameters:,.0f}",
        f"{made.seconds:.3f}",
        "-" if row.seconds is None else _limit(made.seconds, row.seconds, f"{row.seconds:g}"),
        _peak(made),
        _wrong(benchmark, row, path),
    ]


def _wrong(benchmark: Benchmark, row: Row, path: Path) -> str:
    """Wrong positions and checked positions on the CPU, and on the GPU if there is one.

    Checked on packed weights, as `run_batch` does, and as a plain transformer.
    """
    inputs = _inputs(benchmark, row)
    answers = []
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        model = load(path, device)
        wrong, checked = wrong_positions(model, inputs, benchmark.oracle)
        plainly, _ = wrong_positions(model, inputs, benchmark.oracle, plain=True)
        within = tolerated(model.manifest)
        answers.append(
            f"{wrong:,} of {checked:,}"
            + (f" (within {within:.1e})" if within > 0 else "")
            + (f", {plainly:,} by the plain loop" if plainly != wrong else "")
            + (" on the GPU" if device == "cuda" else "")
        )
    return ", ".join(answers)


def _inputs(benchmark: Benchmark, row: Row) -> Sequence[Input]:
    vocabulary = benchmark.vocabulary(row.size)
    if row.long:
        return long_inputs(vocabulary, row.longest, POSITIONS, brackets=benchmark.brackets)
    return chosen_inputs(vocabulary, row.longest, exhaustive_limit=EXHAUSTIVE, samples=SAMPLES)


def _peak(made: Compilation) -> str:
    allowed = PEAK_WEIGHTS * FLOAT32 * made.shape.parameters + PEAK_REST
    return f"{made.peak / 1e6:.0f}" + ("" if made.peak <= allowed else f" (over {allowed / 1e6:.0f})")


def _limit(value: float, most: float, text: str) -> str:
    return f"{text} ok" if value <= most else f"{text} OVER"


def _setting(small: bool) -> str:
    return "-Os" if small else "default"


def growths(tell: Callable[[str], None]) -> str:
    """The fits of parameters against length."""
    rows = []
    for program, size, lengths in SERIES:
        for small in (False, True):
            tell(f"growth of {program} {_setting(small)}")
            rows.append(_growth(growth(program, size, lengths, small=small)))
    titles = ("program", "setting", "V", "L", "parameters", "exponent", "steepest", "limit", "reached")
    return table(titles, rows)


def _growth(found: Growth) -> list[str]:
    return [
        found.program,
        _setting(found.small),
        str(found.size),
        " ".join(map(str, found.lengths)) + "".join(f", {longest} refused" for longest in found.refused),
        " ".join(f"{parameters:,}" for parameters in found.parameters),
        f"{found.exponent:.2f}",
        f"{found.steepest:.2f}",
        "-" if found.limit is None else f"at most {found.limit:g}",
        "yes" if found.reached else "no",
    ]


def runner(device: torch.device, folder: Path, tell: Callable[[str], None]) -> str:
    """Sequences per second at full length, against the plain loop and the bounds of the device."""
    tell(f"speed of {device}")
    hardware = machine(device)
    rows: list[list[str]] = []
    batches = (1024,) if device.type == "cpu" else (1024, 8192, 65536)
    for program, size, longest in (("sort", 40, 40), ("reverse", 52, 80)):
        for small in (False, True):
            path = folder / f"{program}-{size}-{longest}-{_setting(small)}.safetensors"
            if not path.exists() and isinstance(compile_apart(program, size, longest, small=small, path=path), Refusal):
                continue
            for batch in batches:
                tell(f"speed of {program} {_setting(small)}, batch {batch}")
                rows += _speeds(f"{program} {size},{longest} {_setting(small)}", hardware, *speeds(path, batch, device))
    titles = ("model", "way", "batch", "sequences/s", "vs plain", "of bound (dense)", "of bound (needed)")
    bounds = (
        f"Measured here: {hardware.flops / 1e9:,.0f} GFLOP/s in float32 matrix products,"
        f" {hardware.bandwidth / 1e9:,.0f} GB/s in copies.  The bound is the longer of the time that the products take"
        " at that speed and the time that ids and logits take through memory.  dense: every product with the shapes"
        " in the weights file; needed: without the rows and columns that are zero.  The goal on a CPU is a third of"
        " the dense bound."
    )
    return f"{bounds}\n\n{table(titles, rows)}"


def _speeds(model: str, hardware: Machine, measured: Speeds, work: Work) -> Iterator[list[str]]:
    dense, needed = (1 / max(flop / hardware.flops, work.io / hardware.bandwidth) for flop in (work.dense, work.needed))
    plain = measured.per_second[PLAIN]
    for way, rate in measured.per_second.items():
        reached = " ok" if rate >= dense / GOAL else ""
        yield [
            model,
            way,
            f"{measured.batch:,}",
            f"{rate:,.0f}",
            f"{rate / plain:.1f}x",
            f"{rate / dense:.0%} of {dense:,.0f}{reached}",
            f"{rate / needed:.0%} of {needed:,.0f}",
        ]
