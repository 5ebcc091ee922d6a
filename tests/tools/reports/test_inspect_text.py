"""A model's parts in words, on a manifest made by hand: every kind of part, in 80 columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction

from raspc.compiler.artifact.manifest import (
    ClassDecodeRecord,
    CompilerRecord,
    ComputationRecord,
    DirectionRecord,
    HeadRecord,
    LayerRecord,
    Manifest,
    NeuronGroupRecord,
    NodeRecord,
    NumberDecodeRecord,
    OutputRecord,
    ProgramRecord,
    SourceText,
    check,
)
from raspc.tools.reports.inspect_text import as_json, as_text, tightest_margin

LONG = "select(indices, length - indices - 1, ==) and not select(tokens, tokens, <) or select(tokens, 'a', ==)"


TOKENS = ComputationRecord("tokens", (), None, None, ())


def _direction(index: int, subspace: str, kind: str, value: object = None, node: int | None = None) -> DirectionRecord:
    label = subspace if value is None else f"{subspace} = {value}"
    return DirectionRecord(index, subspace, node, kind, value, label, 0, 0.0)  # type: ignore[arg-type]


def _manifest() -> Manifest:
    vocabulary = ("a", "b", "")
    directions = (
        _direction(0, "bos", "bos"),
        *(_direction(1 + i, "tokens", "one-hot", token, 0) for i, token in enumerate(vocabulary)),
        _direction(4, "indices", "scalar", None, 1),
        *(_direction(5 + i, "target", "one-hot", i, 2) for i in range(20)),
        _direction(25, "mean", "feature", None, 3),
    )
    head = HeadRecord(
        index=0,
        label="the share of equal tokens",
        node=2,
        selector=LONG,
        score_kind="equality",
        sharpness=128.0,
        level="count",
        scale=1.0,
        query_reads=(1, 2),
        key_reads=(2,),
        value_reads=(4,),
        writes=(25,),
        error=1e-5,
        margin=0.25,
    )
    plain = HeadRecord(
        index=1,
        label="mean",
        node=None,
        selector="mean",
        score_kind="key only",
        sharpness=20.0,
        level="mean",
        scale=1.0,
        query_reads=(),
        key_reads=(0,),
        value_reads=(),
        writes=(),
        error=0.0,
        margin=0.5,
    )
    group = NeuronGroupRecord(0, 40, "target", 2, (25,), tuple(range(5, 25)), 1e-3, 0.5)
    single = NeuronGroupRecord(40, 1, "a" * 90, None, (), (4,), 0.125, None)
    return Manifest(
        CompilerRecord("0.1.0", {"small": False}),
        ProgramRecord.of([SourceText("x.rasp", "tokens;")]),
        vocabulary,
        bos=3,
        max_length=7,
        n_ctx=8,
        causal=False,
        uniform=False,
        d_model=26,
        nodes=(
            NodeRecord(0, None, "tokens", None, None, None, None, None, TOKENS, None, ()),
            NodeRecord(1, None, "indices", None, None, None, None, None, TOKENS, None, ()),
            NodeRecord(2, "target", LONG, "x.rasp", 0, 6, 12, 3, TOKENS, None, ()),
            NodeRecord(3, None, "aggregate(x, y)", "x.rasp", 0, 6, 1, 1, TOKENS, None, ()),
        ),
        directions=directions,
        readings=(),
        layers=(LayerRecord(2, 3, (head, plain), 41, (group, single)), LayerRecord(0, 0, (), 0, ())),
        outputs=(
            OutputRecord("target", 2, ("number",), 0, 3, ClassDecodeRecord((0, Fraction(1, 2), True)), True, 0.1, 0.3),
            OutputRecord("mean", 3, ("number",), 3, 1, NumberDecodeRecord(7, 0, Fraction(5, 2), 0.0), False, 0.0, 0.0),
        ),
        attention_depth=1,
    )


def test_the_page(golden: Callable[..., None]) -> None:
    manifest = _manifest()
    check(manifest)
    text = as_text(manifest, "x.safetensors")
    assert max(map(len, text.splitlines())) <= 80
    golden(text + "\n")


def test_the_tightest_margin_is_the_largest_share() -> None:
    margin = tightest_margin(_manifest())
    assert margin is not None
    assert (margin.where, margin.error, margin.tolerated) == ("output target", 0.1, 0.3)


def test_json_has_the_sizes_and_no_program_text() -> None:
    document = json.loads(json.dumps(as_json(_manifest())))
    assert {key: document["program"][key] for key in ("entries", "name")} == {"entries": [], "name": "x.rasp"}
    assert "files" not in document["program"]
    assert document["sizes"] == {
        "layers": 2,
        "attention_depth": 1,
        "heads": 2,
        "neurons": 41,
        "d_model": 26,
        "parameters": _manifest().sizes().parameters,
    }
    assert document["tightest_margin"] == {"where": "output target", "error": 0.1, "tolerated": 0.3}


def test_parameters_are_those_of_the_weights() -> None:
    embedding = (4 + 8) * 26
    attention = 2 * (3 * (26 * 3 + 3) + 3 * 26) + 26
    mlp = 26 * 41 + 41 + 41 * 26 + 26
    assert _manifest().sizes().parameters == embedding + attention + mlp + 26 * 4 + 4
