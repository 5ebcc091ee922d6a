"""A tree for a text that does not parse, as it is most of the time while somebody types.

What cannot be read is left out, as little as possible: a `;` or `}` that is missing is added, else the innermost
statement that is in the way is dropped.  Offsets stay those of the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...rasp_grammar.build_tree import Builder
from ...rasp_grammar.diagnostics import RaspError
from ...rasp_grammar.parser import parse
from ...rasp_grammar.span import Source, Span
from ...rasp_grammar.tables import Automaton, tables
from ...rasp_grammar.tokens import Token, tokenize
from ...rasp_grammar.tree import Item, Module

#: Tokens that the repairs of one text may cost; after that the rest of the text is left out.
_PATIENCE = 200_000

#: Times that statements are taken out of a text until the rest can be run.
_ATTEMPTS = 5

#: What stands only at the top level of a file, or is nearly always there when it begins a line.
_TOP_LEVEL = frozenset({"DEF", "LOAD", "SET_VOCAB", "SET_MAX_LENGTH", "SET_EXAMPLE"})
_STARTS = _TOP_LEVEL | {"FOR", "RETURN"}
_BOUNDARIES = frozenset({"SEMICOLON", "LBRACE", "RBRACE"})


@dataclass(frozen=True)
class Recovered:
    """`module` holds what could be read; nobody has checked it (a function may lack its `return`).

    `runnable` is the text with blanks for what was left out, so that it parses; None where that failed."""

    module: Module
    runnable: Source | None
    whole: bool


def recover(source: Source) -> Recovered:
    """The tree of a text, or of as much of it as can be read.  RaspError when the text is too long to be read."""
    try:
        return Recovered(parse(source), source, True)
    except RaspError as error:
        if error.diagnostics[0].code == "text-too-long":
            raise
    repair = _Repair(source)
    items, comments = repair.run()
    module = Module(source, items, comments)
    return Recovered(module, _runnable(module, repair.text()), False)


def _runnable(module: Module, text: str) -> Source | None:
    """What the parser still has against a text that it can read concerns whole statements; they are blanked."""
    for _ in range(_ATTEMPTS):
        source = Source(module.source.name, text, module.source.first_line)
        try:
            parse(source)
        except RaspError as error:
            spans = [diagnostic.span for diagnostic in error.diagnostics if diagnostic.span is not None]
            # A statement that was closed at the end of the text has its `}` there.
            ranges = [
                (item.span.start, item.span.end if item.span.end < len(module.source.text) else len(text))
                for item in module.items
            ]
            at_fault = [(start, end) for start, end in ranges if any(start <= span.start < end for span in spans)]
            if len(at_fault) == 0:
                return None
            text = _blanked(text, at_fault)
        else:
            return source
    return None


def _blanked(text: str, ranges: Iterable[tuple[int, int]]) -> str:
    """The text with spaces in place of ranges; line ends stay."""
    characters = list(text)
    for start, end in ranges:
        for index in range(start, end):
            if characters[index] not in "\r\n":
                characters[index] = " "
    return "".join(characters)


class _Repair:
    """The tokens of one text while they are made to parse."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._table = tables()
        found, comments = tokenize(source, self._table.lexer, self._table.keywords)
        self._tokens = found
        self._comments = tuple(comments)
        self._dropped: list[tuple[int, int]] = []
        #: Signs that were added, by the offset before which they stand.
        self._added: list[tuple[int, str]] = []

    def run(self) -> tuple[tuple[Item, ...], tuple[Span, ...]]:
        """The items, after as many repairs as it takes."""
        spent = start = depth = 0
        automaton = Automaton(self._table, Builder(self._source))
        while True:
            stuck, depth = self._feed(automaton, start, depth)
            if stuck is None:
                found = automaton.finish()
                assert found is not None
                return tuple([item for item in found if isinstance(item, Item)]), self._comments
            if self._add(automaton, stuck):
                start = stuck  # what was read so far stays
                continue
            spent += stuck + 1
            if spent > _PATIENCE:
                self._drop(self._whole(), len(self._tokens))
            else:
                # A definition at the margin is whole, more likely than not; what is open before it is not.
                in_the_way = 0 < stuck < len(self._tokens) and self._is_top_level(self._tokens[stuck])
                self._drop(*self._statement(stuck - in_the_way))
            start = depth = 0
            automaton = Automaton(self._table, Builder(self._source))

    def text(self) -> str:
        """The text that the remaining tokens make, each at its place."""
        characters = list(_blanked(self._source.text, self._dropped))
        ending = ""
        for offset, sign in self._added:
            if offset < len(characters):
                characters[offset] = sign
            else:
                ending += sign
        text = "".join(characters)
        return f"{text}\n{ending}" if ending else text

    def _feed(self, automaton: Automaton, start: int, depth: int) -> tuple[int | None, int]:
        """Reads the tokens from `start` on, which is in `depth` braces.

        Gives the index of the token that cannot stand where it does (their number: the end cannot), or None when all
        is well, and the depth there."""
        for index in range(start, len(self._tokens)):
            token = self._tokens[index]
            if depth > 0 and self._is_top_level(token):
                return index, depth
            if not automaton.feed(token):
                return index, depth
            depth += (token.kind == "LBRACE") - (token.kind == "RBRACE")
        return None if automaton.accepts("$END") else len(self._tokens), depth

    def _whole(self) -> int:
        """How many tokens from the first on are whole statements."""
        automaton = Automaton(self._table, Builder(self._source))
        whole = 0
        for index, token in enumerate(self._tokens):
            if not automaton.feed(token):
                break
            if token.kind in _BOUNDARIES and automaton.accepts("$END"):
                whole = index + 1
        return whole

    def _is_top_level(self, token: Token) -> bool:
        """Whether a statement of the top level begins here, by the look of it: it stands at the margin."""
        return token.kind in _TOP_LEVEL and (token.start == 0 or self._source.text[token.start - 1] == "\n")

    def _add(self, automaton: Automaton, index: int) -> bool:
        """Adds a `;` or `}` before a token, if that helps and there is room for it in the text."""
        if index == 0:
            return False
        before = self._tokens[index - 1]
        here = self._tokens[index] if index < len(self._tokens) else None
        between = self._source.text[before.end :] if here is None else self._source.text[before.end : here.start]
        if automaton.accepts("SEMICOLON") and not automaton.accepts("DEF"):
            kind, sign, wanted = "SEMICOLON", ";", here is None or here.kind == "RBRACE" or "\n" in between
        elif automaton.accepts("DEF") and automaton.accepts("RBRACE"):
            kind, sign, wanted = "RBRACE", "}", here is None or here.kind in _TOP_LEVEL
        else:
            return False
        taken = {offset for offset, _ in self._added}
        room = [before.end + place for place, char in enumerate(between) if char in " \t\r\n"]
        # A sign behind a comment's `#` would be part of the comment.
        comment = between.find("#")
        places = [
            place
            for place in room
            if place not in taken and (comment == -1 or place < before.end + comment or kind == "RBRACE")
        ]
        if kind == "RBRACE" and here is not None:
            places = [place for place in places if self._source.text[place] == "\n"]
        if here is None and kind == "RBRACE":
            places = [len(self._source.text)]
        if not wanted or (len(places) == 0 and here is not None):
            return False
        offset = places[0] if places else len(self._source.text)
        self._tokens.insert(index, Token(kind, sign, offset, offset + 1 if offset < len(self._source.text) else offset))
        self._added.append((offset, sign))
        return True

    def _statement(self, index: int) -> tuple[int, int]:
        """The range of tokens of the innermost statement that holds, or ends before, a token."""
        start = index
        while start > 0 and self._tokens[start - 1].kind not in _BOUNDARIES:
            start -= 1
        end = start
        while end < len(self._tokens):
            kind = self._tokens[end].kind
            if kind == "SEMICOLON":
                end += 1
                break
            if end > start and (kind in _BOUNDARIES or self._starts_statement(end)):
                break
            if kind in _BOUNDARIES:
                break
            end += 1
        if start < end:
            return start, end
        # Stuck at a boundary: it is in the way itself.
        last = min(index, len(self._tokens) - 1)
        return last, last + 1

    def _starts_statement(self, index: int) -> bool:
        token, before = self._tokens[index], self._tokens[index - 1]
        if "\n" not in self._source.text[before.end : token.start]:
            return False
        following = self._tokens[index + 1].kind if index + 1 < len(self._tokens) else ""
        return token.kind in _STARTS or (token.kind == "NAME" and following == "ASSIGN")

    def _drop(self, start: int, end: int) -> None:
        self._dropped += [(token.start, token.end) for token in self._tokens[start:end] if token.end > token.start]
        offsets = {token.start for token in self._tokens[start:end] if token.kind in ("SEMICOLON", "RBRACE")}
        self._added = [(offset, sign) for offset, sign in self._added if offset not in offsets]
        del self._tokens[start:end]
