"""`raspc verify`: a compiled model against the interpreter."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import json_option, model_argument
from .report import Report
from .values import as_json, as_text, text_line

if TYPE_CHECKING:
    from .verification import Verdict

#: Up to this many inputs, all of them are tried.
EXHAUSTIVE_LIMIT = 200_000

DEFAULT_SAMPLES = 2_000


@click.command(short_help="Compare a model with its program.")
@model_argument
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Try N inputs.  [default: all when they are at most {EXHAUSTIVE_LIMIT:,}, else {DEFAULT_SAMPLES:,}]",
)
@click.option("--exhaustive", is_flag=True, help="Try every input, however many there are.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="Choose other random inputs.")
@json_option
@click.pass_obj
def command(report: Report, path: Path, samples: int | None, exhaustive: bool, seed: int) -> None:
    """Compare MODEL with the interpreter of its program, from the model's two files alone.

    A sample holds random inputs of every length, and constant, sorted and alternating ones.  Inputs whose output is
    undefined are left out, and counted.

    \b
    raspc verify sort.safetensors
    raspc verify sort.safetensors --samples 10000 --seed 7
    """
    if exhaustive and samples is not None:
        raise click.UsageError("give --samples or --exhaustive, not both")
    from ..compiler.inputs import all_inputs, count_inputs, sampled_inputs
    from ..runner.model import load
    from .verification import Verifier, program_of

    model = load(path, device="cpu", dtype="float32")
    manifest = model.manifest
    total = count_inputs(len(manifest.vocabulary), manifest.max_length)
    everything = exhaustive or total <= (EXHAUSTIVE_LIMIT if samples is None else samples)
    program = program_of(manifest)
    for output in manifest.outputs:
        inputs = (
            all_inputs(manifest.vocabulary, manifest.max_length)
            if everything
            else sampled_inputs(manifest.vocabulary, manifest.max_length, samples or DEFAULT_SAMPLES, seed)
        )
        verdict = Verifier(model, program, output).verify(inputs)
        if report.as_json:
            print(json.dumps({"output": output.name, "exhaustive": everything} | _json(verdict)))
        else:
            name = str(path) if len(manifest.outputs) == 1 else f"{path} ({output.name})"
            choice = "all" if everything else f"a sample of the {_amount(total)}"
            print(f"{name}: compared on {verdict.compared:,} inputs, {choice} ", end="")
            print(f"of 1 to {manifest.max_length} tokens out of {len(manifest.vocabulary)}")
            print("".join(f"  {line}\n" for line in _text(verdict)), end="")
        if verdict.counterexample is not None:
            report.error("model-differs", f"the model differs from its program `{manifest.program.name}`", _REPORT)
        elif verdict.compared == 0:
            report.error("nothing-compared", "the program's output is undefined for every input tried")


_REPORT = "if the files come from `raspc compile`, this is a bug of raspc: please report it with the program"


def _text(verdict: Verdict) -> Iterator[str]:
    if verdict.undefined > 0:
        yield f"{verdict.undefined:,} more were left out: the program's output is undefined for them"
    found = verdict.counterexample
    if found is not None:
        yield f"they differ on: {text_line(found.tokens)}"
        values = f"the model gives {as_text(found.model)}, the interpreter {as_text(found.interpreter)}"
        yield f"at position {found.position} {values}"
    elif verdict.compared > 0:
        yield "model and interpreter agree on every one"


def _json(verdict: Verdict) -> dict[str, object]:
    found = verdict.counterexample
    return {
        "inputs": verdict.compared,
        "undefined": verdict.undefined,
        "equal": found is None,
        "counterexample": None
        if found is None
        else {
            "input": [as_json(token) for token in found.tokens],
            "position": found.position,
            "model": as_json(found.model),
            "interpreter": as_json(found.interpreter),
        },
    }


def _amount(number: int) -> str:
    return f"{number:,}" if number < 10**12 else f"some 10^{math.floor(math.log10(number))}"
