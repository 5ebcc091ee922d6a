"""Statements and what they show: golden scripts, and facts that are checked against the interpreter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Node
from raspc.compiler.graph.values import Undefined
from raspc.compiler.interpret.interpreter import evaluate
from raspc.rasp_grammar.span import Source
from raspc.tests.programs.cases import Shipped, read_cases, shipped_programs
from raspc.tests.tools.repl.talking import Talk
from raspc.tools.repl.conversation import Conversation
from raspc.tools.repl.results import (
    Applied,
    Errors,
    FunctionShown,
    PlainShown,
    SelectorMatrix,
    SelectorShown,
    SessionEnd,
    SOpShown,
    SOpValues,
    TooLarge,
)

SCRIPTS = {
    "values": """
        tokens;
        indices
        length; # at every position the same
        tokens == "l";
        indices / 3;
        aggregate(select(indices, indices, <=), tokens == "l");
        1 / indices;
        "a" if indices == 0 else 1;
        "a" + tokens
        indices ^ 0.5;
        1/0 * indices;
    """,
    "plain": """
        3; 3.25; 1/3; 2 ^ 0.5; True; "text"; 'with "quotes"'; -7;
        [1, "a", True, 1/3, []]; {}; {"a": [1], 2: {}};
        range(300)
        x = 3; y, z = x, [x];
        [tokens, select(tokens, "l", ==), [indices], select, 3];
        {"first": tokens, 2: 3};
        [indices, indices, indices, indices, indices, indices, indices, indices, indices, indices, indices,
         indices, indices, indices, indices, indices, indices, indices, indices, indices, indices, indices];
        select
        max
    """,
    "selectors": """
        same = select(tokens, tokens, ==);
        select(indices, indices, <) and same;
        not full_s;
        select(indices - 1, 1 / indices, ==);
        select(1, 2, ==)("ab");
        set example ["a", "bcd", 10]
        same
        set example "语é"
        same
        set example ""
        same; tokens; length;
    """,
    "functions": """
        # Twice the value.
        # (Element-wise.)
        def twice(x) {
            return 2 * x;
        }
        twice(indices); twice(4); twice;
        def twice(x) { return x + x; }
        f = twice;
        f(3);
        thrice = twice(indices) + indices;
        thrice([5, 5]);
        (thrice + 1)("abc");
        twice(tokens)("ab");
        select(tokens, "b", ==)("abb");
    """,
    "loops": """
        total = 0;
        for i in range(3) {
            total = total + i;
            total;
            for letter in "lo" { tokens == letter; }
        }
        total;
        def silent(x) {
            for i in range(3) { i; }
            x;
            return x;
        }
        silent(1);
    """,
    "examples": """
        show example
        set example "abc"
        show example
        set s-op example [1, 2.5, True]
        show example
        show s-op example
        show selector examples
        tokens; select(tokens, tokens, ==);
        selector examples off
        tokens; select(tokens, tokens, ==);
        examples off
        tokens;
        set example "xyz"
        tokens;
        examples on
        tokens; length;
        full seq display on
        length;
        full seq display off
        length;
        set example 3
        set example [tokens]
        show example
    """,
    "mistakes": """
        x = 1;
        x = tokns;
        x;
        x = 2; y = x + missing; z = 3;
        x;
        z;
        y = = 3;
        def f(a) {
            b = = a;
            return b;
        }
        f;
        for i in range(3) { x = i; 1 / (2 - i); }
        x;
        sort(3, full_s);
        load "nowhere";
        load 3;
        tokens(3); tokens("a", "b"); 3(4);
        tokens + ;
        a or b and c;
        tokens == "a" or tokens == "b" and True;
        def g(x) {
    """,
    "commands": """
        # True if the input has an `l`.
        present = has_focus(select(tokens, "l", ==));

        def plain(x) { return x; }
        :doc present
        :doc plain
        :doc aggregate
        :doc tokens_asis
        :doc length
        :doc shift
        :doc presen
        :doc
        :depth present
        :depth sort(tokens, tokens)
        :depth sort(tokens, tokens) + indices
        :depth select(present, tokens, ==)
        :depth indices
        :depth 3
        :type present
        :type tokens + 1
        :type select(tokens, tokens, ==)
        :type 3
        :type plain
        :type [1, 2]
        :type
        :type x = 3
        :type missing
        set vocab ["a", "b", 3]
        set max_length 20
        :t present
        :t tokens
        :t indices
        :t 1 / (indices - 1)
        :t average(indices)
        :t select(indices, indices, ==)
        :t select(indices, indices, <)
        :t select(indices, indices, <=);
        :t tokens + 1
        :d tokens
        :do tokens
        :
        :typo x
        :help
        :quit
        3;
    """,
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_script(talk: Talk, golden: Callable[..., None], script: str) -> None:
    lines = [line.removeprefix(" " * 8) for line in SCRIPTS[script].strip("\n").splitlines()]
    golden(talk("\n".join(lines)).replace(str(talk.folder), "FOLDER"))


# ---- values are the interpreter's -----------------------------------------------------------------


@pytest.mark.parametrize("shipped", shipped_programs(), ids=str)
def test_shipped_programs_give_their_cases(shipped: Shipped) -> None:
    """Statement by statement, with an example set in between, the last statement shows the oracle's output."""
    talk = Talk(shipped.path.parent)
    case = max(read_cases(shipped.cases_path)[:40], key=lambda case: len(case.input))
    talk(shipped.path.read_text(encoding="utf-8"))
    asked = talk.conversation.asked
    assert asked is not None
    tokens = ", ".join(["True" if t is True else "False" if t is False else repr(t) for t in case.input])
    assert talk(f"set example [{tokens}]") == ""
    (shown,) = talk.outcomes(f"{asked};")
    match shown:
        case SOpShown(shown=SOpValues(values=values)):
            assert list(values) == case.output
        case PlainShown(value=value):
            assert [value] * len(case.input) == case.output
        case _:
            pytest.fail(str(shown))


def test_the_record_is_a_program_with_the_same_names(talk: Talk) -> None:
    (talk.conversation.session.base / "lib.rasp").write_text(
        "_k = 2; def scaled(x) { return x * _k; } set vocab 'xyz';"
    )
    talk(
        "x = indices; y = x + 1; x = tokens == 'l';\nz = x and y > 2\n1; wrong = missing; x = 1 / 0;\n"
        "load 'lib'\nset max_length 7\nfor i in range(3) { y = scaled(y); missing_too; }\n"
        "for i in range(3) { y = scaled(y); }\ndef f(a) { return scaled(a) + y; } w = f(x);\nexamples off\n"
    )
    conversation = talk.conversation
    names = [name for name in conversation.session.names if name in "xyzw"]
    assert sorted(names) == ["w", "x", "y", "z"]
    program = elaborate(Source("session", conversation.program), entries=names, loaded=conversation.session.loaded)
    assert program.vocabulary == ("x", "y", "z")
    assert program.max_length == 7
    outputs = dict(program.outputs)
    for name in names:
        node = conversation.session.value(name)
        assert isinstance(node, Node)
        assert evaluate([node], "hello")[node] == evaluate([outputs[name]], "hello")[outputs[name]], name


# ---- outcomes -------------------------------------------------------------------------------------


def test_types_of_outcomes(talk: Talk) -> None:
    shown = talk.outcomes("x = 1; def f(a) { return a; } tokens; full_s; tokens('ab'); full_s([1]); 1 +; exit;")
    assert [type(outcome) for outcome in shown] == [Errors]
    shown = talk.outcomes("x = 1; def f(a) { return a; } tokens; full_s; tokens('ab'); full_s([1]); ;\nexit;\n")
    assert [type(outcome) for outcome in shown] == [
        PlainShown,
        FunctionShown,
        SOpShown,
        SelectorShown,
        Applied,
        Applied,
        SessionEnd,
    ]
    matrix = shown[3]
    assert isinstance(matrix, SelectorShown)
    assert isinstance(matrix.shown, SelectorMatrix)
    assert matrix.shown.rows == ((True,) * 5,) * 5


@pytest.mark.parametrize("farewell", ["exit", "quit;", "exit()", " quit ( ) ;", ":quit", ":q"])
def test_exit_and_quit_end_the_session(talk: Talk, farewell: str) -> None:
    assert talk.one(farewell) == [SessionEnd()]


def test_a_variable_called_exit_does_not_end_the_session(talk: Talk) -> None:
    talk("exit = 3;")
    assert [type(outcome) for outcome in talk.one("exit")] == [PlainShown]
    assert talk.one("quit") == [SessionEnd()]


def test_names_are_new_each_time_and_old_values_stay(talk: Talk) -> None:
    talk("x = 1; def f() { return x; } y = x;")
    assert talk("x = 2; f(); y;") == "     value: 2 (int)\n     value: 2 (int)\n     value: 1 (int)\n"
    # Names in texts are those of now.
    talk("a = tokens == 'l'; b = selector_width(select(a, True, ==)); a = indices;")
    assert 'select(tokens == "l", True, ==)' in talk(":depth b")


@pytest.mark.parametrize("statement", ["x = tokens;", "tokens;", "for i in range(9) { x = i; tokens; }", 'load "lib";'])
def test_an_interruption_changes_nothing(talk: Talk, monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    (talk.conversation.session.base / "lib.rasp").write_text("set vocab 'ab'; x = 5; y = sort(tokens, tokens);")
    talk("x = 1; set max_length 3;")
    before = talk.conversation.session.names, talk.conversation.program

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("raspc.tools.repl.show_values.values_of", interrupted)
        patched.setattr("raspc.compiler.elaborate.evaluate.Evaluator._run", interrupted)
        if statement.startswith("x"):
            patched.setattr("raspc.compiler.elaborate.evaluate.Evaluator.bind", interrupted)
        with pytest.raises(KeyboardInterrupt):
            talk.one(statement)
    assert (talk.conversation.session.names, talk.conversation.program) == before
    assert talk("x;") == "     value: 1 (int)\n"
    assert talk.conversation.session.vocabulary is None
    assert talk('load "lib"; x;') == "     value: 5 (int)\n"


def test_a_file_can_be_loaded_again_after_a_mistake_in_it(talk: Talk) -> None:
    path = talk.conversation.session.base / "lib.rasp"
    path.write_text("good = 1; bad = missing; worse = 1 / 0;")
    (failed,) = talk.one("load 'lib';")
    assert isinstance(failed, Errors)
    assert [found.code for found in failed.diagnostics] == ["unknown-name", "division-by-zero"]
    assert talk.conversation.session.names == []
    path.write_text("good = = 1;")
    assert len(talk.one("load 'lib';")) == 1
    path.write_text("good = 1;")
    assert talk("load 'lib'; good;") == "     value: 1 (int)\n"
    assert len(talk.conversation.session.loaded) == 1


def test_every_input_has_a_budget_of_its_own(talk: Talk) -> None:
    for _ in range(4):
        assert talk("for i in range(90000) { x = i + 1; }") == ""
    assert "too-much-work" in talk("for i in range(90000) { for j in range(90000) { x = i; } }")
    assert talk("x;") == "     value: 90000 (int)\n"


def test_long_examples_are_not_waited_for(talk: Talk) -> None:
    talk("set example [i for i in range(5000)]")
    (shown,) = talk.outcomes("sort(tokens, tokens);")
    assert isinstance(shown, SOpShown)
    assert isinstance(shown.shown, TooLarge)
    assert "set a shorter example" in talk("full_s;")
    assert talk("indices;").count(",") < 410
    assert talk("full seq display on\nindices;").count(",") > 4999
    talk("set example [i for i in range(200)]")
    assert "too wide to show" in talk("full_s;")


def test_undefined_values_tell_why(talk: Talk) -> None:
    (shown,) = talk.outcomes('{"h": 1}[tokens];')
    assert isinstance(shown, SOpShown)
    assert isinstance(shown.shown, SOpValues)
    assert [isinstance(value, Undefined) for value in shown.shown.values] == [False, True, True, True, True]
    text = talk('{"h": 1}[tokens];')
    assert "[1, ?, ?, ?, ?] (ints)" in text
    assert text.count("undefined, dict: nothing for") == 3


def test_no_answer_holds_what_a_terminal_obeys(talk: Talk) -> None:
    talk('x = "\x1b[31m\x07\u202e";')
    for statement in ("x;", "set example x\ntokens;", "select(tokens, tokens, ==);", "show example", "[x];"):
        text = talk(statement)
        assert all(letter.isprintable() or letter in "\n\t" for letter in text), text


def test_the_comment_may_be_an_input_before_the_definition(talk: Talk) -> None:
    talk.one("# What it is for.")
    talk.one("f = tokens == 'a'")
    assert "What it is for." in talk(":doc f")
    assert talk.conversation.program == "# What it is for.\nf = tokens == 'a';\n"
    talk.one("f = indices;")
    assert "What it is for." not in talk(":doc f")


def test_the_library_is_documented(talk: Talk) -> None:
    for name in talk.conversation.session.visible():
        lines = talk(f":doc {name}").splitlines()
        assert len(lines) >= 2, name
        assert len(lines[1].strip()) > 10, name


def test_loaded_functions_have_their_comments(talk: Talk) -> None:
    (talk.conversation.session.base / "lib.rasp").write_text("# Of the library.\ndef f(a) { return a; }\n")
    assert "Of the library." in talk("load 'lib'\n:doc f")


# ---- files ----------------------------------------------------------------------------------------


def test_compile_and_save(talk: Talk, golden: Callable[..., None]) -> None:
    from raspc import load

    folder = talk.conversation.session.base
    text = talk(
        ":compile\n:compile x\nx = tokens == 'a'; y = selector_width(select(x, True, ==));\n:compile y\n"
        "set vocab 'abc'\n:compile y\nset max_length 5\n"
        ":compile y\n:compile y -Os named.safetensors\n:compile z\n:compile length\n:compile full_s\n"
        ":compile y wrong.name\n:compile y --fast\n:compile y + 1 here\n:compile y no/where.safetensors\n"
        "y + 1;\n:compile\n:compile sum.safetensors --causal\n"
        ":save\n:save program\n:save program\n:save no/where\n"
    )
    golden(_without_sizes(text).replace(str(folder), "."))
    assert load(folder / "y.safetensors").run("abac") == [2, 2, 2, 2]
    assert load(folder / "named.safetensors").run("abac") == [2, 2, 2, 2]
    assert load(folder / "output.safetensors").run("abac") == [3, 3, 3, 3]
    assert load(folder / "sum.safetensors").run("abac") == [2, 2, 3, 3]
    from raspc import interpret

    assert interpret(folder / "program.rasp", "abac") == [3, 3, 3, 3]


def test_a_compiled_session_can_be_verified(talk: Talk) -> None:
    from raspc.runner.model import load
    from raspc.runner.verify.verify import verify

    folder = talk.conversation.session.base
    (folder / "lib.rasp").write_text("def other(a) { return 1 - a; }")
    talk("load 'lib'; set vocab range(3); set max_length 4; x = other(tokens); x = x + 1;\n:compile x m.safetensors")
    (folder / "lib.rasp").write_text("changed;")
    assert verify is not None
    assert load(folder / "m.safetensors").run([0, 1, 2]) == [2, 1, 0]


def _without_sizes(text: str) -> str:
    import re

    return re.sub(r"safetensors: \d.*", "safetensors: SIZE AND TIME", text)


def test_a_conversation_needs_no_folder_to_exist(tmp_path: Path) -> None:
    talk = Talk(tmp_path / "gone")
    assert isinstance(talk.conversation, Conversation)
    assert "file-missing" in talk("load 'x';")
    assert "[file]" in talk("x = tokens; draw(x, 'a', 'x.dot');")
