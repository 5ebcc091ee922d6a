"""`raspc lsp`: runs the language server; editors start it."""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import click

from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from ..tools.read_inputs import standard_input
from .explanation import FOLDER
from .report_errors import Report


@click.command(short_help="Serve editors (Language Server Protocol).")
@click.option("--stdio", is_flag=True, expose_value=False, help="Accepted for editors that pass it: it is always so.")
@click.pass_obj
def command(report: Report) -> None:
    """Speak the Language Server Protocol on standard input and output.

    Editors start this: diagnostics while typing, hover, go to definition, references, rename, completion, outline and
    formatting.  docs/editors.md has settings for VS Code, Vim, Neovim and Emacs.

    \b
    raspc lsp
    """
    if find_spec("pygls") is None:
        raise RaspError(Diagnostic("missing-extra", "`raspc lsp` needs pygls", None, "pip install 'raspc[lsp]'"))
    from ..tools.editor.server import serve

    if standard_input().isatty():
        print("raspc lsp: an editor starts this and speaks to it; end with Ctrl-D", file=sys.stderr)
    report.failed |= serve(_explanations().get) != 0


@cache
def _explanations() -> dict[str, str]:
    """The address (file and line) of the explanation of each code."""
    found: dict[str, str] = {}
    for text in files(__package__).joinpath(FOLDER).iterdir():
        if isinstance(text, Path) and text.suffix == ".md":
            for number, line in enumerate(text.read_text(encoding="utf-8").splitlines(), 1):
                heading = re.fullmatch(r"## (\S+)", line)
                if heading is not None:
                    found[heading[1]] = f"{text.resolve().as_uri()}#L{number}"
    return found
