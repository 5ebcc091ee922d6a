"""Wrong programs, one kind of mistake each, and exactly what a person is told: cases/NAME.rasp and cases/NAME.txt.

Programs that are right but read otherwise than in Python stand among them with their warnings.
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
def test_a_wrong_program_is_explained(name: str, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    # From inside the folder, so that messages name no path of this machine.
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


def test_no_text_is_left_without_its_program() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == NAMES
