"""`raspc check`: reports the mistakes of programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ..rasp_grammar.diagnostics import RaspError
from ..rasp_grammar.text_layout import counted
from .options import ProgramPath, complete_programs, json_option, werror_option
from .report_errors import Report


@click.command(short_help="Report what is wrong with programs.")
@click.argument(
    "paths", metavar="FILE...", nargs=-1, required=True, type=ProgramPath(), shell_complete=complete_programs
)
@werror_option
@json_option
@click.pass_obj
def command(report: Report, paths: Sequence[Path]) -> None:
    """Report the errors and warnings of RASP programs; exit with 1 if there are errors.

    A file may be a library: it needs no output.  A terminal is told when nothing is wrong; otherwise nothing is printed
    then.

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
    if sys.stdout.isatty() and not (report.as_json or report.failed):
        checked = str(paths[0]) if len(paths) == 1 else counted(len(paths), "file")
        print(f"{checked}: no errors" + (f", {counted(report.warnings, 'warning')}" if report.warnings > 0 else ""))
