"""Every command's help ends with examples, and their command lines are right."""

from __future__ import annotations

import re
import shlex

import click
import pytest
from raspc.cli.main import COMMANDS, raspc
from raspc.cli.report_errors import Report

#: Redirections, which a shell removes from a command line.
_REDIRECTION = re.compile(r"^\d?[<>]")


def _command(name: str) -> click.Command:
    context = click.Context(raspc, **raspc.context_settings)
    assert isinstance(raspc, click.Group)
    command = raspc.get_command(context, name)
    assert command is not None
    return command


def _examples(command: click.Command) -> list[str]:
    """The lines after the last `\\b` of a command's text, where they are command lines."""
    _, marked, last = (command.help or "").rpartition("\b")
    assert marked == "\b", "the help has no examples"
    return [line.strip() for line in last.strip().splitlines()]


def _commands_of(line: str) -> list[list[str]]:
    """The words of each raspc command of one line: of a pipe, say; with `#` begins a comment."""
    commands: list[list[str]] = [[]]
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words = iter(lexer)
    for word in words:
        if set(word) <= set("|;&"):
            commands.append([])
        elif _REDIRECTION.match(word):
            if word in ("<", ">", ">>", "2>"):
                next(words)
        else:
            commands[-1].append(word)
    return [words[1:] for words in commands if words[:1] == ["raspc"]]


@pytest.mark.parametrize("name", COMMANDS)
def test_examples(name: str) -> None:
    command = _command(name)
    examples = _examples(command)
    assert examples != []
    for line in examples:
        found = _commands_of(line)
        assert [words[0] for words in found].count(name) >= 1, line
        for other, *arguments in found:
            _command(other).make_context(
                other, arguments, parent=click.Context(raspc, obj=Report(), **raspc.context_settings)
            ).close()


def test_a_wrong_example_is_noticed() -> None:
    (words,) = _commands_of("raspc compile sort.rasp --emit steam > out.txt  # a stage")
    assert words == ["compile", "sort.rasp", "--emit", "steam"]
    with pytest.raises(click.UsageError):
        _command("compile").make_context(
            "compile", words[1:], parent=click.Context(raspc, obj=Report(), **raspc.context_settings)
        )
