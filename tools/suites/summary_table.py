"""The results of a build as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...rasp_grammar.text_layout import PAGE_WIDTH, counted, on_one_line, shortened
from .build_state import model_name
from .index_file import status_counts
from .records import LIBRARY, BuildEntry, BuildResult

#: Models of programs that are gone, as far as they are named.
MAX_NAMED = 5


def summary_table(entries: Sequence[BuildEntry]) -> Iterator[str]:
    """The lines of a table, 80 columns wide: the size of each model, or the reason why there is none; then totals."""
    verified = any(entry.verified is not None for entry in entries)
    titles = ("layers", "parameters", "seconds", "cached", *(("verified",) if verified else ()))
    figures = [_cells(entry, verified) for entry in entries]
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
            reason = LIBRARY if entry.status == "skipped" else _failure(entry)
            yield _row(entry.target.program, name, [first, shortened(reason, PAGE_WIDTH - name - 2 - status - 2)])
    yield ""
    yield _total(entries)


def _failure(entry: BuildEntry) -> str:
    """The code and the message of the first error."""
    first = entry.errors[0].fields
    return on_one_line(f"{first['code']}: {first['message']}")


def leftover_lines(result: BuildResult) -> Iterator[str]:
    """The lines about models of programs that are gone: those that were removed, or how to remove them."""
    names = sorted({model_name(file) for file in result.leftover})
    if not names:
        return
    listed = ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else "")
    models = counted(len(names), "model")
    if result.removed:
        yield f"removed {models} of programs that are gone: {listed}"
    else:
        yield f"{models} of programs that are gone: {listed} (--prune removes them)"


def _cells(entry: BuildEntry, verified: bool) -> tuple[str, ...]:
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
    """A program and its cells; a name wider than its column has a line of its own above them."""
    apart = f"{program}\n{'':{width}}" if len(program) > width else program.ljust(width)
    return "  ".join([apart, *cells]).rstrip()


def _total(entries: Sequence[BuildEntry]) -> str:
    numbers = status_counts(entries)
    parts = [f"{numbers['ok']:,} ok"]
    parts += [f"{numbers[name]:,} {name}" for name in ("failed", "skipped") if numbers[name] > 0]
    return f"{counted(len(entries), 'program')}: {', '.join(parts)} ({numbers['cached']:,} cached)"
