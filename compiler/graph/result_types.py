"""The kinds of values that an s-op can have: booleans, numbers, strings.  They decide how its values are printed.

`True == 1`, and no operator tells them apart, so the value alone does not say if a 1 prints as `true`.  The s-op
does: the interpreter's output and the model's output are both printed by `present` with the kinds found here.
"""

from __future__ import annotations

from collections.abc import Iterable

from .comparisons import COMPARISON_OPERATIONS
from .graph import Aggregate, Constant, Elementwise, Node, SOp, Table, Tokens
from .values import Scalar, ScalarKind, kind_of
from .walk import reachable

Kinds = frozenset[ScalarKind]

BOOL: Kinds = frozenset({"bool"})
NUMBER: Kinds = frozenset({"number"})
STRING: Kinds = frozenset({"string"})
NOTHING: Kinds = frozenset()

#: Operations whose result has the same kind for all arguments.
_FIXED: dict[str, Kinds] = {
    **dict.fromkeys(("sub", "div", "floordiv", "mod", "pow", "neg", "pos", "abs", "round"), NUMBER),
    **dict.fromkeys(("indicator", "int", "float"), NUMBER),
    **dict.fromkeys((*COMPARISON_OPERATIONS, "and", "or", "not", "bool"), BOOL),
    "str": STRING,
}


def kinds_of(values: Iterable[Scalar]) -> Kinds:
    """The kinds among some values, for instance a vocabulary."""
    return frozenset(map(kind_of, values))


def infer(roots: Iterable[Node], vocabulary: Iterable[Scalar]) -> dict[SOp, Kinds]:
    """The kinds of every s-op that the roots depend on.

    An s-op that is undefined at every position (a string plus a number) has none.
    """
    tokens = kinds_of(vocabulary)
    found: dict[SOp, Kinds] = {}
    for node in reachable(roots):
        if isinstance(node, SOp):
            found[node] = _kinds(node, found, tokens)
    return found


def present(value: Scalar, kinds: Kinds) -> Scalar:
    """The value as an s-op of these kinds prints it: 0 and 1 as booleans, or booleans as 0 and 1."""
    if isinstance(value, str):
        return value
    if prints_truths(kinds):
        return bool(value) if value in (0, 1) else value
    return int(value) if isinstance(value, bool) else value


def prints_truths(kinds: Kinds) -> bool:
    """True if 0 and 1 print as `false` and `true`."""
    return "bool" in kinds and "number" not in kinds


def _kinds(node: SOp, found: dict[SOp, Kinds], tokens: Kinds) -> Kinds:
    match node:
        case Tokens():
            return tokens
        case Constant(value=value):
            return kinds_of((value,))
        case Elementwise(op="where", inputs=(_, then, otherwise)):
            return found[then] | found[otherwise]
        case Elementwise(op="add", inputs=(left, right)):
            return _sum(found[left], found[right])
        case Elementwise(op="mul", inputs=(left, right)):
            return _product(found[left], found[right])
        case Elementwise(op=op):
            return _FIXED[op]
        case Table(rows=rows, otherwise=otherwise):
            results = kinds_of(value for _, value in rows)
            return results if otherwise is None else results | kinds_of((otherwise,))
        case Aggregate(values=values, default=default):
            return _aggregate(found[values], default)
        case _:  # Indices, SelectorWidth
            return NUMBER


def _sum(left: Kinds, right: Kinds) -> Kinds:
    result = NOTHING
    if "string" in left and "string" in right:
        result |= STRING
    if left - STRING and right - STRING:
        result |= NUMBER
    return result


def _product(left: Kinds, right: Kinds) -> Kinds:
    """A string times a number is a string."""
    result = NOTHING
    if ("string" in left and right - STRING) or ("string" in right and left - STRING):
        result |= STRING
    if left - STRING and right - STRING:
        result |= NUMBER
    return result


def _aggregate(values: Kinds, default: Scalar | None) -> Kinds:
    if default is None:
        return values if values else NUMBER
    if "bool" in values and "number" not in values and default in (0, 1):
        # In `aggregate(s, condition, 0)` the 0 means false: the result is still a condition.
        return values
    return values | kinds_of((default,))
