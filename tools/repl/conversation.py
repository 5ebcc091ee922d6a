"""The REPL without a terminal: inputs go in, outcomes come out, and the session stays in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...compiler.elaborate.library_docs import comment_above
from ...compiler.elaborate.scope import Function, Object, is_scalar
from ...compiler.elaborate.session import Session
from ...compiler.graph.graph import Constant, Indices, Node, Selector, SOp, Tokens
from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import RaspError, error
from ...rasp_grammar.parser import parse
from ...rasp_grammar.precedence_warnings import quirks
from ...rasp_grammar.span import Source, Span
from .commands import obey
from .dataflow import flow
from .draw import draw
from .read_statements import COMMAND
from .results import Example, ExamplesShown, Failed, Left, Outcome, Warned, Wrote
from .show_values import NAMELESS, applied, example_of, show

#: The running example until another is set, as in the reference.
FIRST_EXAMPLE = Example(tuple("hello"), True)

#: What ends a session when no name means something else.
_FAREWELLS = ("exit", "quit")

#: Statements that make what later ones use; the others leave nothing behind.
_LASTING = (tree.Assignment, tree.Definition, tree.Loop, tree.Load, tree.SetVocabulary, tree.SetMaxLength)


class Conversation:
    """One session with its examples and its record of what was said."""

    def __init__(self, base: Path) -> None:
        self.session = Session(base, observer=self._observe, on_draw=self._draw)
        #: None where the examples of that kind are off.
        self.sop_example: Example | None = FIRST_EXAMPLE
        self.selector_example: Example | None = FIRST_EXAMPLE
        #: `full seq display`.
        self.full = False
        #: The last s-op or plain value that was asked for, as its text: what `:compile` without a name takes.
        self.asked: str | None = None
        self._examples = [FIRST_EXAMPLE, FIRST_EXAMPLE]
        #: The statements that last, as text; together they are a program that gives the same names.
        self._record: list[str] = []
        self._comments: dict[str, str] = {}
        #: A comment that the last input was, for the definition that follows.
        self._comment = ""
        #: Outcomes of the statement that runs.
        self._found: list[Outcome] = []
        #: Expression statements in the loop that runs, and the functions and arguments called by such statements.
        self._statements: set[tree.Expression] = set()
        self._parts: dict[tree.Tree, Object | None] = {}
        self._drawn: set[tree.Tree] = set()

    @property
    def program(self) -> str:
        """The text of a program that gives the session's names the meaning that they have now."""
        return "".join([f"{text}\n" for text in self._record])

    def comment(self, name: str) -> str:
        """What a person wrote above the definition of a name; empty when there is nothing."""
        if name in self._comments or name not in self.session.names:
            return self._comments.get(name, "")
        value = self.session.value(name)
        return comment_above(value.definition.span) if isinstance(value, Function) else ""  # of a loaded file

    def node_names(self) -> dict[Node, str]:
        """A name for each node that has one: the session's, as they are now, before the library's."""
        found: dict[Node, str] = {}
        for name in self.session.names:
            value = self.session.value(name)
            if isinstance(value, Node) and not isinstance(value, (Tokens, Indices, Constant)):
                found.setdefault(value, name)
        library = set(self.session.visible()) - set(self.session.names)
        for node in self.session.graph:
            given = self.session.graph.name(node)
            # `sort.rank` is what `sort` of the library calls it; other names may be stale.
            if given is not None and (given in library or "." in given):
                found.setdefault(node, given)
        return found

    def run(self, source: Source) -> Iterator[Outcome]:
        """The outcomes of one input, each when it is known; `Failed` is the last one of its input.

        Raises KeyboardInterrupt when interrupted; the session is then as it was before the statement that ran.
        """
        try:
            if source.text.lstrip().startswith(COMMAND):
                yield from obey(self, source)
            elif source.text.strip().rstrip(";").strip() in _FAREWELLS and not self._means_something(source):
                yield Left()
            else:
                yield from self._statements_of(source)
        except RaspError as mistake:
            yield Failed(mistake.diagnostics)

    def _means_something(self, source: Source) -> bool:
        return source.text.strip().rstrip(";").strip() in self.session.names

    def _statements_of(self, source: Source) -> Iterator[Outcome]:
        module = parse(source)
        warnings = quirks(module)
        if warnings:
            yield Warned(tuple(warnings))
        if not module.items:
            self._comment = source.text if module.comments else ""
            return
        start = 0
        for item in module.items:
            yield from self._run(item)
            self._note(item, source, start)
            start = item.span.end
        self._comment = ""

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
        self._found, self._statements, self._parts, self._drawn = [], set(), {}, set()
        self._watch(item)
        ran = self.session.execute(item)
        if ran.warnings:
            yield Warned(ran.warnings)
        yield from self._found
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
        """Notes the expression statements that answer when they are evaluated, those in loops each time."""
        stack: list[tree.Item] = [item]
        while stack:
            match stack.pop():
                case tree.ExpressionStatement(expression=expression):
                    self._statements.add(expression)
                    call = _ungrouped(expression)
                    if isinstance(call, tree.Call):
                        self._parts.update(dict.fromkeys((call.function, *call.arguments)))
                case tree.Loop(body=body):
                    stack += body

    def _observe(self, expression: tree.Expression, value: Object) -> None:
        if expression in self._parts:
            self._parts[expression] = value
        if expression in self._statements:
            self._found += self._answer(expression, value)

    def _answer(self, expression: tree.Expression, value: Object) -> Iterator[Outcome]:
        call = _ungrouped(expression)
        if isinstance(call, tree.Call):
            if call in self._drawn:
                return
            function = self._parts[call.function]
            argument = self._parts[call.arguments[0]] if call.arguments else None
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
        self._drawn.add(call)
        self._found.append(Wrote(path))

    def _note(self, item: tree.Item, source: Source, start: int) -> None:
        """Keeps what the statement was, for `:compile` and `:save`, and the comment above it."""
        if not isinstance(item, _LASTING):
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
            yield Left()


def _ungrouped(expression: tree.Expression | tree.Operator) -> tree.Expression | tree.Operator:
    while isinstance(expression, tree.Group):
        expression = expression.inner
    return expression


def _name_of(expression: tree.Expression | tree.Operator) -> str:
    return expression.name if isinstance(expression, tree.Name) else NAMELESS
