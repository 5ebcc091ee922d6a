"""Walks over the program graph and over other graphs without cycles: each node once, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, MutableMapping
from typing import TypeVar

from .graph import (
    Aggregate,
    Attended,
    Elementwise,
    Node,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorPick,
    SelectorSum,
    SelectorWidth,
    SOp,
    Table,
)

H = TypeVar("H", bound=Hashable)
T = TypeVar("T")


def inputs_of(node: Node) -> tuple[Node, ...]:
    """The nodes that a node reads directly."""
    match node:
        case Elementwise(inputs=inputs) | Table(inputs=inputs):
            return inputs
        case Aggregate(selector=selector, values=values) | SelectorSum(selector=selector, values=values):
            return (selector, values)
        case SelectorWidth(selector=selector):
            return (selector,)
        case Select(keys=keys, queries=queries):
            return (keys, queries)
        case SelectorPick(operand=operand, positions=positions):
            return (operand, positions)
        case Selector():
            return operands_of(node)
        case _:
            return ()


def element_wise_inputs(node: SOp) -> tuple[SOp, ...]:
    """The inputs of an element-wise function; none for an s-op that is not one."""
    return node.inputs if isinstance(node, (Elementwise, Table)) else ()


def operands_of(selector: Selector) -> tuple[Selector, ...]:
    """The selectors that a selector combines; none for a comparison, and none for a pick, which is no formula."""
    match selector:
        case SelectorAnd(left=left, right=right) | SelectorOr(left=left, right=right):
            return (left, right)
        case SelectorNot(operand=operand):
            return (operand,)
        case _:
            return ()


def visited(roots: Iterable[H], next_of: Callable[[H], Iterable[H]]) -> list[H]:
    """The roots and everything that `next_of` leads to, each once, in the order of a depth-first search."""
    found: dict[H, None] = {}
    stack = list(roots)[::-1]
    while stack:
        node = stack.pop()
        if node not in found:
            found[node] = None
            stack.extend(list(next_of(node))[::-1])
    return list(found)


def in_order(root: H, inputs: Callable[[H], Iterable[H]], known: Container[object] = ()) -> list[H]:
    """The nodes that `root` depends on through `inputs`, itself included: inputs before their readers, each once.

    Nodes in `known` are left out, and so are nodes that only they depend on."""
    done: dict[H, None] = {}
    stack = [root]
    while stack:
        node = stack[-1]
        missing = [] if node in known else [one for one in inputs(node) if one not in done and one not in known]
        if missing:
            stack += missing[::-1]
        else:
            stack.pop()
            if node not in known:
                done[node] = None
    return list(done)


def reachable(roots: Iterable[Node]) -> list[Node]:
    """Every node that the roots depend on, themselves included, inputs first (ids ascend along inputs)."""
    return sorted(visited(roots, inputs_of), key=lambda node: node.id)


def attention_depths(roots: Iterable[Node]) -> dict[Node, int]:
    """For every node that the roots depend on: how many attended s-ops the longest path to it has, itself included."""
    depths: dict[Node, int] = {}
    for node in reachable(roots):
        below = max((depths[child] for child in inputs_of(node)), default=0)
        depths[node] = below + isinstance(node, Attended)
    return depths


def formula(selector: Selector) -> list[Selector]:
    """A selector and the selectors that it combines, down to the comparisons and picks, operands first."""
    return in_order(selector, operands_of)


def picked_from(selector: Selector) -> Selector:
    """The formula from whose keys a selector picks one; the selector itself if it is no pick."""
    return selector.operand if isinstance(selector, SelectorPick) else selector


def comparisons_of(selector: Selector) -> list[Select]:
    """The comparisons that a selector combines, each once, in order of appearance."""
    return [node for node in formula(selector) if isinstance(node, Select)]


def fold(
    selector: Selector,
    *,
    atom: Callable[[Select], T],
    both: Callable[[T, T], T],
    either: Callable[[T, T], T],
    negate: Callable[[T], T],
    pick: Callable[[SelectorPick], T] | None = None,
    known: MutableMapping[Selector, T] | None = None,
) -> T:
    """A value computed from a selector's comparisons by the connectives that join them, once for each part.

    `pick` gives the value of a pick; without it, the selector must have none (`has_picks`).
    `known` keeps the values of parts for the next call."""
    found: MutableMapping[Selector, T] = {} if known is None else known
    for part in in_order(selector, operands_of, found):
        match part:
            case Select():
                found[part] = atom(part)
            case SelectorPick() if pick is not None:
                found[part] = pick(part)
            case SelectorAnd(left=left, right=right):
                found[part] = both(found[left], found[right])
            case SelectorOr(left=left, right=right):
                found[part] = either(found[left], found[right])
            case SelectorNot(operand=operand):
                found[part] = negate(found[operand])
            case _:
                raise AssertionError(f"a selector of no known kind: {part!r}")
    return found[selector]


def has_picks(selector: Selector) -> bool:
    """Whether the selector is a pick or combines one, so that its comparisons do not decide it pair by pair."""
    return any(isinstance(node, SelectorPick) for node in formula(selector))


def conjuncts(selector: Selector) -> list[Selector]:
    """The selectors that a nest of `and` joins, each once, in order of appearance."""
    parts = visited([selector], lambda part: operands_of(part) if isinstance(part, SelectorAnd) else ())
    return [part for part in parts if not isinstance(part, SelectorAnd)]
