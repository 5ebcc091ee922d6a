"""Model against interpreter: what counts as a difference, what is left out, how a counterexample shrinks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace

from raspc.cli.verification import Verifier
from raspc.compiler.graph import Graph, Program, SOp
from raspc.compiler.inputs import all_inputs
from raspc.compiler.manifest import ClassDecode, NumberDecode, Output
from raspc.compiler.values import Scalar
from raspc.rasp_grammar.span import Source, Span

Function = Callable[[Sequence[Scalar]], list[Scalar]]

SPAN = Span(Source("x.rasp", "tokens"), 0, 6)
CLASS = ClassDecode(())
FLOAT = NumberDecode(None, 0, 0, 10, 0.01)


def _verifier(build: Callable[[Graph], SOp], model: Function, decode: ClassDecode | NumberDecode = CLASS) -> Verifier:
    """A verifier of a program over the tokens 0, 1, 2 whose "model" is a plain function."""
    graph = Graph()
    output = build(graph)
    program = Program(graph, (("out", output),), (0, 1, 2), 5, ())

    def run_batch(batch: Sequence[Sequence[Scalar]], name: str) -> list[list[Scalar]]:
        assert name == "out"
        return [model(tokens) for tokens in batch]

    fake = SimpleNamespace(manifest=SimpleNamespace(causal=False), run_batch=run_batch)
    manifest_output = Output("out", output.id, ("number",), 0, 1, decode, False, None, None)
    return Verifier(fake, program, manifest_output)  # type: ignore[arg-type]


def _inverse(graph: Graph) -> SOp:
    return graph.elementwise("div", (graph.constant(6, SPAN), graph.tokens(SPAN)), SPAN)


def test_agreement_and_inputs_without_a_defined_output() -> None:
    verifier = _verifier(_inverse, lambda tokens: [6 // int(token) for token in tokens])
    verdict = verifier.verify(all_inputs((0, 1, 2), 3))
    assert (verdict.compared, verdict.undefined, verdict.counterexample) == (2 + 4 + 8, 1 + 5 + 19, None)


def test_a_counterexample_is_minimal() -> None:
    def wrong_when_two_follows_one(tokens: Sequence[Scalar]) -> list[Scalar]:
        if 1 in tokens and 2 in tokens[tokens.index(1) :]:
            return [*tokens[:-1], 0]
        return list(tokens)

    verdict = _verifier(lambda graph: graph.tokens(SPAN), wrong_when_two_follows_one).verify([(0, 1), (0, 1, 1, 0, 2)])
    found = verdict.counterexample
    assert found is not None
    assert (found.tokens, found.position, found.model, found.interpreter) == ((1, 2), 1, 0, 2)
    assert verdict.compared == 2


def test_truth_values_are_not_numbers() -> None:
    def build(graph: Graph) -> SOp:
        return graph.elementwise("eq", (graph.tokens(SPAN), graph.constant(1, SPAN)), SPAN)

    assert _verifier(build, lambda tokens: [token == 1 for token in tokens]).verify([(1, 0)]).counterexample is None
    assert _verifier(build, lambda tokens: [int(token == 1) for token in tokens]).verify([(1, 0)]).counterexample


def test_floats_may_differ_by_their_bound() -> None:
    def build(graph: Graph) -> SOp:
        return graph.elementwise("pow", (graph.tokens(SPAN), graph.constant(0.5, SPAN)), SPAN)

    def model(error: float) -> Function:
        return lambda tokens: [float(token) ** 0.5 + error for token in tokens]

    assert _verifier(build, model(0.005), FLOAT).verify([(2,)]).counterexample is None
    assert _verifier(build, model(0.05), FLOAT).verify([(2,)]).counterexample is not None
