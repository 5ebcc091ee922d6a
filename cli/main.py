"""The command line's entry: finds the command, and is the one place where errors become exit statuses.

0: all is well.  1: the program, the model or the input is at fault; diagnostics are on standard error.
2: the command line is at fault.  130: interrupted.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from .. import __version__
from ..rasp_grammar.diagnostics import RaspError, closest, reason_of
from .report_errors import Report

#: In the order of a person's first hour; each is a module of this folder with a `command`.
COMMANDS = (
    "compile",
    "run",
    "eval",
    "check",
    "explain",
    "verify",
    "inspect",
    "trace",
    "report",
    "build",
    "repl",
    "fmt",
    "new",
    "lsp",
    "export",
    "completion",
    "fuzz",
)

INTERRUPTED = 130


class _Commands(click.Group):
    """Loads a command's module when the command is asked for, so that no command pays for another's imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = import_module(f".{name}", __package__).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        close = closest(args[0], COMMANDS)
        if args[0] not in COMMANDS and close:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {close[0]!r}?")
        return super().resolve_command(ctx, args)


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, message="raspc %(version)s")
def raspc() -> None:
    """Compile RASP programs into transformers, and run them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (`sys.argv` unless given) and return the exit status.  Never raises for any input."""
    report = Report()
    _print_any_text()
    try:
        status = raspc.main(args=arguments, prog_name="raspc", standalone_mode=False, obj=report)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has left: nobody is there to be told
        return _leave_quietly()
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SystemExit as stop:
        if stop.code == 0:  # the shell asked for completions
            sys.stdout.flush()
            return 0
        return _leave_quietly()  # click met a broken pipe
    except (Exception, KeyboardInterrupt) as error:
        return _status_of(error, report)
    # A command returns None; `--help` and `--version` return their status.
    return status if isinstance(status, int) else int(report.failed)


def _status_of(error: BaseException, report: Report) -> int:
    if os.environ.get("RASPC_DEBUG") == "1" and not isinstance(error, (RaspError, KeyboardInterrupt)):
        import traceback

        traceback.print_exception(error)
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED
        case RaspError(diagnostics=diagnostics):
            report.show(diagnostics)
        case RecursionError():
            report.error("too-deep", "this nests too deeply for raspc", "split it into smaller definitions")
        case MemoryError():
            report.error(
                "out-of-memory",
                "there is not enough memory for this",
                "a smaller vocabulary, `--max-length` or `--max-params` makes the model smaller",
            )
        case OSError(filename=filename):
            where = "" if filename is None else f"`{filename}`: "
            report.error("file", f"{where}{reason_of(error)}")
        case _:
            what = " ".join(f"{type(error).__name__}: {error}".split())
            report.error(
                "internal-error",
                f"internal error ({what:.200}); please report it with the program and the command "
                "(RASPC_DEBUG=1 shows the traceback)",
            )
    return 1


def _print_any_text() -> None:
    """A value that the terminal's encoding cannot show is escaped: printing a result must not fail."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _leave_quietly() -> int:
    """Let the interpreter's last flush go nowhere, as nobody reads what is left of the output."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
