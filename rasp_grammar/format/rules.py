"""Prints each construct of RASP: from rules of rasp.lark to the parts of a layout.

The formatter builds a tree of its own that keeps every token (`Concrete`): it prints the author's spelling, and the
syntax tree has no commas and no quotes.

- One statement a line; bodies are indented by four and never on the line of their `{`.
- Operators have a space on each side, except a leading `-` and `+`; lines break before operators, `if`, `else`,
  `for` and `in`.
- Brackets that do not fit on a line open and close on lines of their own: what is inside stands on one line between
  them if it fits there, otherwise one item a line with a comma behind the last.  Lists and dicts of plain words,
  numbers and strings fill their lines instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..span import Source, Span
from ..tokens import LINE_STATEMENTS, Token
from ..tree import Tree
from .layout import Break, Close, Comma, Dedent, Gap, Indent, LayoutGroup, LayoutPart, Open, Word, rigid

#: Left-recursive rules: `a + b + c` is one chain, not two nested sums.
_CHAINS = frozenset({"sum", "product", "remainder", "power", "truth"})
_OPERATIONS = _CHAINS | {"comparison", "membership", "ternary"}
_ATOMS = frozenset({"name", "number", "text", "truth_value"})
_DISPLAYS = frozenset({"list", "dict", "list_comprehension", "dict_comprehension"})
_BRACKETED = _DISPLAYS | {"call", "index", "group"}
_LINE_RULES = frozenset({"set_vocab", "set_max_length", "set_example", "load", "directive"})


@dataclass(frozen=True, eq=False)
class Concrete(Tree):
    """A rule of the grammar with all its parts; `span` is where they stand."""

    rule: str
    parts: tuple[Token | Tree, ...]


def concrete(source: Source, rule: str, parts: Sequence[Token | Tree]) -> Concrete:
    """The node for a rule; the formatter's counterpart of `build_tree.Builder`."""
    return Concrete(Span(source, _start(parts[0]), _end(parts[-1])), rule, tuple(parts))


def parts_of(items: Iterable[Tree]) -> list[LayoutPart]:
    """The parts of a whole text, from the first break to the last."""
    parts: list[LayoutPart] = [Break("", hard=True, opening=True)]
    for item in items:
        assert isinstance(item, Concrete)
        of_item = list(_expanded(item))
        parts += rigid(of_item) if item.rule in _LINE_RULES else of_item
        parts.append(Break("", hard=True))
    return parts


def _expanded(item: Concrete) -> Iterator[LayoutPart]:
    stack: list[LayoutPart | _Element] = [item]
    while stack:
        piece = stack.pop()
        match piece:
            case Concrete():
                stack += reversed(list(_shape(piece)))
            case _LeadingOperator():
                yield Word(piece.operator.text, piece.operator.start, joins=True)
            case _BareOperation():
                stack += reversed(list(_operation(piece.operation, indented=False)))
            case Token():
                yield _word(piece)
            case Tree():
                raise AssertionError(f"the formatter did not build {piece!r}")
            case _:
                yield piece


def _word(token: Token) -> Word:
    if token.text == "":  # a `;` that the author left to the end of the line
        return Word(";", token.start)
    return Word(" ".join(token.text.split()) if token.kind in LINE_STATEMENTS else token.text, token.start)


@dataclass(frozen=True)
class _BareOperation:
    """An operation that is alone in its brackets, which indent it already."""

    operation: Concrete


@dataclass(frozen=True)
class _LeadingOperator:
    """An operator with a break before it."""

    operator: Token


_Element = Token | Tree | _BareOperation | _LeadingOperator
_Shape = Iterator[LayoutPart | _Element]


def _shape(node: Concrete) -> _Shape:
    """The parts of a node, its children not yet expanded."""
    parts = node.parts
    match node.rule:
        case rule if rule in _OPERATIONS:
            yield from _operation(node, indented=True)
        case "unary":
            yield parts[0]
            if _kind(parts[0]) == "NOT":
                yield Gap()
            yield parts[1]
        case "group" | "index":
            *target, opening, inner, closing = parts
            yield from target
            yield from _bracketed(opening, [_alone(inner)], closing)
        case "call":
            function, opening, *arguments, closing = parts
            yield function
            display = _only_display(arguments)
            if display is not None:
                yield from (opening, display, closing)
            else:
                yield from _bracketed(opening, _items(arguments), closing)
        case "list" | "dict":
            opening, *members, closing = parts
            filling = all(_is_plain(member) for member in members)
            yield from _bracketed(opening, _separated(members, filling), closing)
        case "list_comprehension" | "dict_comprehension":
            opening, item, word, names, in_word, iterable, closing = parts
            yield from _bracketed(opening, _clauses(item, [word, names, in_word, iterable]), closing)
        case "entry":
            key, colon, value = parts
            yield from (key, colon, Gap(), value)
        case "names" | "values" if len(parts) > 1:
            yield Indent()
            yield from _separated(parts, filling=False, comma=False)
            yield Dedent()
        case "definition":
            word, name, opening, *parameters, closing, block = parts
            yield from (word, Gap(), name)
            yield from _bracketed(opening, _items(parameters, comma=False), closing)
            yield from (Gap(), block)
        case "block":
            yield from _block(parts)
        case (
            "directive"
            | "expression_statement"
            | "names"
            | "values"
            | "name"
            | "number"
            | "text"
            | "truth_value"
            | "operator"
        ):
            yield from parts
        case "assignment":
            names, sign, values, semicolon = parts
            yield from (names, Gap(), *_led(sign, values), semicolon)
        case "return_statement":
            word, values, semicolon = parts
            yield from (*_led(word, values), semicolon)
        case _:  # statements that begin with a word, loops
            yield from _spaced(parts)


def _operation(node: Concrete, indented: bool) -> _Shape:
    """An operator and its operands, those of a chain all in one group; `indented`: all but the first operand."""
    group = LayoutGroup()
    first, *links = _links(node)
    yield from (Open(group), *first)
    if indented:
        yield Indent()
    for link in links:
        yield from link
    if indented:
        yield Dedent()
    yield Close(group)


def _links(node: Concrete) -> Iterator[Sequence[LayoutPart | _Element]]:
    """The first operand, then each operator with its operand and what stands before it."""
    if node.rule == "ternary":
        then, if_word, condition, else_word, otherwise = node.parts
        group = LayoutGroup()
        yield (Open(group), then, Indent(), *_joined(if_word, condition), Dedent(), Close(group))
        yield _joined(else_word, otherwise)
        return
    operands: list[Token | Tree] = []
    operators: list[Token | Tree] = []
    left: Token | Tree = node
    while isinstance(left, Concrete) and left.rule == node.rule and (left is node or node.rule in _CHAINS):
        left, operator, right = left.parts
        operands.append(right)
        operators.append(operator)
    operands.append(left)
    operands.reverse()
    operators.reverse()
    yield (left,)
    for (before, operand), operator in zip(pairwise(operands), operators, strict=True):
        # `) == 0` is no line of its own.
        hanging = node.rule != "truth" and _ends_in_bracket(before) and _is_plain(operand)
        yield (Gap(), operator, Gap(), operand) if hanging else _joined(operator, operand)


def _joined(operator: Token | Tree, operand: Token | Tree) -> Sequence[LayoutPart | _Element]:
    assert isinstance(operator, Token)
    return (Break(), _LeadingOperator(operator), Gap(), operand)


def _ends_in_bracket(part: Token | Tree) -> bool:
    return isinstance(part, Concrete) and part.rule in _BRACKETED


def _led(word: Token | Tree, values: Token | Tree) -> Sequence[LayoutPart | _Element]:
    """A word or sign and the values behind it, with a break where a comment may stand."""
    place = Break(reluctant=True)
    return (word, Indent(place), place, values, Dedent(place))


def _spaced(parts: Iterable[Token | Tree]) -> _Shape:
    for index, part in enumerate(parts):
        if index > 0 and _kind(part) != "SEMICOLON":
            yield Gap()
        yield part


def _clauses(item: Token | Tree, source: Sequence[Token | Tree]) -> list[LayoutPart | _Element]:
    """The inside of a comprehension: the item, and where its names come from."""
    group = LayoutGroup()
    return [Open(group), item, Break(), *_spaced(source), Close(group)]


def _bracketed(opening: _Element, inner: Sequence[LayoutPart | _Element], closing: _Element) -> _Shape:
    group = LayoutGroup()
    yield from (Open(group), opening, Indent())
    if inner:
        yield Break("", opening=True)
        yield from inner
    yield from (Break("", opening=not inner, closing=True), closing, Close(group))


def _block(parts: Sequence[Token | Tree]) -> _Shape:
    opening, *inner, closing = parts
    statements = [part for part in inner if isinstance(part, Tree)]
    if not statements:
        yield from _bracketed(opening, (), closing)
        return
    yield from (opening, Indent(), Break("", hard=True, opening=True))
    for index, statement in enumerate(statements):
        if index > 0:
            yield Break("", hard=True)
        yield statement
    yield from (Break("", hard=True, closing=True), closing)


def _items(inner: Sequence[Token | Tree], comma: bool = True) -> Sequence[LayoutPart | _Element]:
    """The arguments of a call, or the parameters of a definition, behind which no comma is allowed."""
    if not inner:
        return ()
    (bundle,) = inner
    assert isinstance(bundle, Concrete)
    return _separated(bundle.parts, filling=False, comma=comma)


def _only_display(arguments: Sequence[Token | Tree]) -> Concrete | None:
    """The list or dict that is all of a call's arguments: `f([` and `])` then share the lines of their brackets."""
    if not arguments:
        return None
    (bundle,) = arguments
    assert isinstance(bundle, Concrete)
    first, *rest = bundle.parts
    alone = all(_kind(part) == "COMMA" for part in rest)
    return first if alone and isinstance(first, Concrete) and first.rule in _DISPLAYS else None


def _separated(parts: Sequence[Token | Tree], filling: bool, comma: bool = True) -> list[LayoutPart | _Element]:
    """Items with commas between them; `comma`: one behind the last, too, where they stand on lines of their own."""
    items = [part for part in parts if isinstance(part, Tree) or part.kind != "COMMA"]
    commas = [part for part in parts if isinstance(part, Token) and part.kind == "COMMA"]
    if not items:
        return []
    if len(items) == 1 and comma:
        return [_alone(items[0])]
    group = LayoutGroup(filling)
    shape: list[LayoutPart | _Element] = [Open(group), items[0]]
    for sign, item in zip(commas[: len(items) - 1], items[1:], strict=True):
        shape += [sign, Break(), item]
    if comma and not filling:
        shape.append(Comma())
    return [*shape, Close(group)]


def _alone(node: Token | Tree) -> _Element:
    return _BareOperation(node) if isinstance(node, Concrete) and node.rule in _OPERATIONS else node


def _is_plain(part: Token | Tree) -> bool:
    """Whether an item is a word, a number or a string, or an entry of two such."""
    if isinstance(part, Token):
        return True
    assert isinstance(part, Concrete)
    if part.rule == "unary":
        return _kind(part.parts[0]) != "NOT" and _is_atom(part.parts[1])
    if part.rule == "entry":
        return _is_atom(part.parts[0]) and _is_atom(part.parts[2])
    return part.rule in _ATOMS


def _is_atom(part: Token | Tree) -> bool:
    return isinstance(part, Concrete) and part.rule in _ATOMS


def _kind(part: Token | Tree) -> str:
    return part.kind if isinstance(part, Token) else ""


def _start(part: Token | Tree) -> int:
    return part.start if isinstance(part, Token) else part.span.start


def _end(part: Token | Tree) -> int:
    return part.end if isinstance(part, Token) else part.span.end
