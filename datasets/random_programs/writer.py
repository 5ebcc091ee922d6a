"""The state of a program while it is written: statements, defined names, and the remaining budget of expressions."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from ...compiler.graph.print_graph import literal
from ...compiler.graph.values import Scalar
from .estimates import SelectorEstimate, ValueEstimate, apply_operation, from_values

#: Kinds of expressions that a production can request.  A requested number may be a boolean.
RequestedKind = Literal["number", "bool", "string"]

#: Largest number of attention heads in a row.
MAX_ATTENTION_DEPTH = 6

#: Largest number of values of an s-op, and largest absolute value of its numbers.
MAX_VALUES = 12_000
MAX_NUMBER = 4_000

#: Largest number of different strings of an s-op, and the length of the longest.
MAX_STRINGS = 48
MAX_CHARACTERS = 6

#: Productions tried for one expression; the fallback is a leaf.
MAX_ATTEMPTS = 8


@dataclass(frozen=True)
class Expr:
    """An expression as text.  `is_operand`: it needs no parentheses as an operand."""

    text: str
    estimate: ValueEstimate
    is_operand: bool = False

    @property
    def operand(self) -> str:
        return self.text if self.is_operand else f"({self.text})"


@dataclass(frozen=True)
class Selection:
    """A selector as text."""

    text: str
    estimate: SelectorEstimate
    is_operand: bool = False

    @property
    def operand(self) -> str:
        return self.text if self.is_operand else f"({self.text})"


@dataclass(frozen=True)
class WrittenFunction:
    """A function of the program, with the estimates of its parameters and of its result."""

    name: str
    parameters: tuple[ValueEstimate, ...]
    result: ValueEstimate


@dataclass
class StatementBlock:
    """The statements of a block so far, and the names that they define.

    `accepts_statements` is False inside a comprehension, where no statement can precede the expression.
    """

    indent: str
    accepts_statements: bool = True
    lines: list[str] = field(default_factory=list)
    values: list[Expr] = field(default_factory=list)
    selectors: list[Selection] = field(default_factory=list)


Production = Callable[["Writer", int], Expr | None]
SelectorProduction = Callable[["Writer", int], Selection | None]


@dataclass(frozen=True)
class ProductionTable:
    """The productions of each kind of expression, with their weights."""

    expressions: Mapping[RequestedKind, Sequence[tuple[int, Production]]]
    selectors: Sequence[tuple[int, SelectorProduction]]


class Writer:
    """Writes expressions of a requested kind, and the statements that they need before the current one."""

    def __init__(
        self,
        rng: random.Random,
        budget: int,
        vocabulary: Sequence[Scalar],
        max_length: int,
        productions: ProductionTable,
    ) -> None:
        self.rng = rng
        self.budget = budget
        self.vocabulary = tuple(vocabulary)
        self.max_length = max_length
        self.tokens = Expr("tokens", from_values(vocabulary), True)
        self.indices = Expr("indices", from_values(range(max_length)), True)
        self.length = Expr("length", replace(from_values(range(1, max_length + 1)), attention_depth=1), True)
        self.blocks = [StatementBlock("")]
        self.functions: list[WrittenFunction] = []
        self._productions = productions
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
        """Assigns the expression to a new name, which later expressions can use."""
        name = self.fresh("v")
        self.line(f"{name} = {expr.text};")
        result = Expr(name, expr.estimate, True)
        self.blocks[-1].values.append(result)
        return result

    def set_aside(self, expr: Expr) -> None:
        """Assigns the expression to a name that later expressions prefer."""
        self._unused.add(self.named(expr).text)

    def named_selector(self, selection: Selection) -> Selection:
        name = self.fresh("s")
        self.line(f"{name} = {selection.text};")
        result = Selection(name, selection.estimate, True)
        self.blocks[-1].selectors.append(result)
        return result

    # --- expressions

    def expr(self, requested: RequestedKind, depth: int, accept: Callable[[ValueEstimate], bool] | None = None) -> Expr:
        """An expression of the requested kind; of an accepted estimate, unless no attempt finds one."""
        self.budget -= 1
        found: Expr | None = None
        for _ in range(MAX_ATTEMPTS if accept is None else 2 * MAX_ATTEMPTS):
            made = self._attempt(requested, depth)
            if made is None or not self._is_small_enough(made.estimate):
                continue
            found = made
            if accept is None or accept(made.estimate):
                break
        if found is None:
            return self.leaf(requested)
        may_be_named = not found.is_operand and self.blocks[-1].accepts_statements and not found.estimate.is_plain
        if may_be_named and self.chance(0.22):
            return self.named(found)
        return found

    def any(self, depth: int) -> Expr:
        return self.expr(self.some_kind(), depth)

    def some_kind(self) -> RequestedKind:
        return self.rng.choices(("number", "bool", "string"), (5, 3, 2 if self.has_strings else 1))[0]

    def sop(self, requested: RequestedKind, depth: int) -> Expr:
        """As `expr`, but never a plain value."""
        made = self.expr(requested, depth, lambda estimate: not estimate.is_plain)
        if not made.estimate.is_plain:
            return made
        if requested == "string" and self.tokens.estimate.kind == "string":
            return self.tokens
        return Expr("tokens_str", self._tokens_str(), True) if requested == "string" else self.indices

    def selector(self, depth: int, accept: Callable[[SelectorEstimate], bool] | None = None) -> Selection:
        self.budget -= 1
        table = self._productions.selectors
        known = [selection for block in self.blocks for selection in block.selectors]
        found: Selection | None = None
        for attempt in range(MAX_ATTEMPTS):
            if known and self.chance(0.2):
                made: Selection | None = self.rng.choice(known)
            else:
                # The first production is a single comparison.
                one = attempt == MAX_ATTEMPTS - 1 or self.budget <= 0
                production = table[0] if one else self.rng.choices(table, [weight for weight, _ in table])[0]
                made = production[1](self, depth - 1)
            if made is None or made.estimate.comparisons > 5 or made.estimate.attention_depth > MAX_ATTENTION_DEPTH:
                continue
            if made.estimate.may_be_undefined and not self.chance(0.1):
                continue
            found = made
            if accept is None or accept(made.estimate):
                break
        if found is None:
            return Selection("full_s", SelectorEstimate(at_least_one_key=True), True)
        if not found.is_operand and self.blocks[-1].accepts_statements and self.chance(0.25):
            return self.named_selector(found)
        return found

    def leaf(self, requested: RequestedKind) -> Expr:
        """An expression without subexpressions, or a comparison with a token or an index."""
        rng = self.rng
        match requested:
            case "number":
                leaves = [self.indices, self.length, self.number_literal()]
                if self.tokens.estimate.kind == "number":
                    leaves += [self.tokens] * 4
                return rng.choice(leaves)
            case "bool":
                if self.tokens.estimate.is_boolean and self.chance(0.5):
                    return self.tokens
                if self.chance(0.2):
                    value = rng.random() < 0.5
                    return constant(value)
                if self.chance(0.7):
                    token = rng.choice(self.vocabulary)
                    return Expr(f"tokens == {value_text(token)}", from_values((False, True)))
                return Expr(
                    f"indices {rng.choice(('<', '==', '>='))} {rng.randrange(self.max_length)}", BOOLEAN_ESTIMATE
                )
            case "string":
                if self.tokens.estimate.kind == "string" and self.chance(0.75):
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
        return constant(value)

    def string_literal(self) -> Expr:
        strings = [token for token in self.vocabulary if isinstance(token, str)] + ["a", "b", "xy", "-", ""]
        value = self.rng.choice(strings)
        return constant(value)

    @property
    def has_strings(self) -> bool:
        return self.tokens.estimate.kind != "number"

    def _tokens_str(self) -> ValueEstimate:
        return apply_operation("str", self.tokens.estimate)

    def _attempt(self, requested: RequestedKind, depth: int) -> Expr | None:
        known = [expr for block in self.blocks for expr in block.values if fits(expr.estimate, requested)]
        unused = [expr for expr in known if expr.text in self._unused]
        if known and self.chance(0.45 if unused else 0.15):
            chosen = self.rng.choice(unused or known[-8:])
            self._unused.discard(chosen.text)
            return chosen
        if depth <= 0 or self.budget <= 0:
            return self.leaf(requested)
        table = self._productions.expressions[requested]
        made = self.rng.choices(table, [weight for weight, _ in table])[0][1](self, depth - 1)
        return made if made is None or fits(made.estimate, requested) else None

    def _is_small_enough(self, estimate: ValueEstimate) -> bool:
        if estimate.attention_depth > MAX_ATTENTION_DEPTH or estimate.value_count > MAX_VALUES:
            return False
        if max(-estimate.low, estimate.high) > MAX_NUMBER:
            return False
        if estimate.values is not None and len(estimate.values) == 0:  # undefined on every input
            return False
        if estimate.may_be_undefined and (estimate.is_plain or not self.chance(0.4)):
            return False
        strings = [value for value in estimate.values or () if isinstance(value, str)]
        return len(strings) <= MAX_STRINGS and all(len(value) <= MAX_CHARACTERS for value in strings)


BOOLEAN_ESTIMATE = from_values((False, True))


def fits(estimate: ValueEstimate, requested: RequestedKind) -> bool:
    """Whether an expression of this estimate can stand where the kind is requested."""
    if requested == "bool":
        return estimate.is_boolean
    return estimate.kind == requested


def constant(value: Scalar) -> Expr:
    """A plain value as an expression."""
    return Expr(value_text(value), from_values((value,), is_plain=True), True)


def value_text(value: Scalar) -> str:
    """A plain value as RASP text that needs no parentheses as an operand."""
    text = literal(value)
    return f"({text})" if isinstance(value, Fraction) or text.startswith("-") else text
