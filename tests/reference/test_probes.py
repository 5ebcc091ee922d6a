"""The REPL gives the values that the reference implementation printed for some 5,000 statements.

probes.jsonl has a line for each session: the statements that set it up, then statements with what was printed for
them: an s-op's values on the example as `[1, 2]` or `[1]*2`, a plain value as Python writes it.  A fraction is rounded
to three decimals, and whole numbers are written without `.0`.  `differ` holds the statements for which raspc prints
something else on purpose, by the row of docs/language.md that says why.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from raspc.rasp_grammar.span import Source
from raspc.tools.repl.dialogue import Dialogue
from raspc.tools.repl.render import render_values
from raspc.tools.repl.results import ListShown, Outcome, PlainShown, SOpShown, SOpValues

ROOT = Path(__file__).parents[2]
SESSIONS = [json.loads(line) for line in Path(__file__).with_name("probes.jsonl").read_text("utf-8").splitlines()]


def answers(dialogue: Dialogue, statement: str) -> list[object]:
    """The values that a statement shows: texts for s-ops, Python's values for plain ones."""
    return [value for outcome in dialogue.run(Source("<repl>", statement)) for value in _values(outcome)]


def _values(outcome: Outcome) -> Iterator[object]:
    match outcome:
        case SOpShown(shown=SOpValues() as shown):
            yield _without_kinds(render_values(shown))
        case PlainShown(value=value):
            yield _plain(value)
        case ListShown(items=items):
            for _, item in items:
                yield from _values(item)


def _without_kinds(text: str) -> str:
    return re.sub(r"(?<=\d)\.0(?=[],])", "", re.sub(r" \([a-z ]+\)$", "", text))


def _plain(value: object) -> object:
    match value:
        case Fraction():
            return float(value)
        case tuple():
            return [_plain(item) for item in value]
        case dict():
            return {_plain(key): _plain(item) for key, item in value.items()}
        case _:
            return value


def agree(printed: list[str], found: list[object]) -> bool:
    """Whether what raspc shows is what the reference printed."""
    sequences = [value for value in found if isinstance(value, str) and value.startswith("[")]
    if printed and printed == sequences:
        return True
    return len(printed) == len(found) == 1 and _equal(_value(printed[0]), found[0])


def _value(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _equal(one: object, other: object) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, float) or isinstance(other, float):
        return all(isinstance(value, (int, float)) for value in (one, other)) and math.isclose(
            float(str(one)), float(str(other)), rel_tol=1e-9
        )
    return type(one) is type(other) and one == other


def _started(session: dict[str, list[str]]) -> Dialogue:
    dialogue = Dialogue(ROOT)
    for statement in session["setup"]:
        answers(dialogue, statement)
    return dialogue


@pytest.mark.parametrize("number", range(len(SESSIONS)))
def test_values_are_those_of_the_reference(number: int) -> None:
    session = SESSIONS[number]
    dialogue = _started(session)
    for statement, *printed in session["statements"]:
        found = answers(dialogue, statement)
        assert not printed or agree(printed, found), (statement, printed, found)


@pytest.mark.parametrize("number", [place for place, session in enumerate(SESSIONS) if "differ" in session])
def test_values_differ_where_the_page_about_the_language_says_so(number: int) -> None:
    page = (ROOT / "docs" / "language.md").read_text("utf-8")
    dialogue = _started(SESSIONS[number])
    for row, statements in SESSIONS[number]["differ"].items():
        assert f"\n| {row} |" in page, row
        for statement, *printed in statements:
            assert not agree(printed, answers(dialogue, statement)), statement
