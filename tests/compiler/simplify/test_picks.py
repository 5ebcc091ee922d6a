"""Picks after simplification: what marks a first or last position is one, and none is left where it is not needed."""

from __future__ import annotations

import pytest
from raspc.compiler.analysis.domains import Space
from raspc.compiler.graph.graph import SelectorPick
from raspc.compiler.graph.walk import attention_depths, reachable
from raspc.compiler.options import CompileOptions
from raspc.compiler.simplify.rewrite import simplify
from raspc.tests.support.agreement import assert_agree, program

DECLARED = 'set vocab "abc"; set max_length 4;\n'
MARKS = (
    'aggregate(select_from_first(tokens, "a"), indices, -1);',
    'aggregate(select_from_last(tokens, "a"), indices, -1);',
    'aggregate(select(mark_first_instance(tokens, "a"), True, ==), indices, -1);',
    'n = selector_width(select(tokens, "a", ==) and select(indices, indices, <));\n'
    'aggregate(select(n == 0 and tokens == "a", True, ==), indices, -1);',
    'seen = has_focus(select(tokens == "a", True, ==) and select(indices, indices, <));\n'
    'aggregate(select((1 if not seen else 2) if tokens == "a" else 0, 1, ==), indices, -1);',
)
#: Marks of other positions, which look alike.
OTHERS = (
    'aggregate(select(tokens == "a" and has_focus(select(tokens, "a", ==) and select(indices, indices, <)), True, ==), '
    "indices, -1);",
    'aggregate(select(tokens == "a" and not has_focus(select(tokens, "b", ==) and select(indices, indices, <)), True, '
    "==), indices, -1);",
    'aggregate(select(tokens == "a" and not has_focus(select(tokens, "a", ==) and select(indices, indices, <=)), True, '
    "==), indices, -1);",
    "aggregate(select_from_first(tokens, tokens), indices, -1);",
)


def picks_of(text: str, *, causal: bool = False) -> tuple[list[SelectorPick], int]:
    """The picks of the simplified program, and its depth in layers of attention."""
    made = program(DECLARED + text)
    assert made.vocabulary is not None
    assert made.max_length is not None
    outputs = [node for _, node in simplify(made, Space(made.vocabulary, made.max_length, causal)).program.outputs]
    depth = max(attention_depths(outputs)[output] for output in outputs)
    return [node for node in reachable(outputs) if isinstance(node, SelectorPick)], depth


@pytest.mark.parametrize("text", MARKS)
def test_the_position_that_a_mark_finds_is_a_pick_of_one_layer(text: str) -> None:
    picks, depth = picks_of(text)
    assert len(picks) == 1
    assert depth == 1
    assert_agree(DECLARED + text)
    assert_agree(DECLARED + text, CompileOptions(causal=True))


@pytest.mark.parametrize("text", OTHERS)
def test_other_marks_stay_as_they_are(text: str) -> None:
    assert picks_of(text)[0] == []
    assert_agree(DECLARED + text)


@pytest.mark.parametrize(
    "text",
    [
        "aggregate(select_first(select(indices, 2, ==)), tokens);",
        "aggregate(select_nearest(select(tokens, tokens, ==)), indices);",
        "selector_width(select_last(select(tokens, tokens, <)));",
        'has_focus(select_first(select(tokens, "a", ==)));',
        'aggregate(select_first(select(tokens, "a", ==)), tokens, "-");',
    ],
)
def test_no_pick_is_left_where_any_selected_key_serves(text: str) -> None:
    picks, depth = picks_of(text)
    assert picks == []
    assert depth == 1
    assert_agree(DECLARED + text)
