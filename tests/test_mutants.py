"""The mutants that the suite is measured with: which changes are made, and which parts of a text are left alone."""

from __future__ import annotations

from raspc.benchmarks.mutants import mutants_of

TEXT = '''def f(x: int = 1) -> str:
    """1 + 1"""
    assert x > 0
    if x < 2 and not any(x for x in (3,)):
        raise refuse(x, f"é {x + 1}", 4)
    return -x
'''


def test_mutants_of_a_text() -> None:
    found = mutants_of("f.py", TEXT)
    assert [(mutant.line, mutant.before, mutant.after) for mutant in found] == [
        (1, "1", "(2)"),
        (1, "1", "(1 - 1)"),
        (4, "x < 2 and not any(x for x in (3,))", "(x < 2 or not any((x for x in (3,))))"),
        (4, "x < 2", "(x <= 2)"),
        (4, "2", "(3)"),
        (4, "2", "(2 - 1)"),
        (4, "not any(x for x in (3,))", "(any((x for x in (3,))))"),
        (4, "any(x for x in (3,))", "(all((x for x in (3,))))"),
        (4, "3", "(4)"),
        (4, "3", "(3 - 1)"),
        (6, "-x", "(x)"),
    ]


def test_a_mutant_changes_its_place_only() -> None:
    text = 'x = "é" if a <= b else c + d\n'
    changed = {mutant.applied(text.encode()).decode() for mutant in mutants_of("f.py", text)}
    assert changed == {
        "x = ('é' if not a <= b else c + d)\n",
        'x = "é" if (a < b) else c + d\n',
        'x = "é" if a <= b else (c - d)\n',
    }
