"""JSON text, strictly read and legibly written.

Reading accepts only standard JSON: no NaN, no key twice, no integer of more than 20 characters.
Writing is deterministic: keys are sorted, short lists and objects stand on one line, others are indented by a space.
"""

from __future__ import annotations

import json
import re

#: Longest integer that is read, in characters: 2^53 has 16 digits, and a billion digits would take a billion bytes.
_MAX_INT = 20

#: Lists and objects that fit in this many characters stay on one line.
_WIDTH = 116

_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonError(ValueError):
    """Text that is not JSON; the message states the mistake and its place."""


def loads(data: bytes) -> object:
    """The value of a JSON text.  Raises JsonError."""
    try:
        value: object = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_short_int
        )
    except UnicodeDecodeError as error:
        raise JsonError(f"byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise JsonError(f"line {error.lineno}, column {error.colno}: {_lower(error.msg)}") from None
    except RecursionError:
        raise JsonError("lists or objects nested too deeply") from None
    return value


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(":")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise JsonError(f"the key {key[:40]!a} twice in one object")
            seen.add(key)
    return result


def _no_constant(name: str) -> object:
    raise JsonError(f"`{name}` is not a JSON number")


def _short_int(digits: str) -> int:
    if len(digits) > _MAX_INT:
        raise JsonError(f"an integer of {len(digits)} characters")
    return int(digits)


def dumps(value: object) -> str:
    """The JSON text of a value, with a newline at the end.  The same value gives the same text."""
    return _lay_out(value, 0) + "\n"


def _lay_out(value: object, depth: int) -> str:
    match value:
        case dict():
            parts = [f"{_leaf(key)}: {_lay_out(value[key], depth + 1)}" for key in sorted(value)]
            opening, closing = "{}"
        case list():
            parts = [_lay_out(element, depth + 1) for element in value]
            opening, closing = "[]"
        case _:
            return _leaf(value)
    numbers = isinstance(value, list) and all(type(element) is int for element in value)
    if numbers or (depth + sum(map(len, parts)) + 2 * len(parts) <= _WIDTH and not any("\n" in part for part in parts)):
        return opening + ", ".join(parts) + closing
    separator = "\n" + " " * (depth + 1)
    return opening + separator + f",{separator}".join(parts) + "\n" + " " * depth + closing


def _leaf(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # Half a surrogate pair (from a file name that is not UTF-8) has no UTF-8 form; an escape it has.
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
