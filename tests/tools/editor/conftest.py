"""One server for all tests of the folder; each test leaves it without open texts, and with nothing to complain of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from raspc.tests.support.editor import Editor, Page

#: A function that opens a text: `program("...")`, or `program("...", "name.rasp")`.
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    editor = Editor(tmp_path_factory.mktemp("editor"))
    yield editor
    assert editor.leave() == (0, "")


@pytest.fixture
def editor(started: Editor) -> Iterator[Editor]:
    yield started
    started.close_all()
    messages, started.messages = started.messages, []
    assert messages == []


@pytest.fixture
def program(editor: Editor, tmp_path: Path) -> Open:
    """Opens a text under a path of the test's own folder, where no file need be."""

    def open_text(text: str, name: str = "program.rasp") -> Page:
        return editor.open(text, tmp_path / name)

    return open_text
