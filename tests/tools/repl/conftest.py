"""A conversation for each test, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from raspc.tests.tools.repl.talking import Talk


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(tmp_path)
