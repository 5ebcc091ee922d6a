"""The shrinker: its result has the property, and no smaller candidate has it."""

from __future__ import annotations

import pytest
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Aggregate
from raspc.compiler.graph.walk import reachable
from raspc.datasets.random_programs.generator import program_text
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source
from raspc.tools.fuzz.shrink import candidates, shrink

LARGE = """set vocab ["a", "b", "c"];
set max_length 7;
unused = indices * 2;
def pick(x, s) {
    return aggregate(s, x, 0);
}
s1 = select(indices, indices - 1, ==) and not select(tokens, "a", ==);
v1 = pick(indices + 3, s1);
v2 = v1 % 5 if tokens == "b" else unused;
for i in range(3) {
    v2 = v2 + i;
}
v3 = v2;
(v3 + 1) * 2;
"""


def is_program(text: str) -> bool:
    try:
        return len(elaborate(Source("fuzz.rasp", text)).outputs) == 1
    except RaspError:
        return False


def has_modulo(text: str) -> bool:
    return is_program(text) and "%" in text


def reads_an_aggregate(text: str) -> bool:
    if not is_program(text):
        return False
    program = elaborate(Source("fuzz.rasp", text))
    return any(isinstance(node, Aggregate) for node in reachable([program.outputs[0][1]]))


def test_result_has_only_what_the_property_needs() -> None:
    assert shrink(LARGE, has_modulo) == 'set vocab "a";\nset max_length 1;\n0 % 1;\n'


def test_functions_loops_and_names_are_expanded() -> None:
    small = shrink(LARGE, reads_an_aggregate)
    assert "def" not in small
    assert "for" not in small
    assert len(small) < 100


def test_shrinking_a_result_again_changes_nothing() -> None:
    small = shrink(LARGE, reads_an_aggregate)
    assert shrink(small, reads_an_aggregate) == small


@pytest.mark.parametrize("index", range(6))
def test_random_programs_shrink_to_a_constant(index: int) -> None:
    text = program_text(1, index)
    small = shrink(text, is_program)
    assert is_program(small)
    assert len(small) <= len('set vocab ["abc"];\nset max_length 1;\nindices;\n')


def test_calls_of_the_predicate_are_bounded() -> None:
    asked = []

    def holds(text: str) -> bool:
        asked.append(text)
        return is_program(text)

    assert is_program(shrink(LARGE, holds, 5))
    assert len(asked) == 5


def test_predicate_is_called_once_for_each_candidate() -> None:
    asked: list[str] = []

    def holds(text: str) -> bool:
        asked.append(text)
        return has_modulo(text)

    shrink(LARGE, holds)
    assert len(asked) == len(set(asked))


def test_text_that_does_not_parse_has_no_candidates() -> None:
    assert list(candidates("v = ;")) == []
