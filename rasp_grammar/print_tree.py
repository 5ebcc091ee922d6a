"""The syntax tree as text, for `--emit ast`."""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction

from .tree import Module, Tree


def format_tree(module: Module) -> str:
    """One node a line, indented below its parent: its kind, its own values, and its line and column.

    Nodes below are labelled with the field that they stand in, where the kind does not say it.
    """
    lines: list[str] = []
    # (label, node, level); explicit, since trees are deeper than Python's stack.
    stack: list[tuple[str, Tree, int]] = [("", item, 0) for item in reversed(module.items)]
    while stack:
        label, node, level = stack.pop()
        values: list[str] = []
        below: list[tuple[str, Tree, int]] = []
        for field in fields(node)[1:]:  # the first is the span
            value: object = getattr(node, field.name)
            if isinstance(value, Tree):
                below.append((f"{field.name}: ", value, level + 1))
            elif isinstance(value, tuple) and all(isinstance(part, Tree) for part in value):
                below += [(f"{field.name}[{index}]: ", part, level + 1) for index, part in enumerate(value)]
            else:
                values.append(_value(value))
        line, column = node.span.source.position(node.span.start)
        lines.append(" ".join([f"{'  ' * level}{label}{type(node).__name__}", *values, f"@{line}:{column}"]))
        stack += reversed(below)
    return "".join([f"{line}\n" for line in lines])


def _value(value: object) -> str:
    match value:
        case Fraction():
            return f"{value.numerator}/{value.denominator}"
        case str() | tuple():
            return repr(value)
        case _:
            return str(value)
