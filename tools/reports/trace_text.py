"""A trace as text, 80 columns wide (s-ops by position, in the order of stages), and as JSON."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from ...compiler.graph.values import Scalar, Undefined, Value
from ...rasp_grammar.text_layout import PAGE_WIDTH, shortened
from ..print_values import json_value, short_text
from .trace import Cell, SOpTrace, Trace

#: Columns for names; a longer name continues below.
NAMES = 26

#: Columns of a cell, at most.
WIDEST = 12


def as_text(trace: Trace, name: str) -> str:
    """The trace, under a line with the name of the model and whether all values agree."""
    lines = textwrap.wrap(f"{name}: {_verdict(trace)}", PAGE_WIDTH, subsequent_indent="  ")
    columns = [_Row("position", [str(place) for place in range(len(trace.tokens))])]
    twice = {name for name, count in Counter(sop.name for sop in trace.sops).items() if count > 1}
    held = [sop for sop in trace.sops if sop.stage is not None]
    sections = []
    for stage, sops in groupby(held, key=lambda sop: sop.stage):
        assert stage is not None
        sections.append((stage.name, [row for sop in sops for row in _rows(sop, sop.name in twice)]))
    answers = []
    for output in trace.outputs:
        answers.append(_Row(output.name, [short_text(value, output.error) for value in output.model]))
        if not output.agrees:
            model = [None if right else got for got, right in zip(output.model, output.right, strict=True)]
            answers.append(_difference(model, output.interpreter, output.error))
    sections.append(("logits", answers))
    unheld = [row for sop in trace.sops if sop.stage is None for row in _folded(sop)]
    if unheld:
        sections.append(("in no direction (the interpreter's values)", unheld))
    width = max((len(text) for _, rows in sections for row in rows for text in row.cells), default=1)
    width = min(WIDEST, max(width, len(str(len(trace.tokens) - 1))))
    count = max(1, (PAGE_WIDTH - NAMES - 2) // (width + 2))
    for start in range(0, len(trace.tokens), count):
        shown = slice(start, start + count)
        lines += ["", *columns[0].lines(shown, width)]
        for title, rows in sections:
            lines.append(title)
            lines += [line for row in rows for line in row.lines(shown, width)]
    notes = list(_notes(trace))
    return "\n".join([*lines, *(["", *notes] if notes else [])])


class _Row:
    """A name and a text for each position."""

    def __init__(self, name: str, cells: Sequence[str]) -> None:
        self.name = name
        self.cells = [shortened(cell, WIDEST, "..") for cell in cells]

    def lines(self, shown: slice, width: int) -> Iterator[str]:
        first, *rest = wrapped(self.name, NAMES - 2) or [""]
        cells = "".join(cell.rjust(width + 2) for cell in self.cells[shown])
        yield f"  {first:<{NAMES - 2}}{cells}".rstrip()
        for line in rest:
            yield f"  {line}"


def wrapped(text: str, width: int) -> list[str]:
    """The lines of an expression, broken at blanks and after `(`; lines after the first are indented by two."""
    lines = [""]
    for word in re.findall(r"[^\s(]*\(|[^\s(]+\s*|\s+", text):
        full = len(lines[-1]) + len(word.rstrip()) > width
        if full and lines[-1].strip():
            lines.append("  ")
        rest = word
        while len(lines[-1]) + len(rest.rstrip()) > width:  # a name that is longer than a line
            room = width - len(lines[-1])
            lines[-1] += rest[:room]
            rest = rest[room:]
            lines.append("  ")
        lines[-1] += rest
    return [line.rstrip() for line in lines]


def _verdict(trace: Trace) -> str:
    if trace.agrees:
        return "every value in the model is the interpreter's"
    wrong = [sop.name for sop in trace.sops if sop.agrees is False]
    wrong += [output.name for output in trace.outputs if not output.agrees]
    return f"model and interpreter differ in {', '.join(dict.fromkeys(wrong))}"


def _rows(sop: SOpTrace, shared: bool) -> Iterator[_Row]:
    """The rows of an s-op.  shared: another s-op has the same name; the directions tell them apart."""
    listed = [*map(str, sop.directions[:2]), *([".."] if len(sop.directions) > 2 else [])]
    name = f"{sop.name} [{', '.join(listed)}]" if shared else sop.name
    yield _Row(f"{name} (in part)" if sop.encoding == "part" else name, [cell_text(cell) for cell in sop.cells])
    if sop.agrees is False:
        model = [None if cell.agrees is not False else cell.model for cell in sop.cells]
        yield _difference(model, [cell.interpreter for cell in sop.cells])


def _difference(model: Sequence[object], interpreter: Sequence[Value], error: float = 0.0) -> _Row:
    texts = [
        "" if got is None or got == right else f"not {short_text(right, error)}"
        for got, right in zip(model, interpreter, strict=True)
    ]
    return _Row("  differs", texts)


def _folded(sop: SOpTrace) -> Iterator[_Row]:
    yield _Row(sop.name, [short_text(cell.interpreter) for cell in sop.cells])


def _notes(trace: Trace) -> Iterator[str]:
    for sop in trace.sops:
        if sop.encoding == "part":
            reason = f"{sop.name}: the model holds what its readers need; values that it does not tell apart share a |"
            yield from textwrap.wrap(reason, PAGE_WIDTH, subsequent_indent="  ")
        elif sop.encoding == "constant":
            yield from textwrap.wrap(
                f"{sop.name}: a constant, part of what reads it", PAGE_WIDTH, subsequent_indent="  "
            )
        elif sop.stage is None:
            where = ", ".join(sop.folded) if sop.folded else "nothing that the output needs"
            yield from textwrap.wrap(f"{sop.name}: computed within {where}", PAGE_WIDTH, subsequent_indent="  ")


def cell_text(cell: Cell) -> str:
    """The value that the model holds; `a|b` for one of several; `-` where the program's value is undefined."""
    if isinstance(cell.interpreter, Undefined):
        return "-"
    if len(cell.model) == 0:
        return "?"
    if len(cell.model) == 1:
        return short_text(cell.model[0])
    first = [short_text(value) for value in cell.model[:2]]
    return "|".join([*first, *([f"+{len(cell.model) - 2}"] if len(cell.model) > 2 else [])])


def document(trace: Trace) -> dict[str, object]:
    """The trace as JSON: values of model and interpreter by position, null for none."""
    return {
        "tokens": [json_value(token) for token in trace.tokens],
        "agrees": trace.agrees,
        "sops": [
            {
                "name": sop.name,
                "text": sop.text,
                "node": sop.node,
                "line": sop.line,
                "stage": None if sop.stage is None else sop.stage.name,
                "layer": None if sop.stage is None else sop.stage.layer,
                "encoding": sop.encoding,
                "directions": list(sop.directions),
                "folded_into": list(sop.folded),
                "agrees": sop.agrees,
                "model": [_several(cell.model) for cell in sop.cells],
                "interpreter": [json_value(cell.interpreter) for cell in sop.cells],
                "error": max((cell.error for cell in sop.cells), default=0.0),
            }
            for sop in trace.sops
        ],
        "outputs": [
            {
                "name": output.name,
                "node": output.node,
                "agrees": output.agrees,
                "model": [json_value(value) for value in output.model],
                "interpreter": [json_value(value) for value in output.interpreter],
            }
            for output in trace.outputs
        ],
    }


def _several(values: tuple[Scalar, ...]) -> object:
    """One value as itself; several as a list; none as null."""
    if len(values) == 1:
        return json_value(values[0])
    return [json_value(value) for value in values] if values else None
