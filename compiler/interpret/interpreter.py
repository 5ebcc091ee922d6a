"""The reference interpreter: computes every node of a program graph, at every position of one input.

Compiled models are compared with it, so it is written to be obviously right: one rule for each class of node, exact
numbers, the whole matrix of every selector.  Nodes are computed in the order of `walk.reachable` (inputs first):
shared nodes once, and graphs of any depth without recursion.

A value that cannot be computed is *undefined*.  It makes the results of operators undefined, except for a ternary
that does not choose it and an aggregate that does not select it.  It carries the span of the expression that was
undefined first.  If a cell of a selector is undefined, everything read from its row is undefined.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import chain

from ...rasp_grammar.diagnostics import Diagnostic, RaspError, did_you_mean
from ...rasp_grammar.span import Span
from ..graph.comparisons import COMPARISONS, Comparison, ComparisonRule
from ..graph.graph import (
    Aggregate,
    Constant,
    Elementwise,
    Indices,
    Node,
    Program,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorPick,
    SelectorSum,
    SelectorWidth,
    SOp,
    Table,
    Tokens,
    Which,
)
from ..graph.operations import apply
from ..graph.result_types import BOOL, STRING, Kinds, infer, present
from ..graph.values import Scalar, Undefined, Value, comparable, is_number, normal, show
from ..graph.walk import reachable
from .parse_tokens import too_long, unknown_token

#: One row per query position, one column per key position.
Selection = list[list[bool | Undefined]]

#: The value of an element-wise function of one position's values.
ScalarFunction = Callable[[Sequence[Value]], Value]

#: Inputs longer than this are abbreviated in messages.
_SHOWN_TOKENS = 20

#: The hint of messages about undefined values.
_DEFINE = "give the aggregate or dictionary a default, or guard the expression with `... if ... else ...`"

#: The reason of an aggregate whose selection has different strings.
SEVERAL_STRINGS = "several positions are selected and hold different strings"

#: Hints for reasons that a default does not help with: the end of the reason, and the hint.
_HINTS = (
    (
        SEVERAL_STRINGS,
        "select one of them: the first by `select_from_first`, the last by `select_from_last`, or add a condition "
        "with `and`; a default counts only where none is selected",
    ),
    (
        "of a string and a number",
        "`tokens_int` are the tokens as numbers; a number in quotes is a string; `tokens_str` are strings",
    ),
    ("division by zero", "guard the division: `0 if y == 0 else x / y`"),
)


def define_hint(undefined: Undefined) -> str:
    """The hint of a message about an undefined value."""
    return next((hint for end, hint in _HINTS if undefined.reason.endswith(end)), _DEFINE)


@dataclass(frozen=True)
class _Plan:
    """All that does not depend on the input: the order of evaluation, kinds of values, and functions of the nodes."""

    order: tuple[Node, ...]
    kinds: Mapping[SOp, Kinds]
    functions: Mapping[Elementwise | Table, ScalarFunction]


def evaluate(
    roots: Sequence[Node],
    tokens: Sequence[Scalar],
    *,
    causal: bool | Collection[Selector] = False,
    vocabulary: Sequence[Scalar] | None = None,
) -> dict[Node, list[Value] | Selection]:
    """The values of every node that the roots depend on: for an s-op a value per position, for a selector its rows.

    vocabulary: tells the kinds of tokens, which decide the value of an empty selection without default; None: only
        the given tokens tell.
    causal: a position selects only itself and earlier ones; a collection restricts only these selectors.

    Never raises: a value that cannot be computed is `Undefined`.
    """
    sops, selections = _evaluate(_plan(roots, tokens if vocabulary is None else vocabulary), tokens, causal)
    return dict(chain[tuple[Node, list[Value] | Selection]](sops.items(), selections.items()))


def run(program: Program, tokens: Sequence[Scalar], *, entry: str | None = None, causal: bool = False) -> list[Scalar]:
    """The program's output on one input, as `result_types.present` prints it; `[]` for no tokens.

    Raises RaspError for an unknown entry, for an input outside the declared vocabulary or length, and
    for an undefined output.  For many inputs, keep one `Interpreter`.
    """
    return Interpreter(program, entry=entry, causal=causal).run(tokens)


class Interpreter:
    """Runs one output of a program on many inputs.  `entry` is its name; None: the first."""

    def __init__(self, program: Program, *, entry: str | None = None, causal: bool = False) -> None:
        self.program = program
        self.output = _entry(program, entry)
        self.causal = causal
        self._members = None if program.vocabulary is None else {token: token for token in program.vocabulary}
        self._plan = None if program.vocabulary is None else _plan((self.output,), program.vocabulary)

    @property
    def kinds(self) -> Kinds | None:
        """The kinds of the output's values; None if the program has no vocabulary, so that they depend on the input."""
        return None if self._plan is None else self._plan.kinds[self.output]

    def run(self, tokens: Sequence[Scalar]) -> list[Scalar]:
        """The output on one input; RaspError as for the function `run`."""
        tokens = self._admitted(tokens)
        plan = self._plan if self._plan is not None else _plan((self.output,), tokens)
        values = _evaluate(plan, tokens, self.causal)[0][self.output]
        kinds = plan.kinds[self.output]
        result: list[Scalar] = []
        for position, value in enumerate(values):
            if isinstance(value, Undefined):
                raise RaspError(_undefined_output(value, position, tokens, self.output.span))
            result.append(present(value, kinds))
        return result

    def _admitted(self, tokens: Sequence[Scalar]) -> list[Scalar]:
        """The tokens as the vocabulary writes them (an input's `1.0` is its `1`).  Raises RaspError."""
        limit = self.program.max_length
        if limit is not None and len(tokens) > limit:
            raise RaspError(too_long(len(tokens), limit))
        if self._members is None:
            return [normal(token) for token in tokens]
        try:
            return [self._members[token] for token in tokens]
        except (KeyError, TypeError):  # TypeError: a JSON list or object, which no dict has as a key
            vocabulary = tuple(self._members)
            wrong = [(position, token) for position, token in enumerate(tokens) if token not in vocabulary]
            raise RaspError(unknown_token(token, position, vocabulary) for position, token in wrong) from None


def _plan(roots: Iterable[Node], vocabulary: Iterable[Scalar]) -> _Plan:
    order = tuple(reachable(roots))
    functions = {node: function_of(node) for node in order if isinstance(node, (Elementwise, Table))}
    return _Plan(order, infer(order, vocabulary), functions)


def _evaluate(
    plan: _Plan, tokens: Sequence[Scalar], causal: bool | Collection[Selector]
) -> tuple[dict[SOp, list[Value]], dict[Selector, Selection]]:
    sops: dict[SOp, list[Value]] = {}
    selections: dict[Selector, Selection] = {}
    for node in plan.order:
        if isinstance(node, SOp):
            sops[node] = _values(node, plan, tokens, sops, selections)
        elif isinstance(node, Selector):
            restricted = causal if isinstance(causal, bool) else node in causal
            selections[node] = _selection(node, sops, selections, restricted)
    return sops, selections


def _values(
    node: SOp,
    plan: _Plan,
    tokens: Sequence[Scalar],
    sops: Mapping[SOp, list[Value]],
    selections: Mapping[Selector, Selection],
) -> list[Value]:
    match node:
        case Tokens():
            return list(tokens)
        case Indices():
            return list(range(len(tokens)))
        case Constant(value=value):
            return [normal(value)] * len(tokens)
        case Elementwise(inputs=inputs) | Table(inputs=inputs):
            function = plan.functions[node]
            columns = zip(*(sops[operand] for operand in inputs), strict=True)
            return [located(function(arguments), node.span) for arguments in columns]
        case Aggregate(selector=selector, values=values, default=default):
            empty = default_of(plan.kinds[values]) if default is None else normal(default)
            column = sops[values]
            return [located(mean_of(_chosen(row, column), empty), node.span) for row in selections[selector]]
        case SelectorWidth(selector=selector):
            return [_width(row) for row in selections[selector]]
        case SelectorSum(selector=selector, values=values):
            column = sops[values]
            return [located(sum_of(_chosen(row, column)), node.span) for row in selections[selector]]
        case _:
            raise TypeError(f"no meaning for {type(node).__name__}")


def located(value: Value, span: Span) -> Value:
    """The value.  If it is undefined and has no span yet, it gets this one."""
    if isinstance(value, Undefined) and value.span is None:
        return replace(value, span=span)
    return value


def function_of(node: Elementwise | Table) -> ScalarFunction:
    """The function that an element-wise node applies at every position, given the values of its inputs there.

    It never raises.  A table's undefined result names the table and the arguments."""
    if isinstance(node, Elementwise):
        return partial(apply, node.op)
    rows = dict(node.rows)

    def look_up(arguments: Sequence[Value]) -> Value:
        key: list[Scalar] = []
        for argument in arguments:
            if isinstance(argument, Undefined):
                return argument
            key.append(argument)
        if (found := rows.get(tuple(key))) is not None:
            return normal(found)
        if node.otherwise is not None:
            return normal(node.otherwise)
        return Undefined(f"{node.what}: nothing for {', '.join(_quoted(part) for part in key)}")

    return look_up


def default_of(kinds: Kinds) -> Value:
    """The value of an aggregate without default where nothing is selected, for values of these kinds."""
    if kinds == STRING:
        return Undefined("an empty selection of strings and no default")
    return False if kinds == BOOL else 0


def _chosen(row: Sequence[bool | Undefined], values: Sequence[Value]) -> list[Value] | Undefined:
    """The values that a row selects; the undefined cell if the row has one."""
    chosen: list[Value] = []
    for cell, value in zip(row, values, strict=True):
        if isinstance(cell, Undefined):
            return cell
        if cell:
            chosen.append(value)
    return chosen


def mean_of(values: list[Value] | Undefined, empty: Value) -> Value:
    """The mean of the selected values; of one value, or of equal strings, the value itself."""
    if isinstance(values, Undefined):
        return values
    if len(values) == 0:
        return empty
    if len(values) == 1 or (isinstance(values[0], str) and all(value == values[0] for value in values)):
        return values[0]
    return _sum(values, "mean", len(values))


def sum_of(values: list[Value] | Undefined) -> Value:
    return values if isinstance(values, Undefined) else _sum(values, "sum", 1)


def _sum(values: Sequence[Value], what: str, divisor: int) -> Value:
    """The exact sum divided by `divisor`.  If floats are among the values, it is rounded once, at the end."""
    numbers: list[int | Fraction | float] = []
    for value in values:
        if isinstance(value, Undefined):
            return value
        if not isinstance(value, str):
            numbers.append(value)
    if len(numbers) < len(values):
        if len(numbers) == 0 and what == "mean":
            return Undefined(SEVERAL_STRINGS)
        mixed = "strings and numbers" if len(numbers) > 0 else "several strings"
        return Undefined(f"the {what} of {mixed}")
    rounded = any(isinstance(number, float) for number in numbers)
    total = sum(Fraction(number) for number in numbers) if rounded else sum(numbers)
    result = Fraction(total) / divisor
    if not rounded:
        return normal(result)
    try:
        return float(result)
    except OverflowError:
        return Undefined("a number too large to hold")


def _width(row: Sequence[bool | Undefined]) -> Value:
    width = 0
    for cell in row:
        if isinstance(cell, Undefined):
            return cell
        width += cell
    return width


def _selection(
    node: Selector, sops: Mapping[SOp, list[Value]], selections: Mapping[Selector, Selection], causal: bool
) -> Selection:
    if isinstance(node, SelectorPick):
        operand = selections[node.operand]
        rows = _causal(operand) if causal else operand  # it picks among the keys that the position can see
        selection: Selection = [_picked(row, query, node.which) for query, row in enumerate(rows)]
    else:
        selection = _combination(node, sops, selections)
    return _causal(selection) if causal else selection


def _combination(
    node: Selector, sops: Mapping[SOp, list[Value]], selections: Mapping[Selector, Selection]
) -> Selection:
    match node:
        case Select(keys=keys, queries=queries, comparison=comparison):
            return _compare(sops[keys], sops[queries], comparison, node.span)
        case SelectorAnd(left=left, right=right):
            return _pairwise(selections[left], selections[right], operator.and_)
        case SelectorOr(left=left, right=right):
            return _pairwise(selections[left], selections[right], operator.or_)
        case SelectorNot(operand=operand):
            return [[cell if isinstance(cell, Undefined) else not cell for cell in row] for row in selections[operand]]
        case _:
            raise TypeError(f"no meaning for {type(node).__name__}")


def _compare(keys: Sequence[Value], queries: Sequence[Value], comparison: Comparison, span: Span) -> Selection:
    rule = COMPARISONS[comparison]
    defined = not any(isinstance(value, Undefined) for value in (*keys, *queries))
    if defined and (not rule.is_ordering or len({is_number(value) for value in (*keys, *queries)}) < 2):
        return [[rule.compare(key, query) for key in keys] for query in queries]
    mixed = Undefined(f"`{comparison}` of a string and a number", span)
    return [[_cell(key, query, rule, mixed) for key in keys] for query in queries]


def _cell(key: Value, query: Value, rule: ComparisonRule, mixed: Undefined) -> bool | Undefined:
    if isinstance(key, Undefined):
        return key
    if isinstance(query, Undefined):
        return query
    if rule.is_ordering and not comparable(key, query):
        return mixed
    return bool(rule.compare(key, query))


def _pairwise(left: Selection, right: Selection, combine: Callable[[bool, bool], bool]) -> Selection:
    return [
        [
            a if isinstance(a, Undefined) else b if isinstance(b, Undefined) else combine(a, b)
            for a, b in zip(left_row, right_row, strict=True)
        ]
        for left_row, right_row in zip(left, right, strict=True)
    ]


def _picked(row: Sequence[bool | Undefined], query: int, which: Which) -> list[bool | Undefined]:
    """One cell of those that a row selects.  A row with an undefined cell is undefined: any key might be the one."""
    selected: list[int] = []
    for key, cell in enumerate(row):
        if isinstance(cell, Undefined):
            return [cell] * len(row)
        if cell:
            selected.append(key)
    if not selected:
        return list(row)
    # `min` keeps the first of equals: the earlier of two keys that are equally near.
    nearest = min(selected, key=lambda key: abs(key - query))
    chosen = {"first": selected[0], "last": selected[-1], "nearest": nearest}[which]
    return [key == chosen for key in range(len(row))]


def _causal(selection: Selection) -> Selection:
    return [[cell if key <= query else False for key, cell in enumerate(row)] for query, row in enumerate(selection)]


def _entry(program: Program, entry: str | None) -> SOp:
    outputs = dict(program.outputs)
    if entry is None:
        return program.outputs[0][1]
    if entry in outputs:
        return outputs[entry]
    hint = did_you_mean(entry, outputs, f"the program's outputs are: {', '.join(outputs)}")
    raise RaspError(Diagnostic("unknown-entry", f"the program has no output `{entry}`", None, hint))


def _undefined_output(value: Undefined, position: int, tokens: Sequence[Scalar], output: Span) -> Diagnostic:
    return Diagnostic(
        "undefined-output",
        f"the output at position {position} is undefined: {value.reason} (input: {shown_input(tokens)})",
        value.span if value.span is not None else output,
        define_hint(value),
    )


def shown_input(tokens: Sequence[Scalar]) -> str:
    """The tokens as messages show them: only the first ones if there are many."""
    return " ".join(show(token) for token in tokens[:_SHOWN_TOKENS]) + (" ..." if len(tokens) > _SHOWN_TOKENS else "")


def _quoted(value: Scalar) -> str:
    return f'"{value}"' if isinstance(value, str) else show(value)
