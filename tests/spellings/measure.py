"""Compiles one spelling and compares the model with the oracle."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.values import Scalar
from raspc.compiler.interpret.sample_inputs import chosen_inputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source
from raspc.runner.model import Model
from raspc.tests.spellings.suite import InputSpace, Spelled, named
from raspc.tools.fuzz.check import equal


@dataclass(frozen=True)
class Measured:
    """`status`: "exact", "wrong", "refused" or "too slow".  `detail`: the diagnostic, or the first wrong input."""

    function: str
    spelling: int
    size: str
    small: bool
    status: str
    parameters: int | None
    layers: int | None
    seconds: float
    detail: str = ""


def measure(function: str, spelling: int, size: str, *, small: bool, inputs: int, seconds: float) -> Measured:
    """One spelling at one size (`small` or `realistic`); `inputs` are compared at most."""
    spelled = named(function)
    space = spelled.alphabet.small if size == "small" else spelled.alphabet.realistic
    start = time.perf_counter()
    status, parameters, layers, detail = "exact", None, None, ""
    try:
        with _time_limit(seconds):
            program = elaborate(Source(f"{spelled.name}.rasp", spelled.text(spelling, space)))
            options = CompileOptions(small=small, max_parameters=20_000_000)
            compiled = compile_program(program, options)
            parameters = sum(tensor.size for tensor in compiled.tensors.values())
            layers = len(compiled.manifest.layers)
            taken = time.perf_counter() - start
    except RaspError as error:
        status, detail = "refused", error.diagnostics[0].render().splitlines()[0]
    except TimeoutError:
        status, detail = "too slow", f"more than {seconds:.0f} s"
    if status != "exact":
        return Measured(spelled.name, spelling, size, small, status, None, None, time.perf_counter() - start, detail)
    model = Model.from_compiled(compiled, device="cpu")
    (output,) = compiled.manifest.outputs
    chosen = sample(spelled, space, inputs)
    for tokens, found in zip(chosen, model.run_batch(chosen), strict=True):
        wanted = list(spelled.oracle(tokens))
        if not all(equal(output, a, b) for a, b in zip(found, wanted, strict=True)):
            status, detail = "wrong", f"{list(tokens)}: {found}, not {wanted}"
            break
    return Measured(spelled.name, spelling, size, small, status, parameters, layers, taken, detail)


def sample(spelled: Spelled, space: InputSpace, count: int) -> list[Sequence[Scalar]]:
    """Inputs of all lengths: edge cases first, then random ones, half of them over few different tokens."""
    rng = random.Random(f"{spelled.name} {space.max_length}")
    tokens = space.tokens
    found: list[Sequence[Scalar]] = list(
        chosen_inputs(tuple(tokens), space.max_length, exhaustive_limit=count, samples=count // 2)
    )
    while len(found) < count:
        few = rng.sample(tokens, min(len(tokens), rng.choice([2, 3, len(tokens)])))
        found.append([rng.choice(few) for _ in range(rng.randint(1, space.max_length))])
    return found[:count]


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def stop(signum: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
