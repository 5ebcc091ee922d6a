"""Prints nodes as short RASP expressions for messages and labels, and whole graphs for `--emit graph`."""

from __future__ import annotations

from fractions import Fraction

from ...rasp_grammar.diagnostics import shortened
from .graph import (
    Aggregate,
    Constant,
    Elementwise,
    Graph,
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
from .operations import OPERATIONS
from .values import Scalar
from .walk import inputs_of, reachable

#: Longest description in characters; descriptions are used in messages and tables.
MAX_DESCRIPTION = 100

#: Levels of operands that a description shows; deeper operands become `...`.
MAX_LEVELS = 5

#: Rows of a table that `--emit graph` lists.
MAX_ROWS = 32


def literal(value: Scalar) -> str:
    """A value as RASP writes it: `"a"`, `True`, `3`, `1/3`."""
    match value:
        case str():
            return f"'{value}'" if '"' in value else f'"{value}"'
        case Fraction():
            return f"{value.numerator}/{value.denominator}"
        case _:
            return str(value)


def describe(graph: Graph, node: Node, *, expand: bool = False) -> str:
    """A node as one line of RASP, at most `MAX_DESCRIPTION` characters.

    Named nodes are written as their names.  expand: write out the node itself even if it has a name.
    """
    return shortened(_expression(graph, node, MAX_LEVELS, expand, False), MAX_DESCRIPTION)


def _expression(graph: Graph, node: Node, levels: int, expand: bool, inner: bool) -> str:
    """inner: the node is an operand, so an operator needs parentheses."""
    name = graph.name(node)
    if name is not None and not expand:
        return name
    if levels == 0 and inputs_of(node):
        return "..."

    def part(child: Node) -> str:
        return _expression(graph, child, levels - 1, False, False)

    def operand(child: Node) -> str:
        return _expression(graph, child, levels - 1, False, True)

    match node:
        case Tokens():
            return "tokens"
        case Indices():
            return "indices"
        case Constant(value=value):
            return literal(value)
        case Elementwise(op=op, inputs=inputs):
            text, atomic = _operation(op, [part(child) for child in inputs], [operand(child) for child in inputs])
        case Table(inputs=inputs, what=what):
            text, atomic = _table(node, what, ", ".join([part(child) for child in inputs]))
        case Aggregate(selector=selector, values=values, default=default):
            ending = "" if default is None else f", {literal(default)}"
            text, atomic = f"aggregate({part(selector)}, {part(values)}{ending})", True
        case SelectorWidth(selector=selector):
            text, atomic = f"selector_width({part(selector)})", True
        case SelectorSum(selector=selector, values=values):
            text, atomic = f"selector_sum({part(selector)}, {part(values)})", True
        case Select(keys=keys, queries=queries, comparison=comparison):
            text, atomic = f"select({part(keys)}, {part(queries)}, {comparison})", True
        case SelectorAnd(left=left, right=right):
            text, atomic = f"{operand(left)} and {operand(right)}", False
        case SelectorOr(left=left, right=right):
            text, atomic = f"{operand(left)} or {operand(right)}", False
        case SelectorNot(operand=negated):
            text, atomic = f"not {operand(negated)}", False
        case SelectorPick(operand=all_selected, which=which):
            text, atomic = f"select_{which}({part(all_selected)})", True
        case _:
            raise AssertionError(f"a node of no known kind: {node!r}")
    return f"({text})" if inner and not atomic else text


def _operation(op: str, parts: list[str], operands: list[str]) -> tuple[str, bool]:
    """The text, and True if it needs no parentheses as an operand."""
    operation = OPERATIONS[op]
    symbol = operation.symbol
    if op == "where":
        return f"{operands[1]} if {operands[0]} else {operands[2]}", False
    if operation.arity == 2:
        return f"{operands[0]} {symbol} {operands[1]}", False
    if symbol.startswith("tokens_"):
        return (symbol, True) if parts == ["tokens"] else (f"{op}({parts[0]})", True)
    if symbol == "not":
        return f"not {operands[0]}", False
    if symbol.isalpha():
        return f"{symbol}({parts[0]})", True
    return f"{symbol}{operands[0]}", False


def _table(node: Table, what: str, argument: str) -> tuple[str, bool]:
    if what == "in":
        keys = [literal(arguments[0]) for arguments, _ in node.rows]
        return f"{argument} in [{_some(keys)}]", False
    if what == "dict":
        entries = [f"{literal(arguments[0])}: {literal(value)}" for arguments, value in node.rows]
        return f"{{{_some(entries)}}}[{argument}]", True
    if what == "list index":
        values = [literal(value) for arguments, value in node.rows if not _is_negative(arguments[0])]
        return f"[{_some(values)}][{argument}]", True
    if what == "string index":
        text = "".join([str(value) for arguments, value in node.rows if not _is_negative(arguments[0])])
        return f"{literal(text if len(text) <= 20 else text[:17] + '...')}[{argument}]", True
    return f"{what.replace(' ', '_')}({argument})", True


def _is_negative(value: Scalar) -> bool:
    return not isinstance(value, str) and value < 0


def _some(texts: list[str], most: int = 6) -> str:
    return ", ".join(texts if len(texts) <= most else [*texts[:most], "..."])


def format_graph(program: Program) -> str:
    """The text of `--emit graph`: the declarations, each node that the outputs need, the outputs.

    Nodes are numbered from %0, inputs first.  The name in the program, if any, and the place follow the `#`.
    """
    lines: list[str] = []
    if program.vocabulary is not None:
        lines.append(f"vocab [{', '.join([literal(token) for token in program.vocabulary])}]")
    if program.max_length is not None:
        lines.append(f"max_length {program.max_length}")
    nodes = reachable([node for _, node in program.outputs])
    numbers = {node: f"%{index}" for index, node in enumerate(nodes)}
    bodies = [f"{numbers[node]} = {_definition(node, numbers)}" for node in nodes]
    width = min(48, max([len(body) for body in bodies], default=0))
    for node, body in zip(nodes, bodies, strict=True):
        name = program.graph.name(node)
        line, column = node.span.source.position(node.span.start)
        lines.append(f"{body:<{width}}  # {'' if name is None else f'{name}, '}{line}:{column}")
    lines += [f"output {name} = {numbers[node]}" for name, node in program.outputs]
    return "\n".join(lines) + "\n"


def _definition(node: Node, numbers: dict[Node, str]) -> str:
    inputs = " ".join([numbers[child] for child in inputs_of(node)])
    match node:
        case Tokens():
            return "tokens"
        case Indices():
            return "indices"
        case Constant(value=value):
            return f"constant {literal(value)}"
        case Elementwise(op=op):
            return f"{op} {inputs}"
        case Table(rows=rows, otherwise=otherwise, what=what):
            shown = [f"{', '.join(map(literal, arguments))}: {literal(value)}" for arguments, value in rows[:MAX_ROWS]]
            if len(rows) > MAX_ROWS:
                shown.append(f"... {len(rows)} rows")
            rest = "undefined" if otherwise is None else literal(otherwise)
            return f"table {inputs} {{{'; '.join(shown)}}} otherwise {rest} ({what})"
        case Aggregate(default=default):
            return f"aggregate {inputs}" + ("" if default is None else f" default {literal(default)}")
        case SelectorWidth():
            return f"selector_width {inputs}"
        case SelectorSum():
            return f"selector_sum {inputs}"
        case Select(comparison=comparison):
            return f"select {inputs} {comparison}"
        case SelectorAnd():
            return f"and {inputs}"
        case SelectorOr():
            return f"or {inputs}"
        case SelectorNot():
            return f"not {inputs}"
        case SelectorPick(which=which):
            return f"pick {inputs} {which}"
        case _:
            raise AssertionError(f"a node of no known kind: {node!r}")
