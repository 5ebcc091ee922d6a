"""Draws a data flow: as DOT text, or as a picture by graphviz's program `dot`."""

from __future__ import annotations

import shutil
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

from ...compiler.artifact.replaceable import DRAWING, PICTURE, NewFile, write_files
from ...compiler.graph.graph import Selector, SOp
from ...rasp_grammar.diagnostics import RaspError, error, reason_of
from ...rasp_grammar.span import Span
from .dataflow import Box, BoxKind, Flow
from .render import example_text, matrix_lines, render_values
from .results import Example, SOpValues, TooLarge
from .show_values import matrix_of, values_of

#: The format of `dot` for each ending of a file name; empty for DOT text.
FORMATS = {".svg": "svg", ".pdf": "pdf", ".png": "png", ".dot": "", ".gv": ""}

#: The longest input, in tokens, whose selectors are drawn as matrices.
MAX_MATRIX = 24

#: Seconds that `dot` may take; it may not finish with thousands of boxes.
TIMEOUT = 60

_COLOURS: dict[BoxKind, str] = {"input": "#eeeeee", "head": "#dbe8f8", "s-op": "#e4f2dd", "selector": "#dbe8f8"}


def draw(flow: Flow, path: Path, example: Example | None, span: Span) -> None:
    """Write the drawing in the format of the path's ending.  Raises RaspError at `span` if that fails."""
    if path.suffix not in FORMATS:
        hint = f"end the name in one of {', '.join(FORMATS)}"
        raise error("file", f"`{path}`: no drawing has this form", span, hint)
    text = dot_text(flow, example)
    content = _picture(text, FORMATS[path.suffix], path, span) if FORMATS[path.suffix] else text.encode()
    kind = PICTURE if path.suffix == ".png" else DRAWING
    hint = "choose another file: `draw(x, \"abc\", 'file.svg')`"
    try:
        write_files({path: NewFile(kind, [_signed(content, path.suffix)])}, way_out=hint)
    except RaspError as refused:
        raise RaspError([replace(one, span=span) for one in refused.diagnostics]) from None
    except (OSError, ValueError) as failure:
        raise error("file", f"`{path}`: {reason_of(failure)}", span, hint) from None


def _signed(content: bytes, suffix: str) -> bytes:
    """The drawing with a comment by which the next one may replace it."""
    match suffix:
        case ".png":  # a chunk of text after the header's, which ends at byte 33
            chunk = b"tEXtSoftware\0raspc"
            size, checksum = len(chunk) - 4, zlib.crc32(chunk)
            return content[:33] + size.to_bytes(4, "big") + chunk + checksum.to_bytes(4, "big") + content[33:]
        case ".svg":
            return content + b"<!-- drawn by raspc -->\n"
        case ".pdf":
            return content + b"% drawn by raspc\n"
        case _:
            return content + b"// drawn by raspc\n"


def _picture(text: str, form: str, path: Path, span: Span) -> bytes:
    program = shutil.which("dot")
    if program is None:
        hint = f"install graphviz, or write the drawing as text: `draw(x, \"abc\", '{path.with_suffix('.dot')}')`"
        raise error("file", "drawing takes the program `dot` of graphviz, which is not here", span, hint)
    try:
        done = subprocess.run([program, f"-T{form}"], input=text.encode(), capture_output=True, timeout=TIMEOUT)
    except (OSError, subprocess.TimeoutExpired):
        raise error("file", "graphviz's `dot` did not finish the drawing", span, "draw a part of it") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise error("file", f"graphviz's `dot` failed: {said[0] if said else done.returncode}", span)
    return done.stdout


def dot_text(flow: Flow, example: Example | None) -> str:
    """The data flow in the DOT language: one cluster for each attention depth.

    With an example, boxes show their values on it, and heads what they select.
    """
    title = flow.name if example is None else f"{flow.name}({example_text(example)})"
    lines = [
        "digraph flow {",
        f"  label={_quoted(title)}; labelloc=t; rankdir=TB; fontname=Helvetica;",
        "  node [shape=box, style=filled, fontname=monospace, fontsize=11];",
        '  edge [color="#555555", arrowsize=0.7];',
    ]
    numbers = {box: f"box{number}" for number, box in enumerate(flow.boxes)}
    for depth in range(flow.depth + 1):
        here = [box for box in flow.boxes if box.depth == depth]
        if not here:
            continue
        label = "no attention yet" if depth == 0 else f"attention depth {depth}"
        lines += [f"  subgraph cluster{depth} {{", f'    label="{label}"; style=rounded; color="#999999";']
        lines += [
            f'    {numbers[box]} [label={_label(box, example)}, fillcolor="{_COLOURS[box.kind]}"];' for box in here
        ]
        lines.append("  }")
    lines += [f"  {numbers[read]} -> {numbers[box]};" for box in flow.boxes for read in box.reads]
    return "\n".join([*lines, "}", ""])


def _label(box: Box, example: Example | None) -> str:
    lines: list[str] = []
    if box.selector is not None:
        lines += box.selections
        if example is not None and 0 < len(example.tokens) <= MAX_MATRIX:
            lines += _matrix(box.selector, example)
        if box.texts:
            lines.append("")
    for node, text in zip(box.nodes, box.texts, strict=False):  # a selector's box has no texts
        lines.append(text)
        if example is not None and isinstance(node, SOp):
            lines.append("  " + _values(node, example))
    return _quoted("".join([f"{line}\n" for line in lines]))


def _matrix(selector: Selector, example: Example) -> list[str]:
    shown = matrix_of(selector, example)
    return [shown.reason] if isinstance(shown, TooLarge) else matrix_lines(shown)


def _values(node: SOp, example: Example) -> str:
    match values_of(node, example):
        case TooLarge(reason=reason):
            return reason
        case SOpValues() as shown:
            return render_values(shown)


def _quoted(text: str) -> str:
    r"""A string of DOT; each line of it stands at the left (`\l`)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\l") + '"'
