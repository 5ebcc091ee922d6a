"""The TextMate grammar of RASP: made from the terminals of rasp.lark and the names of the library.

`python -m raspc.tools.editor.textmate` writes vscode/rasp.tmLanguage.json; a test compares the two.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from ...compiler.elaborate.library_docs import library
from ...rasp_grammar.lark_grammar import grammar

PATH = Path(__file__).parent / "vscode" / "rasp.tmLanguage.json"

#: Scopes of reserved words, with the terminals that have them.
WORD_SCOPES = {
    "storage.type.function": ("DEF",),
    "keyword.control": ("RETURN", "FOR", "IF", "ELSE"),
    "keyword.control.import": ("LOAD",),
    "keyword.operator.word": ("AND", "OR", "NOT", "IN"),
    "constant.language.boolean": ("TRUE", "FALSE"),
}

#: Scopes of signs.  A sign that is a prefix of another one comes after it.
SIGN_SCOPES = {
    "keyword.operator.comparison": ("EQUAL", "NOT_EQUAL", "LESS_EQUAL", "GREATER_EQUAL", "LESS", "GREATER"),
    "keyword.operator.assignment": ("ASSIGN",),
    "keyword.operator.arithmetic": ("DOUBLE_SLASH", "SLASH", "PLUS", "MINUS", "STAR", "PERCENT", "CARET"),
    "punctuation.terminator.statement": ("SEMICOLON",),
    "punctuation.separator": ("COMMA", "COLON"),
    "punctuation.section.brackets": ("LPAR", "RPAR", "LSQB", "RSQB", "LBRACE", "RBRACE"),
}

#: Statements that are one terminal: `set vocab` and the like.
DECLARATIONS = ("SET_VOCAB", "SET_MAX_LENGTH", "SET_EXAMPLE")


def textmate_grammar() -> dict[str, object]:
    """The content of rasp.tmLanguage.json."""
    name, comma = _regexp("NAME"), _regexp("COMMA")
    double_quoted, single_quoted = _regexp("STRING").split("|")
    functions = [word for word, known in sorted(library().items()) if known.is_function]
    values = [word for word, known in sorted(library().items()) if not known.is_function]
    repository: dict[str, dict[str, object]] = {
        "comment": {
            "name": "comment.line.number-sign.rasp",
            "begin": "#",
            "beginCaptures": _captures("punctuation.definition.comment", first=0),
            "end": "$",
        },
        "string": _any(
            _rule("string.quoted.double", double_quoted),
            _rule("string.quoted.single", single_quoted),
            _rule("invalid.illegal.unclosed-string", "[\"'].*$"),
        ),
        "declaration": {
            "match": rf"\b{_declarations()}",
            "captures": _captures("keyword.control.declaration", "keyword.other.declaration"),
        },
        "directive": _rule("keyword.control.directive", rf"\b(?:{_regexp('DIRECTIVE')})"),
        "definition": {
            "begin": rf"\b(def)[ \t]+({name})[ \t]*(\()",
            "beginCaptures": _captures(
                "storage.type.function", "entity.name.function", "punctuation.section.parameters.begin"
            ),
            "end": r"\)|(?=[;{}])",
            "endCaptures": _captures("punctuation.section.parameters.end", first=0),
            "patterns": [
                {"include": "#comment"},
                _rule("variable.parameter", rf"\b{name}\b"),
                _rule("punctuation.separator", comma),
            ],
        },
        "number": _rule("constant.numeric", rf"\b{_regexp('NUMBER')}\b"),
        "word": _any(*[_rule(scope, rf"\b(?:{_either(kinds)})\b") for scope, kinds in WORD_SCOPES.items()]),
        "call": _any(
            _rule("support.function", rf"\b(?:{'|'.join(functions)})\b(?=[ \t]*\()"),
            _rule("entity.name.function.call", rf"\b{name}(?=[ \t]*\()"),
        ),
        "name": _any(
            _rule("support.variable", rf"\b(?:{'|'.join(values)})\b"),
            _rule("variable.other", rf"\b{name}\b"),
        ),
        "sign": _any(*[_rule(scope, _either(kinds)) for scope, kinds in SIGN_SCOPES.items()]),
    }
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "RASP",
        "scopeName": "source.rasp",
        "fileTypes": ["rasp"],
        "patterns": [{"include": f"#{part}"} for part in repository],
        "repository": repository,
    }


def textmate_text() -> str:
    """The text of rasp.tmLanguage.json."""
    return json.dumps(textmate_grammar(), indent=2) + "\n"


def _regexp(terminal: str) -> str:
    """A terminal as a regular expression without groups that capture."""
    pattern = str(grammar().get_terminal(terminal).pattern.to_regexp()).replace("\t", r"\t").replace("\n", r"\n")
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)


def _either(terminals: tuple[str, ...]) -> str:
    return "|".join([_regexp(terminal) for terminal in terminals])


def _declarations() -> str:
    """The declarations with two groups: their first word, and the rest."""
    parts = [_regexp(terminal).split(r"\s+", 1) for terminal in DECLARATIONS]
    (first,) = {first for first, _ in parts}
    return rf"({first})\s+({'|'.join([rest for _, rest in parts])})"


def _rule(scope: str, match: str) -> dict[str, object]:
    return {"name": f"{scope}.rasp", "match": match}


def _any(*rules: dict[str, object]) -> dict[str, object]:
    return {"patterns": list(rules)}


def _captures(*scopes: str, first: int = 1) -> dict[str, object]:
    return {str(number): {"name": f"{scope}.rasp"} for number, scope in enumerate(scopes, first)}


if __name__ == "__main__":
    PATH.write_text(textmate_text(), encoding="utf-8")
