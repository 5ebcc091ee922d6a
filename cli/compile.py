"""`raspc compile`: compiles a program, and writes weights and manifest."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import click

from ..compiler.options import DEFAULT_MAX_PARAMETERS, CompileOptions
from ..rasp_grammar.text_layout import counted
from .options import (
    complete_files,
    declaration_options,
    force_option,
    json_option,
    program_argument,
    read_program,
    time_limit_option,
    werror_option,
)
from .progress import long_work
from .report_errors import Report

STAGES = ("ast", "graph", "blocks", "layers")


@click.command(short_help="Compile a program into a transformer.")
@program_argument
@click.option(
    "-o",
    "--output",
    type=Path,
    metavar="MODEL",
    shell_complete=complete_files,
    help="The weights file; the manifest is written beside it.  [default: FILE's name with .safetensors, here]",
)
@click.option(
    "--entry",
    "entries",
    multiple=True,
    metavar="NAME",
    help="The output, instead of the last expression of FILE; several times: several outputs of one model.",
)
@declaration_options
@click.option("-Os", "small", is_flag=True, help="The smallest encodings: fewer parameters, harder to read.")
@click.option("--uniform", is_flag=True, help="Pad all layers to one shape.")
@click.option(
    "--max-params",
    type=click.IntRange(min=1),
    default=DEFAULT_MAX_PARAMETERS,
    show_default=True,
    metavar="N",
    help="Refuse to build a larger model.",
)
@force_option
@click.option("--emit", type=click.Choice(STAGES), help="Print this stage of the compilation, and write no files.")
@time_limit_option
@werror_option
@json_option
@click.pass_obj
def command(
    report: Report,
    path: Path,
    output: Path | None,
    entries: Sequence[str],
    vocab: str | None,
    max_length: int | None,
    causal: bool,
    small: bool,
    uniform: bool,
    max_params: int,
    force: bool,
    emit: str | None,
    time_limit: float | None,
) -> None:
    """Compile the RASP program FILE into a transformer.

    \b
    raspc compile sort.rasp
    raspc compile sort.rasp --vocab 'range(10)' --max-length 20 -o big.safetensors
    raspc compile facts.rasp --entry first --entry last
    raspc compile sort.rasp --emit layers
    """
    started = time.perf_counter()
    if emit == "ast":
        _emit_tree(path)
        return
    from ..compiler import compile_program
    from ..compiler import emit as emit_stage
    from ..compiler.work_limit import WorkLimit

    with long_work(f"reading {path}", quiet=report.as_json):
        program = read_program(path, entries, vocab, max_length, report)
    if causal:
        from ..compiler.warnings.causal import causal_warnings

        report.show(causal_warnings(program))
    if report.failed:  # by --werror
        return
    options = CompileOptions(small=small, uniform=uniform, causal=causal, max_parameters=max_params)
    match emit:
        case "graph" | "blocks" | "layers":
            with long_work(f"compiling {path}", quiet=report.as_json) as tell:
                text = emit_stage(program, options, emit, WorkLimit(time_limit, tell))
            _print_stage(text)
            return
    from ..compiler.artifact.model_files import require_room, write
    from ..compiler.warnings.outputs import output_warnings

    weights = output if output is not None else Path(path.stem + ".safetensors")
    inputs = [path, *(Path(source.name) for source in program.sources)]
    require_room(weights, inputs=inputs, force=force)  # before the compilation, not after it
    with long_work(f"compiling {path}", quiet=report.as_json) as tell:
        model = compile_program(program, options, WorkLimit(time_limit, tell))
        doubts = output_warnings(program, model.manifest)
    report.show(doubts)
    if report.werror and doubts:
        return
    written = write(model, weights, inputs=inputs, force=force)
    report.wrote_files = True
    manifest = model.manifest
    sizes = manifest.sizes()
    seconds = time.perf_counter() - started
    if report.as_json:
        summary = {
            "weights": str(written.weights),
            "manifest": str(written.manifest),
            "layers": sizes.layers,
            "heads": sizes.heads,
            "neurons": sizes.neurons,
            "d_model": manifest.d_model,
            "parameters": sizes.parameters,
            "seconds": round(seconds, 3),
        }
        print(json.dumps(summary))
    else:
        shape = f"{counted(sizes.layers, 'layer')}, {counted(sizes.heads, 'head')}, {sizes.parameters:,} parameters"
        print(f"{written.weights}: {shape}, {seconds:.2f} s")


def _emit_tree(path: Path) -> None:
    from ..rasp_grammar.parser import parse
    from ..rasp_grammar.print_tree import format_tree
    from ..rasp_grammar.source_file import read_source

    _print_stage(format_tree(parse(read_source(path))))


def _print_stage(text: str) -> None:
    print(text, end="" if text.endswith("\n") else "\n")
