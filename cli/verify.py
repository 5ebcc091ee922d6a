"""`raspc verify`: compares a compiled model with the interpreter."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..rasp_grammar.diagnostics import Diagnostic
from .options import json_option, model_argument
from .report_errors import Report

_REPORT = "if the files come from `raspc compile`, this is a bug of raspc: please report it with the program"
_BROKEN = "the model's answers are right, but nearer to wrong ones than its manifest promises"


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
    from ..tools.reports.verdict_text import amount, verdict_json, verdict_lines

    model = load(path, device="cpu", dtype="float32")
    manifest = model.manifest
    inputs = chosen_inputs(manifest, samples=samples, exhaustive=exhaustive, seed=seed)
    for verdict in verify(model, program_of(manifest), inputs):
        comparison = verdict.comparison
        if report.as_json:
            print(json.dumps(verdict_json(verdict)))
        else:
            name = str(path) if len(manifest.outputs) == 1 else f"{path} ({comparison.output})"
            choice = "all" if inputs.exhaustive else f"a sample of the {amount(inputs.count)}"
            print(f"{name}: compared on {comparison.compared:,} inputs, {choice} ", end="")
            print(f"of 1 to {manifest.max_length} tokens out of {len(manifest.vocabulary)}")
            print("".join(f"  {line}\n" for line in verdict_lines(verdict)), end="")
        if comparison.counterexample is not None:
            report.error("model-differs", f"the model differs from its program `{manifest.program.name}`", _REPORT)
        elif comparison.compared == 0:
            report.error("nothing-compared", "the program's output is undefined for every input tried")
        elif not verdict.promise_kept:
            report.show([Diagnostic("margin-broken", _BROKEN, None, _REPORT, "warning")])
