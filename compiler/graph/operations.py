"""The element-wise scalar functions: one closed table, read by the interpreter, the simplifier and the lowering.

Every function takes and returns exact values (see `values`).  It returns `Undefined` if the value cannot be computed.
`apply` handles undefined arguments: the result is undefined, unless the argument is the branch of a ternary (`where`)
that is not chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .comparisons import COMPARISONS, ComparisonRule
from .values import Number, Undefined, Value, comparable, is_number, normal, show

#: Results with more bits than this are undefined: no transformer can hold them, and they would fill the memory.
MAX_BITS = 4096

#: Strings of an s-op with more characters are undefined: an analysis that lists them would fill the memory.
MAX_CHARACTERS = 4096


@dataclass(frozen=True)
class Operation:
    """`symbol` is the spelling in RASP: "+" between two operands, "round" before one."""

    name: str
    symbol: str
    arity: int
    evaluate: Callable[..., Value]


def apply(name: str, arguments: Sequence[Value]) -> Value:
    """The value of an operation on the values of one position.  Never raises if their number is right."""
    if name == "where":
        condition, then, otherwise = arguments
        if isinstance(condition, Undefined):
            return condition
        return then if condition else otherwise
    for argument in arguments:
        if isinstance(argument, Undefined):
            return argument
    result: Value = OPERATIONS[name].evaluate(*arguments)
    return result if isinstance(result, Undefined) else normal(result)


def _no_number(symbol: str) -> Undefined:
    return Undefined(f"`{symbol}` of a string and a number")


def _too_large() -> Undefined:
    return Undefined("a number too large to hold")


def _too_long() -> Undefined:
    return Undefined(f"a string of more than {MAX_CHARACTERS:,} characters")


def _numeric(symbol: str, function: Callable[[Number, Number], Value]) -> Callable[[Value, Value], Value]:
    def evaluate(left: Value, right: Value) -> Value:
        if not is_number(left) or not is_number(right):
            return Undefined(f"`{symbol}` of a string")
        try:
            return function(left, right)
        except OverflowError:
            return _too_large()

    return evaluate


def _add(left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str):
        return left + right if len(left) + len(right) <= MAX_CHARACTERS else _too_long()
    if is_number(left) and is_number(right):
        return _sum(left, right)
    return _no_number("+")


def _checked(value: Number) -> Value:
    if isinstance(value, Fraction):
        return value if max(value.numerator.bit_length(), value.denominator.bit_length()) <= MAX_BITS else _too_large()
    if isinstance(value, int):
        return value if value.bit_length() <= MAX_BITS else _too_large()
    return value if value - value == 0 else _too_large()


def _sum(left: Number, right: Number) -> Value:
    try:
        return _checked(left + right)
    except OverflowError:  # a whole number beyond the floats, and a float
        return _too_large()


def _multiply(left: Value, right: Value) -> Value:
    """A product of numbers, or a string as often as a whole number says: "" for 0 and less."""
    text, times = (left, right) if isinstance(left, str) else (right, left)
    if not isinstance(text, str):
        return _product(left, right)
    if not isinstance(times, int):
        return Undefined(f"`*` of {'two strings' if isinstance(times, str) else 'a string and a fraction'}")
    if len(text) * times > MAX_CHARACTERS:
        return _too_long()
    return text * times if text and times > 0 else ""  # Python refuses a number beyond the machine's word, even of ""


_product = _numeric("*", lambda a, b: _checked(a * b))


def _divide(left: Number, right: Number) -> Value:
    if right == 0:
        return Undefined("division by zero")
    if isinstance(left, float) or isinstance(right, float):
        return _checked(left / right)
    return _checked(Fraction(left) / Fraction(right))


def _floor_divide(left: Number, right: Number) -> Value:
    return Undefined("division by zero") if right == 0 else _checked(left // right)


def _modulo(left: Number, right: Number) -> Value:
    return Undefined("division by zero") if right == 0 else _checked(left % right)


def _power(left: Number, right: Number) -> Value:
    if left == 0 and right < 0:
        return Undefined("division by zero")
    exponent = normal(right) if not isinstance(right, float) else right
    if isinstance(exponent, float) and exponent.is_integer():
        exponent = int(exponent)
    if isinstance(exponent, int) and not isinstance(left, float):
        base = Fraction(left)
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if abs(base) != 1 and (bits - 1) * abs(exponent) > MAX_BITS:  # the least number of bits of the result
            return _too_large()
        return _checked(base**exponent)
    if left < 0 and not isinstance(exponent, int):
        return Undefined("a fractional power of a negative number")
    try:
        return _checked(float(left) ** float(exponent))
    except OverflowError:
        return _too_large()


def _unary(symbol: str, function: Callable[[Number], Value]) -> Callable[[Value], Value]:
    def evaluate(operand: Value) -> Value:
        if not is_number(operand):
            return Undefined(f"`{symbol}` of a string")
        return function(operand)

    return evaluate


def _comparison(rule: ComparisonRule) -> Operation:
    def ordering(left: Value, right: Value) -> Value:
        if not comparable(left, right):
            return Undefined(f"`{rule.symbol}` of a string and a number")
        return bool(rule.compare(left, right))

    return Operation(rule.operation, rule.symbol, 2, ordering if rule.is_ordering else rule.compare)


def _parse_int(value: Value) -> Value:
    if isinstance(value, str):
        try:
            return _checked(int(value)) if len(value) < 1000 else _too_large()
        except ValueError:
            return Undefined(f"`{value}` is not an integer")
    return int(value)  # type: ignore[arg-type]


def _parse_float(value: Value) -> Value:
    if isinstance(value, str):
        try:
            return (
                _checked(Fraction(value))
                if len(value) < 100 and "/" not in value and _small_exponent(value)
                else _too_large()
            )
        except (ValueError, ZeroDivisionError):
            return Undefined(f"`{value}` is not a number")
    return int(value) if isinstance(value, bool) else value


def _small_exponent(text: str) -> bool:
    _, _, exponent = text.lower().partition("e")
    return len(exponent) < 5


def _text(value: Value) -> Value:
    if isinstance(value, Fraction):
        return show(value)
    return str(value)


OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("add", "+", 2, _add),
        Operation("sub", "-", 2, _numeric("-", lambda a, b: _checked(a - b))),
        Operation("mul", "*", 2, _multiply),
        Operation("div", "/", 2, _numeric("/", _divide)),
        Operation("floordiv", "//", 2, _numeric("//", _floor_divide)),
        Operation("mod", "%", 2, _numeric("%", _modulo)),
        Operation("pow", "^", 2, _numeric("^", _power)),
        Operation("neg", "-", 1, _unary("-", lambda a: -a)),
        Operation("pos", "+", 1, _unary("+", lambda a: +a)),
        Operation("abs", "abs", 1, _unary("abs", lambda a: -a if a < 0 else +a)),
        Operation("round", "round", 1, _unary("round", lambda a: round(a))),
        Operation("indicator", "indicator", 1, lambda a: 1 if a else 0),
        *map(_comparison, COMPARISONS.values()),
        Operation("and", "and", 2, lambda a, b: bool(a) and bool(b)),
        Operation("or", "or", 2, lambda a, b: bool(a) or bool(b)),
        Operation("not", "not", 1, lambda a: not a),
        Operation("where", "if else", 3, lambda condition, then, otherwise: then if condition else otherwise),
        Operation("str", "tokens_str", 1, _text),
        Operation("int", "tokens_int", 1, _parse_int),
        Operation("float", "tokens_float", 1, _parse_float),
        Operation("bool", "tokens_bool", 1, bool),
    )
}
