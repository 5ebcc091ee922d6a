"""Text to syntax tree, or to all the mistakes in it."""

from __future__ import annotations

from collections.abc import Iterable

from .build_tree import Builder
from .diagnostics import Diagnostic, RaspError
from .source_file import refuse_long_text
from .span import Source
from .syntax_errors import explain, is_missing_semicolon
from .tokens import Token
from .tree import Item, Module, Tree
from .tree_checks import check

#: Mistakes of one text that are reported; later ones mostly follow from the first.
MAX_MISTAKES = 20


def parse(source: Source) -> Module:
    """The tree of a whole text.  Raises RaspError with all the mistakes that can be told apart, in the text's order."""
    from .incremental_parser import tokenize  # imports Lark, which takes 0.05 s

    refuse_long_text(source)
    tokens, comments = tokenize(source)
    nodes, mistakes = _statements(source, tokens)
    if not mistakes:
        module = Module(source, items_of(nodes), tuple(comments))
        mistakes = check(module)[:MAX_MISTAKES]
    if mistakes:
        raise RaspError(mistakes)
    return module


def items_of(nodes: Iterable[Tree]) -> tuple[Item, ...]:
    """Statements as the grammar gives them, with their type."""
    return tuple([node for node in nodes if isinstance(node, Item)])


def _statements(source: Source, tokens: list[Token]) -> tuple[list[Tree], list[Diagnostic]]:
    """The statements of a text and its syntax errors.

    After an error the parser goes on at the next statement of the top level; a missing `;` is added.
    """
    from .incremental_parser import StatementReader

    builder = Builder(source)
    reader = StatementReader(source, tokens, builder)
    mistakes: list[Diagnostic] = []
    while (place := reader.read()) is not None:
        at_end = place.index == len(tokens)
        semicolon = Token("SEMICOLON", "", tokens[place.index - 1].end, tokens[place.index - 1].end)
        if at_end and reader.depth == 0 and is_missing_semicolon(place):
            # The reference's prompt takes a last statement without `;`.
            reader.supply(semicolon)
            continue
        mistake = explain(place)
        mistakes.append(mistake)
        if len(mistakes) >= MAX_MISTAKES:
            break
        if mistake.code == "missing-semicolon" and not at_end:
            reader.supply(semicolon)
        else:
            reader.skip_statement()
    mistakes += builder.mistakes
    mistakes.sort(key=lambda diagnostic: 0 if diagnostic.span is None else diagnostic.span.start)
    return reader.statements, mistakes
