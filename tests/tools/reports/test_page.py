"""The page's text: its contents, the escaping of program text, and its size."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import raspc
from raspc.runner.model import Model
from raspc.tests.tools.reports.conftest import MakeTrace
from raspc.tools.reports.page import render, script_json
from raspc.tools.reports.page_records import PageLimits
from raspc.tools.reports.trace import Trace, trace

#: Tokens that would end an attribute, a script, a comment or an element, if they were not escaped.
NASTY = ("</script><script>alert(1)</script>", "<b>", '"', "'", "&amp;", "<!--", "\u2028", "日本", "{{ 7 * 7 }}", "a b")

#: Elements that need no end.
VOID = {"meta", "link", "br", "hr", "img", "input"}


SORT = """
set vocab range(10);
smaller = select(tokens, tokens, <);
earlier = select(tokens, tokens, ==) and select(indices, indices, <);
target = selector_width(smaller or earlier);
aggregate(select(target, indices, ==), tokens);
"""


class Outline(HTMLParser):
    """The elements of a page; fails where they do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: dict[str, int] = {}
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def data_of(page: str) -> Any:
    """The JSON data that the page holds for its script."""
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    return json.loads(text)


def nasty_model() -> Model:
    text = f"set max_length {len(NASTY)};\nsame = select(tokens, tokens, ==);\nselector_width(same) + 0 * length;\n"
    return raspc.compile(text, vocab=NASTY).model(device="cpu")


def test_html_in_tokens_and_names_is_escaped() -> None:
    plain = Outline(render(trace(raspc.compile("tokens;", vocab="ab", max_length=3).model(device="cpu"), ["a"]), "m"))
    page = render(trace(nasty_model(), NASTY), "</title><script>x</script>.safetensors")
    outline = Outline(page)
    assert outline.tags["script"] == plain.tags["script"] == 2
    assert outline.tags.get("b", 0) == 2 * len(NASTY), "the input and the output, and no token"
    assert "alert(1)</script>" not in page
    assert "49" not in "".join(outline.text).split()
    names = data_of(page)["names"]
    assert "tokens" in names.values()
    assert any("</script>" in str(name) for name in names.values())
    for token in NASTY:
        assert any(token in text for text in outline.text) or not token.isprintable()


def test_json_in_a_script() -> None:
    value = {"a": "</script><!--&", "b": ["\u2028", "\x00"]}
    text = script_json(value)
    assert not set("<>&\u2028\x00") & set(text)
    assert json.loads(text) == value


def test_the_page_needs_no_network(make_trace: MakeTrace) -> None:
    page = render(make_trace("paper/sort", "3 1 2"), "sort.safetensors")
    assert not re.search(r"https?://|//cdn|@import|url\(", page)
    loading = {name for name, _ in Outline(page).attributes if name in ("src", "srcset", "action", "background")}
    assert loading == set()


def test_the_same_trace_gives_the_same_bytes(make_trace: MakeTrace) -> None:
    first, second = (render(make_trace("hard/dyck4", "([)]"), "dyck4.safetensors") for _ in range(2))
    assert first == second


def test_every_link_leads_to_something_on_the_page(make_trace: MakeTrace) -> None:
    page = render(make_trace("paper/shuffle_dyck2", "([)]"), "m")
    data = data_of(page)
    there = {value for name, value in Outline(page).attributes if name == "data-key"}
    there |= {key for name, value in Outline(page).attributes if name == "data-in" for key in (value or "").split()}
    links = data["links"]
    linked = set(links) | {other for pair in links.values() for part in pair for other in part}
    assert {key for key in linked if key[0] != "r"} <= there
    assert there - set(data["links"]) <= {"s0", "d0"}, "only the mark of BOS is linked to nothing"


def test_sort_at_twelve_is_small() -> None:
    model = raspc.compile(SORT, max_length=12).model(device="cpu")
    page = render(trace(model, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 5, 5]), "sort.safetensors")
    assert len(page.encode()) < 2_000_000
    assert len(page.encode()) < 300_000  # it is far smaller, and should stay so


def large() -> Trace:
    model = raspc.compile(SORT, vocab=range(60), max_length=300, small=True).model(device="cpu")
    return trace(model, [(7 * place) % 60 for place in range(300)])


def test_a_large_model_is_cut_and_says_so() -> None:
    made = large()
    page = render(made, "sort.safetensors")
    assert len(page.encode()) < 2_000_000
    assert re.search(r"The page shows the first \d+ of 300 positions", page)
    tight = PageLimits(positions=8, pattern_cells=200, stream_cells=100, parts=2, rows=2)
    cut = render(made, "sort.safetensors", tight)
    assert "It shows the first 2 of" in cut
    assert "or smallest, and left out" in cut
    assert len(cut) < len(page)


def test_differences_are_shown() -> None:
    import torch

    model = raspc.compile(SORT, max_length=5).model(device="cpu")
    with torch.no_grad():
        for parameter in model.layers[0].parameters():
            parameter.zero_()
    page = render(trace(model, [3, 1, 2]), "m")
    assert "model and interpreter differ" in page
    assert 'class="differs"' in page
