"""`raspc check`: everything that is wrong with programs, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ..rasp_grammar.diagnostics import RaspError
from .options import json_option, read_program
from .report import Report


@click.command(short_help="Report what is wrong with programs.")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def command(report: Report, paths: Sequence[Path]) -> None:
    """Report the errors and warnings of RASP programs; exit with 1 if there are errors.

    \b
    raspc check sort.rasp
    raspc check programs/*/*.rasp --json
    """
    for path in paths:
        try:
            read_program(path, (), None, None, report)
        except RaspError as error:
            report.show(error.diagnostics)
