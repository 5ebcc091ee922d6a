"""What a build is about: its settings, its jobs, what comes back of a job, and what is remembered of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ...compiler.options import CompileOptions
from ...rasp_grammar.codes import Code

Status = Literal["ok", "failed", "skipped"]

#: Why a program is skipped.
LIBRARY = "a library: it has no output"


@dataclass(frozen=True)
class Settings:
    """What every program of the suite is compiled with; part of the key of what is built."""

    options: CompileOptions = field(default_factory=CompileOptions)
    vocabulary: str | None = None
    max_length: int | None = None
    verify: bool = False

    def as_json(self) -> dict[str, object]:
        rest = {"vocabulary": self.vocabulary, "max_length": self.max_length, "verify": self.verify}
        return {**self.options.as_json(), **rest}


@dataclass(frozen=True)
class Target:
    """A program of the suite: where it is, and its name below the output folder, without suffix, with `/`."""

    path: Path
    name: str

    @property
    def program(self) -> str:
        """The name that people know it by; a file that was named may have another suffix, which is then in `name`."""
        return f"{self.name}.rasp" if self.path.suffix == ".rasp" else self.name


@dataclass(frozen=True)
class Text:
    """A file as a job carries it: the name that messages use, and the text."""

    name: str
    text: str


@dataclass(frozen=True)
class NoText:
    """Why a file that is loaded could not be read; whoever elaborates the program knows where to say so."""

    code: Code
    message: str
    hint: str | None


@dataclass(frozen=True)
class Job:
    """All that is needed to compile one program, anywhere: no file is read for it.

    `loaded`: what `load` asks for, in that order.  `compiler`: the digest of the compiler that must do it.
    """

    target: Target
    source: Text
    loaded: tuple[Text | NoText, ...]
    settings: Settings
    compiler: str


@dataclass(frozen=True)
class Message:
    """A diagnostic as a reader sees it and as a program reads it."""

    text: str
    fields: dict[str, object]

    @property
    def is_error(self) -> bool:
        return self.fields.get("severity") == "error"


@dataclass(frozen=True)
class Sizes:
    """The model in figures."""

    layers: int
    attention_depth: int
    heads: int
    neurons: int
    d_model: int
    parameters: int


@dataclass(frozen=True)
class Outcome:
    """What became of a job: for `ok`, both files' bytes; for the others, why."""

    status: Status
    seconds: float
    messages: tuple[Message, ...] = ()
    sizes: Sizes | None = None
    weights: bytes = b""
    manifest: bytes = b""
    #: How many inputs were compared with the interpreter; None when that was not asked for.
    verified: int | None = None


@dataclass(frozen=True)
class Written:
    """A file that a build wrote: its name below the output folder, and what shows that it is still the same."""

    name: str
    size: int
    modified: int
    sha256: str


@dataclass(frozen=True)
class Loaded:
    """A file that a program loads: the path as the program makes it, from the program's folder, and the text's hash."""

    asked: str
    sha256: str


@dataclass(frozen=True)
class Entry:
    """What a build says, and the next one remembers, of one program."""

    target: Target
    status: Status
    seconds: float
    messages: tuple[Message, ...] = ()
    sizes: Sizes | None = None
    verified: int | None = None
    key: str | None = None
    loads: tuple[Loaded, ...] = ()
    files: tuple[Written, ...] = ()
    cached: bool = field(default=False, compare=False)

    @property
    def errors(self) -> tuple[Message, ...]:
        return tuple(message for message in self.messages if message.is_error)
