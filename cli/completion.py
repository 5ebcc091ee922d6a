"""`raspc completion`: the script that teaches a shell to complete raspc's commands, options and files."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(short_help="Print the script for completion in a shell.")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print the script that lets SHELL complete commands, options and file names.

    \b
    raspc completion bash > ~/.local/share/bash-completion/completions/raspc
    raspc completion zsh > ~/.zfunc/_raspc   # fpath+=~/.zfunc before compinit
    raspc completion fish > ~/.config/fish/completions/raspc.fish
    """
    from .main import raspc

    made = get_completion_class(shell)
    assert made is not None
    print(made(raspc, {}, "raspc", "_RASPC_COMPLETE").source())
