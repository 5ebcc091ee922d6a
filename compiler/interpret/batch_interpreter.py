"""The interpreter vectorised: computes a program graph on many inputs at once, as exactly as `interpreter`.

Every s-op is a `BatchColumn`, every selector a boolean array [input, query, key].  An element-wise function is computed
once for each combination of arguments that occurs, by `interpreter.function_of`.  Sums are of integers, over a common
denominator.  Values that are not exact numbers are reduced by the interpreter's own rules for one row.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from ..graph.graph import (
    Aggregate,
    Constant,
    Elementwise,
    Indices,
    Node,
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
)
from ..graph.result_types import infer
from ..graph.values import Scalar, Undefined, Value, normal
from ..graph.walk import inputs_of, reachable
from .batch_selectors import BatchSelector, Reduction, Width, combine, compare, negate, new_reasons, only_earlier, pick
from .batch_values import BatchColumn, BatchFunction, Codes, Pool
from .interpreter import default_of, function_of, located, mean_of, sum_of

#: Approximate size of the selections of one batch, in bytes.
MEMORY = 1 << 26

#: Distinct values that are kept for the next batch.
MAX_HELD = 1 << 20


Found = Mapping[Node, BatchColumn | BatchSelector]
Rule = Callable[[Codes, Found], BatchColumn | BatchSelector]


class BatchInterpreter:
    """Computes s-ops on many inputs of one length.

    An input is given by the indices of its tokens in `vocabulary`: one array [input, position].
    """

    def __init__(self, roots: Sequence[SOp], vocabulary: Sequence[Scalar], *, causal: bool = False) -> None:
        self.kinds = infer(roots, vocabulary)
        self._roots = tuple(roots)
        self._vocabulary = tuple(vocabulary)
        self._causal = causal
        self._order = reachable(roots)
        self._last_reader = {node: reader for reader in self._order for node in inputs_of(reader)}
        self._selectors = sum(isinstance(node, Selector) for node in self._order)
        self._forget()

    def batches(self, ids: Codes) -> Iterator[tuple[Codes, list[BatchColumn]]]:
        """The inputs in chunks that fit into `MEMORY`, each with the columns of the roots."""
        step = self.batch_size(ids.shape[1])
        for start in range(0, len(ids), step):
            part = ids[start : start + step]
            yield part, self.columns(part)

    def batch_size(self, length: int) -> int:
        """The number of inputs of this length whose selections fit the memory."""
        bytes_per_input = length * length * (self._selectors + 16) + 16 * length * len(self._order)
        return max(1, MEMORY // bytes_per_input)

    def columns(self, ids: Codes) -> list[BatchColumn]:
        """The columns of the roots, all inputs at once."""
        if sum(map(len, self._pools)) > MAX_HELD:
            self._forget()
        keep = set(self._roots)
        found: dict[Node, BatchColumn | BatchSelector] = {}
        for node in self._order:
            found[node] = self._value(node, ids, found)
            for operand in set(inputs_of(node)):
                if self._last_reader[operand] is node and operand not in keep:
                    del found[operand]
        return [_column(found[root]) for root in self._roots]

    def everything(self, ids: Codes) -> dict[Node, BatchColumn | BatchSelector]:
        """Every node that the roots depend on."""
        found: dict[Node, BatchColumn | BatchSelector] = {}
        for node in self._order:
            found[node] = self._value(node, ids, found)
        return found

    def _forget(self) -> None:
        """Starts with empty pools."""
        self._reasons = new_reasons()
        self._pools: list[Pool] = [self._reasons]
        self._rules: dict[Node, Rule] = {node: self._rule(node) for node in self._order}

    def _value(self, node: Node, ids: Codes, found: Found) -> BatchColumn | BatchSelector:
        value = self._rules[node](ids, found)
        if isinstance(value, BatchSelector) and self._causal:
            return only_earlier(value, ids.shape[1])
        return value

    def _rule(self, node: Node) -> Rule:
        """The function that computes a node from its inputs."""
        match node:
            case Tokens():
                tokens = self._pool(self._vocabulary)
                return lambda ids, found: BatchColumn(tokens, ids)
            case Indices():
                numbers = self._pool()
                return lambda ids, found: BatchColumn(
                    numbers, np.array([[numbers.code(index) for index in range(ids.shape[1])]], np.int64)
                )
            case Constant(value=value):
                constant = self._pool([normal(value)])
                return lambda ids, found: BatchColumn(constant, np.zeros((1, 1), np.int64))
            case Elementwise(inputs=inputs, span=span) | Table(inputs=inputs, span=span):
                function = function_of(node)
                return self._function(inputs, lambda arguments: located(function(arguments), span))
            case Aggregate(selector=selector, values=values, default=default, span=span):
                empty = default_of(self.kinds[values]) if default is None else normal(default)
                return self._reduction(selector, values, node, partial(mean_of, empty=empty), empty, mean=True)
            case SelectorSum(selector=selector, values=values):
                return self._reduction(selector, values, node, sum_of, 0, mean=False)
            case SelectorWidth(selector=selector):
                width = Width()
                self._pools.append(width.pool)
                return lambda ids, found: width(_cells(found[selector]), ids.shape[1])
            case Select(keys=keys, queries=queries, comparison=comparison, span=span):
                mixed = Undefined(f"`{comparison}` of a string and a number", span)
                return lambda ids, found: compare(
                    _column(found[keys]), _column(found[queries]), comparison, mixed, self._reasons
                )
            case SelectorAnd(left=left, right=right):
                return lambda ids, found: combine(_cells(found[left]), _cells(found[right]), operator.and_)
            case SelectorOr(left=left, right=right):
                return lambda ids, found: combine(_cells(found[left]), _cells(found[right]), operator.or_)
            case SelectorNot(operand=operand):
                return lambda ids, found: negate(_cells(found[operand]))
            case SelectorPick(operand=operand, which=which):
                return lambda ids, found: pick(_cells(found[operand]), which, ids.shape[1])
            case _:
                raise TypeError(f"no meaning for {type(node).__name__}")

    def _function(self, inputs: Sequence[SOp], compute: Callable[[tuple[Value, ...]], Value]) -> Rule:
        function = BatchFunction(compute)
        self._pools.append(function.pool)
        return lambda ids, found: function([_column(found[operand]) for operand in inputs])

    def _reduction(
        self,
        selector: Selector,
        values: SOp,
        node: SOp,
        reference: Callable[[list[Value]], Value],
        empty: Value,
        *,
        mean: bool,
    ) -> Rule:
        reduction = Reduction(reference, mean=mean, empty=empty, located=partial(located, span=node.span))
        self._pools.append(reduction.pool)
        return lambda ids, found: reduction(_cells(found[selector]), _column(found[values]), ids.shape[1])

    def _pool(self, values: Sequence[Value] = ()) -> Pool:
        self._pools.append(Pool(values))
        return self._pools[-1]


def _column(value: BatchColumn | BatchSelector) -> BatchColumn:
    assert isinstance(value, BatchColumn)
    return value


def _cells(value: BatchColumn | BatchSelector) -> BatchSelector:
    assert isinstance(value, BatchSelector)
    return value
