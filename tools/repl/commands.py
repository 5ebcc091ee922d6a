"""The commands to the REPL itself: `:compile`, `:type` and the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...rasp_grammar.diagnostics import closest, error
from ...rasp_grammar.span import Source, Span
from .compile_command import make_model, save_program
from .describe import depth_of, documentation_of, type_of
from .results import Helped, Left, Outcome

if TYPE_CHECKING:
    from .conversation import Conversation


@dataclass(frozen=True)
class Command:
    """`usage` is what follows the name."""

    usage: str
    summary: str
    run: Callable[[Conversation, Source, int], Iterator[Outcome]]


def obey(conversation: Conversation, source: Source) -> Iterator[Outcome]:
    """The outcomes of a line that begins with `:`.  Raises RaspError."""
    match = re.match(r"\s*:[ \t]*([A-Za-z]*)", source.text)
    assert match is not None
    word = match[1]
    found = [name for name in COMMANDS if name.startswith(word)]
    if word in COMMANDS:
        found = [word]
    if word == "" or len(found) != 1:
        close = closest(word, COMMANDS)
        hint = f"did you mean `:{close[0]}`?" if close and not found else "`:help` lists the commands"
        if len(found) > 1 and word:
            hint = f"it could be {' or '.join([f'`:{name}`' for name in found])}"
        span = Span(source, match.start(1) - 1, match.end(1))
        raise error("unexpected-token", f"there is no command `:{word}`", span, hint)
    yield from COMMANDS[found[0]].run(conversation, source, match.end())


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


def _help(conversation: Conversation, source: Source, start: int) -> Iterator[Outcome]:
    """This page."""
    lines = [_HELP]
    width = max([len(f"{name} {command.usage}") for name, command in COMMANDS.items()]) + 3
    for name, command in COMMANDS.items():
        lines.append(f"  {f':{name} {command.usage}'.rstrip():<{width}}{command.summary}")
    yield Helped("\n".join(lines))


def _quit(conversation: Conversation, source: Source, start: int) -> Iterator[Outcome]:
    """Leave."""
    yield Left()


COMMANDS: dict[str, Command] = {
    "compile": Command(
        "[NAME] [FILE]",
        "a model of a name, or of what was shown last (-Os, --causal, --uniform)",
        make_model,
    ),
    "type": Command("X", "what kind of values x has, and which", type_of),
    "depth": Command("X", "how many layers of attention x takes, and which steps", depth_of),
    "doc": Command("NAME", "what a function or a name is for", documentation_of),
    "save": Command("FILE", "write the session as a program", save_program),
    "help": Command("", "this page", _help),
    "quit": Command("", "leave", _quit),
}
