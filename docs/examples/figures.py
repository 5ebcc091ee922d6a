"""Figures of a compiled model at work, for a paper or a talk.

    python docs/examples/figures.py FOLDER

Compiles a sorting program, runs it on one input, and writes its attention patterns and its residual stream as PNG and
PDF.  Needs matplotlib: pip install 'raspc[plot]'.
"""

from __future__ import annotations

import sys
from pathlib import Path

import raspc
from raspc.tools.reports import figures
from raspc.tools.reports.trace import trace

SORT = """
set vocab range(10);
set max_length 8;
smaller = select(tokens, tokens, <);
equal_but_earlier = select(tokens, tokens, ==) and select(indices, indices, <);
target = selector_width(smaller or equal_but_earlier);
aggregate(select(target, indices, ==), tokens);
"""


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    model = raspc.compile(SORT).model()
    made = trace(model, [3, 1, 4, 1, 5])

    # Every value that the model holds is at hand as numbers, too.
    target = next(sop for sop in made.sops if sop.name == "target")
    assert target.stage is not None
    values = [cell.model[0] for cell in target.cells]
    print(f"target, after {target.stage.name}: {values}, in directions {list(target.directions)}")

    for name, figure in (("attention", figures.attention(made)), ("residual", figures.residual(made))):
        for suffix in ("png", "pdf"):
            figure.savefig(folder / f"{name}.{suffix}")
            print(f"{name}.{suffix}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "figures"))
