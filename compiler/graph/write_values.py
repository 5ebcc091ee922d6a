"""Plain values and finite functions as RASP expressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from ...rasp_grammar import tree
from ...rasp_grammar.build_tree import MAX_DIGITS
from ...rasp_grammar.diagnostics import error, shortened
from ...rasp_grammar.precedence_warnings import misread_parts
from ...rasp_grammar.span import Source, Span
from .values import Scalar, scalar_key

#: A fraction with more decimals is written as a quotient.
MAX_DECIMALS = 6

#: Made nodes stand in no text.
NO_SPAN = Span(Source("<graph>", ""), 0, 0)

#: Keys and values of a function of one s-op.
Pairs = Sequence[tuple[Scalar, Scalar]]

#: Arguments and values of a function of several s-ops.
Rows = Sequence[tuple[tuple[Scalar, ...], Scalar]]


def name_of(name: str) -> tree.Name:
    return tree.Name(NO_SPAN, name)


def binary(operator: str, left: tree.Expression, right: tree.Expression) -> tree.Expression:
    return tree.Binary(NO_SPAN, operator, left, right)


def grouped(expression: tree.Expression) -> tree.Expression:
    """A ternary in parentheses.  RASP does not need them in a condition, but readers do."""
    return tree.Group(NO_SPAN, expression) if isinstance(expression, tree.Ternary) else expression


def clear(expression: tree.Expression) -> tree.Expression:
    """The expression, with parentheses where a reader of Python would take it for another."""
    for part in misread_parts(expression):
        for field in ("left", "right", "item", "container", "then"):
            if getattr(expression, field, None) is part:
                expression = replace(expression, **{field: tree.Group(NO_SPAN, part)})  # type: ignore[arg-type]
    return expression


def lookup_key(value: Scalar) -> Scalar:
    """Tables look up `True` as 1."""
    return int(value) if isinstance(value, bool) else value


def looked_up(pairs: Pairs, operand: tree.Expression) -> tree.Expression:
    """`{...}[x]`, or a list or a string where the keys are its places, counted from the front and from the end."""
    size = len(pairs) // 2
    values = [value for _, value in pairs]
    places = [scalar_key(place) for place in range(-size, size)]
    if size > 0 and [scalar_key(key) for key, _ in pairs] == places and values[:size] == values[size:]:
        front = values[size:]
        if size > 1 and all(isinstance(value, str) and len(value) == 1 for value in front):
            return tree.Index(NO_SPAN, literal_of("".join(map(str, front))), operand)
        return tree.Index(NO_SPAN, _list(front), operand)
    entries = tuple(tree.Entry(NO_SPAN, literal_of(key), literal_of(value)) for key, value in pairs)
    return tree.Index(NO_SPAN, tree.DictDisplay(NO_SPAN, entries), operand)


def listed(keys: Sequence[Scalar], operand: tree.Expression) -> tree.Expression:
    return tree.Membership(NO_SPAN, operand, _list(keys))


def _list(values: Sequence[Scalar]) -> tree.Expression:
    return tree.ListDisplay(NO_SPAN, tuple(map(literal_of, values)))


def with_default(pairs: Pairs, rest: Scalar, operand: tree.Expression) -> tree.Expression:
    """`{...}[x] if x in [...] else rest`."""
    values = {scalar_key(value) for _, value in pairs}
    then = literal_of(pairs[0][1]) if len(values) == 1 else looked_up(pairs, operand)
    if not pairs:
        then = literal_of(rest)
    return clear(_choice(then, listed([key for key, _ in pairs], operand), rest))


def _choice(then: tree.Expression, condition: tree.Expression, rest: Scalar) -> tree.Expression:
    return tree.Ternary(NO_SPAN, then, condition, literal_of(rest))


def joint(
    rows: Rows,
    rest: Scalar | None,
    operands: Sequence[tree.Expression],
    defined: Sequence[bool],
) -> tree.Expression:
    """A table of several s-ops: a ternary that chooses by the first between tables of the others."""
    first, *others = operands
    if not others:
        pairs = [(arguments[0], value) for arguments, value in rows]
        return looked_up(pairs, first) if rest is None else with_default(pairs, rest, first)
    by_key: dict[Scalar, list[tuple[tuple[Scalar, ...], Scalar]]] = {}
    for (key, *more), value in rows:
        by_key.setdefault(lookup_key(key), []).append((tuple(more), value))
    # Keys with the same rows share a branch.
    branches: dict[object, tuple[list[Scalar], list[tuple[tuple[Scalar, ...], Scalar]]]] = {}
    for key, of_key in by_key.items():
        typed = tuple(sorted((repr(arguments), scalar_key(value)) for arguments, value in of_key))
        branches.setdefault(typed, ([], of_key))[0].append(key)
    is_rest = rest is not None and all(defined[1:])
    result = literal_of(rest) if is_rest and rest is not None else joint([], rest, others, defined[1:])
    for keys, of_key in reversed(branches.values()):
        condition = listed(keys, first) if len(keys) > 1 else clear(binary("==", first, literal_of(keys[0])))
        result = tree.Ternary(NO_SPAN, grouped(joint(of_key, rest, others, defined[1:])), condition, result)
    return result


# --- plain values


def vocabulary_display(tokens: Sequence[Scalar]) -> tree.Expression:
    """`"abc"`, `range(10)`, or a list."""
    if all(isinstance(token, str) and len(token) == 1 for token in tokens):
        text = "".join(map(str, tokens))
        if not ('"' in text and "'" in text):
            return literal_of(text)
    if len(tokens) > 2 and [scalar_key(token) for token in tokens] == [scalar_key(n) for n in range(len(tokens))]:
        return tree.Call(NO_SPAN, name_of("range"), (tree.Number(NO_SPAN, len(tokens)),))
    return _list(tokens)


def literal_of(value: Scalar) -> tree.Expression:
    """A plain value as an expression that gives exactly this value."""
    match value:
        case bool():
            return tree.Boolean(NO_SPAN, value)
        case str():
            return _string(value)
        case float():
            return _float(value)
        case _ if value < 0:
            return tree.Unary(NO_SPAN, "-", _number(-value))
        case _:
            return _number(value)


def _number(value: int | Fraction) -> tree.Expression:
    if isinstance(value, int) or (value.denominator == 1):
        return _integer(int(value))
    if (10**MAX_DECIMALS) % value.denominator == 0 and value < 10**MAX_DECIMALS:
        return tree.Number(NO_SPAN, value)
    return binary("/", _integer(value.numerator), _integer(value.denominator))


def _integer(value: int) -> tree.Expression:
    """A number, or `a * 10 ^ n + b` where it has more digits than the parser reads."""
    if value < 10**MAX_DIGITS:
        return tree.Number(NO_SPAN, value)
    high, low = divmod(value, 10 ** (MAX_DIGITS // 2))
    ten = binary("^", tree.Number(NO_SPAN, 10), tree.Number(NO_SPAN, MAX_DIGITS // 2))
    return binary("+", binary("*", _integer(high), ten), tree.Number(NO_SPAN, low))


def _float(value: float) -> tree.Expression:
    """Only a fractional power gives a float in RASP: `2 ^ 0.5`; any other is a product with the float one."""
    half = tree.Number(NO_SPAN, Fraction(1, 2))
    size = abs(value)
    square = round(size * size) if size < 1e6 else 0
    root = square > 0 and float(square) ** 0.5 == size
    result = binary("^", tree.Number(NO_SPAN, square if root else 1), half)
    if not root:
        result = binary("*", result, _decimal(Fraction(repr(size))))
    return tree.Unary(NO_SPAN, "-", result) if value < 0 else result


def _decimal(value: Fraction) -> tree.Expression:
    return tree.Number(NO_SPAN, value if value.denominator > 1 else value.numerator)


def _string(value: str) -> tree.Expression:
    """A string, or a sum of strings where it has both kinds of quotes."""
    if "\n" in value:
        message = f"no text of RASP has the string {shortened(repr(value))}: it has a line break"
        raise error("not-expressible", message, None, "use another string in its place")
    if not ('"' in value and "'" in value):
        return tree.Text(NO_SPAN, value)
    literals: list[str] = []
    for character in value:
        if literals and not ({'"', "'"} <= {*literals[-1], character}):
            literals[-1] += character
        else:
            literals.append(character)
    result: tree.Expression = tree.Text(NO_SPAN, literals[0])
    for text in literals[1:]:
        result = binary("+", result, tree.Text(NO_SPAN, text))
    return result
