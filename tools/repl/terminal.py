"""The prompt at a terminal: history, completion, colours, and statements of several lines.

Only this module imports prompt_toolkit; scripts do without it.
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
from .read_statements import InputState, check_input, is_command

PROMPT = ">> "
CONTINUED = ".. "

#: The indentation for each open brace.
INDENT = "    "

_STYLE = Style.from_dict(
    {"rasp.word": "bold", "rasp.text": "ansigreen", "rasp.number": "ansicyan", "rasp.comment": "ansibrightblack italic"}
)

_CLASSES = {"STRING": "class:rasp.text", "NUMBER": "class:rasp.number"}
_LINE_WORDS = frozenset({"SET_VOCAB", "SET_MAX_LENGTH", "SET_EXAMPLE", "DIRECTIVE"})


def prompts(
    conversation: Conversation, *, terminal: tuple[Input, Output] | None = None, history: History | None = None
) -> Iterator[str]:
    """The inputs that a person types, until Ctrl-D.  Ctrl-C discards the input at the prompt.

    terminal: instead of that of the process.  history: instead of the one in the person's folder.
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
    """`raspc/history` in the person's state folder (XDG); made if it is missing; None if that is impossible."""
    try:
        given = os.environ.get("XDG_STATE_HOME", "")
        # The XDG specification says: ignore relative paths.
        folder = (Path(given) if os.path.isabs(given) else Path.home() / ".local" / "state") / "raspc"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "history"
        with path.open("a"):  # may it be written?
            return path
    except (OSError, RuntimeError, ValueError):  # RuntimeError: no home
        return None


def person_history() -> History:
    """The person's earlier inputs; in memory only if no file can be written."""
    path = history_file()
    return InMemoryHistory() if path is None else FileHistory(str(path))


def _keys() -> KeyBindings:
    keys = KeyBindings()

    def bind(*names: str) -> Callable[[Callable[[KeyPressEvent], None]], Callable[[KeyPressEvent], None]]:
        def add(handler: Callable[[KeyPressEvent], None]) -> Callable[[KeyPressEvent], None]:
            keys.add(*names, filter=~is_searching)(handler)  # during a search of the history, keys belong to the search
            return handler

        return add

    @bind("enter")
    def _enter(event: KeyPressEvent) -> None:
        """Accept a complete input; otherwise begin a new line."""
        buffer = event.current_buffer
        if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
            buffer.complete_state = None  # the key accepts the completion
            return
        if check_input(buffer.text).state is InputState.UNFINISHED:
            _new_line(event)
        else:
            buffer.cursor_position = len(buffer.text)
            buffer.validate_and_handle()

    @bind("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        """Begin a line, indented by the open braces."""
        buffer = event.current_buffer
        buffer.insert_text("\n" + INDENT * check_input(buffer.document.text_before_cursor).braces)

    @bind("}")
    def _brace(event: KeyPressEvent) -> None:
        """Insert a closing brace, indented as the line that opened it."""
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
    """The parts of one line, each with its style.  No token crosses the end of a line."""
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
    fragments: StyleAndTextTuples = []
    end = 0
    for start, stop, style in sorted(spans):
        fragments += [("", line[end:start]), (style, line[start:stop])]
        end = stop
    return [*fragments, ("", line[end:])]
