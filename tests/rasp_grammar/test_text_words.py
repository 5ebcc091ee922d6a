"""The word under a cursor, against the language's own lexer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from raspc.rasp_grammar.incremental_parser import tokenize
from raspc.rasp_grammar.lark_grammar import keywords
from raspc.rasp_grammar.span import Source
from raspc.rasp_grammar.text_words import in_quotes, is_name, line_before, name_around

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["paper/dyck2", "hard/find_pattern", "strings/../paper/sort"])
def test_at_every_place_of_a_program(name: str) -> None:
    source = Source("a.rasp", (ROOT / "programs" / f"{name}.rasp").read_text())
    tokens, _ = tokenize(source)
    declared = re.compile(r"set[ \t]+(vocab|max_length)")
    names = {token.start: token for token in tokens if token.kind == "NAME"}
    words = [match.span() for match in declared.finditer(source.text)]
    for offset in range(len(source.text) + 1):
        expected = next((token for token in names.values() if token.start <= offset <= token.end), None)
        if any(start <= offset <= end for start, end in words):
            continue  # one token to the lexer, two words to a person
        found = name_around(source, offset)
        if expected is None:
            assert found is None, offset
        else:
            assert found is not None
            assert (found[0], found[1].start, found[1].end) == (expected.text, expected.start, expected.end)


def test_keywords_are_no_names() -> None:
    assert not any(is_name(word) for word in keywords())
    assert all(is_name(name) for name in ("x", "_x1", "Def", "set", "vocab"))
    assert not any(is_name(name) for name in ("", "1x", "x y", "é", "x-", "x\n"))


def test_in_quotes() -> None:
    assert in_quotes('x = "a')
    assert in_quotes("x = 'a\"")
    assert in_quotes("x = 1; # a")
    assert not in_quotes('x = "#" + ')
    assert not in_quotes("x = 'a' + \"b\" ")


def test_line_before() -> None:
    assert line_before("ab\ncd\r\nef", 8) == "e"
    assert line_before("ab\rcd", 5) == "cd"
    assert line_before("ab", 0) == ""
