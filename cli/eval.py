"""`raspc eval`: what a program means, by the interpreter; no model, and no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from .inputs import run_lines, word_tokens
from .options import (
    declaration_options,
    input_options,
    json_option,
    program_argument,
    read_program,
    require_one_input,
)
from .report import Report
from .values import text_line


@click.command(short_help="Evaluate a program on tokens, without a model.")
@program_argument
@input_options
@click.option("--entry", metavar="NAME", help="The output; else the last expression of FILE.")
@declaration_options
@json_option
@click.pass_obj
def command(
    report: Report,
    path: Path,
    tokens: Sequence[str],
    lines: str | None,
    entry: str | None,
    vocab: str | None,
    max_length: int | None,
    causal: bool,
) -> None:
    """Evaluate the RASP program FILE on tokens, without compiling it.

    TOKENs are words, or one word that is split into characters.  Put -- before a first token that begins with a dash.

    \b
    raspc eval sort.rasp 3 1 2
    raspc eval reverse.rasp hello
    raspc eval sort.rasp --input inputs.jsonl
    """
    require_one_input(tokens, lines)
    from ..compiler.interpreter import Interpreter

    program = read_program(path, () if entry is None else (entry,), vocab, max_length, report)
    interpreter = Interpreter(program, entry=entry, causal=causal)
    if lines is None:
        print(text_line(interpreter.run(word_tokens(tokens, program.vocabulary))))
    else:
        run_lines(lines, lambda batch: [interpreter.run(line) for line in batch], 1, report)
