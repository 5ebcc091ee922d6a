"""Splits lines into inputs: whole statements, or one command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from ...rasp_grammar.build_tree import Builder
from ...rasp_grammar.incremental_parser import StatementReader, tokenize
from ...rasp_grammar.source_file import MAX_CHARACTERS
from ...rasp_grammar.span import Source, Span
from ...rasp_grammar.syntax_errors import is_missing_semicolon
from ...rasp_grammar.tokens import CLOSING_BRACKETS, OPENING_BRACKETS, Token

#: Inputs of more lines are looked at only where their brackets are closed: each look reads all lines again.
_LONG = 100

#: A line that begins with this is a command to the REPL, not a statement.
COMMAND = ":"

_COMMAND_NAME = re.compile(r"\s*:[ \t]*([A-Za-z]*)")


class State(Enum):
    """How far a text is from being an input."""

    EMPTY = auto()  # nothing but white space and comments
    WHOLE = auto()  # one or more whole statements
    UNSIGNED = auto()  # whole if its last statement gets its `;`
    OPEN = auto()  # the middle of a statement
    WRONG = auto()  # no further line can help


@dataclass(frozen=True)
class Reading:
    """`braces` are the braces that are open at the end; `splits` tells of a wrong text that it went wrong at the
    beginning of a line."""

    state: State
    braces: int = 0
    splits: bool = False


@dataclass(frozen=True)
class CommandLine:
    """A command as it was typed: its name (possibly the beginning of one), and its argument (empty if there is none).

    `argument_span` is the place of the argument, or of the whole line if there is none.
    """

    source: Source
    name: str
    name_span: Span
    argument: str
    argument_span: Span


def is_command(text: str) -> bool:
    """Whether an input is a command, such as `:help`."""
    return text.lstrip().startswith(COMMAND)


def read_command(source: Source) -> CommandLine:
    """The parts of a command."""
    match = _COMMAND_NAME.match(source.text)
    assert match is not None, "the caller has asked `is_command`"
    name_span = Span(source, match.start(1) - 1, match.end(1))
    rest = source.text[match.end() :]
    argument = rest.strip().rstrip(";").strip()
    if argument == "":
        end = len(source.text.rstrip())
        whole = Span(source, end - len(source.text.strip()), end)
        return CommandLine(source, match[1], name_span, "", whole)
    start = match.end() + rest.index(argument[0])
    return CommandLine(source, match[1], name_span, argument, Span(source, start, start + len(argument)))


def read(text: str) -> Reading:
    """How far a text is from being an input.  Commands (`:help`) are always whole."""
    if is_command(text):
        return Reading(State.WHOLE)
    source = Source("", text)
    tokens = _tokens(source)
    if not tokens:
        return Reading(State.EMPTY)
    reader = StatementReader(source, tokens, Builder(source))
    place = reader.read()
    if place is None:
        return Reading(State.WHOLE)
    if place.index == len(tokens):
        ends = reader.depth == 0 and is_missing_semicolon(place)
        return Reading(State.UNSIGNED if ends else State.OPEN, reader.depth)
    token = tokens[place.index]
    if token.text == "" and place.index == len(tokens) - 1 and depth(tokens) > 0:
        return Reading(State.OPEN, reader.depth)  # `set vocab [`: the `;` stands for the end of the line
    splits = place.index > 0 and "\n" in text[tokens[place.index - 1].end : token.start]
    braces = reader.depth + sum([_brace(later) for later in tokens[place.index :]])
    return Reading(State.WRONG, max(0, braces), splits)


def depth(tokens: Iterable[Token]) -> int:
    """How many more brackets open than close."""
    return sum([(token.kind in OPENING_BRACKETS) - (token.kind in CLOSING_BRACKETS) for token in tokens])


def _brace(token: Token) -> int:
    return (token.kind == "LBRACE") - (token.kind == "RBRACE")


def inputs(lines: Iterable[str], name: str) -> Iterator[Source]:
    """The inputs that the lines of a script form, each as soon as it is whole; what is left at the end as it is.

    A statement without `;` ends where the next line begins another one.  A mistake inside braces takes what is left
    of them with it.
    """
    gathered: list[str] = []
    start = brackets = 0
    state = State.EMPTY
    for number, line in enumerate(lines, 1):
        line = line if line.endswith("\n") else line + "\n"
        if state is State.EMPTY and not line.strip():
            gathered = []  # a comment that stands alone
            continue
        if is_command(line) and state in (State.EMPTY, State.UNSIGNED):
            if state is State.UNSIGNED:
                yield Source(name, "".join(gathered), start)
            yield Source(name, line, number)
            gathered, state = [], State.EMPTY
            continue
        if not gathered:
            start, brackets = number, 0
        gathered.append(line)
        brackets += depth(_tokens(Source(name, line)))
        is_long = sum(map(len, gathered)) > MAX_CHARACTERS
        if len(gathered) > _LONG and brackets > 0 and not is_long:
            state = State.OPEN
            continue
        found = read("".join(gathered))
        if found.splits and state is State.UNSIGNED:
            yield Source(name, "".join(gathered[:-1]), start)
            gathered, start, brackets = [line], number, 0
            found = read(line)
        state = found.state
        if state is State.WHOLE or (state is State.WRONG and found.braces == 0) or is_long:
            yield Source(name, "".join(gathered), start)
            gathered, state = [], State.EMPTY
    if gathered and state is not State.EMPTY:
        yield Source(name, "".join(gathered), start)


def _tokens(source: Source) -> list[Token]:
    return tokenize(source)[0]
