"""Small programs, one for each way that lowering can take, compiled and compared with the interpreter.

All inputs are tried while they are few, else constant, sorted, alternating, longest and random ones.
"""

from __future__ import annotations

import pytest
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Program
from raspc.compiler.interpret.interpreter import Interpreter
from raspc.compiler.interpret.sample_inputs import chosen_inputs
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source
from raspc.runner.model import Model
from raspc.tools.fuzz.check import equal

LETTERS = 'set vocab "abc"; set max_length {}; '
DIGITS = "set vocab range({}); set max_length {}; "

#: What a shifted token is, `-` before the first.
BACK = 'p{0} = aggregate(select(indices, indices - {0}, ==), tokens, "-"); '

PROGRAMS = {
    # scores: votes of truths that are made elsewhere
    "any of the truths holds at a key": LETTERS.format(5)
    + BACK.format(1)
    + BACK.format(2)
    + 'x = (p1 == "a" and tokens == "b") or (p2 == "c" and p1 == tokens); '
    + "y = p1 != tokens or p2 == tokens; has_focus(select(x or y, True, ==) and select(indices, indices, <));",
    "all of the truths hold at a key": LETTERS.format(5)
    + BACK.format(1)
    + BACK.format(2)
    + "x = p1 != tokens and indices >= 1; y = p2 != tokens and indices >= 2; "
    + "has_focus(select(x and y, True, ==) and select(indices, indices, <=));",
    "not all of the truths hold at a key": LETTERS.format(5)
    + BACK.format(1)
    + "x = p1 != tokens and indices >= 1; has_focus(select(x, False, ==) and select(indices, indices, <));",
    "none of the truths holds at a key": LETTERS.format(5)
    + BACK.format(1)
    + BACK.format(2)
    + "x = p1 == tokens or p2 == tokens; aggregate(select(x, False, ==) and select(indices, indices, <=), 1, 0);",
    "a vote beside another comparison": LETTERS.format(5)
    + BACK.format(1)
    + BACK.format(2)
    + "x = p1 != tokens and indices >= 1 and p2 != p1; "
    + "aggregate(select(x, True, ==) and select(tokens, tokens, ==) and select(indices, indices, <), 1, 0);",
    # scores: equality
    "equality of whole numbers": DIGITS.format(6, 5) + "selector_width(select(tokens, indices + 1, ==));",
    "equality of fractions": DIGITS.format(5, 4) + "selector_width(select(tokens / 2, indices / 3, ==));",
    "equality of numbers that never meet": DIGITS.format(5, 4) + "aggregate(select(tokens + 1/2, indices, ==), 1, 9);",
    "equality of large numbers": DIGITS.format(5, 4) + "selector_width(select(tokens * 1000, indices * 1000, ==));",
    "equality far from zero": DIGITS.format(6, 4) + "selector_width(select(tokens + 5000, indices + 5001, ==));",
    "equality of computed numbers": DIGITS.format(4, 4)
    + "n = selector_width(select(tokens, tokens, ==)); selector_width(select(n, tokens, ==));",
    "equality of strings": 'set vocab "abcde"; set max_length 4; selector_width(select(tokens, tokens, ==));',
    "equality with computed strings as queries": 'set vocab "abcd"; set max_length 4; '
    'q = aggregate(select(indices, indices - 1, ==), tokens, "a"); selector_width(select(tokens, q, ==));',
    "equality with computed strings as keys": 'set vocab "abcd"; set max_length 4; '
    'k = aggregate(select(indices, indices + 1, ==), tokens, "z"); selector_width(select(k, tokens, ==));',
    "equality of built strings": 'set vocab "abcd"; set max_length 3; '
    'q = tokens + aggregate(select(indices, 0, ==), tokens); aggregate(select(tokens + "a", q, ==), indices, 9);',
    "equality of strings and numbers": 'set vocab ["a", 1, 2, "b", 3]; set max_length 3; '
    "selector_width(select(tokens, indices, ==));",
    "classes of remainders": DIGITS.format(9, 4) + "selector_width(select(tokens % 4, (indices + 1) % 5, ==));",
    "classes of quotients": DIGITS.format(9, 4) + "aggregate(select(tokens // 2, indices, ==), tokens, 20);",
    # scores: orders and tables
    "an order over many classes": "set vocab range(3); set max_length 66; selector_width(select(indices, indices, <));",
    "an order of tokens over many classes": DIGITS.format(90, 6) + "selector_width(select(tokens, tokens, <));",
    "a weak order over many classes": DIGITS.format(90, 6)
    + "selector_width(select(tokens, tokens, >=) and select(indices, indices, <=));",
    "unequal": LETTERS.format(4) + "selector_width(select(tokens, tokens, !=));",
    "an order of strings with one side constant": LETTERS.format(4) + 'selector_width(select(tokens, "b", <=));',
    "only the query matters": DIGITS.format(4, 4) + "aggregate(select(2, tokens, <), indices, -1);",
    "nothing is selected": DIGITS.format(4, 4) + "aggregate(select(tokens, 9, ==), indices, 4) + tokens;",
    "everything is selected": DIGITS.format(3, 4) + "aggregate(full_s, tokens);",
    # heads
    "a mean with a default": DIGITS.format(4, 4) + "aggregate(select(tokens, indices, ==), indices, 7);",
    "a mean over several heads": DIGITS.format(3, 4)
    + "aggregate(select(tokens, tokens, ==) or select(indices, indices, <), tokens);",
    "one value over several heads": DIGITS.format(3, 4)
    + "s = select(tokens, tokens, ==) or select(indices, indices, <); "
    + "aggregate(s and select(indices, 1, ==), tokens, 8);",
    "a mean of means": DIGITS.format(2, 3)
    + "s = select(tokens, tokens, ==); aggregate(select(indices, indices, <=), aggregate(s, indices));",
    "strings with a default": LETTERS.format(4) + 'aggregate(select(indices, indices + 2, ==), tokens, "none");',
    "strings with one of them as default": LETTERS.format(4)
    + 'aggregate(select(indices, indices + 1, ==), tokens, "b");',
    "strings of which all selected are equal": LETTERS.format(4) + "aggregate(select(tokens, tokens, ==), tokens);",
    "truths": LETTERS.format(4) + 'aggregate(select(indices, indices - 1, ==), tokens == "a");',
    "a share of truths": LETTERS.format(4) + 'aggregate(select(indices, indices, <=), tokens == "a");',
    "numbers and strings": 'set vocab ["a", 1, 2]; set max_length 4; '
    'aggregate(select(indices, indices - 1, ==), tokens, "none");',
    "selected by a computed number": DIGITS.format(3, 4)
    + "before = select(tokens, tokens, ==) and select(indices, indices, <); "
    + "rank = selector_width(select(tokens, tokens, <) or before); aggregate(select(rank, indices, ==), tokens);",
    "a value that is computed late": LETTERS.format(4)
    + "n = selector_width(select(tokens, tokens, ==)); aggregate(select(indices, length - 1 - indices, ==), n);",
    # element-wise: one source
    "a function of one number": DIGITS.format(7, 3) + "(tokens - 3) * (tokens - 3) % 5;",
    "a function of one computed number": DIGITS.format(2, 5)
    + "n = selector_width(select(tokens, 1, ==)); (n - 2) * (n - 2) if n != 3 else -1;",
    "thresholds of a computed number": DIGITS.format(2, 5)
    + 'n = selector_width(select(tokens, 1, ==)); "few" if n < 2 else ("some" if n <= 3 else "many");',
    "a threshold of a mean": DIGITS.format(3, 4) + "aggregate(select(indices, indices, <=), tokens) >= 1;",
    "a rounded mean": DIGITS.format(3, 4) + "round(aggregate(select(indices, indices, <=), tokens));",
    "a quotient of a mean": DIGITS.format(3, 4) + "1 / (1 + aggregate(select(indices, indices, <=), tokens));",
    "a power": DIGITS.format(4, 3) + "tokens ^ 2 + 2 ^ indices;",
    "a table": LETTERS.format(3) + '{"a": 3, "b": "x", "c": 1}[tokens];',
    "a table of a computed number": DIGITS.format(2, 3)
    + '{0: "none", 1: "one", 2: "two", 3: "three"}[selector_width(select(tokens, 1, ==))];',
    # element-wise: several sources
    "a product of counts": DIGITS.format(2, 5)
    + "n = selector_width(select(tokens, 1, ==)); z = selector_width(select(tokens, 0, ==) and "
    + "select(indices, indices, <=)); n * z;",
    "a quotient of counts": DIGITS.format(2, 5)
    + "n = selector_width(select(tokens, 1, ==)); z = 1 + selector_width(select(indices, indices, <)); n // z;",
    "a remainder of counts": DIGITS.format(2, 5)
    + "n = selector_width(select(tokens, 1, ==)); z = 1 + selector_width(select(indices, indices, <)); n % z;",
    "a comparison of counts": DIGITS.format(2, 5)
    + "n = selector_width(select(tokens, 1, ==)); z = selector_width(select(tokens, 0, ==)); n > z;",
    "a sum of counts": DIGITS.format(3, 4)
    + "selector_width(select(tokens, 1, ==)) - 2 * selector_width(select(tokens, 2, ==)) + indices;",
    "a joint function of strings": LETTERS.format(4)
    + 'q = aggregate(select(indices, indices - 1, ==), tokens, "-"); q + tokens;',
    "membership of a joint string": LETTERS.format(4)
    + 'q = aggregate(select(indices, indices - 1, ==), tokens, "-"); (q + tokens) in ["ab", "ca", "-b"];',
    "a choice between a string and a number": LETTERS.format(4)
    + 'n = selector_width(select(tokens, tokens, ==)); n if tokens == "a" else tokens;',
    "truths of three sources": LETTERS.format(4)
    + BACK.format(1)
    + 'n = selector_width(select(tokens, "a", ==)); (p1 == "b" and n > 1) or (tokens == "c" and not n == 2);',
    "the larger of two": DIGITS.format(4, 4)
    + "q = aggregate(select(indices, indices - 1, ==), tokens, 2); q if q > tokens else tokens;",
    "a distance": DIGITS.format(4, 4) + "abs(aggregate(select(indices, indices - 1, ==), tokens, 2) - tokens);",
    "a joint function before attention": DIGITS.format(3, 4)
    + "selector_width(select((tokens + indices) % 3, tokens, ==));",
    # outputs
    "truths as output": DIGITS.format(4, 3) + "tokens > indices;",
    "many numbers as output": DIGITS.format(12, 3) + "tokens * tokens * 7 + indices;",
    "an output with one value far from the others": DIGITS.format(10, 4)
    + "(489 if tokens > indices else tokens) if selector_width(select(tokens, 4, ==)) > 1 else indices;",
    "fractions as output": DIGITS.format(5, 3) + "tokens / 3 - indices / 7;",
    "a constant": DIGITS.format(3, 3) + '"same" if indices >= 0 else "never";',
}


@pytest.mark.parametrize("small", [False, True], ids=["default", "Os"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_model_answers_what_the_program_means(name: str, small: bool) -> None:
    program = elaborate(Source("meaning.rasp", PROGRAMS[name]))
    _agree(program, CompileOptions(small=small))


@pytest.mark.parametrize("name", sorted(PROGRAMS)[::4])
def test_causal_models_do_too(name: str) -> None:
    program = elaborate(Source("meaning.rasp", PROGRAMS[name]))
    _agree(program, CompileOptions(causal=True))


def _agree(program: Program, options: CompileOptions) -> None:
    assert program.vocabulary is not None
    assert program.max_length is not None
    interpreter = Interpreter(program, causal=options.causal)
    answered = []
    for tokens in chosen_inputs(program.vocabulary, program.max_length, exhaustive_limit=150, samples=120):
        try:
            answered.append((tokens, interpreter.run(tokens)))
        except RaspError:
            continue  # undefined
    assert len(answered) > 10
    model = Model.from_compiled(compile_program(program, options), device="cpu")
    (output,) = model.manifest.outputs
    found = model.run_batch([tokens for tokens, _ in answered])
    for (tokens, wanted), got in zip(answered, found, strict=True):
        assert all(equal(output, a, b) for a, b in zip(got, wanted, strict=True)), (tokens, got, wanted)
