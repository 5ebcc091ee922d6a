"""Directions and forms as text: short names made from labels, sums that fit on a line.

A direction's name is made from its label, not from its number, so a change in one part of a program does not change the
text of the others.  The directions of a one-hot share one name: `tokens{"a"}` is one of them, `tokens{"a", "b"}` the
sum of two, and `tokens{"a": 2, "b": -1}` a form that is 2 for the value "a", -1 for "b", else 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import frexp, isfinite

from ...rasp_grammar.diagnostics import shortened
from ..graph.print_graph import literal
from ..graph.values import Scalar
from .forms import Direction, LinearForm

#: Longest name in characters; longer ones are shortened, between words if possible.
MAX_NAME = 28
#: Most terms of a sum, or values in a pair of braces, that are listed; the rest is counted.
MAX_TERMS = 8

#: Labels that need no shortening: a word, a comparison of two words, a function of one word.
_PLAIN = re.compile(r"\w+(?:(?:[<>]=?|[=!]=)\w+|\(\w+\))?")
#: Shorter words for functions in a name; "" omits the word.
_SHORTER = {
    "select": "",
    "selector_width": "width",
    "selector_sum": "sum",
    "aggregate": "from",
    "indicator": "",
    "and": "",
}


@dataclass(frozen=True, eq=False)
class Subspace:
    """Directions that encode one value together: a one-hot, or a single scalar or feature."""

    name: str
    directions: tuple[Direction, ...]

    @property
    def label(self) -> str | None:
        """The directions' label; None if it equals the name."""
        label = _base_label(self.directions[0])
        return None if label.replace(" ", "") == self.name.partition("#")[0] else label

    @property
    def one_hot(self) -> bool:
        return self.directions[0].kind == "one-hot"


class Names:
    """Names for the directions of one model.  Each is unique; a second subspace of the same label ends in `#2`."""

    def __init__(self, directions: Iterable[Direction]) -> None:
        groups: dict[tuple[object, ...], list[Direction]] = {}
        for direction in sorted(directions, key=_order):
            groups.setdefault(_subspace_key(direction, groups), []).append(direction)
        self.subspaces: list[Subspace] = []
        self._of: dict[Direction, Subspace] = {}
        used: dict[tuple[str, bool], int] = {}
        for members in groups.values():
            base = short_name(_base_label(members[0]))
            key = base, members[0].kind == "one-hot"
            used[key] = used.get(key, 0) + 1
            subspace = Subspace(base if used[key] == 1 else f"{base}#{used[key]}", tuple(members))
            self.subspaces.append(subspace)
            self._of |= dict.fromkeys(members, subspace)

    def subspace(self, direction: Direction) -> Subspace:
        return self._of[direction]

    def name(self, direction: Direction) -> str:
        """`length`, `tokens{"a"}`."""
        subspace = self._of[direction]
        return f"{subspace.name}{{{_value(direction)}}}" if subspace.one_hot else subspace.name

    def some(self, directions: Sequence[Direction], width: int) -> str:
        """Directions in at most `width` characters: `length, tokens{"a", "b"}`; `tokens{all}` for a one-hot."""
        members: dict[Subspace, list[Direction]] = {}
        for direction in directions:
            members.setdefault(self._of[direction], []).append(direction)
        texts = []
        for subspace, found in members.items():
            values = "all" if len(found) == len(subspace.directions) > 1 else _values(found, MAX_TERMS)
            texts.append(f"{subspace.name}{{{values}}}" if subspace.one_hot else subspace.name)
        return fitted(texts, width, ", ")

    def form(self, form: LinearForm, width: int, *, inner: bool = False) -> str:
        """The sum, in at most `width` characters if shortening its lists is enough.

        inner: put parentheses around more than one term.
        """
        text = ""
        for most in range(MAX_TERMS, 1, -1):
            terms = self._terms(form, most)
            if form.constant != 0 or len(terms) == 0:
                terms.append((form.constant, ""))
            shown = [_term(coefficient, name, first=place == 0) for place, (coefficient, name) in enumerate(terms)]
            kept = shown if len(shown) <= most else [*shown[: most - 1], f"+ ... {len(shown) - most + 1} more"]
            text = f"({' '.join(kept)})" if inner and len(terms) > 1 else " ".join(kept)
            if len(text) <= width:
                break
        return text

    def _terms(self, form: LinearForm, most: int) -> list[tuple[float, str]]:
        """(coefficient, name) pairs; all terms over one one-hot make one pair."""
        members: dict[Subspace, list[tuple[Direction, float]]] = {}
        for direction, coefficient in form.terms:
            members.setdefault(self._of[direction], []).append((direction, coefficient))
        terms = []
        for subspace, found in members.items():
            first = found[0][1]
            if not subspace.one_hot:
                terms.append((first, subspace.name))
            elif all(coefficient == first for _, coefficient in found):
                terms.append((first, f"{subspace.name}{{{_values([direction for direction, _ in found], most)}}}"))
            else:
                rows = elided([f"{_value(direction)}: {number(c)}" for direction, c in found], most)
                terms.append((1.0, f"{subspace.name}{{{', '.join(rows)}}}"))
        return terms


def number(value: float) -> str:
    """A coefficient or a bound, with six digits."""
    return f"{value + 0.0:.6g}"  # -0.0 + 0.0 is 0.0


def margin(value: float) -> str:
    """A tolerated error, with three digits."""
    return f"{value + 0.0:.3g}"


def error_bound(value: float) -> str:
    """An error bound, rounded up to a power of two."""
    if value == 0 or not isfinite(value):
        return f"{value + 0.0:g}"
    mantissa, exponent = frexp(value)
    return f"2^{exponent - 1 if mantissa == 0.5 else exponent}"


def bounds(low: float, high: float, error: float) -> str:
    """`[-4..4]`, and the error when there is one."""
    return f"[{number(low)}..{number(high)}{f', error {error_bound(error)}' if error > 0 else ''}]"


def elided(texts: Sequence[str], most: int = MAX_TERMS) -> list[str]:
    """The texts; if they are more than `most`, the first of them and the number of the others."""
    return list(texts) if len(texts) <= most else [*texts[: most - 1], f"... {len(texts) - most + 1} more"]


def fitted(texts: Sequence[str], width: int, separator: str) -> str:
    """As many of the texts as fit into `width` characters, joined, and the number of the others."""
    most = max(len(texts), 1)
    while True:
        joined = separator.join(elided(texts, most))
        if len(joined) <= width or most == 1:
            return joined
        most -= 1


def cut(text: str, width: int) -> str:
    """The text on one line of at most `width` characters."""
    text = "".join([character if character.isprintable() else ascii(character)[1:-1] for character in text])
    return shortened(text, width)


def _order(direction: Direction) -> tuple[int, int, int]:
    return {"tokens": 0, "indices": 1, "head": 2, "neurons": 2}[direction.role], direction.time, direction.id


def _subspace_key(direction: Direction, groups: dict[tuple[object, ...], list[Direction]]) -> tuple[object, ...]:
    """Groups one-hot directions by node and time, with each value once; every other direction is a group of its own."""
    if direction.kind != "one-hot":
        return ("alone", direction.id)
    copy = 0
    while True:
        key = ("one-hot", direction.role, direction.node.id, direction.time, _base_label(direction), copy)
        if all(other.value != direction.value for other in groups.get(key, ())):
            return key
        copy += 1


def _base_label(direction: Direction) -> str:
    return direction.label.removesuffix(f" = {direction.value}") if direction.kind == "one-hot" else direction.label


def short_name(label: str) -> str:
    """A label as one word without blanks: `length`, `depth<0`, `width_up_to_here_tokens`."""
    word = label.replace(" ", "")
    if len(word) <= MAX_NAME and _PLAIN.fullmatch(word) is not None:
        return word
    words = [_SHORTER.get(word, word) for word in re.findall(r"\w+", label)]
    name = ""
    for word in filter(None, words):
        if name != "" and len(name) + 1 + len(word) > MAX_NAME:
            break
        name = word[:MAX_NAME] if name == "" else f"{name}_{word}"
    return name if name != "" else "value"


def _value(direction: Direction) -> str:
    return "" if direction.value is None else cut(literal(direction.value), MAX_NAME)


def _values(directions: Sequence[Direction], most: int) -> str:
    """`0, 3..7`: three or more consecutive whole numbers become a range."""
    runs: list[list[Direction]] = []
    for direction in directions:
        if runs and _follows(direction.value, runs[-1][-1].value):
            runs[-1].append(direction)
        else:
            runs.append([direction])
    texts: list[str] = []
    for run in runs:
        ends = [_value(run[0]), _value(run[-1])]
        texts += ["..".join(ends)] if len(run) > 2 else ends[: len(run)]
    return ", ".join(elided(texts, most))


def _follows(value: Scalar | None, before: Scalar | None) -> bool:
    return type(value) is int and type(before) is int and value == before + 1


def _term(coefficient: float, text: str, *, first: bool) -> str:
    sign = "-" if coefficient < 0 else "+"
    size = number(abs(coefficient))
    body = size if text == "" else text if size == "1" else f"{size}*{text}"
    if first:
        return body if sign == "+" else f"-{body}"
    return f"{sign} {body}"
