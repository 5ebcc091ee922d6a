"""JSON structures described once, by the annotations of frozen dataclasses.

`shape_of(Record)` turns the annotations into a tree of shapes.  A shape reads JSON strictly (every field present,
none unknown, no type bent into another), writes it, and gives its JSON Schema, so that the three cannot disagree.
The records are not msgspec's, for four reasons (measured with msgspec 0.22).  A union of an integer, a string and a
`Fraction` is a TypeError there, so every value of a program would need a second, wire-level type.  Dataclasses ignore
unknown fields and have no tagged unions; only its own `Struct` has both.  Fields with defaults are optional, and an
integer in a `float` field is written as an integer: after reading, the manifest would have another hash.  Importing it
takes longer (22 ms) than making these shapes (18 ms).

Annotations are `str`, `bool`, `int`, `float`, `Scalar`, `Literal[...]`, `X | None`, `tuple[X, ...]`,
`Mapping[str, X]`, dataclasses, and unions of dataclasses told apart by their `kind`; `Annotated` adds a
description (a string), a lower bound (`AtLeast`) and a pattern (`Pattern`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

from ..graph.values import Scalar
from .scalar_json import MAX_PLAIN_INT, decode_scalar, encode_scalar

Schema = dict[str, object]


class StructureError(ValueError):
    """JSON that does not have the shape asked for; `path` leads to the culprit ("layers[0].heads[2].index")."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = ""

    def inside(self, step: str) -> StructureError:
        """The same error, seen from one level further out."""
        joint = "." if self.path and not self.path.startswith("[") else ""
        self.path = step + joint + self.path
        return self

    def __str__(self) -> str:
        return f"`{self.path}` {self.reason}" if self.path else f"the whole {self.reason}"


@dataclass(frozen=True)
class AtLeast:
    """A lower bound of a number."""

    minimum: int


@dataclass(frozen=True)
class Pattern:
    """A regular expression that a whole string matches; `what` names it in messages."""

    pattern: str
    what: str


@dataclass(frozen=True)
class Shape:
    """`read` raises StructureError; `write` gives plain JSON values; `schema` is draft 2020-12."""

    read: Callable[[object], object]
    write: Callable[[object], object]
    schema: Schema


def _same(value: object) -> object:
    return value


def _describe(value: object) -> str:
    """A value in a message: short, on one line."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case int() | float():
            return str(value)
        case str():
            return f'"{value}"' if len(value) <= 20 and value.isprintable() else "a string"
        case list():
            return "a list"
        case _:
            return "an object"


def _refuse(value: object, expected: str) -> StructureError:
    return StructureError(f"is {_describe(value)}, not {expected}")


@cache
def shape_of(kind: object) -> Shape:
    """The shape that an annotation describes."""
    if get_origin(kind) is Annotated:
        base, *notes = get_args(kind)
        return _annotated(base, tuple(notes))
    if kind == Scalar:
        return _scalar()
    if get_origin(kind) in (Union, UnionType):
        return _union(get_args(kind))
    if get_origin(kind) is Literal:
        return _literal(get_args(kind))
    if get_origin(kind) is tuple:
        return _list(shape_of(get_args(kind)[0]))
    if get_origin(kind) is Mapping:
        return _mapping(shape_of(get_args(kind)[1]))
    if isinstance(kind, type) and is_dataclass(kind):
        return _record(kind)
    if kind in _PLAIN:
        return _PLAIN[kind](None)
    raise TypeError(f"no JSON shape for {kind!r}")


def _annotated(base: object, notes: tuple[object, ...]) -> Shape:
    minimum = next((note.minimum for note in notes if isinstance(note, AtLeast)), None)
    form = next((note for note in notes if isinstance(note, Pattern)), None)
    if form is not None:
        shape = _text(form)
    elif minimum is not None and base in _PLAIN:
        shape = _PLAIN[base](minimum)
    else:
        shape = shape_of(base)
    description = next((note for note in notes if isinstance(note, str)), None)
    if description is None:
        return shape
    return Shape(shape.read, shape.write, {"description": description} | shape.schema)


def _text(form: Pattern | None) -> Shape:
    pattern = None if form is None else re.compile(form.pattern, re.ASCII)
    expected = "a string" if form is None else form.what

    def read(value: object) -> object:
        if not isinstance(value, str) or (pattern is not None and pattern.fullmatch(value) is None):
            raise _refuse(value, expected)
        return value

    schema: Schema = {"type": "string"} if form is None else {"type": "string", "pattern": f"^{form.pattern}$"}
    return Shape(read, _same, schema)


def _truth(_: int | None) -> Shape:
    def read(value: object) -> object:
        if not isinstance(value, bool):
            raise _refuse(value, "true or false")
        return value

    return Shape(read, _same, {"type": "boolean"})


def _whole(minimum: int | None) -> Shape:
    lowest = -MAX_PLAIN_INT if minimum is None else minimum
    expected = "an integer" if minimum is None else f"an integer from {minimum} up"

    def read(value: object) -> object:
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= MAX_PLAIN_INT:
            raise _refuse(value, expected)
        return value

    return Shape(read, _same, {"type": "integer", "minimum": lowest, "maximum": MAX_PLAIN_INT})


def _real(minimum: int | None) -> Shape:
    expected = "a finite number" if minimum is None else f"a finite number from {minimum} up"

    def read(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e300 or value != value:
            raise _refuse(value, expected)
        if minimum is not None and value < minimum:
            raise _refuse(value, expected)
        return float(value)

    def write(value: object) -> object:
        # A whole number that a computation gave as an integer would be read as another text, of another hash.
        assert isinstance(value, (int, float))
        return float(value)

    lowest = -1e300 if minimum is None else minimum
    return Shape(read, write, {"type": "number", "minimum": lowest, "maximum": 1e300})


_PLAIN: dict[object, Callable[[int | None], Shape]] = {
    str: lambda _: _text(None),
    bool: _truth,
    int: _whole,
    float: _real,
}


def _scalar() -> Shape:
    def read(value: object) -> object:
        try:
            return decode_scalar(value)
        except ValueError as error:
            raise _refuse(value, f"a value of a program ({error})") from None

    def write(value: object) -> object:
        assert isinstance(value, Scalar)
        return encode_scalar(value)

    return Shape(read, write, {"$ref": "#/$defs/Scalar"})


SCALAR_SCHEMA: Schema = {
    "description": "A value that a program computes with.",
    "anyOf": [
        {"type": ["boolean", "string"]},
        {"type": "integer", "minimum": -MAX_PLAIN_INT, "maximum": MAX_PLAIN_INT},
    ]
    + [
        {
            "description": description,
            "type": "object",
            "properties": {name: form},
            "required": [name],
            "additionalProperties": False,
        }
        for name, description, form in (
            ("int", "An integer beyond 2^53, in decimal.", {"type": "string", "pattern": "^-?[1-9][0-9]{15,}$"}),
            (
                "fraction",
                "Numerator and denominator in lowest terms, in decimal.",
                {
                    "type": "array",
                    "prefixItems": [
                        {"type": "string", "pattern": "^-?[1-9][0-9]*$"},
                        {"type": "string", "pattern": "^([2-9]|[1-9][0-9]+)$"},
                    ],
                    "items": False,
                    "minItems": 2,
                },
            ),
            (
                "float",
                "A double, as C's %a and Python's float.hex write it.",
                {"type": "string", "pattern": "^-?0x[01](\\.[0-9a-f]+)?p[+-][0-9]+$"},
            ),
        )
    ],
}


def _literal(values: tuple[object, ...]) -> Shape:
    expected = " or ".join(_describe(value) for value in values)

    def read(value: object) -> object:
        for choice in values:
            if type(choice) is type(value) and choice == value:
                return choice
        raise _refuse(value, expected)

    return Shape(read, _same, {"const": values[0]} if len(values) == 1 else {"enum": list(values)})


def _list(item: Shape) -> Shape:
    def read(value: object) -> object:
        if not isinstance(value, list):
            raise _refuse(value, "a list")
        result: list[object] = []
        try:
            for element in value:
                result.append(item.read(element))
        except StructureError as error:
            raise error.inside(f"[{len(result)}]") from None
        return tuple(result)

    def write(value: object) -> object:
        assert isinstance(value, tuple)
        return [item.write(element) for element in value]

    return Shape(read, write, {"type": "array", "items": item.schema})


def _mapping(item: Shape) -> Shape:
    def read(value: object) -> object:
        if not isinstance(value, dict):
            raise _refuse(value, "an object")
        result: dict[str, object] = {}
        for key, element in value.items():
            try:
                result[key] = item.read(element)
            except StructureError as error:
                raise error.inside(f"{key:.40}") from None
        return result

    def write(value: object) -> object:
        assert isinstance(value, Mapping)
        return {key: item.write(element) for key, element in value.items()}

    return Shape(read, write, {"type": "object", "additionalProperties": item.schema})


def _union(kinds: tuple[object, ...]) -> Shape:
    rest = tuple(kind for kind in kinds if kind is not NoneType)
    if len(rest) < len(kinds):
        return _optional(shape_of(reduce(or_, rest)))
    if all(isinstance(kind, type) and is_dataclass(kind) for kind in rest):
        return _tagged({_tag(kind): shape_of(kind) for kind in rest})
    return _either({kind: shape_of(kind) for kind in rest if isinstance(kind, type)})


def _optional(item: Shape) -> Shape:
    return Shape(
        lambda value: None if value is None else item.read(value),
        lambda value: None if value is None else item.write(value),
        {"anyOf": [{"type": "null"}, item.schema]},
    )


def _tag(record: object) -> str:
    assert isinstance(record, type)
    (tag,) = get_args(get_type_hints(record)["kind"])
    assert isinstance(tag, str)
    return tag


def _tagged(options: dict[str, Shape]) -> Shape:
    expected = " or ".join(f'"{tag}"' for tag in options)

    def read(value: object) -> object:
        if not isinstance(value, dict):
            raise _refuse(value, "an object")
        tag = value.get("kind")
        if not isinstance(tag, str) or tag not in options:
            raise StructureError(f"is not {expected}").inside("kind")
        return options[tag].read(value)

    def write(value: object) -> object:
        return options[_tag(type(value))].write(value)

    return Shape(read, write, {"oneOf": [shape.schema for shape in options.values()]})


def _either(options: dict[type, Shape]) -> Shape:
    """A union of plain types; bool and int are told apart."""
    expected = " or ".join({bool: "a truth value", int: "an integer", str: "a string"}[kind] for kind in options)

    def read(value: object) -> object:
        shape = options.get(type(value))
        if shape is None:
            raise _refuse(value, expected)
        return shape.read(value)

    return Shape(read, _same, {"anyOf": [shape.schema for shape in options.values()]})


def _record(record: type) -> Shape:
    assert is_dataclass(record)
    hints = get_type_hints(record, include_extras=True)
    shapes = {field.name: shape_of(hints[field.name]) for field in fields(record)}

    def read(value: object) -> object:
        if not isinstance(value, dict):
            raise _refuse(value, "an object")
        if value.keys() != shapes.keys():
            for name in shapes.keys() - value.keys():
                raise StructureError("is missing").inside(min(shapes.keys() - value.keys(), default=name))
            unknown = min(value.keys() - shapes.keys())
            raise StructureError("is not a field of this format").inside(f"{unknown:.40}")
        result: dict[str, object] = {}
        for name, shape in shapes.items():
            try:
                result[name] = shape.read(value[name])
            except StructureError as error:
                raise error.inside(name) from None
        return record(**result)

    def write(value: object) -> object:
        return {name: shape.write(getattr(value, name)) for name, shape in shapes.items()}

    return Shape(read, write, {"$ref": f"#/$defs/{record.__name__}"})


def json_schema(record: type) -> Schema:
    """The JSON Schema (draft 2020-12) of a record's JSON form, without `$schema` and `$id`."""
    definitions: dict[str, Schema] = {"Scalar": SCALAR_SCHEMA}
    _define(record, definitions)
    return definitions.pop(record.__name__) | {"$defs": dict(sorted(definitions.items()))}


def _define(kind: object, definitions: dict[str, Schema]) -> None:
    if not (isinstance(kind, type) and is_dataclass(kind)):
        for argument in get_args(kind):
            _define(argument, definitions)
        return
    if kind.__name__ in definitions:
        return
    definitions[kind.__name__] = {}
    hints = get_type_hints(kind, include_extras=True)
    definitions[kind.__name__] = {
        "description": " ".join((kind.__doc__ or "").split()),
        "type": "object",
        "properties": {field.name: shape_of(hints[field.name]).schema for field in fields(kind)},
        "required": [field.name for field in fields(kind)],
        "additionalProperties": False,
    }
    for hint in hints.values():
        _define(hint, definitions)
