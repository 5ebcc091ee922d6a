"""`raspc build`: a suite of programs into models, what is unchanged kept."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..compiler.options import DEFAULT_MAX_PARAMETERS, CompileOptions
from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from ..rasp_grammar.text_layout import PAGE_WIDTH, counted, on_one_line, shortened
from ..tools.suites.records import LIBRARY
from .options import complete_files, declaration_options, json_option
from .report_errors import Report

if TYPE_CHECKING:
    from ..tools.suites.records import Entry


@click.command(short_help="Compile a suite of programs; keep what is unchanged.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=Path, shell_complete=complete_files)
@click.option(
    "-o",
    "--output",
    type=Path,
    required=True,
    metavar="DIR",
    shell_complete=complete_files,
    help="The folder for the models, index.json and what the next build needs to know.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="Processes that compile.  [default: one for each processor]",
)
@click.option("--verify", is_flag=True, help="Compare every model with its program; a model that differs has failed.")
@click.option("--junit", type=Path, metavar="FILE", shell_complete=complete_files, help="Write a JUnit XML report.")
@click.option("--executor", metavar="URL", help="Compile on a cluster: dask://HOST:PORT of its scheduler.")
@click.option("--force", is_flag=True, help="Compile everything anew.")
@declaration_options
@click.option("-Os", "small", is_flag=True, help="The smallest encodings: fewer parameters, harder to read.")
@click.option("--uniform", is_flag=True, help="Pad all layers to one shape.")
@click.option(
    "--max-params",
    type=click.IntRange(min=1),
    default=DEFAULT_MAX_PARAMETERS,
    show_default=True,
    metavar="N",
    help="Refuse to build a larger model.",
)
@json_option
@click.pass_obj
def command(
    report: Report,
    paths: Sequence[Path],
    output: Path,
    jobs: int | None,
    verify: bool,
    junit: Path | None,
    executor: str | None,
    force: bool,
    vocab: str | None,
    max_length: int | None,
    causal: bool,
    small: bool,
    uniform: bool,
    max_params: int,
) -> None:
    """Compile the RASP programs that the PATHs name or contain.

    A folder's programs keep their places below DIR.  A program is compiled again only when its text, a file that it
    loads, an option or raspc itself has changed.  One that fails does not stop the others; the exit status is 1 then.
    A file without an output is a library, and skipped.

    \b
    raspc build programs -o out
    raspc build programs -o out --jobs 4 --verify --junit report.xml
    raspc build programs -o out --executor dask://10.0.0.5:8786
    """
    from ..tools.suites import junit as junit_report
    from ..tools.suites.executors import check_address
    from ..tools.suites.index_file import as_json, counts
    from ..tools.suites.programs_to_build import targets_of
    from ..tools.suites.records import Settings
    from ..tools.suites.run import Plan, run

    if executor is not None:
        if jobs is not None:
            raise click.UsageError(
                "--jobs is for this machine; how many jobs a cluster does at a time, its workers say."
            )
        check_address(executor)
    if vocab is not None:
        from ..compiler.elaborate import parse_vocabulary

        parse_vocabulary(vocab)  # a mistake in it is one mistake, not one for each program
    targets = targets_of(paths, output)
    if not targets:
        raise RaspError(Diagnostic("nothing-to-build", "there are no .rasp files there", None, "check the paths"))
    settings = Settings(CompileOptions(small, uniform, causal, max_params), vocab, max_length, verify)
    plan = Plan(targets, output, settings, jobs if jobs is not None else _processors(), executor, force)
    try:
        with _progress(len(targets), quiet=report.as_json) as tell:
            entries = run(plan, tell)
    except KeyboardInterrupt:
        print("interrupted: what was built is kept, and the next build goes on from there", file=sys.stderr)
        raise
    for entry in entries:
        _show(report, entry)
    if report.as_json:
        for entry in entries:
            print(json.dumps(as_json(entry)))
        print(json.dumps({"counts": counts(entries)}))
    else:
        print("".join(f"{line}\n" for line in _table(entries)), end="")
    if junit is not None:
        junit_report.write(junit, entries)
    report.failed |= any(entry.status == "failed" for entry in entries)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# ---- while it runs ----------------------------------------------------------------------------------


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[Entry], None]]:
    """What tells of each program as it is done: a bar on a terminal, a line elsewhere, on standard error."""
    if quiet:
        yield lambda entry: None
    elif sys.stderr.isatty():
        with _bar(total) as tell:
            yield tell
    else:
        done = 0

        def line(entry: Entry) -> None:
            nonlocal done
            done += 1
            if not entry.cached:
                print(f"[{done}/{total}] {entry.target.program}: {_said(entry)}", file=sys.stderr, flush=True)

        yield line


@contextmanager
def _bar(total: int) -> Iterator[Callable[[Entry], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    failed = 0
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)

        def tell(entry: Entry) -> None:
            nonlocal failed
            failed += entry.status == "failed"
            trouble = f"{failed} failed; " if failed > 0 else ""
            progress.update(task, advance=1, description=f"{trouble}{entry.target.program}")

        yield tell


def _said(entry: Entry) -> str:
    if entry.status != "ok" or entry.sizes is None:
        return entry.status
    return f"ok, {entry.sizes.parameters:,} parameters, {entry.seconds:.2f} s"


# ---- afterwards -------------------------------------------------------------------------------------


def _show(report: Report, entry: Entry) -> None:
    """A program's diagnostics; a library's are no news."""
    if entry.status == "skipped":
        return
    for message in entry.messages:
        print(json.dumps(message.fields, sort_keys=True) if report.as_json else message.text, file=sys.stderr)


def _table(entries: Sequence[Entry]) -> Iterator[str]:
    """What became of each program, 80 columns wide: the model in figures, or in words why there is none."""
    verified = any(entry.verified is not None for entry in entries)
    titles = ("layers", "parameters", "seconds", "cached", *(("verified",) if verified else ()))
    figures = [_figures(entry, verified) for entry in entries]
    widths = [max(map(len, column)) for column in zip(titles, *figures, strict=True)]
    status = len("skipped")
    rest = sum(2 + width for width in (status, *widths))
    name = min(PAGE_WIDTH - rest, max(len("program"), *(len(entry.target.program) for entry in entries)))
    yield _row("program", name, ["status".ljust(status), *_right(titles, widths)])
    for entry, cells in zip(entries, figures, strict=True):
        first = entry.status.ljust(status)
        if entry.status == "ok":
            yield _row(entry.target.program, name, [first, *_right(cells, widths)])
        else:
            reason = LIBRARY if entry.status == "skipped" else on_one_line(str(entry.errors[0].fields["message"]))
            yield _row(entry.target.program, name, [first, shortened(reason, PAGE_WIDTH - name - 2 - status - 2)])
    yield ""
    yield _total(entries)


def _figures(entry: Entry, verified: bool) -> tuple[str, ...]:
    sizes = entry.sizes
    return (
        "-" if sizes is None else str(sizes.layers),
        "-" if sizes is None else f"{sizes.parameters:,}",
        f"{entry.seconds:.2f}",
        "yes" if entry.cached else "no",
        *(("-" if entry.verified is None else f"{entry.verified:,}",) if verified else ()),
    )


def _right(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]


def _row(program: str, width: int, cells: Sequence[str]) -> str:
    """A program and its cells; a longer name has a line of its own above them."""
    apart = f"{program}\n{'':{width}}" if len(program) > width else program.ljust(width)
    return "  ".join([apart, *cells]).rstrip()


def _total(entries: Sequence[Entry]) -> str:
    from ..tools.suites.index_file import counts

    numbers = counts(entries)
    parts = [f"{numbers['ok']:,} ok"]
    parts += [f"{numbers[name]:,} {name}" for name in ("failed", "skipped") if numbers[name] > 0]
    return f"{counted(len(entries), 'program')}: {', '.join(parts)} ({numbers['cached']:,} cached)"
