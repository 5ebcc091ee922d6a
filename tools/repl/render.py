"""Outcomes as text, in the form of the reference implementation.

As in the reference, a thing is indented by five columns, and its value on the example by a tab.
"""

from __future__ import annotations

from fractions import Fraction
from typing import assert_never

from ...compiler.elaborate.scope import Object
from ...compiler.graph.print_graph import literal
from ...compiler.graph.result_types import prints_truths
from ...compiler.graph.values import Scalar, Undefined, Value, is_number, show
from ...rasp_grammar import tree
from ...rasp_grammar.text_layout import counted, on_one_line, printable, right_aligned, shortened, terminal_width
from .results import (
    Applied,
    DocumentationShown,
    Errors,
    Example,
    ExamplesShown,
    FactsShown,
    FileWritten,
    FunctionShown,
    HelpShown,
    ListShown,
    ModelWritten,
    Outcome,
    PlainShown,
    SelectorMatrix,
    SelectorShown,
    SessionEnd,
    Shown,
    SOpShown,
    SOpValues,
    TextShown,
    TooLarge,
    Warnings,
)

_MARGIN = "     "
_EXAMPLE = " \t Example:"
_ROWS = " \t\t\t"

#: Values of a sequence or list that are shown unless `full seq display` is on.
MAX_VALUES = 200

#: The longest example, in tokens, on which selectors are shown as matrices.
MAX_MATRIX = 120

#: Reasons for undefined values that are shown, and characters of the expression that such a value comes from.
MAX_REASONS = 3
MAX_EXPRESSION = 40


def render(outcome: Outcome, *, full: bool = False) -> str:
    """The text of an outcome; every line ends with a line break.

    full: every value of a sequence, even where all are equal or there are very many (`full seq display on`).
    """
    return "".join([f"{line.rstrip()}\n" for line in _lines(outcome, full)])


def _lines(outcome: Outcome, full: bool) -> list[str]:
    match outcome:
        case SOpShown() | SelectorShown() | PlainShown() | ListShown() | FunctionShown():
            return _shown(outcome, full)
        case Applied(shown=shown):
            if isinstance(shown, SelectorMatrix):
                return [f"{_MARGIN}=", *_matrix(shown)]
            return [f"{_MARGIN}= {render_values(shown, full)}"]
        case ExamplesShown(sop=sop, selector=selector):
            if sop == selector and sop is not None:
                return [f"{_MARGIN}example: {example_text(sop)}"]
            pairs = (("s-op", sop), ("selector", selector))
            return [f"{_MARGIN}{what} example: {example_text(one)}" for what, one in pairs if one is not None]
        case FactsShown(subject=subject, facts=facts):
            width = max([len(label) for label, _ in facts], default=0) + 1
            return [f"{_MARGIN}{subject}"] + [f"{_MARGIN}  {label + ':':<{width}} {text}" for label, text in facts]
        case DocumentationShown(signature=signature, text=text):
            return [f"{_MARGIN}{signature}", *[f"{_MARGIN}  {line}" for line in text.splitlines()]]
        case TextShown(text=text):
            return [f"{_MARGIN}{line}".rstrip() for line in text.splitlines()]
        case HelpShown(text=text):
            return text.splitlines()
        case FileWritten(path=path):
            return [f"{_MARGIN}wrote {path}"]
        case ModelWritten(weights=weights, sizes=sizes, seconds=seconds):
            shape = f"{counted(sizes.layers, 'layer')}, {counted(sizes.heads, 'head')}, {sizes.parameters:,} parameters"
            return [f"{_MARGIN}{weights}: {shape}, {seconds:.2f} s"]
        case Warnings(diagnostics=diagnostics) | Errors(diagnostics=diagnostics):
            return [line for found in diagnostics for line in found.render().splitlines()]
        case SessionEnd():
            return []
    assert_never(outcome)


# ---- values ---------------------------------------------------------------------------------------


def _shown(shown: Shown, full: bool) -> list[str]:
    match shown:
        case SOpShown(name=name, shown=on_example):
            lines = [f"{_MARGIN}s-op: {name}"]
            match on_example:
                case SOpValues(example=example):
                    lines.append(f"{_EXAMPLE} {name}({example_text(example)}) = {render_values(on_example, full)}")
                    lines += _reasons(on_example)
                case TooLarge(reason=reason):
                    lines.append(f"{_EXAMPLE} {reason}")
            return lines
        case SelectorShown(name=name, shown=on_example):
            lines = [f"{_MARGIN}selector: {name}"]
            match on_example:
                case SelectorMatrix(example=example) if len(example.tokens) > MAX_MATRIX:
                    lines.append(f"{_EXAMPLE} too wide to show; `set selector example` to at most {MAX_MATRIX} tokens")
                case SelectorMatrix():
                    lines += [_EXAMPLE, *_matrix(on_example)]
                case TooLarge(reason=reason):
                    lines.append(f"{_EXAMPLE} {reason}")
            return lines
        case PlainShown(value=value):
            if isinstance(value, tuple):
                return [f"{_MARGIN}list: {_plain(value, full)}"]
            if isinstance(value, dict):
                return [f"{_MARGIN}dict: {_plain(value, full)}"]
            return [f"{_MARGIN}value: {_plain(value, full)} ({_type(value)})"]
        case ListShown(what=what, items=items, left_out=left_out):
            lines = [f"{_MARGIN}{what}:"]
            for place, item in items:
                first, *rest = _shown(item, full)
                lines += [f"{_MARGIN}[{place}] {first.strip()}", *rest]
            if left_out > 0:
                lines.append(f"{_MARGIN}... and {left_out:,} more")
            return lines
        case FunctionShown(signature=signature):
            return [f"{_MARGIN}console function: {signature}"]
    assert_never(shown)


def scalar_text(value: Value) -> str:
    """A value in a sequence: strings bare, `T` and `F`, fractions and floats to 3 decimals, `?` for undefined."""
    match value:
        case bool():
            return "T" if value else "F"
        case Fraction() | float():
            try:
                return str(round(float(value), 3))
            except OverflowError:
                return str(round(value))
        case str():
            return printable(value)
        case Undefined():
            return "?"
        case _:
            return str(value)


def example_text(example: Example) -> str:
    """The example as a person writes it: `"hello"`, `[3, 1, 2]`."""
    tokens = example.tokens[:MAX_MATRIX]
    ending = "..." if len(tokens) < len(example.tokens) else ""
    if example.is_text:
        return _quoted("".join([str(token) for token in tokens]) + ending)
    inner = ", ".join([_quoted(token) if isinstance(token, str) else scalar_text(token) for token in tokens])
    return f"[{inner}{', ...' if ending else ''}]"


def render_values(shown: SOpValues, full: bool = False) -> str:
    """`[0, 1, 2] (ints)`; equal values as `[5]*5 (ints)`."""
    texts = [scalar_text(value) for value in shown.values]
    if len(texts) > 1 and not full and len(set(shown.values)) == 1:
        text = f"[{texts[0]}]*{len(texts)}"
    else:
        text = f"[{_cut(texts, full)}]"
    words = _types(shown)
    return f"{text} ({words})" if words else text


def _types(shown: SOpValues) -> str:
    """The types of the values: `ints`, `floats`, `strings`, `bools`; several if they are mixed."""
    words: list[str] = []
    if prints_truths(shown.kinds):
        words.append("bools")
    elif "number" in shown.kinds or "bool" in shown.kinds:
        whole = all(isinstance(value, int) for value in shown.values if is_number(value))
        words.append("ints" if whole else "floats")
    if "string" in shown.kinds:
        words.append("strings")
    return " and ".join(words)


def _reasons(shown: SOpValues) -> list[str]:
    """The reasons for undefined values, the first few."""
    places: dict[str, list[int]] = {}
    for place, value in enumerate(shown.values):
        if isinstance(value, Undefined):
            where = "" if value.span is None else f" (`{shortened(on_one_line(value.span.text), MAX_EXPRESSION)}`)"
            places.setdefault(value.reason + where, []).append(place)
    lines = [
        f" \t          ? at {_cut([str(place) for place in found], False, 8)}: undefined, {reason}"
        for reason, found in list(places.items())[:MAX_REASONS]
    ]
    if len(places) > MAX_REASONS:
        lines.append(f" \t          and {len(places) - MAX_REASONS} more reasons")
    return lines


def _plain(value: Object, full: bool) -> str:
    match value:
        case str():
            return _quoted(value)
        case tuple():
            items = value[: None if full else MAX_VALUES]
            return f"[{_cut([_plain(item, full) for item in items], full, left_out=len(value))}]"
        case dict():
            pairs = list(value.items())[: None if full else MAX_VALUES]
            shown = [f"{_plain(key, full)}: {_plain(item, full)}" for key, item in pairs]
            return f"{{{_cut(shown, full, left_out=len(value))}}}"
        case tree.Operator(symbol=symbol):
            return symbol
        case Fraction() | float():
            return show(value)  # in full: a plain value is rounded nowhere
        case bool() | int():
            return scalar_text(value)
        case _:
            raise AssertionError(f"not a plain value: {value!r}")


def _cut(texts: list[str], full: bool, most: int = MAX_VALUES, left_out: int = 0) -> str:
    """The texts, or the first of them; `left_out` is their number if some are not in the list already."""
    total = max(left_out, len(texts))
    if full or total <= most:
        return ", ".join(texts)
    return f"{', '.join(texts[:most])}, ... {total:,} in all"


def _type(value: Object) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case Fraction() | float():
            return "float"
        case str():
            return "string"
        case _:
            return "comparison"


def _quoted(text: Scalar) -> str:
    return literal(printable(str(text)))


# ---- selectors -------------------------------------------------------------------------------------


def _matrix(shown: SelectorMatrix) -> list[str]:
    return [_ROWS + line for line in matrix_lines(shown)]


def matrix_lines(shown: SelectorMatrix) -> list[str]:
    """Keys over the columns, queries beside the rows; 1 where a query's position selects a key's."""
    tokens = [scalar_text(token) for token in shown.example.tokens]
    width = max([terminal_width(token) for token in tokens], default=1)
    heads = [right_aligned(token, width) for token in tokens]
    lines = [f"     {' ' * (width - 1)}{' '.join(heads)}".rstrip()] if tokens else []
    for head, row in zip(heads, shown.rows, strict=True):
        cells = ["?" if isinstance(cell, Undefined) else "1" if cell else " " for cell in row]
        lines.append(f" {head} | {' '.join([right_aligned(cell, width) for cell in cells])}".rstrip())
    return lines
