"""Facts that are decided by listing: what they state holds on every input, and they decide what programs need."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import cast

import numpy as np
import pytest
from raspc.compiler.analysis.domains import Space
from raspc.compiler.analysis.node_facts import Analysis
from raspc.compiler.analysis.position_listing import PositionListing
from raspc.compiler.analysis.selected_keys import SelectedKeys
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Aggregate, Selector, SOp
from raspc.compiler.graph.values import Undefined, Value
from raspc.compiler.graph.walk import reachable
from raspc.compiler.interpret.interpreter import evaluate
from raspc.datasets.random_programs.generator import generate
from raspc.rasp_grammar.span import Source
from raspc.tests.support.generated import inputs_of_space

#: Facts of one program's selectors and s-ops, and whether they can be decided by listing.
PROGRAMS = {
    "a computed key is a permutation": ("aggregate(select((indices + 3) % length, indices, ==), tokens);", True),
    "pairs are swapped": (
        """
        last = (indices == length - 1) and (length % 2 == 1);
        target = indices if last else indices + (1 - 2 * (indices % 2));
        aggregate(select(target, indices, ==), tokens);
        """,
        True,
    ),
    "the direction depends on the whole input": (
        """
        falls = contains(tokens == tokens[0], False);
        aggregate(select(length - 1 - indices if falls else indices, indices, ==), tokens);
        """,
        True,
    ),
    "a flag marks one position": ("aggregate(select(indices == 0, True, ==), tokens);", True),
    "a table of length and index": (
        "aggregate(select([0, 0, 1, 0, 1, 2, 0, 2, 1, 3][length * (length - 1) / 2 + indices], indices, ==), tokens);",
        True,
    ),
    "the last but one where there is one": ("aggregate(select(indices, max_(length - 2, 0), ==), tokens);", True),
    "two halves meet": ("aggregate(select(indices // 2, indices, ==), tokens);", False),
    "a rank as a key": (
        """
        ties = select(tokens, tokens, ==) and select(indices, indices, <);
        rank = selector_width(select(tokens, tokens, <) or ties);
        aggregate(select((rank + 1) % length, indices, ==), tokens);
        """,
        True,
    ),
    "tokens may repeat": ("aggregate(select(tokens, indices, ==), tokens);", False),
    "a sort key with the position inside": ("aggregate(select(tokens * 10 + indices, 12, ==), tokens);", True),
    "a union of two keys": (
        """
        end = aggregate(select(indices, tokens[0], ==), indices, 0);
        keep = select(indices, end, <=) and select(indices, indices, ==);
        back = select(indices, end, <=) and select(indices, 2 * end - indices, ==);
        aggregate(keep or back, tokens, 9);
        """,
        True,
    ),
}

SPACE = Space((0, 1, 2), 4)


def _analysed(text: str, space: Space = SPACE) -> tuple[Analysis, list[SOp], list[Selector]]:
    program = elaborate(
        Source("program.rasp", "def max_(a, b) { return a if a > b else b; }\n" + text),
        vocabulary=space.vocabulary,
        max_length=space.max_length,
    )
    nodes = reachable([node for _, node in program.outputs])
    sops = [node for node in nodes if isinstance(node, SOp)]
    return Analysis(space), sops, [node for node in nodes if isinstance(node, Selector)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_selecting_at_most_one_key_is_decided(name: str) -> None:
    text, at_most_one = PROGRAMS[name]
    analysis, sops, _ = _analysed(text)
    (selector,) = {node.selector for node in sops if isinstance(node, Aggregate) and node is sops[-1]}
    assert (
        any(found.at_most_one() for found in PositionListing(analysis, analysis.selectors).pairs(selector))
        == at_most_one
    )


@cache
def _random_texts() -> tuple[str, ...]:
    rng = random.Random(20261127)
    return tuple(generate(rng, 30) for _ in range(150))


def _texts() -> Iterator[tuple[str, str]]:
    yield from ((name, text) for name, (text, _) in PROGRAMS.items())
    yield from ((str(place), text) for place, text in enumerate(_random_texts()))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in _texts()])
def test_what_is_stated_holds_on_every_input(text: str) -> None:
    space = SPACE
    analysis, sops, selectors = _analysed(text, space)
    listing, keys = PositionListing(analysis, analysis.selectors), SelectedKeys(analysis, analysis.selectors)
    injective = [node for node in sops if listing.injective(node)]
    permutations = [node for node in sops if listing.permutes_positions(node)]
    truths = {selector: list(listing.pairs(selector)) for selector in selectors}
    one = [s for s in selectors if any(found.at_most_one() for found in truths[s]) or keys.one_of_a_class(s)]
    some = [s for s in selectors if any(found.at_least_one() for found in truths[s])]
    every = [s for s in selectors if any(found.always() for found in truths[s])]
    none = [s for s in selectors if any(found.never() for found in truths[s])]
    fixed = [(s, node) for s, node in islice(((s, n) for s in selectors for n in sops), 400) if keys.fixes(s, node)]
    for tokens in inputs_of_space(space):
        found = evaluate([*sops, *selectors], tokens, vocabulary=space.vocabulary)
        for node in injective:
            values = cast(list[Value], found[node])
            assert len(set(values)) == len(values)
        for node in permutations:
            assert sorted(cast(list[int], found[node])) == list(range(len(tokens)))
        rows = {
            s: np.array([[cell is True for cell in row] for row in cast(list[list[Value]], found[s])])
            for s in selectors
        }
        whole = {
            s: not any(isinstance(cell, Undefined) for row in cast(list[list[Value]], found[s]) for cell in row)
            for s in selectors
        }
        for selector in one:
            assert not whole[selector] or (rows[selector].sum(axis=1) <= 1).all()
        for selector in some:
            assert not whole[selector] or rows[selector].any(axis=1).all()
        for selector in every:
            assert not whole[selector] or rows[selector].all()
        for selector in none:
            assert not rows[selector].any()
        for selector, node in fixed:
            values = cast(list[Value], found[node])
            for row in rows[selector] if whole[selector] else ():
                assert len({value for value, selected in zip(values, row, strict=True) if selected}) <= 1


FIRSTS = [
    "is_one = tokens == 1; before = selector_width(select(is_one, True, ==) and select(indices, indices, <)); "
    "aggregate(select(is_one, True, ==) and select(before, 0, ==), indices, -1);",
    "seen = has_focus(select(tokens, 1, ==) and select(indices, indices, <)); first = (tokens == 1) and not seen; "
    "aggregate(select(first, True, ==), indices, -1);",
    "nth = selector_width(select(tokens, tokens, ==) and select(indices, indices, <=)); "
    "aggregate(select(nth + 1, nth, ==) and select(tokens, tokens, ==), indices, -1);",
    "nth = selector_width(select(tokens, tokens, ==) and select(indices, indices, <)); want = (tokens + 1) % 3; "
    "aggregate(select(tokens, want, ==) and select(nth, indices - 1, ==), indices, -1);",
    "repeats = has_focus(select(tokens, tokens, ==) and select(indices, indices, <)); "
    "aggregate(select(tokens, 2, ==) and select(repeats, False, ==), indices, -1);",
]


@pytest.mark.parametrize("text", FIRSTS)
def test_the_nth_key_of_a_class_is_one_key(text: str) -> None:
    analysis, sops, _ = _analysed(text)
    last = sops[-1]
    assert isinstance(last, Aggregate)
    assert SelectedKeys(analysis, analysis.selectors).one_of_a_class(last.selector)


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("aggregate(select(selector_width(select(tokens, tokens, <)), 0, ==), tokens);", True),
        ("aggregate(select(tokens * 2, 4, ==), tokens);", True),
        ("aggregate(select(tokens // 2, 1, ==), tokens);", True),
        ("aggregate(select(tokens // 2, 0, ==), tokens);", False),
        ("aggregate(select(tokens, indices, ==), (tokens + 1) % 2);", True),
    ],
)
def test_selected_keys_hold_one_value(text: str, fixed: bool) -> None:
    analysis, sops, _ = _analysed(text)
    last = sops[-1]
    assert isinstance(last, Aggregate)
    assert SelectedKeys(analysis, analysis.selectors).fixes(last.selector, last.values) == fixed
