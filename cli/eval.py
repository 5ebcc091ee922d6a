"""`raspc eval`: interprets a program on tokens, without a model and without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ..compiler.graph.values import Scalar
from ..tools.print_values import Result, json_line, result_text
from ..tools.read_inputs import word_tokens
from .options import (
    declaration_options,
    entry_option,
    input_options,
    json_option,
    program_argument,
    read_program,
    require_one_input,
)
from .report_errors import Report
from .run_lines import run_lines


@click.command(short_help="Evaluate a program on tokens, without a model.")
@program_argument
@input_options
@entry_option
@declaration_options
@json_option
@click.pass_obj
def command(
    report: Report,
    path: Path,
    tokens: Sequence[str],
    lines: str | None,
    entries: Sequence[str],
    vocab: str | None,
    max_length: int | None,
    causal: bool,
) -> None:
    """Evaluate the RASP program FILE on tokens, without compiling it.

    TOKENs are words, or one word that is split into characters.  Put -- before a first token that begins with a dash.

    \b
    raspc eval sort.rasp 3 1 2
    raspc eval reverse.rasp hello
    raspc eval sort.rasp --entry target 3 1 2
    raspc eval sort.rasp --input inputs.jsonl
    """
    require_one_input(tokens, lines)
    from ..compiler.interpret.interpreter import Interpreter

    program = read_program(path, entries, vocab, max_length, report)
    interpreters = {name: Interpreter(program, entry=name, causal=causal) for name, _ in program.outputs}

    def evaluate(given: Sequence[Scalar]) -> Result:
        results = {name: interpreter.run(given) for name, interpreter in interpreters.items()}
        return results if len(results) > 1 else next(iter(results.values()))

    if lines is None:
        result = evaluate(word_tokens(tokens, program.vocabulary))
        print(json_line(result) if report.as_json else result_text(result))
    else:
        run_lines(lines, lambda batch: [evaluate(line) for line in batch], 1, report)
