"""Hypothesis strategies for program graphs with nodes of all kinds, over small input spaces."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st
from raspc.compiler.analysis.domains import Space
from raspc.compiler.graph.comparisons import Comparison
from raspc.compiler.graph.graph import Selector, SOp, Which
from raspc.compiler.graph.operations import OPERATIONS
from raspc.compiler.graph.values import Scalar
from raspc.compiler.interpret.sample_inputs import Input, all_inputs
from raspc.tests.support.building import SPAN, Build

COMPARISONS: tuple[Comparison, ...] = ("==", "!=", "<", "<=", ">", ">=")
VOCABULARIES: tuple[tuple[Scalar, ...], ...] = (
    ("a", "b"),
    (0, 1, 2),
    (False, True),
    (-1, "a", 2),
    (Fraction(1, 2), 3),
    (4,),
)
CONSTANTS: tuple[Scalar, ...] = (0, 1, 2, -1, 3, True, False, Fraction(1, 2), "a", "b", "ab", 0.5)


def inputs_of_space(space: Space) -> list[Input]:
    return list(all_inputs(space.vocabulary, space.max_length))


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """A space of a few tokens and up to three positions."""
    return Space(draw(st.sampled_from(VOCABULARIES)), draw(st.integers(1, 3)), draw(st.booleans()))


@st.composite
def sops(draw: st.DrawFn, build: Build, depth: int) -> SOp:
    """An s-op at most `depth` operations deep."""
    kinds = ["tokens", "indices", "indices", "length", "constant"]
    if depth > 0:
        kinds += ["elementwise"] * 5 + ["table", "aggregate", "aggregate", "width", "width", "sum"]
    kind = draw(st.sampled_from(kinds))
    match kind:
        case "tokens":
            return build.tokens
        case "indices":
            return build.indices
        case "length":
            return build.width(build.everything())
        case "constant":
            return build.constant(draw(st.sampled_from(CONSTANTS)))
        case "elementwise":
            name = draw(st.sampled_from(sorted(OPERATIONS)))
            if name == "str":  # the one operation that tells True from 1; the language has it for tokens only
                return build.op(name, build.tokens)
            return build.op(name, *(draw(sops(build, depth - 1)) for _ in range(OPERATIONS[name].arity)))
        case "table":
            rows = draw(st.dictionaries(st.sampled_from(CONSTANTS), st.sampled_from(CONSTANTS), max_size=4))
            otherwise = draw(st.none() | st.sampled_from(CONSTANTS))
            listed = [((argument,), value) for argument, value in rows.items()]
            return build.graph.table([draw(sops(build, depth - 1))], listed, otherwise, "dict", SPAN)
        case "aggregate":
            default = draw(st.none() | st.sampled_from(CONSTANTS))
            return build.aggregate(draw(selectors(build, depth - 1)), draw(sops(build, depth - 1)), default)
        case "width":
            return build.width(draw(selectors(build, depth - 1)))
        case _:
            # Simplification makes sums of numbers only.
            numbers = build.op("indicator", draw(sops(build, depth - 1)))
            return build.graph.selector_sum(draw(selectors(build, depth - 1)), numbers, SPAN)


@st.composite
def selectors(draw: st.DrawFn, build: Build, depth: int) -> Selector:
    """A formula of up to three comparisons of s-ops at most `depth` operations deep, with picks."""
    kind = draw(st.sampled_from(["select"] * 4 + ["same", "same", "and", "or", "not", "pick"]))
    match kind:
        case "and":
            return build.graph.selector_and(draw(selectors(build, depth)), draw(selectors(build, depth)), SPAN)
        case "or":
            return build.graph.selector_or(draw(selectors(build, depth)), draw(selectors(build, depth)), SPAN)
        case "not":
            return build.graph.selector_not(draw(selectors(build, depth)), SPAN)
        case "pick":
            which: Which = draw(st.sampled_from(("first", "last", "nearest")))
            return build.graph.selector_pick(draw(selectors(build, depth)), which, SPAN)
        case "same":
            both = draw(sops(build, depth))
            return build.select(both, both, draw(st.sampled_from(COMPARISONS)))
        case _:
            return build.select(draw(sops(build, depth)), draw(sops(build, depth)), draw(st.sampled_from(COMPARISONS)))
