"""`raspc verify`: a compiled model against the interpreter."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..rasp_grammar.diagnostics import Diagnostic
from ..tools.print_values import json_scalar, text_line, value_text
from .options import json_option, model_argument
from .report_errors import Report

if TYPE_CHECKING:
    from ..runner.verify.verify import Verdict


@click.command(short_help="Compare a model with its program.")
@model_argument
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    metavar="N",
    help="Try N inputs.  [default: all when they are at most 200,000, else up to 20,000, fewer for large models]",
)
@click.option("--exhaustive", is_flag=True, help="Try every input, however many there are.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="Choose other random inputs.")
@json_option
@click.pass_obj
def command(report: Report, path: Path, samples: int | None, exhaustive: bool, seed: int) -> None:
    """Compare MODEL with the interpreter of its program, from the model's two files alone.

    A sample holds random inputs of every length, and constant, sorted and alternating ones, the shortest and the
    longest, and those of the least and greatest tokens.  Inputs whose output is undefined are left out, and counted.

    The margin is how much more error the answer would have survived, where it was least; the compiler promises a
    lower bound of it.

    \b
    raspc verify sort.safetensors
    raspc verify sort.safetensors --samples 10000 --seed 7
    """
    if exhaustive and samples is not None:
        raise click.UsageError("give --samples or --exhaustive, not both")
    from ..runner.model import load
    from ..runner.verify.verify import chosen_inputs, program_of, verify

    model = load(path, device="cpu", dtype="float32")
    manifest = model.manifest
    inputs = chosen_inputs(manifest, samples=samples, exhaustive=exhaustive, seed=seed)
    for verdict in verify(model, program_of(manifest), inputs):
        comparison = verdict.comparison
        if report.as_json:
            print(json.dumps(_json(verdict)))
        else:
            name = str(path) if len(manifest.outputs) == 1 else f"{path} ({comparison.output})"
            choice = "all" if inputs.exhaustive else f"a sample of the {_amount(inputs.count)}"
            print(f"{name}: compared on {comparison.compared:,} inputs, {choice} ", end="")
            print(f"of 1 to {manifest.max_length} tokens out of {len(manifest.vocabulary)}")
            print("".join(f"  {line}\n" for line in _text(verdict)), end="")
        if comparison.counterexample is not None:
            report.error("model-differs", f"the model differs from its program `{manifest.program.name}`", _REPORT)
        elif comparison.compared == 0:
            report.error("nothing-compared", "the program's output is undefined for every input tried")
        elif not verdict.promise_kept:
            report.show([Diagnostic("margin-broken", _BROKEN, None, _REPORT, "warning")])


_REPORT = "if the files come from `raspc compile`, this is a bug of raspc: please report it with the program"
_BROKEN = "the model's answers are right, but nearer to wrong ones than its manifest promises"


def _text(verdict: Verdict) -> Iterator[str]:
    found = verdict.comparison
    if found.compared > 0:
        percent = _percent(found.compared + found.undefined, found.input_space)
        share = "" if found.exhaustive else f", {percent} of all inputs"
        yield f"{found.positions:,} positions, {_lengths(found.lengths)}{share}"
    if found.undefined > 0:
        yield f"{found.undefined:,} more were left out: the program's output is undefined for them"
    worst, promised = verdict.worst, verdict.promised
    if worst is not None and verdict.of_error:
        bound = "" if promised is None else f", promised: at most {promised:.3g}"
        yield f"largest error {worst.value:.3g}{bound}"
    elif worst is not None:
        bound = "" if promised is None else f", promised: at least {_down(promised)}"
        yield f"smallest margin {_down(worst.value)}{bound}"
    wrong = found.counterexample
    if wrong is not None:
        assert wrong.candidate is not None, "a model always answers"
        yield f"they differ on: {text_line(wrong.tokens)}"
        values = f"the model gives {value_text(wrong.candidate)}, the interpreter {value_text(wrong.reference)}"
        yield f"at position {wrong.position} {values}"
    elif found.compared > 0:
        yield "model and interpreter agree on every one"


def _json(verdict: Verdict) -> dict[str, object]:
    comparison, worst = verdict.comparison, verdict.worst
    found = comparison.counterexample
    return {
        "output": comparison.output,
        "exhaustive": comparison.exhaustive,
        "inputs": comparison.compared,
        "undefined": comparison.undefined,
        "positions": comparison.positions,
        "lengths": sorted(comparison.lengths),
        "input_space": comparison.input_space,
        "margin": None
        if worst is None
        else {
            "of": "error" if verdict.of_error else "margin",
            "seen": worst.value,
            "promised": verdict.promised,
            "input": [json_scalar(token) for token in worst.tokens],
            "position": worst.position,
        },
        "equal": found is None,
        "counterexample": None
        if found is None
        else {
            "input": [json_scalar(token) for token in found.tokens],
            "position": found.position,
            "model": None if found.candidate is None else json_scalar(found.candidate),
            "interpreter": json_scalar(found.reference),
        },
    }


def _lengths(lengths: Iterable[int]) -> str:
    """`lengths 1 to 4, 7`."""
    runs: list[list[int]] = []
    for length in sorted(lengths):
        if len(runs) > 0 and runs[-1][1] == length - 1:
            runs[-1][1] = length
        else:
            runs.append([length, length])
    shown = ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in runs)
    return f"length{'' if shown.isdigit() else 's'} {shown}"


def _percent(part: int, total: int) -> str:
    if part * 10**12 < total:
        return "less than one in 10^12"
    return f"{100 * part / total:.2g}%"


def _down(number: float) -> str:
    """Four digits, and never more than the number is."""
    digits = 4 - math.ceil(math.log10(number)) if number > 0 else 4
    return f"{math.floor(number * 10.0**digits) / 10.0**digits:.4g}"


def _amount(number: int) -> str:
    return f"{number:,}" if number < 10**12 else f"some 10^{math.floor(math.log10(number))}"
