"""Reads inputs: the words of a command line, and files of JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from ..compiler.graph.values import Scalar, normal
from ..compiler.interpret.parse_tokens import parse_tokens
from ..rasp_grammar.diagnostics import Diagnostic, RaspError, reason_of
from ..rasp_grammar.span import Source, Span

#: Bytes of one line.  The longest models take some thousand tokens, so a longer line is of another kind of file.
MAX_LINE = 1 << 20

#: Digits of one number, and its largest power of ten: more than any vocabulary needs, and cheap to hold exactly.
MAX_DIGITS = 400


@dataclass(frozen=True)
class InputLine:
    """An input of a JSON lines file, with its place for diagnostics."""

    source: Source
    tokens: list[Scalar]

    def locate(self, diagnostic: Diagnostic) -> Diagnostic:
        """The diagnostic with this line as its place; if it has one in the program, its message names the line."""
        if diagnostic.span is None:
            return replace(diagnostic, span=_whole(self.source))
        where = f"line {self.source.first_line} of {self.source.name}"
        return replace(diagnostic, message=f"{where}: {diagnostic.message}")


def word_tokens(words: Sequence[str], vocabulary: Sequence[Scalar] | None) -> list[Scalar]:
    """The tokens of the words of a command line; a single word may stand for its characters.

    Without a vocabulary, words are strings.  Raises RaspError for words that are not in the vocabulary.
    """
    for word in words:
        if not _is_text(word):
            raise RaspError(Diagnostic("input-encoding", f"the token {word!a} is not valid UTF-8", None))
    if vocabulary is not None:
        return parse_tokens(words, vocabulary)
    return list(words[0]) if len(words) == 1 else list(words)


def read_lines(path: str) -> Iterator[InputLine | Diagnostic | None]:
    """The inputs of a JSON lines file (`-`: standard input) in order.

    A diagnostic stands for a line that is wrong, None for a blank line.

    Raises RaspError for an unreadable file.
    """
    if path == "-":
        yield from _read_stream(standard_input(), "<stdin>")
        return
    try:
        with Path(path).open("rb") as stream:
            yield from _read_stream(stream, path)
    except (OSError, ValueError) as error:
        raise RaspError(Diagnostic("file-unreadable", f"cannot read `{path}`: {reason_of(error)}", None)) from None


def standard_input() -> BinaryIO:
    """Standard input as bytes.  Raises RaspError where it is closed."""
    if sys.stdin is None:
        raise RaspError(Diagnostic("file-unreadable", "standard input is closed", None, "give it, as in `< file`"))
    return sys.stdin.buffer


def _read_stream(stream: BinaryIO, name: str) -> Iterator[InputLine | Diagnostic | None]:
    number = 0
    while data := stream.readline(MAX_LINE + 1):
        number += 1
        if len(data) > MAX_LINE:
            while data and not data.endswith(b"\n"):
                data = stream.readline(MAX_LINE)
            source = Source(name, "", number)
            yield Diagnostic("input-line", f"the line is longer than {MAX_LINE:,} bytes", _whole(source))
        elif data.strip():
            yield _read_line(data, name, number)
        else:
            yield None


def _read_line(data: bytes, name: str, number: int) -> InputLine | Diagnostic:
    text = data.decode("utf-8", errors="replace").rstrip("\r\n")
    source = Source(name, text.removeprefix("\ufeff") if number == 1 else text, number)
    try:
        data.decode("utf-8")
        values = json.loads(source.text, parse_int=_integer, parse_float=_fraction, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        start = min(len(data[: error.start].decode("utf-8", errors="replace")), len(source.text))
        return Diagnostic("input-encoding", "the line is not valid UTF-8", Span(source, start, start + 1))
    except json.JSONDecodeError as error:
        return Diagnostic(
            "input-json",
            f"not a JSON array: {error.msg}",
            Span(source, error.pos, error.pos + 1),
            'a line is a JSON array of tokens, such as ["a", "b"] or [3, 1, 2]',
        )
    except RecursionError:
        return Diagnostic("input-json", "the line nests too deeply", _whole(source), "tokens are not arrays")
    except ValueError as error:
        return Diagnostic("input-json", str(error), _whole(source))
    if not isinstance(values, list):
        return Diagnostic(
            "input-json",
            f"the line is {_kind(values)}, not an array of tokens",
            _whole(source),
            'write ["a", "b"], or [3, 1, 2]',
        )
    for index, value in enumerate(values):
        if not isinstance(value, (bool, int, Fraction, str)):
            message = f"element {index} is {_kind(value)}: a token is a string, a number, true or false"
            return Diagnostic("input-json", message, _whole(source))
        if isinstance(value, str) and not _is_text(value):
            return Diagnostic("input-json", f"element {index} holds half of a surrogate pair", _whole(source))
    return InputLine(source, values)


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number with more than {MAX_DIGITS} digits is no token")
    return int(text)


def _fraction(text: str) -> Scalar:
    """The exact value of a JSON number with a point or an exponent."""
    number = Decimal(text)
    # 1e999999999 is a short text, but as an exact number it would fill the memory.
    if len(text) > MAX_DIGITS or not number.is_finite() or (number and abs(number.adjusted()) > MAX_DIGITS):
        raise ValueError(f"a number with more than {MAX_DIGITS} digits is no token")
    return normal(Fraction(number)) if number else 0


def _no_number(text: str) -> Scalar:
    raise ValueError(f"{text} is not a JSON number, and no token")


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _whole(source: Source) -> Span:
    return Span(source, 0, len(source.text))


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a truth value"
        case int() | Fraction():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
