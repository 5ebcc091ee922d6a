"""Runs a function on the inputs of a JSON lines file, and prints a line for each result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

from ..compiler.graph.values import Scalar
from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from ..tools.print_values import Result, json_line
from ..tools.read_inputs import InputLine, read_lines
from .report_errors import Report

Batch = list[list[Scalar]]

#: Diagnostics about an input and its result.
Remark = Callable[[Sequence[Scalar], Result], Iterable[Diagnostic]]


def _no_remark(_: Sequence[Scalar], __: Result) -> Iterable[Diagnostic]:
    return ()


def run_lines(
    path: str, run: Callable[[Batch], Sequence[Result]], batch: int, report: Report, remark: Remark = _no_remark
) -> None:
    """Read inputs from a JSON lines file (`-` is standard input), print one JSON array or object for each.

    A bad line is reported and has no output line; the others still run.  A blank line gives a blank line, so that the
    results keep their places.  `remark` gives diagnostics about an input and its result.
    """
    waiting: list[InputLine | None] = []
    for line in read_lines(path):
        if isinstance(line, Diagnostic):
            report.show([line])
            continue
        waiting.append(line)
        if len(waiting) == batch:
            _run_batch(waiting, run, report, remark)
            waiting = []
    if waiting:
        _run_batch(waiting, run, report, remark)


def _run_batch(
    lines: list[InputLine | None], run: Callable[[Batch], Sequence[Result]], report: Report, remark: Remark
) -> None:
    inputs = [line for line in lines if line is not None]
    try:
        results = iter(run([line.tokens for line in inputs]) if inputs else ())
    except RaspError as error:
        if len(lines) > 1:  # one bad line must not stop the others
            for line in lines:
                _run_batch([line], run, report, remark)
        else:
            report.show(map(inputs[0].locate, error.diagnostics))
        return
    for line in lines:
        if line is None:
            print()
            continue
        result = next(results)
        print(json_line(result))
        report.show(map(line.locate, remark(line.tokens, result)))
    sys.stdout.flush()
