"""`raspc trace`: shows the values that a model holds of each s-op, beside the interpreter's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from ..tools.read_inputs import word_tokens
from .options import entry_option, json_option, model_argument
from .report_errors import Report


@click.command(short_help="Show what a model holds of each value, position by position.")
@model_argument
@click.argument("tokens", metavar="TOKEN...", nargs=-1, required=True)
@entry_option
@json_option
@click.pass_obj
def command(report: Report, path: Path, tokens: Sequence[str], entries: Sequence[str]) -> None:
    """Run MODEL on one input, and show each s-op's value by position, where the model first holds it.

    Values are read back out of the residual stream and compared with the interpreter's; what differs is shown below
    and makes the exit status 1.  TOKENs are words, or one word that is split into characters.

    \b
    raspc trace sort.safetensors 3 1 2
    raspc trace facts.safetensors hello --entry first --json
    """
    from ..runner.model import load
    from ..tools.reports.trace import trace
    from ..tools.reports.trace_text import as_text, document

    model = load(path, device="cpu")
    made = trace(model, word_tokens(tokens, model.manifest.vocabulary), entries=entries)
    print(json.dumps(document(made)) if report.as_json else as_text(made, str(path)))
    report.failed |= not made.agrees
