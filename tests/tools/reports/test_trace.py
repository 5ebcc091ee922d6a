"""The values that a trace decodes from a model equal the interpreter's and those of independent computations."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import raspc
import torch
from raspc.compiler.graph.values import Undefined
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.runner.model import Model
from raspc.tests.tools.reports.conftest import MakeTrace, model_of
from raspc.tools.reports.model_program import program_of_model
from raspc.tools.reports.trace import SOpTrace, Trace, trace

PROGRAMS = [
    "arithmetic/prefix_mean",
    "automata/vending_machine",
    "hard/dyck4",
    "logic/exactly_two",
    "paper/dyck2",
    "paper/sort",
    "paper/shuffle_dyck2",
    "statistics/median",
    "strings/capitalize",
    "strings/reverse_words",
    "tracr/detect_pattern",
]


COUNTS = 'set vocab "ab"; set max_length 4; n = selector_width(select(tokens, tokens, ==)); n + 1;'


def named(made: Trace, name: str) -> SOpTrace:
    (found,) = [sop for sop in made.sops if sop.name == name]
    return found


def held(sop: SOpTrace) -> list[object]:
    return [cell.model[0] if len(cell.model) == 1 else set(cell.model) for cell in sop.cells]


@pytest.mark.parametrize("small", [False, True], ids=["legible", "small"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_every_value_read_is_the_interpreters(program: str, small: bool) -> None:
    model = model_of(program, small)
    choose = random.Random(7)
    program_behind = program_of_model(model.manifest)
    for length in (1, model.manifest.max_length):
        made = trace(model, [choose.choice(model.vocabulary) for _ in range(length)], program=program_behind)
        assert [sop.name for sop in made.sops if sop.agrees is False] == []
        assert made.agrees
        owners = {direction.node for direction in model.manifest.directions[1:]}
        assert owners <= {sop.node for sop in made.sops if sop.stage is not None}, "each direction belongs to a row"
        for sop in made.sops:
            assert all(cell.error < cell.tolerated / 50 for cell in sop.cells if cell.model and cell.tolerated > 0)


def test_the_values_of_sort(make_trace: MakeTrace) -> None:
    tokens = [3, 1, 4, 1, 5, 9, 2, 6]
    made = make_trace("paper/sort", " ".join(map(str, tokens)))
    places = sorted(range(8), key=lambda place: (tokens[place], place))
    assert held(named(made, "target")) == [places.index(place) for place in range(8)]
    assert held(named(made, "tokens")) == tokens
    assert made.outputs[0].model == tuple(sorted(tokens))
    assert [sop.stage.name for sop in made.sops if sop.stage is not None] == [
        "embedding",
        "embedding",
        "layer 0 attention",
        "layer 1 attention",
    ]


def test_weights_of_counts_are_the_selection(make_trace: MakeTrace) -> None:
    """Heads that share a selector fill it together; each row adds up to the count."""
    made = make_trace("paper/sort", "3 1 4 1 5 9 2 6")
    counts = [(layer, head) for layer, head in made.heads() if made.rescaled(head)]
    assert len(counts) == 2
    together = sum(made.weights(layer, head) for layer, head in counts)
    tokens = np.array(made.tokens)
    earlier = np.tri(8, k=-1, dtype=bool)
    selected = (tokens[None] < tokens[:, None]) | ((tokens[None] == tokens[:, None]) & earlier)
    assert np.allclose(together, selected, atol=1e-5)
    assert made.selections[0, 0] == selected.tolist()


def test_weights_of_means_are_the_models_own(make_trace: MakeTrace) -> None:
    made = make_trace("arithmetic/prefix_mean", "1 2 0")
    ((layer, head),) = made.heads()
    assert not made.rescaled(head)
    assert np.allclose(made.weights(layer, head)[:, 1:], np.tri(3) / [[1], [2], [3]], atol=1e-5)


def test_a_value_held_in_part(make_trace: MakeTrace) -> None:
    """The model of `vowels` knows of a token only whether it is a vowel."""
    made = make_trace("strings/vowels", "hen")
    tokens = named(made, "tokens")
    assert tokens.encoding == "part"
    assert [set(cell.model) == set("aeiou") for cell in tokens.cells] == [False, True, False]
    assert all(cell.agrees for cell in tokens.cells)


def test_a_folded_s_op_names_the_part_that_computes_it(make_trace: MakeTrace) -> None:
    made = make_trace("paper/shuffle_dyck2", "([)]")
    balanced = named(made, "balanced")
    assert (balanced.stage, balanced.directions) == (None, ())
    assert balanced.folded == ("layer 0 neurons 0-2",)
    assert [cell.interpreter for cell in balanced.cells] == [False, False, False, True]
    assert all(cell.model == () and cell.agrees is None for cell in balanced.cells)


def test_a_sum_is_read_off_its_parts(make_trace: MakeTrace) -> None:
    depth = named(make_trace("paper/dyck1", "(()))"), "depth")
    assert held(depth) == [1, 2, 1, 0, -1]
    assert depth.stage is not None
    assert depth.stage.name == "layer 0 attention"


def test_causal_models(make_trace: MakeTrace) -> None:
    made = make_trace(
        'set vocab "ab"; set max_length 4; n = selector_width(select(tokens, tokens, ==)); n;', "abaa", causal=True
    )
    assert held(named(made, "n")) == [1, 1, 2, 3]
    assert made.agrees


def test_undefined_values_are_not_compared() -> None:
    model = raspc.compile("set vocab range(3); set max_length 3; x = 1 / tokens; 5 if tokens == 0 else x;").model(
        device="cpu"
    )
    made = trace(model, [0, 1, 2])
    x = named(made, "x")
    assert isinstance(x.cells[0].interpreter, Undefined)
    assert x.cells[0].agrees is None
    assert made.agrees


def damaged(program: str) -> Model:
    """A model whose first layer's first head writes nothing."""
    model = raspc.compile(program).model(device="cpu")
    attention = model.layers[0].attn
    assert attention is not None
    with torch.no_grad():
        attention.W_O[0] = 0.0
    return model


def test_a_damaged_model_is_noticed_where_it_is_damaged() -> None:
    model = damaged(COUNTS)
    made = trace(model, ["a", "a", "b"])
    assert not made.agrees
    assert next(sop.name for sop in made.sops if sop.agrees is False) == "n"
    assert named(made, "tokens").agrees
    assert held(named(made, "n")) != [2, 2, 1]
    assert made.outputs[0].model != (3, 3, 2)


def test_only_what_an_entry_needs() -> None:
    text = 'set vocab "ab"; set max_length 3; a = selector_width(select(tokens, "a", ==)); b = length + 1; '
    model = raspc.compile(text, entry=["a", "b"]).model(device="cpu")
    assert {"a", "b"} <= {sop.name for sop in trace(model, ["a"]).sops}
    only = trace(model, ["a"], entries=["b"])
    assert "a" not in {sop.name for sop in only.sops}
    assert [output.name for output in only.outputs] == ["b"]


def test_refusals() -> None:
    model = model_of("paper/sort")
    for tokens, entries, code in (
        ([], (), "no-tokens"),
        ([1], ("outptu",), "unknown-entry"),
        ([77], (), "unknown-token"),
    ):
        with pytest.raises(RaspError) as caught:
            trace(model, tokens, entries=entries)
        assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_a_model_of_another_version_is_traced() -> None:
    """If this raspc elaborates the text to another graph, the values are those of the recorded nodes."""
    model = model_of("paper/sort")
    program = replace(model.manifest.program, graph_sha256="0" * 64)
    other = program_of_model(replace(model.manifest, program=program))
    assert other.images == {}
    made = trace(model, [3, 1, 2], program=other)
    assert made.agrees
    assert held(named(made, "target")) == [2, 0, 1]


def test_a_manifest_whose_nodes_are_no_program_is_refused() -> None:
    manifest = model_of("paper/sort").manifest
    computes = replace(manifest.nodes[-1].computes, function="no such operation")
    nodes = (*manifest.nodes[:-1], replace(manifest.nodes[-1], computes=computes))
    with pytest.raises(RaspError, match=r"the manifest is damaged: .* \[M013\]"):
        program_of_model(replace(manifest, nodes=nodes))
