"""The extension for VS Code: its colours are those of the grammar, and the files that it names are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from raspc.rasp_grammar.lark_grammar import grammar
from raspc.tools.editor import textmate

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tools" / "editor" / "vscode"
CONTENT = json.loads((FOLDER / "rasp.tmLanguage.json").read_text())

#: Terminals whose rules stand in the grammar by themselves, and those that need no colour.
OTHER_TERMINALS = {"STRING", "NUMBER", "NAME", "DIRECTIVE", "COMMENT", "NEWLINE", "UNKNOWN"}


def test_the_colours_are_those_of_the_grammar_and_the_library() -> None:
    text = (FOLDER / "rasp.tmLanguage.json").read_text(encoding="utf-8")
    assert text == textmate.textmate_text(), "run python -m raspc.tools.editor.textmate"


def test_every_terminal_has_a_colour() -> None:
    coloured = [
        kind for scopes in (textmate.WORD_SCOPES, textmate.SIGN_SCOPES) for kinds in scopes.values() for kind in kinds
    ]
    terminals = {terminal.name for terminal in grammar().terminals if not terminal.name.startswith("__")}
    assert sorted([*coloured, *textmate.DECLARATIONS, *OTHER_TERMINALS]) == sorted(terminals)


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
