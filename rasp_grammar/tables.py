"""The parse tables (tables.json) and the loop that runs them.

The tables are worked out by Lark from rasp.lark; see make_tables.py for their form and for why they are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .tokens import Token
from .tree import Tree

#: What stands on the parser's stack: a token, a node, or the children that a grouping rule gathered.
Part = Token | Tree | list["Part"]


@dataclass(frozen=True)
class Tables:
    lexer: re.Pattern[str]
    keywords: dict[str, str]
    rules: tuple[tuple[str, int], ...]
    states: tuple[dict[str, int], ...]
    end: int


@cache
def tables() -> Tables:
    content = json.loads((files(__package__) / "tables.json").read_text(encoding="utf-8"))
    return Tables(
        lexer=re.compile(content["lexer"]),
        keywords=content["keywords"],
        rules=tuple((name, size) for name, size in content["rules"]),
        states=tuple(content["states"]),
        end=content["end"],
    )


class Automaton:
    """An LALR parser in the middle of its work: feed it tokens, then the end."""

    def __init__(self, table: Tables, build: Callable[[str, Sequence[Token | Tree]], Tree]) -> None:
        self._table = table
        self._build = build
        self._states = [0]
        self._parts: list[Part] = []

    def feed(self, token: Token) -> bool:
        """Takes a token; False, and nothing has changed that a person could see, when it cannot stand here."""
        if not self.accepts(token.kind):
            return False
        while True:
            action = self._table.states[self._states[-1]][token.kind]
            if action >= 0:
                self._states.append(action)
                self._parts.append(token)
                return True
            self._reduce(-1 - action)

    def finish(self) -> list[Tree] | None:
        """The items of the text, or None when it cannot end here."""
        if not self.accepts("$END"):
            return None
        while self._states[-1] != self._table.end:
            action = self._table.states[self._states[-1]]["$END"]
            if action >= 0:
                self._states.append(action)
            else:
                self._reduce(-1 - action)
        items = self._parts[0] if self._parts else []
        assert isinstance(items, list)
        return [item for item in items if not isinstance(item, (Token, list))]

    def accepts(self, kind: str) -> bool:
        """Whether a token of this kind may come next; decided on a copy of the states alone."""
        states, rules = self._table.states, self._table.rules
        below = len(self._states)  # so many states of the stack still count
        above: list[int] = []  # states that reductions would have put on top of them
        while True:
            state = above[-1] if above else self._states[below - 1]
            if state == self._table.end:
                return kind == "$END"
            action = states[state].get(kind)
            if action is None:
                return False
            if action >= 0:
                return True
            name, size = rules[-1 - action]
            taken = min(size, len(above))
            del above[len(above) - taken :]
            below -= size - taken
            state = above[-1] if above else self._states[below - 1]
            above.append(states[state][name])

    def _reduce(self, rule: int) -> None:
        name, size = self._table.rules[rule]
        if size == 1 and name.startswith("_"):
            # Nine in ten reductions: a level of precedence that has nothing to do.
            self._states.pop()
            self._states.append(self._table.states[self._states[-1]][name])
            return
        first = len(self._parts) - size
        taken = self._parts[first:]
        del self._parts[first:]
        del self._states[len(self._states) - size :]
        if taken and isinstance(taken[0], list):
            # A repetition grows in place: copying it at every step would take quadratic time.
            flat = taken[0]
            taken = taken[1:]
        else:
            flat = []
        for part in taken:
            if isinstance(part, list):
                flat.extend(part)
            else:
                flat.append(part)
        if name.startswith("_") or name == "start":
            self._parts.append(flat)
        else:
            self._parts.append(self._build(name, [part for part in flat if not isinstance(part, list)]))
        self._states.append(self._table.states[self._states[-1]][name])
