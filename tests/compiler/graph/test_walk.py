"""Walks over graphs, against short recursive definitions of the same."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
from raspc.compiler.graph.graph import (
    Attended,
    Node,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorPick,
)
from raspc.compiler.graph.walk import (
    attention_depths,
    conjuncts,
    fold,
    formula,
    in_order,
    inputs_of,
    reachable,
    visited,
)
from raspc.tests.support.building import Build
from raspc.tests.support.generated import selectors, sops

#: Graphs without cycles, as the smaller numbers that each number leads to.
dags = st.integers(1, 9).flatmap(
    lambda size: st.tuples(*(st.lists(st.integers(0, max(0, n - 1)), max_size=3 if n else 0) for n in range(size)))
)


def _depth_first(root: int, dag: Mapping[int, list[int]], found: list[int]) -> list[int]:
    if root not in found:
        found.append(root)
        for child in dag[root]:
            _depth_first(child, dag, found)
    return found


@given(dags)
def test_visited_is_a_depth_first_search(lists: tuple[list[int], ...]) -> None:
    dag = dict(enumerate(lists))
    root = len(lists) - 1
    assert visited([root], dag.__getitem__) == _depth_first(root, dag, [])
    assert set(visited(dag, dag.__getitem__)) == set(dag)


@given(dags, st.sets(st.integers(0, 8)))
def test_inputs_come_before_their_readers(lists: tuple[list[int], ...], known: set[int]) -> None:
    dag = dict(enumerate(lists))
    root = len(lists) - 1
    order = in_order(root, dag.__getitem__, known)
    assert len(order) == len(set(order))
    if root in known:
        assert order == []
        return
    needed = _depth_first(root, {n: [] if n in known else below for n, below in dag.items()}, [])
    assert set(order) == set(needed) - known
    for place, node in enumerate(order):
        assert set(dag[node]) <= {*order[:place], *known}


@given(st.data())
def test_nodes_of_a_program_come_after_what_they_read(data: st.DataObject) -> None:
    root = data.draw(sops(Build(), 4))
    order = reachable([root])
    assert root is order[-1]
    depths = attention_depths([root])
    for place, node in enumerate(order):
        assert set(inputs_of(node)) <= set(order[:place])
        assert depths[node] == _depth(node)


def _depth(node: Node) -> int:
    return max(map(_depth, inputs_of(node)), default=0) + isinstance(node, Attended)


@given(st.data())
def test_a_fold_is_the_recursive_evaluation_of_a_formula(data: st.DataObject) -> None:
    selector = data.draw(selectors(Build(), 4))
    truths: dict[Selector, bool] = {}
    for atom in formula(selector):
        if isinstance(atom, (Select, SelectorPick)):
            truths[atom] = data.draw(st.booleans())

    def evaluate(part: Selector) -> bool:
        match part:
            case SelectorAnd(left=left, right=right):
                return evaluate(left) and evaluate(right)
            case SelectorOr(left=left, right=right):
                return evaluate(left) or evaluate(right)
            case SelectorNot(operand=operand):
                return not evaluate(operand)
            case Select() | SelectorPick():
                return truths[part]
            case _:
                raise AssertionError(part)

    known: dict[Selector, bool] = {}
    result = fold(
        selector,
        atom=truths.__getitem__,
        both=lambda left, right: left and right,
        either=lambda left, right: left or right,
        negate=lambda operand: not operand,
        pick=truths.__getitem__,
        known=known,
    )
    assert result == evaluate(selector) == all(map(evaluate, conjuncts(selector)))
    assert known == {part: evaluate(part) for part in formula(selector)}
    assert not any(isinstance(part, SelectorAnd) for part in conjuncts(selector))
