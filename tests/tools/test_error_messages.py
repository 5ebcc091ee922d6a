"""Every exception has a message and an exit status."""

from __future__ import annotations

import errno

import pytest
from raspc.rasp_grammar.diagnostics import Diagnostic, RaspError
from raspc.tools.error_messages import ExitStatus, diagnostics_of, exit_status

MISTAKES = (Diagnostic("unknown-name", "a mistake", None), Diagnostic("no-output", "another", None))


def test_exit_statuses_are_those_of_the_documentation() -> None:
    assert [int(status) for status in ExitStatus] == [0, 1, 2, 130]


@pytest.mark.parametrize(
    ("error", "codes"),
    [
        (RaspError(MISTAKES), ["unknown-name", "no-output"]),
        (RecursionError(), ["too-deep"]),
        (MemoryError(), ["out-of-memory"]),
        (OSError(errno.ENOSPC, "No space left on device", "x.out"), ["file"]),
        (ZeroDivisionError("x" * 1000), ["internal-error"]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_errors_become_diagnostics_and_status_1(error: Exception, codes: list[str]) -> None:
    found = diagnostics_of(error)
    assert [one.code for one in found] == codes
    assert exit_status(error) is ExitStatus.FAULT
    assert all("\n" not in one.message and len(one.message) < 400 for one in found)


def test_an_interruption_has_no_message_and_the_status_of_its_signal() -> None:
    assert diagnostics_of(KeyboardInterrupt()) == ()
    assert exit_status(KeyboardInterrupt()) is ExitStatus.INTERRUPTED


def test_the_message_of_an_operating_system_error_names_the_file() -> None:
    (found,) = diagnostics_of(OSError(errno.ENOSPC, "No space left on device", "x.out"))
    assert found.message == "`x.out`: no space left on device"
