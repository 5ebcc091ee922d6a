"""`raspc repl`: RASP statements at a terminal or from a script; shows their values on the running example."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..rasp_grammar.diagnostics import Diagnostic
from ..rasp_grammar.span import Source
from ..tools.read_inputs import standard_input
from .options import complete_files
from .report_errors import Report

if TYPE_CHECKING:
    from ..tools.repl.dialogue import Dialogue


@click.command(short_help="Try RASP interactively, or run a script.")
@click.argument("files", metavar="[FILE...]", nargs=-1, shell_complete=complete_files)
@click.pass_obj
def command(report: Report, files: Sequence[str]) -> None:
    """Read RASP statements, and show what each gives on the running example.

    FILEs are loaded first.  At a terminal there is history, completion with Tab, and `:help`.  Otherwise standard
    input is a script: values are printed, mistakes are reported and skipped, and make the exit status 1.

    \b
    raspc repl
    raspc repl sort.rasp
    raspc repl < session.txt
    echo 'sort(tokens, tokens)([3, 1, 2])' | raspc repl
    """
    from ..tools.repl.dialogue import Dialogue

    dialogue = Dialogue(Path())
    for name in files:
        if not _answer(dialogue, Source("<command line>", _load(name)), report):
            return
    if sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty():
        _talk(dialogue)
    else:
        _read_script(dialogue, report)


def _load(name: str) -> str:
    quote = "'" if '"' in name else '"'
    if quote in name or "\n" in name:
        raise click.UsageError(f"{name!a}: raspc cannot load a file of this name")
    return f"load {quote}{name}{quote};"


def _read_script(dialogue: Dialogue, report: Report) -> None:
    from ..tools.repl.read_statements import split_inputs

    for source in split_inputs(_lines(report), "<stdin>"):
        if not _answer(dialogue, source, report):
            return


def _lines(report: Report) -> Iterator[str]:
    """The lines of standard input; one that is not UTF-8 is reported and replaced by a blank one."""
    for number, data in enumerate(standard_input(), 1):
        try:
            text = data.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            _say(report, Diagnostic("file-encoding", f"line {number} is not UTF-8 text", None, "save it as UTF-8"))
            text = "\n"
        yield text.replace("\r\n", "\n")


def _answer(dialogue: Dialogue, source: Source, report: Report) -> bool:
    """Run one input and print its outcomes.  Returns False if it ended the session."""
    from ..tools.repl.render import render
    from ..tools.repl.results import Errors, SessionEnd, Warnings

    for outcome in dialogue.run(source):
        match outcome:
            case SessionEnd():
                return False
            case Errors(diagnostics=diagnostics) | Warnings(diagnostics=diagnostics):
                _say(report, *diagnostics)
            case _:
                print(render(outcome, full=dialogue.conversation.full), end="", flush=True)
    return True


def _say(report: Report, *diagnostics: Diagnostic) -> None:
    sys.stdout.flush()  # both streams may go to the same terminal or file
    report.show(diagnostics)
    sys.stderr.flush()


def _talk(dialogue: Dialogue) -> None:
    """Read and run inputs at a terminal.  Mistakes do not change the exit status."""
    from .. import __version__
    from ..tools.repl.terminal import prompts

    print(f"raspc {__version__}: RASP at the prompt.  :help tells what there is, Ctrl-D leaves.")
    for text in prompts(dialogue.conversation):
        report = Report()
        try:
            if not _answer(dialogue, Source("<input>", text), report):
                return
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        except Exception as error:  # an internal error must not end the session
            report.unexpected(error)
