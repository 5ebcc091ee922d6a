"""The prompt at a terminal: history, completion, colours, and lines that go on until a statement is whole.

Only this module imports prompt_toolkit, and only a terminal needs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as Offered
from prompt_toolkit.document import Document
from prompt_toolkit.filters import is_searching
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.output import Output
from prompt_toolkit.styles import Style

from ...rasp_grammar.incremental_parser import tokenize
from ...rasp_grammar.lark_grammar import keywords
from ...rasp_grammar.span import Source
from .completion import complete
from .conversation import Conversation
from .read_statements import State, is_command, read

PROMPT = ">> "
CONTINUED = ".. "

#: What a level of braces is set in by.
INDENT = "    "

_STYLE = Style.from_dict(
    {"rasp.word": "bold", "rasp.text": "ansigreen", "rasp.number": "ansicyan", "rasp.comment": "ansibrightblack italic"}
)

_CLASSES = {"STRING": "class:rasp.text", "NUMBER": "class:rasp.number"}
_LINE_WORDS = frozenset({"SET_VOCAB", "SET_MAX_LENGTH", "SET_EXAMPLE", "DIRECTIVE"})


def prompts(
    conversation: Conversation, *, terminal: tuple[Input, Output] | None = None, history: History | None = None
) -> Iterator[str]:
    """The inputs that a person types, until Ctrl-D.  Ctrl-C drops the input that is being typed.

    terminal: another one than the process's.  history: another one than the person's own.
    """
    session: PromptSession[str] = PromptSession(
        PROMPT,
        multiline=True,
        prompt_continuation=CONTINUED,
        history=history if history is not None else person_history(),
        completer=_Names(conversation),
        complete_while_typing=False,
        lexer=_Colours(),
        style=_STYLE,
        key_bindings=_keys(),
        input=None if terminal is None else terminal[0],
        output=None if terminal is None else terminal[1],
    )
    while True:
        try:
            text = session.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if text.strip():
            yield text


def history_file() -> Path | None:
    """`raspc/history` in the folder for a person's state (XDG), made if it is not there; None where it cannot be."""
    try:
        given = os.environ.get("XDG_STATE_HOME", "")
        # The specification: relative paths there are to be ignored.
        folder = (Path(given) if os.path.isabs(given) else Path.home() / ".local" / "state") / "raspc"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "history"
        with path.open("a"):  # may it be written?
            return path
    except (OSError, RuntimeError, ValueError):  # RuntimeError: no home
        return None


def person_history() -> History:
    """What a person has typed before; kept in memory alone where no file can be."""
    path = history_file()
    return InMemoryHistory() if path is None else FileHistory(str(path))


def _keys() -> KeyBindings:
    keys = KeyBindings()

    def bind(*names: str) -> Callable[[Callable[[KeyPressEvent], None]], Callable[[KeyPressEvent], None]]:
        def add(handler: Callable[[KeyPressEvent], None]) -> Callable[[KeyPressEvent], None]:
            keys.add(*names, filter=~is_searching)(handler)  # while one searches the history, keys are the search's
            return handler

        return add

    @bind("enter")
    def _enter(event: KeyPressEvent) -> None:
        """Accepts an input that is whole; otherwise begins a line of it."""
        buffer = event.current_buffer
        if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
            buffer.complete_state = None  # the choice is made
            return
        if read(buffer.text).state is State.OPEN:
            _new_line(event)
        else:
            buffer.cursor_position = len(buffer.text)
            buffer.validate_and_handle()

    @bind("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        """Begins a line, set in by the braces that are open."""
        buffer = event.current_buffer
        buffer.insert_text("\n" + INDENT * read(buffer.document.text_before_cursor).braces)

    @bind("}")
    def _brace(event: KeyPressEvent) -> None:
        """Closes a brace, under the line that opened it."""
        buffer = event.current_buffer
        before = buffer.document.current_line_before_cursor
        if before and not before.strip() and "\n" in buffer.document.text_before_cursor:
            buffer.delete_before_cursor(min(len(INDENT), len(before)))
        buffer.insert_text("}")

    return keys


class _Names(Completer):
    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Offered]:
        for found in complete(self._conversation, document.text_before_cursor):
            yield Offered(found.text, -found.typed, display_meta=found.detail)


class _Colours(Lexer):
    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        lines = [styled(line) for line in document.lines]
        return lambda number: lines[number] if number < len(lines) else []


def styled(line: str) -> StyleAndTextTuples:
    """One line in pieces, each with its style.  No token goes over the end of a line."""
    if is_command(line):
        return [("class:rasp.word", line)]
    tokens, comments = tokenize(Source("", line))
    words = set(keywords().values()) | _LINE_WORDS
    spans = [
        (token.start, token.end, "class:rasp.word" if token.kind in words else _CLASSES.get(token.kind, ""))
        for token in tokens
        if token.text != ""
    ]
    spans += [(comment.start, comment.end, "class:rasp.comment") for comment in comments]
    pieces: StyleAndTextTuples = []
    end = 0
    for start, stop, style in sorted(spans):
        pieces += [("", line[end:start]), (style, line[start:stop])]
        end = stop
    return [*pieces, ("", line[end:])]
