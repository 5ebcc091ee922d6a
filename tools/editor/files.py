"""The texts that programs are read from: what an editor holds comes before what is on the disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...rasp_grammar.source_file import read_source
from ...rasp_grammar.span import Source


@dataclass(frozen=True)
class Buffers:
    """The editor's open texts at one moment, by their paths without links."""

    texts: Mapping[Path, str] = field(default_factory=dict)

    def read(self, path: Path) -> Source:
        """The text of a file, named by its absolute path.  RaspError when there is none, or it is no text."""
        name = absolute(path)
        text = self.texts.get(path.resolve())
        return read_source(path, name) if text is None else Source(name, text)


def absolute(path: Path) -> str:
    """The path that stands for a file everywhere here: whole, without `..`, links left as they are."""
    return os.path.abspath(path)
