"""The REPL without a terminal: decides whether an input is a command or statements, and runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...rasp_grammar.diagnostics import RaspError
from ...rasp_grammar.span import Source
from .commands import run_command
from .conversation import Conversation
from .read_statements import is_command
from .results import Errors, Outcome, SessionEnd

#: Inputs that end the session, unless the session has given the name a meaning.
_END_WORDS = ("exit", "quit")


class Dialogue:
    """One session: inputs go in, outcomes come out."""

    def __init__(self, base: Path) -> None:
        """`base` is the folder that `load` and written files are relative to."""
        self.conversation = Conversation(base)

    def run(self, source: Source) -> Iterator[Outcome]:
        """The outcomes of one input, each as soon as it is known; `Errors` is the last one of its input.

        Raises KeyboardInterrupt when interrupted; the session is then as it was before the statement that ran.
        """
        try:
            if is_command(source.text):
                yield from run_command(self.conversation, source)
            elif self._ends_session(source.text):
                yield SessionEnd()
            else:
                yield from self.conversation.run(source)
        except RaspError as mistake:
            yield Errors(mistake.diagnostics)

    def _ends_session(self, text: str) -> bool:
        word = text.strip().rstrip(";").strip()
        return word in _END_WORDS and word not in self.conversation.session.names
