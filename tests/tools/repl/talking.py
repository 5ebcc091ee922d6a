"""Talking to the REPL in this process."""

from __future__ import annotations

from pathlib import Path

from raspc.rasp_grammar.span import Source
from raspc.tools.repl.conversation import Conversation
from raspc.tools.repl.dialogue import Dialogue
from raspc.tools.repl.read_statements import split_inputs
from raspc.tools.repl.render import render
from raspc.tools.repl.results import Outcome


class Talk:
    """A conversation in a folder, which scripts are read into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dialogue = Dialogue(folder)

    @property
    def conversation(self) -> Conversation:
        return self.dialogue.conversation

    def outcomes(self, script: str) -> list[Outcome]:
        return [
            outcome
            for source in split_inputs(script.splitlines(keepends=True), "<stdin>")
            for outcome in self.dialogue.run(source)
        ]

    def __call__(self, script: str) -> str:
        """The text that the script shows, diagnostics included."""
        return "".join([render(outcome, full=self.conversation.full) for outcome in self.outcomes(script)])

    def one(self, text: str) -> list[Outcome]:
        """The outcomes of one input."""
        return list(self.dialogue.run(Source("<input>", text)))
