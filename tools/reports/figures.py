"""A trace as matplotlib figures, for papers: attention patterns, and the residual stream as a heat map.

    from raspc.tools.reports import figures
    figures.attention(trace).savefig("attention.pdf")

Needs matplotlib (`pip install 'raspc[plot]'`).  No state of `pyplot` is touched, so the figures may be made anywhere.
"""

from __future__ import annotations

import io
import itertools
import textwrap
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...compiler.artifact.manifest import HeadRecord
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from ...rasp_grammar.text_layout import shortened
from ..print_values import short_text
from .trace import Stage, Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

#: Inches of one cell, and of the margins around a pattern.
CELL, LEFT, TOP, RIGHT, BOTTOM = 0.24, 0.75, 0.8, 0.25, 0.25

#: Patterns in a row, and directions and positions in a heat map.
PER_ROW = 4
MAX_DIRECTIONS = 120
MAX_POSITIONS = 64

#: The most positions with which numbers are written into cells.
LETTERED = 16

#: Characters of a line of a title, and those that a name keeps at least.
TITLE = 34
LEAST_NAME = 12

DPI = 200

#: Metadata of a file, by which raspc knows its own.  Without the version of matplotlib, equal figures are equal files.
ANONYMOUS: dict[str, Any] = {"Software": "raspc"}


def require_matplotlib() -> None:
    """Raise RaspError where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        hint = "pip install 'raspc[plot]'"
        raise RaspError(Diagnostic("missing-extra", "figures need matplotlib", None, hint))


def attention(trace: Trace, layer: int | None = None) -> Figure:
    """The pattern of every head (of one layer, where given), as `Trace.weights` has it: queries down, keys across.

    A dot marks what the program's selector selects.  Raises ValueError where there is no head.
    """
    from matplotlib.figure import Figure

    heads = [(number, head) for number, head in trace.heads() if layer is None or number == layer]
    if not heads:
        raise ValueError("the model has no heads" if layer is None else f"layer {layer} has no heads")
    count = min(len(trace.tokens), MAX_POSITIONS)
    across = min(PER_ROW, len(heads))
    down = -(-len(heads) // across)
    width, height = max(2.9, LEFT + CELL * (count + 1) + RIGHT), TOP + CELL * count + BOTTOM
    figure = Figure(figsize=(across * width, down * height), dpi=DPI, layout="constrained")
    grid = figure.subplots(down, across, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place < len(heads):
            _pattern(axes, trace, *heads[place], count)
        else:
            axes.set_axis_off()
    return figure


def residual(trace: Trace, stage: Stage | None = None) -> Figure:
    """The residual stream at a stage (None: at the end) as a heat map: directions down, positions across.

    Each group of directions has its own scale, from minus to plus its largest number; directions that are 0 everywhere
    are left out, and of more than `MAX_DIRECTIONS` others the smallest.
    """
    from matplotlib.figure import Figure

    count = min(len(trace.tokens), MAX_POSITIONS)
    stream = trace.residual[-1 if stage is None else stage.index, : count + 1]
    seen = np.abs(stream[1:]).max(0)
    seen[0] = 1.0
    shown = [index for index in range(len(seen)) if seen[index] > 0]
    if len(shown) > MAX_DIRECTIONS:
        shown = sorted(sorted(shown, key=lambda index: (-seen[index], index))[:MAX_DIRECTIONS])
    largest: dict[tuple[str, str, int | None], float] = {}
    for index in shown:
        key = _group(trace, index)
        largest[key] = max(largest.get(key, 0.0), float(seen[index]))
    shares = np.array([stream[:, index] / largest[_group(trace, index)] for index in shown])
    size = (3.2 + CELL * 1.15 * (count + 1), 0.9 + CELL * 0.85 * len(shown))
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap=_two_sided(), vmin=-1.0, vmax=1.0, aspect="auto", interpolation="nearest")
    _ticks(
        axes, ["BOS", *(short_text(token) for token in trace.tokens[:count])], [_label(trace, index) for index in shown]
    )
    for row, (above, below) in enumerate(itertools.pairwise(shown)):
        if _group(trace, above) != _group(trace, below):
            axes.axhline(row + 0.5, color="black", linewidth=0.6)
    if count <= LETTERED:
        for row, index in enumerate(shown):
            for position, number in enumerate(stream[:, index].tolist()):
                if number != 0:
                    strong = abs(shares[row, position]) > 0.7
                    _write(axes, position, row, f"{number:.3g}", strong)
    last = [found for found in trace.stages if trace.exists(found)][-1] if stage is None else stage
    figure.suptitle(f"{trace.manifest.program.name}: residual stream after {last.name}", fontsize=7, x=0.02, ha="left")
    return figure


def pictures(trace: Trace, path: Path, stem: str) -> dict[Path, bytes]:
    """PNG files of both figures: two in a folder, or, where `path` ends in `.png`, one above the other in one file."""
    require_matplotlib()
    found = {"attention": attention(trace)} if any(True for _ in trace.heads()) else {}
    images = {name: _png(figure) for name, figure in (*found.items(), ("residual", residual(trace)))}
    if path.suffix.lower() != ".png":
        return {path / f"{stem}-{name}.png": image for name, image in images.items()}
    return {path: _stacked(list(images.values()))}


def _png(figure: Figure) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata=ANONYMOUS)
    return buffer.getvalue()


def _stacked(images: list[bytes]) -> bytes:
    from matplotlib.image import imread, imsave

    pixels = [imread(io.BytesIO(image)) for image in images]
    width = max(image.shape[1] for image in pixels)
    padded = [np.pad(p, ((0, 0), (0, width - p.shape[1]), (0, 0)), constant_values=1.0) for p in pixels]
    buffer = io.BytesIO()
    imsave(buffer, np.concatenate(padded), format="png", metadata=ANONYMOUS)
    return buffer.getvalue()


def _pattern(axes: Axes, trace: Trace, layer: int, head: HeadRecord, count: int) -> None:
    first = 0 if trace.rescaled(head) else 1
    weights = trace.weights(layer, head)[:count, : count + first]
    axes.imshow(weights, cmap=_two_sided(), vmin=-1.0, vmax=1.0, interpolation="nearest")
    tokens = [short_text(token) for token in trace.tokens[:count]]
    _ticks(axes, [*(["BOS"] if first else []), *tokens], tokens)
    if count <= LETTERED:
        for query, row in enumerate(weights.tolist()):
            for key, weight in enumerate(row):
                if weight >= 0.005:
                    _write(axes, key, query, f"{weight:.2f}".rstrip("0").rstrip("."), weight > 0.6)
    selected = trace.selections.get((layer, head.index), [])
    rows = enumerate(selected[:count])
    marks = [(key + first, query) for query, row in rows for key in range(count) if row[key] is True]
    if marks:
        axes.scatter([x + 0.33 for x, _ in marks], [y - 0.33 for _, y in marks], s=2.5, color="#c06000", linewidths=0)
    note = ", 1 = a selected key" if trace.rescaled(head) else ""
    selector = textwrap.wrap(head.selector, TITLE + 6, max_lines=2, placeholder=" ...")
    lines = [f"layer {layer} head {head.index}: {head.level}{note}", *selector]
    axes.set_title("\n".join(lines), fontsize=6.5, loc="left")
    axes.set_ylabel("query", fontsize=6)


def _two_sided() -> Colormap:
    """Orange for minus, blue for plus, as on the page: told apart by people who confuse red and green."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("raspc", ["#b04a06", "#f6f5f1", "#08519c"])


def _ticks(axes: Axes, columns: list[str], rows: list[str]) -> None:
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(columns)), columns, fontsize=6, family="monospace", parse_math=False)
    axes.set_yticks(range(len(rows)), rows, fontsize=6, family="monospace", parse_math=False)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_linewidth(0.5)


def _write(axes: Axes, x: int, y: int, text: str, strong: bool) -> None:
    axes.text(x, y, text, ha="center", va="center", fontsize=5, color="white" if strong else "black")


def _group(trace: Trace, index: int) -> tuple[str, str, int | None]:
    direction = trace.manifest.directions[index]
    return direction.subspace, direction.kind, direction.node


def _label(trace: Trace, index: int) -> str:
    name = trace.manifest.directions[index].label
    what = trace.label(index).removeprefix(name)
    return f"{shortened(name, max(TITLE - len(what), LEAST_NAME))}{what} {index:>3}"
