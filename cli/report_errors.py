"""Writes diagnostics to standard error, as text or as JSON lines, and decides the exit status."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..rasp_grammar.codes import Code
from ..rasp_grammar.diagnostics import Diagnostic
from ..tools.error_messages import ExitStatus, diagnostics_of, exit_status, print_traceback_if_asked


@dataclass
class Report:
    """Writes diagnostics as they come.  `failed` is true once one of them was an error: the exit status is then 1.

    werror: warnings are errors.  warnings: the number of warnings written.
    """

    as_json: bool = False
    failed: bool = False
    werror: bool = False
    warnings: int = 0

    def show(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Write each diagnostic as text, or with `--json` as one JSON object per line."""
        for given in diagnostics:
            diagnostic = replace(given, severity="error") if self.werror else given
            self.warnings += diagnostic.severity == "warning"
            self.failed |= diagnostic.severity == "error"
            if self.as_json:
                print(json.dumps(diagnostic.as_json(), sort_keys=True), file=sys.stderr)
            else:
                print(diagnostic.render(), file=sys.stderr)

    def error(self, code: Code, message: str, hint: str | None = None) -> None:
        """Write an error that has no place in a text."""
        self.show([Diagnostic(code, message, None, hint)])

    def unexpected(self, error: BaseException) -> ExitStatus:
        """Write an exception that a command did not catch; returns its exit status."""
        print_traceback_if_asked(error)
        self.show(diagnostics_of(error))
        return exit_status(error)
