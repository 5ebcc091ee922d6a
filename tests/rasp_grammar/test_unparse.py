"""A tree's text parses to the tree again, with no more parentheses than the grammar needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raspc.compiler.elaborate.prelude import prelude_scope
from raspc.rasp_grammar import tree
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.format.format_source import format_source
from raspc.rasp_grammar.names import KEYWORDS, is_name, library_names
from raspc.rasp_grammar.parser import parse
from raspc.rasp_grammar.span import Source, Span
from raspc.rasp_grammar.tree import same_trees
from raspc.rasp_grammar.unparse import unparse, unparse_expression

ROOT = Path(__file__).resolve().parents[2]
TEXTS = sorted([*(ROOT / "programs").rglob("*.rasp"), ROOT / "rasp_grammar" / "prelude.rasp"])

SPAN = Span(Source("<test>", ""), 0, 0)


def parsed(text: str) -> tuple[tree.Item, ...]:
    return parse(Source("<test>", text)).items


def expression(text: str) -> tree.Expression:
    (statement,) = parsed(text)
    assert isinstance(statement, tree.ExpressionStatement)
    return statement.expression


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_the_text_of_a_file_has_its_tree(path: Path) -> None:
    items = parsed(path.read_text(encoding="utf-8"))
    assert same_trees(parsed(unparse(items)), items)


def test_the_text_of_a_random_program_has_its_tree(random_programs: Sequence[Source]) -> None:
    wrong = [
        source.text
        for source in random_programs
        if not same_trees(parsed(unparse(parsed(source.text))), parsed(source.text))
    ]
    assert wrong == []


def test_the_text_is_formatted() -> None:
    for path in TEXTS[::10]:
        text = unparse(parsed(path.read_text(encoding="utf-8")))
        assert format_source(Source("<test>", text)) == text


def test_items_are_separated_as_a_person_would() -> None:
    items = parsed(
        'set vocab "ab"; set max_length 4; def f(x) { y = x + 1; return y, 2; } a, b = f(tokens);'
        " for i in range(3) { a = a + i; } a;"
    )
    assert unparse(items, {items[3]: "Two values.\nBoth are needed."}) == (
        """set vocab "ab";
set max_length 4;

def f(x) {
    y = x + 1;
    return y, 2;
}

# Two values.
# Both are needed.
a, b = f(tokens);
for i in range(3) {
    a = a + i;
}
a;
"""
    )


# --- random trees


def _names() -> st.SearchStrategy[tree.Name]:
    return st.sampled_from(["a", "b_2", "_c", "exit", "set", "show", "examples"]).map(
        lambda name: tree.Name(SPAN, name)
    )


def _distinct_names(most: int = 3) -> st.SearchStrategy[tuple[tree.Name, ...]]:
    return st.lists(_names(), min_size=1, max_size=most, unique_by=lambda name: name.name).map(tuple)


NUMBERS = st.one_of(
    st.integers(0, 10**20),
    st.tuples(st.integers(0, 10**9), st.integers(0, 6)).map(lambda pair: Fraction(pair[0], 10 ** pair[1])),
)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\n\r'"), max_size=4)
OPERATORS = ["+", "-", "*", "/", "//", "%", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or"]
SIGNS = [tree.Operator(SPAN, sign) for sign in ("==", "!=", "<", "<=", ">", ">=")]


def _extended(inner: st.SearchStrategy[tree.Expression]) -> st.SearchStrategy[tree.Expression]:
    def made(
        kind: Callable[..., tree.Expression], *parts: st.SearchStrategy[object]
    ) -> st.SearchStrategy[tree.Expression]:
        return st.tuples(*parts).map(lambda values: kind(SPAN, *values))

    several = st.lists(inner, max_size=3).map(tuple)
    entry = st.tuples(inner, inner).map(lambda pair: tree.Entry(SPAN, *pair))
    arguments = st.lists(st.one_of(inner, st.sampled_from(SIGNS)), max_size=3).map(tuple)
    return st.one_of(
        made(tree.Group, inner),
        made(tree.Unary, st.sampled_from(["-", "+", "not"]), inner),
        made(tree.Binary, st.sampled_from(OPERATORS), inner, inner),
        made(tree.Binary, st.sampled_from(OPERATORS), inner, inner),
        made(tree.Membership, inner, inner),
        made(tree.Ternary, inner, inner, inner),
        made(tree.Call, inner, arguments),
        made(tree.Index, inner, inner),
        made(tree.ListDisplay, several),
        made(tree.DictDisplay, st.lists(entry, max_size=3).map(tuple)),
        made(tree.ListComprehension, inner, _distinct_names(), inner),
        made(tree.DictComprehension, entry, _distinct_names(), inner),
    )


ATOMS: st.SearchStrategy[tree.Expression] = st.one_of(
    _names(),
    NUMBERS.map(lambda value: tree.Number(SPAN, value)),
    TEXT.map(lambda value: tree.Text(SPAN, value)),
    st.booleans().map(lambda value: tree.Boolean(SPAN, value)),
)
EXPRESSIONS = st.recursive(ATOMS, _extended, max_leaves=8)
SEVERAL = st.lists(EXPRESSIONS, min_size=1, max_size=2).map(tuple)
SIMPLE_STATEMENTS: st.SearchStrategy[tree.Statement] = st.one_of(
    EXPRESSIONS.map(lambda value: tree.ExpressionStatement(SPAN, value)),
    st.tuples(_distinct_names(), SEVERAL).map(lambda pair: tree.Assignment(SPAN, *pair)),
)


def _definition(
    parts: tuple[tree.Name, tuple[tree.Name, ...], list[tree.Statement], tuple[tree.Expression, ...]],
) -> tree.Statement:
    name, parameters, body, values = parts
    return tree.Definition(SPAN, name, parameters, (*body, tree.Return(SPAN, values)))


def _blocks(inner: st.SearchStrategy[tree.Statement]) -> st.SearchStrategy[tree.Statement]:
    body = st.lists(inner, max_size=3)
    return st.one_of(
        st.tuples(_names(), _distinct_names(), body, SEVERAL).map(_definition),
        st.tuples(st.just(tree.Name(SPAN, "f")), st.just(()), body, SEVERAL).map(_definition),
        st.tuples(_distinct_names(), EXPRESSIONS, body.map(tuple)).map(lambda parts: tree.Loop(SPAN, *parts)),
    )


ITEMS: st.SearchStrategy[tree.Item] = st.one_of(
    st.recursive(SIMPLE_STATEMENTS, _blocks, max_leaves=4),
    TEXT.map(lambda value: tree.Load(SPAN, tree.Text(SPAN, value))),
    EXPRESSIONS.map(lambda value: tree.SetVocabulary(SPAN, value)),
    EXPRESSIONS.map(lambda value: tree.SetMaxLength(SPAN, value)),
    st.tuples(st.sampled_from(["", "s-op", "selector"]), EXPRESSIONS).map(lambda parts: tree.SetExample(SPAN, *parts)),
    st.sampled_from([("examples", "off"), ("show", "s-op", "example"), ("exit()",)]).map(
        lambda words: tree.Directive(SPAN, words)
    ),
)


def _without_groups(node: object) -> object:
    """The tree without its parentheses."""
    if isinstance(node, tuple):
        return tuple(map(_without_groups, node))
    if isinstance(node, tree.Group):
        return _without_groups(node.inner)
    if isinstance(node, tree.Tree):
        parts = {
            field.name: _without_groups(getattr(node, field.name)) for field in fields(node) if field.name != "span"
        }
        return replace(node, **parts)  # type: ignore[arg-type]
    return node


def _groups(items: Sequence[tree.Item]) -> list[tree.Group]:
    found: list[tree.Group] = []
    stack: list[tree.Tree] = list(items)
    while stack:
        node = stack.pop()
        stack += tree.children(node)
        if isinstance(node, tree.Group):
            found.append(node)
    return found


@settings(max_examples=300, deadline=None)
@given(st.lists(ITEMS, min_size=1, max_size=3))
def test_the_text_of_any_tree_has_the_tree(items: list[tree.Item]) -> None:
    again = parsed(unparse(items))
    assert same_trees(_without_groups(again), _without_groups(tuple(items)))


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS)
def test_every_added_parenthesis_is_needed(made: tree.Expression) -> None:
    text = unparse_expression(made)
    bare = _without_groups(made)
    own = len(_groups([tree.ExpressionStatement(SPAN, made)]))
    groups = _groups([tree.ExpressionStatement(SPAN, expression(f"{text};"))])
    needed = 0
    for group in groups:
        start, end = group.span.start, group.span.end
        without = f"{text[:start]} {text[start + 1 : end - 1]} {text[end:]};"
        try:
            needed += not same_trees(_without_groups(expression(without)), bare)
        except (RaspError, AssertionError, ValueError):
            needed += 1
    assert needed >= len(groups) - own


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("a or b and c", "(a or b) and c"),
        ("-x ^ 2", "(-x) ^ 2"),
        ("not a == b", "(not a) == b"),
        ("7 % 2 * 2", "7 % (2 * 2)"),
        ("a if p else b if q else c", "(a if p else b) if q else c"),
        ("x and y in xs", "(x and y) in xs"),
    ],
)
def test_precedence_is_that_of_rasp(text: str, other: str) -> None:
    def bare(one: str) -> tree.Expression:
        found = _without_groups(expression(f"{one};"))
        assert isinstance(found, tree.Expression)
        return found

    assert unparse_expression(bare(other)) == text
    assert same_trees(bare(text), bare(other))


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (tree.Binary(SPAN, "-", tree.Name(SPAN, "a"), expression("b - c;")), "a - (b - c)"),
        (tree.Binary(SPAN, "^", tree.Name(SPAN, "a"), expression("b ^ c;")), "a ^ (b ^ c)"),
        (tree.Binary(SPAN, "==", expression("a < b;"), tree.Boolean(SPAN, True)), "a < b == True"),
        (tree.Binary(SPAN, "==", tree.Name(SPAN, "a"), expression("b < c;")), "a == (b < c)"),
        (tree.Index(SPAN, expression("a + b;"), tree.Number(SPAN, 0)), "(a + b)[0]"),
        (tree.Unary(SPAN, "not", expression("a and b;")), "not (a and b)"),
        (tree.Call(SPAN, tree.Name(SPAN, "exit"), ()), "(exit)()"),
        (tree.Number(SPAN, Fraction(1, 8)), "0.125"),
        (tree.Number(SPAN, Fraction(2)), "2.0"),
        (tree.Text(SPAN, 'say "a"'), "'say \"a\"'"),
    ],
)
def test_expressions(made: tree.Expression, text: str) -> None:
    assert unparse_expression(made) == text


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (tree.Name(SPAN, "for"), "'for' is no name"),
        (tree.Name(SPAN, "é"), "is no name"),
        (tree.Number(SPAN, -1), "a sign is an operator"),
        (tree.Number(SPAN, Fraction(1, 3)), "no finite decimal form"),
        (tree.Text(SPAN, "a\nb"), "is no string"),
        (tree.Text(SPAN, "'\""), "is no string"),
    ],
)
def test_what_no_text_has_is_refused(made: tree.Expression, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        unparse_expression(made)


def test_a_tree_that_is_no_program_is_refused() -> None:
    with pytest.raises(RaspError, match="stray-return"):
        unparse([tree.Return(SPAN, (tree.Number(SPAN, 1),))])


def test_the_library_names_are_those_of_the_library() -> None:
    assert library_names() == set(prelude_scope().visible())


def test_keywords_are_those_of_the_grammar() -> None:
    for word in KEYWORDS:
        with pytest.raises(RaspError):
            parsed(f"{word} = 1;")
        assert not is_name(word)
    grammar = (ROOT / "rasp_grammar" / "rasp.lark").read_text(encoding="utf-8")
    words = grammar[grammar.index("// --- words") : grammar.index("NAME:")]
    assert {line.split('"')[1] for line in words.splitlines() if '"' in line} == KEYWORDS
