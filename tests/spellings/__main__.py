"""Prints how well every spelling compiles: `python -m raspc.tests.spellings [--size SIZE] [-Os] [FUNCTION...]`.

For each function the table has the parameters of the best spelling, and for each spelling the ratio to it, or why there
is no model.  The last lines are the shares that compile, are exact, and are within 1.5 times the best.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict

from raspc.tests.spellings.measure import Measured, measure
from raspc.tests.spellings.suite import functions

#: A spelling is as good as the best one up to this ratio of parameters.
CLOSE = 1.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("functions", nargs="*")
    parser.add_argument("--size", choices=["small", "realistic"], action="append")
    parser.add_argument("-Os", dest="small", action="store_true")
    parser.add_argument("--inputs", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", help="write all measurements there")
    arguments = parser.parse_args()
    chosen = [one for one in functions() if not arguments.functions or one.name in arguments.functions]
    settings = {"small": arguments.small, "inputs": arguments.inputs, "seconds": arguments.seconds}
    rows: list[Measured] = []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for size in arguments.size or ["small", "realistic"]:
            started = [
                (one, [pool.submit(measure, one.name, place, size, **settings) for place in range(len(one.spellings))])
                for one in chosen
            ]
            for one, futures in started:
                found = [future.result() for future in futures]
                rows += found
                print(line(one.name, size, found), flush=True)
    print(summary(rows))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(row)) + "\n" for row in rows)


def line(name: str, size: str, found: list[Measured]) -> str:
    best = min((row.parameters for row in found if row.parameters is not None), default=None)
    cells = []
    for row in found:
        if row.parameters is None or best is None:
            code = row.detail.rsplit("[", 1)[-1].rstrip("]") if row.status == "refused" else row.status
            cells.append(f"{code} {row.seconds:.0f}s")
        else:
            note = "" if row.status == "exact" else f" {row.status.upper()}"
            cells.append(f"{row.parameters / best:.2f}{note}" + (f" {row.seconds:.0f}s" if row.seconds > 2 else ""))
    shown = "-" if best is None else f"{best:,}"
    return f"{name:38} {size:9} {shown:>11}  " + "  ".join(f"{cell:>12}" for cell in cells)


def summary(rows: list[Measured]) -> str:
    """The shares of spellings that compile, are wrong, and are close to the best of their function."""
    best: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.parameters is not None:
            key = (row.function, row.size)
            best[key] = min(best.get(key, row.parameters), row.parameters)
    compiled = [row for row in rows if row.parameters is not None]
    close = [row for row in compiled if (row.parameters or 0) <= CLOSE * best[row.function, row.size]]
    wrong = [row for row in rows if row.status == "wrong"]
    lines = [f"wrong: {row.function} {row.spelling} {row.size}: {row.detail}" for row in wrong]
    lines.append(
        f"{len(rows)} spellings: {len(compiled)} compile ({len(compiled) / len(rows):.1%}), {len(wrong)} wrong, "
        f"{len(close)} within {CLOSE} times the best ({len(close) / len(rows):.1%})"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
