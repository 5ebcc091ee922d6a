"""Selectors through which `--causal` changes an output get a warning that shows an input; others get none."""

from __future__ import annotations

from pathlib import Path

import pytest
from raspc.api import read_program
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Program, Selector
from raspc.compiler.graph.values import Scalar
from raspc.compiler.graph.walk import reachable
from raspc.compiler.interpret.interpreter import Interpreter
from raspc.compiler.interpret.sample_inputs import Input, sampled_inputs
from raspc.compiler.warnings.causal import causal_warnings, looks_back
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source

PROGRAMS = Path(__file__).resolve().parents[3] / "programs"


def program(text: str, *entries: str) -> Program:
    return elaborate(Source("test.rasp", f'set vocab "ab"; set max_length 6; {text}'), entries=entries)


def named(text: str, *entries: str) -> list[str]:
    """The places that the warnings point at, as the text has them."""
    warnings = causal_warnings(program(text, *entries))
    assert {(warning.code, warning.severity) for warning in warnings} <= {("causal-meaning", "warning")}
    return [warning.span.text for warning in warnings if warning.span is not None]


@pytest.mark.parametrize(
    "text",
    [
        "selector_width(select(indices, indices, <=));",
        "selector_width(select(indices, indices, <) and select(tokens, tokens, ==));",
        "aggregate(select(indices, indices - 1, ==), tokens, '-');",
        # Both selectors look ahead, and give the same with and without it.
        "aggregate(select(tokens, tokens, ==), tokens);",
        "length > 0;",
        # Looks ahead, and nobody reads it.
        "unused = selector_width(full_s); tokens;",
        "tokens;",
    ],
)
def test_no_warning_where_the_meaning_stays(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize(
    ("text", "selectors"),
    [
        ("x = select(tokens, tokens, ==); selector_width(x);", ["select(tokens, tokens, ==)"]),
        ("aggregate(select(indices, indices + 1, ==), tokens, '-');", ["select(indices, indices + 1, ==)"]),
        ("aggregate(select(indices, 2, ==), indices, 7);", ["select(indices, 2, ==)"]),
        ("selector_width(not select(indices, indices, <));", ["not select(indices, indices, <)"]),
        # Of the library's functions, the place where the program uses them.
        ("tokens[length - indices - 1];", ["tokens[length - indices - 1]", "length"]),
        # Only the one that matters, and as it is read, not the parts that it is made of.
        (
            "same = select(tokens, tokens, ==); before = select(indices, indices, <);"
            "selector_width(same and before) + selector_width(same or before);",
            ["same or before"],
        ),
    ],
)
def test_a_warning_names_the_selector(text: str, selectors: list[str]) -> None:
    assert sorted(named(text)) == sorted(selectors)


def test_the_message_shows_an_input_and_two_positions() -> None:
    (warning,) = causal_warnings(program("selector_width(select(tokens, 'b', ==));"))
    assert warning.message == (
        '`--causal` changes what `select(tokens, "b", ==)` selects: on the input `a b`, '
        "position 0 would select the later position 1, and the output depends on it"
    )


def test_selectors_that_hide_each_other_are_all_named() -> None:
    """Two ways of asking whether there is a `b`: restricting one changes nothing while the other still sees it."""
    text = "has_focus(select(tokens, 'b', ==)) or has_focus(select(tokens == 'b', True, ==));"
    assert len(named(text)) == 2


def test_every_output_counts() -> None:
    text = "a = selector_width(select(indices, indices, <)); b = selector_width(select(indices, indices, >));"
    assert named(text, "a") == []
    assert named(text, "a", "b") == ["select(indices, indices, >)"]


def test_without_an_input_space_nothing_is_said() -> None:
    assert causal_warnings(elaborate(Source("test.rasp", "selector_width(full_s);"))) == ()


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("select(indices, indices, <=)", True),
        ("select(indices, indices, ==)", True),
        ("select(indices, indices + 1, <)", True),
        ("select(indices, indices + 1, <=)", False),
        ("select(indices, indices + 3/2, <)", False),
        ("select(indices + 1, indices, ==)", True),
        ("select(indices, indices - 2, <=)", True),
        ("select(1 + indices, indices + 2, ==)", False),
        ("select(indices, indices, >=)", False),
        ("select(indices, indices, !=)", False),
        ("full_s", False),
        ("full_s and select(indices, indices, <)", True),
        ("full_s or select(indices, indices, <)", False),
        ("not select(indices, indices, >)", False),
    ],
)
def test_looking_back_is_seen_in_the_form(selector: str, expected: bool) -> None:
    made = program(f"s = {selector}; selector_width(s);")
    (found,) = [node.selector for node in reachable([made.outputs[0][1]]) if hasattr(node, "selector")]
    assert isinstance(found, Selector)
    assert looks_back(found) == expected


@pytest.mark.parametrize("path", sorted(PROGRAMS.glob("*/*.rasp")), ids=lambda path: path.stem)
def test_warnings_and_meaning_agree_on_every_program(path: Path) -> None:
    """A program has a warning if and only if its output changes on one of some inputs (not those of the pass)."""
    made = read_program(path)
    assert made.vocabulary is not None
    assert made.max_length is not None
    meant, causal = Interpreter(made), Interpreter(made, causal=True)
    inputs = sampled_inputs(made.vocabulary, made.max_length, 60, seed=1)
    changes = any(_output(meant, tokens) != _output(causal, tokens) for tokens in inputs)
    assert changes == (len(causal_warnings(made)) > 0)


def _output(interpreter: Interpreter, tokens: Input) -> list[Scalar] | None:
    try:
        return interpreter.run(tokens)
    except RaspError:
        return None
