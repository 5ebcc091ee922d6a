"""Whether two graphs are the same, whatever the order, the names and the places of their nodes.

Two simplified programs with one digest compute the same function.  (The reverse does not hold: `x + y` and `y + x`
have two digests.)  Finite functions are compared by their rows, however they are written: a `Table`, a comparison with
a constant, or a ternary between such.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .graph import (
    Aggregate,
    Constant,
    Elementwise,
    Indices,
    Node,
    Program,
    Select,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorPick,
    SelectorSum,
    SelectorWidth,
    Table,
    Tokens,
)
from .values import Scalar, scalar_key
from .walk import inputs_of, reachable


@dataclass(frozen=True)
class _Leaf:
    """A value; None is undefined."""

    value: tuple[str, Scalar] | None


@dataclass(frozen=True)
class _Case:
    """A finite function of an s-op: its result for each listed value, and for all other values.

    The function is undefined where the s-op is."""

    input: _Input
    rows: tuple[tuple[Scalar, _Cases], ...]
    otherwise: _Cases


class _Input(NamedTuple):
    """An s-op that a finite function reads; `defined` where it has a value at every position."""

    digest: str
    defined: bool


#: A finite function: which value of the first s-op, then of the second ...
_Cases = _Leaf | _Case

_UNDEFINED = _Leaf(None)


def same_program(one: Program, other: Program) -> bool:
    """Whether two programs have the same declarations and the same graphs for the same outputs, in this order."""
    declared = [(program.vocabulary, program.max_length, _output_names(program)) for program in (one, other)]
    return declared[0] == declared[1] and digest(one) == digest(other)


def digest(program: Program) -> str:
    """A hash of the graphs of the outputs, 64 hexadecimal digits; names of outputs and declarations are not in it."""
    digests = node_digests([node for _, node in program.outputs])
    return _hashed("program", *[digests[node] for _, node in program.outputs])


def _output_names(program: Program) -> list[str]:
    return [name for name, _ in program.outputs]


def node_digests(roots: Iterable[Node]) -> dict[Node, str]:
    """The hash of every node that the roots depend on."""
    digests: dict[Node, str] = {}
    cases: dict[Node, _Cases] = {}
    nodes = reachable(roots)
    defined = always_defined(nodes)
    for node in nodes:
        found = _cases(node, cases, {child: _Input(digests[child], child in defined) for child in inputs_of(node)})
        if found is None:
            digests[node] = _digest(node, digests)
        else:
            cases[node] = found
            digests[node] = _hashed("cases", repr(found))
    return digests


def always_defined(nodes: Iterable[Node]) -> set[Node]:
    """Of nodes in order, inputs first, those s-ops that are known to have a value at every position of every input."""
    found: set[Node] = set()
    for node in nodes:
        match node:
            case Tokens() | Indices() | Constant() | SelectorWidth():
                found.add(node)
            case Elementwise(op="eq" | "ne" | "and" | "or" | "not" | "indicator" | "where", inputs=inputs):
                found |= {node} if found.issuperset(inputs) else set()
            case Table(inputs=inputs, otherwise=otherwise) if otherwise is not None:
                found |= {node} if found.issuperset(inputs) else set()
            case _:
                pass
    return found


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _digest(node: Node, digests: dict[Node, str]) -> str:
    match node:
        case Tokens() | Indices():
            return _hashed(type(node).__name__)
        case Elementwise(op=op, inputs=inputs):
            return _hashed("elementwise", op, *[digests[child] for child in inputs])
        case Aggregate(selector=selector, values=values, default=default):
            shown = "" if default is None else repr(scalar_key(default))
            return _hashed("aggregate", digests[selector], digests[values], shown)
        case SelectorWidth(selector=selector):
            return _hashed("width", digests[selector])
        case SelectorSum(selector=selector, values=values):
            return _hashed("sum", digests[selector], digests[values])
        case Select(keys=keys, queries=queries, comparison=comparison):
            return _hashed("select", comparison, digests[keys], digests[queries])
        case SelectorAnd(left=left, right=right):
            return _hashed("and", digests[left], digests[right])
        case SelectorOr(left=left, right=right):
            return _hashed("or", digests[left], digests[right])
        case SelectorNot(operand=operand):
            return _hashed("not", digests[operand])
        case SelectorPick(operand=operand, which=which):
            return _hashed("pick", which, digests[operand])
        case _:
            raise AssertionError(f"a node of no known kind: {node!r}")


# --- finite functions


def _cases(node: Node, cases: dict[Node, _Cases], names: dict[Node, _Input]) -> _Cases | None:
    """The node as a finite function; None where it is not written as one."""
    match node:
        case Constant(value=value):
            return _Leaf(scalar_key(value))
        case Table(inputs=inputs, rows=rows, otherwise=otherwise):
            rest = _UNDEFINED if otherwise is None else _Leaf(scalar_key(otherwise))
            values = {tuple(map(_key, arguments)): _Leaf(scalar_key(value)) for arguments, value in rows}
            return _tabulated([(names[child], cases.get(child)) for child in inputs], values, rest)
        case Elementwise(op="eq" | "ne" as op, inputs=(left, right)):
            for operand, other in ((left, right), (right, left)):
                if isinstance(other, Constant) and operand not in cases:
                    equal = ((_key(other.value), _Leaf(scalar_key(op == "eq"))),)
                    return _Case(names[operand], equal, _Leaf(scalar_key(op == "ne")))
            return None
        case Elementwise(op="where", inputs=inputs) if all(child in cases for child in inputs):
            condition, then, otherwise_ = [cases[child] for child in inputs]
            return _chosen(condition, then, otherwise_)
        case _:
            return None


def _key(value: Scalar) -> Scalar:
    """Tables look up `True` as 1."""
    return int(value) if isinstance(value, bool) else value


def _tabulated(
    inputs: Sequence[tuple[_Input, _Cases | None]], rows: dict[tuple[Scalar, ...], _Leaf], rest: _Leaf
) -> _Cases:
    """The rows as cases of the first input, then of the second ...; a constant input takes its rows out."""
    if not inputs:
        return rows.get((), rest)
    (name, known), *others = inputs
    by_key: dict[Scalar, dict[tuple[Scalar, ...], _Leaf]] = {}
    for (first, *more), value in rows.items():
        by_key.setdefault(first, {})[tuple(more)] = value
    if isinstance(known, _Leaf) and known.value is not None:
        return _tabulated(others, by_key.get(_key(known.value[1]), {}), rest)
    # An input that comes again has one value at both places.
    listed = {key: _at(_tabulated(others, of_key, rest), name, key) for key, of_key in by_key.items()}
    return _case(name, listed, _elsewhere(_tabulated(others, {}, rest), name))


def _case(name: _Input, rows: dict[Scalar, _Cases], otherwise: _Cases) -> _Cases:
    kept = {key: value for key, value in rows.items() if value != otherwise}
    if not kept and name.defined:
        return otherwise
    return _Case(name, tuple(sorted(kept.items(), key=lambda row: repr(scalar_key(row[0])))), otherwise)


def _chosen(condition: _Cases, then: _Cases, otherwise: _Cases) -> _Cases:
    """The cases of `then if condition else otherwise`."""
    if isinstance(condition, _Leaf):
        if condition.value is None:
            return _UNDEFINED
        return then if condition.value[1] else otherwise
    name = condition.input
    keys = {key for part in (condition, then, otherwise) for key in _keys(part, name)}
    rows = {key: _chosen(*[_at(part, name, key) for part in (condition, then, otherwise)]) for key in keys}
    return _case(name, rows, _chosen(*[_elsewhere(part, name) for part in (condition, then, otherwise)]))


def _keys(cases: _Cases, name: _Input) -> set[Scalar]:
    """The values of an s-op that the cases list."""
    if isinstance(cases, _Leaf):
        return set()
    below = {key for _, part in cases.rows for key in _keys(part, name)} | _keys(cases.otherwise, name)
    return below | {key for key, _ in cases.rows} if cases.input == name else below


def _at(cases: _Cases, name: _Input, key: Scalar) -> _Cases:
    """The cases restricted to inputs where the s-op has the value `key`."""
    if isinstance(cases, _Leaf):
        return cases
    if cases.input == name:
        return _at(dict(cases.rows).get(key, cases.otherwise), name, key)
    rows = {other: _at(part, name, key) for other, part in cases.rows}
    return _case(cases.input, rows, _at(cases.otherwise, name, key))


def _elsewhere(cases: _Cases, name: _Input) -> _Cases:
    """The cases restricted to inputs where the s-op has none of the values that they list."""
    if isinstance(cases, _Leaf):
        return cases
    if cases.input == name:
        return _elsewhere(cases.otherwise, name)
    return _case(
        cases.input, {key: _elsewhere(part, name) for key, part in cases.rows}, _elsewhere(cases.otherwise, name)
    )
