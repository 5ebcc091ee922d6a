"""Names for unnamed graph nodes, from their expressions: `rank`, `previous`, `is_a`, `count_of_a`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...rasp_grammar.names import KEYWORDS, REFERENCE_WORDS, is_name, library_names
from .comparisons import Comparison
from .graph import (
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
    SelectorSum,
    SelectorWidth,
    SOp,
    Table,
    Tokens,
)
from .values import Scalar
from .walk import comparisons_of

#: Longest name made of other names, in characters; instead of a longer one, a word for the kind of node is used.
MAX_COMPOSED = 24

#: Names are read in one row with operators, so a person's longer names are cut.
MAX_NAME = 60

_POSITION_ORDERS: dict[Comparison, str] = {
    "<": "before",
    "<=": "up_to_here",
    ">": "after",
    ">=": "from_here",
    "==": "here",
    "!=": "elsewhere",
}

_ORDERS: dict[Comparison, str] = {
    "<": "smaller",
    "<=": "not_larger",
    ">": "larger",
    ">=": "not_smaller",
    "==": "same",
    "!=": "other",
}

_OPERATIONS = {
    "add": "total",
    "sub": "difference",
    "mul": "product",
    "div": "ratio",
    "floordiv": "quotient",
    "mod": "remainder",
    "pow": "power",
    "neg": "negative",
    "pos": "number",
    "abs": "magnitude",
    "round": "rounded",
    "indicator": "flag",
    "eq": "is_equal",
    "ne": "differs",
    "lt": "is_less",
    "le": "is_at_most",
    "gt": "is_more",
    "ge": "is_at_least",
    "and": "both",
    "or": "either",
    "not": "is_not",
    "where": "choice",
    "str": "text",
    "int": "number",
    "float": "number",
    "bool": "truth",
}


#: Tokens that are no words themselves.
_SIGNS = {
    " ": "space",
    "+": "plus",
    "-": "minus",
    ".": "dot",
    ",": "comma",
    "(": "open",
    ")": "close",
    "?": "question",
    "!": "bang",
    "": "empty",
}


class NodeNames:
    """Gives names: unique, valid in RASP and in the reference implementation, and none of the library's.

    taken: names that are given already.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {*taken, *KEYWORDS, *REFERENCE_WORDS, *library_names()}
        self._names: dict[Node, str] = {}
        #: Nodes that another node uses as the position to read from.
        self._targets: set[Node] = set()

    def note_readers(self, nodes: Iterable[Node]) -> None:
        """Looks at the readers of nodes, which say what some of these are for."""
        for node in nodes:
            match node:
                case Select(keys=Indices(), queries=queries, comparison="=="):
                    self._targets.add(queries)

    def give(self, node: Node, preferred: str | None) -> str:
        """The name of a node: the one that it has, made valid and unique, or an invented one for None."""
        base = _valid(preferred) if preferred is not None else None
        name = self._unique(base if base is not None else self._idea(node))
        self._names[node] = name
        return name

    def set(self, node: Node, name: str) -> None:
        """Gives a name that must stand as it is."""
        self._taken.add(name)
        self._names[node] = name

    def _unique(self, base: str) -> str:
        name, count = base, 1
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name

    def _word(self, node: Node) -> str:
        """A node as a part of a name; empty where there is no short one."""
        match node:
            case Tokens():
                return "token"
            case Indices():
                return "index"
            case Constant(value=value):
                return _value_word(value)
            case _:
                return self._names.get(node, "")

    def _composed(self, base: str, *nodes: Node) -> str:
        """`base` and the words of the nodes, where all have one and the name stays short."""
        words = [self._word(node) for node in nodes]
        name = "_".join([base, *words])
        return name if all(words) and len(name) <= MAX_COMPOSED else base

    def _idea(self, node: Node) -> str:
        match node:
            case SelectorWidth(selector=selector):
                return self._count(selector)
            case SelectorSum():
                return "total"
            case Aggregate():
                return self._aggregate(node)
            case Elementwise() if node in self._targets and node.op not in ("eq", "ne", "and", "or", "not"):
                return "target"
            case Elementwise(op="eq" | "ne" as op, inputs=(_, Constant() as value)):
                if not self._word(value):
                    return _OPERATIONS[op]
                return self._composed("is" if op == "eq" else "is_not", value)
            case Elementwise(op="not", inputs=(operand,)):
                return self._composed("not", operand) if self._word(operand) else "is_not"
            case Elementwise(op=op):
                return _OPERATIONS[op]
            case Table():
                return self._table(node)
            case Selector():
                return self._selector(node)
            case _:
                return "value"

    def _count(self, selector: Selector) -> str:
        match selector:
            case Select(keys=keys, queries=Constant() as value, comparison="==") if not isinstance(keys, Constant):
                return self._composed("count_of", value)
            case Select(keys=keys, queries=queries, comparison=comparison) if keys is queries:
                if isinstance(keys, Indices):
                    return f"count_{_POSITION_ORDERS[comparison]}"
                return "occurrences" if comparison in ("==", "!=") else "rank"
            case SelectorOr() if any(_is_order(atom) for atom in comparisons_of(selector)):
                return "rank"
            case SelectorAnd():
                for atom in comparisons_of(selector):
                    if isinstance(atom.keys, Indices) and isinstance(atom.queries, Indices):
                        return f"count_{_POSITION_ORDERS[atom.comparison]}"
                return "matches"
            case _:
                return "matches"

    def _aggregate(self, node: Aggregate) -> str:
        selector, values = node.selector, node.values
        if isinstance(values, Constant) and isinstance(values.value, bool | int):
            match selector:
                case Select(queries=Constant() as sought, comparison="=="):
                    return self._composed("has", sought) if self._word(sought) else "found"
                case _:
                    return "found"
        match selector:
            case Select(keys=Constant(), queries=Constant(), comparison="=="):
                return self._composed("mean", values)
            case Select(keys=Indices(), queries=Elementwise(op="sub", inputs=(Indices(), Constant(value=1)))):
                return "previous" if selector.comparison == "==" else "mean"
            case Select(keys=Indices(), queries=Elementwise(op="add", inputs=(Indices(), Constant(value=1)))):
                return "following" if selector.comparison == "==" else "mean"
            case Select(keys=Indices(), queries=Constant(value=0), comparison="=="):
                return self._composed("first", values)
            case Select(keys=Indices(), queries=SOp(), comparison="=="):
                return self._composed("moved", values)
            case Select(keys=keys, queries=Indices(), comparison="==") if "rank" in self._word(keys):
                return "sorted"
            case _:
                return self._composed("selected", values)

    def _table(self, node: Table) -> str:
        results = {value for _, value in node.rows} | ({node.otherwise} if node.otherwise is not None else set())
        if all(isinstance(value, bool) for value in results):
            trues = [arguments for arguments, value in node.rows if value is True]
            if len(trues) == 1 and len(trues[0]) == 1 and node.otherwise is False:
                word = _value_word(trues[0][0])
                return f"is_{word}" if word else "is_listed"
            return "is_listed"
        if all(isinstance(value, str) for value in results):
            return self._composed("label", *node.inputs)
        return self._composed("code", *node.inputs)

    def _selector(self, node: Selector) -> str:
        match node:
            case Select(keys=Indices(), queries=Indices(), comparison=comparison):
                return _POSITION_ORDERS[comparison]
            case Select(keys=Indices(), queries=queries, comparison="=="):
                return self._composed("at", queries) if self._word(queries) else "at_position"
            case Select(keys=keys, queries=Constant(value=True), comparison="=="):
                return self._composed("where", keys) if self._word(keys) else "marked"
            case Select(keys=keys, queries=Constant(value=False), comparison="=="):
                return self._composed("unless", keys) if self._word(keys) else "unmarked"
            case Select(queries=Constant() as value, comparison="=="):
                return self._composed("holds", value)
            case Select(keys=keys, queries=queries, comparison=comparison) if keys is queries:
                return self._composed(_ORDERS[comparison], keys)
            case Select():
                return "matching"
            case SelectorAnd(left=left, right=right):
                words = [self._word(left), self._word(right)]
                name = "_".join(words)
                return name if all(words) and len(name) <= MAX_COMPOSED else "selected_by_all"
            case SelectorOr():
                return "selected_by_any"
            case SelectorNot(operand=operand):
                return self._composed("not", operand)
            case _:
                return "selected_keys"


def _is_order(atom: Select) -> bool:
    return (
        atom.keys is atom.queries and not isinstance(atom.keys, Indices) and atom.comparison in ("<", "<=", ">", ">=")
    )


def _value_word(value: Scalar) -> str:
    """`a` for "a", `3` for 3; empty for what would not look like a part of a name."""
    if isinstance(value, (str, int)):
        text = str(value).lower()
        return text if re.fullmatch(r"[a-z0-9]{1,12}", text) else _SIGNS.get(text, "")
    return ""


def _valid(preferred: str) -> str | None:
    """The name as RASP can write it; None where nothing is left of it.

    Names from inside the library carry the function's: `sort.rank` is `rank`."""
    text = re.sub(r"\W+", "_", preferred.rpartition(".")[2], flags=re.ASCII).strip("_")[:MAX_NAME]
    if preferred.startswith("_") and text:
        text = f"_{text}"
    if text[:1].isdigit():
        text = f"n_{text}"
    return text if is_name(text) else f"{text}_" if text in KEYWORDS else None
