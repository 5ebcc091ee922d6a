"""Turns any exception into diagnostics and an exit status.  The command line, the REPL and suites share this table."""

from __future__ import annotations

import os
from enum import IntEnum

from ..rasp_grammar.diagnostics import Diagnostic, RaspError, reason_of
from ..rasp_grammar.text_layout import on_one_line, shortened

#: Characters of an exception's own text that a message quotes.
MAX_REASON = 200


class ExitStatus(IntEnum):
    """The exit statuses of `raspc`."""

    OK = 0
    #: The program, the model or the input is at fault.
    FAULT = 1
    #: The command line is at fault.
    USAGE = 2
    #: Ctrl-C: 128 + SIGINT, as shells have it.
    INTERRUPTED = 130


def exit_status(error: BaseException) -> ExitStatus:
    """The status of a command that an exception ended."""
    return ExitStatus.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitStatus.FAULT


def diagnostics_of(error: BaseException) -> tuple[Diagnostic, ...]:
    """The messages about an exception; none about an interruption.

    An exception that raspc does not expect is an internal error: one line that asks for a report.
    """
    match error:
        case KeyboardInterrupt():
            return ()
        case RaspError(diagnostics=diagnostics):
            return diagnostics
        case RecursionError():
            message, hint = "this nests too deeply for raspc", "split it into smaller definitions"
            return (Diagnostic("too-deep", message, None, hint),)
        case MemoryError():
            hint = "a smaller vocabulary, `--max-length` or `--max-params` makes the model smaller"
            return (Diagnostic("out-of-memory", "there is not enough memory for this", None, hint),)
        case OSError(filename=filename):
            where = "" if filename is None else f"`{filename}`: "
            return (Diagnostic("file", f"{where}{reason_of(error)}", None),)
        case _:
            message = (
                f"internal error ({summary_of(error)}); please report it with the program and the command "
                "(RASPC_DEBUG=1 shows the traceback)"
            )
            return (Diagnostic("internal-error", message, None),)


def summary_of(error: BaseException) -> str:
    """The type and text of an exception on one line, shortened."""
    return shortened(on_one_line(f"{type(error).__name__}: {error}"), MAX_REASON)


def print_traceback_if_asked(error: BaseException) -> None:
    """Print the traceback of an error that is not a person's mistake, where RASPC_DEBUG=1 is in the environment."""
    if os.environ.get("RASPC_DEBUG") == "1" and not isinstance(error, (RaspError, KeyboardInterrupt)):
        import traceback

        traceback.print_exception(error)
