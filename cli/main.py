"""The entry of the command line: finds the command, runs it and returns the exit status."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from .. import __version__
from ..rasp_grammar.diagnostics import closest
from ..tools.error_messages import ExitStatus
from .report_errors import Report, written_to_standard_error
from .standard_streams import flush_output, is_of_output, open_closed_streams, output_failed

#: The commands in the order of the help page; each is a module of this folder with a `command`.
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


class _Commands(click.Group):
    """Imports the module of a command only when that command runs."""

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
    """Run the command line (`sys.argv` unless given) and return the exit status.  Raises nothing."""
    report = Report()
    open_closed_streams()
    _print_any_text()
    try:
        status = raspc.main(args=arguments, prog_name="raspc", standalone_mode=False, obj=report)
    except click.Abort:
        return ExitStatus.INTERRUPTED
    except click.ClickException as error:
        with written_to_standard_error():
            error.show()
        return error.exit_code
    except SystemExit as stop:
        # 0: click has answered a shell's request for completions; otherwise it has met a broken pipe.
        return flush_output(report) or int(stop.code != 0 and not report.wrote_files)
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(error, OSError) and is_of_output(error):
            return output_failed(report, error)
        return report.unexpected(error)
    # A command returns None; `--help` and `--version` return their status.
    return flush_output(report) or (status if isinstance(status, int) else 0)


def _print_any_text() -> None:
    """Escape characters that the terminal's encoding does not have, so that printing a result cannot fail."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
