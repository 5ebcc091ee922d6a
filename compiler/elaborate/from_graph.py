"""Programs that do not come from a text: built in Python from graph nodes.

Their text is written by graph/to_rasp.py and elaborated like any other, so that a model of such a program holds its
source and verifies from its two files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from ...rasp_grammar.diagnostics import did_you_mean
from ...rasp_grammar.names import is_name
from ...rasp_grammar.span import Source, Span
from ..graph.comparisons import Comparison
from ..graph.graph import (
    Aggregate,
    Elementwise,
    Graph,
    Indices,
    Node,
    Program,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorPick,
    SelectorWidth,
    SOp,
    Table,
    Tokens,
    Which,
)
from ..graph.operations import OPERATIONS
from ..graph.to_rasp import to_rasp
from ..graph.values import Scalar
from .declarations import checked_vocabulary, max_length_of
from .program import elaborate

N = TypeVar("N", bound=Node)
K = TypeVar("K", bound=Scalar | tuple[Scalar, ...])

#: Nodes made in Python stand in no text until the program has one.
_SPAN = Span(Source("<python>", ""), 0, 0)


def program_of_graph(
    graph: Graph,
    outputs: SOp | Mapping[str, SOp],
    *,
    vocabulary: Sequence[Scalar],
    max_length: int,
    comments: Mapping[Node, str] | None = None,
    name: str = "graph.rasp",
) -> Program:
    """The program whose outputs are nodes of a graph, with the text that says so as its source.

    outputs: one s-op, or several by their names.
    vocabulary: the tokens (a string stands for its characters).  max_length: the longest input, BOS not counted.
    comments: texts above the statements of nodes.  name: what messages call the text.

    The result's graph is the elaborated text's.  Raises RaspError for a graph that no text of RASP has, and ValueError
    for a name of an output that is none in RASP.
    """
    named = {"output": outputs} if isinstance(outputs, SOp) else dict(outputs)
    entries = () if isinstance(outputs, SOp) else tuple(named)
    for wrong in [entry for entry in named if not is_name(entry)]:
        raise ValueError(f"{wrong!r} is no name in RASP")
    if not named:
        raise ValueError("a program has at least one output")
    made = Program(
        graph,
        tuple(named.items()),
        checked_vocabulary(vocabulary),
        max_length_of(max_length, None),
        sources=(),
        entries=entries,
    )
    return elaborate(Source(name, to_rasp(made, comments)), entries=entries)


class ProgramBuilder:
    """Builds a program in Python: each method makes a node, `program` makes the program of some of them.

    vocab: the tokens (a string stands for its characters).  max_length: the longest input, BOS not counted.

    Where a method takes an s-op, a plain value (number, string or boolean) stands for itself at every position.
    `named` gives a node the name that it has in the program's text and in its model's manifest.
    """

    def __init__(self, vocab: Sequence[Scalar], max_length: int) -> None:
        self._vocabulary = tuple(vocab)
        self._max_length = max_length
        self._comments: dict[Node, str] = {}
        self.graph = Graph()

    @property
    def tokens(self) -> Tokens:
        """The input tokens."""
        return self.graph.tokens(_SPAN)

    @property
    def indices(self) -> Indices:
        """The positions, from 0."""
        return self.graph.indices(_SPAN)

    @property
    def length(self) -> SelectorWidth:
        """The number of tokens of the input."""
        return self.selector_width(self.select(1, 1, "=="))

    def operation(self, name: str, *inputs: SOp | Scalar) -> Elementwise:
        """An element-wise operation by its name in `--emit graph`: "add", "floordiv", "eq", "and", "where" ...

        "where" takes the condition first.  Raises ValueError for an unknown name or a wrong number of inputs."""
        if name not in OPERATIONS:
            raise ValueError(
                f"no operation is called {name!r}; {did_you_mean(name, OPERATIONS, ', '.join(OPERATIONS))}"
            )
        if len(inputs) != OPERATIONS[name].arity:
            raise ValueError(f"{name!r} takes {OPERATIONS[name].arity} inputs, not {len(inputs)}")
        return self.graph.elementwise(name, map(self._sop, inputs), _SPAN)

    def table(
        self,
        rows: Mapping[K, Scalar],
        *inputs: SOp,
        otherwise: Scalar | None = None,
    ) -> Table:
        """A finite function of s-ops: `rows` maps values (tuples of values for several inputs) to values.

        Any other value gives `otherwise`; None is undefined there."""
        listed: list[tuple[tuple[Scalar, ...], Scalar]] = []
        for key, value in rows.items():
            listed.append((key if isinstance(key, tuple) else (key,), value))
        if any(len(arguments) != len(inputs) for arguments, _ in listed):
            raise ValueError(f"the keys of a table of {len(inputs)} s-ops have {len(inputs)} values")
        return self.graph.table(inputs, listed, otherwise, "dict", _SPAN)

    def select(self, keys: SOp | Scalar, queries: SOp | Scalar, comparison: Comparison) -> Select:
        """The selector `keys comparison queries`: row is the query position, column the key position."""
        return self.graph.select(self._sop(keys), self._sop(queries), comparison, _SPAN)

    def both(self, left: Selector, right: Selector) -> SelectorAnd:
        """A selector of the positions that both selectors select."""
        return self.graph.selector_and(left, right, _SPAN)

    def either(self, left: Selector, right: Selector) -> SelectorOr:
        """A selector of the positions that at least one of two selectors selects."""
        return self.graph.selector_or(left, right, _SPAN)

    def complement(self, selector: Selector) -> SelectorNot:
        """A selector of the positions that `operand` does not select."""
        return self.graph.selector_not(selector, _SPAN)

    def pick(self, selector: Selector, which: Which) -> SelectorPick:
        """Of what a selector selects, the first, the last or the nearest key; of two equally near, the earlier."""
        return self.graph.selector_pick(selector, which, _SPAN)

    def aggregate(self, selector: Selector, values: SOp | Scalar, default: Scalar | None = None) -> Aggregate:
        """The value at the selected position, the mean where several are selected, `default` where none is."""
        return self.graph.aggregate(selector, self._sop(values), default, _SPAN)

    def selector_width(self, selector: Selector) -> SelectorWidth:
        """The number of selected positions."""
        return self.graph.selector_width(selector, _SPAN)

    def named(self, name: str, node: N, comment: str | None = None) -> N:
        """The node itself, which is called `name` in the text from now on; `comment` stands above its statement."""
        self.graph.set_name(node, name)
        if comment is not None:
            self._comments[node] = comment
        return node

    def program(self, output: SOp | Mapping[str, SOp]) -> Program:
        """The program with one output, or with several by their names.  Raises as `program_of_graph` does."""
        return program_of_graph(
            self.graph,
            output,
            vocabulary=self._vocabulary,
            max_length=self._max_length,
            comments=self._comments,
        )

    def _sop(self, value: SOp | Scalar) -> SOp:
        return value if isinstance(value, SOp) else self.graph.constant(value, _SPAN)
