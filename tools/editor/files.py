"""Program texts: a file that is open in the editor counts with the editor's text, not with that on the disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...rasp_grammar.source_file import read_source
from ...rasp_grammar.span import Source


@dataclass(frozen=True)
class Buffers:
    """The editor's open texts at one moment, by resolved path."""

    texts: Mapping[Path, str] = field(default_factory=dict)

    def read(self, path: Path) -> Source:
        """The text of a file, named by its absolute path.  Raises RaspError if the file cannot be read."""
        name = absolute(path)
        text = self.texts.get(path.resolve())
        return read_source(path, name) if text is None else Source(name, text)


def absolute(path: Path) -> str:
    """The path by which the editor's modules name a file: absolute, without `..`, symbolic links not resolved."""
    return os.path.abspath(path)
