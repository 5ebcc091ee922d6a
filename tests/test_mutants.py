"""The mutation tester: the changes that it makes and leaves out, and the choice of tests and mutants."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from raspc.benchmarks.mutants import ReachedLines, sampled
from raspc.benchmarks.mutations import Mutant, mutants_of

TEXT = '''def f(x: int = 1) -> int:
    """1 + 1"""
    assert x > 0
    if x < 2 and not any(x for x in (3,)):
        raise refuse(x, f"é {x + 1}", 4)
    x += g(y, why="a" if x else "b", strict=True)
    return -x


def shown(x: int) -> str:
    return "one" if x == 1 else "more"
'''


def test_each_operator_and_number_is_changed_and_messages_are_left_out() -> None:
    found, left_out = mutants_of("f.py", TEXT)
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
        (6, 'x += g(y, why="a" if x else "b", strict=True)', "x -= g(y, why='a' if x else 'b', strict=True)"),
        (7, "-x", "(x)"),
    ]
    # x > 0 and 0 twice, strict; x + 1, 1 twice, 4 twice, the ternary of `why`; the ternary, x == 1, and 1 twice.
    assert left_out == Counter({"assertions": 4, "messages": 6, "texts": 4})


def test_mutant_has_the_lines_of_its_statement() -> None:
    found, _ = mutants_of(
        "f.py", "LIMIT = 3\n\n\ndef f(x):\n    for y in g(\n        x + 1,\n    ):\n        z = y - 1\n"
    )
    lines = {mutant.before: mutant.lines for mutant in found if not mutant.before.isdigit()}
    assert lines == {"x + 1": (5, 7), "y - 1": (8, 8)}
    assert [mutant.lines for mutant in found if mutant.before == "3"] == [None, None]


def test_mutant_changes_only_its_own_characters() -> None:
    text = 'x = "é" if a <= b else c + d\n'
    changed = {mutant.applied(text.encode()).decode() for mutant in mutants_of("f.py", text)[0]}
    assert changed == {
        "x = ('é' if not a <= b else c + d)\n",
        'x = "é" if (a < b) else c + d\n',
        'x = "é" if a <= b else (c - d)\n',
    }


def test_sample_is_stratified_by_file_and_follows_from_the_seed() -> None:
    every = [Mutant(file, n, n + 1, 1, "1", "2", None) for file, n in [("a.py", i) for i in range(90)] + [("b.py", 0)]]
    every += [Mutant("c.py", n, n + 1, 1, "1", "2", None) for n in range(209)]
    chosen = sampled(every, 30, 7)
    assert len(set(chosen)) == 30
    assert Counter(mutant.file for mutant in chosen)["a.py"] in (9, 10)
    assert chosen != sampled(every, 30, 8)
    assert chosen == sampled(every, 30, 7)
    assert set(sampled(every, 1000, 1)) == set(every)


def test_test_reaches_the_mutants_of_the_lines_it_runs() -> None:
    test = ReachedLines("t.py::test", 1.0, {"x/f.py": frozenset({6, 20})})
    assert test.reaches(Mutant("x/f.py", 0, 1, 5, "1", "2", (5, 7)))
    assert not test.reaches(Mutant("x/f.py", 0, 1, 5, "1", "2", (7, 19)))
    assert not test.reaches(Mutant("x/g.py", 0, 1, 5, "1", "2", (5, 7)))
    assert test.reaches(Mutant("x/g.py", 0, 1, 5, "1", "2", None))


def test_plugin_records_lines_and_runs_listed_tests_within_their_limits(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "part.py").write_text("def f(x):\n    if x:\n        return 1\n    return 2\n")
    test = "import sys, time\nsys.path.insert(0, 'code')\nimport part\n\n"
    test += "def test_a():\n    assert part.f(True) == 1\n\ndef test_b():\n    time.sleep(5 * (part.f(False) == 2))\n\n"
    test += "def test_c():\n    pass\n"
    (tmp_path / "test_part.py").write_text(test.replace("5 *", "0 *"))

    def pytest_run(*options: str) -> str:
        command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "raspc.benchmarks.reached")
        environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # quicker
        done = subprocess.run((*command, *options), cwd=tmp_path, capture_output=True, text=True, env=environment)
        return done.stdout

    assert "3 passed" in pytest_run("--reach", "code", "--reach-to", "found.json")
    found = json.loads((tmp_path / "found.json").read_text())
    assert {name.partition("::")[2]: test["lines"] for name, test in found.items()} == {
        "test_a": {"code/part.py": [1, 2, 3]},
        "test_b": {"code/part.py": [1, 2, 4]},
        "test_c": {},
    }
    (tmp_path / "test_part.py").write_text(test)
    (tmp_path / "listed").write_text("0.2 test_part.py::test_b\n1 test_part.py::test_a\n")
    shown = pytest_run("-vv", "--only-listed", "listed")
    assert shown.index("::test_b FAILED") < shown.index("::test_a PASSED")
    assert "the test exceeds its time limit" in shown
    assert "test_c" not in shown
