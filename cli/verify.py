"""`raspc verify`: compares a compiled model with the interpreter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..rasp_grammar.diagnostics import Diagnostic
from ..rasp_grammar.text_layout import counted
from .options import json_option, model_argument, time_limit_option
from .progress import Advance, counted_work, long_work
from .report_errors import Report

if TYPE_CHECKING:  # the runner's modules import torch
    from ..runner.verify.compare import Watch

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
@time_limit_option
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="Choose other random inputs.")
@json_option
@click.pass_obj
def command(
    report: Report, path: Path, samples: int | None, exhaustive: bool, time_limit: float | None, seed: int
) -> None:
    """Compare MODEL with the interpreter of its program, from the model's two files alone.

    A sample holds random inputs of every length, and constant, sorted and alternating ones, the shortest and the
    longest, and those of the least and greatest tokens; a small sample holds some of these.  Inputs whose output is
    undefined are left out, and counted.

    The margin is how much more error the answer would have survived, where it was least; the compiler promises a
    lower bound of it.

    \b
    raspc verify sort.safetensors
    raspc verify sort.safetensors --samples 10000 --seed 7
    """
    if exhaustive and samples is not None:
        raise click.UsageError("give --samples or --exhaustive, not both")
    with long_work(f"reading {path}", quiet=report.as_json):
        from ..runner.model import load
        from ..runner.verify.verify import chosen_inputs, program_of, until, verify
        from ..tools.reports.verdict_text import amount, verdict_json, verdict_lines

        model = load(path, device="cpu", dtype="float32")
        manifest = model.manifest
        program = program_of(manifest)
        inputs = chosen_inputs(manifest, samples=samples, exhaustive=exhaustive, seed=seed)
    with counted_work(inputs.size, unit="inputs", quiet=report.as_json, what=f"comparing {path}") as advance:
        limit = None if time_limit is None else until(time_limit)
        watch = None if advance is None and limit is None else _watch(advance, limit)
        verdicts = verify(model, program, inputs if limit is None else inputs.in_rounds(), watch)
    for verdict in verdicts:
        comparison = verdict.comparison
        if report.as_json:
            print(json.dumps(verdict_json(verdict)))
        else:
            name = str(path) if len(manifest.outputs) == 1 else f"{path} ({comparison.output})"
            choice = "all" if comparison.exhaustive else f"a sample of the {amount(inputs.count)}"
            print(f"{name}: compared on {counted(comparison.compared, 'input')}, {choice} ", end="")
            print(f"of 1 to {manifest.max_length} tokens out of {len(manifest.vocabulary)}")
            print("".join(f"  {line}\n" for line in verdict_lines(verdict)), end="")
            if comparison.stopped:
                tried = comparison.compared + comparison.undefined
                print(f"  stopped by --time-limit after {tried:,} of {counted(inputs.size, 'input')}")
        if comparison.counterexample is not None:
            report.error("model-differs", f"the model differs from its program `{manifest.program.name}`", _REPORT)
        elif comparison.compared == 0:
            report.error("nothing-compared", "the program's output is undefined for every input tried")
        elif not verdict.promise_kept:
            report.show([Diagnostic("margin-broken", _BROKEN, None, _REPORT, "warning")])


def _watch(advance: Advance | None, limit: Watch | None) -> Watch:
    """Shows the progress, and goes on until the limit."""

    def watch(done: int) -> bool:
        if advance is not None:
            advance(done)
        return limit is None or limit(done)

    return watch
