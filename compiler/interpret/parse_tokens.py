"""Parses the tokens of an input that a user types; the diagnostics name the nearest tokens of the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from ...rasp_grammar.diagnostics import Diagnostic, RaspError, closest
from ..graph.values import Scalar, show

#: Tokens named in a hint; a vocabulary can have thousands.
_SHOWN = 20

_DIGITS = r"\d{1,400}"
_DECIMAL = rf"({_DIGITS}(\.\d{{0,400}})?|\.{_DIGITS})([eE][+-]?\d{{1,3}})?"
_NUMBER = re.compile(rf"[+-]?({_DECIMAL}|{_DIGITS}/{_DIGITS})", re.ASCII)
_TRUTH = {"true": True, "True": True, "T": True, "false": False, "False": False, "F": False}


def parse_tokens(words: Sequence[str], vocabulary: Sequence[Scalar]) -> list[Scalar]:
    """The tokens that words name.  A single word that is not a token is split into characters: `cab` is `c a b`.

    Raises RaspError, one diagnostic for each word that is not in the vocabulary.
    """
    known = _Words(vocabulary)
    if len(words) == 1 and known.find(words[0]) is None:
        characters = [known.find(character) for character in words[0]]
        # If none of the characters is a token, report the whole word, not each character.
        if words[0] == "" or any(token is not None for token in characters):
            words = list(words[0])
    tokens: list[Scalar] = []
    wrong: list[Diagnostic] = []
    for position, word in enumerate(words):
        token = known.find(word)
        if token is None:
            wrong.append(unknown_token(word, position, vocabulary))
        else:
            tokens.append(token)
    if len(wrong) > 0:
        raise RaspError(wrong)
    return tokens


def parse_token(word: str, vocabulary: Sequence[Scalar]) -> Scalar:
    """The token that a word names.  Raises RaspError if there is none."""
    token = _Words(vocabulary).find(word)
    if token is None:
        raise RaspError(unknown_token(word, 0, vocabulary))
    return token


class _Words:
    """Finds tokens by the words that name them: `a`, `3`, `3.0`, `1/2`, `0.5`, `true`."""

    def __init__(self, vocabulary: Sequence[Scalar]) -> None:
        self.by_text = {show(token): token for token in vocabulary}
        self.by_text |= {token: token for token in vocabulary if isinstance(token, str)}
        self.numbers = {token: token for token in vocabulary if not isinstance(token, str)}
        self.truths = {token: token for token in vocabulary if isinstance(token, bool)}

    def find(self, word: str) -> Scalar | None:
        """The token that a word names; a string has priority over the number that it looks like."""
        if word in self.by_text:
            return self.by_text[word]
        if word in _TRUTH:
            return self.truths.get(_TRUTH[word])
        if _NUMBER.fullmatch(word) is None:
            return None
        try:
            exact = self.numbers.get(Fraction(word))
            return self.numbers.get(float(Fraction(word))) if exact is None else exact
        except (ZeroDivisionError, OverflowError):
            return None


def unknown_token(token: object, position: int, vocabulary: Sequence[Scalar]) -> Diagnostic:
    """The diagnostic for a token, or any other value, that is not in the vocabulary."""
    shown = ", ".join(_quoted(known) for known in vocabulary[:_SHOWN])
    if len(vocabulary) > _SHOWN:
        shown += f", ... ({len(vocabulary)} in all)"
    close = _close(token, vocabulary)
    hint = f"did you mean {' or '.join(map(_quoted, close))}? " if len(close) > 0 else ""
    message = f"{_quoted(token)} at position {position} is not in the program's vocabulary"
    return Diagnostic("unknown-token", message, None, f"{hint}the vocabulary is {shown}")


def too_long(length: int, limit: int) -> Diagnostic:
    """The diagnostic for an input of `length` tokens that is longer than `limit`."""
    return Diagnostic(
        "input-too-long",
        f"the input has {length} tokens, but the program takes at most {limit}",
        None,
        f"shorten the input, or declare more with `set max_length {length};` or `--max-length {length}`",
    )


def _close(token: object, vocabulary: Sequence[Scalar]) -> list[Scalar]:
    """Tokens similar to the given one: the same text as another type or in another case, or nearly the same letters."""
    text = _plain(token)
    same = [known for known in vocabulary if show(known).lower() == text.lower()]
    if len(same) > 0:
        return same[:3]
    texts = {show(known): known for known in vocabulary if isinstance(known, str)}
    return [texts[match] for match in closest(text, texts, 2)]


def _plain(token: object) -> str:
    return show(token) if isinstance(token, (int, float, str, Fraction)) else repr(token)


def _quoted(token: object) -> str:
    """Any value that a file or a user gave, on one line of bounded length."""
    text = _plain(token)
    text = text if len(text) <= 60 else text[:60] + "..."
    if isinstance(token, str):
        return f'"{text}"' if text.isprintable() else ascii(text)
    return text
