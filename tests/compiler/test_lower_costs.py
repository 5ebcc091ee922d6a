"""What every way of lowering costs and promises, exactly: layers, heads, neurons, and each reader's error and margin.

A bound that is wider than it has to be refuses programs that could be compiled, one that is too narrow accepts models
that answer wrongly; either shows here first.  `test_lower_bounds.py` holds the bounds to what models do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from raspc.compiler.assemble import parameter_count
from raspc.compiler.blocks import ClassDecode, Head, NeuronGroup, OutputBlock
from raspc.compiler.pipeline import CompileOptions, Stages, stages
from raspc.tests.compiler.test_lower_meaning import PROGRAMS
from raspc.tests.compiler.test_lower_numbers import PROGRAMS as NUMBERS
from raspc.tests.support.agreement import program


def test_costs_and_promises_are_these(golden: Callable[..., None]) -> None:
    texts = PROGRAMS | {name: text for name, (text, _) in NUMBERS.items()}
    golden("\n".join(line for name, text in texts.items() for line in _lines(name, text)) + "\n")


def _lines(name: str, text: str) -> Iterator[str]:
    default, small = (list(_shown(stages(program(text), CompileOptions(small=small)))) for small in (False, True))
    yield name
    yield from (f"    {line}" for line in default)
    if small != default:
        yield "  -Os"
        yield from (f"    {line}" for line in small)


def _shown(made: Stages) -> Iterator[str]:
    blocks, plan = made.blocks, made.plan
    parameters = parameter_count(plan, made.space)
    yield f"{len(plan.layers)} layers, {len(plan.directions)} directions, {parameters:,} parameters"
    yield from map(_head, blocks.heads)
    yield from map(_group, blocks.groups)
    yield from map(_output, blocks.outputs)


def _head(head: Head) -> str:
    bos = "no BOS" if head.bos is None else f"BOS {head.bos:.4g}"
    moved = [f"{p.direction.low:.4g}..{p.direction.high:.4g} +- {p.direction.error:.3g}" for p in head.payloads]
    return (
        f"at {head.time} {head.level} by {head.form}, {head.width()} wide, sharpness {head.sharpness:g}, {bos}, "
        f"score +- {head.score_error:.3g} of {head.tolerated:.3g}, weights +- {head.error:.3g}: {_listed(moved)}"
    )


def _group(group: NeuronGroup) -> str:
    form = group.input
    written = [f"{d.low:.4g}..{d.high:.4g} +- {d.error:.3g}" for d, _ in group.outputs]
    return (
        f"at {group.time} {len(group.knots)} neurons read {form.low:.4g}..{form.high:.4g} +- {form.error:.3g} of "
        f"{group.tolerated:.3g}: {_listed(written)}"
    )


def _output(output: OutputBlock) -> str:
    decode = output.decode
    if isinstance(decode, ClassDecode):
        what = f"one of {len(decode.values)} values"
    else:
        listed = "" if decode.values is None else f", one of {len(decode.values)}"
        what = f"a number in {decode.lowest}..{decode.highest}{listed}"
    return f"{what}, +- {output.error:.3g} of {output.tolerated:.3g}"


def _listed(texts: list[str]) -> str:
    """Equal ones once, with how often."""
    return ", ".join(
        f"{texts.count(text)} x {text}" if texts.count(text) > 1 else text for text in dict.fromkeys(texts)
    )
