"""Completion of names, commands and file names in the REPL."""

from __future__ import annotations

import pytest
from raspc.tests.tools.repl.talking import Talk
from raspc.tools.repl.commands import COMMANDS
from raspc.tools.repl.completion import complete


def _texts(talk: Talk, text: str) -> list[str]:
    return [found.text for found in complete(talk.conversation, text)]


PICKS = ("select_first", "select_last", "select_nearest")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sele", ["selector examples on", "selector examples off", "select", *PICKS, "selector_width"]),
        ("x = revers", ["reversed", "reverse_all"]),
        ("tokens_i", ["tokens_int"]),
        ("x = (1 + ind", ["indices", "indicator"]),
        ("for i in ran", ["range"]),
        ("de", ["def"]),
        ("set v", ["set vocab"]),
        ("set ", ["set example", "set s-op example", "set selector example", "set vocab", "set max_length"]),
        ("full seq display o", ["full seq display on", "full seq display off"]),
        (":d", ["depth", "doc"]),
        (":", list(COMMANDS)),
        (":doc has_", ["has_focus"]),
        ('"sele', []),
        ("# sele", []),
        ("def sele", []),
        ("x = 1se", []),
        ("", []),
        ("zzz", []),
        ("def f(x) {\n    return rever", ["reversed", "reverse_all"]),
        (
            "x = 3;\nse",
            ["select", *PICKS, "selector_width", "select_from_first", "select_from_last", "select_next_identical"],
        ),
    ],
)
def test_names(talk: Talk, text: str, found: list[str]) -> None:
    talk("reversed = tokens; def reverse_all(x, y) { return x; }")
    if text == "sele":
        found = [*found, "select_from_first", "select_from_last", "select_next_identical"]
    assert sorted(_texts(talk, text)) == sorted(found)


def test_details(talk: Talk) -> None:
    talk("def f_own(x, y) { return x; } f_plain = 3; f_sop = tokens == 'a';")
    details = {found.text: found.detail for found in complete(talk.conversation, "f_")}
    assert details == {"f_own": "f_own(x, y)", "f_plain": "number", "f_sop": "s-op"}
    assert [found.detail for found in complete(talk.conversation, "aggre")] == ["aggregate(selector, values, default)"]


def test_files(talk: Talk) -> None:
    folder = talk.conversation.session.base
    for name in ("sort.rasp", "sorted.rasp", "notes.txt", ".hidden.rasp", "sub/deep.rasp"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")
    assert _texts(talk, 'load "') == ["sort.rasp", "sorted.rasp", "sub/"]
    assert _texts(talk, "load 'sorte") == ["sorted.rasp"]
    assert _texts(talk, 'load "sub/') == ["deep.rasp"]
    assert _texts(talk, f'load "{folder}/so') == ["sort.rasp", "sorted.rasp"]
    assert _texts(talk, 'load "nowhere/x') == []
    assert _texts(talk, 'load "sort.rasp"; s') != []
