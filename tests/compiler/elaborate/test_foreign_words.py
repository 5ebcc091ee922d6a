"""Words that people bring from Python: each has a hint, and a program that follows the hint is accepted."""

from __future__ import annotations

import re

import pytest
from raspc.compiler.elaborate import elaborate, parse_vocabulary
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.foreign_words import KEYWORDS, NAMES
from raspc.rasp_grammar.span import Source

DECLARED = 'set vocab "abc"; set max_length 4;\n'

#: What people write, words of the hint, and the program after following it.
PROGRAMS = [
    ("mean(indices);", "average(x)", "average(indices);"),
    ("avg(indices);", "average(x)", "aggregate(full_s, indices);"),
    ("sum(indices);", "aggregate(full_s, x) * length", "aggregate(full_s, indices) * length;"),
    ("floor(indices / 2);", "`x // 1`", "(indices / 2) // 1;"),
    ("ceil(indices / 2);", "`-(-x // 1)`", "-(-(indices / 2) // 1);"),
    ("pow(indices, 2);", "`x ^ y`", "indices ^ 2;"),
    ("indices ** 2;", "`x ^ y`", "indices ^ 2;"),
    ("mod(indices, 2);", "`x % y`", "indices % 2;"),
    ('where(tokens == "a", 1, 2);', "`a if condition else b`", '1 if tokens == "a" else 2;'),
    ('any(tokens == "a");', "`contains(x, True)`", 'contains(tokens == "a", True);'),
    ('all(tokens == "a");', "`not contains(x, False)`", 'not contains(tokens == "a", False);'),
    ("sorted(tokens);", "`sort(tokens, tokens)`", "sort(tokens, tokens);"),
    ("reversed(tokens);", "`x[length - 1 - indices]`", "tokens[length - 1 - indices];"),
    ("reverse(tokens);", "`x[length - 1 - indices]`", "tokens[length - 1 - indices];"),
    (
        "xs = [1, 2]; for i, x in enumerate(xs) { y = i * x; } y;",
        "`for i in range(len(xs)) { x = xs[i]; }`",
        "xs = [1, 2]; for i in range(len(xs)) { x = xs[i]; y = i * x; } y;",
    ),
    ("xs = map(abs, [1]); xs[0];", "`[f(x) for x in xs]`", "xs = [abs(x) for x in [1]]; xs[0];"),
    ("xs = filter(abs, [1]); xs[0];", "`[x if condition else", "xs = [x if x > 0 else 0 for x in [1]]; xs[0];"),
    ("xs = list(range(3)); xs[0];", "`range(3)` is a list already", "xs = range(3); xs[0];"),
    ("xs = tuple([1]); xs[0];", "`[a, b]`", "xs = [1, 1]; xs[0];"),
    ("xs = set([1]); xs[0];", "`[a, b]`", "xs = [1, 1]; xs[0];"),
    ("xs = dict(a = 1); xs['a'];", "compare with `==`", 'xs = {"a": 1}; xs["a"];'),
    ("xs = dict(); xs;", '{"a": 1}', 'xs = {"a": 1}; xs["a"];'),
    ("str(tokens);", "`tokens_str`", "tokens_str;"),
    ("str(indices);", '`{0: "0", 1: "1"}[x]`', 'x = indices; {0: "0", 1: "1", 2: "2", 3: "3"}[x];'),
    ("int(tokens);", "`tokens_int`", 'set vocab "012"; tokens_int;'),
    ("float(tokens);", "`tokens_float`", 'set vocab "012"; tokens_float;'),
    ("bool(indices);", "`x != 0`", "indices != 0;"),
    ("print(tokens);", "`x;`", "tokens;"),
    ("print tokens;", "`x;`", "tokens;"),
    ("not true;", "`True`", "indices == 0 and True;"),
    ("indices if false else 1;", "`False`", "indices if False else 1;"),
    ("aggregate(full_s, indices, None);", "leave the default out", "aggregate(full_s, indices);"),
    ("aggregate(full_s, indices, null);", "leave the default out", "aggregate(full_s, indices);"),
    ("aggregate(full_s, indices, nil);", "leave the default out", "aggregate(full_s, indices);"),
    ("position;", "`indices`", "indices;"),
    ("positions;", "`indices`", "indices;"),
    ("index;", "`indices`", "indices;"),
    ("pos;", "`indices`", "indices;"),
    ("input;", "`tokens`", "tokens;"),
    ("sequence;", "`tokens`", "tokens;"),
    ("seq;", "`tokens`", "tokens;"),
    ("not_(indices == 0);", "`not`", "not (indices == 0);"),
    ("for i in [1] { pass; } tokens;", "remove it", "for i in [1] { x = i; } tokens;"),
    ("x = 0; for i in [1] { break; } x;", "`x = a if condition else x;`", "x = 0; for i in [1] { x = i; } x;"),
    ("for i in [1] { continue; } x;", "choose with a ternary", "x = 0; for i in [1] { x = i if i > 0 else x; } x;"),
    (
        "x = 1 if indices == 0 elif 2;",
        "(b if other else c)",
        "x = 1 if indices == 0 else (2 if indices == 1 else 3); x;",
    ),
    ("while True { x = 1; }", "`for i in range(10) { ... }`", "for i in range(10) { x = i; } tokens;"),
    ("f = lambda x: x;", "`def f(x) { return ...; }`", "def f(x) { return x; } f(tokens);"),
    ("import numpy;", '`load "file";`', "tokens;"),
    ("from x import y;", '`load "file";`', "tokens;"),
    ("let x = 1;", "`name = value;`", "x = 1; x;"),
    ("var x = 1;", "`name = value;`", "x = 1; x;"),
    ("const x = 1;", "`name = value;`", "x = 1; x;"),
    ("function f(x) { return x; }", "`def f(x) { ... return ...; }`", "def f(x) { return x; } f(tokens);"),
    ("class A { x = 1; }", "no classes", "x = 1; x;"),
    ('tokens is "a";', "`==`", 'tokens == "a";'),
    ('tokens not in ["a"];', "`not (x in xs)`", 'not (tokens in ["a"]);'),
    ("try { x = 1; }", "`a if condition else b`", "x = 1 if indices == 0 else 2; x;"),
    ("raise x;", "`a if condition else b`", "x = 1 if indices == 0 else 2; x;"),
    ("assert length;", "file of cases", "tokens;"),
    ("with x { y = 1; }", "`name = value;`", "x = 1; x;"),
    ("global x;", "`return` the new value", "def f(x) { return x + 1; } f(indices);"),
    ("del x;", "`name = value;`", "x = 1; x;"),
    ('tokens in ("a", "b");', 'write a list: `["a", "b"]`', 'tokens in ["a", "b"];'),
    ("x = (1, 2); x;", "write a list: `[1, 2]`", "x = [1, 2]; x[0];"),
    ('f"{tokens}";', '`"a" + x`', '"a" + tokens;'),
    ('r"a" + tokens;', "remove the letter", '"a" + tokens;'),
    ("tokens[1:];", "`x[indices + 1]`", "tokens[indices - 1];"),
    (
        "xs = [1, 2, 3]; xs[1:3];",
        "`[xs[i] for i in range(1, 3)]`",
        "xs = [1, 2]; ys = [xs[i] for i in range(1, 2)]; ys[0];",
    ),
    ("x = 1; x += 1; x;", "`x = x + ...`", "x = 1; x = x + 1; x;"),
    ("!(indices == 0);", "`not`", "not (indices == 0);"),
    ("indices == 0 && indices == 1;", "`and`", "indices == 0 and indices == 1;"),
    ("indices == 0 || indices == 1;", "`or`", "indices == 0 or indices == 1;"),
    ("if indices == 0 { x = 1; }", "`x = a if condition else b;`", "x = 1 if indices == 0 else 2; x;"),
    ("set max_length = 8\ntokens;", "`set max_length 8`", "set max_length 8\ntokens;"),
    ("set max_length: 8\ntokens;", "`set max_length 8`", "set max_length 8\ntokens;"),
    ('set vocab = ["a", "b"];\ntokens;', '`set vocab ["a", "b"]`', 'set vocab ["a", "b"];\ntokens;'),
    ('set example = "ab";\ntokens;', '`set example "ab"`', 'set example "ab";\ntokens;'),
    ("set vocab ab;\ntokens;", 'in quotes: `"ab"`', 'set vocab "ab";\ntokens;'),
    ("set vocab [a, b, 1];\ntokens;", 'in quotes: `["a", "b", 1]`', 'set vocab ["a", "b", 1];\ntokens;'),
]


@pytest.mark.parametrize(("wrong", "words", "right"), PROGRAMS, ids=[wrong for wrong, _, _ in PROGRAMS])
def test_a_program_that_follows_the_hint_is_accepted(wrong: str, words: str, right: str) -> None:
    with pytest.raises(RaspError) as caught:
        elaborate(Source("wrong.rasp", DECLARED + wrong))
    assert words in (caught.value.diagnostics[0].hint or "")
    assert elaborate(Source("right.rasp", DECLARED + right)).outputs


def test_every_word_is_tried() -> None:
    written = {word for wrong, _, _ in PROGRAMS for word in re.findall(r"\w+", wrong)}
    assert set(KEYWORDS) | set(NAMES) <= written


@pytest.mark.parametrize(
    ("spec", "words"),
    [("abc", 'in quotes: `"abc"`'), ("a,b", """`'["(", ")"]'`"""), ("[a, b]", 'in quotes: `["a", "b"]`')],
)
def test_a_vocabulary_without_quotes_has_a_hint(spec: str, words: str) -> None:
    with pytest.raises(RaspError) as caught:
        parse_vocabulary(spec)
    assert words in (caught.value.diagnostics[0].hint or "")
