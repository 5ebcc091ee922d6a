"""The state of one program that is being written: its statements so far, what they define, what is left to spend."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from ...compiler.graph.print_graph import literal
from ...compiler.graph.values import Scalar
from .estimates import Facts, SelectorFacts, combine, listed

#: What a reader can ask for.  A number may turn out to be a boolean.
Wanted = Literal["number", "bool", "string"]

#: Attention heads in a row.
MAX_LAYERS = 6

#: Values of one s-op, and the absolute value of its numbers.
MAX_COUNT = 12_000
MAX_NUMBER = 4_000

#: Different strings of one s-op, and the length of one.
MAX_STRINGS = 48
MAX_CHARACTERS = 6

ATTEMPTS = 8


@dataclass(frozen=True)
class Expr:
    """An expression's text; `simple` text needs no parentheses as an operand."""

    text: str
    facts: Facts
    simple: bool = False

    @property
    def operand(self) -> str:
        return self.text if self.simple else f"({self.text})"


@dataclass(frozen=True)
class Selection:
    """A selector's text."""

    text: str
    facts: SelectorFacts
    simple: bool = False

    @property
    def operand(self) -> str:
        return self.text if self.simple else f"({self.text})"


@dataclass(frozen=True)
class FunctionInfo:
    """A function that the program has, and what it may be called with."""

    name: str
    parameters: tuple[Facts, ...]
    result: Facts


@dataclass
class Block:
    """Statements under way and what they name.  `open` is False where no statement can be put in between."""

    indent: str
    open: bool = True
    lines: list[str] = field(default_factory=list)
    values: list[Expr] = field(default_factory=list)
    selectors: list[Selection] = field(default_factory=list)


Production = Callable[["Writer", int], Expr | None]
SelectorProduction = Callable[["Writer", int], Selection | None]


@dataclass(frozen=True)
class Grammar:
    """How each kind of expression can be made: productions and their weights."""

    expressions: Mapping[Wanted, Sequence[tuple[int, Production]]]
    selectors: Sequence[tuple[int, SelectorProduction]]


class Writer:
    """Writes expressions of a wanted kind, and puts statements before the one under way."""

    def __init__(
        self, rng: random.Random, budget: int, vocabulary: Sequence[Scalar], max_length: int, grammar: Grammar
    ) -> None:
        self.rng = rng
        self.budget = budget
        self.vocabulary = tuple(vocabulary)
        self.max_length = max_length
        self.tokens = Expr("tokens", listed(vocabulary), True)
        self.indices = Expr("indices", listed(range(max_length)), True)
        self.length = Expr("length", replace(listed(range(1, max_length + 1)), layers=1), True)
        self.blocks = [Block("")]
        self.functions: list[FunctionInfo] = []
        self._grammar = grammar
        self._names = 0
        self._unused: set[str] = set()

    # --- statements and names

    def fresh(self, letter: str) -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def line(self, text: str) -> None:
        block = self.blocks[-1]
        block.lines.append(block.indent + text)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def named(self, expr: Expr) -> Expr:
        """The expression under a name, which later ones can use too."""
        name = self.fresh("v")
        self.line(f"{name} = {expr.text};")
        result = Expr(name, expr.facts, True)
        self.blocks[-1].values.append(result)
        return result

    def set_aside(self, expr: Expr) -> None:
        """Name an expression, for those that come to use it rather than another."""
        self._unused.add(self.named(expr).text)

    def named_selector(self, selection: Selection) -> Selection:
        name = self.fresh("s")
        self.line(f"{name} = {selection.text};")
        result = Selection(name, selection.facts, True)
        self.blocks[-1].selectors.append(result)
        return result

    # --- expressions

    def expr(self, wanted: Wanted, depth: int, accept: Callable[[Facts], bool] | None = None) -> Expr:
        """An expression of this kind; of facts that are accepted, unless none is found in a few attempts."""
        self.budget -= 1
        found: Expr | None = None
        for _ in range(ATTEMPTS if accept is None else 2 * ATTEMPTS):
            made = self._attempt(wanted, depth)
            if made is None or not self._sane(made.facts):
                continue
            found = made
            if accept is None or accept(made.facts):
                break
        if found is None:
            return self.leaf(wanted)
        if not found.simple and self.blocks[-1].open and not found.facts.plain and self.chance(0.22):
            return self.named(found)
        return found

    def any(self, depth: int) -> Expr:
        return self.expr(self.some_kind(), depth)

    def some_kind(self) -> Wanted:
        return self.rng.choices(("number", "bool", "string"), (5, 3, 2 if self.has_strings else 1))[0]

    def sop(self, wanted: Wanted, depth: int) -> Expr:
        """As `expr`, but nothing plain."""
        made = self.expr(wanted, depth, lambda facts: not facts.plain)
        if not made.facts.plain:
            return made
        if wanted == "string" and self.tokens.facts.kind == "string":
            return self.tokens
        return Expr("tokens_str", self._tokens_str(), True) if wanted == "string" else self.indices

    def selector(self, depth: int, accept: Callable[[SelectorFacts], bool] | None = None) -> Selection:
        self.budget -= 1
        table = self._grammar.selectors
        known = [selection for block in self.blocks for selection in block.selectors]
        found: Selection | None = None
        for attempt in range(ATTEMPTS):
            if known and self.chance(0.2):
                made: Selection | None = self.rng.choice(known)
            else:
                # The first production is the plain comparison.
                one = attempt == ATTEMPTS - 1 or self.budget <= 0
                production = table[0] if one else self.rng.choices(table, [weight for weight, _ in table])[0]
                made = production[1](self, depth - 1)
            if made is None or made.facts.atoms > 5 or made.facts.layers > MAX_LAYERS:
                continue
            if made.facts.undefined and not self.chance(0.1):
                continue
            found = made
            if accept is None or accept(made.facts):
                break
        if found is None:
            return Selection("full_s", SelectorFacts(filled=True), True)
        if not found.simple and self.blocks[-1].open and self.chance(0.25):
            return self.named_selector(found)
        return found

    def leaf(self, wanted: Wanted) -> Expr:
        """The smallest expressions."""
        rng = self.rng
        match wanted:
            case "number":
                leaves = [self.indices, self.length, self.number_literal()]
                if self.tokens.facts.kind == "number":
                    leaves += [self.tokens] * 4
                return rng.choice(leaves)
            case "bool":
                if self.tokens.facts.boolean and self.chance(0.5):
                    return self.tokens
                if self.chance(0.2):
                    value = rng.random() < 0.5
                    return Expr(str(value), listed((value,), plain=True), True)
                if self.chance(0.7):
                    token = rng.choice(self.vocabulary)
                    return Expr(f"tokens == {value_text(token)}", listed((False, True)))
                return Expr(f"indices {rng.choice(('<', '==', '>='))} {rng.randrange(self.max_length)}", BOOLEAN)
            case "string":
                if self.tokens.facts.kind == "string" and self.chance(0.75):
                    return self.tokens
                if self.chance(0.5):
                    return Expr("tokens_str", self._tokens_str(), True)
                return self.string_literal()

    def number_literal(self) -> Expr:
        rng = self.rng
        value: Scalar = rng.randrange(0, 5)
        if self.chance(0.2):
            value = Fraction(rng.choice(("0.5", "1.5", "0.25", "2.5")))
        elif self.chance(0.15):
            value = -rng.randrange(1, 4)
        return Expr(value_text(value), listed((value,), plain=True), True)

    def string_literal(self) -> Expr:
        strings = [token for token in self.vocabulary if isinstance(token, str)] + ["a", "b", "xy", "-", ""]
        value = self.rng.choice(strings)
        return Expr(value_text(value), listed((value,), plain=True), True)

    @property
    def has_strings(self) -> bool:
        return self.tokens.facts.kind != "number"

    def _tokens_str(self) -> Facts:
        return combine("str", self.tokens.facts)

    def _attempt(self, wanted: Wanted, depth: int) -> Expr | None:
        known = [expr for block in self.blocks for expr in block.values if fits(expr.facts, wanted)]
        unused = [expr for expr in known if expr.text in self._unused]
        if known and self.chance(0.45 if unused else 0.15):
            chosen = self.rng.choice(unused or known[-8:])
            self._unused.discard(chosen.text)
            return chosen
        if depth <= 0 or self.budget <= 0:
            return self.leaf(wanted)
        table = self._grammar.expressions[wanted]
        made = self.rng.choices(table, [weight for weight, _ in table])[0][1](self, depth - 1)
        return made if made is None or fits(made.facts, wanted) else None

    def _sane(self, facts: Facts) -> bool:
        if facts.layers > MAX_LAYERS or facts.count > MAX_COUNT or max(-facts.low, facts.high) > MAX_NUMBER:
            return False
        if facts.values is not None and len(facts.values) == 0:  # undefined on every input
            return False
        if facts.undefined and (facts.plain or not self.chance(0.4)):
            return False
        strings = [value for value in facts.values or () if isinstance(value, str)]
        return len(strings) <= MAX_STRINGS and all(len(value) <= MAX_CHARACTERS for value in strings)


BOOLEAN = listed((False, True))


def fits(facts: Facts, wanted: Wanted) -> bool:
    """Whether something of these facts can stand where `wanted` is asked for."""
    if wanted == "bool":
        return facts.boolean
    return facts.kind == wanted


def value_text(value: Scalar) -> str:
    """A plain value as RASP text that can stand as an operand."""
    text = literal(value)
    return f"({text})" if isinstance(value, Fraction) or text.startswith("-") else text
