"""Standard output and standard error that are closed, full or broken."""

from __future__ import annotations

import errno
import os
import sys
from typing import TextIO

from ..rasp_grammar.diagnostics import Diagnostic, reason_of
from .report_errors import Report, discard_rest

_OUTPUT_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE, errno.EBADF}


def open_closed_streams() -> None:
    """Send what a closed standard output or error would get to the null device.

    The numbers 0 to 2 of closed streams are taken, so that no file gets one of them and with it what is printed.
    `sys.stdin` stays None where it is closed: `standard_input` refuses to read it.
    """
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    if sys.stdout is None:
        sys.stdout = _null_device()
    if sys.stderr is None:
        sys.stderr = _null_device()


def _null_device() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def flush_output(report: Report) -> int:
    """Flush standard output, and return the exit status of a command that has done its work."""
    try:
        sys.stdout.flush()
    except OSError as problem:
        return output_failed(report, problem)
    return int(report.failed)


def output_failed(report: Report, problem: OSError) -> int:
    """Say that standard output cannot be written; returns the exit status.

    That is an error, but a warning where the command has written its files.
    """
    discard_rest(sys.stdout)
    if isinstance(problem, BrokenPipeError):  # the reader has closed the pipe and wants no more
        return int(report.failed or not report.wrote_files)
    message = f"cannot write standard output: {reason_of(problem)}"
    hint = "the files were written" if report.wrote_files else None
    report.show([Diagnostic("file", message, None, hint, "warning" if report.wrote_files else "error")])
    return int(report.failed)


def is_of_output(error: BaseException) -> bool:
    """Whether an error is of standard output: what writes files names them in its errors."""
    return isinstance(error, OSError) and error.filename is None and error.errno in _OUTPUT_ERRORS
