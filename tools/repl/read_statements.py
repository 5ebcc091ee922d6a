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

#: Lines of an input beyond which it is checked only where its brackets are closed: each check reads all lines again.
_LONG = 100

#: A line that begins with this is a command to the REPL, not a statement.
COMMAND = ":"

_COMMAND_NAME = re.compile(r"\s*:[ \t]*([A-Za-z]*)")


class InputState(Enum):
    """The state of a text that may become an input."""

    EMPTY = auto()  # white space and comments only
    COMPLETE = auto()  # one or more complete statements
    NO_SEMICOLON = auto()  # complete if a `;` follows
    UNFINISHED = auto()  # the text ends within a statement
    WRONG = auto()  # no further line can make it right


@dataclass(frozen=True)
class InputCheck:
    """The result of `check_input`.

    braces: the number of braces that are open at the end.  fails_at_line_start: for a wrong text, whether the first
    token that cannot stand there begins a line.
    """

    state: InputState
    braces: int = 0
    fails_at_line_start: bool = False


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


def check_input(text: str) -> InputCheck:
    """The state of a text.  Commands (`:help`) are always complete."""
    if is_command(text):
        return InputCheck(InputState.COMPLETE)
    source = Source("", text)
    tokens = _tokens(source)
    if not tokens:
        return InputCheck(InputState.EMPTY)
    reader = StatementReader(source, tokens, Builder(source))
    place = reader.read()
    if place is None:
        return InputCheck(InputState.COMPLETE)
    if place.index == len(tokens):
        ends = reader.depth == 0 and is_missing_semicolon(place)
        return InputCheck(InputState.NO_SEMICOLON if ends else InputState.UNFINISHED, reader.depth)
    token = tokens[place.index]
    if token.text == "" and place.index == len(tokens) - 1 and depth(tokens) > 0:
        return InputCheck(InputState.UNFINISHED, reader.depth)  # `set vocab [`: the `;` stands for the end of the line
    splits = place.index > 0 and "\n" in text[tokens[place.index - 1].end : token.start]
    braces = reader.depth + sum([_brace(later) for later in tokens[place.index :]])
    return InputCheck(InputState.WRONG, max(0, braces), splits)


def depth(tokens: Iterable[Token]) -> int:
    """The number of brackets that open, less those that close."""
    return sum([(token.kind in OPENING_BRACKETS) - (token.kind in CLOSING_BRACKETS) for token in tokens])


def _brace(token: Token) -> int:
    return (token.kind == "LBRACE") - (token.kind == "RBRACE")


def split_inputs(lines: Iterable[str], name: str) -> Iterator[Source]:
    """The inputs in the lines of a script, each as soon as it is complete; the rest at the end as it is.

    A statement without `;` ends where the next line begins another one.  A mistake inside braces makes everything up
    to the closing brace one input.
    """
    gathered: list[str] = []
    start = brackets = 0
    state = InputState.EMPTY
    for number, line in enumerate(lines, 1):
        line = line if line.endswith("\n") else line + "\n"
        if state is InputState.EMPTY and not line.strip():
            gathered = []  # a comment by itself
            continue
        if is_command(line) and state in (InputState.EMPTY, InputState.NO_SEMICOLON):
            if state is InputState.NO_SEMICOLON:
                yield Source(name, "".join(gathered), start)
            yield Source(name, line, number)
            gathered, state = [], InputState.EMPTY
            continue
        if not gathered:
            start, brackets = number, 0
        gathered.append(line)
        brackets += depth(_tokens(Source(name, line)))
        is_long = sum(map(len, gathered)) > MAX_CHARACTERS
        if len(gathered) > _LONG and brackets > 0 and not is_long:
            state = InputState.UNFINISHED
            continue
        found = check_input("".join(gathered))
        if found.fails_at_line_start and state is InputState.NO_SEMICOLON:
            yield Source(name, "".join(gathered[:-1]), start)
            gathered, start, brackets = [line], number, 0
            found = check_input(line)
        state = found.state
        if state is InputState.COMPLETE or (state is InputState.WRONG and found.braces == 0) or is_long:
            yield Source(name, "".join(gathered), start)
            gathered, state = [], InputState.EMPTY
    if gathered and state is not InputState.EMPTY:
        yield Source(name, "".join(gathered), start)


def _tokens(source: Source) -> list[Token]:
    return tokenize(source)[0]
