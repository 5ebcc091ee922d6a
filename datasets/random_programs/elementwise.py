"""Productions for what happens at one position: operators, ternaries, look-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...compiler.graph.operations import apply
from ...compiler.graph.values import Scalar
from .estimates import Facts, combine, listed, sorted_values, truth, union
from .writer import Expr, Production, Wanted, Writer, value_text

SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "floordiv": "//", "mod": "%", "pow": "^",
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "and": "and", "or": "or",
}  # fmt: skip

#: Keys of a dict that is indexed by an s-op.
MAX_KEYS = 12


def binary(name: str, left: Expr, right: Expr) -> Expr:
    return Expr(f"{left.operand} {SIGNS[name]} {right.operand}", combine(name, left.facts, right.facts))


# --- numbers


def arithmetic(writer: Writer, depth: int) -> Expr:
    name = writer.rng.choice(("add", "add", "sub", "sub", "mul"))
    return binary(name, _operand(writer, depth), _operand(writer, depth))


def quotient(writer: Writer, depth: int) -> Expr:
    """A division, mostly by something that is not zero, or guarded."""
    rng = writer.rng
    name = rng.choice(("div", "div", "floordiv", "mod", "mod"))
    left = _operand(writer, depth)
    if writer.chance(0.45):
        value = rng.choice((1, 2, 2, 3, 4, 5, -2))
        return binary(name, left, Expr(value_text(value), listed((value,), plain=True), True))
    right = writer.expr("number", depth)
    if not right.facts.has_zero or (writer.chance(0.1) and not right.facts.plain):
        return binary(name, left, right)
    if right.facts.plain or writer.chance(0.4):
        absolute = Expr(f"abs({right.text})", combine("abs", right.facts), True)
        return binary(name, left, binary("add", absolute, Expr("1", listed((1,), plain=True), True)))
    divided = binary(name, left, right)
    otherwise = rng.choice((0, 1, -1))
    # The guard keeps zeros away, which the facts of the quotient alone do not know.
    values = None if right.facts.values is None else [value for value in right.facts.values if value != 0]
    if values is None or len(values) == 0 or left.facts.undefined or right.facts.undefined:
        return divided
    exact = combine(name, left.facts, listed(values, layers=right.facts.layers))
    facts = union((exact, listed((otherwise,), plain=True)))
    return Expr(f"{divided.text} if {right.operand} != 0 else {value_text(otherwise)}", facts)


def power(writer: Writer, depth: int) -> Expr | None:
    rng = writer.rng
    if writer.chance(0.12):
        base = writer.expr("number", depth)
        if base.facts.values is None or base.facts.low < 0 or len(base.facts.values) > 12 or base.facts.plain:
            return None
        root = Expr(f"{base.operand} ^ 0.5", combine("pow", base.facts, listed((0.5,), plain=True)))
        if writer.chance(0.15):
            return root
        return Expr(f"round({root.text})", combine("round", root.facts), True)
    if writer.chance(0.3):
        base_value = rng.choice((1, 2, 3, -1, -2))
        base = Expr(value_text(base_value), listed((base_value,), plain=True), True)
        return binary("pow", base, writer.expr("number", depth, lambda facts: facts.whole and facts.low >= -2))
    exponent = rng.choice((0, 1, 2, 2, 2, 3))
    return binary("pow", _operand(writer, depth), Expr(str(exponent), listed((exponent,), plain=True), True))


def one_number(writer: Writer, depth: int) -> Expr:
    rng = writer.rng
    name = rng.choice(("round", "round", "abs", "indicator", "neg", "pos"))
    operand = writer.expr("bool" if name == "indicator" and writer.chance(0.8) else "number", depth)
    facts = combine(name, operand.facts)
    if name == "neg" or name == "pos":
        return Expr(f"{'-' if name == 'neg' else '+'}{operand.operand}", facts)
    return Expr(f"{name}({operand.text})", facts, True)


def read_number(writer: Writer, depth: int) -> Expr | None:
    """`tokens_int`, `tokens_float` where the vocabulary's tokens are numbers or their texts."""
    name = writer.rng.choice(("int", "float"))
    facts = combine(name, writer.tokens.facts)
    return None if facts.undefined else Expr(f"tokens_{name}", facts, True)


def truth_as_number(writer: Writer, depth: int) -> Expr:
    return writer.expr("bool", depth)


def _operand(writer: Writer, depth: int) -> Expr:
    return writer.expr("bool" if writer.chance(0.1) else "number", depth)


# --- truth values


def comparison(writer: Writer, depth: int) -> Expr:
    rng = writer.rng
    if writer.chance(0.08):
        # Of whatever kinds: never undefined for these two.
        return binary(rng.choice(("eq", "ne")), writer.any(depth), writer.any(depth))
    kind: Wanted = "string" if writer.has_strings and writer.chance(0.35) else "number"
    left = writer.sop(kind, depth)
    name = rng.choice(("eq", "eq", "ne", "lt", "le", "gt", "ge"))
    if left.facts.values is not None and writer.chance(0.4):
        value = rng.choice(sorted_values(left.facts))
        return binary(name, left, Expr(value_text(value), listed((value,), plain=True), True))
    return binary(name, left, writer.expr(kind, depth))


def connective(writer: Writer, depth: int) -> Expr | None:
    name = writer.rng.choice(("and", "or"))
    left = writer.expr("number" if writer.chance(0.06) else "bool", depth)
    right = writer.expr("bool", depth)
    if left.facts.plain and right.facts.plain:
        return None  # plain values give one of the operands
    return Expr(f"{left.operand} {name} {right.operand}", truth(left.facts, right.facts))


def negation(writer: Writer, depth: int) -> Expr:
    operand = writer.expr("number" if writer.chance(0.1) else "bool", depth)
    return Expr(f"not {operand.operand}", combine("not", operand.facts))


def in_list(writer: Writer, depth: int) -> Expr:
    """`x in [...]`, a list of values, of s-ops, or of both; or the keys of a dict; or the parts of a string."""
    rng = writer.rng
    item = writer.sop("string" if writer.has_strings and writer.chance(0.5) else "number", depth)
    known = sorted_values(item.facts)[:6] if item.facts.values is not None else [0, 1, 2]
    members = [value_text(value) for value in rng.sample(known, rng.randint(1, len(known)))]
    inputs = [item.facts]
    if item.facts.kind == "string" and writer.chance(0.25):
        text = "".join(str(value) for value in known)[:8]
        return Expr(f'{item.operand} in "{text}"', truth(item.facts))
    if writer.chance(0.15):
        return Expr(f"{item.operand} in {{{', '.join(f'{member}: 1' for member in members)}}}", truth(item.facts))
    if writer.chance(0.2):
        other = writer.any(depth)
        members.append(other.text)
        inputs.append(other.facts)
    return Expr(f"{item.operand} in [{', '.join(members)}]", truth(*inputs))


def read_truth(writer: Writer, depth: int) -> Expr | None:
    facts = combine("bool", writer.tokens.facts)
    return None if facts.undefined else Expr("tokens_bool", facts, True)


# --- strings


def concatenation(writer: Writer, depth: int) -> Expr:
    return binary("add", writer.expr("string", depth), writer.expr("string", depth))


def tokens_as_text(writer: Writer, depth: int) -> Expr:
    return Expr("tokens_str", combine("str", writer.tokens.facts), True)


# --- any kind


def ternary(wanted: Wanted) -> Production:
    def make(writer: Writer, depth: int) -> Expr:
        condition = writer.expr("bool", depth)
        then, otherwise = writer.expr(wanted, depth), writer.expr(wanted, depth)
        facts = combine("where", condition.facts, then.facts, otherwise.facts)
        if condition.facts.plain:
            # One branch is all that is left, and it may be the plain one.
            facts = replace(facts, plain=then.facts.plain or otherwise.facts.plain)
        return Expr(f"{then.operand} if {condition.operand} else {otherwise.operand}", facts)

    return make


def look_up(wanted: Wanted) -> Production:
    """A dict or list of values, indexed by an s-op; complete unless it may be undefined."""

    def make(writer: Writer, depth: int) -> Expr | None:
        rng = writer.rng
        index = writer.sop(writer.some_kind(), depth)
        if index.facts.values is None or len(index.facts.values) > MAX_KEYS:
            return None
        keys = sorted_values(index.facts)
        undefined = index.facts.undefined
        if all(isinstance(key, int) and key >= 0 for key in keys) and writer.chance(0.4):
            return _list_item(writer, wanted, index)
        if writer.chance(0.08) and len(keys) > 1:
            keys.remove(rng.choice(keys))
            undefined = True
        values = [_value(writer, wanted) for _ in keys]
        rows = ", ".join(f"{value_text(key)}: {value_text(value)}" for key, value in zip(keys, values, strict=True))
        return Expr(f"{{{rows}}}[{index.text}]", _looked_up(values, index.facts, undefined))

    return make


def _list_item(writer: Writer, wanted: Wanted, index: Expr) -> Expr:
    size = int(index.facts.high) + 1
    values = [_value(writer, wanted) for _ in range(size)]
    facts = _looked_up(values, index.facts, index.facts.undefined)
    if wanted == "string" and writer.chance(0.3):
        characters = [writer.rng.choice("abcx") for _ in range(size)]
        facts = _looked_up(characters, index.facts, index.facts.undefined)
        return Expr(f'"{"".join(characters)}"[{index.text}]', facts)
    return Expr(f"[{', '.join(map(value_text, values))}][{index.text}]", facts)


def _looked_up(values: Sequence[Scalar], index: Facts, undefined: bool) -> Facts:
    return listed(values, layers=index.layers, undefined=undefined)


def _value(writer: Writer, wanted: Wanted) -> Scalar:
    rng = writer.rng
    if wanted == "bool":
        return rng.random() < 0.5
    if wanted == "string":
        return rng.choice(("a", "b", "c", "xy", "", "no"))
    value = rng.choice((0, 1, 2, 3, 5, -1, 7))
    quotient = apply("div", (value, 2))
    return quotient if writer.chance(0.1) and not isinstance(quotient, str) and isinstance(quotient, int) else value
