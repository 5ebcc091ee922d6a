"""Warnings for expressions without parentheses that RASP groups differently from Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from .diagnostics import Diagnostic, shortened
from .tree import Binary, Comparator, Expression, Membership, Module, Ternary, Tree, Unary, walk

_COMPARISONS = frozenset(get_args(Comparator))
_LOGIC = frozenset({"and", "or"})
_PRODUCTS = frozenset({"*", "/", "//"})


def precedence_warnings(module: Module) -> list[Diagnostic]:
    """One warning for each such expression, in the order of the text."""
    found = [_warning(node, part, why) for node, _ in walk(module) for part, why in _misread(node)]
    return sorted(found, key=lambda diagnostic: 0 if diagnostic.span is None else diagnostic.span.start)


def misread_parts(node: Tree) -> list[Expression]:
    """The operands of an expression that a reader of Python would group otherwise; parentheses make them clear."""
    return [part for part, _ in _misread(node)]


def _misread(node: Tree) -> Iterator[tuple[Expression, str]]:
    """Each such operand, and which rule of RASP decides."""
    match node:
        case Binary(operator="and", left=Binary(operator="or") as left):
            yield left, "`and` and `or` have the same rank and group left"
        case Binary(operator=second, left=Binary(operator=first) as left) if {first, second} <= _COMPARISONS:
            yield left, "comparisons group left"
        case Binary(operator="^", left=Unary() as left):
            yield left, f"`{left.operator}` binds tighter than `^`"
        case Binary(operator="^", left=Binary(operator="^") as left):
            yield left, "`^` groups left"
        case Binary(operator="%", right=Binary(operator=product) as right) if product in _PRODUCTS:
            yield right, f"`{product}` binds tighter than `%`"
        case Binary(operator=operator, left=Unary(operator="not") as left) if operator not in _LOGIC:
            yield left, f"`not` binds tighter than `{operator}`"
        case Membership(item=item, container=container):
            for side in (item, container):
                if _looser_in_python(side):
                    yield side, "`in` is the loosest operator"
        case Ternary(then=Ternary() as then):
            yield then, "ternaries group left"


def _looser_in_python(side: Expression) -> bool:
    """True if this side of an `in` has an operator that Python groups more loosely than `in`, or equally."""
    match side:
        case Binary(operator=operator):
            return operator in _COMPARISONS or operator in _LOGIC
        case Unary(operator=operator):
            return operator == "not"
        case Ternary() | Membership():
            return True
        case _:
            return False


def _warning(node: Tree, part: Tree, why: str) -> Diagnostic:
    shown = shortened(" ".join(part.span.text.split()))
    hint = f"write the parentheses that you mean; without them it reads as `({shown})`"
    return Diagnostic("reads-differently", f"{why}, otherwise than in Python", node.span, hint, "warning")
