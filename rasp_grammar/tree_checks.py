"""Errors in texts that parse, found from the tree alone: nesting, names given twice, misplaced `return`."""

from __future__ import annotations

from collections.abc import Iterator

from .diagnostics import Diagnostic, shortened
from .tree import (
    Definition,
    DictComprehension,
    ListComprehension,
    Loop,
    Module,
    Name,
    Return,
    Statement,
    Tree,
    walk,
)

#: Deepest tree, in nodes.  Later stages recurse over the tree.
MAX_DEPTH = 1000


def check(module: Module) -> list[Diagnostic]:
    """The errors of a module, in the order of the text."""
    for node, depth in walk(module):
        if depth > MAX_DEPTH:
            message = f"this is nested more than {MAX_DEPTH} levels deep"
            hint = "give parts of it names, on lines of their own"
            return [Diagnostic("too-deep", message, node.span, hint)]
    found = [diagnostic for node, _ in walk(module) for diagnostic in _check_node(node)]
    found += [
        Diagnostic("stray-return", "`return` stands only in a function", node.span, "write the expression alone: `x;`")
        for item in module.items
        for node in _returns_outside(item)
    ]
    return sorted(found, key=lambda diagnostic: 0 if diagnostic.span is None else diagnostic.span.start)


def _check_node(node: Tree) -> Iterator[Diagnostic]:
    match node:
        case Definition(name=name, parameters=parameters, body=body):
            yield from _twice(parameters, "parameter")
            if not any(isinstance(statement, Return) for statement in body):
                hint = "end the body with `return value;`"
                yield Diagnostic("missing-return", f"`{shortened(name.name)}` returns nothing", name.span, hint)
        case Loop(names=names) | ListComprehension(names=names) | DictComprehension(names=names):
            yield from _twice(names, "loop variable")


def _twice(names: tuple[Name, ...], what: str) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for name in names:
        if name.name in seen:
            message = f"`{shortened(name.name)}` is a {what} twice"
            yield Diagnostic("name-twice", message, name.span, "choose different names")
        seen.add(name.name)


def _returns_outside(item: Tree) -> Iterator[Return]:
    stack: list[Tree | Statement] = [item]
    while stack:
        node = stack.pop()
        if isinstance(node, Return):
            yield node
        elif isinstance(node, Loop):
            stack.extend(reversed(node.body))
