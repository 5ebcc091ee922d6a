"""The size of what every construction makes, and its bounds: layers, heads, neurons, errors and tolerances.

A bound that is wider than it has to be refuses programs that could be compiled, one that is too narrow accepts models
that answer wrongly; either shows here first.  `test_lower_bounds.py` holds the bounds to what models do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from raspc.compiler.blocks.blocks import ClassDecode, Head, NeuronGroup, OutputBlock
from raspc.compiler.blocks.layers import parameter_count
from raspc.compiler.elaborate import elaborate
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import stages
from raspc.compiler.stages import Stages
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source
from raspc.tests.programs.cases import shipped_programs
from raspc.tests.support.agreement import program
from raspc.tests.support.lowered_programs import CONSTRUCTIONS, NUMBER_FUNCTIONS

DIGITS = "set vocab range({}); set max_length {}; "
UP_TO_HERE = "select(indices, indices, <=)"
COUNT = "n = selector_width(select(tokens, tokens, ==)); "
MEAN = f"m = aggregate({UP_TO_HERE}, tokens); "
BACK = 'p{0} = aggregate(select(indices, indices - {0}, ==), tokens, "-"); '

#: Long inputs and large vocabularies: what is computed from counts and means of these is not exact.
LARGE = {
    "reversed": DIGITS.format(12, 300) + "aggregate(select(indices, length - 1 - indices, ==), tokens);",
    "equal counts": DIGITS.format(3, 60) + COUNT + "selector_width(select(n, n, ==));",
    "equal counts, on longer inputs": DIGITS.format(3, 250) + COUNT + "selector_width(select(n, n, ==));",
    "counts in order": DIGITS.format(3, 70) + COUNT + "selector_width(select(n, n, <));",
    "counts in order beside an equality": DIGITS.format(9, 90)
    + COUNT
    + "selector_width(select(n, n, >=) and select(tokens % 5, tokens % 7, ==));",
    "sorted": DIGITS.format(100, 100)
    + "rank = selector_width(select(tokens, tokens, <) or (select(tokens, tokens, ==) and "
    "select(indices, indices, <))); aggregate(select(rank, indices, ==), tokens);",
    "retrieved by a count": DIGITS.format(2, 300) + COUNT + "aggregate(select(indices, n - 1, ==), tokens, 7);",
    "a mean of counts": DIGITS.format(3, 30) + COUNT + f"aggregate({UP_TO_HERE}, n);",
    "a mean over equal counts": DIGITS.format(3, 20) + COUNT + "aggregate(select(n, n, ==), indices);",
    "a mean over equal counts with a default": DIGITS.format(3, 24)
    + COUNT
    + "aggregate(select(n, indices, ==), tokens, -3);",
    "a mean over equal classes": DIGITS.format(4, 30) + COUNT + "aggregate(select(n // 2, indices // 2, ==), indices);",
    "a sum of counts over what comes before": DIGITS.format(3, 30)
    + COUNT
    + f"aggregate({UP_TO_HERE}, n) * (indices + 1);",
    "equal means": DIGITS.format(3, 9) + MEAN + "selector_width(select(m, m, ==));",
    "means that are tokens": DIGITS.format(9, 20) + MEAN + "selector_width(select(m, tokens, ==));",
    "means in order": DIGITS.format(3, 8) + MEAN + "selector_width(select(m, m, <));",
    "a rounded mean": DIGITS.format(20, 20) + MEAN + "round(m) % 3;",
    "a mean of a mean": DIGITS.format(4, 12) + MEAN + f"aggregate({UP_TO_HERE}, m);",
    "remainders of counts": DIGITS.format(4, 40) + COUNT + "selector_width(select(n % 7, indices % 5, ==));",
    "products of counts": DIGITS.format(2, 25) + COUNT + "z = selector_width(select(tokens, indices, >)); n * z % 11;",
    "powers of counts": DIGITS.format(2, 10) + COUNT + "2 ^ n - n ^ 3;",
    "a threshold of a long count": DIGITS.format(2, 300) + COUNT + "n > 500 and tokens == 1;",
    "strings that come late": 'set vocab "abcd"; set max_length 20; '
    + COUNT
    + BACK.format(1)
    + 'late = aggregate(select(indices, n - 1, ==), tokens, "-"); '
    + 'pair = late + tokens; ((pair == "ab" or pair == "cc") and p1 == "a") or n > 7;',
    "a choice between late and early": 'set vocab "abc"; set max_length 12; '
    + COUNT
    + "k = aggregate(select(indices, 2, ==), n); "
    + '(k + n) if tokens == "a" else (n - 1 if n > 3 else k * 2);',
    "four votes": 'set vocab "abc"; set max_length 40; '
    + "".join(map(BACK.format, (1, 2, 3)))
    + "x = p1 == tokens or p2 == tokens or not (p3 == p1) or p1 == p2; "
    + "aggregate(select(x, True, ==) and select(indices, indices, <), 1, 0);",
    "an order of large numbers": "set vocab range(0, 200000, 999); set max_length 9; "
    "selector_width(select(tokens, tokens, <=));",
    "an equality of large numbers": "set vocab range(0, 400000, 9999); set max_length 9; "
    "selector_width(select(tokens, tokens, ==));",
    "an equality of unlike fractions": DIGITS.format(70, 70) + "selector_width(select(tokens / 6, indices / 4, ==));",
    "an output of many values": DIGITS.format(300, 9) + "tokens * 11 - indices * 13;",
    "fractions of very different sizes": "set vocab [0, 1, 2, 1000, 100000]; set max_length 6; "
    "tokens / 7 + indices / 9;",
}
SETTINGS = {
    "": CompileOptions(),
    "-Os": CompileOptions(small=True),
    "--causal": CompileOptions(causal=True),
}


def test_sizes_and_bounds_of_small_programs(golden: Callable[..., None]) -> None:
    texts = CONSTRUCTIONS | {name: text for name, (text, _) in NUMBER_FUNCTIONS.items()}
    golden("".join(f"{line}\n" for name, text in texts.items() for line in _lines(name, text, ("", "-Os"))))


def test_sizes_and_bounds_of_large_programs(golden: Callable[..., None]) -> None:
    golden("".join(f"{line}\n" for name, text in LARGE.items() for line in _lines(name, text, tuple(SETTINGS))))


def test_sizes_and_bounds_of_shipped_programs(golden: Callable[..., None]) -> None:
    lines = []
    for shipped in shipped_programs():
        if not shipped.path.stem.startswith("long_"):  # the slowest, made of what the others are made of
            source = Source(str(shipped), shipped.path.read_text(encoding="utf-8"))
            made = stages(elaborate(source, base=shipped.path.parent), CompileOptions())
            lines += [f"{shipped}\n", *(f"    {line}\n" for line in _shown(made))]
    golden("".join(lines))


def _lines(name: str, text: str, settings: tuple[str, ...]) -> Iterator[str]:
    """The sizes of a program's model under each setting, without those that equal the first."""
    yield name
    first: list[str] = []
    for setting in settings:
        try:
            shown = list(_shown(stages(program(text), SETTINGS[setting])))
        except RaspError as error:
            shown = [f"{diagnostic.code}: {diagnostic.message}" for diagnostic in error.diagnostics]
        if shown != first:
            yield from [f"  {setting}"] * (setting != "")
            yield from (f"    {line}" for line in shown)
        first = first or shown


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
        f"at {head.time} {head.level} by {head.score_kind}, {head.width()} wide, sharpness {head.sharpness:g}, {bos}, "
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
