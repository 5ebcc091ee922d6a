"""The verdict of `verify` on a model, as text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...rasp_grammar.text_layout import counted
from ..print_values import json_scalar, text_line, value_text

if TYPE_CHECKING:  # the runner's modules import torch
    from ...runner.verify.verify import Verdict


def verdict_lines(verdict: Verdict) -> Iterator[str]:
    found = verdict.comparison
    if found.compared > 0:
        percent = _percent(found.compared + found.undefined, found.input_space)
        share = "" if found.exhaustive else f", {percent} of all inputs"
        yield f"{counted(found.positions, 'position')}, {_lengths(found.lengths)}{share}"
    if found.undefined > 0:
        yield f"{found.undefined:,} more were left out: the program's output is undefined for them"
    worst, promised = verdict.worst, verdict.promised
    if worst is not None and verdict.of_error:
        bound = "" if promised is None else f", promised: at most {promised:.3g}"
        yield f"largest error {worst.value:.3g}{bound}"
    elif worst is not None:
        bound = "" if promised is None else f", promised: at least {_down(promised)}"
        yield f"smallest margin {_down(worst.value)}{bound}"
    wrong = found.counterexample
    if wrong is not None:
        assert wrong.candidate is not None, "a model always answers"
        yield f"they differ on: {text_line(wrong.tokens)}"
        values = f"the model gives {value_text(wrong.candidate)}, the interpreter {value_text(wrong.reference)}"
        yield f"at position {wrong.position} {values}"
    elif found.compared > 0:
        yield "model and interpreter agree on every one"


def verdict_json(verdict: Verdict) -> dict[str, object]:
    comparison, worst = verdict.comparison, verdict.worst
    found = comparison.counterexample
    return {
        "output": comparison.output,
        "exhaustive": comparison.exhaustive,
        "inputs": comparison.compared,
        "undefined": comparison.undefined,
        "positions": comparison.positions,
        "lengths": sorted(comparison.lengths),
        "stopped": comparison.stopped,
        "input_space": comparison.input_space,
        "margin": None
        if worst is None
        else {
            "of": "error" if verdict.of_error else "margin",
            "seen": worst.value,
            "promised": verdict.promised,
            "input": [json_scalar(token) for token in worst.tokens],
            "position": worst.position,
        },
        "equal": found is None,
        "counterexample": None
        if found is None
        else {
            "input": [json_scalar(token) for token in found.tokens],
            "position": found.position,
            "model": None if found.candidate is None else json_scalar(found.candidate),
            "interpreter": json_scalar(found.reference),
        },
    }


def _lengths(lengths: Iterable[int]) -> str:
    """`lengths 1 to 4, 7`."""
    runs: list[list[int]] = []
    for length in sorted(lengths):
        if len(runs) > 0 and runs[-1][1] == length - 1:
            runs[-1][1] = length
        else:
            runs.append([length, length])
    shown = ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in runs)
    return f"length{'' if shown.isdigit() else 's'} {shown}"


def _percent(part: int, total: int) -> str:
    if part * 10**12 < total:
        return "less than one in 10^12"
    return f"{100 * part / total:.2g}%"


def _down(number: float) -> str:
    """Four digits, and never more than the number is."""
    digits = 4 - math.ceil(math.log10(number)) if number > 0 else 4
    return f"{math.floor(number * 10.0**digits) / 10.0**digits:.4g}"


def amount(number: int) -> str:
    return f"{number:,}" if number < 10**12 else f"some 10^{math.floor(math.log10(number))}"
