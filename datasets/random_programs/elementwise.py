"""Productions that compute within one position: operators, ternaries, look-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...compiler.graph.operations import OPERATIONS, apply
from ...compiler.graph.values import Scalar
from .estimates import (
    MAX_TUPLES,
    ValueEstimate,
    apply_operation,
    boolean_from,
    from_values,
    sorted_values,
    union,
)
from .writer import Expr, Production, RequestedKind, Writer, constant, value_text

#: Largest number of keys of a dict that is indexed by an s-op.
MAX_KEYS = 12

#: Longest string that is repeated, in characters.
MAX_REPEATED = 6


def binary(name: str, left: Expr, right: Expr) -> Expr:
    return Expr(
        f"{left.operand} {OPERATIONS[name].symbol} {right.operand}",
        apply_operation(name, left.estimate, right.estimate),
    )


# --- numbers


def arithmetic(writer: Writer, depth: int) -> Expr:
    name = writer.rng.choice(("add", "add", "sub", "sub", "mul"))
    return binary(name, _operand(writer, depth), _operand(writer, depth))


def quotient(writer: Writer, depth: int) -> Expr:
    """A division: mostly by a constant, by `abs(x) + 1`, or guarded by `if x != 0`."""
    rng = writer.rng
    name = rng.choice(("div", "div", "floordiv", "mod", "mod"))
    left = _operand(writer, depth)
    if writer.chance(0.45):
        value = rng.choice((1, 2, 2, 3, 4, 5, -2))
        return binary(name, left, constant(value))
    right = writer.expr("number", depth)
    if not right.estimate.has_zero or (writer.chance(0.1) and not right.estimate.is_plain):
        return binary(name, left, right)
    if right.estimate.is_plain or writer.chance(0.4):
        absolute = Expr(f"abs({right.text})", apply_operation("abs", right.estimate), True)
        return binary(name, left, binary("add", absolute, constant(1)))
    divided = binary(name, left, right)
    otherwise = rng.choice((0, 1, -1))
    # The guard excludes a divisor of zero; the estimate of the unguarded quotient would include it.
    values = None if right.estimate.values is None else [value for value in right.estimate.values if value != 0]
    if values is None or len(values) == 0 or left.estimate.may_be_undefined or right.estimate.may_be_undefined:
        return divided
    exact = apply_operation(name, left.estimate, from_values(values, attention_depth=right.estimate.attention_depth))
    estimate = union((exact, constant(otherwise).estimate))
    return Expr(f"{divided.text} if {right.operand} != 0 else {value_text(otherwise)}", estimate)


def power(writer: Writer, depth: int) -> Expr | None:
    rng = writer.rng
    if writer.chance(0.12):
        base = writer.expr("number", depth)
        if base.estimate.values is None or len(base.estimate.values) > 12:
            return None
        if base.estimate.low < 0 or base.estimate.is_plain:
            return None
        root = Expr(f"{base.operand} ^ 0.5", apply_operation("pow", base.estimate, constant(0.5).estimate))
        if writer.chance(0.15):
            return root
        return Expr(f"round({root.text})", apply_operation("round", root.estimate), True)
    if writer.chance(0.3):
        base_value = rng.choice((1, 2, 3, -1, -2))
        base = constant(base_value)
        exponents = writer.expr("number", depth, lambda estimate: estimate.all_integers and estimate.low >= -2)
        return binary("pow", base, exponents)
    exponent = rng.choice((0, 1, 2, 2, 2, 3))
    return binary("pow", _operand(writer, depth), constant(exponent))


def one_number(writer: Writer, depth: int) -> Expr:
    rng = writer.rng
    name = rng.choice(("round", "round", "abs", "indicator", "neg", "pos"))
    operand = writer.expr("bool" if name == "indicator" and writer.chance(0.8) else "number", depth)
    estimate = apply_operation(name, operand.estimate)
    if name == "neg" or name == "pos":
        return Expr(f"{'-' if name == 'neg' else '+'}{operand.operand}", estimate)
    return Expr(f"{name}({operand.text})", estimate, True)


def read_number(writer: Writer, depth: int) -> Expr | None:
    """`tokens_int` or `tokens_float`, where every token of the vocabulary is a number or the text of one."""
    name = writer.rng.choice(("int", "float"))
    estimate = apply_operation(name, writer.tokens.estimate)
    return None if estimate.may_be_undefined else Expr(f"tokens_{name}", estimate, True)


def truth_as_number(writer: Writer, depth: int) -> Expr:
    return writer.expr("bool", depth)


def _operand(writer: Writer, depth: int) -> Expr:
    return writer.expr("bool" if writer.chance(0.1) else "number", depth)


# --- truth values


def comparison(writer: Writer, depth: int) -> Expr:
    rng = writer.rng
    if writer.chance(0.08):
        # `==` and `!=` are defined for operands of any kinds.
        return binary(rng.choice(("eq", "ne")), writer.any(depth), writer.any(depth))
    kind: RequestedKind = "string" if writer.has_strings and writer.chance(0.35) else "number"
    left = writer.sop(kind, depth)
    name = rng.choice(("eq", "eq", "ne", "lt", "le", "gt", "ge"))
    if left.estimate.values is not None and writer.chance(0.4):
        value = rng.choice(sorted_values(left.estimate))
        return binary(name, left, constant(value))
    return binary(name, left, writer.expr(kind, depth))


def connective(writer: Writer, depth: int) -> Expr | None:
    name = writer.rng.choice(("and", "or"))
    left = writer.expr("number" if writer.chance(0.06) else "bool", depth)
    right = writer.expr("bool", depth)
    if left.estimate.is_plain and right.estimate.is_plain:
        return None  # the result is one of the operands, not a boolean
    return Expr(f"{left.operand} {name} {right.operand}", boolean_from(left.estimate, right.estimate))


def negation(writer: Writer, depth: int) -> Expr:
    operand = writer.expr("number" if writer.chance(0.1) else "bool", depth)
    return Expr(f"not {operand.operand}", apply_operation("not", operand.estimate))


def in_list(writer: Writer, depth: int) -> Expr:
    """`x in` a list of values and s-ops, the keys of a dict, or the substrings of a string."""
    rng = writer.rng
    item = writer.sop("string" if writer.has_strings and writer.chance(0.5) else "number", depth)
    known = sorted_values(item.estimate)[:6] if item.estimate.values is not None else [0, 1, 2]
    members = [value_text(value) for value in rng.sample(known, rng.randint(1, len(known)))]
    inputs = [item.estimate]
    if item.estimate.kind == "string" and writer.chance(0.25):
        text = "".join(str(value) for value in known)[:8]
        return Expr(f'{item.operand} in "{text}"', boolean_from(item.estimate))
    if writer.chance(0.15):
        entries = ", ".join(f"{member}: 1" for member in members)
        return Expr(f"{item.operand} in {{{entries}}}", boolean_from(item.estimate))
    if writer.chance(0.2):
        other = writer.any(depth)
        members.append(other.text)
        inputs.append(other.estimate)
    return Expr(f"{item.operand} in [{', '.join(members)}]", boolean_from(*inputs))


def read_truth(writer: Writer, depth: int) -> Expr | None:
    estimate = apply_operation("bool", writer.tokens.estimate)
    return None if estimate.may_be_undefined else Expr("tokens_bool", estimate, True)


# --- strings


def concatenation(writer: Writer, depth: int) -> Expr:
    return binary("add", writer.expr("string", depth), writer.expr("string", depth))


def repetition(writer: Writer, depth: int) -> Expr | None:
    """A string times a truth value or a small whole number, on either side."""
    text = writer.expr("string", depth)
    times = writer.expr("bool", depth)
    if writer.chance(0.4):
        times = writer.expr("number", depth, lambda found: found.all_integers and found.low >= -3 and found.high <= 3)
    values = text.estimate.values
    if values is None or max(len(str(value)) for value in values) > MAX_REPEATED or times.estimate.values is None:
        return None
    if len(values) * len(times.estimate.values) > MAX_TUPLES:
        return None
    return binary("mul", text, times) if writer.chance(0.7) else binary("mul", times, text)


def tokens_as_text(writer: Writer, depth: int) -> Expr:
    return Expr("tokens_str", apply_operation("str", writer.tokens.estimate), True)


# --- any kind


def larger_or_smaller(requested: RequestedKind) -> Production:
    """`max(a, b)` or `min(a, b)`, position by position."""

    def make(writer: Writer, depth: int) -> Expr:
        name = writer.rng.choice(("max", "min"))
        left, right = writer.expr(requested, depth), writer.expr(requested, depth)
        estimate = replace(
            union((left.estimate, right.estimate)),
            is_plain=left.estimate.is_plain and right.estimate.is_plain,
        )
        return Expr(f"{name}({left.text}, {right.text})", estimate, True)

    return make


def ternary(requested: RequestedKind) -> Production:
    def make(writer: Writer, depth: int) -> Expr:
        condition = writer.expr("bool", depth)
        then, otherwise = writer.expr(requested, depth), writer.expr(requested, depth)
        estimate = apply_operation("where", condition.estimate, then.estimate, otherwise.estimate)
        if condition.estimate.is_plain:
            # Elaboration keeps one branch, which may be the plain one.
            estimate = replace(estimate, is_plain=then.estimate.is_plain or otherwise.estimate.is_plain)
        return Expr(f"{then.operand} if {condition.operand} else {otherwise.operand}", estimate)

    return make


def look_up(requested: RequestedKind) -> Production:
    """A dict, list or string of values, indexed by an s-op; a few dicts lack a key, and may be undefined."""

    def make(writer: Writer, depth: int) -> Expr | None:
        rng = writer.rng
        index = writer.sop(writer.some_kind(), depth)
        if index.estimate.values is None or len(index.estimate.values) > MAX_KEYS:
            return None
        keys = sorted_values(index.estimate)
        undefined = index.estimate.may_be_undefined
        if all(isinstance(key, int) and key >= 0 for key in keys) and writer.chance(0.4):
            return _list_item(writer, requested, index)
        if writer.chance(0.08) and len(keys) > 1:
            keys.remove(rng.choice(keys))
            undefined = True
        values = [_value(writer, requested) for _ in keys]
        rows = ", ".join(f"{value_text(key)}: {value_text(value)}" for key, value in zip(keys, values, strict=True))
        return Expr(f"{{{rows}}}[{index.text}]", _looked_up(values, index.estimate, undefined))

    return make


def _list_item(writer: Writer, requested: RequestedKind, index: Expr) -> Expr:
    size = int(index.estimate.high) + 1
    values = [_value(writer, requested) for _ in range(size)]
    estimate = _looked_up(values, index.estimate, index.estimate.may_be_undefined)
    if requested == "string" and writer.chance(0.3):
        characters = [writer.rng.choice("abcx") for _ in range(size)]
        estimate = _looked_up(characters, index.estimate, index.estimate.may_be_undefined)
        return Expr(f'"{"".join(characters)}"[{index.text}]', estimate)
    return Expr(f"[{', '.join(map(value_text, values))}][{index.text}]", estimate)


def _looked_up(values: Sequence[Scalar], index: ValueEstimate, undefined: bool) -> ValueEstimate:
    return from_values(values, attention_depth=index.attention_depth, may_be_undefined=undefined)


def _value(writer: Writer, requested: RequestedKind) -> Scalar:
    rng = writer.rng
    if requested == "bool":
        return rng.random() < 0.5
    if requested == "string":
        return rng.choice(("a", "b", "c", "xy", "", "no"))
    value = rng.choice((0, 1, 2, 3, 5, -1, 7))
    quotient = apply("div", (value, 2))
    return quotient if writer.chance(0.1) and not isinstance(quotient, str) and isinstance(quotient, int) else value
