"""Productions for what elaboration runs away: functions, loops, comprehensions, lists of s-ops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from .attention import literal_of
from .estimates import Facts, combine, listed, sorted_values, union
from .writer import BOOLEAN, Block, Expr, FunctionInfo, Production, Wanted, Writer, fits, value_text


@contextmanager
def _inner(writer: Writer, *names: Expr, is_open: bool = True) -> Iterator[Block]:
    """A block inside the one under way, which knows some more names."""
    block = Block(writer.blocks[-1].indent + "    ", is_open and writer.blocks[-1].open, values=list(names))
    writer.blocks.append(block)
    functions = len(writer.functions)
    yield block
    del writer.functions[functions:]  # what is defined in there is known in there only
    writer.blocks.pop()


def call(wanted: Wanted) -> Production:
    """A call of a function that the program has, or that is written for it now."""

    def make(writer: Writer, depth: int) -> Expr | None:
        known = [function for function in writer.functions if fits(function.result, wanted)]
        if known and writer.chance(0.5):
            return _called_again(writer, writer.rng.choice(known), depth)
        if not writer.blocks[-1].open:
            return None
        if writer.chance(0.2):
            return _recursive(writer, depth) if wanted == "number" else None
        if writer.chance(0.15):
            return _two_results(writer, wanted, depth)
        arguments = [writer.any(depth) for _ in range(writer.rng.randint(1, 2))]
        name, parameters = _signature(writer, arguments)
        with _inner(writer, *parameters) as block:
            if writer.chance(0.3):
                block.selectors.append(writer.selector(depth))
            result = writer.expr(wanted, depth)
            writer.line(f"return {result.text};")
        _define(writer, name, parameters, block)
        # Called again with plain values, it could be asked for what plain values do not have.
        if not result.facts.plain:
            writer.functions.append(FunctionInfo(name, tuple(expr.facts for expr in parameters), result.facts))
        return _call(name, arguments, result.facts)

    return make


def _signature(writer: Writer, arguments: list[Expr]) -> tuple[str, list[Expr]]:
    parameters = [Expr(writer.fresh("p"), expr.facts, True) for expr in arguments]
    return writer.fresh("f"), parameters


def _define(writer: Writer, name: str, parameters: list[Expr], body: Block) -> None:
    writer.line(f"def {name}({', '.join(parameter.text for parameter in parameters)}) {{")
    writer.blocks[-1].lines += body.lines
    writer.line("}")


def _call(name: str, arguments: list[Expr], facts: Facts) -> Expr:
    return Expr(f"{name}({', '.join(expr.text for expr in arguments)})", facts, True)


def _called_again(writer: Writer, function: FunctionInfo, depth: int) -> Expr | None:
    arguments: list[Expr] = []
    for parameter in function.parameters:
        wanted: Wanted = "bool" if parameter.boolean else "string" if parameter.kind == "string" else "number"
        argument = writer.expr(wanted, depth, lambda facts, known=parameter: _within(facts, known))  # type: ignore[misc]
        if not _within(argument.facts, parameter):
            return None
        arguments.append(argument)
    layers = max(argument.facts.layers for argument in arguments) + function.result.layers
    undefined = function.result.undefined or any(argument.facts.undefined for argument in arguments)
    return _call(function.name, arguments, replace(function.result, layers=layers, undefined=undefined))


def _within(facts: Facts, known: Facts) -> bool:
    if facts.plain != known.plain or facts.kind != known.kind or (facts.undefined and not known.undefined):
        return False
    if known.values is not None:
        return facts.values is not None and facts.values <= known.values
    return known.low <= facts.low and facts.high <= known.high and (facts.whole or not known.whole)


def _recursive(writer: Writer, depth: int) -> Expr:
    """A step that is repeated a plain number of times, on numbers that stay in a range."""
    modulus = writer.rng.randint(2, 4)
    start = writer.sop("number", depth)
    inside = listed(range(modulus), layers=start.facts.layers)
    parameter = Expr(writer.fresh("p"), inside, True)
    name, times = writer.fresh("f"), writer.fresh("n")
    with _inner(writer, parameter) as block:
        step = writer.expr("number", min(depth, 1), lambda facts: facts.whole and facts.layers <= 2 and not facts.plain)
        if not step.facts.whole or step.facts.plain:
            step = Expr(f"{parameter.text} + 1", inside)
        again = f"{name}({times} - 1, {step.operand} % {modulus})"
        writer.line(f"return {parameter.text} if {times} == 0 else {again};")
    _define(writer, name, [Expr(times, inside, True), parameter], block)
    rounds = writer.rng.randint(1, 3)
    argument = f"{start.operand} % {modulus}" if start.facts.whole else f"round({start.text}) % {modulus}"
    layers = start.facts.layers + rounds * max(0, step.facts.layers - start.facts.layers)
    facts = replace(inside, undefined=start.facts.undefined or step.facts.undefined, layers=layers)
    return Expr(f"{name}({rounds}, {argument})", facts, True)


def _two_results(writer: Writer, wanted: Wanted, depth: int) -> Expr:
    arguments = [writer.any(depth)]
    name, parameters = _signature(writer, arguments)
    with _inner(writer, *parameters) as block:
        first, second = writer.expr(wanted, depth), writer.any(depth)
        writer.line(f"return {first.text}, {second.text};")
    _define(writer, name, parameters, block)
    names = [writer.fresh("v"), writer.fresh("v")]
    writer.line(f"{', '.join(names)} = {_call(name, arguments, first.facts).text};")
    results = [Expr(names[0], first.facts, True), Expr(names[1], second.facts, True)]
    writer.blocks[-1].values += results
    return results[0]


# --- loops


def loop(wanted: Wanted) -> Production:
    """Something that is accumulated over a few turns."""

    def make(writer: Writer, depth: int) -> Expr | None:
        if not writer.blocks[-1].open:
            return None
        rng = writer.rng
        start = writer.sop(wanted, depth)
        counter, items, turns = _iterable(writer)
        total = writer.fresh("v")
        with _inner(writer, *counter) as block:
            term = writer.expr(wanted, min(depth, 2), lambda facts: facts.count * turns < 300)
            match wanted:
                case "number":
                    sign = rng.choice("+-")
                    body = f"{total} {sign} {term.operand}"
                case "bool":
                    sign = rng.choice(("and", "or"))
                    body = f"{total} {sign} {term.operand}"
                case "string":
                    condition = writer.expr("bool", 1)
                    body = f"{term.operand} if {condition.operand} else {total}"
                    term = replace(term, facts=combine("where", condition.facts, term.facts, start.facts))
            writer.line(f"{total} = {body};")
        facts = start.facts
        for _ in range(turns):
            match wanted:
                case "number":
                    facts = combine("add" if sign == "+" else "sub", facts, term.facts)
                case "bool":
                    facts = replace(combine(sign, facts, term.facts), plain=False)
                case "string":
                    facts = union((facts, term.facts))
        writer.line(f"{total} = {start.text};")
        writer.line(f"for {', '.join(expr.text for expr in counter)} in {items} {{")
        writer.blocks[-1].lines += block.lines
        writer.line("}")
        return Expr(total, replace(facts, plain=False), True)

    return make


def _iterable(writer: Writer) -> tuple[list[Expr], str, int]:
    """Names, what they go through, and how often."""
    rng = writer.rng
    size = rng.randint(1, 3)
    numbers = Expr(writer.fresh("i"), listed(range(size), plain=True), True)
    if not writer.has_strings or writer.chance(0.6):
        if writer.chance(0.3):
            values = [rng.choice((0, 1, 2, 3, 5)) for _ in range(size)]
            known = Expr(numbers.text, listed(values, plain=True), True)
            return [known], f"[{', '.join(map(str, values))}]", size
        return [numbers], f"range({size})", size
    tokens = [token for token in writer.vocabulary if isinstance(token, str)][:size]
    words = Expr(writer.fresh("w"), listed(tokens, plain=True), True)
    text = f"[{', '.join(map(value_text, tokens))}]"
    if writer.chance(0.5):
        return [words], text, len(tokens)
    return [words, numbers], f"zip({text}, range({size}))", len(tokens)


# --- lists of s-ops


def comprehension(wanted: Wanted) -> Production:
    """An item of a list of s-ops that a comprehension makes."""

    def make(writer: Writer, depth: int) -> Expr | None:
        if not writer.blocks[-1].open:
            return None
        counter, items, turns = _iterable(writer)
        with _inner(writer, *counter, is_open=False):
            item = writer.expr(wanted, depth)
        name = writer.fresh("xs")
        names = ", ".join(expr.text for expr in counter)
        writer.line(f"{name} = [{item.operand} for {names} in {items}];")
        return Expr(f"{name}[{writer.rng.randrange(-turns, turns)}]", item.facts, True)

    return make


def comprehended_table(wanted: Wanted) -> Production:
    """A dict that a comprehension makes, indexed by an s-op."""

    def make(writer: Writer, depth: int) -> Expr | None:
        index = writer.sop(writer.some_kind(), depth)
        if index.facts.values is None or len(index.facts.values) > 12:
            return None
        key = Expr(writer.fresh("k"), replace(index.facts, plain=True, layers=0, undefined=False), True)
        rng = writer.rng
        known = sorted_values(index.facts)
        chosen = rng.sample(known, rng.randint(1, len(known)))
        some = f"{key.text} in [{', '.join(map(value_text, chosen))}]"
        match wanted:
            case "bool":
                value, facts = some, BOOLEAN
            case _:
                first, second = literal_of(writer, wanted), literal_of(writer, wanted)
                value = f"{first.text} if ({some}) else {second.text}"
                facts = union((first.facts, second.facts))
        keys = f"[{', '.join(map(value_text, known))}]"
        facts = replace(facts, plain=False, undefined=index.facts.undefined, layers=index.facts.layers)
        return Expr(f"{{{key.text}: ({value}) for {key.text} in {keys}}}[{index.text}]", facts, True)

    return make
