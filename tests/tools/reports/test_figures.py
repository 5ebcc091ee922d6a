"""Figures: their contents, and that their files are reproducible."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from raspc.tests.tools.reports.conftest import MakeTrace

pytest.importorskip("matplotlib")

from raspc.tools.reports.figures import attention, pictures, residual

PNG = b"\x89PNG\r\n\x1a\n"


def test_a_pattern_for_every_head(make_trace: MakeTrace) -> None:
    made = make_trace("paper/sort", "3 1 2")
    axes = [one for one in attention(made).axes if one.axison]
    assert len(axes) == 3
    for one, (layer, head) in zip(axes, made.heads(), strict=True):
        drawn = one.images[0].get_array()
        assert drawn is not None
        assert np.array_equal(drawn, made.weights(layer, head))
        assert head.selector in one.get_title(loc="left").replace("\n", " ")
    assert len([one for one in attention(made, layer=1).axes if one.axison]) == 1


def test_no_heads(make_trace: MakeTrace) -> None:
    made = make_trace("strings/vowels", "hen")
    with pytest.raises(ValueError, match="no heads"):
        attention(made)
    assert list(pictures(made, Path("out"), "vowels")) == [Path("out/vowels-residual.png")]


def test_the_stream_has_a_row_for_every_direction_in_use(make_trace: MakeTrace) -> None:
    made = make_trace("paper/sort", "3 1 2")
    (axes,) = residual(made).axes
    labels = [text.get_text() for text in axes.get_yticklabels()]
    used = np.abs(made.residual[-1]).max(0) > 0
    assert len(labels) == used.sum()
    assert any(label.startswith("target ") for label in labels)
    (early,) = residual(made, made.stages[0]).axes
    assert len(early.get_yticklabels()) < len(labels)


def test_files(make_trace: MakeTrace) -> None:
    made = make_trace("paper/sort", "3 1 2")
    folder = pictures(made, Path("out"), "sort")
    assert list(folder) == [Path("out/sort-attention.png"), Path("out/sort-residual.png")]
    single = pictures(made, Path("out/all.PNG"), "sort")
    assert list(single) == [Path("out/all.PNG")]
    for content in (*folder.values(), *single.values()):
        assert content.startswith(PNG)
    assert folder == pictures(made, Path("out"), "sort")


def test_tokens_are_not_taken_for_mathematics(make_trace: MakeTrace) -> None:
    program = 'set vocab ["$x$", "$y", "^"]; set max_length 3; selector_width(select(tokens, tokens, ==));'
    made = make_trace(program, "$x$ ^")
    assert pictures(made, Path("out"), "m")


def test_the_example(tmp_path: Path) -> None:
    example = Path(__file__).resolve().parents[3] / "docs" / "examples" / "figures.py"
    result = subprocess.run([sys.executable, str(example), str(tmp_path)], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[0] == "target, after layer 0 attention: [2, 0, 3, 1, 4], in directions [21]"
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{suffix}" for name in ("attention", "residual") for suffix in ("png", "pdf")
    }
