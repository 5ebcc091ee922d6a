"""Writes diagnostics to standard error, as text or as JSON lines, and decides the exit status."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TextIO

from ..rasp_grammar.codes import Code
from ..rasp_grammar.diagnostics import Diagnostic
from ..tools.error_messages import ExitStatus, diagnostics_of, exit_status, print_traceback_if_asked


@dataclass
class Report:
    """Writes diagnostics as they come.  `failed` is true once one of them was an error: the exit status is then 1.

    werror: warnings are errors.  warnings: the number of warnings written.  wrote_files: the command has written its
    files, so that it has done its work even if the summary cannot be printed.
    """

    as_json: bool = False
    failed: bool = False
    werror: bool = False
    warnings: int = 0
    wrote_files: bool = False

    def show(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Write each diagnostic as text, or with `--json` as one JSON object per line."""
        for given in diagnostics:
            diagnostic = replace(given, severity="error") if self.werror else given
            self.warnings += diagnostic.severity == "warning"
            self.failed |= diagnostic.severity == "error"
            text = json.dumps(diagnostic.as_json(), sort_keys=True) if self.as_json else diagnostic.render()
            print_to_standard_error(text)

    def error(self, code: Code, message: str, hint: str | None = None) -> None:
        """Write an error that has no place in a text."""
        self.show([Diagnostic(code, message, None, hint)])

    def unexpected(self, error: BaseException) -> ExitStatus:
        """Write an exception that a command did not catch; returns its exit status."""
        print_traceback_if_asked(error)
        self.show(diagnostics_of(error))
        return exit_status(error)


def print_to_standard_error(text: str) -> None:
    """Print a line to standard error.  One that is full or broken changes no result: there is nobody to tell."""
    with written_to_standard_error():
        print(text, file=sys.stderr, flush=True)


@contextmanager
def written_to_standard_error() -> Iterator[None]:
    """While something is written there, an OSError sends the rest to the null device."""
    try:
        yield
    except OSError:
        discard_rest(sys.stderr)


def discard_rest(stream: TextIO) -> None:
    """Send the rest of a stream to the null device, so that the flush at exit does not fail."""
    if isinstance(stream, io.TextIOWrapper):
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
