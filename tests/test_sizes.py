"""Sizes and depths of models: limits, and golden files with the exact counts, so that no growth goes unnoticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from raspc.benchmarks.measure import shape_of
from raspc.benchmarks.programs import benchmarks, tracr_parameters
from raspc.benchmarks.rows import LENGTHS, SIZES, TRACR_NAMES, Row
from raspc.compiler.elaborate import elaborate
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.span import Source
from raspc.tests.programs.cases import Shipped, shipped_programs

#: Largest number of layers, for programs of the RASP paper.
LAYERS = {
    "reverse": 2,
    "hist": 1,
    "hist2": 2,
    "sort": 2,
    "sort_by_frequency": 3,
    "shuffle_dyck2": 3,
    "dyck1": 3,
    "dyck2": 6,
    "dyck3": 6,
}

#: Rows of the length section that compile in a fraction of a second, by program and length.
QUICK = {("reverse", 1024), ("reverse", 4096), ("hist", 4096), ("sort", 256)}

#: Rows that exceed their limit: program, and whether compiled with -Os.
MISSED: set[tuple[str, bool]] = set()

ROWS = [row for row in (*SIZES, *LENGTHS) if not row.long or (row.program, row.longest) in QUICK]


def setting(small: bool) -> str:
    return "-Os" if small else "default"


def layers_and_depth(program: Shipped) -> tuple[int, int]:
    text = program.path.read_text(encoding="utf-8")
    manifest = compile_program(
        elaborate(Source(str(program), text), base=program.path.parent), CompileOptions()
    ).manifest
    return len(manifest.layers), manifest.attention_depth


def test_sizes_are_these(golden: Callable[..., None]) -> None:
    lines = []
    for row in ROWS:
        for small in (False, True):
            shape = shape_of(row.program, row.size, row.longest, small=small)
            heads_and_neurons = ", ".join(f"{heads}x{d_head}+{d_mlp}" for heads, d_head, d_mlp in shape.blocks)
            lines.append(
                f"{row.program:14}V={row.size:<4}L={row.longest:<6}{setting(small):9}{shape.parameters:>8,} parameters"
                f"  d_model {shape.d_model:<4} heads x d_head + d_mlp of each layer: {heads_and_neurons}\n"
            )
    golden("".join(lines))


def limits() -> Iterator[object]:
    """Every row with a limit, by default and with -Os.  A row of `MISSED` that keeps its limit fails (strict xfail)."""
    for row in SIZES:
        for small in (False, True):
            if row.at_most is not None:
                missed = [pytest.mark.xfail(strict=True)] if (row.program, small) in MISSED else []
                name = f"{row.program}-{row.size}-{row.longest}-{setting(small)}"
                yield pytest.param(row, small, row.at_most[small], marks=missed, id=name)


@pytest.mark.parametrize(("row", "small", "at_most"), list(limits()))
def test_parameters_stay_within_their_limit(row: Row, small: bool, at_most: int) -> None:
    assert shape_of(row.program, row.size, row.longest, small=small).parameters <= at_most


@pytest.mark.parametrize("small", [False, True], ids=setting)
def test_every_model_has_fewer_parameters_than_tracrs(small: bool) -> None:
    tracr = tracr_parameters()
    ours = {row: shape_of(row.program, row.size, row.longest, small=small).parameters for row in SIZES}
    theirs = {row: tracr[TRACR_NAMES.get(row.program, row.program), row.size, row.longest] for row in SIZES}
    assert [row for row in SIZES if ours[row] >= theirs[row]] == []


@pytest.mark.parametrize("name", LAYERS)
def test_programs_of_the_paper_have_at_most_the_layers_of_the_paper(name: str) -> None:
    program = next(program for program in shipped_programs() if str(program) == f"paper/{name}")
    layers, _ = layers_and_depth(program)
    assert layers <= LAYERS[name]


@pytest.mark.parametrize("name", [name for name, benchmark in benchmarks().items() if benchmark.depth is not None])
def test_depth_is_the_same_for_other_sizes_and_settings(name: str) -> None:
    """Compiles with a larger vocabulary and length than the shipped program."""
    benchmark = benchmarks()[name]
    size, longest = (len(benchmark.vocabulary(16)), 24)
    for small in (False, True):
        assert benchmark.depth is not None
        assert shape_of(name, size, longest, small=small).layers <= benchmark.depth


def test_shipped_programs_are_mostly_at_their_attention_depth(golden: Callable[..., None]) -> None:
    """No model can have fewer layers than its attention depth; seven in ten have no more, none has over twice that."""
    found = {str(program): layers_and_depth(program) for program in shipped_programs()}
    golden(
        "".join(f"{name:32}{layers:>3} layers, attention depth {depth}\n" for name, (layers, depth) in found.items())
    )
    assert [name for name, (layers, depth) in found.items() if layers > max(1, 2 * depth)] == []
    at_depth = [name for name, (layers, depth) in found.items() if layers == depth]
    assert len(at_depth) >= 0.7 * len(found)
