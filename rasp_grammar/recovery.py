"""A tree for a text that may not parse, as most texts do not while they are typed.

`parse` and `recover` read statements with the same `StatementReader` and differ in the repair.  `parse` reports errors,
so it leaves out whole statements of the top level: the rest of one that is damaged would give errors that follow from
the first.  `recover` keeps as much as possible: it adds a missing `;` or `}`, or leaves out the innermost statement.
Offsets stay those of the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .build_tree import Builder
from .diagnostics import Diagnostic, RaspError
from .incremental_parser import StatementReader, tokenize
from .parser import items_of, parse
from .source_file import refuse_long_text
from .span import Source
from .syntax_errors import Place
from .tokens import Token
from .tree import Module

#: The work that may be spent on one text, in tokens that are parsed again; then the rest of the text is left out.
MAX_WORK = 200_000

#: The work of finding out which tokens the grammar allows, once for each repair.
REPAIR_WORK = 100

#: Times that statements are taken out of a text until the rest is a program.
MAX_ATTEMPTS = 5

#: Terminals that begin a statement of the top level; inside braces, `def` does so at the beginning of a line.
_TOP_LEVEL = frozenset({"DEF", "LOAD", "SET_VOCAB", "SET_MAX_LENGTH", "SET_EXAMPLE"})
_STATEMENT_STARTS = _TOP_LEVEL | {"FOR", "RETURN"}
_BOUNDARIES = frozenset({"SEMICOLON", "LBRACE", "RBRACE"})


@dataclass(frozen=True)
class RecoveredText:
    """The readable part of a text.

    module: the statements that could be read.  If there are mistakes, `tree_checks` has not seen it.
    program: a text that parses, with spaces in place of what was left out; None where none was found.
    mistakes: what `parse` has against the text.
    """

    module: Module
    program: Source | None
    mistakes: tuple[Diagnostic, ...]

    @property
    def parses(self) -> bool:
        return len(self.mistakes) == 0


def recover(source: Source) -> RecoveredText:
    """The tree of a text, or of as much of it as can be read.  Raises RaspError if the text is too long."""
    refuse_long_text(source)
    try:
        return RecoveredText(parse(source), source, ())
    except RaspError as error:
        mistakes = error.diagnostics
    tokens, comments = tokenize(source)
    repair = _Repair(source, tokens)
    repair.run()
    module = Module(source, items_of(repair.reader.statements), tuple(comments))
    return RecoveredText(module, _program(module, repair.text()), mistakes)


def _program(module: Module, text: str) -> Source | None:
    """The repaired text, without the statements in which the parser still finds mistakes."""
    for _ in range(MAX_ATTEMPTS):
        source = Source(module.source.name, text, module.source.first_line)
        try:
            parse(source)
        except RaspError as error:
            offsets = [diagnostic.span.start for diagnostic in error.diagnostics if diagnostic.span is not None]
            # A statement that was closed at the end of the text has its `}` there.
            ranges = [
                (item.span.start, item.span.end if item.span.end < len(module.source.text) else len(text))
                for item in module.items
            ]
            at_fault = [(start, end) for start, end in ranges if any(start <= offset < end for offset in offsets)]
            if len(at_fault) == 0:
                return None
            text = _blanked(text, at_fault)
        else:
            return source
    return None


def _blanked(text: str, ranges: Iterable[tuple[int, int]]) -> str:
    """The text with spaces in place of ranges; ends of lines stay."""
    characters = list(text)
    for start, end in ranges:
        for index in range(start, end):
            if characters[index] not in "\r\n":
                characters[index] = " "
    return "".join(characters)


class _Repair:
    """The tokens of one text while they are made to parse."""

    def __init__(self, source: Source, tokens: list[Token]) -> None:
        self._source = source
        self._tokens = tokens
        self._left_out: list[tuple[int, int]] = []
        #: Signs that were added in place of a white character, by its offset; those behind the end of the text.
        self._added: dict[int, str] = {}
        self._added_at_end = ""
        self.reader = StatementReader(
            source, tokens, Builder(source), lambda token, depth: depth > 0 and self._begins_top_level(token)
        )

    def run(self) -> None:
        """Reads the text to its end, with as many repairs as it takes."""
        work = 0
        while (place := self.reader.read()) is not None:
            first, stop = self.reader.first, place.index
            # Asking for the allowed terminals copies the parser's stack, whose length is the nesting depth.
            work += REPAIR_WORK + (stop - first) // 10
            if work <= MAX_WORK and self._add(place):
                continue
            work += stop - first
            if work > MAX_WORK:
                self._leave_out(first, len(self._tokens))
            else:
                # A definition at the beginning of a line is whole, more likely than not; the one before it is not.
                before = stop < len(self._tokens) and self._begins_top_level(self._tokens[stop])
                self._leave_out(*self._statement(stop - before if stop > first else stop))
            self.reader.restart(first)

    def text(self) -> str:
        """The text that the remaining tokens make, each at its place."""
        characters = list(_blanked(self._source.text, self._left_out))
        for offset, sign in self._added.items():
            characters[offset] = sign
        text = "".join(characters)
        return f"{text}\n{self._added_at_end}" if self._added_at_end else text

    def _begins_top_level(self, token: Token) -> bool:
        """Whether a token at the beginning of a line looks like the start of a statement of the top level."""
        return token.kind in _TOP_LEVEL and (token.start == 0 or self._source.text[token.start - 1] == "\n")

    def _add(self, place: Place) -> bool:
        """Adds a `;` or `}` before the token at a place, if that helps and the text has room for it."""
        index = place.index
        if index == self.reader.first:
            return False
        before = self._tokens[index - 1]
        here = self._tokens[index] if index < len(self._tokens) else None
        between = self._source.text[before.end :] if here is None else self._source.text[before.end : here.start]
        if place.accepts("SEMICOLON") and not place.accepts("DEF"):
            kind, sign, ends_here = "SEMICOLON", ";", here is None or here.kind == "RBRACE" or "\n" in between
        elif place.accepts("DEF") and place.accepts("RBRACE"):
            kind, sign, ends_here = "RBRACE", "}", here is None or here.kind in _TOP_LEVEL
        else:
            return False
        if not ends_here:
            return False
        offset = self._room(kind, before.end, between, at_end=here is None)
        if offset is None:
            return False
        at_end = offset == len(self._source.text)
        self._tokens.insert(index, Token(kind, sign, offset, offset if at_end else offset + 1))
        if at_end:
            self._added_at_end += sign
        else:
            self._added[offset] = sign
        return True

    def _room(self, kind: str, start: int, between: str, *, at_end: bool) -> int | None:
        """The offset of a white character that a sign can replace, or of the end of the text; None without room.

        between: the text from `start` to the next token.  at_end: whether the end of the text comes next.
        """
        if kind == "RBRACE":
            if at_end:
                return len(self._source.text)
            places = [start + index for index, char in enumerate(between) if char == "\n"]
        else:
            # A `;` behind the `#` of a comment would be part of the comment.
            code = between.partition("#")[0]
            places = [start + index for index, char in enumerate(code) if char in " \t\r\n"]
        free = next((place for place in places if place not in self._added), None)
        return len(self._source.text) if free is None and at_end else free

    def _statement(self, index: int) -> tuple[int, int]:
        """The range of tokens of the innermost statement that contains, or ends before, a token."""
        start = index
        while start > 0 and self._tokens[start - 1].kind not in _BOUNDARIES:
            start -= 1
        end = start
        while end < len(self._tokens):
            kind = self._tokens[end].kind
            if kind == "SEMICOLON":
                end += 1
                break
            if kind in _BOUNDARIES or (end > start and self._starts_statement(end)):
                break
            end += 1
        if start < end:
            return start, end
        # The token is a brace that nothing else is to blame for.
        last = min(index, len(self._tokens) - 1)
        return last, last + 1

    def _starts_statement(self, index: int) -> bool:
        """Whether a token, first of its line, looks like the start of a statement."""
        token, before = self._tokens[index], self._tokens[index - 1]
        if "\n" not in self._source.text[before.end : token.start]:
            return False
        following = self._tokens[index + 1].kind if index + 1 < len(self._tokens) else ""
        return token.kind in _STATEMENT_STARTS or (token.kind == "NAME" and following == "ASSIGN")

    def _leave_out(self, start: int, end: int) -> None:
        """Takes a range of tokens out of the text, with the signs that were added in it."""
        for token in self._tokens[start:end]:
            if token.end > token.start:
                self._left_out.append((token.start, token.end))
            if token.kind in ("SEMICOLON", "RBRACE"):
                self._added.pop(token.start, None)
                if token.start == len(self._source.text):
                    self._added_at_end = ""
        del self._tokens[start:end]
