"""The syntax tree: one class for each construct of RASP.

Every node carries the span of its text, parentheses and final `;` included.  Nodes are compared by identity: equal
texts in two places are two nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Literal

from .span import Source, Span

Comparator = Literal["==", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, eq=False)
class Tree:
    """The base of all nodes."""

    span: Span


# --- expressions


@dataclass(frozen=True, eq=False)
class Name(Tree):
    name: str


@dataclass(frozen=True, eq=False)
class Number(Tree):
    """Decimals are exact: `0.1` is one tenth."""

    value: int | Fraction


@dataclass(frozen=True, eq=False)
class Text(Tree):
    value: str


@dataclass(frozen=True, eq=False)
class Boolean(Tree):
    value: bool


@dataclass(frozen=True, eq=False)
class Group(Tree):
    """An expression in parentheses."""

    inner: Expression


@dataclass(frozen=True, eq=False)
class ListDisplay(Tree):
    items: tuple[Expression, ...]


@dataclass(frozen=True, eq=False)
class DictDisplay(Tree):
    entries: tuple[Entry, ...]


@dataclass(frozen=True, eq=False)
class Entry(Tree):
    """`key: value` of a dict."""

    key: Expression
    value: Expression


@dataclass(frozen=True, eq=False)
class ListComprehension(Tree):
    item: Expression
    names: tuple[Name, ...]
    iterable: Expression


@dataclass(frozen=True, eq=False)
class DictComprehension(Tree):
    entry: Entry
    names: tuple[Name, ...]
    iterable: Expression


@dataclass(frozen=True, eq=False)
class Unary(Tree):
    """`operator` is `+`, `-` or `not`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, eq=False)
class Binary(Tree):
    """`operator` is the sign or word between the two: arithmetic, a comparison, `and` or `or`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, eq=False)
class Membership(Tree):
    """`item in container`."""

    item: Expression
    container: Expression


@dataclass(frozen=True, eq=False)
class Ternary(Tree):
    """`then if condition else otherwise`."""

    then: Expression
    condition: Expression
    otherwise: Expression


@dataclass(frozen=True, eq=False)
class Operator(Tree):
    """A comparison given as an argument: the `==` of `select(keys, queries, ==)`."""

    symbol: Comparator


@dataclass(frozen=True, eq=False)
class Call(Tree):
    function: Expression
    arguments: tuple[Expression | Operator, ...]


@dataclass(frozen=True, eq=False)
class Index(Tree):
    target: Expression
    index: Expression


Expression = (
    Name
    | Number
    | Text
    | Boolean
    | Group
    | ListDisplay
    | DictDisplay
    | ListComprehension
    | DictComprehension
    | Unary
    | Binary
    | Membership
    | Ternary
    | Call
    | Index
)

# --- statements


@dataclass(frozen=True, eq=False)
class ExpressionStatement(Tree):
    expression: Expression


@dataclass(frozen=True, eq=False)
class Assignment(Tree):
    """`a, b = x, y;`: several names take the items of one list, or one value each."""

    names: tuple[Name, ...]
    values: tuple[Expression, ...]


@dataclass(frozen=True, eq=False)
class Return(Tree):
    """Several values form a list."""

    values: tuple[Expression, ...]


@dataclass(frozen=True, eq=False)
class Definition(Tree):
    name: Name
    parameters: tuple[Name, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, eq=False)
class Loop(Tree):
    names: tuple[Name, ...]
    iterable: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True, eq=False)
class Load(Tree):
    path: Text


@dataclass(frozen=True, eq=False)
class SetVocabulary(Tree):
    value: Expression


@dataclass(frozen=True, eq=False)
class SetMaxLength(Tree):
    value: Expression


@dataclass(frozen=True, eq=False)
class SetExample(Tree):
    """`set example "abc"`; `what` is "s-op", "selector", or "" for both."""

    what: str
    value: Expression


@dataclass(frozen=True, eq=False)
class Directive(Tree):
    """A command to the reference's REPL, ignored in a file: `show example`, `examples off`."""

    words: tuple[str, ...]


Statement = ExpressionStatement | Assignment | Return | Definition | Loop | Load
Item = Statement | SetVocabulary | SetMaxLength | SetExample | Directive


@dataclass(frozen=True, eq=False)
class Module:
    """A whole text.  `comments` are in their order, each from `#` to the end of its line."""

    source: Source
    items: tuple[Item, ...]
    comments: tuple[Span, ...]


def children(node: Tree) -> tuple[Tree, ...]:
    """The nodes directly below a node, in the order of the text."""
    match node:
        case Group(inner=inner):
            return (inner,)
        case ListDisplay(items=items):
            return items
        case DictDisplay(entries=entries):
            return entries
        case Entry(key=key, value=value):
            return (key, value)
        case ListComprehension(item=head, names=names, iterable=iterable):
            return (head, *names, iterable)
        case DictComprehension(entry=head, names=names, iterable=iterable):
            return (head, *names, iterable)
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Membership(item=item, container=container):
            return (item, container)
        case Ternary(then=then, condition=condition, otherwise=otherwise):
            return (then, condition, otherwise)
        case Call(function=function, arguments=arguments):
            return (function, *arguments)
        case Index(target=target, index=index):
            return (target, index)
        case ExpressionStatement(expression=expression):
            return (expression,)
        case Assignment(names=names, values=values):
            return (*names, *values)
        case Return(values=values):
            return values
        case Definition(name=name, parameters=parameters, body=body):
            return (name, *parameters, *body)
        case Loop(names=names, iterable=iterable, body=body):
            return (*names, iterable, *body)
        case Load(path=path):
            return (path,)
        case SetVocabulary(value=value) | SetMaxLength(value=value) | SetExample(value=value):
            return (value,)
        case _:
            return ()


def walk(module: Module) -> Iterator[tuple[Tree, int]]:
    """Every node with its depth (items have depth 1), parents first, in the order of the text.  Does not recurse."""
    stack: list[tuple[Tree, int]] = [(item, 1) for item in reversed(module.items)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        stack.extend([(child, depth + 1) for child in reversed(children(node))])


def same_trees(one: object, other: object) -> bool:
    """Whether two nodes, tuples of nodes or values of nodes are equal, spans aside.  Never recursive."""
    stack = [(one, other)]
    while stack:
        one, other = stack.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, Tree):
            names = [field.name for field in fields(one) if field.name != "span"]
            stack += [(getattr(one, name), getattr(other, name)) for name in names]
        elif isinstance(one, tuple) and isinstance(other, tuple):
            if len(one) != len(other):
                return False
            stack += zip(one, other, strict=True)
        elif one != other:
            return False
    return True
