"""Productions for constructs that elaboration expands: functions, loops, comprehensions, lists of s-ops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from .attention import literal_of
from .estimates import ValueEstimate, apply_operation, from_values, sorted_values, union
from .writer import (
    BOOLEAN_ESTIMATE,
    Expr,
    Production,
    RequestedKind,
    StatementBlock,
    Writer,
    WrittenFunction,
    fits,
    value_text,
)


@contextmanager
def _inner(writer: Writer, *names: Expr, accepts_statements: bool = True) -> Iterator[StatementBlock]:
    """Opens a block inside the current one; `names` are defined in it."""
    outer = writer.blocks[-1]
    accepts_statements &= outer.accepts_statements
    block = StatementBlock(outer.indent + "    ", accepts_statements, values=list(names))
    writer.blocks.append(block)
    functions = len(writer.functions)
    yield block
    del writer.functions[functions:]  # functions of the block end with it
    writer.blocks.pop()


def call(requested: RequestedKind) -> Production:
    """A call of an existing function, or of a new one."""

    def make(writer: Writer, depth: int) -> Expr | None:
        known = [function for function in writer.functions if fits(function.result, requested)]
        if known and writer.chance(0.5):
            return _called_again(writer, writer.rng.choice(known), depth)
        if not writer.blocks[-1].accepts_statements:
            return None
        if writer.chance(0.2):
            return _recursive(writer, depth) if requested == "number" else None
        if writer.chance(0.15):
            return _two_results(writer, requested, depth)
        arguments = [writer.any(depth) for _ in range(writer.rng.randint(1, 2))]
        name, parameters = _signature(writer, arguments)
        with _inner(writer, *parameters) as block:
            if writer.chance(0.3):
                block.selectors.append(writer.selector(depth))
            result = writer.expr(requested, depth)
            writer.line(f"return {result.text};")
        _define(writer, name, parameters, block)
        # A second call could pass plain values, which lack some operations: such a function is called once.
        if not result.estimate.is_plain:
            writer.functions.append(WrittenFunction(name, tuple(expr.estimate for expr in parameters), result.estimate))
        return _call(name, arguments, result.estimate)

    return make


def _signature(writer: Writer, arguments: list[Expr]) -> tuple[str, list[Expr]]:
    parameters = [Expr(writer.fresh("p"), expr.estimate, True) for expr in arguments]
    return writer.fresh("f"), parameters


def _define(writer: Writer, name: str, parameters: list[Expr], body: StatementBlock) -> None:
    writer.line(f"def {name}({', '.join(parameter.text for parameter in parameters)}) {{")
    writer.blocks[-1].lines += body.lines
    writer.line("}")


def _call(name: str, arguments: list[Expr], estimate: ValueEstimate) -> Expr:
    return Expr(f"{name}({', '.join(expr.text for expr in arguments)})", estimate, True)


def _called_again(writer: Writer, function: WrittenFunction, depth: int) -> Expr | None:
    arguments: list[Expr] = []
    for parameter in function.parameters:
        requested: RequestedKind = (
            "bool" if parameter.is_boolean else "string" if parameter.kind == "string" else "number"
        )
        argument = writer.expr(requested, depth, lambda estimate, known=parameter: _within(estimate, known))  # type: ignore[misc]
        if not _within(argument.estimate, parameter):
            return None
        arguments.append(argument)
    layers = max(argument.estimate.attention_depth for argument in arguments) + function.result.attention_depth
    undefined = function.result.may_be_undefined or any(argument.estimate.may_be_undefined for argument in arguments)
    return _call(function.name, arguments, replace(function.result, attention_depth=layers, may_be_undefined=undefined))


def _within(estimate: ValueEstimate, known: ValueEstimate) -> bool:
    if estimate.is_plain != known.is_plain or estimate.kind != known.kind:
        return False
    if estimate.may_be_undefined and not known.may_be_undefined:
        return False
    if known.values is not None:
        return estimate.values is not None and estimate.values <= known.values
    if known.all_integers and not estimate.all_integers:
        return False
    return known.low <= estimate.low and estimate.high <= known.high


def _recursive(writer: Writer, depth: int) -> Expr:
    """A recursive function that repeats a step one to three times, on numbers from 0 to 3."""
    modulus = writer.rng.randint(2, 4)
    start = writer.sop("number", depth)
    inside = from_values(range(modulus), attention_depth=start.estimate.attention_depth)
    parameter = Expr(writer.fresh("p"), inside, True)
    name, times = writer.fresh("f"), writer.fresh("n")
    with _inner(writer, parameter) as block:
        step = writer.expr(
            "number",
            min(depth, 1),
            lambda estimate: estimate.all_integers and estimate.attention_depth <= 2 and not estimate.is_plain,
        )
        if not step.estimate.all_integers or step.estimate.is_plain:
            step = Expr(f"{parameter.text} + 1", inside)
        again = f"{name}({times} - 1, {step.operand} % {modulus})"
        writer.line(f"return {parameter.text} if {times} == 0 else {again};")
    _define(writer, name, [Expr(times, inside, True), parameter], block)
    rounds = writer.rng.randint(1, 3)
    argument = f"{start.operand} % {modulus}" if start.estimate.all_integers else f"round({start.text}) % {modulus}"
    added_depth = max(0, step.estimate.attention_depth - start.estimate.attention_depth)
    estimate = replace(
        inside,
        may_be_undefined=start.estimate.may_be_undefined or step.estimate.may_be_undefined,
        attention_depth=start.estimate.attention_depth + rounds * added_depth,
    )
    return Expr(f"{name}({rounds}, {argument})", estimate, True)


def _two_results(writer: Writer, requested: RequestedKind, depth: int) -> Expr:
    arguments = [writer.any(depth)]
    name, parameters = _signature(writer, arguments)
    with _inner(writer, *parameters) as block:
        first, second = writer.expr(requested, depth), writer.any(depth)
        writer.line(f"return {first.text}, {second.text};")
    _define(writer, name, parameters, block)
    names = [writer.fresh("v"), writer.fresh("v")]
    writer.line(f"{', '.join(names)} = {_call(name, arguments, first.estimate).text};")
    results = [Expr(names[0], first.estimate, True), Expr(names[1], second.estimate, True)]
    writer.blocks[-1].values += results
    return results[0]


# --- loops


def loop(requested: RequestedKind) -> Production:
    """A loop of one to three turns that accumulates a value."""

    def make(writer: Writer, depth: int) -> Expr | None:
        if not writer.blocks[-1].accepts_statements:
            return None
        rng = writer.rng
        start = writer.sop(requested, depth)
        counter, items, turns = _iterable(writer)
        total = writer.fresh("v")
        with _inner(writer, *counter) as block:
            term = writer.expr(requested, min(depth, 2), lambda estimate: estimate.value_count * turns < 300)
            match requested:
                case "number":
                    sign = rng.choice("+-")
                    body = f"{total} {sign} {term.operand}"
                case "bool":
                    sign = rng.choice(("and", "or"))
                    body = f"{total} {sign} {term.operand}"
                case "string":
                    condition = writer.expr("bool", 1)
                    body = f"{term.operand} if {condition.operand} else {total}"
                    chosen = apply_operation("where", condition.estimate, term.estimate, start.estimate)
                    term = replace(term, estimate=chosen)
            writer.line(f"{total} = {body};")
        estimate = start.estimate
        for _ in range(turns):
            match requested:
                case "number":
                    estimate = apply_operation("add" if sign == "+" else "sub", estimate, term.estimate)
                case "bool":
                    estimate = replace(apply_operation(sign, estimate, term.estimate), is_plain=False)
                case "string":
                    estimate = union((estimate, term.estimate))
        writer.line(f"{total} = {start.text};")
        writer.line(f"for {', '.join(expr.text for expr in counter)} in {items} {{")
        writer.blocks[-1].lines += block.lines
        writer.line("}")
        return Expr(total, replace(estimate, is_plain=False), True)

    return make


def _iterable(writer: Writer) -> tuple[list[Expr], str, int]:
    """The loop's names, the text of the list that it iterates over, and the number of turns."""
    rng = writer.rng
    size = rng.randint(1, 3)
    numbers = Expr(writer.fresh("i"), from_values(range(size), is_plain=True), True)
    if not writer.has_strings or writer.chance(0.6):
        if writer.chance(0.3):
            values = [rng.choice((0, 1, 2, 3, 5)) for _ in range(size)]
            known = Expr(numbers.text, from_values(values, is_plain=True), True)
            return [known], f"[{', '.join(map(str, values))}]", size
        return [numbers], f"range({size})", size
    tokens = [token for token in writer.vocabulary if isinstance(token, str)][:size]
    words = Expr(writer.fresh("w"), from_values(tokens, is_plain=True), True)
    text = f"[{', '.join(map(value_text, tokens))}]"
    if writer.chance(0.5):
        return [words], text, len(tokens)
    return [words, numbers], f"zip({text}, range({size}))", len(tokens)


# --- lists of s-ops


def comprehension(requested: RequestedKind) -> Production:
    """An item of a list comprehension of s-ops."""

    def make(writer: Writer, depth: int) -> Expr | None:
        if not writer.blocks[-1].accepts_statements:
            return None
        counter, items, turns = _iterable(writer)
        with _inner(writer, *counter, accepts_statements=False):
            item = writer.expr(requested, depth)
        name = writer.fresh("xs")
        names = ", ".join(expr.text for expr in counter)
        writer.line(f"{name} = [{item.operand} for {names} in {items}];")
        return Expr(f"{name}[{writer.rng.randrange(-turns, turns)}]", item.estimate, True)

    return make


def comprehended_table(requested: RequestedKind) -> Production:
    """A dict comprehension, indexed by an s-op."""

    def make(writer: Writer, depth: int) -> Expr | None:
        index = writer.sop(writer.some_kind(), depth)
        if index.estimate.values is None or len(index.estimate.values) > 12:
            return None
        key_estimate = replace(index.estimate, is_plain=True, attention_depth=0, may_be_undefined=False)
        key = Expr(writer.fresh("k"), key_estimate, True)
        rng = writer.rng
        known = sorted_values(index.estimate)
        chosen = rng.sample(known, rng.randint(1, len(known)))
        is_chosen = f"{key.text} in [{', '.join(map(value_text, chosen))}]"
        match requested:
            case "bool":
                value, estimate = is_chosen, BOOLEAN_ESTIMATE
            case _:
                first, second = literal_of(writer, requested), literal_of(writer, requested)
                value = f"{first.text} if ({is_chosen}) else {second.text}"
                estimate = union((first.estimate, second.estimate))
        keys = f"[{', '.join(map(value_text, known))}]"
        estimate = replace(
            estimate,
            is_plain=False,
            may_be_undefined=index.estimate.may_be_undefined,
            attention_depth=index.estimate.attention_depth,
        )
        return Expr(f"{{{key.text}: ({value}) for {key.text} in {keys}}}[{index.text}]", estimate, True)

    return make
