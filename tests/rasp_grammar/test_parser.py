"""The parser: precedence, statements, spans, and the tree's printed form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from raspc.rasp_grammar import tree
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.parser import parse
from raspc.rasp_grammar.precedence_warnings import precedence_warnings
from raspc.rasp_grammar.print_tree import format_tree
from raspc.rasp_grammar.source_file import MAX_CHARACTERS, read_source
from raspc.rasp_grammar.span import Source
from raspc.rasp_grammar.tree import walk

PROGRAMS = sorted((Path(__file__).parents[2] / "programs").rglob("*.rasp"))


def module(text: str) -> tree.Module:
    return parse(Source("test.rasp", text))


def grouped(node: tree.Tree) -> str:
    """An expression with parentheses around every operation."""
    match node:
        case tree.Group(inner=inner):
            return grouped(inner)
        case tree.Unary(operator=operator, operand=operand):
            return f"({operator} {grouped(operand)})"
        case tree.Binary(operator=operator, left=left, right=right):
            return f"({grouped(left)} {operator} {grouped(right)})"
        case tree.Membership(item=item, container=container):
            return f"({grouped(item)} in {grouped(container)})"
        case tree.Ternary(then=then, condition=condition, otherwise=otherwise):
            return f"({grouped(then)} if {grouped(condition)} else {grouped(otherwise)})"
        case tree.Call(function=function, arguments=arguments):
            return f"{grouped(function)}({', '.join(map(grouped, arguments))})"
        case tree.Index(target=target, index=index):
            return f"{grouped(target)}[{grouped(index)}]"
        case _:
            return node.span.text


def expression(text: str) -> str:
    (item,) = module(f"{text};").items
    assert isinstance(item, tree.ExpressionStatement)
    return grouped(item.expression)


def codes(text: str) -> list[str]:
    with pytest.raises(RaspError) as caught:
        module(text)
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a or b and c", "((a or b) and c)"),
        ("a and b or c", "((a and b) or c)"),
        ("7 % 2 * 2", "(7 % (2 * 2))"),
        ("7 * 2 % 2", "((7 * 2) % 2)"),
        ("7 % 2 + 1", "((7 % 2) + 1)"),
        ("7 // 2 * 3", "((7 // 2) * 3)"),
        ("8 / 2 * 2", "((8 / 2) * 2)"),
        ("2 ^ 3 ^ 2", "((2 ^ 3) ^ 2)"),
        ("2 * 3 ^ 2", "(2 * (3 ^ 2))"),
        ("-x ^ 2", "((- x) ^ 2)"),
        ("2 ^ -x", "(2 ^ (- x))"),
        ("- -x", "(- (- x))"),
        ("not a == b", "((not a) == b)"),
        ("not a and b", "((not a) and b)"),
        ("-x[0]", "(- x[0])"),
        ("-f(x)", "(- f(x))"),
        ("a - b - c", "((a - b) - c)"),
        ("a + b < c * d", "((a + b) < (c * d))"),
        ("a == b and c != d", "((a == b) and (c != d))"),
        ("a if p else b if q else c", "((a if p else b) if q else c)"),
        ("a if p else (b if q else c)", "(a if p else (b if q else c))"),
        ("a if b if c else d else e", "(a if (b if c else d) else e)"),
        ("a if x in xs else b", "(a if (x in xs) else b)"),
        ("x and y in xs", "((x and y) in xs)"),
        ('"a" in tokens and c', '("a" in (tokens and c))'),
        ("x in a if p else b", "(x in (a if p else b))"),
        ("not x in xs", "((not x) in xs)"),
        ("a in b in c", "((a in b) in c)"),
        ("f(x)(y)[0](z)", "f(x)(y)[0](z)"),
        ("select(a, b, ==)", "select(a, b, ==)"),
        ("select (a, b, <=)", "select(a, b, <=)"),
        ("f(not a, b if c else d)", "f((not a), (b if c else d))"),
    ],
)
def test_precedence(text: str, meaning: str) -> None:
    assert expression(text) == meaning


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", []),
        ("# only a comment", []),
        (";;", []),
        ("x;", ["ExpressionStatement"]),
        ("x", ["ExpressionStatement"]),
        ("x = 1; y", ["Assignment", "ExpressionStatement"]),
        ("a, b = f(x);", ["Assignment"]),
        ("a, b = 1, 2;", ["Assignment"]),
        ("def f() { return 1; }", ["Definition"]),
        ("def f(a, b) { def g(c) { return c; } return g(a), b; }", ["Definition"]),
        ("for x in xs { y = x; }", ["Loop"]),
        ("for a, b in zip(xs, ys) { }", ["Loop"]),
        ('load "file";', ["Load"]),
        ('load "file"\nx;', ["Load", "ExpressionStatement"]),
        ('set vocab "abc"\nset max_length 3\nx;', ["SetVocabulary", "SetMaxLength", "ExpressionStatement"]),
        ('set vocab ["a",\n  "b"\n]\n(x);', ["SetVocabulary", "ExpressionStatement"]),
        ('set vocab "abc"; # tokens\n(x);', ["SetVocabulary", "ExpressionStatement"]),
        ('set vocab "abc"', ["SetVocabulary"]),
        ('set example "abc"\nset s-op example "a"\nset selector example "b"', ["SetExample"] * 3),
        ("show example\nshow s-op example\nexamples off\nselector examples on\n", ["Directive"] * 4),
        ("full seq display on\nexit()\nquit()", ["Directive"] * 3),
        ('draw(x, "abc");', ["ExpressionStatement"]),
        ("examples = 3; exit = 4; set = 5; show = 6; vocab = 7;", ["Assignment"] * 5),
        ("x = 1 + # why\n 2 # and\n;", ["Assignment"]),
        ("x = 1;\r\ny = 2;\r\n", ["Assignment", "Assignment"]),
        ("{1: 2}; {}; []; [1,]; {1: 2,}; f(1,);", ["ExpressionStatement"] * 6),
        ("[x for x in xs]; {a: b for a, b in zip(c, d)};", ["ExpressionStatement"] * 2),
    ],
)
def test_statements(text: str, kinds: list[str]) -> None:
    assert [type(item).__name__ for item in module(text).items] == kinds


def test_strings_have_no_escapes_and_two_kinds_of_quotes() -> None:
    items = module('"a\\n"; \'b"c\'; "it\'s"; "";').items
    texts = [node.value for item in items for node in tree.children(item) if isinstance(node, tree.Text)]
    assert texts == ["a\\n", 'b"c', "it's", ""]


def test_decimals_are_exact() -> None:
    (item,) = module("0.1;").items
    (number,) = tree.children(item)
    assert isinstance(number, tree.Number)
    assert number.value * 10 == 1


def test_comments_are_kept() -> None:
    assert [span.text for span in module("# one\nx; # two\n").comments] == ["# one", "# two"]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_every_node_has_its_text_inside_its_parent(path: Path) -> None:
    source = read_source(path)
    parsed = parse(source)
    for node, _ in walk(parsed):
        assert 0 <= node.span.start < node.span.end <= len(source.text)
        assert node.span.text.strip() == node.span.text
        before = node.span.start
        for child in tree.children(node):
            assert before <= child.span.start
            assert child.span.end <= node.span.end
            before = child.span.start if isinstance(node, tree.Ternary) else child.span.end


def test_the_printed_tree(golden: Callable[..., None]) -> None:
    text = """set vocab "ab"
set max_length 4
def f(x, y) {
    z = -x ^ 0.5;
    return z, not y;
}
for a, b in zip([1, 2], {3: 4}) { c = a if b in [a] else b[0]; }
[i for i in range(3)];
{k: k + 1 for k in "ab"};
select(tokens, (indices), <=);
load "other";
show example
"""
    golden(format_tree(module(text)))


@pytest.mark.parametrize(
    "text",
    [
        "(a or b) and c;",
        "a or (b and c);",
        "a and b or c;",
        "(-x) ^ 2;",
        "2 ^ -1;",
        "-x * 2;",
        "not (a == b);",
        "not a and b;",
        "a == b or not c;",
        "(7 % 2) * 2;",
        "7 * 2 % 2;",
        "a if p else (b if q else c);",
        "a + 1 in xs;",
        "x in (a and b);",
        "(x in xs) and y;",
        "for x in a and b { y = x; }",
    ],
)
def test_no_warning_where_python_reads_the_same(text: str) -> None:
    assert precedence_warnings(module(text)) == []


def test_several_mistakes_are_found_in_one_run() -> None:
    text = "a = 1 +;\nb = 2;\ndef f(x) { return (x; }\nc = 3 3;\nd = 4;\n"
    assert codes(text) == ["missing-value", "unclosed-bracket", "missing-operator"]


def test_very_many_mistakes_end_somewhere() -> None:
    assert 1 <= len(codes("a = ;\n" * 1000)) <= 20


@pytest.mark.parametrize("pair", ["()", "[]", "- ", "not ", "f(|)", "{1:|}", "1 if |else 2", "x[|]"])
def test_deep_nesting_is_a_diagnostic(pair: str) -> None:
    before, bar, after = pair.partition("|")
    if bar == "":
        before, after = (pair[0], pair[1]) if pair[1] in ")]" else (pair, "")
    assert codes(f"x = {before * 5000}1{' ' + after * 5000 if after else ''};") == ["too-deep"]


@pytest.mark.parametrize("link", ["+ 1", "and x", "^ 2", "in x", "if x else y", "(1)", "[0]"])
def test_long_chains_are_a_diagnostic(link: str) -> None:
    assert codes(f"x = x {' '.join([link] * 5000)};") == ["too-deep"]


def test_deeply_nested_functions_are_a_diagnostic() -> None:
    text = "def f() { " * 5000 + "return 1; " + "} return 1; " * 4999 + "}"
    assert codes(text) == ["too-deep"]


def test_unclosed_nesting_is_a_diagnostic() -> None:
    assert codes("x = " + "(" * 5000) == ["unclosed-bracket"]


def test_long_texts_are_refused_before_they_are_read() -> None:
    assert codes("x" * (MAX_CHARACTERS + 1)) == ["text-too-long"]


def test_a_line_of_ten_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "long.rasp"
    path.write_text("x = " + "1 + " * 2_500_000 + "1;")
    with pytest.raises(RaspError) as caught:
        read_source(path)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["text-too-long"]
    assert len(caught.value.diagnostics[0].render()) < 1000


def test_numbers_too_long_to_read() -> None:
    assert codes(f"x = {'9' * 5000};") == ["number-too-long"]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: None, "file-missing"),
        (lambda path: path.mkdir(), "file-unreadable"),
        (lambda path: path.write_bytes(b"x = \xff;"), "file-encoding"),
        (lambda path: path.write_bytes(b" " * (1 << 23)), "text-too-long"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, make: Callable[[Path], object], code: str) -> None:
    path = tmp_path / "program.rasp"
    make(path)
    with pytest.raises(RaspError) as caught:
        read_source(path)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "program.rasp"
    path.write_bytes(b"\xef\xbb\xbfx;")
    assert read_source(path).text == "x;"
