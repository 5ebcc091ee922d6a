"""`raspc completion`: prints the completion script of a shell."""

from __future__ import annotations

from importlib.resources import files

import click


@click.command(short_help="Print the script for completion in a shell.")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print the script that lets SHELL complete commands, options and file names.

    \b
    raspc completion bash > ~/.local/share/bash-completion/completions/raspc
    raspc completion zsh > ~/.zfunc/_raspc   # fpath+=~/.zfunc before compinit
    raspc completion fish > ~/.config/fish/completions/raspc.fish
    """
    # click answers the requests of these scripts (`_RASPC_COMPLETE`).  Its own scripts cannot filter files by suffix.
    print(files("raspc.cli").joinpath("shells", f"raspc.{shell}").read_text(encoding="utf-8"), end="")
