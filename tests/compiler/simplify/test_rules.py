"""Each rule of simplification on a program that it applies to, and on one that it must leave alone."""

from __future__ import annotations

import pytest
from raspc.compiler.analysis.domains import Space
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Select
from raspc.compiler.graph.print_graph import describe
from raspc.compiler.simplify.rewrite import simplify
from raspc.rasp_grammar.span import Source


def _simplified(text: str, *, causal: bool = False) -> str:
    program = elaborate(Source("test.rasp", f'set vocab "abc"; set max_length 4; {text}'))
    assert program.vocabulary is not None
    assert program.max_length is not None
    found = simplify(program, Space(program.vocabulary, program.max_length, causal)).program
    ((_, output),) = found.outputs
    return describe(found.graph, output, expand=True)


@pytest.mark.parametrize(
    ("text", "simplified"),
    [
        # one value
        ("1 + 1 == 2;", "True"),
        ("indices < 4;", "True"),
        ("indices < 3;", "indices < 3"),
        # a constant condition
        ('tokens if indices >= 0 else "x";', "tokens"),
        # an index of known sign
        ("tokens[2 / indices];", "aggregate(select(indices, 2 / indices, ==), tokens)"),
        (
            "tokens[-2 / indices];",
            "aggregate(select(indices, length + (-2 / indices), ==), tokens)",
        ),
        # a mean times a width
        (
            "s = select(tokens, tokens, ==); aggregate(s, indices) * selector_width(s);",
            "selector_sum(s, indices)",
        ),
        (
            "(indices + 1) * aggregate(select(indices, indices, <=), indices);",
            "selector_sum(select(indices, indices, <=), indices)",
        ),
        (
            "aggregate(select(indices, indices, >), indices) * (length - indices - 1);",
            "selector_sum(select(indices, indices, >), indices)",
        ),
        (
            "aggregate(select(indices, indices, <), indices) * (indices + 1);",
            "aggregate(select(indices, indices, <), indices) * (indices + 1)",
        ),
        # the reciprocal of the length
        ("aggregate(full_s, indicator(indices == 0));", "1 / selector_width(full_s)"),
        ("aggregate(full_s, indicator(indices == 1));", "aggregate(full_s, indicator(indices == 1))"),
        # nothing is ever selected
        ("selector_width(select(indices, indices, <) and select(indices, indices, >));", "0"),
        ('aggregate(select(indices, indices, <) and select(indices, indices, >), tokens, "z");', '"z"'),
        # a default that is never read
        ("aggregate(select(tokens, tokens, ==), indices, 7);", "aggregate(select(tokens, tokens, ==), indices)"),
        # the same value everywhere
        (
            "aggregate(select(indices, indices, <), length, 0);",
            "length if aggregate(select(indices, indices, <), 1, 0) else 0",
        ),
        # numbers with a string as default
        (
            'n = indices; s = select(tokens, "a", ==); aggregate(s, n, "-");',
            'aggregate(s, indices, 0) if aggregate(s, 1, 0) else "-"',
        ),
        # a selector that takes several heads
        (
            "s = select(tokens, tokens, ==) or select(indices, indices, <); aggregate(s, indices);",
            "selector_sum(s, indices) / selector_width(s)",
        ),
        # the reciprocal of a width
        (
            "s = select(tokens, tokens, ==) or select(indices, 0, ==); aggregate(s, indicator(indices == 0));",
            "1 / selector_width(s)",
        ),
        (
            "s = select(indices, indices, <=); aggregate(s, indicator(indices == 0));",
            "aggregate(s, indicator(indices == 0))",
        ),
        # whether anything is selected
        (
            'selector_width(select(tokens, "a", ==)) > 0;',
            'whether_anything_is_selected(aggregate(select(tokens, "a", ==), 1, 0))',
        ),
        (
            'aggregate(full_s, tokens == "a") > 0;',
            'whether_anything_is_selected(aggregate(select(tokens == "a", 1, ==), 1, 0))',
        ),
        ('selector_width(select(tokens, "a", ==)) > 1;', 'selector_width(select(tokens, "a", ==)) > 1'),
    ],
)
def test_programs_are_simplified(text: str, simplified: str) -> None:
    assert _simplified(text) == simplified


def test_a_causal_model_has_no_later_positions_to_count() -> None:
    text = "aggregate(select(indices, indices, >), indices) * (length - indices - 1);"
    assert "selector_sum" not in _simplified(text, causal=True)


def test_selectors_of_everything_become_one_node() -> None:
    text = "aggregate(select(1, 1, ==), indices) + aggregate(select(2, 1, !=), tokens_int);"
    program = elaborate(Source("test.rasp", f"set vocab range(3); set max_length 4; {text}"))
    found = simplify(program, Space((0, 1, 2), 4, False))
    images = [found.images[node] for node in program.graph if isinstance(node, Select)]
    assert len(images) == 2
    assert images[0] is images[1]
