"""Compiled picks against the interpreter, on all inputs of small spaces and on samples of long ones."""

from __future__ import annotations

import pytest
from raspc.compiler.options import CompileOptions
from raspc.tests.support.agreement import assert_agree

SMALL = 'set vocab "abc"; set max_length 4;\n'
WHICH = ("first", "last", "nearest")
OPERANDS = (
    'select(tokens, "a", ==)',
    "select(tokens, tokens, ==) and select(indices, indices, !=)",
    "select(tokens, tokens, <)",
    "full_s",
    "select(tokens, tokens, ==)",
    "select(tokens, tokens, !=) and select(indices, indices, >)",
    # several conjunctions
    'select(tokens, "a", ==) or select(indices, indices, >)',
    "not (select(tokens, tokens, <=) and select(indices, indices, <))",
    "(select(tokens, tokens, <) and select(indices, indices, <)) or (select(tokens, tokens, >) and "
    "select(indices, indices, >))",
    # computed keys and queries
    "select(selector_width(select(tokens, tokens, ==)), 2, ==)",
    "select(indices % 2, selector_width(select(tokens, tokens, ==)) % 2, ==)",
    # nothing, and at most one
    "select(1, 2, ==)",
    "select(indices, 2, ==)",
)
READERS = (
    "aggregate({}, tokens, tokens_default);",
    "aggregate({}, indices, -1);",
    "aggregate({}, indices);",
    "selector_width({});",
    "has_focus({});",
    "aggregate(not {}, indices);",
    '3 * selector_width({} and select(tokens, "b", ==));',
    "aggregate({} or select(indices, indices, ==), indices);",
    "aggregate(select_last({} or select(indices, 0, ==)), indices);",
    "aggregate({}, selector_width(select(tokens, tokens, ==)), 9);",
    'aggregate({}, indicator(tokens == "a"), 5);',
)


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("operand", OPERANDS)
def test_every_reader_of_a_pick_agrees_with_the_interpreter(which: str, operand: str) -> None:
    for number, reader in enumerate(READERS):
        text = reader.format(f"select_{which}({operand})").replace("tokens_default", '"-"')
        assert_agree(SMALL + text, CompileOptions(small=number % 2 == 1))


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("operand", OPERANDS[:9:2])
def test_causal_picks_choose_among_the_keys_up_to_the_query(which: str, operand: str) -> None:
    for reader in READERS[:6]:
        text = reader.format(f"select_{which}({operand})").replace("tokens_default", '"-"')
        assert_agree(SMALL + text, CompileOptions(causal=True))


LONG = "set vocab [" + ", ".join(f'"w{i}"' for i in range(30)) + "]; set max_length 128;\n"
LONG_NUMBERS = "set vocab [" + ", ".join(map(str, range(30))) + "]; set max_length 128;\n"
LONG_OPERANDS = (
    (LONG, "select(tokens, tokens, ==) and select(indices, indices, <)"),
    (LONG_NUMBERS, "select(tokens, tokens, ==) and select(indices, indices, !=)"),
    (LONG, "select(selector_width(select(tokens, tokens, ==)), 2, ==)"),
    (LONG_NUMBERS, "select(selector_width(select(tokens, tokens, ==)), indices, <)"),
    (LONG_NUMBERS, "select(aggregate(select(indices, indices - 1, ==), tokens), tokens, ==)"),
    (LONG, "select(indices % 7, selector_width(select(tokens, tokens, ==)), ==)"),
)


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize(("declared", "operand"), LONG_OPERANDS)
def test_picks_are_exact_at_length_128(declared: str, operand: str, which: str) -> None:
    assert_agree(f"{declared}aggregate(select_{which}({operand}), indices, -1);", samples=30)
