"""The program graph and the readings of a manifest say what the compiled program computes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from raspc.api import compile, read_program
from raspc.compiler.artifact.graph_records import graph_hash, recorded_graph, written_nodes
from raspc.compiler.artifact.manifest import Manifest
from raspc.compiler.graph.graph import Selector, SOp
from raspc.compiler.graph.print_graph import describe
from raspc.compiler.graph.values import Undefined
from raspc.compiler.interpret.interpreter import evaluate
from raspc.compiler.interpret.sample_inputs import sampled_inputs
from raspc.tests.support.handmade import TOKENS, identity, residual_stream

PROGRAMS = ["paper/sort", "paper/dyck2", "statistics/median", "strings/caesar", "tracr/frac_prevs", "logic/quantifiers"]


def path_of(name: str) -> Path:
    return Path(__file__).parents[3] / "programs" / f"{name}.rasp"


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_recorded_graph_computes_what_the_program_computes(name: str) -> None:
    program, manifest = read_program(path_of(name)), compile(path_of(name)).manifest
    recorded = recorded_graph(manifest)
    assert manifest.program.graph_sha256 == graph_hash(program)
    written = written_nodes(program)
    for record in manifest.nodes:
        assert describe(recorded.program.graph, recorded.nodes[record.id]) == record.text
    for tokens in sampled_inputs(manifest.vocabulary, min(manifest.max_length, 6), 6):
        meant = evaluate([node for _, node in program.outputs], tokens, vocabulary=manifest.vocabulary)
        found = evaluate(list(recorded.nodes.values()), tokens, vocabulary=manifest.vocabulary)
        for record in manifest.nodes:
            for place in record.written:
                assert found[recorded.nodes[record.id]] == meant[written[place]]


@pytest.mark.parametrize("name", PROGRAMS)
def test_readings_give_the_values_of_their_nodes(name: str) -> None:
    """On the residual stream of a plain transformer in float64."""
    compiled = compile(path_of(name))
    manifest = compiled.manifest
    recorded = recorded_graph(manifest)
    assert len(manifest.readings) > 0
    listed = {record.id: record.values for record in manifest.nodes}
    for tokens in sampled_inputs(manifest.vocabulary, min(manifest.max_length, 6), 6):
        stream = residual_stream(compiled.artifact, tokens)[1:]  # without BOS
        values = evaluate(list(recorded.nodes.values()), tokens, vocabulary=manifest.vocabulary)
        for reading in manifest.readings:
            got = reading.constant + stream[:, list(reading.directions)] @ list(reading.coefficients)
            node = recorded.nodes[reading.node]
            assert isinstance(node, SOp)
            numbers = reading.number_of_each_value()
            for place, value in enumerate(values[node]):
                assert not isinstance(value, (list, Undefined))
                expected = value if numbers is None else numbers[(listed[reading.node] or ()).index(value)]
                if expected is not None:
                    assert abs(got[place] - float(expected)) <= reading.error + 1e-9 * (1 + reading.reach)


def test_the_sizes_are_those_of_the_weights() -> None:
    compiled = compile(path_of("paper/hist2"), uniform=True)
    manifest, sizes = compiled.manifest, compiled.manifest.sizes()
    assert (sizes.layers, sizes.heads) == (len(manifest.layers), sum(len(layer.heads) for layer in manifest.layers))
    assert sizes.parameters == sum(tensor.size for tensor in compiled.artifact.tensors.values())
    assert sizes.neurons <= sum(layer.d_mlp for layer in manifest.layers)


def test_subspaces_are_the_directions_in_order() -> None:
    manifest = compile(path_of("paper/hist2")).manifest
    spaces = manifest.subspaces()
    assert [direction for space in spaces for direction in space.directions] == list(manifest.directions)
    assert [index for space in spaces for index in space.indices] == list(range(manifest.d_model))
    assert (spaces[0].name, spaces[0].kind) == ("bos", "bos")
    for space in spaces:
        assert {(d.subspace, d.kind, d.node) for d in space.directions} == {(space.name, space.kind, space.node)}


def test_a_reading_of_a_head_is_in_its_query_key_or_value() -> None:
    """The weights of a head are 0 for every direction that its record does not list."""
    compiled = compile(path_of("paper/sort"))
    for number, layer in enumerate(compiled.manifest.layers):
        for head in layer.heads:
            for role, reads in (("Q", head.query_reads), ("K", head.key_reads), ("V", head.value_reads)):
                weights = compiled.artifact.tensors[f"blocks.{number}.attn.W_{role}"][head.index]
                used = {direction for direction in range(1, len(weights)) if weights[direction].any()}
                assert used == set(reads)


def _with_node(**changes: object) -> Manifest:
    manifest = identity().manifest
    node = dataclasses.replace(manifest.nodes[0], computes=dataclasses.replace(TOKENS, **changes))  # type: ignore[arg-type]
    return dataclasses.replace(manifest, nodes=(node,))


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "constant"},
        {"kind": "elementwise", "function": "add"},
        {"kind": "elementwise", "function": "no operation"},
        {"kind": "select", "function": "=="},
        {"kind": "aggregate"},
        {"function": "=="},
    ],
)
def test_records_of_no_graph_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="node 0 is no operation of a program graph"):
        recorded_graph(_with_node(**changes))


def test_an_output_is_no_selector() -> None:
    manifest = identity().manifest
    both = [manifest.nodes[0], dataclasses.replace(manifest.nodes[0], id=1)]
    both[1] = dataclasses.replace(
        both[1], computes=dataclasses.replace(TOKENS, kind="select", function="==", inputs=(0, 0))
    )
    output = dataclasses.replace(manifest.outputs[0], node=1)
    selected = dataclasses.replace(manifest, nodes=tuple(both), outputs=(output,))
    assert isinstance(recorded_graph(dataclasses.replace(selected, outputs=manifest.outputs)).nodes[1], Selector)
    with pytest.raises(ValueError, match="output `out0` is a selector"):
        recorded_graph(selected)
