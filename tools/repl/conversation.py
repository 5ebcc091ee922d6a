"""Runs the statements of a REPL session, and keeps its names, its examples and its record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...compiler.elaborate.library_docs import comment_above
from ...compiler.elaborate.scope import Function, Object
from ...compiler.elaborate.session import Session, SessionState
from ...compiler.graph.graph import Constant, Indices, Node, Selector, SOp, Tokens
from ...compiler.graph.values import is_scalar
from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import error
from ...rasp_grammar.parser import parse
from ...rasp_grammar.precedence_warnings import precedence_warnings
from ...rasp_grammar.span import Source, Span
from .dataflow import flow
from .draw import draw
from .results import Example, ExamplesShown, FileWritten, Outcome, SessionEnd, Warnings
from .show_values import NAMELESS, applied, example_of, show

if TYPE_CHECKING:  # it imports NumPy
    from ...compiler.artifact.model_files import CompiledModel

#: The running example until another is set, as in the reference.
FIRST_EXAMPLE = Example(tuple("hello"), True)

#: Statements that change what later ones mean.  The record holds these only.
_DEFINING_STATEMENTS = (tree.Assignment, tree.Definition, tree.Loop, tree.Load, tree.SetVocabulary, tree.SetMaxLength)


#: Statements that can be taken back.
MAX_UNDO = 100


@dataclass(frozen=True)
class _Earlier:
    """The state before a statement."""

    statement: str
    session: SessionState
    record: tuple[str, ...]
    comments: dict[str, str]
    asked: str | None


class Conversation:
    """A session, its running examples, and the record of its statements.  It knows no commands: see `dialogue`."""

    def __init__(self, base: Path) -> None:
        self.session = Session(base, observer=self._observe, on_draw=self._draw, on_setting=self._set_by_file)
        #: The running examples; None while examples of that kind are off.
        self.sop_example: Example | None = FIRST_EXAMPLE
        self.selector_example: Example | None = FIRST_EXAMPLE
        #: Whether every value of a sequence is shown (`full seq display on`).
        self.full = False
        #: The text of the s-op or plain value that was shown last: the output of the session as a program.
        self.asked: str | None = None
        #: The model that was compiled last.
        self.compiled: CompiledModel | None = None
        #: The states before the defining statements, the last one at the end.
        self._earlier: list[_Earlier] = []
        self._examples = [FIRST_EXAMPLE, FIRST_EXAMPLE]
        #: The texts of the defining statements; together they are a program that defines the same names.
        self._record: list[str] = []
        self._comments: dict[str, str] = {}
        #: The text of the last input, if it was a comment: it belongs to the definition that follows.
        self._comment = ""
        #: Outcomes of the statement that is running.
        self._outcomes: list[Outcome] = []
        #: Expression statements of the statement that is running (a loop has several), and the values of the functions
        #: and arguments that they call.
        self._statements: set[tree.Expression] = set()
        self._call_values: dict[tree.Tree, Object | None] = {}
        self._drawn_calls: set[tree.Tree] = set()
        #: What loaded files set, to be done once the whole statement has run.
        self._settings: list[Callable[[], object]] = []

    @property
    def program(self) -> str:
        """The text of a program that defines the session's names as they are now."""
        return "".join([f"{text}\n" for text in self._record])

    def comment(self, name: str) -> str:
        """The comment above the definition of a name; empty if there is none."""
        if name in self._comments or name not in self.session.names:
            return self._comments.get(name, "")
        value = self.session.value(name)
        return comment_above(value.definition.span) if isinstance(value, Function) else ""  # of a loaded file

    def node_names(self) -> dict[Node, str]:
        """The names of nodes: the session's present names first, then the library's."""
        found: dict[Node, str] = {}
        for name in self.session.names:
            value = self.session.value(name)
            if isinstance(value, Node) and not isinstance(value, (Tokens, Indices, Constant)):
                found.setdefault(value, name)
        library = set(self.session.visible()) - set(self.session.names)
        for node in self.session.graph:
            given = self.session.graph.name(node)
            # A node of the library is called `sort.rank`; other names may have been given to other nodes since.
            if given is not None and (given in library or "." in given):
                found.setdefault(node, given)
        return found

    def run(self, source: Source) -> Iterator[Outcome]:
        """The outcomes of the statements of one input, each as soon as it is known.

        Raises RaspError for a mistake, and KeyboardInterrupt; the session is then as it was before the statement that
        ran.
        """
        module = parse(source)
        warnings = precedence_warnings(module)
        if warnings:
            yield Warnings(tuple(warnings))
        if not module.items:
            self._comment = source.text if module.comments else ""
            return
        start = 0
        for item in module.items:
            earlier = _Earlier(
                item.span.text, self.session.state(), tuple(self._record), dict(self._comments), self.asked
            )
            yield from self._run(item)
            if isinstance(item, _DEFINING_STATEMENTS):
                self._earlier = [*self._earlier[1 - MAX_UNDO :], earlier]
            self._note(item, source, start)
            start = item.span.end
        self._comment = ""

    def undo(self) -> str | None:
        """Takes back the last defining statement, and returns its text; None if there is none."""
        if not self._earlier:
            return None
        earlier = self._earlier.pop()
        self.session.restore(earlier.session)
        self._record, self._comments, self.asked = list(earlier.record), dict(earlier.comments), earlier.asked
        return earlier.statement

    # --- one statement

    def _run(self, item: tree.Item) -> Iterator[Outcome]:
        match item:
            case tree.SetExample(what=what, value=value):
                self._set_example(what, example_of(self.session.evaluate(value), value.span))
            case tree.Directive(words=words):
                yield from self._direct(" ".join(words))
            case _:
                yield from self._execute(item)

    def _execute(self, item: tree.Item) -> Iterator[Outcome]:
        self._outcomes, self._statements, self._call_values, self._drawn_calls = [], set(), {}, set()
        self._settings = []
        self._watch(item)
        ran = self.session.execute(item)
        for setting in self._settings:
            setting()
        if ran.warnings:
            yield Warnings(ran.warnings)
        yield from self._outcomes
        match item:
            case tree.ExpressionStatement(expression=expression):
                if isinstance(ran.value, SOp) or (ran.value is not None and is_scalar(ran.value)):
                    self.asked = expression.span.text
            case tree.Assignment(names=names):
                for name in names:
                    if isinstance(self.session.value(name.name), SOp):
                        self.asked = name.name
                    yield self._show(name.name, self.session.value(name.name))
            case tree.Definition(name=name):
                yield self._show(name.name, self.session.value(name.name))

    def _watch(self, item: tree.Item) -> None:
        """Collects the expression statements whose values are shown, those in loops each time they run."""
        stack: list[tree.Item] = [item]
        while stack:
            match stack.pop():
                case tree.ExpressionStatement(expression=expression):
                    self._statements.add(expression)
                    call = _ungrouped(expression)
                    if isinstance(call, tree.Call):
                        self._call_values.update(dict.fromkeys((call.function, *call.arguments)))
                case tree.Loop(body=body):
                    stack += body

    def _observe(self, expression: tree.Expression, value: Object) -> None:
        if expression in self._call_values:
            self._call_values[expression] = value
        if expression in self._statements:
            self._outcomes += self._answer(expression, value)

    def _answer(self, expression: tree.Expression, value: Object) -> Iterator[Outcome]:
        call = _ungrouped(expression)
        if isinstance(call, tree.Call):
            if call in self._drawn_calls:
                return
            function = self._call_values[call.function]
            argument = self._call_values[call.arguments[0]] if call.arguments else None
            if isinstance(function, (SOp, Selector)) and argument is not None:
                yield applied(function, argument, value, call.arguments[0].span)
                return
        yield self._show(_name_of(call), value)

    def _show(self, name: str, value: Object) -> Outcome:
        return show(name, value, self.sop_example, self.selector_example)

    def _draw(self, arguments: Sequence[Object], call: tree.Call) -> None:
        """`draw(x)`, `draw(x, "abc")`, `draw(x, "abc", "file.pdf")`."""
        value = arguments[0]
        if not isinstance(value, (SOp, Selector)):
            hint = 'write `draw(x)`, or `draw(x, "abc")` to see its values on an input'
            raise error("wrong-kind", "only s-ops and selectors can be drawn", call.arguments[0].span, hint)
        if len(arguments) > 3:
            hint = "write `draw(x, \"abc\", 'file.svg')`"
            raise error("argument-count", f"`draw` takes 1 to 3 arguments, not {len(arguments)}", call.span, hint)
        name = _name_of(_ungrouped(call.arguments[0]))
        example = example_of(arguments[1], call.arguments[1].span) if len(arguments) > 1 else None
        path = Path(f"{name}.svg")
        if len(arguments) == 3:
            named, span = arguments[2], call.arguments[2].span
            if not isinstance(named, str) or Path(named).name == "":
                raise error("wrong-kind", "the third argument of `draw` names a file", span, "write 'file.svg'")
            path = Path(named)
        draw(flow(value, name, self.node_names()), self.session.base / path, example, call.span)
        self._drawn_calls.add(call)
        self._outcomes.append(FileWritten(path))

    def _note(self, item: tree.Item, source: Source, start: int) -> None:
        """Adds a defining statement and the comment above it to the record."""
        if not isinstance(item, _DEFINING_STATEMENTS):
            return
        text = source.text[start : item.span.end].strip()
        earlier = self._comment.strip() if start == 0 else ""
        if not text.endswith(";") and not isinstance(item, (tree.Definition, tree.Loop)):
            text += ";"
        self._record.append(f"{earlier}\n{text}" if earlier else text)
        names: tuple[tree.Name, ...] = (item.name,) if isinstance(item, tree.Definition) else ()
        if isinstance(item, tree.Assignment):
            names = item.names
        above = comment_above(item.span)
        if above == "" and earlier:
            above = comment_above(Span(Source("", f"{earlier}\n"), len(earlier) + 1, len(earlier) + 1))
        for name in names:
            self._comments.pop(name.name, None)
            if above:
                self._comments[name.name] = above

    # --- the REPL's own statements

    def _set_example(self, what: str, example: Example) -> None:
        for place, kind in enumerate(("s-op", "selector")):
            if what in ("", kind):
                self._examples[place] = example
                if (self.sop_example, self.selector_example)[place] is not None:
                    self._switch(kind, True)

    def _set_by_file(self, item: tree.SetExample | tree.Directive, value: Object | None) -> None:
        """A loaded file's `set example`, `examples off` and `full seq display on` hold here; it shows nothing."""
        if isinstance(item, tree.Directive):
            self._settings.append(lambda: list(self._direct(" ".join(item.words))))
        elif value is not None:
            example = example_of(value, item.value.span)
            self._settings.append(lambda: self._set_example(item.what, example))

    def _switch(self, kind: str, on: bool) -> None:
        if kind == "s-op":
            self.sop_example = self._examples[0] if on else None
        else:
            self.selector_example = self._examples[1] if on else None

    def _direct(self, words: str) -> Iterator[Outcome]:
        kinds = [kind for kind in ("s-op", "selector") if kind in words] or ["s-op", "selector"]
        if words.startswith("show"):
            sop, selector = self._examples
            yield ExamplesShown(sop if "s-op" in kinds else None, selector if "selector" in kinds else None)
        elif words.startswith("full"):
            self.full = words.endswith("on")
        elif "examples" in words:
            for kind in kinds:
                self._switch(kind, words.endswith("on"))
        else:
            yield SessionEnd()


def _ungrouped(expression: tree.Expression | tree.Operator) -> tree.Expression | tree.Operator:
    while isinstance(expression, tree.Group):
        expression = expression.inner
    return expression


def _name_of(expression: tree.Expression | tree.Operator) -> str:
    return expression.name if isinstance(expression, tree.Name) else NAMELESS
