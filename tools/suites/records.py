"""The records of a build: settings, programs, jobs, results of jobs, and entries of the index."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ...compiler.options import CompileOptions
from ...rasp_grammar.codes import Code

Status = Literal["ok", "failed", "skipped"]

#: The reason for skipping a program.
LIBRARY = "a library: it has no output"


@dataclass(frozen=True)
class BuildSettings:
    """The options for every program of the suite; part of the key of each model.

    time_limit: seconds for the compilation of one program, and as many for the verification of its model.
    werror: a program with a warning has failed.
    """

    options: CompileOptions = field(default_factory=CompileOptions)
    vocabulary: str | None = None
    max_length: int | None = None
    verify: bool = False
    time_limit: float | None = None
    werror: bool = False

    def as_json(self) -> dict[str, object]:
        own = ("vocabulary", "max_length", "verify", "time_limit", "werror")
        return {**self.options.as_json(), **{name: getattr(self, name) for name in own}}


@dataclass(frozen=True)
class SuiteProgram:
    """A program: its path, and the name of its model below the output folder, without suffix, with `/`."""

    path: Path
    name: str

    @property
    def program(self) -> str:
        """The name in tables: with `.rasp`; a suffix other than that is part of `name` already."""
        return f"{self.name}.rasp" if self.path.suffix == ".rasp" else self.name


@dataclass(frozen=True)
class ProgramText:
    """A file of a program: the name that messages use, and the text."""

    name: str
    text: str


@dataclass(frozen=True)
class UnreadableText:
    """The reason why a loaded file could not be read; elaboration reports it at the `load` statement."""

    code: Code
    message: str
    hint: str | None


@dataclass(frozen=True)
class Job:
    """Everything that a worker needs to compile one program; it reads no file.

    `loaded`: the texts of `load` statements, in order of their elaboration.  `compiler`: the digest of the compiler
    that must do the job.
    """

    target: SuiteProgram
    source: ProgramText
    loaded: tuple[ProgramText | UnreadableText, ...]
    settings: BuildSettings
    compiler: str


@dataclass(frozen=True)
class Message:
    """A diagnostic as text for people, and as the fields of its JSON form."""

    text: str
    fields: dict[str, object]

    @property
    def is_error(self) -> bool:
        return self.fields.get("severity") == "error"


@dataclass(frozen=True)
class Sizes:
    """The sizes of a model."""

    layers: int
    attention_depth: int
    heads: int
    neurons: int
    d_model: int
    parameters: int


@dataclass(frozen=True)
class JobResult:
    """The result of a job: the bytes of both files if it is `ok`, the reasons in `messages` otherwise."""

    status: Status
    seconds: float
    messages: tuple[Message, ...] = ()
    sizes: Sizes | None = None
    weights: bytes = b""
    manifest: bytes = b""
    #: The number of inputs compared with the interpreter; None without `--verify`.
    verified: int | None = None


@dataclass(frozen=True)
class WrittenFile:
    """A file that a build wrote: its name below the output folder, and size, time (ns) and hash to detect changes."""

    name: str
    size: int
    modified: int
    sha256: str


@dataclass(frozen=True)
class LoadedFile:
    """A file that a program loads: its path relative to the program's folder, and the hash of its text."""

    asked: str
    sha256: str


@dataclass(frozen=True)
class BuildEntry:
    """The result for one program: shown after the build, and kept for the next one."""

    target: SuiteProgram
    status: Status
    seconds: float
    messages: tuple[Message, ...] = ()
    sizes: Sizes | None = None
    verified: int | None = None
    key: str | None = None
    loads: tuple[LoadedFile, ...] = ()
    files: tuple[WrittenFile, ...] = ()
    cached: bool = field(default=False, compare=False)

    @property
    def errors(self) -> tuple[Message, ...]:
        return tuple(message for message in self.messages if message.is_error)


@dataclass(frozen=True)
class BuildResult:
    """The entries in the order of the programs, and files of earlier builds that belong to no program any more.

    removed: whether these files were removed.
    """

    entries: tuple[BuildEntry, ...]
    leftover: tuple[WrittenFile, ...]
    removed: bool
