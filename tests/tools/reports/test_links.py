"""Links between program text and model parts, on programs whose circuits are known."""

from __future__ import annotations

from raspc.tests.tools.reports.conftest import MakeTrace
from raspc.tools.reports.cross_links import Links
from raspc.tools.reports.trace import Trace


def parts(made: Trace, text: str, *, main: bool = True) -> list[set[str]]:
    """Heads and neurons that each expression with this text is linked to."""
    links = Links(made)
    source = made.program.written.sources[0].text
    found = []
    for region in links.regions:
        if source[region.start : region.end] == text:
            link = links.of(region.key)
            found.append({key for key in (link.main if main else link.side) if key[0] in "hgo"})
    return found


def test_sort(make_trace: MakeTrace) -> None:
    made = make_trace("paper/sort", "3 1 2")
    assert parts(made, "target") == [{"h0.0", "h0.1", "g0.0"}] * 2
    assert parts(made, "smaller") == [set(), set()]
    assert parts(made, "smaller", main=False) == [{"h0.0", "h0.1"}] * 2
    assert parts(made, "select(target, indices, ==)") == [{"h1.0"}]
    assert parts(made, "aggregate(select(target, indices, ==), tokens)") == [{"h1.0", "o0"}]


def test_two_calls_of_a_function_are_told_apart(make_trace: MakeTrace) -> None:
    made = make_trace("paper/dyck1", "())")
    (opens,), (closes,) = parts(made, 'number_of("(")'), parts(made, 'number_of(")")')
    assert (len(opens), len(closes), opens | closes) == (1, 1, {"h0.0", "h0.1"})
    assert parts(made, "up_to_here and select(tokens, token, ==)") == [{"h0.0", "h0.1"}]


def test_rewritten_expressions_are_linked_to_their_replacements(make_trace: MakeTrace) -> None:
    made = make_trace("paper/dyck1", "())")
    assert parts(made, "failed")[0] == {"h1.0"}
    assert parts(made, "aggregate(up_to_here, indicator(depth < 0))", main=False) == [{"h1.0", "g1.0"}]


def test_links_go_both_ways(make_trace: MakeTrace) -> None:
    links = Links(make_trace("hard/dyck4", "([)]"))
    for key in links.everything():
        link = links.of(key)
        assert not set(link.main) & set(link.side)
        for other in link.main:
            assert key in links.of(other).main
        for other in link.side:
            assert key in links.of(other).side


def test_unused_expressions_have_no_links(make_trace: MakeTrace) -> None:
    made = make_trace('set vocab "ab"; set max_length 3; unused = length * 2; tokens;', "ab")
    assert parts(made, "length * 2") == [set()]
    links = Links(made)
    assert not any(links.linked(region.key) for region in links.regions if not region.stood_for)


def test_a_selector_that_was_simplified_away_is_linked_to_what_reads_it(make_trace: MakeTrace) -> None:
    made = make_trace("logic/quantifiers", "0 1")
    assert parts(made, "full_s", main=False) == [{"g0.0"}]
