"""`raspc new`: writes a commented program to start from."""

from __future__ import annotations

import os
import shlex
from importlib.resources import files
from pathlib import Path

import click

from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from .report_errors import Report

SUFFIX = ".rasp"


@click.command(short_help="Write a commented program to start from.")
@click.argument("name")
@click.pass_obj
def command(report: Report, name: str) -> None:
    """Write NAME.rasp: a small program that compiles, with comments that say how it works.

    A file that exists is never touched.

    \b
    raspc new first
    raspc new experiments/copying
    """
    path = Path(name if name.endswith(SUFFIX) else name + SUFFIX)
    stem = path.name.removesuffix(SUFFIX)
    if stem.strip() == "" or stem in (".", ".."):
        raise click.UsageError("give the program a name: raspc new first")
    if not stem.isprintable():  # the name stands in a comment, which a newline would end
        raise click.UsageError("a name is of characters that can be seen")
    text = files("raspc.cli").joinpath("starter.rasp").read_text(encoding="utf-8")
    _create(path, text.replace("NAME", stem, 1))
    report.wrote_files = True
    program, model = shlex.quote(str(path)), shlex.quote(f"{stem}.safetensors")
    print(f"wrote {path}; try")
    for line in (
        f"  raspc eval {program} abcab",
        f"  raspc compile {program}",
        f"  raspc run {model} abcab",
        f"  raspc inspect {model}",
    ):
        print(line)


def _create(path: Path, text: str) -> None:
    """Write a new file.  Raises RaspError if it exists or its folder is missing."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        raise RaspError(
            Diagnostic("file", f"`{path}` exists already", None, "choose another name, or remove it first")
        ) from None
    except FileNotFoundError:
        raise RaspError(
            Diagnostic("file", f"`{path.parent}`: there is no such folder", None, "make it first, or leave it out")
        ) from None
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)
        raise
