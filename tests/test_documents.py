"""The blocks of the README and of docs/ print what the pages show, and links lead to existing places.

`tests/support/documents.py` describes how blocks are run; `--update-golden` rewrites their outputs.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from raspc.benchmarks.measure import shape_of
from raspc.benchmarks.programs import tracr_parameters
from raspc.cli.main import COMMANDS
from raspc.compiler.artifact.manifest import Manifest
from raspc.tests.support.documents import (
    LINKED,
    ROOT,
    DocumentError,
    Page,
    anchors,
    broken_links,
    check_shell,
    extras,
    pages,
)

README = ROOT / "README.md"
DOCS = ROOT / "docs"

#: Folders whose Markdown files are not pages of the project.
NOT_OURS = {".venv", "build", "dist", "out", "node_modules", ".pytest_cache"}


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for linked in LINKED:
        if (ROOT / linked).is_dir():
            (folder / linked).parent.mkdir(exist_ok=True)
            (folder / linked).symlink_to(ROOT / linked)
    for name, value in (("COLUMNS", "80"), ("TERM", "dumb"), ("NO_COLOR", "1"), ("HOME", str(folder))):
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_page_shows_the_outputs_of_its_blocks(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    _in_folder(tmp_path, monkeypatch)
    written, actual = Page(page).run()
    if request.config.getoption("--update-golden"):
        if actual != written:
            page.write_text(actual, encoding="utf-8")
        return
    name = name_of(page)
    difference = difflib.unified_diff(written.splitlines(), actual.splitlines(), name, "now", lineterm="")
    if actual != written:
        pytest.fail("\n".join(["shows something else now (pytest --update-golden accepts it)", *difference]))


def test_readme_has_console_blocks() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.count("\n$ raspc ") > 5
    assert text.count("\n>>> ") > 5


# ---- links and lists -------------------------------------------------------------------------------

EVERY_PAGE = sorted(
    page
    for page in ROOT.glob("**/*.md")
    if NOT_OURS.isdisjoint(page.relative_to(ROOT).parts) and page.parent.name != "explanations"
)


@pytest.mark.parametrize("page", EVERY_PAGE, ids=name_of)
def test_links_have_targets(page: Path) -> None:
    assert broken_links(page) == []


def test_index_lists_every_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\]\(([\w-]+\.md)\)", index))
    assert named == {page.name for page in DOCS.glob("*.md")} - {"README.md"}


def test_command_line_page_has_a_section_for_every_command() -> None:
    text = (DOCS / "command-line.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## raspc (\w+)$", text, re.M)
    assert sections == list(COMMANDS)
    assert re.findall(r"^\$ raspc (\w+) --help$", text, re.M) == list(COMMANDS)


def test_readme_lists_every_command_and_extra() -> None:
    text = README.read_text(encoding="utf-8")
    assert re.findall(r"^\| \[?`raspc (\w+)`", text, re.M) == list(COMMANDS)
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.M)) == extras() - {"dev"}


def test_format_page_lists_every_field() -> None:
    text = (DOCS / "format.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text[text.index("## The manifest") :], re.M)
    listed = [name for row in rows for name in re.findall(r"\w+", row)]
    assert {field.name for field in fields(Manifest)} <= set(listed)


# ---- figures ---------------------------------------------------------------------------------------

#: The program of a row of the README's table, by what the row calls it.
PROGRAMS = {
    "reverse": "reverse",
    "histogram": "hist",
    "sort, with duplicates": "sort",
    "sort by frequency": "sort_freq",
    "shuffle-Dyck-2, whole input": "shuffle_dyck",
}


def test_readme_sizes_equal_the_compiled_models() -> None:
    rows = re.findall(
        r"^\| ([^|]*?) \| (\d+), (\d+) \| (\d+), ([\d,]+) \| (\d+), ([\d,]+) \| ([\d,]+) \|$",
        README.read_text(encoding="utf-8"),
        re.M,
    )
    assert len(rows) == 7
    parameters = tracr_parameters()
    layers = {
        (row["program"], row["vocab"], row["max_length"]): row["layers"]
        for row in json.loads((ROOT / "benchmarks" / "tracr.json").read_text(encoding="utf-8"))["rows"]
    }
    for what, size, longest, *figures in rows:
        program = PROGRAMS[what]
        key = ("shuffle_dyck2" if program == "shuffle_dyck" else program, int(size), int(longest))
        shape = shape_of(program, *key[1:], small=False)
        small = shape_of(program, *key[1:], small=True)
        measured = [layers[key], parameters[key], shape.layers, shape.parameters, small.parameters]
        assert [int(figure.replace(",", "")) for figure in figures] == measured, what


# ---- the harness itself ----------------------------------------------------------------------------


def _run(text: str, folder: Path) -> tuple[str, str]:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return Page(page).run()


def test_page_is_run_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _in_folder(tmp_path, monkeypatch)
    text = (
        '```rasp\n# file: a.rasp\nset vocab "ab"; set max_length 3; indices;\n```\n'
        "```console\n$ raspc eval a.rasp ab\nwrong\n$ raspc eval a.rasp \\\n    abc\n$ echo $?\n"
        "$ echo '[\"a\"]' | raspc eval a.rasp --input -\n```\n"
        "```pycon\n>>> x = 1\n>>> for i in range(2):\n...     print(x + i)\n3\n```\n"
        '```python\nimport pathlib\nassert pathlib.Path("a.rasp").read_text()[:9] == "# file: a" and x == 1\n```\n'
    )
    written, actual = _run(text, tmp_path)
    assert written == text
    assert "$ raspc eval a.rasp ab\n0 1\n$ raspc eval a.rasp \\\n    abc\nraspc: error: " in actual
    assert "$ echo $?\n1\n" in actual
    assert "--input -\n[0]\n```" in actual
    assert "...     print(x + i)\n1\n2\n```" in actual
    assert _run(actual, tmp_path) == (actual, actual)


def test_block_with_a_missing_need_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _in_folder(tmp_path, monkeypatch)
    there = "<!-- needs: torch -->\n```pycon\n>>> 1 + 1\n2\n```\n"
    lacking = "<!-- needs: no_such_thing -->\n```pycon\n>>> 1 + 1\n3\n```\n"
    assert _run(there + lacking, tmp_path)[1] == there + lacking
    assert _run(there.replace("2", "3"), tmp_path)[1] == there


@pytest.mark.parametrize(
    "block",
    [
        "fortran\nEND\n",
        "\nno language\n",
        "console\nno command\n",
        "console\n$ no-such-program\n",
        "pycon\nno example\n",
        "pycon\n>>> 1 / 0\n",
        "python\nassert False\n",
        "rasp\nx = ;\n",
        "json\n{\n",
        "sh\nmake coffee\n",
        "sh\npip install 'raspc[tea]'\n",
        "sh\nraspc brew\n",
        "sh\nraspc compile a.rasp --strong\n",
        "sh\npython -m raspc.benchmarks.tea\n",
        "sh\npytest tests/tea\n",
        "sh\nrm -rf /\n",
    ],
)
def test_block_that_cannot_be_run_is_an_error(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _in_folder(tmp_path, monkeypatch)
    with pytest.raises(DocumentError):
        _run(f"```{block}```\n", tmp_path)


@pytest.mark.parametrize(
    "text", ["a\n\n    code\n", "- a\n  ```console\n  $ ls\n  ```\n", "```console\n$ ls\n", "~~~\na\n~~~\n"]
)
def test_indented_or_unclosed_block_is_an_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(DocumentError):
        _run(text, tmp_path)


def test_shell_lines_that_name_existing_things_pass() -> None:
    check_shell(
        "make run  # and more\nmake unit TESTS=--update-golden\npip install '.[plot,lsp]'\n"
        "raspc compile a.rasp --max-length 3 -Os\npython -m raspc.benchmarks.mutants --mutants 3\n"
        ".venv/bin/pytest -q tests/test_documents.py\n\ngit status\n"
    )


def test_broken_links_and_anchors_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A title\n## `raspc run`: it\n## A title\n[a](#a-title-1) [b](#no) [c](no.md) [d](page.md#raspc-run-it)"
    )
    assert anchors(page) == {"a-title", "raspc-run-it", "a-title-1"}
    assert broken_links(page) == ["#no", "no.md"]
