"""The commands `:run`, `:trace`, `:inspect` and `:report`: they use the model that `:compile` made last."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...compiler.artifact.replaceable import PAGE, NewFile, require_replaceable, write_files
from ...compiler.graph.values import Scalar
from ...rasp_grammar.diagnostics import error
from ..read_inputs import word_tokens
from .conversation import Conversation
from .read_statements import CommandLine
from .results import FileWritten, Outcome, TextShown

if TYPE_CHECKING:  # it imports NumPy
    from ...compiler.artifact.model_files import CompiledModel

#: The name of the session's model in texts.
_NAME = "session"


def run_model(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Run the model on an input, as `raspc run` does."""
    from ...runner.model import Model
    from ..print_values import text_line

    compiled = _compiled(conversation, line)
    tokens = _tokens(conversation, compiled, line, _words(line))
    results = Model.from_compiled(compiled, device="cpu").run_outputs([tokens])
    yield TextShown("\n".join(text_line(values) for values in results[0].values()))


def trace_model(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Show the values inside the model on an input, as `raspc trace` does."""
    from ...runner.model import Model
    from ..reports.trace import trace
    from ..reports.trace_text import as_text

    compiled = _compiled(conversation, line)
    tokens = _tokens(conversation, compiled, line, _words(line))
    yield TextShown(as_text(trace(Model.from_compiled(compiled, device="cpu"), tokens), _NAME))


def inspect_model(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Show the parts of the model, as `raspc inspect` does."""
    from ..reports.inspect_text import as_text

    compiled = _compiled(conversation, line)
    read_by_logits = [index for index, row in enumerate(compiled.tensors["unembed.W_U"]) if row.any()]
    yield TextShown(as_text(compiled.manifest, _NAME, read_by_logits))


def report_model(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Write the page of the model on an input, as `raspc report` does: `session.html`, or the HTML file named last."""
    from ...runner.model import Model
    from ..reports.page import render
    from ..reports.trace import trace

    compiled = _compiled(conversation, line)
    words = _words(line)
    path = Path(words.pop() if words and words[-1].endswith(".html") else f"{_NAME}.html")
    target = conversation.session.base / path
    way_out = "name another file, as in `:report other.html`"
    require_replaceable({target: PAGE}, way_out=way_out)  # before the work, not after it
    tokens = _tokens(conversation, compiled, line, words)
    page = render(trace(Model.from_compiled(compiled, device="cpu"), tokens), _NAME)
    write_files({target: NewFile(PAGE, [page.encode()])}, way_out=way_out)
    yield FileWritten(path)


def _compiled(conversation: Conversation, line: CommandLine) -> CompiledModel:
    if conversation.compiled is None:
        hint = "compile an s-op first: `:compile x`"
        raise error("no-output", "the session has no model yet", line.argument_span, hint)
    return conversation.compiled


def _words(line: CommandLine) -> list[str]:
    """The words of the argument; quotes keep blanks together."""
    try:
        return shlex.split(line.argument)
    except ValueError:
        hint = "write words, as `3 1 2`, or one word for its characters"
        raise error("unterminated-string", "a quote is not closed", line.argument_span, hint) from None


def _tokens(
    conversation: Conversation, compiled: CompiledModel, line: CommandLine, words: Sequence[str]
) -> list[Scalar]:
    """The tokens of the words; without words, the running example."""
    vocabulary = compiled.manifest.vocabulary
    if words:
        return word_tokens(words, vocabulary)
    example = conversation.sop_example
    if example is None or any(token not in vocabulary for token in example.tokens):
        hint = f"name its tokens: `:{line.name} ...`, or set a running example of tokens that the model knows"
        raise error("unexpected-end", "the model needs an input", line.argument_span, hint)
    return list(example.tokens)
