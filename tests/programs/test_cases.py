"""The shipped programs: the cases files equal the oracles, and the interpreter equals both."""

from __future__ import annotations

from functools import cache

import pytest
from raspc.compiler.elaborate import elaborate
from raspc.compiler.interpret.interpreter import Interpreter
from raspc.compiler.interpret.sample_inputs import all_inputs, chosen_inputs
from raspc.rasp_grammar.span import Source
from raspc.tests.programs.cases import PROGRAMS, Shipped, read_cases, render_cases, shipped_programs, typed
from raspc.tests.programs.make_cases import cases_of
from raspc.tests.programs.well_formed import WELL_FORMED, well_formed_inputs

SHIPPED = shipped_programs()
every_program = pytest.mark.parametrize("program", SHIPPED, ids=str)


@cache
def interpreter(program: Shipped) -> Interpreter:
    text = program.path.read_text(encoding="utf-8")
    return Interpreter(elaborate(Source(str(program), text), base=program.path.parent))


def test_every_family_has_programs() -> None:
    assert len(SHIPPED) >= 45
    families = {program.family for program in SHIPPED}
    assert families == {"paper", "tracr", "strings", "arithmetic", "automata", "statistics", "logic", "hard"}


def test_every_cases_file_has_a_program() -> None:
    assert sorted(PROGRAMS.glob("*/*.jsonl")) == sorted(program.cases_path for program in SHIPPED)


def test_table_of_programs_lists_every_program() -> None:
    table = (PROGRAMS / "README.md").read_text(encoding="utf-8")
    rows = [f"| [{program.name}]({program}.rasp) | {program.family} | {program.description} |" for program in SHIPPED]
    assert [row for row in rows if row not in table] == []
    assert table.count(".rasp)") == len(SHIPPED)


@every_program
def test_cases_equal_the_oracle(program: Shipped) -> None:
    assert program.cases_path.read_text(encoding="utf-8") == render_cases(cases_of(program))
    cases = read_cases(program.cases_path)
    assert 12 <= len(cases) <= 30
    lengths = {len(case.input) for case in cases}
    assert min(lengths) == 1
    assert max(lengths) == program.max_length


@every_program
def test_interpreter_equals_the_cases(program: Shipped) -> None:
    for case in read_cases(program.cases_path):
        assert typed(interpreter(program).run(case.input)) == typed(case.output), case.input


@every_program
def test_interpreter_equals_the_oracle(program: Shipped) -> None:
    declared = interpreter(program).program
    assert (declared.vocabulary, declared.max_length) == (program.vocabulary, program.max_length)
    inputs = chosen_inputs(program.vocabulary, program.max_length, exhaustive_limit=400, samples=300)
    inputs += [tokens for tokens in all_inputs(program.vocabulary, 2) if tokens not in inputs]
    inputs += well_formed_inputs(str(program), 300)
    for tokens in inputs:
        assert typed(interpreter(program).run(tokens)) == typed(program.oracle(list(tokens))), tokens


def test_well_formed_inputs_keep_to_vocabulary_and_length() -> None:
    programs = {str(program): program for program in SHIPPED}
    assert WELL_FORMED.keys() <= programs.keys()
    for name in WELL_FORMED:
        inputs = well_formed_inputs(name, 500)
        assert len(inputs) > 200
        assert set().union(*inputs) <= set(programs[name].vocabulary)
        assert 1 <= min(map(len, inputs)) <= max(map(len, inputs)) <= programs[name].max_length


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hard/dyck4", {"T", "P", "F"}),
        ("hard/long_subtraction", {"-"}),
        ("hard/inference", {"yes", "no"}),
        ("hard/find_pattern", {True}),
        ("hard/longest_run_token", {"a", "b", "c"}),
    ],
)
def test_well_formed_inputs_reach_every_answer(name: str, expected: set[str | bool]) -> None:
    oracle = next(program.oracle for program in SHIPPED if str(program) == name)
    answers = [{*oracle(list(tokens))} for tokens in well_formed_inputs(name, 200)]
    for answer in expected:
        assert sum(answer in found for found in answers) >= 20, answer
