"""What to say where a package is missing that only one kind of export needs."""

from __future__ import annotations

from ..rasp_grammar.diagnostics import Diagnostic, RaspError


def missing_extra(what: str, package: str, extra: str) -> RaspError:
    """`what` needs `package`, which comes with raspc's extra `extra`."""
    return RaspError(Diagnostic("missing-extra", f"{what} needs {package}", None, f"pip install 'raspc[{extra}]'"))
