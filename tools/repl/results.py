"""The outcomes of an input to the REPL: one type for each thing that can be shown.  `render` makes text of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...compiler.artifact.manifest import ModelSizes
from ...compiler.elaborate.scope import Object
from ...compiler.graph.result_types import Kinds
from ...compiler.graph.values import Scalar, Undefined, Value
from ...rasp_grammar.diagnostics import Diagnostic


@dataclass(frozen=True)
class Example:
    """A running example: its tokens, and whether they were given as one string."""

    tokens: tuple[Scalar, ...]
    is_text: bool


@dataclass(frozen=True)
class SOpValues:
    """An s-op's value at each position of an example; `kinds` says whether numbers are shown as booleans."""

    example: Example
    values: tuple[Value, ...]
    kinds: Kinds


@dataclass(frozen=True)
class SelectorMatrix:
    """A selector on an example: one row for each query position, one column for each key position."""

    example: Example
    rows: tuple[tuple[bool | Undefined, ...], ...]


@dataclass(frozen=True)
class TooLarge:
    """The reason why nothing is shown: the example is too long.  It says what to do."""

    reason: str


@dataclass(frozen=True)
class SOpShown:
    """An s-op; `shown` is None where examples are off."""

    name: str
    shown: SOpValues | TooLarge | None


@dataclass(frozen=True)
class SelectorShown:
    """A selector; `shown` is None where examples are off."""

    name: str
    shown: SelectorMatrix | TooLarge | None


@dataclass(frozen=True)
class Applied:
    """The result of applying an s-op or selector to an input: `x("abc")`."""

    shown: SOpValues | SelectorMatrix


@dataclass(frozen=True)
class PlainShown:
    """A number, string or boolean, or a list or dict of such."""

    value: Object


@dataclass(frozen=True)
class ListShown:
    """A list or dict that contains s-ops, selectors or functions: (place, item) pairs; `left_out` more are not here."""

    what: str
    items: tuple[tuple[str, Shown], ...]
    left_out: int


@dataclass(frozen=True)
class FunctionShown:
    """A function: `f(x, y)`."""

    signature: str


Shown = SOpShown | SelectorShown | PlainShown | ListShown | FunctionShown


@dataclass(frozen=True)
class ExamplesShown:
    """The running examples; None for the one that was not asked for."""

    sop: Example | None
    selector: Example | None


@dataclass(frozen=True)
class FactsShown:
    """Facts about a value (`:type`, `:depth`): the expression, and (label, text) pairs."""

    subject: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DocumentationShown:
    """The documentation of a name (`:doc`)."""

    signature: str
    text: str


@dataclass(frozen=True)
class HelpShown:
    """The help page (`:help`)."""

    text: str


@dataclass(frozen=True)
class TextShown:
    """A text of several lines, such as those of `:trace`."""

    text: str


@dataclass(frozen=True)
class FileWritten:
    """A file was written, by `draw` or `:save`."""

    path: Path


@dataclass(frozen=True)
class ModelWritten:
    """A model was written by `:compile`; `seconds` is the time for compiling and writing."""

    weights: Path
    sizes: ModelSizes
    seconds: float


@dataclass(frozen=True)
class Warnings:
    """Warnings about an input that runs all the same."""

    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class Errors:
    """The mistakes in an input; the session is as it was before the statement that has them."""

    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class SessionEnd:
    """The person has ended the session."""


Outcome = (
    Shown
    | Applied
    | ExamplesShown
    | FactsShown
    | DocumentationShown
    | HelpShown
    | TextShown
    | FileWritten
    | ModelWritten
    | Warnings
    | Errors
    | SessionEnd
)
