"""`raspc check`: reports the mistakes of programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ..rasp_grammar.diagnostics import RaspError
from .options import complete_programs, json_option
from .report_errors import Report


@click.command(short_help="Report what is wrong with programs.")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=Path, shell_complete=complete_programs)
@json_option
@click.pass_obj
def command(report: Report, paths: Sequence[Path]) -> None:
    """Report the errors and warnings of RASP programs; exit with 1 if there are errors.

    A file may be a library: it needs no output.

    \b
    raspc check sort.rasp
    raspc check programs/*/*.rasp --json
    """
    from ..api import read_program

    for path in paths:
        try:
            report.show(read_program(path, require_output=False).warnings)
        except RaspError as error:
            report.show(error.diagnostics)
