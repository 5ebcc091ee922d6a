"""Random programs follow from their seed, are well formed and mostly defined, and cover every construct."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys

import pytest
from raspc.compiler.elaborate import elaborate, require_input_space
from raspc.compiler.graph.graph import (
    Aggregate,
    Select,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorWidth,
    Table,
)
from raspc.compiler.graph.walk import reachable
from raspc.compiler.interpret.interpreter import Interpreter
from raspc.compiler.interpret.sample_inputs import sampled_inputs
from raspc.datasets.random_programs.generator import generate, program_text
from raspc.rasp_grammar import tree
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.parser import parse
from raspc.rasp_grammar.span import Source

SAMPLE = 400

LIBRARY = [
    "abs",
    "round",
    "indicator",
    "not",
    "tokens_str",
    "length",
    "select",
    "aggregate",
    "selector_width",
    "has_focus",
    "count",
    "contains",
    "average",
    "max",
    "min",
    "largest",
    "smallest",
    "sort",
    "shift",
    "load_from_location",
    "mark_first_instance",
    "mark_last_instance",
    "select_from_first",
    "select_from_last",
    "select_next_identical",
    "full_s",
    "zip",
    "range",
]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [program_text(0, index) for index in range(SAMPLE)]


def test_program_is_a_function_of_random_state_and_budget() -> None:
    assert generate(random.Random(5), 20) == generate(random.Random(5), 20)
    assert generate(random.Random(5), 20) != generate(random.Random(6), 20)


def test_programs_are_the_same_for_any_string_hash_seed() -> None:
    load = "from raspc.datasets.random_programs.generator import program_text"
    code = f"{load}; print([program_text(0, i) for i in range(40)])"
    outputs = set()
    for seed in ("1", "2", "3"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        outputs.add(done.stdout)
    assert len(outputs) == 1


def test_every_program_elaborates_and_declares_vocabulary_and_length(texts: list[str]) -> None:
    for text in texts:
        program = elaborate(Source("fuzz.rasp", text))
        require_input_space(program)
        assert len(program.outputs) == 1


def test_programs_grow_with_the_budget() -> None:
    def size(budget: int) -> int:
        return sum(len(generate(random.Random(seed), budget)) for seed in range(60))

    assert size(4) < size(16) < size(48)


def test_fewer_than_one_input_in_ten_is_undefined(texts: list[str]) -> None:
    defined = undefined = 0
    for text in texts[:200]:
        program = elaborate(Source("fuzz.rasp", text))
        interpreter = Interpreter(program)
        for tokens in sampled_inputs(*require_input_space(program), 10):
            try:
                interpreter.run(tokens)
                defined += 1
            except RaspError:
                undefined += 1
    assert 0 < undefined < 0.1 * defined


@pytest.mark.parametrize(
    "node",
    [
        tree.Definition,
        tree.Loop,
        tree.ListComprehension,
        tree.DictComprehension,
        tree.DictDisplay,
        tree.ListDisplay,
        tree.Ternary,
        tree.Membership,
        tree.Index,
        tree.Unary,
    ],
)
def test_constructs_of_the_language_occur(texts: list[str], node: type[tree.Tree]) -> None:
    modules = [parse(Source("fuzz.rasp", text)) for text in texts]
    assert sum(any(isinstance(found, node) for found, _ in tree.walk(module)) for module in modules) >= 5


@pytest.mark.parametrize(
    "sign",
    ["+", "-", "*", "/", "//", "%", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or"],
)
def test_operators_occur(texts: list[str], sign: str) -> None:
    found = {
        node.operator
        for text in texts
        for node, _ in tree.walk(parse(Source("fuzz.rasp", text)))
        if isinstance(node, tree.Binary)
    }
    assert sign in found


@pytest.mark.parametrize("name", LIBRARY)
def test_library_names_occur(texts: list[str], name: str) -> None:
    assert any(re.search(rf"\b{name}\b", text) for text in texts)


@pytest.mark.parametrize("kind", [Aggregate, SelectorWidth, Table, Select, SelectorAnd, SelectorOr, SelectorNot])
def test_graph_nodes_of_every_type_reach_the_output(texts: list[str], kind: type) -> None:
    programs = [elaborate(Source("fuzz.rasp", text)) for text in texts]
    roots = [[node for _, node in program.outputs] for program in programs]
    assert sum(any(isinstance(node, kind) for node in reachable(found)) for found in roots) >= 20


def test_vocabularies_of_every_kind_occur(texts: list[str]) -> None:
    kinds = set()
    for text in texts:
        vocabulary, max_length = require_input_space(elaborate(Source("fuzz.rasp", text)))
        assert 1 <= len(vocabulary) <= 12
        assert 1 <= max_length <= 24
        kinds.add(frozenset(type(token).__name__ for token in vocabulary))
    assert {frozenset({"str"}), frozenset({"int"}), frozenset({"bool"}), frozenset({"int", "Fraction"})} <= kinds
    assert any("str" in kind and len(kind) > 1 for kind in kinds)


def test_generator_shrinker_and_check_import_no_torch() -> None:
    imports = "import sys, raspc.datasets.random_programs.generator, raspc.tools.fuzz.shrink, raspc.tools.fuzz.check"
    code = f"{imports}; print('torch' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")
