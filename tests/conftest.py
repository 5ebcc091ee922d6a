"""Golden files for all tests: their path follows from the test's name, and `--update-golden` rewrites them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from raspc.rasp_grammar.span import Source


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files that differ")
    parser.addoption("--random-programs", type=int, default=200, help="how many random programs are written as text")


@pytest.fixture(scope="session")
def random_programs(request: pytest.FixtureRequest) -> list[Source]:
    """Texts of random programs, as many as `--random-programs` says."""
    from raspc.datasets.random_programs.generator import program_text

    return [
        Source(f"{number}.rasp", program_text(1, number))
        for number in range(request.config.getoption("--random-programs"))
    ]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`golden(text)` compares with the file `golden/MODULE/TEST.txt` beside the test; a missing file fails.

    A test that compares several texts names them: `golden(text, "stderr")`.
    """
    update = bool(request.config.getoption("--update-golden"))
    module = request.path.stem.removeprefix("test_")
    test = re.sub(r"[^\w.+=-]+", "-", request.node.name.removeprefix("test_")).strip("-")
    folder = request.path.parent / "golden" / module

    def compare(text: str, name: str | None = None) -> None:
        path = folder / (f"{test}.txt" if name is None else f"{test}.{name}.txt")
        if update:
            _rewrite(path, text)
            return
        if not path.is_file():
            pytest.fail(f"no golden file {path}: look at the text, then run pytest --update-golden\n\n{text}")
        expected = path.read_bytes().decode()
        if text != expected:
            difference = difflib.unified_diff(expected.splitlines(), text.splitlines(), str(path), "now", lineterm="")
            pytest.fail("\n".join(["differs from its golden file (pytest --update-golden accepts it)", *difference]))

    return compare


def _rewrite(path: Path, text: str) -> None:
    if path.is_file() and path.read_bytes() == text.encode():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
