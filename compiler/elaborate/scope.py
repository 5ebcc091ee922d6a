"""What an expression can stand for while a program is elaborated, and the words for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, TypeGuard

from ...rasp_grammar import tree
from ...rasp_grammar.span import Span
from ..graph.graph import Selector, SOp
from ..graph.values import Scalar

if TYPE_CHECKING:
    from .evaluate import Evaluator


@dataclass(frozen=True, eq=False)
class Function:
    """A function that a program defines.  Outer names are looked up in `scope` when it is called.

    `owner` is its name when the prelude defines it: what it makes then belongs to the place of the call."""

    definition: tree.Definition
    scope: Scope
    owner: str | None

    @property
    def name(self) -> str:
        return self.definition.name.name


@dataclass(frozen=True, eq=False)
class Builtin:
    """A function that RASP cannot say."""

    name: str
    usage: str
    least: int
    most: int | None
    run: Callable[[Evaluator, Sequence[Object], tree.Call], Object] = field(repr=False)


#: Lists are tuples: RASP has no way to change one.
Object = Scalar | tuple["Object", ...] | dict[Scalar, "Object"] | Function | Builtin | SOp | Selector | tree.Operator


@dataclass(frozen=True, eq=False)
class Deferred:
    """A name whose value is worked out at its first use, so that its nodes have a place in the person's text."""

    make: Callable[[Evaluator, Span], Object]


@dataclass(frozen=True, eq=False)
class Poison:
    """The value of a name whose statement failed.  Its use is no further mistake."""


class Poisoned(Exception):
    """Raised by the use of a poisoned name."""


class Scope:
    """Names and what they stand for; the scope of a file keeps its private names to itself."""

    def __init__(self, parent: Scope | None, *, is_file: bool = False) -> None:
        self.names: dict[str, Object | Deferred | Poison] = {}
        self.parent = parent
        self.is_file = is_file
        #: A `load` in this file failed, so nobody knows which names it would have brought.
        self.incomplete = False

    def find(self, name: str) -> tuple[Scope, Object | Deferred | Poison] | None:
        """The innermost meaning of a name and the scope that has it."""
        scope: Scope | None = self
        incomplete = False
        while scope is not None:
            if name in scope.names:
                return scope, scope.names[name]
            incomplete = incomplete or scope.incomplete
            if scope.is_file and name.startswith("_"):
                break
            scope = scope.parent
        if incomplete:
            raise Poisoned
        return None

    def visible(self) -> list[str]:
        """Every name that can be used here."""
        names: dict[str, None] = {}
        scope: Scope | None = self
        outside = False
        while scope is not None:
            names.update(dict.fromkeys(n for n in scope.names if not (outside and n.startswith("_"))))
            outside = outside or scope.is_file
            scope = scope.parent
        return list(names)


def is_scalar(value: Object) -> TypeGuard[Scalar]:
    return isinstance(value, (int, Fraction, float, str))


def kind(value: Object) -> str:
    """What a value is, with its article, for messages."""
    match value:
        case bool():
            return "a boolean"
        case int() | Fraction() | float():
            return "a number"
        case str():
            return "a string"
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
        case tree.Operator():
            return "a comparison sign"
