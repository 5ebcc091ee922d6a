"""Productions for what looks at other positions: selectors, aggregates, and the library's functions."""

from __future__ import annotations

from dataclasses import replace

from .estimates import Facts, SelectorFacts, combine, listed, mean, truth, union
from .writer import BOOLEAN, Expr, Production, Selection, Wanted, Writer, value_text

COMPARISONS = ("==", "==", "==", "!=", "<", "<=", ">", ">=")

#: Pairs of key and query values of a comparison that is not `==`.
MAX_PAIRS = 8_000


# --- selectors


def compared(writer: Writer, depth: int) -> Selection | None:
    """`select(keys, queries, op)`."""
    rng = writer.rng
    comparison = rng.choice(COMPARISONS)
    if writer.chance(0.3):
        return positional(writer)
    kind: Wanted = writer.some_kind()
    if kind == "bool":
        keys = writer.expr("bool", depth)
        value = rng.random() < 0.7
        queries = (
            Expr(str(value), listed((value,), plain=True), True) if writer.chance(0.8) else writer.expr("bool", depth)
        )
        comparison = rng.choice(("==", "==", "!="))
    else:
        keys = writer.expr(kind, depth)
        queries = keys if writer.chance(0.3) else writer.expr(kind, depth)
        if writer.chance(0.08):
            keys, queries = queries, keys
    if comparison != "==" and keys.facts.count * queries.facts.count > MAX_PAIRS:
        return None
    same = keys.text == queries.text
    single = comparison == "==" and keys.text == "indices"
    facts = SelectorFacts(
        single=single,
        filled=same and comparison in ("==", "<=", ">="),
        undefined=keys.facts.undefined or queries.facts.undefined,
        layers=max(keys.facts.layers, queries.facts.layers),
    )
    return Selection(f"select({keys.text}, {queries.text}, {comparison})", facts, True)


def positional(writer: Writer) -> Selection:
    """The selectors that programs are full of."""
    rng = writer.rng
    if writer.chance(0.35):
        comparison = rng.choice(("<", "<=", ">", ">=", "!="))
        text = f"select(indices, indices, {comparison})"
        return Selection(text, SelectorFacts(filled=comparison in ("<=", ">=")), True)
    offset = rng.choice(("indices - 1", "indices + 1", "length - indices - 1", "length - 1", "indices - 2", "0", "1"))
    filled = offset in ("length - indices - 1", "length - 1", "0")
    text = f"select(indices, {offset}, ==)"
    return Selection(text, SelectorFacts(single=True, filled=filled, layers=int("length" in offset)), True)


def joined(writer: Writer, depth: int) -> Selection:
    name = writer.rng.choice(("and", "and", "and", "or"))
    left, right = writer.selector(depth), writer.selector(depth)
    facts = replace(
        _both(left.facts, right.facts),
        single=name == "and" and (left.facts.single or right.facts.single),
        filled=name == "or" and (left.facts.filled or right.facts.filled),
    )
    return Selection(f"{left.operand} {name} {right.operand}", facts)


def complement(writer: Writer, depth: int) -> Selection:
    operand = writer.selector(depth)
    return Selection(f"not {operand.operand}", replace(operand.facts, single=False, filled=False))


def library_selector(writer: Writer, depth: int) -> Selection:
    rng = writer.rng
    sequence = writer.sop(rng.choice(("number", "string", "bool")), depth)
    layers = sequence.facts.layers + 1
    if writer.chance(0.3):
        facts = SelectorFacts(True, False, sequence.facts.undefined, 2, layers)
        return Selection(f"select_next_identical({sequence.text})", facts, True)
    name = rng.choice(("select_from_first", "select_from_last"))
    atom = sequence if writer.chance(0.5) else writer.expr("string" if sequence.facts.kind == "string" else "number", 0)
    facts = SelectorFacts(True, atom is sequence, sequence.facts.undefined or atom.facts.undefined, 2, layers)
    return Selection(f"{name}({sequence.text}, {atom.text})", facts, True)


def odd_selector(writer: Writer, depth: int) -> Selection:
    """With plain truth values, and chosen by a plain condition."""
    operand = writer.selector(depth)
    match writer.rng.randrange(4):
        case 0:
            return Selection(f"{operand.operand} and True", operand.facts)
        case 1:
            return Selection(f"{operand.operand} or False", operand.facts)
        case 2:
            return Selection(f"{operand.operand} if 1 < 2 else full_s", operand.facts)
        case _:
            return Selection("full_s", SelectorFacts(filled=True), True)


def _both(left: SelectorFacts, right: SelectorFacts) -> SelectorFacts:
    return SelectorFacts(
        undefined=left.undefined or right.undefined,
        atoms=left.atoms + right.atoms,
        layers=max(left.layers, right.layers),
    )


# --- aggregates


def width(writer: Writer, depth: int) -> Expr:
    selector = writer.selector(depth)
    low = 1 if selector.facts.filled else 0
    high = 1 if selector.facts.single else writer.max_length
    facts = _attended(listed(range(low, high + 1)), selector)
    return Expr(f"selector_width({selector.text})", facts, True)


def focus(writer: Writer, depth: int) -> Expr:
    selector = writer.selector(depth)
    return Expr(f"has_focus({selector.text})", _attended(BOOLEAN, selector), True)


def aggregate(wanted: Wanted) -> Production:
    """`aggregate(selector, values, default)`; for a truth value only of what stays one."""

    def make(writer: Writer, depth: int) -> Expr | None:
        rng = writer.rng
        single = wanted != "number" or writer.chance(0.3)
        selector = writer.selector(depth, lambda facts: facts.single) if single else writer.selector(depth)
        values = writer.expr("bool" if wanted == "number" and writer.chance(0.2) else wanted, depth)
        facts = values.facts if selector.facts.single else mean(values.facts, writer.max_length)
        text = f"aggregate({selector.text}, {values.text}"
        if writer.chance(0.55 if wanted == "number" else 0.8):
            default = writer.leaf(wanted)
            if not default.facts.plain:
                default = literal_of(writer, wanted)
            text += f", {default.text}"
            facts = union((facts, default.facts))
        elif not selector.facts.filled:
            if values.facts.kind == "string":
                facts = replace(facts, undefined=True)
            else:
                facts = union((facts, listed((0,), plain=True)))
        if rng.random() < 0.5 and wanted == "number" and not facts.whole and facts.count > 400:
            return Expr(f"round({text}))", combine("round", _attended(facts, selector)), True)
        return Expr(f"{text})", _attended(facts, selector), True)

    return make


def of_both_kinds(writer: Writer, depth: int) -> Expr:
    """An s-op that holds numbers and strings; what reads it must take both."""
    rng = writer.rng
    kinds: list[Wanted] = ["number", "bool", "string"]
    rng.shuffle(kinds)
    match rng.randrange(4):
        case 0 if writer.tokens.facts.kind == "mixed":
            values = writer.tokens
        case 1:
            value = literal_of(writer, "string" if kinds[0] != "string" else kinds[1])
            selector = writer.selector(depth, lambda facts: facts.single)
            some = writer.expr(kinds[0], depth)
            facts = _attended(union((mean(some.facts, writer.max_length), value.facts)), selector)
            return Expr(f"aggregate({selector.text}, {some.text}, {value.text})", facts, True)
        case _:
            condition = writer.expr("bool", depth)
            first, second = (writer.expr(wanted, depth) for wanted in _one_string(kinds))
            facts = combine("where", condition.facts, first.facts, second.facts)
            values = Expr(f"{first.operand} if {condition.operand} else {second.operand}", facts)
    if not writer.chance(0.4):
        return values
    # A mean of numbers and strings is undefined; of numbers among such values it is an odd thing to ask for.
    selector = writer.selector(depth, (lambda facts: facts.single) if writer.chance(0.8) else None)
    text = f"aggregate({selector.text}, {values.text}"
    facts = values.facts if selector.facts.single else replace(values.facts, undefined=True)
    if writer.chance(0.5):
        default = literal_of(writer, rng.choice(kinds))
        return Expr(f"{text}, {default.text})", _attended(union((facts, default.facts)), selector), True)
    return Expr(f"{text})", _attended(facts, selector), True)


def _one_string(kinds: list[Wanted]) -> list[Wanted]:
    """Two of the kinds, in their order; one of them is the strings."""
    return kinds[:2] if "string" in kinds[:2] else [kinds[0], "string"]


def same_of_both_kinds(writer: Writer, depth: int) -> Expr:
    """A comparison that takes both kinds."""
    left = of_both_kinds(writer, depth)
    right = of_both_kinds(writer, depth) if writer.chance(0.3) else writer.any(depth)
    sign = writer.rng.choice(("==", "!="))
    return Expr(f"{left.operand} {sign} {right.operand}", truth(left.facts, right.facts))


def compared_of_both_kinds(writer: Writer, depth: int) -> Selection:
    left = of_both_kinds(writer, depth)
    right = of_both_kinds(writer, depth) if writer.chance(0.5) else writer.any(depth)
    if writer.chance(0.5):
        left, right = right, left
    undefined = left.facts.undefined or right.facts.undefined
    layers = max(left.facts.layers, right.facts.layers)
    sign = writer.rng.choice(("==", "==", "!="))
    return Selection(
        f"select({left.text}, {right.text}, {sign})", SelectorFacts(False, False, undefined, 1, layers), True
    )


def literal_of(writer: Writer, wanted: Wanted) -> Expr:
    if wanted == "number":
        return writer.number_literal()
    if wanted == "string":
        return writer.string_literal()
    value = writer.rng.random() < 0.4
    return Expr(str(value), listed((value,), plain=True), True)


def _attended(facts: Facts, selector: Selection) -> Facts:
    undefined = facts.undefined or selector.facts.undefined
    layers = max(facts.layers, selector.facts.layers) + 1
    return replace(facts, undefined=undefined, layers=layers, plain=False)


# --- the library


def count(writer: Writer, depth: int) -> Expr:
    sequence, atom = _sequence_and_atom(writer, depth)
    facts = _deeper(listed(range(writer.max_length + 1)), sequence, atom)
    return Expr(f"count({sequence.text}, {atom.text})", facts, True)


def contained(writer: Writer, depth: int) -> Expr:
    sequence, atom = _sequence_and_atom(writer, depth)
    facts = _deeper(BOOLEAN, sequence, atom)
    if writer.chance(0.5):
        return Expr(f"{atom.operand} in {sequence.operand}", facts)
    return Expr(f"contains({sequence.text}, {atom.text})", facts, True)


def average(writer: Writer, depth: int) -> Expr:
    values = writer.sop("number", depth)
    facts = mean(values.facts, writer.max_length)
    return Expr(f"average({values.text})", replace(facts, plain=False, layers=facts.layers + 1), True)


def marked(writer: Writer, depth: int) -> Expr:
    name = writer.rng.choice(("mark_first_instance", "mark_last_instance"))
    flags = writer.sop("bool", depth)
    return Expr(f"{name}({flags.text})", _deeper(BOOLEAN, flags), True)


def rearranged(wanted: Wanted) -> Production:
    """`sort`, `max`, `min`, `shift`, `load_from_location` and an index: values of the same s-op from elsewhere."""

    def make(writer: Writer, depth: int) -> Expr:
        rng = writer.rng
        values = writer.sop(wanted, depth)
        names = ("sort", "sort", "max", "min", "shift", "shift", "load_from_location", "index", "index")
        name = rng.choice(names)
        match name:
            case "sort":
                key = values
                if writer.chance(0.5):
                    key = writer.expr("string" if writer.has_strings and writer.chance(0.3) else "number", depth)
                facts = replace(
                    _deeper(values.facts, values, key), layers=max(values.facts.layers, key.facts.layers) + 2
                )
                return Expr(f"sort({values.text}, {key.text})", facts, True)
            case "max" | "min":
                facts = replace(values.facts, layers=values.facts.layers + 2)
                return Expr(f"{name}({values.text})", facts, True)
            case "shift":
                default = literal_of(writer, wanted)
                distance = rng.choice((0, 1, 1, 1, 2, -1))
                facts = _deeper(union((values.facts, default.facts)), values)
                return Expr(f"shift({values.text}, {value_text(distance)}, {default.text})", facts, True)
            case _:
                return _located(writer, depth, values, name)

    return make


def _located(writer: Writer, depth: int, values: Expr, name: str) -> Expr:
    rng = writer.rng
    place, sure = rng.choice((("0", True), ("length - 1", True), ("1", False), ("2", False)))
    inputs = [values]
    if name == "index" and writer.chance(0.5):
        place, sure = rng.choice((("-1", True), ("-2", False), ("0", True), ("-(indices + 1)", True)))
    elif writer.chance(0.4):
        where = writer.sop("number", depth)
        place, sure = where.text, False
        inputs.append(where)
    facts = values.facts
    if not sure:
        facts = replace(facts, undefined=True) if facts.kind == "string" else union((facts, listed((0,), plain=True)))
    facts = _deeper(facts, *inputs)
    facts = replace(facts, layers=facts.layers + int("length" in place))
    if name == "index":
        return Expr(f"{values.operand}[{place}]", facts, True)
    return Expr(f"load_from_location({values.text}, {place})", facts, True)


def _sequence_and_atom(writer: Writer, depth: int) -> tuple[Expr, Expr]:
    kind = writer.some_kind()
    sequence = writer.sop(kind, depth)
    return sequence, writer.expr("bool" if kind == "bool" else kind, depth if writer.chance(0.5) else 0)


def _deeper(facts: Facts, *inputs: Expr) -> Facts:
    undefined = facts.undefined or any(expr.facts.undefined for expr in inputs)
    layers = max(expr.facts.layers for expr in inputs) + 1
    return replace(facts, undefined=undefined, plain=False, layers=layers)
