"""`raspc fmt`: formats programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..rasp_grammar.diagnostics import Diagnostic, RaspError, reason_of
from ..rasp_grammar.text_layout import counted
from ..tools.program_files import programs_below, replace_program, unified_difference
from ..tools.read_inputs import standard_input
from .options import complete_programs, json_option
from .report_errors import Report

if TYPE_CHECKING:
    from ..rasp_grammar.span import Source

STANDARD_INPUT = Path("-")


@dataclass
class _Counts:
    changed: int = 0
    same: int = 0
    failed: int = 0


@click.command(short_help="Format programs.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=Path, shell_complete=complete_programs)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a program would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@json_option
@click.pass_obj
def command(report: Report, paths: Sequence[Path], check: bool, diff: bool) -> None:
    """Format the RASP programs that the PATHs name or contain, in place; `-` is standard input.

    Comments, the blank lines between statements and what a program means stay as they are.  A program with
    mistakes is reported and left alone.

    \b
    raspc fmt sort.rasp
    raspc fmt programs --check
    raspc fmt --diff sort.rasp
    raspc fmt - < sort.rasp
    """
    if STANDARD_INPUT in paths:
        if len(paths) > 1:
            raise click.UsageError("`-` stands alone")
        _filter(report, check, diff)
        return
    counts = _Counts()
    for path in programs_below(paths):
        try:
            changed = _format(report, path, check, diff)
        except RaspError as error:
            report.show(error.diagnostics)
            counts.failed += 1
        else:
            counts.changed += changed
            counts.same += not changed
    report.failed |= check and counts.changed > 0
    if not report.as_json and not diff:
        print(_summary(counts, check))


def _filter(report: Report, check: bool, diff: bool) -> None:
    """Format standard input to standard output."""
    from ..rasp_grammar.format.format_source import format_source

    source = _standard_input()
    text = format_source(source)
    changed = text != source.text
    if check or diff:
        _print_result(report, source, text, changed, check, diff)
        report.failed |= check and changed
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())


def _standard_input() -> Source:
    from ..rasp_grammar.span import Source

    content = standard_input().read()
    try:
        return Source("<stdin>", content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"standard input is not UTF-8 text (byte {error.start})"
        raise RaspError(Diagnostic("file-encoding", message, None, "give the program as UTF-8")) from None


def _format(report: Report, path: Path, check: bool, diff: bool) -> bool:
    """Format a file; returns whether its text changes.  Raises RaspError if it cannot be read or written."""
    from ..rasp_grammar.format.format_source import format_source
    from ..rasp_grammar.source_file import read_source

    source = read_source(path)
    text = format_source(source)
    changed = text != source.text
    if changed and not check and not diff:
        try:
            replace_program(path.resolve(), text)
        except OSError as error:
            message = f"`{path}` cannot be written: {reason_of(error)}"
            raise RaspError(Diagnostic("file", message, None, "check its permissions, and its folder's")) from None
    _print_result(report, source, text, changed, check, diff)
    return changed


def _print_result(report: Report, source: Source, text: str, changed: bool, check: bool, diff: bool) -> None:
    """Print the result for one program: a line, a diff, or a line of JSON."""
    if report.as_json:
        print(json.dumps({"file": source.name, "changed": changed}))
    elif diff:
        print(unified_difference(source, text), end="")
    elif changed:
        print(f"would format {source.name}" if check else f"formatted {source.name}")


def _summary(counts: _Counts, check: bool) -> str:
    changed = "would be formatted" if check else "formatted"
    if counts.same == 1:
        same = "is as it should be" if check else "left as it was"
    else:
        same = "are as they should be" if check else "left as they were"
    parts = [(counts.changed, changed), (counts.same, same), (counts.failed, "with errors")]
    return (
        ", ".join([f"{counted(number, 'file')} {what}" for number, what in parts if number > 0])
        or "no .rasp files there"
    )
