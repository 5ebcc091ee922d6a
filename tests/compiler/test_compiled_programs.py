"""Compiled models compute what their programs mean: shipped and generated programs on a few inputs each, quickly.

The whole of `programs/` is tested on many inputs by tests/programs, and thousands of generated programs by
`raspc fuzz`; this is the part that answers within seconds, for whoever works on the lowering.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
import torch
from raspc.compiler.artifact.model_files import CompiledModel
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Program
from raspc.compiler.interpret.sample_inputs import sampled_inputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.datasets.random_programs.generator import BUDGETS, generate
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source
from raspc.runner.model import Model
from raspc.runner.verify.compare import Inputs
from raspc.runner.verify.verify import verify
from raspc.tests.programs.cases import PROGRAMS, shipped_programs

SHIPPED = (
    "arithmetic/addition",
    "arithmetic/moving_average",
    "arithmetic/prefix_mean",
    "arithmetic/running_maximum",
    "arithmetic/subtraction",
    "automata/mod_sum",
    "automata/parity",
    "automata/vending_machine",
    "logic/exactly_two",
    "logic/quantifiers",
    "paper/dyck2",
    "paper/hist2",
    "paper/shuffle_dyck2",
    "paper/sort",
    "statistics/argmax",
    "statistics/centered",
    "statistics/median",
    "statistics/variance",
    "strings/first_index",
    "strings/kth_word",
    "strings/longest_run",
    "strings/matching_bracket",
    "strings/word_length",
    "tracr/count_less_freq",
    "tracr/frac_prevs",
    "tracr/pair_balance",
)

#: With --causal some of what these compute are means of many numbers, which may be known to too few digits.
MAY_BE_REFUSED = ("paper/sort", "statistics/median", "strings/matching_bracket")

#: Seeds of generated programs.
GENERATED = range(40)

#: Those that have no exact form, and the code of the refusal.
REFUSED = {35: "C214"}

#: Inputs on which each model is checked.
INPUTS = 40

DEFAULT, SMALL, CAUSAL, UNIFORM = (
    CompileOptions(),
    CompileOptions(small=True),
    CompileOptions(causal=True),
    CompileOptions(uniform=True),
)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def check(program: Program, options: CompileOptions, seed: int) -> CompiledModel:
    """The program's model, which agrees with the interpreter on a few inputs of every kind, by the margin promised."""
    compiled = compile_program(program, options)
    assert program.vocabulary is not None
    assert program.max_length is not None
    inputs = sampled_inputs(program.vocabulary, program.max_length, 4 * INPUTS, seed)
    some = random.Random(seed).sample(inputs, min(INPUTS, len(inputs)))
    model = Model.from_compiled(compiled, device="cpu")
    for verdict in verify(model, program, Inputs.listed(some, program.vocabulary, program.max_length)):
        assert verdict.comparison.counterexample is None
        assert verdict.promise_kept
    return compiled


def _shipped(name: str) -> Program:
    path = PROGRAMS / f"{name}.rasp"
    return elaborate(Source(f"{name}.rasp", path.read_text(encoding="utf-8")), base=path.parent)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_programs(name: str) -> None:
    program = _shipped(name)
    for seed, options in enumerate((DEFAULT, SMALL, UNIFORM)):
        check(program, options, seed)
    try:
        check(program, CAUSAL, 3)
    except RaspError as error:
        if name not in MAY_BE_REFUSED or [found.code for found in error.diagnostics] != ["C221"]:
            raise


def test_sizes(golden: Callable[..., None]) -> None:
    """The sizes of all shipped models.  The golden file shows every change of a size."""
    lines = []
    for shipped in shipped_programs():
        program = _shipped(str(shipped))
        default, small = (_size(program, options) for options in (DEFAULT, SMALL))
        lines.append(f"{shipped!s:28}{default:39}-Os {small}\n")
    golden("".join(lines))


def _size(program: Program, options: CompileOptions) -> str:
    try:
        compiled = compile_program(program, options)
    except RaspError as error:
        return f"refused: {error.diagnostics[0].code}"
    layers = compiled.manifest.layers
    heads, neurons = sum(len(layer.heads) for layer in layers), sum(layer.d_mlp for layer in layers)
    parameters = sum(tensor.size for tensor in compiled.tensors.values())
    return f"{len(layers)} layers {heads:2} heads {neurons:4} neurons {parameters:7}".rstrip()


@pytest.mark.parametrize("seed", GENERATED)
def test_generated_programs(seed: int) -> None:
    rng = random.Random(f"quick:{seed}")
    program = elaborate(Source("generated.rasp", generate(rng, rng.choice(BUDGETS))))
    options = (DEFAULT, SMALL, CAUSAL)[seed % 3]
    if seed in REFUSED:
        with pytest.raises(RaspError, match=REFUSED[seed]):
            check(program, options, seed)
    else:
        check(program, options, seed)
