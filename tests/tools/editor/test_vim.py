"""The files for Vim: they have the words of the language, and work in a Vim if one is installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from raspc.compiler.elaborate.library_docs import library
from raspc.rasp_grammar.incremental_parser import tokenize
from raspc.rasp_grammar.lark_grammar import keywords
from raspc.rasp_grammar.span import Source

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tools" / "editor" / "vim"
SYNTAX = (FOLDER / "syntax" / "rasp.vim").read_text()
VIMS = [vim for vim in ("vim", "nvim") if shutil.which(vim) is not None]


def _words(*groups: str) -> set[str]:
    lines = re.findall(r"^syntax keyword (\w+) (.*)$", SYNTAX, re.M)
    return {word for group, words in lines if group in groups for word in words.split()}


def test_every_keyword() -> None:
    assert _words("raspStatement", "raspOperator", "raspBoolean") == set(keywords()) - {"load"}
    assert "syntax match raspInclude /\\<load" in SYNTAX


def test_the_library() -> None:
    assert _words("raspFunction") == {name for name, known in library().items() if known.is_function}
    assert _words("raspSequence") == {name for name, known in library().items() if not known.is_function}


def test_every_group_has_a_colour() -> None:
    groups = set(re.findall(r"^syntax (?:keyword|match|region) (\w+)", SYNTAX, re.M))
    assert groups == set(re.findall(r"^highlight default link (\w+)", SYNTAX, re.M))


def _vim(vim: str, folder: Path, path: Path, *commands: str) -> list[str]:
    """Run commands in a Vim that is set up as docs/editors.md says and opens a file; return the lines of `g:lines`."""
    settings = [f"set runtimepath+={FOLDER}"]
    if vim == "vim":
        settings += ["filetype plugin on", "syntax on"]
    (folder / "settings.vim").write_text("\n".join(settings))
    script = ["let g:lines = []", *commands, f"call writefile(g:lines, '{folder}/answer')", "qall!"]
    (folder / "script.vim").write_text("\n".join(script))
    start = ["--headless"] if vim == "nvim" else ["-N", "-es"]
    done = subprocess.run(
        [vim, *start, "-u", folder / "settings.vim", "-S", folder / "script.vim", path],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
    )
    assert (folder / "answer").is_file(), done
    return (folder / "answer").read_text().split("\n")[:-1]


@pytest.mark.parametrize("vim", VIMS)
def test_the_file_type_and_its_settings(vim: str, tmp_path: Path) -> None:
    (tmp_path / "a.rasp").write_text("x = 1;\n")
    answer = _vim(
        vim,
        tmp_path,
        tmp_path / "a.rasp",
        "call add(g:lines, &filetype .. '|' .. b:current_syntax)",
        "call add(g:lines, &commentstring .. '|' .. &shiftwidth .. '|' .. &expandtab)",
        "set filetype=text",
        "call add(g:lines, &shiftwidth .. '|' .. &expandtab)",
    )
    assert answer == ["rasp|rasp", "# %s|4|1", "8|0"]


#: The highlight groups that the syntax file may give to each kind of token.
GROUPS = {
    "COMMENT": {"raspComment"},
    "STRING": {"raspString"},
    "NUMBER": {"raspNumber"},
    "TRUE": {"raspBoolean"},
    "FALSE": {"raspBoolean"},
    "LOAD": {"raspInclude"},
    "SET_VOCAB": {"raspDeclaration"},
    "SET_MAX_LENGTH": {"raspDeclaration"},
    "SET_EXAMPLE": {"raspDeclaration"},
    "DIRECTIVE": {"raspDeclaration"},
    **{kind: {"raspStatement"} for kind in ("DEF", "RETURN", "FOR", "IF", "ELSE")},
    **{kind: {"raspOperator"} for kind in ("AND", "OR", "NOT", "IN")},
    "NAME": {"", "raspFunction", "raspSequence"},
}


@pytest.mark.parametrize("vim", VIMS)
def test_every_token_has_its_colour(vim: str, tmp_path: Path) -> None:
    paths = [*sorted((ROOT / "programs" / "paper").glob("*.rasp")), ROOT / "rasp_grammar" / "prelude.rasp"]
    odd = (
        "set vocab 'ab';\nset example 'a';\nset s-op example 'a';\nload \"x\";\nreload = 1; loaded = 2;\n"
        "x = 'a # b'; # 'c'\ny = [1, 2.5, True] if not x in [False] else x1;\ndef define(inner) { return andy or z; }\n"
        'show example;\nexamples off;\nfull seq display on;\ns-op examples on;\nexamples = 4; show = 5;\n"it\'s";\n'
    )
    text = "\n".join([*[path.read_text() for path in paths], odd])
    (tmp_path / "all.rasp").write_text(text)
    found, comments = tokenize(Source("a.rasp", text))
    places = [(token.kind, token.start, token.end) for token in found if token.end > token.start]
    places += [("COMMENT", span.start, span.end) for span in comments]
    starts = Source("a.rasp", text).position
    asked_places = [
        (kind, starts(offset)) for kind, start, end in places if kind in GROUPS for offset in (start, end - 1)
    ]
    asked = tmp_path / "asked.json"
    asked.write_text(json.dumps([place for _, place in asked_places]))
    answer = _vim(
        vim,
        tmp_path,
        tmp_path / "all.rasp",
        f"for [line, column] in json_decode(join(readfile('{asked}'), ''))",
        "  call add(g:lines, synIDattr(synID(line, column, 1), 'name'))",
        "endfor",
    )
    assert text.isascii()  # Vim counts bytes
    wrong = [
        (kind, place, group)
        for (kind, place), group in zip(asked_places, answer, strict=True)
        if group not in GROUPS[kind]
    ]
    assert wrong == []
