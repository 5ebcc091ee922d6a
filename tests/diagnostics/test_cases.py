"""Programs with one kind of mistake each, and the exact text of their diagnostics: cases/NAME.rasp and cases/NAME.txt.

Some are correct programs with a warning: they mean something else than the same text in Python.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from raspc.compiler.elaborate import elaborate
from raspc.rasp_grammar.diagnostics import Diagnostic, RaspError
from raspc.rasp_grammar.span import Source

FOLDER = Path(__file__).parent / "cases"
NAMES = sorted(path.stem for path in FOLDER.glob("*.rasp"))


def diagnostics(name: str) -> tuple[Diagnostic, ...]:
    text = (FOLDER / f"{name}.rasp").read_text(encoding="utf-8")
    try:
        return elaborate(Source(f"{name}.rasp", text), base=Path(".")).warnings
    except RaspError as error:
        return error.diagnostics


@pytest.mark.parametrize("name", NAMES)
def test_diagnostics_of_a_program_have_this_text(
    name: str, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Run inside the folder, so that messages contain no path of the machine.
    monkeypatch.chdir(FOLDER)
    text = "".join(f"{diagnostic.render()}\n" for diagnostic in diagnostics(name))
    golden = FOLDER / f"{name}.txt"
    if pytestconfig.getoption("--update-golden"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
    assert text != "", "this program has no mistake"


def test_every_diagnostic_has_a_place_and_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    found = [(name, diagnostic) for name in NAMES for diagnostic in diagnostics(name)]
    assert [name for name, diagnostic in found if diagnostic.span is None] == []
    assert [name for name, diagnostic in found if diagnostic.hint is None] == []


def test_every_text_has_its_program() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == NAMES
