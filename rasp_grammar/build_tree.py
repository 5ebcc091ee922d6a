"""Builds the syntax tree: a function for each rule of rasp.lark that gives a node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar, cast

from . import tree
from .diagnostics import Diagnostic
from .span import Source, Span
from .tokens import Token
from .tree import Tree

#: Longer numbers are refused: no transformer can hold them, and Python limits the conversion to 4,300 digits.
MAX_DIGITS = 1000

T = TypeVar("T", bound=Tree)
Parts = Sequence[Token | Tree]


@dataclass(frozen=True, eq=False)
class _NodeList(Tree):
    """The nodes that a rule collects for the rule above it."""

    nodes: tuple[Tree, ...]


class Builder:
    """Makes the nodes of one source.  `mistakes`: errors that the grammar cannot express."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.mistakes: list[Diagnostic] = []

    def __call__(self, rule: str, parts: Parts) -> Tree:
        """The node for a rule; its span goes from the first part to the last."""
        first, last = parts[0], parts[-1]
        start = first.start if isinstance(first, Token) else first.span.start
        end = last.end if isinstance(last, Token) else last.span.end
        return RULES[rule](self, Span(self._source, start, end), parts)

    def number(self, span: Span, parts: Parts) -> Tree:
        text = _token(parts, 0).text
        if len(text) > MAX_DIGITS:
            hint = f"numbers have at most {MAX_DIGITS} digits"
            self.mistakes.append(Diagnostic("number-too-long", "this number is too long", span, hint))
            return tree.Number(span, 0)
        return tree.Number(span, Fraction(text) if "." in text else int(text))

    def name(self, span: Span, parts: Parts) -> tree.Name:
        return tree.Name(span, _token(parts, 0).text)

    def text(self, span: Span, parts: Parts) -> tree.Text:
        return tree.Text(span, _token(parts, 0).text[1:-1])

    def names(self, span: Span, parts: Parts) -> Tree:
        return _NodeList(
            span,
            tuple(
                tree.Name(Span(self._source, part.start, part.end), part.text)
                for part in parts
                if isinstance(part, Token) and part.kind == "NAME"
            ),
        )

    def bundle(self, span: Span, parts: Parts) -> Tree:
        return _NodeList(span, _nodes(parts))

    def definition(self, span: Span, parts: Parts) -> Tree:
        token = _token(parts, 1)
        name = tree.Name(Span(self._source, token.start, token.end), token.text)
        *names, body = _nodes(parts)
        parameters = _inside(names[0], tree.Name) if names else ()
        return tree.Definition(span, name, parameters, _statements(body))

    def load(self, span: Span, parts: Parts) -> Tree:
        token = _token(parts, 1)
        return tree.Load(span, tree.Text(Span(self._source, token.start, token.end), token.text[1:-1]))


def _token(parts: Parts, index: int) -> Token:
    part = parts[index]
    assert isinstance(part, Token)
    return part


def _nodes(parts: Parts) -> tuple[Tree, ...]:
    return tuple(part for part in parts if not isinstance(part, Token))


def _expressions(parts: Iterable[Token | Tree]) -> tuple[tree.Expression, ...]:
    # The grammar allows only expressions there, which the type checker cannot know.
    return cast("tuple[tree.Expression, ...]", tuple(part for part in parts if not isinstance(part, Token)))


def _expression(part: Token | Tree) -> tree.Expression:
    return _expressions([part])[0]


def _inside(bundle: Tree, kind: type[T]) -> tuple[T, ...]:
    assert isinstance(bundle, _NodeList)
    nodes: list[T] = []
    for node in bundle.nodes:
        assert isinstance(node, kind)
        nodes.append(node)
    return tuple(nodes)


def _statements(block: Tree) -> tuple[tree.Statement, ...]:
    assert isinstance(block, _NodeList)
    return cast("tuple[tree.Statement, ...]", block.nodes)


def _operation(_: Builder, span: Span, parts: Parts) -> Tree:
    left, right = _expressions(parts)
    return tree.Binary(span, _token(parts, 1).text, left, right)


def _call(_: Builder, span: Span, parts: Parts) -> Tree:
    function, *rest = _nodes(parts)
    arguments = _nodes(_inside(rest[0], Tree)) if rest else ()
    return tree.Call(span, _expression(function), cast("tuple[tree.Expression | tree.Operator, ...]", arguments))


def _ternary(_: Builder, span: Span, parts: Parts) -> Tree:
    return tree.Ternary(span, *_expressions(parts))


def _entry(_: Builder, span: Span, parts: Parts) -> Tree:
    return tree.Entry(span, *_expressions(parts))


def _entries(parts: Parts) -> tuple[tree.Entry, ...]:
    return tuple(part for part in parts if isinstance(part, tree.Entry))


def _list_comprehension(_: Builder, span: Span, parts: Parts) -> Tree:
    item, names, iterable = _nodes(parts)
    return tree.ListComprehension(span, _expression(item), _inside(names, tree.Name), _expression(iterable))


def _dict_comprehension(_: Builder, span: Span, parts: Parts) -> Tree:
    entry, names, iterable = _nodes(parts)
    assert isinstance(entry, tree.Entry)
    return tree.DictComprehension(span, entry, _inside(names, tree.Name), _expression(iterable))


def _assignment(_: Builder, span: Span, parts: Parts) -> Tree:
    names, values = _nodes(parts)
    assert isinstance(values, _NodeList)
    return tree.Assignment(span, _inside(names, tree.Name), _expressions(values.nodes))


def _return(_: Builder, span: Span, parts: Parts) -> Tree:
    (values,) = _nodes(parts)
    assert isinstance(values, _NodeList)
    return tree.Return(span, _expressions(values.nodes))


def _loop(_: Builder, span: Span, parts: Parts) -> Tree:
    names, iterable, body = _nodes(parts)
    return tree.Loop(span, _inside(names, tree.Name), _expression(iterable), _statements(body))


def _set_example(_: Builder, span: Span, parts: Parts) -> Tree:
    words = _token(parts, 0).text.split()
    return tree.SetExample(span, words[1] if len(words) == 3 else "", *_expressions(parts))


def _operator(_: Builder, span: Span, parts: Parts) -> Tree:
    return tree.Operator(span, cast("tree.Comparator", _token(parts, 0).text))


RULES: dict[str, Callable[[Builder, Span, Parts], Tree]] = {
    "number": Builder.number,
    "name": Builder.name,
    "text": Builder.text,
    "truth_value": lambda _, span, parts: tree.Boolean(span, _token(parts, 0).kind == "TRUE"),
    "group": lambda _, span, parts: tree.Group(span, *_expressions(parts)),
    "list": lambda _, span, parts: tree.ListDisplay(span, _expressions(parts)),
    "dict": lambda _, span, parts: tree.DictDisplay(span, _entries(parts)),
    "entry": _entry,
    "list_comprehension": _list_comprehension,
    "dict_comprehension": _dict_comprehension,
    "unary": lambda _, span, parts: tree.Unary(span, _token(parts, 0).text, *_expressions(parts)),
    "power": _operation,
    "product": _operation,
    "remainder": _operation,
    "sum": _operation,
    "comparison": _operation,
    "truth": _operation,
    "membership": lambda _, span, parts: tree.Membership(span, *_expressions(parts)),
    "ternary": _ternary,
    "operator": _operator,
    "call": _call,
    "index": lambda _, span, parts: tree.Index(span, *_expressions(parts)),
    "names": Builder.names,
    "values": Builder.bundle,
    "arguments": Builder.bundle,
    "block": Builder.bundle,
    "expression_statement": lambda _, span, parts: tree.ExpressionStatement(span, *_expressions(parts)),
    "assignment": _assignment,
    "return_statement": _return,
    "definition": Builder.definition,
    "loop": _loop,
    "load": Builder.load,
    "set_vocab": lambda _, span, parts: tree.SetVocabulary(span, *_expressions(parts)),
    "set_max_length": lambda _, span, parts: tree.SetMaxLength(span, *_expressions(parts)),
    "set_example": _set_example,
    "directive": lambda _, span, parts: tree.Directive(span, tuple(_token(parts, 0).text.split())),
}
