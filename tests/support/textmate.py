"""A small reading of TextMate grammars: enough of them to colour RASP, one line at a time as editors do.

Patterns are tried at each place; the earliest match wins, then the first in the list.  Of the rules there are `match`,
`begin`/`end` (with patterns inside), `include` of the repository, `name`, `captures`, `beginCaptures`, `endCaptures`.
Anything else in a grammar is an error, so nothing is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: What Oniguruma reads as Python's `re` does.
_SAME = re.compile(r"[\w \"'#;:,{}()\[\]^$|*+?.=!<>%/-]|\\[btsdwWnr.*+?()\[\]{}^$|\\/-]")

_RULE = {"name", "match", "begin", "end", "captures", "beginCaptures", "endCaptures", "patterns", "include"}


@dataclass(frozen=True)
class Coloured:
    """Characters `start` to `end` of a text have these scopes, outermost first."""

    start: int
    end: int
    scopes: tuple[str, ...]


class Grammar:
    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content
        self._rules = {name: self._checked(rule) for name, rule in content["repository"].items()}
        self._top = [self._checked(rule) for rule in content["patterns"]]
        self._compiled: dict[str, re.Pattern[str]] = {}

    def _checked(self, rule: dict[str, Any]) -> dict[str, Any]:
        unknown = set(rule) - _RULE
        assert unknown == set(), unknown
        assert ("begin" in rule) == ("end" in rule)
        for key in ("match", "begin", "end"):
            if key in rule:
                self._pattern_is_plain(rule[key])
        for inner in rule.get("patterns", ()):
            self._checked(inner)
        if "include" in rule:
            assert rule["include"].removeprefix("#") in self._content["repository"], rule
        return rule

    @staticmethod
    def _pattern_is_plain(pattern: str) -> None:
        position = 0
        while position < len(pattern):
            found = _SAME.match(pattern, position)
            assert found is not None, (pattern, pattern[position:])
            position = found.end()

    def names(self) -> set[str]:
        """Every scope that the grammar can give."""
        found = {self._content["scopeName"]}

        def collect(rule: dict[str, Any]) -> None:
            if "name" in rule:
                found.add(rule["name"])
            for key in ("captures", "beginCaptures", "endCaptures"):
                found.update(capture["name"] for capture in rule.get(key, {}).values())
            for inner in rule.get("patterns", ()):
                collect(inner)

        for rule in (*self._rules.values(), *self._top):
            collect(rule)
        return found

    def used(self) -> set[str]:
        """The parts of the repository that can be reached."""
        seen: set[str] = set()

        def follow(rule: dict[str, Any]) -> None:
            name = rule.get("include", "").removeprefix("#")
            if name != "" and name not in seen:
                seen.add(name)
                follow(self._rules[name])
            for inner in rule.get("patterns", ()):
                follow(inner)

        for rule in self._top:
            follow(rule)
        return seen

    def colour(self, text: str) -> list[Coloured]:
        """The coloured pieces of a text, in order; what has no scope but the file's is left out."""
        found: list[Coloured] = []
        open_rules: list[tuple[dict[str, Any], tuple[str, ...]]] = []
        start = 0
        for line in text.splitlines(keepends=True):
            found += self._line(line.rstrip("\r\n"), start, open_rules)
            start += len(line)
        return found

    def _line(
        self, line: str, start: int, open_rules: list[tuple[dict[str, Any], tuple[str, ...]]]
    ) -> Iterator[Coloured]:
        position = 0
        while position <= len(line):
            rule, scopes = open_rules[-1] if open_rules else (None, ())
            candidates: list[tuple[re.Match[str], dict[str, Any], str]] = []
            if rule is not None:
                ending = self._search(rule["end"], line, position)
                if ending is not None:
                    candidates.append((ending, rule, "end"))
            for option in self._options(self._top if rule is None else rule.get("patterns", [])):
                kind = "match" if "match" in option else "begin"
                match = self._search(option[kind], line, position)
                if match is not None:
                    candidates.append((match, option, kind))
            if len(candidates) == 0:
                if scopes and position < len(line):
                    yield Coloured(start + position, start + len(line), scopes)
                return
            match, chosen, kind = min(candidates, key=lambda candidate: candidate[0].start())
            if scopes and position < match.start():
                yield Coloured(start + position, start + match.start(), scopes)
            inside = scopes if kind == "end" or "name" not in chosen else (*scopes, chosen["name"])
            captures = chosen.get({"match": "captures", "begin": "beginCaptures", "end": "endCaptures"}[kind], {})
            yield from _pieces(match, start, inside, captures)
            if kind == "begin":
                open_rules.append((chosen, inside))
            elif kind == "end":
                open_rules.pop()
            elif match.end() == position == match.start():
                position += 1
                continue
            position = match.end()
            if kind == "end" and position == len(line) and match.start() == match.end():
                return

    def _options(self, patterns: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for pattern in patterns:
            if "include" in pattern:
                yield from self._options([self._rules[pattern["include"].removeprefix("#")]])
            elif "match" in pattern or "begin" in pattern:
                yield pattern
            else:
                yield from self._options(pattern["patterns"])

    def _search(self, pattern: str, line: str, position: int) -> re.Match[str] | None:
        if pattern not in self._compiled:
            self._compiled[pattern] = re.compile(pattern)
        return self._compiled[pattern].search(line, position)


def _pieces(match: re.Match[str], start: int, scopes: tuple[str, ...], captures: dict[str, Any]) -> Iterator[Coloured]:
    """A match cut at its captures, which do not overlap."""
    position = match.start()
    groups = sorted((match.span(int(number)), capture["name"]) for number, capture in captures.items())
    for (first, last), name in groups:
        if first < 0 or first == last:
            continue
        if scopes and position < first:
            yield Coloured(start + position, start + first, scopes)
        yield Coloured(start + first, start + last, (*scopes, name))
        position = last
    if scopes and position < match.end():
        yield Coloured(start + position, start + match.end(), scopes)
