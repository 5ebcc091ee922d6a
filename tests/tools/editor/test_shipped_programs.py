"""Every shipped program, as an editor sees it: whole, without mistakes, and half typed."""

from __future__ import annotations

import random
from pathlib import Path

from raspc.compiler.elaborate.workspace import deep_recursion
from raspc.rasp_grammar.incremental_parser import tokenize
from raspc.rasp_grammar.span import Source
from raspc.tools.editor import navigation
from raspc.tools.editor.completion import complete
from raspc.tools.editor.document import DocumentAnalysis, analyse
from raspc.tools.editor.hover import hover
from raspc.tools.editor.symbols import symbols

ROOT = Path(__file__).parents[3]
PROGRAMS = sorted((ROOT / "programs").rglob("*.rasp"))


def _analysed(path: Path, text: str, previous: DocumentAnalysis | None = None) -> DocumentAnalysis:
    return analyse(Source(str(path), text), path.parent, previous=previous)


def test_every_name_can_be_asked_about() -> None:
    """There is something to say of each, and each definition is a place with this name."""
    asked = 0
    with deep_recursion():
        for path in PROGRAMS:
            analysed = _analysed(path, path.read_text())
            assert [problem for problem in analysed.problems if problem.diagnostic.severity == "error"] == []
            tokens, _ = tokenize(analysed.source)
            for token in tokens:
                if token.kind == "NAME":
                    shown = hover(analysed, token.start, domains=False)
                    assert shown is not None, (path, token)
                    assert shown.span.text == token.text
                    found = navigation.definitions(analysed, token.start)
                    assert {span.text for span in found} <= {token.text}, (path, token)
                    asked += 1
    assert asked > 1500


def test_programs_that_are_cut_off_anywhere() -> None:
    chance = random.Random(7)
    with deep_recursion():
        for path in PROGRAMS:
            text = path.read_text()
            whole = _analysed(path, text)
            for _ in range(3):
                cut = chance.randrange(len(text))
                analysed = _analysed(path, text[:cut], whole)
                complete(analysed, cut)
                hover(analysed, cut, domains=False)
                for symbol in symbols(analysed.recovered.module):
                    assert 0 <= symbol.span.start <= symbol.name_span.start <= symbol.name_span.end <= symbol.span.end
                    assert symbol.span.end <= cut
