"""Diagnostics in an editor: the compiler's diagnostics, at their places, until they are mended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lsprotocol import types
from raspc.cli.main import main
from raspc.tests.support.editor import Editor, Page, between
from raspc.tests.tools.editor.conftest import Open

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "diagnostics" / "cases"
HEAD = 'set vocab "abc";\nset max_length 4;\n'
ERROR, WARNING = types.DiagnosticSeverity.Error, types.DiagnosticSeverity.Warning


def test_a_good_program_has_none(program: Open) -> None:
    assert program(HEAD + "tokens;\n").problems() == []


def test_each_says_where_what_and_what_to_do(program: Open, tmp_path: Path) -> None:
    page = program(HEAD + "x = agregate(1, 2);\nx = 1 = 2;\n")
    (problem,) = page.problems()
    assert (page.of(problem.range), problem.code, problem.severity, problem.source) == (
        "=",
        "assignment-form",
        ERROR,
        "raspc",
    )
    page.type("x = 1 = 2", "select(1, 1, ==) + 1")
    first, second = page.problems()
    assert (page.of(first.range), first.code) == ("agregate", "unknown-name")
    assert first.message == "`agregate` is not defined\nhint: did you mean `aggregate`?"
    assert second.range.start.line == 3


def test_the_link_leads_to_the_explanation(program: Open) -> None:
    (problem,) = program("wrong;").problems()
    assert problem.code_description is not None
    address, _, line = problem.code_description.href.partition("#L")
    path = Path(address.removeprefix("file://"))
    assert path.read_text().splitlines()[int(line) - 1] == f"## {problem.code}"


def _checked(path: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[object, ...]]:
    """The diagnostics of `raspc check`: (code, severity, text, line, column in characters, underlined text)."""
    main(["check", str(path), "--json"])
    lines = path.read_bytes().decode().split("\n")
    found: list[tuple[object, ...]] = []
    for told in capsys.readouterr().err.splitlines():
        said = json.loads(told)
        start, end = (
            sum(len(line) + 1 for line in lines[: said[f"{which}line"] - 1]) + said[f"{which}column"] - 1
            for which in ("", "end_")
        )
        text = said["message"] if said["hint"] is None else f"{said['message']}\nhint: {said['hint']}"
        found.append((said["code"], said["severity"], text, said["line"], said["column"], "\n".join(lines)[start:end]))
    return found


def _shown(text: str, problem: types.Diagnostic) -> tuple[object, ...]:
    """A diagnostic in the same form."""
    start = between(text, types.Range(types.Position(0, 0), problem.range.start))
    return (
        problem.code,
        "error" if problem.severity == ERROR else "warning",
        problem.message,
        problem.range.start.line + 1,
        len(start) - start.rfind("\n"),
        between(text, problem.range),
    )


def test_all_are_what_check_says(editor: Editor, capsys: pytest.CaptureFixture[str]) -> None:
    """The same mistakes at the same places, for every program that is known to have some."""
    # Mistakes in loaded files are tested in test_loaded_files.py.
    paths = sorted(path for path in CASES.glob("*.rasp") if not path.stem.startswith("load_each_other"))
    assert len(paths) > 90
    differing = {}
    for path in paths:
        text = path.read_bytes().decode()
        page = editor.open(text, path)
        shown = sorted(_shown(text, problem) for problem in page.problems())
        page.close()
        expected = sorted(set(_checked(path, capsys)))
        if shown != expected:
            differing[path.name] = (shown, expected)
    assert differing == {}


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ('a = "🎈" + wrong;', 11),
        ('a = "é𝔸🇩🇪" + wrong;', 16),
        ('a = "e\u0301" + wrong;', 11),
        ("\ta = wrong;", 5),
    ],
)
def test_columns_count_utf_16(program: Open, line: str, column: int) -> None:
    page = program(f"{HEAD}# 🎈🎈\n{line}\n")
    (problem,) = page.problems()
    assert (problem.range.start, page.of(problem.range)) == (types.Position(3, column), "wrong")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends(program: Open, end: str) -> None:
    page = program(f"set vocab 'ab'{end}set max_length 4;{end}{end}# a comment{end}x = tokens +{end}  wrong;{end}x;")
    (problem,) = page.problems()
    assert (problem.range.start, page.of(problem.range)) == (types.Position(5, 2), "wrong")


def test_a_lone_carriage_return_ends_a_line_for_the_editor_only(program: Open) -> None:
    page = program("x = 1;\rwrong;\r\nworse;")
    assert [problem.range.start for problem in page.problems()] == [types.Position(1, 0), types.Position(2, 0)]


def test_other_line_separators_end_no_line(program: Open) -> None:
    page = program("x = 1; # \u2028 \u0085 \x0b\nwrong;")
    assert [problem.range.start for problem in page.problems()] == [types.Position(1, 0)]


def test_a_byte_order_mark_is_no_mistake(program: Open) -> None:
    page = program("\ufeffx = 1; wrong;")
    (problem,) = page.problems()
    assert (problem.range.start, page.of(problem.range)) == (types.Position(0, 8), "wrong")


def test_lone_surrogates(program: Open) -> None:
    """JSON can hold what UTF-8 cannot."""
    page = program('x = "\ud83c" + wrong;\ny = wrong;')
    assert [problem.range.start for problem in page.problems()] == [types.Position(0, 10), types.Position(1, 4)]


def test_warnings(program: Open) -> None:
    page = program(HEAD + "x = -indices ^ 2;\nx;")
    (problem,) = page.problems()
    assert (problem.severity, problem.range.start.line) == (WARNING, 2)


def test_a_mistake_at_the_end_of_the_text(program: Open) -> None:
    for text in ("x = ", "def f(a) {", "(", "select(tokens, tokens, ", '"', "x = 1;\n)"):
        page = program(text)
        (problem, *_) = page.problems()
        assert problem.severity == ERROR
        page.of(problem.range)  # is in the text
        page.close()


# --- while somebody types


def test_changes_make_and_mend_mistakes(program: Open) -> None:
    page = program(HEAD + "x = tokens;\nx;\n")
    assert page.codes() == []
    page.type("x = tokens", "x = tokenz")
    assert page.codes() == ["unknown-name"]
    page.type("x = tokenz", "x = (tokens")
    assert page.codes() == ["unclosed-bracket"]
    page.type("(tokens", "tokens")
    assert page.codes() == []


def test_diagnostics_are_published_after_each_change(program: Open, editor: Editor) -> None:
    page = program("wrong;")
    assert [problem.code for problem in editor.about(page.uri, page.version)] == ["unknown-name"]
    page.change("1;")
    assert editor.about(page.uri, page.version) == []


def test_a_burst_of_changes_ends_with_the_last(program: Open, editor: Editor) -> None:
    page = program(HEAD)
    for number in range(40):
        page.change(f"{HEAD}x = {'y' * number}1;")
    page.change(HEAD + "x = tokens; x + wrong;")
    (problem,) = editor.about(page.uri, page.version)
    assert page.of(problem.range) == "wrong"
    versions = [told.version or 0 for told in editor.published(page.uri)]
    assert versions == sorted(versions)
    assert len(versions) < 20  # not once for each key


def test_several_changes_in_one_message(program: Open, editor: Editor) -> None:
    page = program(HEAD)
    page.version, page.text = page.version + 1, "wrong;"
    document = types.VersionedTextDocumentIdentifier(page.version, page.uri)
    changes = [types.TextDocumentContentChangeWholeDocument(text) for text in ("tokens", "wrong;")]
    editor.tell(types.TEXT_DOCUMENT_DID_CHANGE, types.DidChangeTextDocumentParams(document, changes))
    assert page.codes() == ["unknown-name"]


def test_closing_clears_them(program: Open, editor: Editor) -> None:
    page = program("wrong;")
    assert len(page.problems()) == 1
    seen = len(editor.published(page.uri))
    page.close()
    assert editor.news(page.uri, seen) == []
    again = program("wrong;")
    assert again.uri == page.uri
    assert len(editor.news(page.uri, seen + 1)) == 1


def test_saving_an_unchanged_text_says_the_same(program: Open, editor: Editor) -> None:
    page = program("wrong;")
    before = page.problems()
    page.save()
    assert page.problems() == before


@pytest.mark.parametrize(
    "address", ["untitled:Untitled-1", "git:/a/b.rasp?%7B%22ref%22%3A%22HEAD%22%7D", "zip://x/y.rasp"]
)
def test_texts_without_files(editor: Editor, address: str) -> None:
    page = editor.open("x = tokens;\nwrong;", address)
    (problem,) = page.problems()
    assert page.of(problem.range) == "wrong"
    (place,) = page.definition("|x = ")
    assert (place.uri, page.of(place.range)) == (address, "x")


def test_two_texts_do_not_mix(program: Open) -> None:
    one, two = program("a = wrong;", "one.rasp"), program("\n\na = worse;", "two.rasp")
    assert [one.of(problem.range) for problem in one.problems()] == ["wrong"]
    assert [two.of(problem.range) for problem in two.problems()] == ["worse"]


def test_a_mistake_in_a_function_names_its_caller(program: Open) -> None:
    page = program(HEAD + "def f(a) {\n    return a + wrong;\n}\nf(tokens);\n")
    (problem,) = page.problems()
    assert page.of(problem.range) == "wrong"
    assert problem.related_information is not None
    (caller,) = problem.related_information
    assert (caller.location.uri, page.of(caller.location.range)) == (page.uri, "f(tokens);")


def _lines(page: Page) -> list[int]:
    return [problem.range.start.line for problem in page.problems()]


def test_several_mistakes_in_order(program: Open) -> None:
    assert _lines(program(HEAD + "a = b;\nc = d;\n\ne = f;\n")) == [2, 3, 5]
