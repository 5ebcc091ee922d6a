"""LANGUAGE.md row by row: what programs mean, computed by the interpreter on small inputs."""

from __future__ import annotations

from fractions import Fraction

import pytest
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.values import Scalar, Undefined
from raspc.compiler.interpret.interpreter import evaluate
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source

U = "undefined"


def values(text: str, tokens: str | list[Scalar] = "abca") -> list[object]:
    """The output at each position; `U` where it is undefined."""
    ((_, output),) = elaborate(Source("test.rasp", text)).outputs
    found = evaluate([output], list(tokens))[output]
    return [U if isinstance(value, Undefined) else value for value in found]


def plain(text: str) -> object:
    """The value of a plain expression."""
    return values(f"{text};", "a")[0]


def code(text: str) -> str:
    with pytest.raises(RaspError) as caught:
        elaborate(Source("test.rasp", text))
    return caught.value.diagnostics[0].code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # and / or: one level, grouped left, an operand as in Python
        ("True or True and False", False),
        ("0 or 5", 5),
        ("3 and 5", 5),
        ("0 and 5", 0),
        ('"" or "a"', "a"),
        ("not 0", True),
        ('not "a"', False),
        ("[] or 4", 4),
        # arithmetic
        ("7 % 2 * 2", 3),
        ("2 ^ 3 ^ 2", 64),
        ("-2 ^ 2", 4),
        ("7 / 2", Fraction(7, 2)),
        ("6 / 2", 3),
        ("1 / 3 * 3 == 1", True),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("7 % -3", -2),
        ("0.1 + 0.2 == 0.3", True),
        ("4 ^ 0.5", 2.0),
        ("2 ^ -1", Fraction(1, 2)),
        ("round(0.5)", 0),
        ("round(1.5)", 2),
        ("round(2.5)", 2),
        ("abs(-3)", 3),
        ("indicator(3)", 1),
        ("indicator(False)", 0),
        ("True == 1", True),
        ("True + True", 2),
        ('"a" + "b"', "ab"),
        ('"ab" * 2', "abab"),
        ('-1 * "ab"', ""),
        ('"" * 2 ^ 100', ""),
        ('"ab" * -2 ^ 101', ""),
        ("3 > 2 > 1", False),
        ("1 == 1 == True", True),
        ("[1, 2] < [1, 3]", True),
        ("[] >= [1]", False),
        ('["a", 1] <= ["a"]', False),
        ("[1, 2] > [0, False]", True),
        ('"a" == 1', False),
        ('"a" != 1', True),
        ('"a" < "b"', True),
        ("3 != 4", True),
        ("not 1 == 1", False),
        # ternaries
        ("1 if True else 2 if False else 3", 3),
        ("1 if True else 1 / 0", 1),
        ("1 / 0 if False else 2", 2),
        # lists, strings, dicts
        ("[1, 2, 3][-1]", 3),
        ("[1, 2, 3][True]", 2),
        ('"abc"[1]', "b"),
        ('"abc"[-3]', "a"),
        ('{"a": 1, 2: 5}["a"]', 1),
        ('{1: "x"}[1.0]', "x"),
        ('{1: "x"}[True]', "x"),
        ('{1: "x"}[2 / 2]', "x"),
        ("len([1, 2])", 2),
        ('len("abc")', 3),
        ("len({1: 2})", 1),
        ("[1, 2] == [1, 2]", True),
        ("([1] + [2])[1]", 2),
        ("len([0] * 3)", 3),
        ("range(3)[2]", 2),
        ("range(5, 1, -2)[1]", 3),
        ("len(range(3, 0))", 0),
        ("zip([1, 2], [3, 4, 5])[1][1]", 4),
        ("[x * x for x in range(4)][3]", 9),
        ("[a + b for a, b in zip([1, 2], [3, 4])][1]", 6),
        ('{a: b for a, b in zip("xy", [1, 2])}["y"]', 2),
        ("[[i + j for j in range(2)] for i in range(2)][1][1]", 2),
        ('[k for k in {"a": 1}][0]', "a"),
        ('[c for c in "abc"][2]', "c"),
        # in
        ("3 in [1, 2, 3]", True),
        ("1.0 in [True]", True),
        ('"b" in "abc"', True),
        ('"bc" in "abc"', True),
        ('"a" in {"a": 1}', True),
        ("(3 in [1]) or 4", 4),
    ],
)
def test_expressions_of_plain_values(text: str, value: object) -> None:
    found = plain(text)
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1 / 0;", "division-by-zero"),
        ("0 ^ -1;", "division-by-zero"),
        ("3 % 0;", "division-by-zero"),
        ("3 // 0;", "division-by-zero"),
        ('"a" + 1;', "cannot-compute"),
        ('"a" < 1;', "cannot-compute"),
        ("(-8) ^ 0.5;", "cannot-compute"),
        ("[1, 2][2];", "index-out-of-range"),
        ("[1, 2][0.5];", "wrong-index"),
        ('{"a": 1}["b"];', "missing-key"),
    ],
)
def test_mistakes_in_expressions_of_plain_values(text: str, found: str) -> None:
    assert code(text) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # names
        ("tokens;", ["a", "b", "c", "a"]),
        ("tokens_str;", ["a", "b", "c", "a"]),
        ("tokens_asis;", ["a", "b", "c", "a"]),
        ("indices;", [0, 1, 2, 3]),
        ("length;", [4, 4, 4, 4]),
        ("selector_width(full_s);", [4, 4, 4, 4]),
        # operators on s-ops
        ("indices + 1;", [1, 2, 3, 4]),
        ("1 / indices;", [U, 1, Fraction(1, 2), Fraction(1, 3)]),
        ("0 if indices == 0 else 1 / indices;", [0, 1, Fraction(1, 2), Fraction(1, 3)]),
        ("indices and 5;", [False, True, True, True]),
        ("indices or 0;", [False, True, True, True]),
        ("not indices;", [True, False, False, False]),
        ("indices != 1;", [True, False, True, True]),
        ("indices // 2;", [0, 0, 1, 1]),
        ("abs(indices - 2);", [2, 1, 0, 1]),
        ("indicator(indices > 1);", [0, 0, 1, 1]),
        ('tokens + "x";', ["ax", "bx", "cx", "ax"]),
        ("tokens * 2;", ["aa", "bb", "cc", "aa"]),
        ("(indices - 1) * tokens;", ["", "", "c", "aa"]),
        ('tokens * (tokens == "a");', ["a", "", "", "a"]),
        ('"-" * length;', ["----"] * 4),
        ('"-" * (indices * 5000);', ["", U, U, U]),
        ("tokens * tokens;", [U, U, U, U]),
        ("tokens * (indices / 2);", ["", U, "c", U]),
        ('tokens == "a" == False;', [False, True, True, False]),
        ("3 > indices > 0;", [True, True, True, False]),
        ("indices == [1];", [False, False, False, False]),
        ("count != indices;", [True, True, True, True]),
        ("tokens == 1;", [False, False, False, False]),
        ("tokens < 1;", [U, U, U, U]),
        ('tokens == "a" or tokens == "b" and indices > 0;', [False, True, False, True]),
        ("not tokens == False;", [True, True, True, True]),
        # a ternary with an s-op condition
        ('"first" if indices == 0 else tokens;', ["first", "b", "c", "a"]),
        ("1 if indices == 0 else 2 if indices == 1 else 3;", [3, 2, 3, 3]),
        # select: key op query
        ("selector_width(select(indices, indices, <));", [0, 1, 2, 3]),
        ("selector_width(select(indices, indices, >=));", [4, 3, 2, 1]),
        ("selector_width(select(tokens, tokens, !=));", [2, 3, 3, 2]),
        ('selector_width(select(tokens, "a", ==));', [2, 2, 2, 2]),
        ("selector_width(select(1, 1, ==));", [4, 4, 4, 4]),
        ("selector_width(select(1, 1, ==) and True);", [4, 4, 4, 4]),
        ("selector_width(full_s and False);", [0, 0, 0, 0]),
        ("selector_width(False or full_s);", [4, 4, 4, 4]),
        ("selector_width(not full_s or True);", [4, 4, 4, 4]),
        ("selector_width(not select(indices, indices, ==));", [3, 3, 3, 3]),
        # aggregate
        ("aggregate(select(indices, length - indices - 1, ==), tokens);", ["a", "c", "b", "a"]),
        ("aggregate(full_s, indices);", [Fraction(3, 2)] * 4),
        ("aggregate(select(indices, indices - 1, ==), indices);", [0, 0, 1, 2]),
        ("aggregate(select(indices, indices - 1, ==), tokens);", [U, "a", "b", "c"]),
        ('aggregate(select(indices, indices - 1, ==), tokens, "-");', ["-", "a", "b", "c"]),
        ("aggregate(full_s, tokens);", [U, U, U, U]),
        ('aggregate(select(tokens, "a", ==), tokens);', ["a", "a", "a", "a"]),
        ('aggregate(full_s, tokens == "a");', [Fraction(1, 2)] * 4),
        ("aggregate(full_s, 1);", [1, 1, 1, 1]),
        # indexing by and of s-ops
        ("tokens[0];", ["a", "a", "a", "a"]),
        ("tokens[-2];", ["c", "c", "c", "c"]),
        ("tokens[True];", ["b", "b", "b", "b"]),
        ("indices[7];", [0, 0, 0, 0]),
        ("tokens[7];", [U, U, U, U]),
        ("tokens[indices - 1];", ["a", "a", "b", "c"]),
        ("[5, 6, 7][indices];", [5, 6, 7, U]),
        ("[5, 6, 7][indices - 2];", [6, 7, 5, 6]),
        ("[5, 6, 7][indices == 1];", [5, 6, 5, 5]),
        ("[5, 6, 7][indices / 2];", [5, U, 6, U]),
        ("[[1, 2], [3, 4]][indices % 2][indices // 2];", [1, 3, 2, 4]),
        ("[[1, 2], [3, 4]][-1][indices - 2];", [3, 4, 3, 4]),
        ("[[1, 2], [3, 4]][indices % 2][-1];", [2, 4, 2, 4]),
        ('{"a": [5, 6], "b": [7]}[tokens][indices % 2];', [5, U, U, 6]),
        ('[{"a": 1}, {"b": 2}][indices % 2][tokens];', [1, 2, U, U]),
        ("[[[indices]]][0][0][0];", [0, 1, 2, 3]),
        ('"xyz"[indices];', ["x", "y", "z", U]),
        ('{"a": 1, "b": "two"}[tokens];', [1, "two", U, 1]),
        ("{1.0: 5, 0: 6}[indices];", [6, 5, U, U]),
        # in
        ('tokens in ["a", "b"];', [True, True, False, True]),
        ('tokens in "ab";', [True, True, False, True]),
        ('tokens in {"c": 1};', [False, False, True, False]),
        ("tokens in [];", [False, False, False, False]),
        ("tokens in [tokens[0], 3];", [True, False, False, True]),
        ("2 in [indices, 5];", [False, False, True, False]),
        ("2 in [indices, 2];", [True, True, True, True]),
        ('"a" in tokens;', [True, True, True, True]),
        ('"z" in tokens;', [False, False, False, False]),
        ("indices + 2 in indices;", [True, True, False, False]),
        ('"a" in tokens and tokens == "a";', [False, False, False, False]),
        # text of the input as other things
        ("tokens_bool;", [True, True, True, True]),
        ("tokens = tokens_str; tokens;", ["a", "b", "c", "a"]),
        # one position selected gives its value unchanged, booleans count when several are
        ("aggregate(select(indices, 0, ==), indices == 0);", [True, True, True, True]),
        # white space and comments
        ("select (indices, 0, ==) ; aggregate ( full_s , # why\n 1 ) ;", [1, 1, 1, 1]),
    ],
)
def test_values_of_sequence_operations(text: str, expected: list[object]) -> None:
    assert values(text) == expected


def test_tokens_are_read_as_text_and_as_numbers() -> None:
    assert values("tokens = tokens_int; tokens + 1;", "31") == [4, 2]
    assert values("tokens_int;", [3, 1]) == [3, 1]
    assert values("tokens_str;", [3, Fraction(1, 2)]) == ["3", "0.5"]
    assert values("tokens_float;", ["0.5", "x"]) == [Fraction(1, 2), U]
    assert values("tokens_bool;", ["True", "False", "", 0, 2, False]) == [True, True, False, False, True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sort(tokens, tokens);", ["a", "a", "b", "c"]),
        ("sort(indices, 0 - indices);", [3, 2, 1, 0]),
        ('sort(indices, tokens != "a");', [0, 3, 1, 2]),
        ("largest(indices);", [3, 3, 3, 3]),
        ("smallest(indices + 1);", [1, 1, 1, 1]),
        ("largest(tokens);", ["c", "c", "c", "c"]),
        ("max(indices, 2) - min(indices, length - 3);", [2, 1, 1, 2]),
        ('max("b", tokens);', ["b", "b", "c", "b"]),
        ("indices + max(2, 3) * min(2, 3);", [6, 7, 8, 9]),
        ("average(indices);", [Fraction(3, 2)] * 4),
        ('count(tokens, "a");', [2, 2, 2, 2]),
        ("count(tokens, tokens);", [4, 4, 4, 4]),
        ("count([1, 2], indices);", [0, 0, 0, 0]),
        ('contains(tokens, "c");', [True] * 4),
        ('contains(tokens, "z");', [False] * 4),
        ("contains(indices, length - 1);", [True] * 4),
        ("contains(indices, length);", [False] * 4),
        ("has_focus(select(indices, indices, <));", [False, True, True, True]),
        ("load_from_location(tokens, 3 - indices);", ["a", "c", "b", "a"]),
        ("load_from_location(indices + 5, 9);", [0, 0, 0, 0]),
        ('shift(tokens, 1, "-");', ["-", "a", "b", "c"]),
        ('shift(tokens, -1, "-");', ["b", "c", "a", "-"]),
        ('shift(tokens, indices, "-");', ["a", "-", "b", "-"]),
        ("shift(indices, indices % 2, 9);", [0, 9, Fraction(3, 2), 9]),
        ('mark_first_instance(tokens, "a");', [True, False, False, False]),
        ('mark_last_instance(tokens, "a");', [False, False, False, True]),
        ('mark_last_instance(tokens, "z");', [False, False, False, False]),
        ("mark_first_instance(tokens, tokens);", [True, True, True, False]),
        ('aggregate(select_from_first(tokens, "a"), indices, -1);', [0, 0, 0, 0]),
        ('aggregate(select_from_last(tokens, "a"), indices, -1);', [3, 3, 3, 3]),
        ('aggregate(select_from_last(tokens, "z"), indices, -1);', [-1, -1, -1, -1]),
        ("aggregate(select_from_first(tokens, tokens), indices);", [1, 1, 1, 1]),
        ("aggregate(select_next_identical(tokens), indices, -1);", [3, -1, -1, -1]),
    ],
)
def test_values_of_library_functions(text: str, expected: list[object]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # outer names are looked up when the function is called
        ("y = 1; def f() { return y; } y = 2; f();", 2),
        ("def f() { return g(); } def g() { return 3; } f();", 3),
        # functions cannot assign outward
        ("y = 1; def f() { y = 2; return y; } f(); y;", 1),
        # loop variables leak, comprehension variables do not
        ("for i in range(3) { z = i; } i * 10 + z;", 22),
        ("i = 7; xs = [i for i in range(3)]; i;", 7),
        # several return values form a list
        ("def f(x) { return x, x + 1; } a, b = f(1); a * 10 + b;", 12),
        ("def f(x) { return x, x + 1; } f(1)[1];", 2),
        ("a, b = 1, 2; b, a = a, b; a;", 2),
        ('a, b = "xy"; b;', "y"),
        ('a, b = {"x": 1, "y": 2}; b;', "y"),
        ('xs = [b + a for a, b in ["xy"]]; xs[0];', "yx"),
        ('for a, b in ["xy", {"u": 1, "v": 2}] { c = a; } c;', "u"),
        ("[i for i in range(3)]; out[2];", 2),
        ("2 ^ 2050 == 0;", False),
        ('s = ""; for i in range(3000) { s = s + "b"; } len(s);', 3000),
        # a function is true
        ("def f(x) { return x; } 1 if f and len else 2;", 1),
        ("not count;", False),
        # nested functions and closures
        ("def f(x) { def g(y) { return x + y; } return g; } h = f(10); h(5);", 15),
        ("def f(x) { def g() { return x; } x = 5; return g(); } f(1);", 5),
        ("def fact(n) { return 1 if n == 0 else n * fact(n - 1); } fact(20);", 2432902008176640000),
        ("def twice(f, x) { return f(f(x)); } def inc(x) { return x + 1; } twice(inc, 3);", 5),
        # return inside a loop
        ("def f() { for i in range(9) { return i; } return 99; } f();", 0),
        # library names as parameters, locals and, more kindly than the reference, globals
        ("def f(length, sort) { return length + sort; } f(1, 2);", 3),
        ("def f() { max = 3; return max; } f();", 3),
        ("length = 5; length;", 5),
        # a comparison sign handed on
        ("def sel(op) { return selector_width(select(1, 2, op)); } sel(<);", 1),
        # applying to an input
        ('(indices + 1)("abc")[2];', 3),
        ("(indices + tokens_int)([5, 6])[1];", 7),
        ('len(full_s("abc"));', 3),
        ('(tokens == "b")("ab")[1];', True),
    ],
)
def test_functions_and_the_scopes_of_names(text: str, value: object) -> None:
    assert values(text, "a") == [value]


def test_a_plain_condition_chooses_selectors() -> None:
    text = "def pick(first) { return select(indices, 0, ==) if first else full_s; } aggregate(pick(True), indices + 5);"
    assert values(text) == [5, 5, 5, 5]


def test_the_programs_own_tokens_do_not_change_the_library() -> None:
    assert values("indices = 3; length = 4; tokens[-1];") == ["a"] * 4


def test_recursion_may_be_deep_as_long_as_it_ends() -> None:
    assert values("def f(n) { return 0 if n == 0 else 1 + f(n - 1); } f(300);", "a") == [300]
