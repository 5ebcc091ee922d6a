"""One compilation in a process of its own, and the check of its model against an oracle.

`python -m raspc.benchmarks.measure` is that process: it reads a request as JSON, writes the model, and prints what
it measured.  It never imports torch, so that its memory is the compiler's.
"""

from __future__ import annotations

import json
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from raspc.benchmarks.programs import Oracle, benchmarks
from raspc.compiler.artifact.manifest import Manifest, NumberDecodeRecord
from raspc.compiler.artifact.model_files import write
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.values import Scalar
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source

if TYPE_CHECKING:
    from raspc.runner.model import Model

#: Compilations timed in one process; the median counts.
REPEATS = 3


@dataclass(frozen=True)
class Shape:
    """The sizes of a model."""

    layers: int
    attention_depth: int
    heads: int
    d_model: int
    parameters: int
    blocks: tuple[tuple[int, int, int], ...]  # heads, d_head and d_mlp of each layer


@dataclass(frozen=True)
class Compilation:
    """`seconds` is the median of `REPEATS` compilations, text to arrays, in a process that has compiled before;
    `peak` the most memory in bytes that the whole process has held, the writing of the files included.
    """

    shape: Shape
    seconds: float
    peak: int


@dataclass(frozen=True)
class Refusal:
    """The refusal of the compiler to make a model."""

    message: str
    seconds: float


def shape_of(program: str, size: int, longest: int, *, small: bool) -> Shape:
    """The sizes of a benchmark's model, compiled in this process.  Raises RaspError."""
    return _compile(program, size, longest, small)[0]


def compile_apart(program: str, size: int, longest: int, *, small: bool, path: Path) -> Compilation | Refusal:
    """Compiles in a process of its own, and writes the model to `path`."""
    request = json.dumps({"program": program, "size": size, "longest": longest, "small": small, "path": str(path)})
    done = subprocess.run(
        (sys.executable, "-m", "raspc.benchmarks.measure"), input=request, stdout=subprocess.PIPE, text=True, check=True
    )
    answer = json.loads(done.stdout)
    if "message" in answer:
        return Refusal(**answer)
    shape = answer["shape"]
    shape["blocks"] = tuple(map(tuple, shape["blocks"]))
    return Compilation(Shape(**shape), answer["seconds"], answer["peak"])


def wrong_positions(
    model: Model, inputs: Sequence[Sequence[Scalar]], oracle: Oracle, *, plain: bool = False
) -> tuple[int, int]:
    """The number of positions where model and oracle differ, and the number of positions compared.

    `plain` runs it as any transformer library would, softmax and all, not on packed weights.

    An output that reads as a plain number, since float32 cannot tell its values apart, differs where it lies
    farther off than the bound that the manifest states.
    """
    tolerance = tolerated(model.manifest)
    handle = (
        model.register_forward_hook(lambda *_: None) if plain else None
    )  # a model with hooks uses the plain softmax
    results = model.run_batch(inputs)
    if handle is not None:
        handle.remove()
    wrong = checked = 0
    for tokens, found in zip(inputs, results, strict=True):
        expected = oracle(tokens)
        wrong += sum(_differ(a, b, tolerance) for a, b in zip(found, expected, strict=True))
        checked += len(expected)
    return wrong, checked


def tolerated(manifest: Manifest) -> float:
    """The tolerance of the output: 0, except for an output that is read out as an approximate number."""
    decode = manifest.outputs[0].decode
    inexact = isinstance(decode, NumberDecodeRecord) and decode.max_denominator is None and decode.values is None
    return decode.error if isinstance(decode, NumberDecodeRecord) and inexact else 0.0


def _differ(a: Scalar, b: Scalar, tolerance: float) -> bool:
    if tolerance == 0 or isinstance(a, str) or isinstance(b, str):
        return a != b
    return abs(float(a) - float(b)) > tolerance


def _compile(program: str, size: int, longest: int, small: bool, path: Path | None = None) -> tuple[Shape, float]:
    benchmark = benchmarks()[program]
    start = time.perf_counter()
    graph = elaborate(
        Source(f"{program}.rasp", benchmark.text), vocabulary=benchmark.vocabulary(size), max_length=longest
    )
    made = compile_program(graph, CompileOptions(small=small))
    seconds = time.perf_counter() - start
    if path is not None:
        write(made, path)
    layers = made.manifest.layers
    shape = Shape(
        layers=len(layers),
        attention_depth=made.manifest.attention_depth,
        heads=sum(layer.n_heads for layer in layers),
        d_model=made.manifest.d_model,
        parameters=sum(array.size for array in made.tensors.values()),
        blocks=tuple((layer.n_heads, layer.d_head, layer.d_mlp) for layer in layers),
    )
    return shape, seconds


def _peak() -> int:
    """Peak memory of this process in bytes; `ru_maxrss` would include the parent on Linux."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.exists() else None
    if found is not None:
        return int(found[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _answer(program: str, size: int, longest: int, small: bool, path: str) -> dict[str, object]:
    compile_program(elaborate(Source("warm.rasp", "tokens;"), vocabulary=("a", "b"), max_length=2))
    start = time.perf_counter()
    try:
        shape, first = _compile(program, size, longest, small, Path(path))
    except RaspError as error:
        return asdict(Refusal(error.diagnostics[0].message, time.perf_counter() - start))
    peak = _peak()
    seconds = [first, *(_compile(program, size, longest, small)[1] for _ in range(REPEATS - 1))]
    return asdict(Compilation(shape, statistics.median(seconds), peak))


if __name__ == "__main__":
    print(json.dumps(_answer(**json.load(sys.stdin))))
