"""The error budget is the compiler's own: a construction that is too weak is noticed before there is any model.

Each weakening changes one constant or one form of the lowering, as a mistake in it would.  The compiler must then
refuse the program with the diagnostic for that reader, or take another form whose margin is large enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from raspc.compiler.artifact.manifest import Manifest
from raspc.compiler.blocks import forms
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Program
from raspc.compiler.lower import embeddings, outputs
from raspc.compiler.lower.attention import aggregates, equality_scores, error_bounds, heads
from raspc.compiler.lower.attention.scores import Scores
from raspc.compiler.lower.neurons import piecewise, write_neurons
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program, stages
from raspc.compiler.stages import Stages
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source
from raspc.tests.programs.cases import PROGRAMS

HIST = "set vocab range(5); set max_length 64; selector_width(select(tokens, tokens, ==));"
REVERSE = "set vocab range(5); set max_length 256; aggregate(select(indices, length - 1 - indices, ==), tokens);"
MEAN = "set vocab range(5); set max_length 16; aggregate(select(indices, indices, <=), tokens);"
HIST_OF_HIST = """
set vocab range(4); set max_length 64;
w = selector_width(select(tokens, tokens, ==));
selector_width(select(w, w, ==));
"""
TEXTS = {"hist": HIST, "reverse": REVERSE, "mean": MEAN, "hist of hist": HIST_OF_HIST}

Patch = pytest.MonkeyPatch


def _program(text: str) -> Program:
    return elaborate(Source("weak.rasp", text))


def _stages(name: str) -> Stages:
    return stages(_program(TEXTS[name]), CompileOptions())


def _codes(name: str) -> list[str]:
    """Why the program is refused; empty when it is not."""
    try:
        _stages(name)
    except RaspError as error:
        return [diagnostic.code for diagnostic in error.diagnostics]
    return []


def _heads(name: str) -> list[tuple[str, str, float]]:
    return [(head.level, head.score_kind, head.sharpness) for head in _stages(name).blocks.heads]


def test_no_program_is_refused_with_the_constants_as_they_are() -> None:
    assert {name: _codes(name) for name in TEXTS} == {name: [] for name in TEXTS}


# ---- weaker constants -------------------------------------------------------------------------------


def _coarse_floats(patch: Patch) -> None:
    """Numbers with 8 bits of precision."""
    for module in (forms, aggregates, error_bounds, write_neurons, outputs, piecewise):
        patch.setattr(module, "UNIT", 2.0**-9)


def _loud_counts(patch: Patch) -> None:
    """BOS so near to the selected keys that they take weight from one another."""
    for module in (heads, aggregates):
        patch.setattr(module, "COUNT_BOS_NATS", 4.0)


def _blunt_heads(patch: Patch) -> None:
    patch.setattr(heads, "UNTIED_SHARPNESS", (1.0,))
    patch.setattr(heads, "TIED_SHARPNESS", (1.0,))


def _narrow_gaps(patch: Patch) -> None:
    """Keys that are not selected score almost as much as selected ones."""
    term = Scores.term
    patch.setattr(Scores, "term", lambda *a, **k: replace(term(*a, **k), gap=2.0**-10))


def _noisy_embedding(patch: Patch) -> None:
    patch.setattr(embeddings, "representation", lambda number: 0.3)


def _rough_neurons(patch: Patch) -> None:
    for name in ("interpolate", "step_function"):
        shape = getattr(piecewise, name)
        patch.setattr(write_neurons, name, lambda *a, shape=shape: replace(shape(*a), rounding=0.6))


WEAK: dict[str, tuple[Callable[[Patch], None], dict[str, str]]] = {
    "coarse floats": (
        _coarse_floats,
        {"hist": "C221", "reverse": "C213", "mean": "C221", "hist of hist": "C204"},
    ),
    "loud counts": (_loud_counts, {"hist": "C221", "reverse": "C213", "hist of hist": "C204"}),
    "blunt heads": (_blunt_heads, dict.fromkeys(TEXTS, "C213")),
    "narrow gaps": (_narrow_gaps, dict.fromkeys(TEXTS, "C213")),
    "noisy embedding": (_noisy_embedding, dict.fromkeys(TEXTS, "C213")),
    "rough neurons": (_rough_neurons, {"hist of hist": "C213"}),
}


@pytest.mark.parametrize(
    ("weak", "name", "code"), [(weak, name, code) for weak, (_, found) in WEAK.items() for name, code in found.items()]
)
def test_weak_constructions_are_refused(weak: str, name: str, code: str, monkeypatch: Patch) -> None:
    WEAK[weak][0](monkeypatch)
    assert _codes(name) == [code]


def test_a_refusal_gives_the_weight_of_other_keys(monkeypatch: Patch) -> None:
    _blunt_heads(monkeypatch)
    with pytest.raises(RaspError, match=r"scores that should differ by 1 leave keys that are not selected .*% of a"):
        _stages("hist")


# ---- what is a little weaker is made up for ---------------------------------------------------------


def test_narrower_gaps_take_sharper_heads(monkeypatch: Patch) -> None:
    assert _heads("hist") == [("count", "equality", 128.0)]
    term = Scores.term
    monkeypatch.setattr(Scores, "term", lambda *a, **k: replace(term(*a, **k), gap=2.0**-4))
    assert _heads("hist") == [("count", "equality", 2048.0)]


def test_noisy_scores_take_another_construction(monkeypatch: Patch) -> None:
    assert _heads("reverse")[-1] == ("retrieve", "equality", 128.0)
    half_ulp = equality_scores.half_ulp
    monkeypatch.setattr(equality_scores, "half_ulp", lambda size: 2.0**16 * half_ulp(size))
    assert _heads("reverse")[-1] == ("retrieve", "table", 128.0)


def test_inputs_that_are_too_long_are_refused() -> None:
    """Errors grow with the length, the distance between neighbouring answers does not."""
    text = "set vocab range(100); set max_length {}; selector_width(full_s) * aggregate(full_s, tokens) % 7;"
    stages(_program(text.format(4)), CompileOptions())
    with pytest.raises(RaspError, match="C221"):
        stages(_program(text.format(64)), CompileOptions())


# ---- shipped programs -------------------------------------------------------------------------------


def _budget(manifest: Manifest) -> list[tuple[str, float | None, float | None]]:
    """(what, error, margin) of every reader."""
    readers: list[tuple[str, float | None, float | None]] = []
    for number, layer in enumerate(manifest.layers, 1):
        readers += [(f"layer {number}: head {head.label}", head.error, head.margin) for head in layer.heads]
        readers += [(f"layer {number}: {group.label}", group.error, group.margin) for group in layer.neurons]
    return readers + [(f"output {one.name}", one.error, one.margin) for one in manifest.outputs]


@pytest.mark.parametrize("path", sorted(PROGRAMS.rglob("*.rasp")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_errors_are_within_their_margins(path: Path) -> None:
    program = elaborate(Source(path.name, path.read_text(encoding="utf-8")), base=path.parent)
    for options in (CompileOptions(), CompileOptions(small=True), CompileOptions(causal=True)):
        if options.small and path.parent.name == "hard":
            continue  # the smallest of several models each: too slow for what it adds
        try:
            manifest = compile_program(program, options).manifest
        except RaspError:
            assert options.causal  # what looks ahead may have no causal form; `test_compiled_programs` lists these
            continue
        for what, error, margin in _budget(manifest):
            assert error is not None, what
            # An output whose margin is 0 is given as it is, with its error bound.
            as_it_is = what.startswith("output ") and margin == 0
            assert margin is None or as_it_is or error < margin, what
