"""The values that expressions have during elaboration, and the scopes that map names to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from ...rasp_grammar import tree
from ...rasp_grammar.span import Span
from ..graph.graph import Graph, Selector, SOp
from ..graph.values import Scalar, kind_of
from .workspace import Workspace


@dataclass(frozen=True, eq=False)
class Function:
    """A function that a program defines.  Outer names are looked up in `scope` when it is called.

    `owner` is its name if the prelude defines it; the nodes that it creates get the span of the call."""

    definition: tree.Definition
    scope: Scope
    owner: str | None

    @property
    def name(self) -> str:
        return self.definition.name.name


@dataclass(frozen=True, eq=False)
class Builtin:
    """A built-in function: one that RASP cannot define.  It takes `least` to `most` arguments (None: any number)."""

    name: str
    usage: str
    least: int
    most: int | None
    run: Callable[[Workspace, Sequence[Object], tree.Call], Object] = field(repr=False)


@dataclass(frozen=True, eq=False)
class ChosenLists:
    """A list of lists (or of dicts) indexed by s-ops: at each position one of the lists, until it is indexed again.

    `rows` says which list or dict the values of the s-ops `indices` choose."""

    indices: tuple[SOp, ...]
    rows: tuple[tuple[tuple[Scalar, ...], tuple[Object, ...] | dict[Scalar, Object]], ...]


#: Lists are tuples: RASP cannot change one.
Object = (
    Scalar
    | tuple["Object", ...]
    | dict[Scalar, "Object"]
    | Function
    | Builtin
    | SOp
    | Selector
    | ChosenLists
    | tree.Operator
)


@dataclass(frozen=True, eq=False)
class BuiltinSOp:
    """A built-in s-op.  Its node is made at the use of the name, so that its span is in the program."""

    make: Callable[[Graph, Span], SOp]


@dataclass(frozen=True, eq=False)
class LibraryValue:
    """A value that prelude.rasp defines.  It is evaluated, in the library's scope, at the use of the name."""

    expression: tree.Expression
    scope: Scope


#: A value that is made at each use of its name.
Deferred = BuiltinSOp | LibraryValue


@dataclass(frozen=True, eq=False)
class Poison:
    """The value of a name whose statement failed.  Its use is not reported as another mistake."""


class Poisoned(Exception):
    """Raised by the use of a poisoned name."""


class Scope:
    """Names and their values.  Names that begin with `_` are not visible outside the scope of their file."""

    def __init__(self, parent: Scope | None, *, is_file: bool = False) -> None:
        self.names: dict[str, Object | Deferred | Poison] = {}
        self.parent = parent
        self.is_file = is_file
        #: Of a file: the folder that its `load` statements start from.
        self.folder: Path | None = None
        #: Of a file: the value of its last expression statement, which is named `out` unless the file says otherwise.
        self.out: Object | None = None
        #: True if a `load` in this file failed: an unknown name might have come from there.
        self.incomplete = False

    def find(self, name: str) -> Object | Deferred | Poison | None:
        """The value of a name in this or the nearest outer scope; None if there is none.  Raises Poisoned if that is
        because a file failed to load."""
        scope: Scope | None = self
        incomplete = False
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            if name == "out" and scope.out is not None:
                return scope.out
            incomplete = incomplete or scope.incomplete
            if scope.is_file and name.startswith("_"):
                break
            scope = scope.parent
        if incomplete:
            raise Poisoned
        return None

    def set_out(self, value: Object) -> None:
        """Notes the value of an expression statement of this file."""
        self.out = value
        if "out" in self.names:
            self.names["out"] = value

    def visible(self) -> list[str]:
        """All names that can be used in this scope, the innermost first."""
        names: dict[str, None] = {}
        scope: Scope | None = self
        outside = False
        while scope is not None:
            names.update(dict.fromkeys(n for n in scope.names if not (outside and n.startswith("_"))))
            outside = outside or scope.is_file
            scope = scope.parent
        return list(names)


_KINDS = {"bool": "a boolean", "number": "a number", "string": "a string"}


def kind(value: Object) -> str:
    """The kind of a value with its article, for messages."""
    match value:
        case int() | Fraction() | float() | str():
            return _KINDS[kind_of(value)]
        case tuple():
            return "a list"
        case dict():
            return "a dict"
        case Function() | Builtin():
            return "a function"
        case SOp():
            return "an s-op"
        case Selector():
            return "a selector"
        case ChosenLists():
            return "a list that an s-op chooses"
        case tree.Operator():
            return "a comparison sign"
