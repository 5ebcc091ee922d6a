"""Measures `raspc build` of 500 small programs, new and unchanged: `python benchmarks/build.py [--programs N]`.

The goals are 60 s cold and 2 s cached, on two cores.  The programs are all different: shifts, counts, sorts and choices
over vocabularies and lengths of their own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KINDS = (
    "tokens[length - indices - 1 - {n}];",
    "selector_width(select(tokens, tokens, ==)) + {n};",
    "aggregate(select(indices, indices - {n} % 4, ==), tokens, {n});",
    "aggregate(select(selector_width(select(tokens, tokens, <) or (select(tokens, tokens, ==) and"
    " select(indices, indices, <))), indices, ==), tokens) - {n};",
    "({n} if tokens > indices else tokens) if selector_width(select(tokens, {n} % 5, ==)) > 1 else indices;",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=500, metavar="N", help="how many (default: 500)")
    count: int = parser.parse_args().programs
    with tempfile.TemporaryDirectory() as folder:
        programs = Path(folder, "programs")
        programs.mkdir()
        for number in range(count):
            text = KINDS[number % len(KINDS)].replace("{n}", str(number))
            declared = f"set vocab range({5 + number % 6});\nset max_length {5 + number % 8};\n"
            (programs / f"p{number:04}.rasp").write_text(f"{declared}{text}\n", encoding="utf-8")
        command = [sys.executable, "-m", "raspc", "build", "programs", "-o", "out"]
        for title in ("cold", "cached"):
            started = time.perf_counter()
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            seconds = time.perf_counter() - started
            if done.returncode != 0:
                sys.exit(done.stderr)
            print(f"{title}: {seconds:.2f} s; {done.stdout.splitlines()[-1]}")


if __name__ == "__main__":
    main()
