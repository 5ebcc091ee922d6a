"""Flows of computations, and drawings of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.graph import Attended, Node
from raspc.compiler.graph.walk import inputs_of, reachable
from raspc.rasp_grammar.span import Source
from raspc.tests.programs.cases import Shipped, shipped_programs
from raspc.tests.tools.repl.talking import Talk
from raspc.tools.repl.dataflow import flow, longest_chain
from raspc.tools.repl.results import Errors, FileWritten

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")

PROGRAM = """
smaller = select(tokens, tokens, <);
earlier = select(tokens, tokens, ==) and select(indices, indices, <);
rank = selector_width(smaller or earlier);
least = rank == 0;
share = aggregate(smaller or earlier, indices, 0);
at = select(rank, indices, ==);
sorted = aggregate(at, tokens);
both = aggregate(at, share) + (0 if least else sorted == "b");
"""


@pytest.mark.parametrize("shipped", shipped_programs()[::4], ids=str)
def test_flows_of_shipped_programs(shipped: Shipped) -> None:
    program = elaborate(Source(str(shipped.path), shipped.path.read_text(encoding="utf-8")))
    ((name, root),) = program.outputs
    found = flow(root, name, {node: known for node in program.graph if (known := program.graph.name(node))})
    attended = {node for node in reachable([root]) if isinstance(node, Attended)}
    boxed = [node for box in found.boxes for node in box.nodes]
    # Every node has one box at most, every attention step has one, and so has the root.
    assert len(boxed) == len(set(boxed))
    assert attended | {root} <= set(boxed)
    depths: dict[Node, int] = {}
    for node in program.graph:
        depths[node] = max((depths[child] for child in inputs_of(node)), default=0) + isinstance(node, Attended)
    assert found.depth == depths[root] == len(longest_chain(root))
    for number, box in enumerate(found.boxes):
        for node in box.nodes:
            assert box.depth == depths[node]
        for read in box.reads:
            assert found.boxes.index(read) < number
            assert read.depth <= box.depth - (box.kind == "head")
    # Everything is drawn because something reads it, at last the root.
    needed = {box for box in found.boxes if root in box.nodes}
    for box in reversed(found.boxes):
        assert box in needed
        needed.update(box.reads)


@pytest.mark.parametrize("call", ["draw(both);", 'draw(both, "bab");', 'draw(at, ["b", "aa"]);', "draw(tokens);"])
def test_dot_text(talk: Talk, golden: Callable[..., None], call: str) -> None:
    talk(PROGRAM)
    call = call.replace(");", ", 'x.dot');" if ", " in call else ", 'hello', 'x.dot');")
    assert talk.one(call) == [FileWritten(Path("x.dot"))]
    golden((talk.conversation.session.base / "x.dot").read_text())


def test_heads_that_share_a_selector_are_one_box(talk: Talk) -> None:
    talk(PROGRAM)
    conversation = talk.conversation
    value = conversation.session.value("both")
    boxes = flow(value, "both", conversation.node_names()).boxes  # type: ignore[arg-type]
    heads = [box for box in boxes if box.kind == "head"]
    assert [len(head.nodes) for head in heads] == [2, 2]
    assert [head.texts[0] for head in heads] == [
        "rank = selector_width(smaller or earlier)",
        "sorted = aggregate(at, tokens)",
    ]


@needs_dot
@pytest.mark.parametrize(
    ("ending", "start"), [(".svg", b"<?xml"), (".pdf", b"%PDF"), (".png", b"\x89PNG"), ("", b"<?xml")]
)
def test_pictures(talk: Talk, ending: str, start: bytes) -> None:
    talk(PROGRAM)
    argument = f", 'ba', 'picture{ending}'" if ending else ""
    (wrote,) = talk.one(f"draw(both{argument});")
    assert wrote == FileWritten(Path(f"picture{ending}" if ending else "both.svg"))
    assert isinstance(wrote, FileWritten)
    content = (talk.conversation.session.base / wrote.path).read_bytes()
    assert content.startswith(start)
    if start == b"<?xml":
        assert b"sorted = aggregate(at, tokens)" in content.replace(b"&#45;", b"-")


@needs_dot
def test_any_text_can_be_drawn(talk: Talk) -> None:
    talk("x = tokens == '\\<>&|{}\\n' or tokens == '\"';")
    assert talk.one("draw(x, '\"\\<\x01é');") == [FileWritten(Path("x.svg"))]


def test_without_graphviz(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    text = talk("draw(length);")
    assert "drawing takes the program `dot` of graphviz, which is not here" in text
    assert f"install graphviz, or write the drawing as text: `draw(x, \"abc\", '{talk.folder}/length.dot')`" in text
    assert list(talk.conversation.session.base.iterdir()) == []
    assert talk("draw(length, 'a', 'length.gv');") == "     wrote length.gv\n"


def test_a_dot_that_fails(talk: Talk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'no fonts' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")
    assert "graphviz's `dot` failed: no fonts" in talk("draw(length);")
    program.write_text("#!/bin/sh\nexec sleep 30\n")
    monkeypatch.setattr("raspc.tools.repl.draw.TIMEOUT", 0.2)
    assert "did not finish the drawing" in talk("draw(length);")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("draw(3);", "only s-ops and selectors can be drawn"),
        ("draw(tokens, 3);", "an example is a string or a list of tokens; this is a number"),
        ("draw(tokens, 'a', 3);", "the third argument of `draw` names a file"),
        ("draw(tokens, 'a', '');", "the third argument of `draw` names a file"),
        ("draw(tokens, 'a', 'x.dot', 4);", "`draw` takes 1 to 3 arguments, not 4"),
        ("draw(tokens, 'a', 'x.gif');", "x.gif`: no drawing has this form"),
        ("draw(tokens, 'a', 'no/x.dot');", "no/x.dot`: no such file or directory"),
        ("draw();", "`draw` takes 1 or more arguments, not 0"),
    ],
)
def test_draw_refuses_other_values(talk: Talk, call: str, said: str) -> None:
    (failed,) = talk.one(call)
    assert isinstance(failed, Errors)
    assert said in failed.diagnostics[0].message
    assert failed.diagnostics[0].span is not None


def test_a_drawing_in_a_loop(talk: Talk) -> None:
    shown = talk.outcomes("for c in 'ab' { draw(tokens == c, 'ab', c + '.dot'); }")
    assert shown == [FileWritten(Path("a.dot")), FileWritten(Path("b.dot"))]
