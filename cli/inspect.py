"""`raspc inspect`: shows the parts of a compiled model."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .options import json_option, model_argument
from .report_errors import Report


@click.command(short_help="Show what a model consists of.")
@model_argument
@json_option
@click.pass_obj
def command(report: Report, path: Path) -> None:
    """Show the layers, heads, neurons and residual directions of MODEL, its sizes and its tightest margin.

    \b
    raspc inspect sort.safetensors
    raspc inspect sort.safetensors --json
    """
    from ..compiler.artifact.model_files import read
    from ..tools.reports.inspect_text import as_json, as_text

    model = read(path)
    read_by_logits = [index for index, row in enumerate(model.tensors["unembed.W_U"]) if row.any()]
    if report.as_json:
        print(json.dumps(as_json(model.manifest, read_by_logits)))
    else:
        print(as_text(model.manifest, str(path), read_by_logits))
