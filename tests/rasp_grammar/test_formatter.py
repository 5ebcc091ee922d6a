"""The formatter keeps meaning, comments and words; has one layout for each program; and leaves its own text alone."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from raspc.datasets.random_programs.generator import program_text
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.format import format_source as formatter
from raspc.rasp_grammar.format.format_source import format_source
from raspc.rasp_grammar.format.layout import WIDTH
from raspc.rasp_grammar.incremental_parser import tokenize
from raspc.rasp_grammar.parser import parse
from raspc.rasp_grammar.print_tree import format_tree
from raspc.rasp_grammar.span import Source
from raspc.rasp_grammar.tokens import LINE_STATEMENTS, Token

ROOT = Path(__file__).parents[2]
PROGRAMS = [
    path.read_text(encoding="utf-8")
    for path in [*sorted((ROOT / "programs").rglob("*.rasp")), ROOT / "rasp_grammar" / "prelude.rasp"]
]

#: Every rule of the grammar, and what is easily lost: empty statements, trailing commas, statements without `;`.
STATEMENTS = [
    'set vocab ["a", "b"]',
    "set max_length 5",
    'set  s-op  example "ab"',
    "show examples",
    "exit ( )",
    'load "x"',
    "a, b = 1, -2;",
    "def f() { ; ; return {}, []; }",
    "def g(first, second) { return first; }",
    "for x, y in zip([1, 2], [3, 4]) { }",
    "for x in xs + [1.50] { ;; a = x; }",
    """a = {"a": 1, 'b': not x, "c": [x for x in [1, 2]], "d": {k: v for k, v in zip(a, b)},};""",
    "x = f(a)(b)[3][-1] if (not a == b) in c else - + d ^ 2 if q else (r if s else t);",
    "f([1, 2, 3,],); f(({}),); f((a), b,); g(); ; select(1, 1, ==,);",
    """a % b // c - d * 2 / 3 >= e and f != g or h == "it's" and i in 'a "b"'""",
]
EVERYTHING = "\n".join(STATEMENTS)


def formatted(text: str) -> str:
    return format_source(Source("test.rasp", text))


def tokens_of(text: str) -> tuple[list[Token], list[str]]:
    """The tokens, and the comments without their white ends."""
    tokens, comments = tokenize(Source("test.rasp", text))
    return tokens, [comment.text.rstrip() for comment in comments]


def words(text: str) -> list[str]:
    """The words that an author chose: all tokens, but not the commas and `;` that may be left out."""
    chosen = [token for token in tokens_of(text)[0] if token.kind not in ("COMMA", "SEMICOLON")]
    return [" ".join(token.text.split()) if token.kind in LINE_STATEMENTS else token.text for token in chosen]


def tree_of(text: str) -> str:
    """The printed tree, without positions."""
    return re.sub(r" @\d+:\d+$", "", format_tree(parse(Source("test.rasp", text))), flags=re.M)


def assert_kept(text: str) -> None:
    after = formatted(text)
    assert tree_of(after) == tree_of(text)
    assert words(after) == words(text)
    assert tokens_of(after)[1] == tokens_of(text)[1]
    assert formatted(after) == after
    for line in after.splitlines():
        assert line == line.rstrip()
        assert "\t" not in line.partition("#")[0]
    assert "\n\n\n" not in after
    assert after[:1] != "\n"
    assert after[-2:] != "\n\n"


def respaced(text: str, rng: random.Random, comments: float) -> str:
    """The same tokens with other white between them, and a comment in some of the gaps, all different."""
    written: list[str] = []
    in_line, depth, number = False, 0, 0
    for token in tokens_of(text)[0]:
        in_line = token.kind in LINE_STATEMENTS or (in_line and token.kind != "SEMICOLON")
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if token.kind in LINE_STATEMENTS:
            depth = 0
        written.append(token.text if token.text != "" else rng.choice([";", "\n"]))
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            if in_line and depth <= 0:  # a newline could end the statement
                written.append(rng.choice([" ", "\t "]))
            elif rng.random() < comments:
                white, end = rng.choice([" ", "", "\n", "\n\n"]), rng.choice(["\n", "\r\n", " \t\n"])
                written.append(f"{white}# {number} (\"'{end}")
                number += 1
            else:
                written.append(rng.choice([" ", " ", "\n", "\n\n", "\r\n", "\t", "\f\n\n\n"]))
    return "".join(written)


@pytest.mark.parametrize("comments", [0, 0.02, 0.1, 0.5])
def test_meaning_comments_and_words_stay_however_a_program_is_written(comments: float) -> None:
    rng = random.Random(f"spacing {comments}")
    for _ in range(25):
        assert_kept(respaced(rng.choice(PROGRAMS), rng, comments))
        assert_kept(respaced(EVERYTHING, rng, comments))


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_comment_may_stand_anywhere(statement: str) -> None:
    tokens, _ = tokens_of(statement)
    for end in [0, *[token.end for token in tokens if token.text != ""]]:
        for comment in (" # here\n", "\n\n# one\n# two\n\n\n# three\n\n"):
            text = statement[:end] + comment + statement[end:]
            try:
                parse(Source("test.rasp", text))
            except RaspError:  # the newline ended a `set vocab` too early
                assert tokens[0].kind in LINE_STATEMENTS
                continue
            assert_kept(text)


def test_programs_of_the_generator() -> None:
    for index in range(40):
        assert_kept(program_text(5, index))


def test_the_layout_depends_on_the_program_alone() -> None:
    """Only comments, and blank lines between statements, change the formatted text; other white space does not."""
    rng = random.Random("layout")
    for text in [*PROGRAMS, EVERYTHING]:
        plain = re.sub(r"\n\n+", "\n", re.sub(r" *#.*", "", formatted(text))).lstrip()
        other = re.sub(r"\n\n+", "\n", formatted(respaced(plain, rng, 0)).replace("\r", ""))
        assert other == plain


def test_shipped_lines_are_short() -> None:
    for text in PROGRAMS:
        for line in formatted(text).splitlines():
            assert len(line) <= WIDTH or line.lstrip().startswith("#")


MESSY = """

#!header


# about   \t
set   vocab ["alpha","beta","gamma","delta","epsilon","zeta","eta","theta","iota","kappa","lambda","mu","nu"] # greek
set max_length 12
table={"a":{"x":1,"y":2},"b":{"x":3,"y":4},"c":{"x":5,"y":6}, # third

  # and the last
  "d":{"x":7,"y":8}};
signs = [ +1,-1,- x ,not y];
value = 1 if tokens == "alpha" # the first
   else (2 if tokens == "beta" # the second
   # otherwise
   else (3 if tokens == "gamma" else 4)); # done
long = "first" if first_condition_is_true and second_condition else ("second" if another_holds else "third one");
s = select(tokens, tokens, ==) and select(indices, indices, <) and select(other_tokens, tokens, ==) or other_selector;


def f(a,b){return aggregate(select(indices, indices - some_long_name, ==) and other_selector, indicator(b), 0);} # end
def g(  ) { # body

  # lead

  x = 1; y = 2;


  return x # value
  ; # tail

  # after
}
for i in range(5) { x = x + aggregate(select(indices, indices - some_name + i, ==), indicator(is_x), 0) * a_weight[i]; }
for i in [] { # nothing
}
ys = [aggregate(select(indices, indices - distance, ==), values, 0) * weights[distance] for distance in range(some)];
selector_width(select(indices, indices, <) and select(is_blank_or_something_else, True, ==) and another_one) == 0;
a, b, c = some_function_with_long_name(argument_one, argument_two), another_function(argument_three), third_of_all(x);
all_of([first_of_all(argument), second_of_all(argument), third_of_all(argument), fourth_of_all(none), tokens == "."]);
r = f(
   # why
   a, b);
x[ # index
0];
f # callee
(x); ; # empty
explained =
    # first, the one
    one + # and one
    # then the other
    other * # times
    f(y) - # less
    1; # in all
def h() { return # both
   one, other; }
chosen = (one if first else # when it is first
  two if second else # the second
  three);

# last"""


def test_a_messy_text(golden: Callable[..., None]) -> None:
    assert_kept(MESSY)
    golden(formatted(MESSY))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \r\n\t\n", ""),
        ("# only", "# only\n"),
        (";;\n\n;", ""),
        ("x", "x;\n"),
        ("x;\r\n\r\ny;", "x;\r\n\r\ny;\r\n"),
        ("x;\ny;\r\n", "x;\ny;\n"),
        ("'a\"b' + \"c'd\" + '\\n'+'\t  '+'#'", "'a\"b' + \"c'd\" + '\\n' + '\t  ' + '#';\n"),
        ("set vocab 'ab' + 'c'\nx", "set vocab 'ab' + 'c';\nx;\n"),
        ("x;\n\n\n\n\ny; z;", "x;\n\ny;\nz;\n"),
        ("x = 1.50 + 007;", "x = 1.50 + 007;\n"),
        ("((x));", "((x));\n"),
        ("exit(\n);\nquit\n()", "exit( );\nquit ();\n"),
    ],
)
def test_small_texts(text: str, expected: str) -> None:
    assert formatted(text) == expected


def test_a_statement_that_ends_with_its_line_stays_on_it() -> None:
    operands = " + ".join([f'"{letter * 9}"' for letter in "abcdefghijkl"])
    assert formatted(f"set vocab {operands}") == f"set vocab {operands};\n"
    assert_kept(f'set vocab {operands} + [{operands}] # why\nset example (# brackets\n "a" +\n{operands}\n)\n')


@pytest.mark.parametrize(
    "text",
    [
        "(" * 900 + "x" + ")" * 900 + ";",
        "f(" * 490 + "x" + ")" * 490 + ";",
        "x = " + " + ".join(["abc"] * 900) + ";",
        "not " * 900 + "x;",
        "for x in y {" * 300 + "z;" + "}" * 300,
        "a" + "[0]" * 900 + ";",
        "x if y else " * 900 + "z;",
    ],
    ids=lambda text: text[:8],
)
def test_deep_texts(text: str) -> None:
    after = formatted(text)
    assert formatted(after) == after
    assert len(after) < 100 * len(text)


def test_mistakes_are_reported() -> None:
    with pytest.raises(RaspError) as caught:
        formatted("x = ;\ny = (;\n")
    assert [diagnostic.span.line for diagnostic in caught.value.diagnostics if diagnostic.span is not None] == [1, 2]


def test_a_text_that_would_grow_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatter, "MAX_CHARACTERS", 10)
    assert formatted("x;y;z;") == "x;\ny;\nz;\n"
    with pytest.raises(RaspError, match="text-too-long"):
        formatted("x;y;z;w;")


@pytest.mark.parametrize(
    "broken", ["x = 2;  # why\n", "x = 1;\n", "y = 1;  # why\n", "x = (1);  # why\n", "# why\n", "x = 1; x;  # why\n"]
)
def test_a_layout_that_changes_the_program_never_leaves(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatter, "lay_out", lambda parts: broken)
    with pytest.raises(RuntimeError, match="another program"):
        formatted("x = 1; # why")
