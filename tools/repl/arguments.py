"""What follows a command, as text or as the value of an expression; and what commands miss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...compiler.elaborate.scope import Object
from ...rasp_grammar import tree
from ...rasp_grammar.codes import Code
from ...rasp_grammar.diagnostics import error
from ...rasp_grammar.parser import parse
from ...rasp_grammar.span import Source, Span

if TYPE_CHECKING:
    from .conversation import Conversation


def rest_of(source: Source, start: int) -> tuple[str, Span]:
    """What follows the command, and its place (the command's own where nothing does)."""
    text = source.text[start:]
    argument = text.strip().rstrip(";").strip()
    if argument == "":
        line = len(source.text.rstrip())
        return "", Span(source, line - len(source.text.strip()), line)
    begin = start + text.index(argument[0])
    return argument, Span(source, begin, begin + len(argument))


def evaluated(conversation: Conversation, source: Source, start: int, command: str) -> tuple[tree.Expression, Object]:
    """The expression that follows the command, and its value; nothing is given a name."""
    argument, span = rest_of(source, start)
    hint = f"write `:{command} x`"
    if argument == "":
        raise error("unexpected-end", f"`:{command}` takes a name or an expression", span, hint)
    # Blank, so that places in the expression are places in the line.
    blanked = Source(source.name, " " * span.start + source.text[span.start :], source.first_line)
    items = parse(blanked).items
    if len(items) != 1 or not isinstance(items[0], tree.ExpressionStatement):
        raise error("unexpected-token", f"`:{command}` takes one expression", span, hint)
    expression = items[0].expression
    while isinstance(expression, tree.Group):
        expression = expression.inner
    return expression, conversation.session.evaluate(expression)


@dataclass(frozen=True)
class Lacking:
    """A declaration that the session has not made: the code and message for it, and how it could read."""

    code: Code
    message: str
    example: str


def missing_declarations(conversation: Conversation) -> list[Lacking]:
    """What the session has not said about the inputs."""
    found: list[Lacking] = []
    if conversation.session.vocabulary is None:
        message = "the session does not say which tokens the model is for"
        found.append(Lacking("no-vocabulary", message, '`set vocab "abc"`'))
    if conversation.session.max_length is None:
        message = "the session does not say how long the model's input may be"
        found.append(Lacking("no-length", message, "`set max_length 16`"))
    return found
