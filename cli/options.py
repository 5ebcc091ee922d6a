"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from click.shell_completion import CompletionItem

from .report_errors import Report

if TYPE_CHECKING:
    from ..compiler.graph.graph import Program

F = TypeVar("F", bound=Callable[..., object])

#: Inputs that `run --input` gives to the model at once.
DEFAULT_BATCH = 64


def _use_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    report = ctx.find_object(Report)
    assert report is not None
    report.as_json |= value


def _use_werror(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    report = ctx.find_object(Report)
    assert report is not None
    report.werror |= value


def json_option(command: F) -> F:
    """`--json`: results and diagnostics as JSON."""
    return click.option(
        "--json",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_use_json,
        help="Write diagnostics, and a summary if there is one, as JSON: one object per line.",
    )(command)


def force_option(command: F) -> F:
    """`--force`: replace files that raspc did not write."""
    help = "Replace what stands in the output's place, even if raspc did not write it; never an input."
    return click.option("--force", is_flag=True, help=help)(command)


def declaration_options(command: F) -> F:
    """`--vocab`, `--max-length` and `--causal`: declarations that a program may lack."""
    for option in (
        click.option("--causal", is_flag=True, help="Selectors see only positions up to their own."),
        click.option(
            "--max-length",
            type=click.IntRange(min=1),
            metavar="N",
            help="Longest input, BOS not counted; instead of the program's `set max_length`.",
        ),
        click.option(
            "--vocab",
            metavar="SPEC",
            help="""The tokens: a RASP string or list such as '"abc"', '["(", ")"]' or 'range(10)'; """
            "instead of the program's `set vocab`.",
        ),
    ):
        command = option(command)
    return command


def time_limit_option(command: F) -> F:
    """`--time-limit SECONDS`: the time for a compilation, and for a comparison with the interpreter."""
    return click.option(
        "--time-limit",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="Give up a compilation after so long; stop a comparison after so long: what was compared counts.",
    )(command)


def werror_option(command: F) -> F:
    """`--werror`: a warning is an error."""
    return click.option(
        "--werror",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_use_werror,
        help="Treat warnings as errors.",
    )(command)


def entry_option(command: F) -> F:
    """`--entry NAME ...`: the outputs to show."""
    return click.option(
        "--entry",
        "entries",
        multiple=True,
        metavar="NAME",
        help="The output to show, by name; can be given several times.",
    )(command)


def input_options(command: F) -> F:
    """`TOKEN...` or `--input FILE`: one input, or many."""
    command = click.option(
        "--input",
        "lines",
        metavar="FILE",
        shell_complete=complete_files,
        help="Read inputs from FILE (`-`: standard input), a JSON array of tokens per line; print one array per input.",
    )(command)
    return click.argument("tokens", metavar="[TOKEN...]", nargs=-1)(command)


def require_one_input(tokens: Sequence[str], lines: str | None) -> None:
    """Raise click.UsageError unless there is exactly one of the two kinds of input."""
    if tokens and lines is not None:
        raise click.UsageError("give tokens or --input, not both")
    if not tokens and lines is None:
        raise click.UsageError('give the input\'s tokens, or --input FILE ("" is the input without tokens)')


def complete_files(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """The completions of a file name.  The value of an item is the suffix of the names (see cli/shells/)."""
    return [CompletionItem("", type="file")]


def complete_programs(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """The completions of a program: `.rasp` files, and folders."""
    return [CompletionItem(".rasp", type="file")]


def complete_models(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """The completions of a model: either file of a pair, and folders."""
    return [CompletionItem(".safetensors", type="file"), CompletionItem(".manifest.json", type="file")]


if TYPE_CHECKING:
    _PathType = click.ParamType[Path]
else:
    _PathType = click.ParamType  # older versions of click have no generic one


class _NamedFile(_PathType):
    """A path.  Where there is no such file, the name with the suffix is taken, if that is a file."""

    name = "path"
    suffix = ""

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path, longer = Path(value), Path(f"{value}{self.suffix}")
        return longer if not path.is_file() and longer.is_file() else path


class ProgramPath(_NamedFile):
    """The path of a program: `sort` is `sort.rasp`."""

    suffix = ".rasp"


class ModelPath(_NamedFile):
    """The path of a model: `sort` is `sort.safetensors`."""

    suffix = ".safetensors"


def program_argument(command: F) -> F:
    """`FILE`: the program."""
    return click.argument("path", metavar="FILE", type=ProgramPath(), shell_complete=complete_programs)(command)


def model_argument(command: F) -> F:
    """`MODEL`: either file of the pair."""
    return click.argument("path", metavar="MODEL", type=ModelPath(), shell_complete=complete_models)(command)


def read_program(
    path: Path, entries: Sequence[str], vocab: str | None, max_length: int | None, report: Report
) -> Program:
    """The program of a file, with the declarations of the command line.  Shows its warnings.  Raises RaspError."""
    from ..api import read_program
    from ..compiler.elaborate import parse_vocabulary

    vocabulary = None if vocab is None else parse_vocabulary(vocab)
    program = read_program(path, entries=entries, vocabulary=vocabulary, max_length=max_length)
    report.show(program.warnings)
    return program
