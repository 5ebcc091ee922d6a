"""What an input to the REPL comes to: one type for each thing that can be shown.  `rendering` makes text of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
    """An s-op's value at each position of an example, as `kinds` show them."""

    example: Example
    values: tuple[Value, ...]
    kinds: Kinds


@dataclass(frozen=True)
class Matrix:
    """A selector on an example: one row for each query position, one column for each key position."""

    example: Example
    rows: tuple[tuple[bool | Undefined, ...], ...]


@dataclass(frozen=True)
class TooLarge:
    """An example on which showing something would take too long, and what to do about it."""

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
    shown: Matrix | TooLarge | None


@dataclass(frozen=True)
class Applied:
    """What an s-op or selector gave on the input that it was applied to: `x("abc")`."""

    shown: SOpValues | Matrix


@dataclass(frozen=True)
class PlainShown:
    """A number, string or boolean, or a list or dict of such."""

    value: Object


@dataclass(frozen=True)
class ListShown:
    """A list or dict with s-ops, selectors or functions in it: what each place holds; `left_out` more are not shown."""

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
    """The running examples; None is the one that was not asked for."""

    sop: Example | None
    selector: Example | None


@dataclass(frozen=True)
class Described:
    """Facts about a value (`:type`, `:depth`): what was asked, and a label with a text for each fact."""

    subject: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Documented:
    """What a name is for."""

    signature: str
    text: str


@dataclass(frozen=True)
class Helped:
    """A page of help."""

    text: str


@dataclass(frozen=True)
class Wrote:
    """A file that was written, by a drawing or by `:save`."""

    path: Path


@dataclass(frozen=True)
class Compiled:
    """A model that was written.  `seconds` is what compiling and writing took."""

    weights: Path
    layers: int
    heads: int
    parameters: int
    seconds: float


@dataclass(frozen=True)
class Warned:
    """What a person should know about an input that is well formed."""

    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class Failed:
    """What is wrong with an input; the session is as it was before the statement."""

    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class Left:
    """The session is over."""


Outcome = Shown | Applied | ExamplesShown | Described | Documented | Helped | Wrote | Compiled | Warned | Failed | Left
