"""The TextMate grammar: every token of a program has the colour of what it is to raspc's own lexer."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from raspc.compiler.elaborate.library_docs import library
from raspc.rasp_grammar.incremental_parser import tokenize
from raspc.rasp_grammar.lark_grammar import grammar, keywords
from raspc.rasp_grammar.span import Source
from raspc.rasp_grammar.tokens import Token
from raspc.tests.support.textmate import Coloured, Grammar

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tools" / "editor" / "vscode"
CONTENT = json.loads((FOLDER / "rasp.tmLanguage.json").read_text())
GRAMMAR = Grammar(CONTENT)
PROGRAMS = [*sorted((ROOT / "programs").rglob("*.rasp")), ROOT / "rasp_grammar/prelude.rasp", ROOT / "cli/starter.rasp"]

#: The beginning of the scope that each kind of token must have; the keywords are looked at one by one.
SCOPES = {
    "STRING": "string.quoted.",
    "NUMBER": "constant.numeric.",
    "TRUE": "constant.language.",
    "FALSE": "constant.language.",
    "DEF": "storage.type.function.",
    "LOAD": "keyword.control.import.",
    "RETURN": "keyword.control.",
    "FOR": "keyword.control.",
    "IF": "keyword.control.",
    "ELSE": "keyword.control.",
    "IN": "keyword.operator.word.",
    "AND": "keyword.operator.word.",
    "OR": "keyword.operator.word.",
    "NOT": "keyword.operator.word.",
    "DIRECTIVE": "keyword.control.directive.",
    "ASSIGN": "keyword.operator.assignment.",
    "SEMICOLON": "punctuation.terminator.",
    "COMMA": "punctuation.separator.",
    "COLON": "punctuation.separator.",
}
COMPARISONS = {"EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"}
ARITHMETIC = {"PLUS", "MINUS", "STAR", "SLASH", "DOUBLE_SLASH", "PERCENT", "CARET"}
BRACKETS = {"LPAR", "RPAR", "LSQB", "RSQB", "LBRACE", "RBRACE"}
SCOPES |= dict.fromkeys(COMPARISONS, "keyword.operator.comparison.")
SCOPES |= dict.fromkeys(ARITHMETIC, "keyword.operator.arithmetic.")
SCOPES |= dict.fromkeys(BRACKETS, "punctuation.section.")
#: Statements that are one token to raspc and two words to the eye.
DECLARATIONS = {"SET_VOCAB", "SET_MAX_LENGTH", "SET_EXAMPLE"}
NAMES = ("variable.", "entity.name.function.", "support.")


def _tokens(text: str) -> list[Token]:
    found, comments = tokenize(Source("a.rasp", text))
    others = [Token("COMMENT", span.text, span.start, span.end) for span in comments]
    return sorted([token for token in (*found, *others) if token.end > token.start], key=lambda token: token.start)


def _of(pieces: list[Coloured], token: Token) -> list[Coloured]:
    return [piece for piece in pieces if piece.start < token.end and piece.end > token.start]


def _wrong(text: str) -> list[tuple[str, object]]:
    """The tokens that have another colour than their own."""
    pieces = GRAMMAR.colour(text)
    wrong: list[tuple[str, object]] = []
    for token in _tokens(text):
        over = _of(pieces, token)
        scopes = {scope for piece in over for scope in piece.scopes[:1]}
        covered = sum(min(piece.end, token.end) - max(piece.start, token.start) for piece in over)
        match token.kind:
            case "COMMENT":
                good = all(scope.startswith("comment.line.") for scope in scopes)
                covered += token.text.endswith("\r")
            case kind if kind in DECLARATIONS:
                good = all(scope.startswith("keyword.") for scope in scopes)
                covered += len(re.findall(r"[ \t]", token.text))  # what is between the words has no colour
            case "NAME":
                good = all(scope.startswith(NAMES) for scope in scopes)
            case "UNKNOWN":
                continue
            case kind:
                good = all(scope.startswith(SCOPES[kind]) for scope in scopes)
        if not good or covered != token.end - token.start:
            wrong.append((token.text, scopes))
    return wrong


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_shipped_programs(path: Path) -> None:
    assert _wrong(path.read_text()) == []


def test_every_kind_of_token_is_known_here() -> None:
    states = {terminal.name for terminal in grammar().terminals if not terminal.name.startswith("__")}
    assert states - {"NAME", "COMMENT", "NEWLINE", "UNKNOWN"} - DECLARATIONS == set(SCOPES)


@pytest.mark.parametrize(
    "text",
    [
        "x = 'a # b'; # 'c'",
        'x = "it\'s" + \'a "word"\';',
        "define = 1; returned = 2; f0r = 3; andy = 4; inner = 5; Truest = 6; x1 = 7; _2 = 8;",
        "def f(a, b) { return a; } # def g(x)",
        "def f() { return True; } f();",
        "def\tf (\n    a,  # first\n    b\n) {\n    return a;\n}\nx = 1;",
        "def f(a {",
        "def f(a; x = 1;",
        "set vocab 'ab'; set\tmax_length 3; set example 'a'; set s-op example 'a'; set selector example 'b';",
        "set vocabulary = 1;",
        "set = 1; vocab = 2; example = 3; load_x = 4; x.y",
        'load "a"; reload = 1;',
        "show example; show s-op examples; examples off; selector examples on; full seq display off;",
        "examples = 3; show = 4; full = 5;",
        "a<=b; a<b; a==b; a!=b; a>=b; a>b; a=b; a//b; a/b; -a^b%c*d+e;",
        "x = [1, 2.5, {'a': 1}]; y = {1: 2};",
        "x = 10.25; y = 1.;",
        "[i for i in l if x else y];",
        "select(tokens, tokens, ==); selected(x); tokens_2;",
        "exit(); quit( );",
        "x = 1\r\ny = 2; # c\r\nz = 'a';",
        "🎈 é 'é🎈' # 🎈",
    ],
)
def test_odd_texts(text: str) -> None:
    assert _wrong(text) == []


def test_an_unclosed_string_is_marked_and_ends_with_its_line() -> None:
    pieces = GRAMMAR.colour('x = "abc;\ny = 1;')
    assert Coloured(4, 9, ("invalid.illegal.unclosed-string.rasp",)) in pieces
    assert Coloured(14, 15, ("constant.numeric.rasp",)) in pieces


def test_definitions_show_their_name_and_parameters() -> None:
    text = "def f(a, b) {}"
    found = {text[piece.start : piece.end]: piece.scopes for piece in GRAMMAR.colour(text)}
    assert found["f"] == ("entity.name.function.rasp",)
    assert found["a"] == found["b"] == ("variable.parameter.rasp",)


def test_every_keyword_is_coloured() -> None:
    for word, kind in keywords().items():
        (piece,) = GRAMMAR.colour(word)
        assert piece.scopes[0].startswith(SCOPES[kind]), word


def test_the_library_is_coloured_and_nothing_else_is() -> None:
    for name, known in library().items():
        text = f"{name}(" if known.is_function else f"{name};"
        wanted = "support.function." if known.is_function else "support.variable."
        assert GRAMMAR.colour(text)[0].scopes[0].startswith(wanted), name
    words = set(re.findall(r"[a-z_]{3,}", " ".join(_supported(CONTENT))))
    assert words == set(library())


def _supported(content: dict[str, object]) -> list[str]:
    found: list[str] = []
    stack: list[object] = [content]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if str(node.get("name", "")).startswith("support."):
                found.append(str(node["match"]))
            stack += node.values()
        elif isinstance(node, list):
            stack += node
    return found


def test_scopes_are_the_usual_ones() -> None:
    """Themes colour by these beginnings; each scope ends with the language."""
    usual = ("comment.", "string.", "constant.", "keyword.", "storage.", "entity.", "support.", "variable.")
    names = GRAMMAR.names() - {"source.rasp"}
    assert all(name.endswith(".rasp") for name in names)
    assert all(name.startswith((*usual, "punctuation.", "invalid.")) for name in names)
    assert GRAMMAR.used() == set(CONTENT["repository"])


def test_the_extension_names_files_that_are_there() -> None:
    package = json.loads((FOLDER / "package.json").read_text())
    contributed = package["contributes"]
    (language,), (grammar,) = contributed["languages"], contributed["grammars"]
    assert language["extensions"] == [".rasp"] == [f".{kind}" for kind in CONTENT["fileTypes"]]
    assert grammar["language"] == language["id"]
    assert grammar["scopeName"] == CONTENT["scopeName"]
    for name in (package["main"], language["configuration"], grammar["path"]):
        assert (FOLDER / name).is_file()
    code = (FOLDER / package["main"]).read_text()
    for command in contributed["commands"]:
        assert f'"{command["command"]}"' in code
    for setting in contributed["configuration"]["properties"]:
        section, _, key = setting.partition(".")
        assert f'getConfiguration("{section}").get("{key}")' in code
    required = set(re.findall(r'require\("([\w-]+)', code)) - {"vscode"}
    assert required == set(package["dependencies"])


def test_brackets_and_indentation_of_the_extension() -> None:
    settings = json.loads((FOLDER / "language-configuration.json").read_text())
    rules = settings["indentationRules"]
    for line, more, less in (
        ("def f(x) {", True, False),
        ("for i in l {  # each", True, False),
        ("}", False, True),
        ("    } # end", False, True),
        ("x = {1: 2};", False, False),
        ("# def f() {", False, False),
    ):
        assert (re.search(rules["increaseIndentPattern"], line) is not None) == more, line
        assert (re.search(rules["decreaseIndentPattern"], line) is not None) == less, line
    word = re.compile(settings["wordPattern"])
    assert word.findall("x_1 = 2.5 + selector_width(y)") == ["x_1", "2.5", "selector_width", "y"]
