"""`raspc run`: a compiled model on tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from .inputs import run_lines, word_tokens
from .options import DEFAULT_BATCH, input_options, json_option, model_argument, require_one_input
from .report import Report
from .values import text_line

DEVICES = ("auto", "cpu", "cuda")
DTYPES = ("float32", "float64")


@click.command(short_help="Run a compiled model on tokens.")
@model_argument
@input_options
@click.option("--entry", metavar="NAME", help="Which output, of a model compiled with several; else the first.")
@click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="auto",
    show_default=True,
    help="Where to run.  auto: CUDA for --input if there is any, else the CPU, which starts sooner.",
)
@click.option("--dtype", type=click.Choice(DTYPES), default="float32", show_default=True, help="Precision.")
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=DEFAULT_BATCH,
    show_default=True,
    metavar="N",
    help="With --input, how many inputs to run at once; results appear after each batch.",
)
@json_option
@click.pass_obj
def command(
    report: Report,
    path: Path,
    tokens: Sequence[str],
    lines: str | None,
    entry: str | None,
    device: str,
    dtype: str,
    batch: int,
) -> None:
    """Run the compiled MODEL on tokens.

    TOKENs are words, or one word that is split into characters.  Put -- before a first token that begins with a dash.

    \b
    raspc run sort.safetensors 3 1 2
    raspc run reverse.safetensors hello
    raspc run sort.safetensors --input inputs.jsonl --batch 256
    """
    require_one_input(tokens, lines)
    from ..runner.model import load

    model = load(path, device=_device(device, many=lines is not None), dtype=dtype)
    if lines is None:
        print(text_line(model.run(word_tokens(tokens, model.manifest.vocabulary), entry)))
    else:
        run_lines(lines, lambda inputs: model.run_batch(inputs, entry), batch, report)


def _device(choice: str, *, many: bool) -> str:
    if choice != "auto":
        return choice
    if not many:  # starting CUDA takes longer than running any one input
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
