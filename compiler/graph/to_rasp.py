"""Program graph to RASP: a readable text whose elaboration gives the graph again.

Statements follow the nodes' order.  A node that is read more than once, or has a name, is a statement of its own;
others stand where they are read, unless the expression would be long.  Names are the graph's; nodes without one are
named by what they compute (name_nodes.py).

The elaborated text and the graph are the same after simplification (compare.py), not before: what simplification
makes (sums, ratios) is written with the library's functions, and a constant output is written as the constant's mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from ...rasp_grammar import tree
from ...rasp_grammar.names import is_name, library_names
from ...rasp_grammar.unparse import unparse
from .graph import (
    Attended,
    Constant,
    Node,
    Program,
    Select,
    Selector,
    Table,
)
from .name_nodes import NodeNames
from .node_forms import NodeForms
from .write_values import (
    NO_SPAN,
    clear,
    name_of,
    vocabulary_display,
)

#: Words in an expression beyond which a part of it becomes a statement of its own.
MAX_WORDS = 16

#: The same for an attended s-op that a selector compares: each layer of attention is a statement.
MAX_ATTENDED_WORDS = 3

#: A sum of many terms, or a chain of `and`s, reads well when it is longer; the parser's depth limits it.
MAX_CHAIN = 200


def to_rasp(
    program: Program,
    comments: Mapping[Node, str] | None = None,
    never_empty: Callable[[Selector], bool] = lambda _: False,
) -> str:
    """The text of a program, which need have no source.

    comments: texts above the statements of nodes.
    never_empty: whether a selector is known to select something for every query.  Only the text of a simplified graph
        gets shorter by it: `Analysis.selectors.never_empty`.

    The last line is the first output; further outputs are statements with their names, for `--entry`.
    Raises RaspError for what no text of RASP has: a string with a line break, a cast of an s-op that is not `tokens`.
    """
    forms = NodeForms(program.graph, program.vocabulary, never_empty)
    return _Writer(program, forms, {} if comments is None else comments).text()


class _Writer:
    def __init__(self, program: Program, forms: NodeForms, comments: Mapping[Node, str]) -> None:
        self._program = program
        self._forms = forms
        self._comments = comments
        #: The nodes that the text is made of, inputs first.
        self._nodes = forms.written([node for _, node in program.outputs])

    def text(self) -> str:
        names = self._named()
        expressions: dict[Node, tree.Expression] = {}
        items: list[tree.Item] = [*self._declarations()]
        comments: dict[tree.Item, str] = {}
        for node in self._nodes:
            form = self._forms.of(node)
            expression = clear(form.build(*[expressions[part] for part in form.parts]))
            if node in names:
                items.append(_assigned(names[node], expression))
                if node in self._comments:
                    comments[items[-1]] = self._comments[node]
                expression = name_of(names[node])
            expressions[node] = expression
        items += self._ending(names, expressions)
        return unparse(items, comments)

    def _declarations(self) -> Iterable[tree.Item]:
        if self._program.vocabulary is not None:
            yield tree.SetVocabulary(NO_SPAN, vocabulary_display(self._program.vocabulary))
        if self._program.max_length is not None:
            yield tree.SetMaxLength(NO_SPAN, tree.Number(NO_SPAN, self._program.max_length))

    def _ending(self, names: Mapping[Node, str], expressions: Mapping[Node, tree.Expression]) -> Iterable[tree.Item]:
        """The outputs that are no statements yet, and the output expression."""
        outputs = self._program.outputs
        # A name of the library comes last: from then on it means something else.
        for name, node in sorted(outputs, key=lambda output: output[0] in library_names()):
            if names.get(node) != name and self._keeps(name, node):
                yield _assigned(name, expressions[node])
        name, node = outputs[0]
        yield tree.ExpressionStatement(NO_SPAN, name_of(name) if self._keeps(name, node) else expressions[node])

    def _keeps(self, name: str, node: Node) -> bool:
        """Whether an output needs a statement for its name: asked for by name, or given by a person.

        The language calls an output without a name `output`; one that is a word would be called by that."""
        if len(self._program.outputs) > 1 or self._program.entries:
            return True
        if name == "output":
            return self._forms.of(node).is_word and not isinstance(node, Constant)
        return is_name(name) and name not in library_names()

    # --- which nodes are statements

    def _named(self) -> dict[Node, str]:
        """The nodes that are statements, with their names."""
        reads: Counter[Node] = Counter()
        for node in self._nodes:
            reads.update(self._forms.of(node).parts)
        preferred = {node: self._program.graph.name(node) for node in self._nodes}
        stated = {
            node
            for node in self._nodes
            if not self._forms.of(node).is_word
            and (reads[node] > 1 or preferred[node] is not None or node in self._comments)
        }
        stated |= self._long_parts(stated)
        outputs = {
            node: name
            for name, node in reversed(self._program.outputs)
            if self._keeps(name, node) or (name == "output" and node in stated)
        }
        names = NodeNames(outputs.values())
        names.note_readers(self._nodes)
        given: dict[Node, str] = {}
        for node in self._nodes:
            if node in outputs and not self._forms.of(node).is_word and outputs[node] not in library_names():
                given[node] = outputs[node]
                names.set(node, outputs[node])
            elif node in stated:
                given[node] = names.give(node, preferred[node])
        return given

    def _long_parts(self, stated: set[Node]) -> set[Node]:
        """Further nodes to be stated, so that no expression has many more than `MAX_WORDS` words."""
        found: set[Node] = set()
        words: dict[Node, int] = {}
        for node in self._nodes:
            form = self._forms.of(node)
            for place, part in enumerate(form.parts):
                most = MAX_WORDS
                if place == 0 and form.chain and self._forms.of(part).chain == form.chain:
                    most = MAX_CHAIN
                elif isinstance(node, Select) and isinstance(part, Attended):
                    most = MAX_ATTENDED_WORDS
                if words[part] > most and not self._forms.of(part).is_word:
                    found.add(part)
                    words[part] = 1
            own = 1 if not isinstance(node, Table) else 1 + min(len(node.rows), MAX_WORDS // 2)
            words[node] = 1 if node in stated or node in found else own + sum([words[part] for part in form.parts])
        return found


def _assigned(name: str, expression: tree.Expression) -> tree.Item:
    return tree.Assignment(NO_SPAN, (name_of(name),), (expression,))
