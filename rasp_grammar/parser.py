"""Text to syntax tree, or to all that is wrong with it."""

from __future__ import annotations

from pathlib import Path

from .build_tree import Builder
from .diagnostics import Diagnostic, RaspError, reason_of
from .span import Source, Span
from .syntax_errors import Place, explain, is_missing_semicolon
from .tables import Automaton, Tables, tables
from .tokens import Token, tokenize
from .tree import Item, Module, Tree
from .tree_checks import check

#: Longer texts are refused unread: no person wrote them, and reading them would take minutes.
MAX_CHARACTERS = 1 << 20

#: After so many mistakes the rest is noise.
MAX_MISTAKES = 20


def read_source(path: Path | str, name: str | None = None) -> Source:
    """The text of a file, named as the caller wrote it.  RaspError when it cannot be read as UTF-8 text."""
    shown = str(path) if name is None else name
    try:
        with Path(path).open("rb") as file:
            # UTF-8 takes up to four bytes a character.
            content = file.read(4 * MAX_CHARACTERS + 1)
    except FileNotFoundError:
        raise RaspError(Diagnostic("file-missing", f"there is no file `{shown}`", None, "check the path")) from None
    except IsADirectoryError:
        raise RaspError(Diagnostic("file-unreadable", f"`{shown}` is a folder", None, "name a file")) from None
    except (OSError, ValueError) as error:
        message = f"`{shown}` cannot be read: {reason_of(error)}"
        raise RaspError(Diagnostic("file-unreadable", message, None, "check the path")) from None
    if len(content) > 4 * MAX_CHARACTERS:
        message = f"`{shown}` is too long (more than {MAX_CHARACTERS:,} characters)"
        raise RaspError(Diagnostic("text-too-long", message, None, "split it into several files"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"`{shown}` is not UTF-8 text (byte {error.start})"
        raise RaspError(Diagnostic("file-encoding", message, None, "save it as UTF-8")) from None
    source = Source(shown, text)
    _refuse_long(source)
    return source


def parse(source: Source) -> Module:
    """The tree of a whole text.  RaspError with every mistake that could be told apart, in the order of the text."""
    _refuse_long(source)
    table = tables()
    tokens, comments = tokenize(source, table.lexer, table.keywords)
    items, mistakes = _items(source, tokens, table)
    if mistakes:
        raise RaspError(mistakes)
    module = Module(source, tuple(items), tuple(comments))
    mistakes = check(module)
    if mistakes:
        raise RaspError(mistakes[:MAX_MISTAKES])
    return module


def _refuse_long(source: Source) -> None:
    if len(source.text) > MAX_CHARACTERS:
        message = f"this text is too long ({len(source.text):,} characters; at most {MAX_CHARACTERS:,})"
        raise RaspError(Diagnostic("text-too-long", message, Span(source, 0, 1), "split it into several files"))


def _items(source: Source, tokens: list[Token], table: Tables) -> tuple[list[Item], list[Diagnostic]]:
    """Parses statement after statement; after a mistake goes on with the next one at top level."""
    builder = Builder(source)
    mistakes: list[Diagnostic] = []
    items: list[Tree] = []
    start = 0
    while start <= len(tokens) and len(mistakes) < MAX_MISTAKES:
        automaton = Automaton(table, builder)
        stop = _feed(source, tokens, start, automaton, mistakes)
        if stop is None:
            found = automaton.finish()
            assert found is not None
            items += found
            break
        start = _next_statement(tokens, *stop)
    mistakes += builder.mistakes
    mistakes.sort(key=lambda diagnostic: 0 if diagnostic.span is None else diagnostic.span.start)
    return [item for item in items if isinstance(item, Item)], mistakes


def _feed(
    source: Source, tokens: list[Token], start: int, automaton: Automaton, mistakes: list[Diagnostic]
) -> tuple[int, int] | None:
    """Feeds the tokens from `start`; where it gave up and how many braces are open there, or None at the end."""
    first = start  # where the top-level statement began
    depth = 0
    index = start
    while index < len(tokens):
        token = tokens[index]
        if automaton.feed(token):
            depth += (token.kind == "LBRACE") - (token.kind == "RBRACE")
            index += 1
            if depth == 0 and token.kind in ("SEMICOLON", "RBRACE") and automaton.accepts("DEF"):
                first = index
            continue
        place = Place(source, tokens, index, first, automaton.accepts)
        mistake = explain(place)
        mistakes.append(mistake)
        if mistake.code != "missing-semicolon" or len(mistakes) >= MAX_MISTAKES:
            return index, depth
        automaton.feed(Token("SEMICOLON", "", tokens[index - 1].end, tokens[index - 1].end))
        if depth == 0:
            first = index
    place = Place(source, tokens, index, first, automaton.accepts)
    if automaton.accepts("$END"):
        return None
    if depth == 0 and is_missing_semicolon(place):
        # The reference's prompt takes a last statement without `;`.
        automaton.feed(Token("SEMICOLON", "", tokens[-1].end, tokens[-1].end))
        return None
    mistakes.append(explain(place))
    return index, depth


def _next_statement(tokens: list[Token], stop: int, depth: int) -> int:
    """Where to go on after a mistake at `stop`, inside `depth` braces: behind the top-level statement that has it."""
    for index in range(stop, len(tokens)):
        kind = tokens[index].kind
        depth += (kind == "LBRACE") - (kind == "RBRACE")
        if depth <= 0 and kind in ("SEMICOLON", "RBRACE"):
            return index + 1
    return len(tokens) + 1
