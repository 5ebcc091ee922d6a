"""The trace as text."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from raspc.tests.tools.reports.conftest import MakeTrace
from raspc.tests.tools.reports.test_trace import COUNTS, damaged
from raspc.tools.print_values import short_text
from raspc.tools.reports.trace import trace
from raspc.tools.reports.trace_text import as_text, document, wrapped


def test_the_page(make_trace: MakeTrace, golden: Callable[..., None]) -> None:
    text = as_text(make_trace("paper/shuffle_dyck2", "([)]"), "shuffle_dyck2.safetensors")
    assert max(map(len, text.splitlines())) <= 80
    golden(text + "\n")


def test_long_inputs_wrap(make_trace: MakeTrace, golden: Callable[..., None]) -> None:
    text = as_text(make_trace("hard/dyck4", "([)]{}<>()[[]]<>"), "dyck4.safetensors")
    assert max(map(len, text.splitlines())) <= 80
    golden(text + "\n")


def test_differences_are_marked(golden: Callable[..., None]) -> None:
    golden(as_text(trace(damaged(COUNTS), ["a", "a", "b"]), "broken.safetensors") + "\n")


def test_json_has_both_sides(make_trace: MakeTrace) -> None:
    made = json.loads(json.dumps(document(make_trace("strings/vowels", "hen"))))
    tokens = next(sop for sop in made["sops"] if sop["name"] == "tokens")
    assert tokens["interpreter"] == ["h", "e", "n"]
    assert tokens["model"][1] == ["a", "e", "i", "o", "u"]
    (output,) = made["outputs"]
    assert output["model"] == output["interpreter"] == [False, True, False]
    assert made["agrees"] is output["agrees"] is True


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("target", 24, ["target"]),
        (
            "selector_width(up_to_here and select(tokens, x))",
            24,
            ["selector_width(", "  up_to_here and select(", "  tokens, x))"],
        ),
        ("a" * 30, 12, ["a" * 12, "  " + "a" * 10, "  " + "a" * 8]),
        ("", 5, [""]),
    ],
)
def test_names_break_where_they_can(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


def test_short_values() -> None:
    assert [short_text(value) for value in ("", "\n", "a b", 1 / 3, True)] == ['""', "\\n", "a b", "0.3333", "true"]
