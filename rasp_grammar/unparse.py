"""Syntax tree to RASP text, in the style of `raspc fmt`: the inverse of the parser.

The tree may come from a text or be made by a program.  A `Group` node is a pair of parentheses; where a tree lacks one
that its shape needs, it is added.  Parsing the text gives the tree again, except for spans and for the added groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import assert_never

from .format.format_source import format_source
from .names import is_name
from .span import Source
from .tree import (
    Assignment,
    Binary,
    Boolean,
    Call,
    Definition,
    DictComprehension,
    DictDisplay,
    Directive,
    Entry,
    Expression,
    ExpressionStatement,
    Group,
    Index,
    Item,
    ListComprehension,
    ListDisplay,
    Load,
    Loop,
    Membership,
    Name,
    Number,
    Operator,
    Return,
    SetExample,
    SetMaxLength,
    SetVocabulary,
    Ternary,
    Text,
    Tree,
    Unary,
)

# Precedence levels of expressions as in rasp.lark, from the weakest binding to the strongest.
_MEMBERSHIP, _TERNARY, _TRUTH, _COMPARISON, _SUM, _REMAINDER, _PRODUCT, _POWER, _UNARY, _POSTFIX = range(10)

_LEVELS = {
    **dict.fromkeys(("and", "or"), _TRUTH),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _COMPARISON),
    **dict.fromkeys(("+", "-"), _SUM),
    "%": _REMAINDER,
    **dict.fromkeys(("*", "/", "//"), _PRODUCT),
    "^": _POWER,
}

#: `exit()` is a command to the REPL, not a call.
_COMMANDS = frozenset({"exit", "quit"})

_Piece = str | Tree


def unparse(items: Iterable[Item], comments: Mapping[Item, str] | None = None) -> str:
    """The text of a program.  `comments` holds a text to stand above an item; its lines become comments.

    Raises ValueError for a node that no text has: a name that is a keyword, a number without a finite decimal form, a
    string with both kinds of quotes or a line break.  Raises RaspError for a tree that is no program (a `return`
    outside a function), or is too deep or too long for the parser.
    """
    comments = {} if comments is None else comments
    lines: list[str] = []
    before: Item | None = None
    for item in items:
        comment = comments.get(item)
        if before is not None and (comment is not None or _stand_apart(before, item)):
            lines.append("")
        if comment is not None:
            lines += [f"# {line}".rstrip() for line in comment.splitlines()]
        lines.append(_text(item))
        before = item
    return format_source(Source("<tree>", "\n".join(lines)))


def unparse_expression(expression: Expression) -> str:
    """An expression on one line, not formatted.  Raises ValueError, as `unparse` does."""
    return _text(expression)


def _stand_apart(before: Item, item: Item) -> bool:
    """Whether a blank line separates two items: definitions, and declarations from what follows them."""
    declarations = (SetVocabulary, SetMaxLength, SetExample, Load)
    if isinstance(before, Definition) or isinstance(item, Definition):
        return True
    return isinstance(before, declarations) != isinstance(item, declarations)


def _text(node: Tree) -> str:
    """Explicit stack: trees are deeper than Python's."""
    words: list[str] = []
    stack: list[_Piece] = [node]
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            words.append(piece)
        else:
            stack += reversed(_pieces(piece))
    return "".join(words)


def _pieces(node: Tree) -> Sequence[_Piece]:
    """The words of a node and the nodes below it, in the order of the text."""
    match node:
        case Name(name=name):
            if not is_name(name):
                raise ValueError(f"{name!r} is no name of RASP")
            return [name]
        case Number(value=value):
            return [_number(value)]
        case Text(value=value):
            return [_quoted(value)]
        case Boolean(value=truth):
            return [str(truth)]
        case Operator(symbol=symbol):
            return [symbol]
        case Group(inner=inner):
            return ["(", inner, ")"]
        case ListDisplay(items=items):
            return ["[", *_joined(items), "]"]
        case DictDisplay(entries=entries):
            return ["{", *_joined(entries), "}"]
        case Entry(key=key, value=value):
            return [key, ": ", value]
        case ListComprehension(item=item, names=names, iterable=iterable):
            return ["[", item, " for ", *_joined(names), " in ", iterable, "]"]
        case DictComprehension(entry=entry, names=names, iterable=iterable):
            return ["{", entry, " for ", *_joined(names), " in ", iterable, "}"]
        case Unary(operator=operator, operand=operand):
            return ["not " if operator == "not" else operator, *_operand(operand, _UNARY)]
        case Binary(operator=operator, left=left, right=right):
            level = _LEVELS[operator]
            return [*_operand(left, level), f" {operator} ", *_operand(right, level + 1)]
        case Membership(item=item, container=container):
            return [item, " in ", *_operand(container, _TERNARY)]
        case Ternary(then=then, condition=condition, otherwise=otherwise):
            return [*_operand(then, _TERNARY), " if ", condition, " else ", *_operand(otherwise, _TRUTH)]
        case Call(function=Name(name=name), arguments=()) if name in _COMMANDS:
            return ["(", name, ")()"]
        case Call(function=function, arguments=arguments):
            return [*_operand(function, _POSTFIX), "(", *_joined(arguments), ")"]
        case Index(target=target, index=index):
            return [*_operand(target, _POSTFIX), "[", index, "]"]
        case ExpressionStatement(expression=expression):
            return [expression, ";"]
        case Assignment(names=names, values=values):
            return [*_joined(names), " = ", *_joined(values), ";"]
        case Return(values=values):
            return ["return ", *_joined(values), ";"]
        case Definition(name=Name(name=name), parameters=()) if name in _COMMANDS:
            raise ValueError(f"`{name}()` is a command: a function of this name needs a parameter")
        case Definition(name=name, parameters=parameters, body=body):
            return ["def ", name, "(", *_joined(parameters), ") {\n", *_lines(body), "}"]
        case Loop(names=names, iterable=iterable, body=body):
            return ["for ", *_joined(names), " in ", iterable, " {\n", *_lines(body), "}"]
        case Load(path=path):
            return ["load ", path, ";"]
        case SetVocabulary(value=value):
            return ["set vocab ", value, ";"]
        case SetMaxLength(value=value):
            return ["set max_length ", value, ";"]
        case SetExample(what=what, value=value):
            return [f"set {what} example " if what else "set example ", value, ";"]
        case Directive(words=words):
            return [" ".join(words), ";"]
        case _:
            raise AssertionError(f"a node of no known kind: {node!r}")


def _operand(node: Expression, level: int) -> Sequence[_Piece]:
    """The operand, in parentheses where it binds more loosely than `level`."""
    return [node] if _level(node) >= level else ["(", node, ")"]


def _level(node: Expression) -> int:
    match node:
        case Membership():
            return _MEMBERSHIP
        case Ternary():
            return _TERNARY
        case Binary(operator=operator):
            return _LEVELS[operator]
        case Unary():
            return _UNARY
        case (
            Name()
            | Number()
            | Text()
            | Boolean()
            | Group()
            | ListDisplay()
            | DictDisplay()
            | ListComprehension()
            | DictComprehension()
            | Call()
            | Index()
        ):
            return _POSTFIX
    assert_never(node)


def _joined(nodes: Sequence[Tree]) -> list[_Piece]:
    parts: list[_Piece] = []
    for node in nodes:
        parts += [node] if not parts else [", ", node]
    return parts


def _lines(body: Sequence[Tree]) -> list[_Piece]:
    return [piece for statement in body for piece in (statement, "\n")]


def _number(value: int | Fraction) -> str:
    """The decimal form: `0.125`; a whole fraction keeps its point: `2.0`."""
    if value < 0 or isinstance(value, bool):
        raise ValueError(f"{value!r} is no number of RASP: a sign is an operator, a boolean has a node of its own")
    if isinstance(value, int):
        return str(value)
    twos, fives, rest = 0, 0, value.denominator
    while rest % 2 == 0:
        twos, rest = twos + 1, rest // 2
    while rest % 5 == 0:
        fives, rest = fives + 1, rest // 5
    if rest != 1:
        raise ValueError(f"{value!r} is no number of RASP: it has no finite decimal form")
    digits = max(twos, fives, 1)
    whole, part = divmod(value.numerator * 10**digits // value.denominator, 10**digits)
    return f"{whole}.{part:0{digits}}"


def _quoted(value: str) -> str:
    quote = "'" if '"' in value else '"'
    if "\n" in value or quote in value:
        raise ValueError(f"{value!r} is no string of RASP: it has a line break or both kinds of quotes")
    return f"{quote}{value}{quote}"
