"""Explanations of heads: the form of the selector, and the reason for it."""

from __future__ import annotations

import pytest
from raspc.compiler.artifact.manifest import HeadRecord
from raspc.compiler.elaborate import elaborate
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source


def _heads(text: str, *, small: bool = False) -> list[HeadRecord]:
    program = elaborate(Source("forms.rasp", text))
    manifest = compile_program(program, CompileOptions(small=small)).manifest
    return [head for layer in manifest.layers for head in layer.heads]


LETTERS = 'set vocab "abcdef"; set max_length 6; '


@pytest.mark.parametrize(
    ("program", "small", "form", "words"),
    [
        (LETTERS + "selector_width(full_s);", False, "everything", "nothing is left out"),
        (
            LETTERS + 'selector_width(select(tokens, "a", ==));',
            False,
            "key only",
            "only the key matters, which may have 1 of its 6 values",
        ),
        (
            LETTERS + "aggregate(full_s and select(indices, indices, <=), indicator(indices == 0));",
            False,
            "table",
            "and no equality",
        ),
        (LETTERS + "selector_width(select(tokens, tokens, ==));", False, "table", "6 strings, which stay one-hot"),
        (LETTERS + "selector_width(select(tokens, tokens, ==));", True, "equality", "6 strings, numbered"),
        (LETTERS + "tokens[length - 1 - indices];", False, "equality", "6 numbers: -(k - q)^2 is one product"),
        ('set vocab "abc"; set max_length 6; selector_width(select(tokens, tokens, ==));', True, "table", "only 3"),
        (
            LETTERS + 'selector_width(select(tokens, "a", ==) and select(indices, indices, <));',
            False,
            "key only and table",
            "1 of its 6 values; and 6 classes of keys by 6 of queries, and no equality; the key's side is one-hot",
        ),
    ],
)
def test_each_head_says_its_kind_of_score_and_why(program: str, small: bool, form: str, words: str) -> None:
    head = _heads(program, small=small)[-1]
    assert head.score_kind == form
    assert words in head.why


def test_heads_that_share_a_selector_say_which_case_they_are() -> None:
    text = "selector_width(select(tokens, tokens, ==) or select(indices, indices, <));"
    whys = [head.why for head in _heads(LETTERS + text)]
    assert len(whys) == 2
    assert {why.split(":")[0] for why in whys} == {f"case {n} of 2 that exclude each other" for n in (1, 2)}


def test_an_order_in_digits_says_so() -> None:
    text = 'set vocab "ab"; set max_length 100; selector_width(select(indices, indices, <));'
    whys = " ".join(head.why for head in _heads(text))
    assert "the high digit of an order over 100 by 100 classes" in whys
    assert "equal high digits" in whys
    assert "the low digit" in whys


def test_a_mean_of_truths_that_cannot_be_named_is_refused() -> None:
    """Found by fuzzing: it read out 0.99999976 where the program means `true`."""
    text = (
        "set vocab [2, False, 1]; set max_length 5; "
        "s = select(0, tokens == 1, ==) and select(has_focus(select(indices, indices, <)), False, ==); "
        "aggregate(s, aggregate(s, aggregate(s, tokens == 2), False), 1);"
    )
    with pytest.raises(RaspError) as error:
        compile_program(elaborate(Source("means.rasp", text)))
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "C221"
    assert "too fine a scale" in diagnostic.message
    # As the hint says, a plain number of that scale can be read out.
    compile_program(elaborate(Source("means.rasp", text[:-1] + " + 0;")))
