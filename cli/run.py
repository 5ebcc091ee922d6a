"""`raspc run`: runs a compiled model on tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from ..compiler.graph.values import Scalar
from ..rasp_grammar.diagnostics import Diagnostic
from ..tools.print_values import Result, json_line, result_text
from ..tools.read_inputs import word_tokens
from .options import DEFAULT_BATCH, entry_option, input_options, json_option, model_argument, require_one_input
from .report_errors import Report
from .run_lines import run_lines

DEVICES = ("auto", "cpu", "cuda")
DTYPES = ("float32", "float64")


@click.command(short_help="Run a compiled model on tokens.")
@model_argument
@input_options
@entry_option
@click.option(
    "--generate",
    type=click.IntRange(min=1),
    metavar="N",
    help="Continue the input by up to N tokens, each the output at the last position; for causal models.",
)
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
    entries: Sequence[str],
    generate: int | None,
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
    raspc run repeat.safetensors abcab --generate 4
    """
    require_one_input(tokens, lines)
    if generate is not None and len(entries) > 1:
        raise click.UsageError("--generate takes one --entry: the output that gives the next token")
    from ..runner.generation import cut_short, require_causal
    from ..runner.model import load
    from ..runner.verify.verify import output_error

    model = load(path, device=_device(device, many=lines is not None), dtype=dtype)
    if generate is not None:
        require_causal(model.manifest)
    names = entries or model.outputs

    def run(inputs: Sequence[Sequence[Scalar]]) -> Sequence[Result]:
        if generate is not None:
            return model.generate_batch(inputs, generate, names[0])
        results = model.run_outputs(inputs, names)
        return results if len(names) > 1 else [values[names[0]] for values in results]

    def remark(_: Sequence[Scalar], result: Result) -> Iterable[Diagnostic]:
        if generate is None or len(result) == generate:
            return ()
        return (cut_short(len(result), generate, model.manifest.max_length),)

    if lines is not None:
        run_lines(lines, run, batch, report, remark)
        return
    given = word_tokens(tokens, model.manifest.vocabulary)
    (result,) = run([given])
    if report.as_json:
        print(json_line(result))
    else:
        bounds = {output.name: output_error(output) for output in model.manifest.outputs}
        print(result_text(result, bounds if len(names) > 1 else bounds[names[0]]))
    report.show(remark(given, result))


def _device(choice: str, *, many: bool) -> str:
    if choice != "auto":
        return choice
    if not many:  # starting CUDA takes longer than running any one input
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
