"""The commands of the REPL: `:compile`, `:type` and the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...rasp_grammar.diagnostics import closest, error
from ...rasp_grammar.span import Source
from ...rasp_grammar.text_layout import on_one_line, shortened
from .compile_command import compile_session, save_program
from .conversation import Conversation
from .describe import show_depth, show_documentation, show_type
from .model_commands import inspect_model, report_model, run_model, trace_model
from .read_statements import CommandLine, read_command
from .results import HelpShown, Outcome, SessionEnd, TextShown
from .show_values import kind_of


@dataclass(frozen=True)
class Command:
    """A command: its arguments as the help page shows them, a line of help, and the function that runs it."""

    usage: str
    summary: str
    run: Callable[[Conversation, CommandLine], Iterator[Outcome]]


def run_command(conversation: Conversation, source: Source) -> Iterator[Outcome]:
    """The outcomes of a line that begins with `:`.  A name may be shortened to a beginning that no other name has.

    Raises RaspError for an unknown command, and for what the command finds wrong.
    """
    line = read_command(source)
    asked = _SHORT.get(line.name, line.name)
    names = [asked] if asked in COMMANDS else [name for name in COMMANDS if name.startswith(asked)]
    if line.name == "" or len(names) != 1:
        close = closest(line.name, COMMANDS)
        hint = f"did you mean `:{close[0]}`?" if close and not names else "`:help` lists the commands"
        if len(names) > 1 and line.name:
            hint = f"it could be {' or '.join([f'`:{name}`' for name in names])}"
        raise error("unexpected-token", f"there is no command `:{line.name}`", line.name_span, hint)
    yield from COMMANDS[names[0]].run(conversation, line)


_HELP = """\
Statements are RASP's (`x = select(tokens, "a", ==);`).  They end with `;`, or
with the line.  An s-op or selector is shown on the running example; x("abc")
shows it on another input.

  set example "hello"        the running example; also `set example [3, 1, 2]`
  show example               show it; `s-op example`, `selector example`: one
  examples off, examples on  names only, or values again; `s-op examples off`
  full seq display on, off   every value, instead of [5]*5
  load "file";               run a program's statements here
  draw(x, "abc");            draw how x is computed, to x.svg, or to a file:
                             draw(x, "abc", "file.pdf");
  set vocab "abc"            the tokens of a model ...
  set max_length 16          ... and its longest input, for :compile and :type
  exit()                     leave; so does Ctrl-D.  Ctrl-C drops a line

:compile takes -Os, --causal and --uniform.  :run, :trace, :inspect and :report
are about the model that it made last; without TOKENS, on the running example.
"""


def _help(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Show the help page."""
    lines = [_HELP]
    width = max([len(f"{name} {command.usage}") for name, command in COMMANDS.items()]) + 3
    for name, command in COMMANDS.items():
        lines.append(f"  {f':{name} {command.usage}'.rstrip():<{width}}{command.summary}")
    yield HelpShown("\n".join(lines))


def _quit(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """End the session."""
    yield SessionEnd()


def _show_names(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Show the session's names and what kind of value each has."""
    session = conversation.session
    described = [(name, kind_of(session.value(name))) for name in session.names]
    if not described:
        yield TextShown("no names yet")
        return
    width = max(len(name) for name, _ in described)
    yield TextShown("\n".join(f"{name:<{width}}  {kind}" for name, kind in described))


def _undo(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Take back the last statement that defined or declared something."""
    statement = conversation.undo()
    if statement is None:
        raise error("unexpected-token", "there is nothing to take back", line.argument_span, None)
    yield TextShown(f"taken back: {shortened(on_one_line(statement))}")


COMMANDS: dict[str, Command] = {
    "compile": Command("[X] [FILE]", "a model of X, or of what was shown last", compile_session),
    "run": Command("[TOKENS]", "the model's output on tokens, or on the example", run_model),
    "trace": Command("[TOKENS]", "the values inside the model", trace_model),
    "inspect": Command("", "the model's layers, heads and directions", inspect_model),
    "report": Command("[TOKENS] [FILE]", "a page about the model: session.html", report_model),
    "type": Command("X", "what kind of values X has, and which", show_type),
    "depth": Command("X", "how many layers of attention X takes, and why", show_depth),
    "doc": Command("NAME", "what a function or a name is for", show_documentation),
    "vars": Command("", "the names of the session", _show_names),
    "undo": Command("", "take back the last definition or declaration", _undo),
    "save": Command("FILE", "write the session as a program", save_program),
    "help": Command("", "this page", _help),
    "quit": Command("", "leave", _quit),
}

#: Beginnings that several names have, and the one that is meant.
_SHORT = {"t": "type"}
