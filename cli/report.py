"""`raspc report`: shows a model at work on one input, as a page for the browser or as figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from ..tools.read_inputs import word_tokens
from .options import entry_option, force_option, json_option, model_argument
from .progress import long_work
from .report_errors import Report


@click.command(short_help="Write a page that shows a model at work on one input.")
@model_argument
@click.argument("tokens", metavar="TOKEN...", nargs=-1, required=True)
@click.option("-o", "--output", type=Path, metavar="FILE", help="The page.  [default: MODEL's name with .html, here]")
@click.option(
    "--png",
    type=Path,
    metavar="PATH",
    help="Write figures instead: into the folder PATH, or all in one file PATH.png (needs the extra `plot`).",
)
@entry_option
@force_option
@json_option
@click.pass_obj
def command(
    report: Report,
    path: Path,
    tokens: Sequence[str],
    output: Path | None,
    png: Path | None,
    entries: Sequence[str],
    force: bool,
) -> None:
    """Run MODEL on one input, and write a page that shows what each line of its program became, and how it works.

    The page is one file that needs no network: the program with what became of each line, the layers, every value by
    position, every attention pattern and the residual stream.  Values are compared with the interpreter's; where one
    differs, the exit status is 1.

    \b
    raspc report sort.safetensors 3 1 2
    raspc report sort.safetensors 3 1 2 -o sort.html
    raspc report sort.safetensors 3 1 2 --png figures/
    """
    if output is not None and png is not None:
        raise click.UsageError("give -o or --png, not both")
    if output is not None and output.suffix.lower() not in (".html", ".htm"):
        raise click.UsageError(f"the page is HTML: `{output}` should end in .html")
    from ..compiler.artifact.model_files import pair_paths
    from ..compiler.artifact.replaceable import PAGE, PICTURE, NewFile, require_replaceable, write_files
    from ..runner.model import load
    from ..tools.reports.trace import trace

    if png is not None:
        from ..tools.reports.figures import require_matplotlib

        require_matplotlib()
    stem = path.name.removesuffix(".safetensors").removesuffix(".manifest.json")
    page = output if output is not None else Path(f"{stem}.html")
    pair = pair_paths(path)
    inputs = (pair.weights, pair.manifest)
    if png is None:
        require_replaceable({page: PAGE}, inputs=inputs, force=force)  # before the work, not after it
    with long_work(f"tracing {path}", quiet=report.as_json):
        model = load(path, device="cpu")
        made = trace(model, word_tokens(tokens, model.manifest.vocabulary), entries=entries)
    if png is not None:
        from ..tools.reports.figures import pictures

        with long_work("drawing the figures", quiet=report.as_json):
            files = pictures(made, png, stem)
    else:
        from ..tools.reports.page import render

        files = {page: render(made, path.name).encode()}
    kind = PAGE if png is None else PICTURE
    for folder in {file.parent for file in files}:
        folder.mkdir(parents=True, exist_ok=True)
    write_files({file: NewFile(kind, [content]) for file, content in files.items()}, inputs=inputs, force=force)
    report.wrote_files = True
    report.failed |= not made.agrees
    if report.as_json:
        print(json.dumps({"files": [str(file) for file in files], "agrees": made.agrees}))
        return
    for file in files:
        print(f"wrote {file}")
    if not made.agrees:
        print("model and interpreter differ: `raspc trace` says where")
