"""Productions that read other positions: selectors, aggregates, and library functions."""

from __future__ import annotations

from dataclasses import replace

from .estimates import SelectorEstimate, ValueEstimate, apply_operation, boolean_from, from_values, mean_of, union
from .writer import BOOLEAN_ESTIMATE, Expr, Production, RequestedKind, Selection, Writer, constant, value_text

COMPARISONS = ("==", "==", "==", "!=", "<", "<=", ">", ">=")

#: Largest number of pairs of key and query values of a comparison other than `==`.
MAX_PAIRS = 8_000


# --- selectors


def compared(writer: Writer, depth: int) -> Selection | None:
    """`select(keys, queries, op)`."""
    rng = writer.rng
    comparison = rng.choice(COMPARISONS)
    if writer.chance(0.3):
        return positional(writer)
    kind: RequestedKind = writer.some_kind()
    if kind == "bool":
        keys = writer.expr("bool", depth)
        value = rng.random() < 0.7
        queries = constant(value) if writer.chance(0.8) else writer.expr("bool", depth)
        comparison = rng.choice(("==", "==", "!="))
    else:
        keys = writer.expr(kind, depth)
        queries = keys if writer.chance(0.3) else writer.expr(kind, depth)
        if writer.chance(0.08):
            keys, queries = queries, keys
    if comparison != "==" and keys.estimate.value_count * queries.estimate.value_count > MAX_PAIRS:
        return None
    same = keys.text == queries.text
    single = comparison == "==" and keys.text == "indices"
    estimate = SelectorEstimate(
        at_most_one_key=single,
        at_least_one_key=same and comparison in ("==", "<=", ">="),
        may_be_undefined=keys.estimate.may_be_undefined or queries.estimate.may_be_undefined,
        attention_depth=max(keys.estimate.attention_depth, queries.estimate.attention_depth),
    )
    return Selection(f"select({keys.text}, {queries.text}, {comparison})", estimate, True)


def positional(writer: Writer) -> Selection:
    """A comparison of positions, the most common selector in people's programs."""
    rng = writer.rng
    if writer.chance(0.35):
        comparison = rng.choice(("<", "<=", ">", ">=", "!="))
        text = f"select(indices, indices, {comparison})"
        return Selection(text, SelectorEstimate(at_least_one_key=comparison in ("<=", ">=")), True)
    offset = rng.choice(("indices - 1", "indices + 1", "length - indices - 1", "length - 1", "indices - 2", "0", "1"))
    estimate = SelectorEstimate(
        at_most_one_key=True,
        at_least_one_key=offset in ("length - indices - 1", "length - 1", "0"),
        attention_depth=int("length" in offset),
    )
    return Selection(f"select(indices, {offset}, ==)", estimate, True)


def joined(writer: Writer, depth: int) -> Selection:
    name = writer.rng.choice(("and", "and", "and", "or"))
    left, right = writer.selector(depth), writer.selector(depth)
    estimate = replace(
        _both(left.estimate, right.estimate),
        at_most_one_key=name == "and" and (left.estimate.at_most_one_key or right.estimate.at_most_one_key),
        at_least_one_key=name == "or" and (left.estimate.at_least_one_key or right.estimate.at_least_one_key),
    )
    return Selection(f"{left.operand} {name} {right.operand}", estimate)


def complement(writer: Writer, depth: int) -> Selection:
    operand = writer.selector(depth)
    return Selection(f"not {operand.operand}", replace(operand.estimate, at_most_one_key=False, at_least_one_key=False))


def picked(writer: Writer, depth: int) -> Selection:
    """The first, the last or the nearest of what a selector selects."""
    operand = writer.selector(depth)
    which = writer.rng.choice(("first", "last", "nearest"))
    # Where a pick is combined with others, one more layer finds the position that it keeps.
    estimate = replace(operand.estimate, at_most_one_key=True, attention_depth=operand.estimate.attention_depth + 1)
    return Selection(f"select_{which}({operand.text})", estimate, True)


def library_selector(writer: Writer, depth: int) -> Selection:
    rng = writer.rng
    sequence = writer.sop(rng.choice(("number", "string", "bool")), depth)
    estimate = SelectorEstimate(
        at_most_one_key=True,
        may_be_undefined=sequence.estimate.may_be_undefined,
        comparisons=2,
        attention_depth=sequence.estimate.attention_depth + 1,
    )
    if writer.chance(0.3):
        return Selection(f"select_next_identical({sequence.text})", estimate, True)
    name = rng.choice(("select_from_first", "select_from_last"))
    kind: RequestedKind = "string" if sequence.estimate.kind == "string" else "number"
    atom = sequence if writer.chance(0.3) else writer.expr(kind, 0)
    estimate = replace(
        estimate,
        at_most_one_key=atom.estimate.is_plain,  # with an s-op, the first position of each of its values is marked
        at_least_one_key=atom is sequence,
        may_be_undefined=estimate.may_be_undefined or atom.estimate.may_be_undefined,
    )
    return Selection(f"{name}({sequence.text}, {atom.text})", estimate, True)


def odd_selector(writer: Writer, depth: int) -> Selection:
    """A selector combined with a plain boolean or chosen by a plain condition."""
    operand = writer.selector(depth)
    match writer.rng.randrange(4):
        case 0:
            return Selection(f"{operand.operand} and True", operand.estimate)
        case 1:
            return Selection(f"{operand.operand} or False", operand.estimate)
        case 2:
            return Selection(f"{operand.operand} if 1 < 2 else full_s", operand.estimate)
        case _:
            return Selection("full_s", SelectorEstimate(at_least_one_key=True), True)


def _both(left: SelectorEstimate, right: SelectorEstimate) -> SelectorEstimate:
    return SelectorEstimate(
        may_be_undefined=left.may_be_undefined or right.may_be_undefined,
        comparisons=left.comparisons + right.comparisons,
        attention_depth=max(left.attention_depth, right.attention_depth),
    )


# --- aggregates


def width(writer: Writer, depth: int) -> Expr:
    selector = writer.selector(depth)
    low = 1 if selector.estimate.at_least_one_key else 0
    high = 1 if selector.estimate.at_most_one_key else writer.max_length
    estimate = _attended(from_values(range(low, high + 1)), selector)
    return Expr(f"selector_width({selector.text})", estimate, True)


def focus(writer: Writer, depth: int) -> Expr:
    selector = writer.selector(depth)
    return Expr(f"has_focus({selector.text})", _attended(BOOLEAN_ESTIMATE, selector), True)


def aggregate(requested: RequestedKind) -> Production:
    """`aggregate(selector, values[, default])`; strings and booleans are read with selectors of at most one key."""

    def make(writer: Writer, depth: int) -> Expr | None:
        rng = writer.rng
        single = requested != "number" or writer.chance(0.3)
        selector = writer.selector(depth, (lambda estimate: estimate.at_most_one_key) if single else None)
        values = writer.expr("bool" if requested == "number" and writer.chance(0.2) else requested, depth)
        estimate = values.estimate if selector.estimate.at_most_one_key else mean_of(values.estimate, writer.max_length)
        text = f"aggregate({selector.text}, {values.text}"
        if writer.chance(0.55 if requested == "number" else 0.8):
            default = writer.leaf(requested)
            if not default.estimate.is_plain:
                default = literal_of(writer, requested)
            text += f", {default.text}"
            estimate = union((estimate, default.estimate))
        elif not selector.estimate.at_least_one_key:
            if values.estimate.kind == "string":
                estimate = replace(estimate, may_be_undefined=True)
            else:
                estimate = union((estimate, constant(0).estimate))
        if rng.random() < 0.5 and requested == "number" and not estimate.all_integers and estimate.value_count > 400:
            return Expr(f"round({text}))", apply_operation("round", _attended(estimate, selector)), True)
        return Expr(f"{text})", _attended(estimate, selector), True)

    return make


def of_both_kinds(writer: Writer, depth: int) -> Expr:
    """An s-op of numbers and strings."""
    rng = writer.rng
    kinds: list[RequestedKind] = ["number", "bool", "string"]
    rng.shuffle(kinds)
    match rng.randrange(4):
        case 0 if writer.tokens.estimate.kind == "mixed":
            values = writer.tokens
        case 1:
            value = literal_of(writer, "string" if kinds[0] != "string" else kinds[1])
            selector = writer.selector(depth, lambda estimate: estimate.at_most_one_key)
            some = writer.expr(kinds[0], depth)
            estimate = _attended(union((mean_of(some.estimate, writer.max_length), value.estimate)), selector)
            return Expr(f"aggregate({selector.text}, {some.text}, {value.text})", estimate, True)
        case _:
            condition = writer.expr("bool", depth)
            first, second = (writer.expr(requested, depth) for requested in _one_string(kinds))
            estimate = apply_operation("where", condition.estimate, first.estimate, second.estimate)
            values = Expr(f"{first.operand} if {condition.operand} else {second.operand}", estimate)
    if not writer.chance(0.4):
        return values
    # A mean of numbers and strings is undefined, so most of these selectors have at most one key.
    selector = writer.selector(depth, (lambda estimate: estimate.at_most_one_key) if writer.chance(0.8) else None)
    text = f"aggregate({selector.text}, {values.text}"
    estimate = values.estimate if selector.estimate.at_most_one_key else replace(values.estimate, may_be_undefined=True)
    if writer.chance(0.5):
        default = literal_of(writer, rng.choice(kinds))
        return Expr(f"{text}, {default.text})", _attended(union((estimate, default.estimate)), selector), True)
    return Expr(f"{text})", _attended(estimate, selector), True)


def _one_string(kinds: list[RequestedKind]) -> list[RequestedKind]:
    """The first two kinds, with "string" as the second if it is not among them."""
    return kinds[:2] if "string" in kinds[:2] else [kinds[0], "string"]


def same_of_both_kinds(writer: Writer, depth: int) -> Expr:
    """`==` or `!=` of an s-op of numbers and strings."""
    left = of_both_kinds(writer, depth)
    right = of_both_kinds(writer, depth) if writer.chance(0.3) else writer.any(depth)
    sign = writer.rng.choice(("==", "!="))
    return Expr(f"{left.operand} {sign} {right.operand}", boolean_from(left.estimate, right.estimate))


def compared_of_both_kinds(writer: Writer, depth: int) -> Selection:
    left = of_both_kinds(writer, depth)
    right = of_both_kinds(writer, depth) if writer.chance(0.5) else writer.any(depth)
    if writer.chance(0.5):
        left, right = right, left
    undefined = left.estimate.may_be_undefined or right.estimate.may_be_undefined
    layers = max(left.estimate.attention_depth, right.estimate.attention_depth)
    sign = writer.rng.choice(("==", "==", "!="))
    return Selection(
        f"select({left.text}, {right.text}, {sign})", SelectorEstimate(False, False, undefined, 1, layers), True
    )


def literal_of(writer: Writer, requested: RequestedKind) -> Expr:
    if requested == "number":
        return writer.number_literal()
    if requested == "string":
        return writer.string_literal()
    value = writer.rng.random() < 0.4
    return constant(value)


def _attended(estimate: ValueEstimate, selector: Selection) -> ValueEstimate:
    undefined = estimate.may_be_undefined or selector.estimate.may_be_undefined
    layers = max(estimate.attention_depth, selector.estimate.attention_depth) + 1
    return replace(estimate, may_be_undefined=undefined, attention_depth=layers, is_plain=False)


# --- the library


def count(writer: Writer, depth: int) -> Expr:
    sequence, atom = _sequence_and_atom(writer, depth)
    estimate = _deeper(from_values(range(writer.max_length + 1)), sequence, atom)
    return Expr(f"count({sequence.text}, {atom.text})", estimate, True)


def contained(writer: Writer, depth: int) -> Expr:
    sequence, atom = _sequence_and_atom(writer, depth)
    estimate = _deeper(BOOLEAN_ESTIMATE, sequence, atom)
    if writer.chance(0.5):
        return Expr(f"{atom.operand} in {sequence.operand}", estimate)
    return Expr(f"contains({sequence.text}, {atom.text})", estimate, True)


def average(writer: Writer, depth: int) -> Expr:
    values = writer.sop("number", depth)
    estimate = mean_of(values.estimate, writer.max_length)
    estimate = replace(estimate, is_plain=False, attention_depth=estimate.attention_depth + 1)
    return Expr(f"average({values.text})", estimate, True)


def marked(writer: Writer, depth: int) -> Expr:
    name = writer.rng.choice(("mark_first_instance", "mark_last_instance"))
    sequence, value = _sequence_and_atom(writer, depth)
    return Expr(f"{name}({sequence.text}, {value.text})", _deeper(BOOLEAN_ESTIMATE, sequence, value), True)


def rearranged(requested: RequestedKind) -> Production:
    """The values of an s-op from other positions: `sort`, `largest`, `smallest`, `shift`, an index."""

    def make(writer: Writer, depth: int) -> Expr:
        rng = writer.rng
        values = writer.sop(requested, depth)
        names = ("sort", "sort", "largest", "smallest", "shift", "shift", "load_from_location", "index", "index")
        name = rng.choice(names)
        match name:
            case "sort":
                key = values
                if writer.chance(0.5):
                    key = writer.expr("string" if writer.has_strings and writer.chance(0.3) else "number", depth)
                estimate = _deeper(values.estimate, values, key)
                estimate = replace(estimate, attention_depth=estimate.attention_depth + 1)
                return Expr(f"sort({values.text}, {key.text})", estimate, True)
            case "largest" | "smallest":
                estimate = replace(values.estimate, attention_depth=values.estimate.attention_depth + 2)
                return Expr(f"{name}({values.text})", estimate, True)
            case "shift":
                default = literal_of(writer, requested)
                if requested == "number" and writer.chance(0.1):
                    far = writer.sop("number", 0)
                    estimate = union((mean_of(values.estimate, writer.max_length), default.estimate))
                    text = f"shift({values.text}, {far.text}, {default.text})"
                    return Expr(text, _deeper(estimate, values, far), True)
                distance = rng.choice((0, 1, 1, 1, 2, -1))
                estimate = _deeper(union((values.estimate, default.estimate)), values)
                return Expr(f"shift({values.text}, {value_text(distance)}, {default.text})", estimate, True)
            case _:
                return _located(writer, depth, values, name)

    return make


def _located(writer: Writer, depth: int, values: Expr, name: str) -> Expr:
    rng = writer.rng
    place, always_exists = rng.choice((("0", True), ("length - 1", True), ("1", False), ("2", False)))
    inputs = [values]
    if name == "index" and writer.chance(0.5):
        place, always_exists = rng.choice((("-1", True), ("-2", False), ("0", True), ("-(indices + 1)", True)))
    elif writer.chance(0.4):
        where = writer.sop("number", depth)
        place, always_exists = where.text, False
        inputs.append(where)
    estimate = values.estimate
    if not always_exists:
        estimate = (
            replace(estimate, may_be_undefined=True)
            if estimate.kind == "string"
            else union((estimate, constant(0).estimate))
        )
    estimate = _deeper(estimate, *inputs)
    estimate = replace(estimate, attention_depth=estimate.attention_depth + int("length" in place))
    if name == "index":
        return Expr(f"{values.operand}[{place}]", estimate, True)
    return Expr(f"load_from_location({values.text}, {place})", estimate, True)


def _sequence_and_atom(writer: Writer, depth: int) -> tuple[Expr, Expr]:
    kind = writer.some_kind()
    sequence = writer.sop(kind, depth)
    return sequence, writer.expr("bool" if kind == "bool" else kind, depth if writer.chance(0.5) else 0)


def _deeper(estimate: ValueEstimate, *inputs: Expr) -> ValueEstimate:
    undefined = estimate.may_be_undefined or any(expr.estimate.may_be_undefined for expr in inputs)
    layers = max(expr.estimate.attention_depth for expr in inputs) + 1
    return replace(estimate, may_be_undefined=undefined, is_plain=False, attention_depth=layers)
