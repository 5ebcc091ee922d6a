"""Models that somebody has changed, in files whose hashes are right again: whatever changes an answer is noticed.

A change of the weights changes answers exactly when `verify` finds a counterexample.  A change of the manifest that
changes answers is noticed by the loader, by the model when it is run, or by `verify`.  Files whose hashes are not
right are refused.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from raspc.compiler.artifact.json_shapes import StructureError
from raspc.compiler.artifact.manifest import ProgramRecord, SourceText, from_json, to_json
from raspc.compiler.artifact.model_files import CompiledModel, read, write
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.values import Scalar
from raspc.compiler.interpret.interpreter import Interpreter
from raspc.compiler.interpret.sample_inputs import Input, all_inputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source
from raspc.runner.model import Model, load
from raspc.runner.verify.compare import Inputs
from raspc.runner.verify.verify import program_of, verify
from raspc.tests.programs.cases import typed

#: Text, entries, causal.  Each has few inputs.
PROGRAMS: dict[str, tuple[str, tuple[str, ...], bool]] = {
    "reverse": ('set vocab "abc"; set max_length 3; tokens[length - indices - 1];', (), False),
    "sort": (
        "set vocab range(3); set max_length 4;"
        "before = select(tokens, tokens, <) or (select(tokens, tokens, ==) and select(indices, indices, <));"
        "aggregate(select(selector_width(before), indices, ==), tokens);",
        (),
        False,
    ),
    "undefined": (
        "set vocab range(3); set max_length 3; aggregate(select(indices, indices, <=), 6 / tokens);",
        (),
        False,
    ),
    "outputs": (
        "set vocab range(3); set max_length 3;"
        "found = selector_width(select(tokens, 1, ==)) > 1; mean = aggregate(full_s, tokens * indices);",
        ("found", "mean"),
        False,
    ),
    "causal": ('set vocab "ab"; set max_length 5; selector_width(select(tokens, tokens, ==));', (), True),
}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """The models are tiny: threads that wait for each other would take most of the time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclasses.dataclass(frozen=True)
class Original:
    """A compiled model, all its inputs, and for each output the answers and the inputs where it is defined."""

    compiled: CompiledModel
    inputs: list[Input]
    answers: dict[str, list[list[tuple[str, Scalar]]]]
    admitted: dict[str, list[bool]]


@cache
def original(name: str) -> Original:
    text, entries, causal = PROGRAMS[name]
    program = elaborate(Source(f"{name}.rasp", text), entries=entries)
    compiled = compile_program(program, CompileOptions(causal=causal))
    assert program.vocabulary is not None
    assert program.max_length is not None
    inputs = list(all_inputs(program.vocabulary, program.max_length))
    model = Model.from_compiled(compiled, device="cpu")
    answers = {output: [typed(row) for row in model.run_batch(inputs, output)] for output in model.outputs}
    admitted = {}
    for output in model.outputs:
        interpreter = Interpreter(program, entry=output, causal=causal)
        admitted[output] = [_is_defined(interpreter, tokens) for tokens in inputs]
    return Original(compiled, inputs, answers, admitted)


def _is_defined(interpreter: Interpreter, tokens: Input) -> bool:
    try:
        interpreter.run(tokens)
    except RaspError:
        return False
    return True


def answers_change(before: Original, model: Model) -> bool:
    """Whether the model answers otherwise where the original's answer means something.  Raises RaspError when the
    model does not run."""
    for output, rows in before.answers.items():
        after = model.run_batch(before.inputs, output)
        for old, new, admitted in zip(rows, after, before.admitted[output], strict=True):
            if admitted and old != typed(new):
                return True
    return False


def found_by_verify(model: Model) -> bool:
    manifest = model.manifest
    verdicts = verify(model, program_of(manifest), Inputs.every(manifest.vocabulary, manifest.max_length))
    return any(verdict.comparison.counterexample is not None for verdict in verdicts)


def test_verify_accepts_the_originals(tmp_path: Path) -> None:
    for name in PROGRAMS:
        model = load(write(original(name).compiled, tmp_path / "m.safetensors").weights, "cpu")
        assert not answers_change(original(name), model)
        assert not found_by_verify(model)


CHANGES: tuple[Callable[[np.float32, random.Random], float], ...] = (
    lambda number, rng: 0.0,
    lambda number, rng: -float(number),
    lambda number, rng: float(number) + rng.choice((-10.0, -1.0, -0.5, -0.01, 0.01, 0.5, 1.0, 10.0)),
    lambda number, rng: float(number) * rng.choice((0.5, 0.99, 1.01, 2.0)),
    lambda number, rng: _flipped(number, rng.randrange(32)),
)


def _flipped(number: np.float32, bit: int) -> float:
    return float((np.array([number]).view(np.uint32) ^ np.uint32(1 << bit)).view(np.float32)[0])


def _with_a_wrong_weight(compiled: CompiledModel, rng: random.Random) -> CompiledModel:
    """One weight changed; half of the time one that is not zero."""
    tensors = {name: array.copy() for name, array in compiled.tensors.items()}
    while True:
        array = tensors[rng.choice(sorted(tensors))].reshape(-1)
        places = np.flatnonzero(array) if rng.random() < 0.5 else np.arange(array.size)
        if len(places) == 0:
            continue
        place = rng.choice(places.tolist())
        number = np.float32(rng.choice(CHANGES)(array[place], rng))
        if np.isfinite(number) and number != array[place]:
            array[place] = number
            return CompiledModel(tensors, compiled.manifest)


@pytest.mark.parametrize("name", PROGRAMS)
def test_verify_notices_wrong_weights(name: str, tmp_path: Path) -> None:
    before, rng = original(name), random.Random(name)
    noticed = 0
    for _ in range(24):
        mutant = _with_a_wrong_weight(before.compiled, rng)
        model = load(write(mutant, tmp_path / "m.safetensors").weights, "cpu")
        changed = _or_refused(lambda model=model: answers_change(before, model))  # type: ignore[misc]
        assert _or_refused(lambda model=model: found_by_verify(model)) == changed  # type: ignore[misc]
        noticed += changed
    assert 3 < noticed < 24, "the changes are too mild, or too wild, to show anything"


def _or_refused(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except RaspError:
        return True


#: Fields that a model runs by; the others are for people.
DECISIVE = (
    "vocabulary",
    "outputs",
    "causal",
    "uniform",
    "max_length",
    "n_ctx",
    "bos",
    "d_model",
    "program",
    "compiler",
)

Path_ = tuple[str | int, ...]


def _leaves(document: object, path: Path_ = ()) -> Iterator[Path_]:
    match document:
        case dict():
            for key, value in document.items():
                yield from _leaves(value, (*path, key))
        case list() if len(document) > 0:
            for index, value in enumerate(document):
                yield from _leaves(value, (*path, index))
        case _:
            yield path


def _changed(value: object, rng: random.Random) -> object:
    match value:
        case bool():
            return not value
        case int():
            return value + rng.choice((-1, 1))
        case float():
            return value * 2 + 0.25
        case str():
            return rng.choice(
                (value + "x", value[1:], value.replace("<", ">").replace("1", "2"), "a", "bool", "number")
            )
        case _:
            return rng.choice((0, "a", 0.5))


def _with_a_wrong_field(document: dict[str, object], rng: random.Random) -> tuple[Path_, dict[str, object]]:
    leaves = list(_leaves(document))
    if rng.random() < 0.8:
        # By field, since the vocabulary's tokens and the text would be chosen seldom otherwise.
        field = rng.choice(sorted({leaf[0] for leaf in leaves if leaf[0] in DECISIVE}))
        leaves = [leaf for leaf in leaves if leaf[0] == field]
    path = rng.choice(leaves)

    def replaced(part: object, rest: Path_) -> object:
        if not rest:
            return _changed(part, rng)
        if isinstance(part, dict):
            return part | {rest[0]: replaced(part[rest[0]], rest[1:])}
        assert isinstance(part, list)
        assert isinstance(rest[0], int)
        if len(rest) == 1 and len(part) > 1 and rng.random() < 0.3:  # exchanged with its neighbour
            swapped = list(part)
            swapped[rest[0]], swapped[rest[0] - 1] = swapped[rest[0] - 1], swapped[rest[0]]
            return swapped
        return [*part[: rest[0]], replaced(part[rest[0]], rest[1:]), *part[rest[0] + 1 :]]

    mutant = replaced(document, path)
    assert isinstance(mutant, dict)
    return path, mutant


@pytest.mark.parametrize("name", PROGRAMS)
def test_wrong_manifests_are_noticed(name: str, tmp_path: Path) -> None:
    before, rng = original(name), random.Random(name)
    document = to_json(before.compiled.manifest)
    del document["weights"]
    noticed = 0
    for _ in range(30):
        path, mutant = _with_a_wrong_field(document, rng)
        model = _accepted(mutant, before.compiled, tmp_path)
        if model is None:
            noticed += 1
            continue
        try:
            changed = answers_change(before, model)
        except RaspError:
            noticed += 1
            continue
        found = _or_refused(lambda model=model: found_by_verify(model))  # type: ignore[misc]
        noticed += found
        assert found or not changed, (path, mutant[str(path[0])])
    assert noticed > 8, "the changes are too mild to show anything"


def _accepted(document: dict[str, object], compiled: CompiledModel, folder: Path) -> Model | None:
    """The model with this manifest, its hashes made right; None when the loader refuses."""
    try:
        program = document["program"]
        assert isinstance(program, dict)
        files = [SourceText(file["name"], file["text"]) for file in program["files"]]
        right = program | {"sha256": ProgramRecord.of(files).sha256}
        manifest = from_json(document | {"program": right, "weights": None})
        return load(write(CompiledModel(compiled.tensors, manifest), folder / "m.safetensors").weights, "cpu")
    except (StructureError, ValueError, RaspError):  # ValueError: `write` checks the shapes as the loader does
        return None


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_loader_notices_changed_bytes(name: str, tmp_path: Path) -> None:
    """Of files whose hashes are not made right, the loader refuses every one that does not say the same."""
    before, rng = original(name), random.Random(name)
    paths = write(before.compiled, tmp_path / "m.safetensors")
    genuine = read(paths.weights)
    refused = 0
    for path in (paths.weights, paths.manifest):
        data = path.read_bytes()
        for _ in range(20):
            place = rng.randrange(len(data))
            changed = bytearray(data)
            changed[place] ^= 1 << rng.randrange(8)
            path.write_bytes(changed)
            try:
                model = read(paths.weights)
            except RaspError:
                refused += 1
                continue
            assert path == paths.manifest
            assert dataclasses.replace(model.manifest, weights=None) == before.compiled.manifest
            assert all(np.array_equal(model.tensors[tensor], genuine.tensors[tensor]) for tensor in genuine.tensors)
        path.write_bytes(data)
    assert refused >= 35
