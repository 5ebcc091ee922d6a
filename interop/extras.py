"""The error for a missing optional package."""

from __future__ import annotations

from ..rasp_grammar.diagnostics import Diagnostic, RaspError


def missing_extra(what: str, package: str, extra: str) -> RaspError:
    """An error that says that `what` needs `package`, which raspc's optional extra `extra` installs."""
    return RaspError(Diagnostic("missing-extra", f"{what} needs {package}", None, f"pip install 'raspc[{extra}]'"))
