"""What a command says besides its results: diagnostics, on standard error, as text or as JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from ..rasp_grammar.codes import Code
from ..rasp_grammar.diagnostics import Diagnostic


@dataclass
class Report:
    """Shows diagnostics as they come, and remembers whether one of them was an error (exit status 1)."""

    as_json: bool = False
    failed: bool = False

    def show(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Write each diagnostic: the readable form, or with `--json` one JSON object per line."""
        for diagnostic in diagnostics:
            self.failed |= diagnostic.severity == "error"
            if self.as_json:
                print(json.dumps(diagnostic.as_json(), sort_keys=True), file=sys.stderr)
            else:
                print(diagnostic.render(), file=sys.stderr)

    def error(self, code: Code, message: str, hint: str | None = None) -> None:
        """Show an error that belongs to no place in a text."""
        self.show([Diagnostic(code, message, None, hint)])
