"""`raspc build`: compiles a suite of programs, and keeps the models of unchanged ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..compiler.options import DEFAULT_MAX_PARAMETERS, CompileOptions
from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from .options import complete_files, declaration_options, force_option, json_option, time_limit_option, werror_option
from .progress import counted_work
from .report_errors import Report, print_to_standard_error

if TYPE_CHECKING:
    from ..tools.suites.records import BuildEntry


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
@time_limit_option
@click.option("--junit", type=Path, metavar="FILE", shell_complete=complete_files, help="Write a JUnit XML report.")
@click.option("--executor", metavar="URL", help="Compile on a cluster: dask://HOST:PORT of its scheduler.")
@click.option("--rebuild", is_flag=True, help="Compile everything anew.")
@click.option("--prune", is_flag=True, help="Remove models that earlier builds wrote of programs that are gone.")
@force_option
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
@werror_option
@json_option
@click.pass_obj
def command(
    report: Report,
    paths: Sequence[Path],
    output: Path,
    jobs: int | None,
    verify: bool,
    time_limit: float | None,
    junit: Path | None,
    executor: str | None,
    rebuild: bool,
    prune: bool,
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
    from ..tools.suites.executors import check_address, processors
    from ..tools.suites.index_file import entry_json, status_counts
    from ..tools.suites.programs_to_build import programs_below
    from ..tools.suites.records import BuildSettings
    from ..tools.suites.run import BuildPlan, run
    from ..tools.suites.summary_table import leftover_lines, summary_table

    if executor is not None:
        if jobs is not None:
            raise click.UsageError(
                "--jobs is for this machine; how many jobs a cluster does at a time, its workers say."
            )
        check_address(executor)
    if vocab is not None:
        from ..compiler.elaborate import parse_vocabulary

        parse_vocabulary(vocab)  # so that a mistake in it is reported once, not for each program
    targets = programs_below(paths, output)
    if not targets:
        raise RaspError(Diagnostic("nothing-to-build", "there are no .rasp files there", None, "check the paths"))
    settings = BuildSettings(
        CompileOptions(small, uniform, causal, max_params), vocab, max_length, verify, time_limit, report.werror
    )
    plan = BuildPlan(
        targets,
        output,
        settings,
        jobs if jobs is not None else processors(),
        executor,
        rebuild=rebuild,
        force=force,
        prune=prune,
    )
    if junit is not None:  # before the work, not after it
        junit_report.require_room(junit, output, inputs=plan.inputs, force=force)
    try:
        with _progress(len(targets), quiet=report.as_json) as tell:
            result = run(plan, tell)
    except KeyboardInterrupt:
        print_to_standard_error("interrupted: what was built is kept, and the next build goes on from there")
        raise
    entries = result.entries
    for entry in sorted(entries, key=lambda entry: entry.status != "failed"):  # failures come first
        _print_messages(report, entry)
    if junit is not None:
        junit_report.write(junit, entries, inputs=plan.inputs, force=force)
    report.wrote_files = True
    report.failed |= any(entry.status == "failed" for entry in entries)
    if report.as_json:
        for entry in entries:
            print(json.dumps(entry_json(entry)))
        leftover = [file.name for file in result.leftover]
        print(json.dumps({"counts": status_counts(entries), "removed" if result.removed else "leftover": leftover}))
    else:
        lines = [*summary_table(entries), *leftover_lines(result)]
        print("".join(f"{line}\n" for line in lines), end="")


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[BuildEntry], None]]:
    """A function that shows each finished program on standard error: a progress bar on a terminal, a line elsewhere."""
    if quiet:
        yield lambda entry: None
        return
    done = failed = 0
    with counted_work(total, unit="programs") as advance:

        def bar(entry: BuildEntry) -> None:
            nonlocal done, failed
            done += 1
            failed += entry.status == "failed"
            trouble = f"{failed} failed; " if failed > 0 else ""
            assert advance is not None
            advance(done, f"{trouble}{entry.target.program}")

        def line(entry: BuildEntry) -> None:
            nonlocal done
            done += 1
            if not entry.cached:
                print_to_standard_error(f"[{done}/{total}] {entry.target.program}: {_line(entry)}")

        yield line if advance is None else bar


def _line(entry: BuildEntry) -> str:
    if entry.status != "ok" or entry.sizes is None:
        return entry.status
    return f"ok, {entry.sizes.parameters:,} parameters, {entry.seconds:.2f} s"


def _print_messages(report: Report, entry: BuildEntry) -> None:
    """Print the diagnostics of a program; those of a library say only that it has no output."""
    if entry.status == "skipped":
        return
    for message in sorted(entry.messages, key=lambda message: not message.is_error):
        print_to_standard_error(json.dumps(message.fields, sort_keys=True) if report.as_json else message.text)
