"""`:compile EXPRESSION`, the commands about the session's model, `:vars` and `:undo`."""

from __future__ import annotations

import raspc
from raspc.tests.tools.repl.talking import Talk
from raspc.tools.repl.commands import COMMANDS
from raspc.tools.repl.completion import complete

REVERSE = 'set vocab "abc"; set max_length 4;\nback = tokens[length - indices - 1];\n'


def test_an_expression_is_compiled_and_run(talk: Talk) -> None:
    shown = talk(REVERSE + ":compile back == tokens twice.safetensors\n:run aba\n:run a b\n:run\n")
    assert "twice.safetensors: 2 layers" in shown
    assert "     true true true\n     false false\n" in shown
    assert "the model needs an input" in shown, "the running example is `hello`, which the model does not know"
    assert raspc.load(talk.folder / "twice.safetensors", device="cpu").run("aab") == [False, True, False]
    assert talk("set example 'abb'\n:run").endswith("     false true false\n")


def test_an_expression_with_options_and_without_a_file(talk: Talk) -> None:
    assert "output.safetensors: " in talk(REVERSE + ":compile -Os back if indices == 0 else tokens\n")
    assert "save" in COMMANDS
    talk(":save kept")
    assert (talk.folder / "kept.rasp").read_text().endswith("back if indices == 0 else tokens;\n")


def test_a_wrong_expression_is_a_mistake(talk: Talk) -> None:
    shown = talk(REVERSE + ":compile back +\n:compile back; tokens\n:compile back + 1 here\n:compile backk == tokens\n")
    assert shown.count(": error: ") == 4
    assert not list(talk.folder.glob("*.safetensors"))


def test_trace_inspect_and_report_read_the_model(talk: Talk) -> None:
    assert talk(":trace abc").count("the session has no model yet") == 1
    shown = talk(REVERSE + ":compile back\n:trace abc\n:inspect\n:report abc\n:report abca again.html\n:report abc\n")
    assert "every value in the model is the interpreter's" in shown
    assert "layer 1 attention" in shown
    assert "2 layers" in shown
    assert "wrote session.html" in shown
    assert "wrote again.html" in shown
    assert ": error: " not in shown
    assert (talk.folder / "session.html").read_text().startswith("<!doctype html>")


def test_report_replaces_only_its_own_pages(talk: Talk) -> None:
    (talk.folder / "session.html").write_text("mine")
    shown = talk(REVERSE + ":compile back\n:report abc\n")
    assert "session.html" in shown
    assert "hint: name another file" in shown
    assert (talk.folder / "session.html").read_text() == "mine"


def test_vars_lists_names_and_kinds(talk: Talk) -> None:
    assert talk(":vars") == "     no names yet\n"
    talk(REVERSE + "same = select(tokens, tokens, ==); n = 3; def f(x, y) { return x; }\n")
    assert talk(":vars").splitlines() == [
        "     back  s-op",
        "     same  selector",
        "     n     number",
        "     f     f(x, y)",
    ]


def test_undo_takes_back_definitions_and_declarations(talk: Talk) -> None:
    talk("x = 1;\nx = 2; y = x;\nset vocab 'ab'\ny;\n")
    assert talk(":undo") == "     taken back: set vocab 'ab'\n"
    assert talk.conversation.session.vocabulary is None
    assert talk(":undo") == "     taken back: y = x;\n"
    assert "`y` is not defined" in talk("y;")
    talk(":undo")
    assert "value: 1 (int)" in talk("x;")
    assert talk.conversation.program == "x = 1;\n"
    talk(":undo")
    assert "there is nothing to take back" in talk(":undo")


def test_help_fits_80_columns(talk: Talk) -> None:
    shown = talk(":help")
    assert max(map(len, shown.splitlines())) <= 80
    assert all(f"  :{name}" in shown for name in COMMANDS)


def test_completion_knows_the_commands(talk: Talk) -> None:
    assert [found.text for found in complete(talk.conversation, ":re")] == ["report"]
    assert [found.text for found in complete(talk.conversation, ":u")] == ["undo"]
    talk(REVERSE)
    assert "back" in [found.text for found in complete(talk.conversation, ":compile ba")]
