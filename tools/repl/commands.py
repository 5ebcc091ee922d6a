"""The commands of the REPL: `:compile`, `:type` and the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...rasp_grammar.diagnostics import closest, error
from ...rasp_grammar.span import Source
from .compile_command import compile_session, save_program
from .conversation import Conversation
from .describe import show_depth, show_documentation, show_type
from .read_statements import CommandLine, read_command
from .results import HelpShown, Outcome, SessionEnd


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
    names = [line.name] if line.name in COMMANDS else [name for name in COMMANDS if name.startswith(line.name)]
    if line.name == "" or len(names) != 1:
        close = closest(line.name, COMMANDS)
        hint = f"did you mean `:{close[0]}`?" if close and not names else "`:help` lists the commands"
        if len(names) > 1 and line.name:
            hint = f"it could be {' or '.join([f'`:{name}`' for name in names])}"
        raise error("unexpected-token", f"there is no command `:{line.name}`", line.name_span, hint)
    yield from COMMANDS[names[0]].run(conversation, line)


_HELP = """\
Statements are RASP's (`x = select(tokens, "a", ==);`) and end with `;`, or with the line.
An s-op or selector is shown on the running example; x("abc") shows it on another input.

  set example "hello"        the running example; also a list, `set example [3, 1, 2]`
  show example               show it; `s-op example` and `selector example` are the two of them
  examples off, examples on  show names only, or values again; `s-op examples off` ...
  full seq display on, off   every value, instead of [5]*5
  load "file";               run a program's statements here
  draw(x, "abc");            draw how x is computed, to x.svg; draw(x, "abc", "file.pdf");
  set vocab "abc"            the tokens of a model ...
  set max_length 16          ... and its longest input, for :compile and :type
  exit()                     leave; so does Ctrl-D.  Ctrl-C drops a line, or stops what runs
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


COMMANDS: dict[str, Command] = {
    "compile": Command(
        "[NAME] [FILE]",
        "a model of a name, or of what was shown last (-Os, --causal, --uniform)",
        compile_session,
    ),
    "type": Command("X", "what kind of values x has, and which", show_type),
    "depth": Command("X", "how many layers of attention x takes, and which steps", show_depth),
    "doc": Command("NAME", "what a function or a name is for", show_documentation),
    "save": Command("FILE", "write the session as a program", save_program),
    "help": Command("", "this page", _help),
    "quit": Command("", "leave", _quit),
}
