"""Warnings about `--causal`: the selectors through which it changes an output, each with an input that shows it.

A position of a causal model sees only itself and earlier positions.  A selector that looks ahead need not matter:
`aggregate(select(tokens, tokens, ==), tokens)` retrieves the same value from earlier positions.  So the interpreter
runs a sample of inputs with and without the restriction.  Where an output differs, it restricts one selector at a time.
Every warning is true of the input that it shows.  A program that changes only on inputs outside the sample gets none.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...rasp_grammar.diagnostics import MAX_QUOTE, Diagnostic, shortened
from ..graph.comparisons import COMPARISONS
from ..graph.graph import (
    Aggregate,
    Constant,
    Elementwise,
    Graph,
    Indices,
    Node,
    Program,
    Select,
    Selector,
    SelectorWidth,
    SOp,
)
from ..graph.print_graph import describe
from ..graph.values import Number, Scalar, Undefined, Value, show
from ..graph.walk import fold, reachable
from ..interpret.interpreter import Selection, evaluate
from ..interpret.sample_inputs import Input, affordable, sampled_inputs

#: Inputs that are sampled for one program.
MAX_INPUTS = 120

#: Tokens of most sampled inputs, and of one in six: some programs look ahead only on long inputs.
MAX_TOKENS, MAX_TOKENS_OF_LONG_INPUTS = 5, 16

Reader = Aggregate | SelectorWidth
Values = Mapping[Node, list[Value] | Selection]


@dataclass(frozen=True)
class _Witness:
    """On this input, the position `query` selects the later position `key`."""

    tokens: Input
    query: int
    key: int


def causal_warnings(program: Program) -> tuple[Diagnostic, ...]:
    """A warning for each selector that, restricted to earlier positions, changes an output on some sampled input.

    In the order of the text.  A program without vocabulary or longest input gets none.
    """
    if program.vocabulary is None or program.max_length is None:
        return ()
    outputs = [output for _, output in program.outputs]
    nodes = reachable(outputs)
    readers = _readers(nodes)
    alone: dict[Selector, _Witness] = {}
    together: dict[Selector, _Witness] = {}
    for tokens in _sample(program.vocabulary, program.max_length, len(nodes)):
        if len(alone) == len(readers):
            break
        meant = evaluate(outputs, tokens, vocabulary=program.vocabulary)
        causal = evaluate(outputs, tokens, causal=True, vocabulary=program.vocabulary)
        if not _differ(meant, causal, outputs):
            continue
        for selector in [one for one in readers if one not in alone]:
            restricted = evaluate(outputs, tokens, causal={selector}, vocabulary=program.vocabulary)
            witness = _witness(tokens, selector, readers[selector], meant, restricted)
            if witness is not None:
                together.setdefault(selector, witness)
                if _differ(meant, restricted, outputs):
                    alone[selector] = witness
    # If restricting any one of them changes nothing, each can replace the others: all of them are named.
    found = alone if len(alone) > 0 else together
    places = {source: place for place, source in enumerate(program.sources)}
    order = sorted(found, key=lambda one: (places.get(one.span.source, -1), one.span.start, one.id))
    return tuple(_warning(program.graph, selector, found[selector]) for selector in order)


def _readers(nodes: Sequence[Node]) -> dict[Selector, list[Reader]]:
    """The selectors that may look ahead, with the aggregates and widths that read them."""
    readers: dict[Selector, list[Reader]] = {}
    for node in nodes:
        if isinstance(node, Reader) and not looks_back(node.selector):
            readers.setdefault(node.selector, []).append(node)
    return readers


def looks_back(selector: Selector) -> bool:
    """Whether the selector's text alone shows that no position selects a later one."""
    return fold(
        selector,
        atom=_compares_back,
        both=lambda left, right: left or right,
        either=lambda left, right: left and right,
        negate=lambda operand: False,
        pick=lambda one: looks_back(one.operand),
    )


def _compares_back(selector: Select) -> bool:
    """The comparison is of `indices + c` with `indices + d`, and holds for no key after the query."""
    key, query = _beyond_index(selector.keys), _beyond_index(selector.queries)
    rule = COMPARISONS[selector.comparison]
    if key is None or query is None or rule.holds(1):
        return False
    reach = query - key  # it compares the distance (position of the key - position of the query) with this
    return reach < 1 or (reach == 1 and not rule.holds(0))


def _beyond_index(node: SOp) -> Number | None:
    """The c of a node that is written `indices + c`; None for any other."""
    match node:
        case Indices():
            return 0
        case Elementwise(op="add", inputs=(left, Constant(value=value))) if not isinstance(value, str):
            base, sign = left, 1
        case Elementwise(op="add", inputs=(Constant(value=value), right)) if not isinstance(value, str):
            base, sign = right, 1
        case Elementwise(op="sub", inputs=(left, Constant(value=value))) if not isinstance(value, str):
            base, sign = left, -1
        case _:
            return None
    rest = _beyond_index(base)
    return None if rest is None else rest + sign * value


def _sample(vocabulary: Sequence[Scalar], max_length: int, nodes: int) -> list[Input]:
    """Inputs of two tokens and more, short ones first; a large program gets fewer."""
    count = affordable(nodes, MAX_INPUTS)
    rng = random.Random(0)
    found: list[Input] = []
    for longest, share in ((MAX_TOKENS, count - count // 6), (MAX_TOKENS_OF_LONG_INPUTS, count // 6)):
        inputs = sampled_inputs(vocabulary, min(longest, max_length), 2 * share)
        several = [tokens for tokens in inputs if len(tokens) > 1]
        found += several if len(several) <= share else rng.sample(several, share)
    return sorted(dict.fromkeys(found), key=len)


def _differ(first: Values, second: Values, outputs: Sequence[SOp]) -> bool:
    return any(
        _changed(a, b)
        for output in outputs
        for a, b in zip(_column(first, output), _column(second, output), strict=True)
    )


def _changed(first: Value, second: Value) -> bool:
    """Whether two values differ; all undefined values are equal, whatever their reasons."""
    if isinstance(first, Undefined) or isinstance(second, Undefined):
        return isinstance(first, Undefined) != isinstance(second, Undefined)
    return first != second


def _witness(
    tokens: Input, selector: Selector, readers: Sequence[Reader], meant: Values, restricted: Values
) -> _Witness | None:
    """A query that selects a later key, of the queries at which a reader's value changes if there are any."""
    rows = _rows(meant, selector)
    ahead = [
        (query, next(key for key in range(query + 1, len(row)) if row[key] is not False))
        for query, row in enumerate(rows)
        if any(cell is not False for cell in row[query + 1 :])
    ]
    if len(ahead) == 0:
        return None
    for query, key in ahead:
        if any(_changed(_column(meant, reader)[query], _column(restricted, reader)[query]) for reader in readers):
            return _Witness(tokens, query, key)
    return _Witness(tokens, *ahead[0])


def _column(values: Values, node: SOp) -> list[Value]:
    return values[node]  # type: ignore[return-value]  # an s-op's entry is a value per position


def _rows(values: Values, node: Selector) -> Selection:
    return values[node]  # type: ignore[return-value]  # a selector's entry is a selection


def _warning(graph: Graph, selector: Selector, witness: _Witness) -> Diagnostic:
    text = describe(graph, selector)
    what = f"`{text}`" if len(text) <= MAX_QUOTE else f"the selector in `{shortened(selector.span.text)}`"
    shown = " ".join(show(token) for token in witness.tokens)
    return Diagnostic(
        "causal-meaning",
        f"`--causal` changes what {what} selects: on the input `{shown}`, "
        f"position {witness.query} would select the later position {witness.key}, and the output depends on it",
        selector.span,
        "add `and select(indices, indices, <=)` if only earlier positions are meant, or compile without --causal",
        "warning",
    )
