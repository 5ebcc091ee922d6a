"""Name resolution: the definitions that can reach each use of a name.

One pass over the syntax tree in execution order.  A function looks up outer names when it is called, so its body is
visited with the names of each place where it is used.  Nothing is evaluated.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...rasp_grammar import tree
from ...rasp_grammar.span import Source, Span

BindingKind = Literal["function", "parameter", "loop variable", "value"]

#: A range of characters of a source: its name, start and end.
Place = tuple[str, int, int]

#: Loops nested deeper than this are visited once, not twice: the work doubles with each level.
_MAX_LOOPS = 4

#: Visits of function bodies in one program; more would make an editor wait.
_MAX_CALLS = 20_000


def place(span: Span) -> Place:
    return span.source.name, span.start, span.end


@dataclass(frozen=True, eq=False)
class Binding:
    """A place that gives a name a value.

    node: the statement or comprehension of the place.  value: the expression assigned to this name alone, if any.
    scope: the function or comprehension that can use the name; None for the file.
    """

    name: str
    span: Span
    kind: BindingKind
    node: tree.Tree
    value: tree.Expression | None
    scope: Span | None


#: Gives the module that a `load` statement reads; None if there is none.
Loader = Callable[[tree.Load], tree.Module | None]


@dataclass
class NameIndex:
    """The bindings and uses in a file, whose module is `main`, and in the files that it loads."""

    main: tree.Module
    uses: dict[Place, tuple[Binding, ...]] = field(default_factory=dict)
    bindings: dict[Place, Binding] = field(default_factory=dict)
    #: The names at the end of the main file.
    final: dict[str, tuple[Binding, ...]] = field(default_factory=dict)
    #: The texts that were read: the main file's, then each loaded one.
    sources: list[Source] = field(default_factory=list)
    _names: list[tree.Name] | None = None

    def name_at(self, offset: int) -> tree.Name | None:
        """The name of the main file at an offset, its end included."""
        if self._names is None:
            found = [node for node, _ in tree.walk(self.main) if isinstance(node, tree.Name)]
            self._names = sorted(found, key=lambda name: name.span.start)
        index = bisect_right(self._names, offset, key=lambda name: name.span.start) - 1
        if index < 0:
            return None
        name = self._names[index]
        return name if name.span.start <= offset <= name.span.end else None

    def definitions(self, name: tree.Name) -> tuple[Binding, ...]:
        """The bindings of a name: its own where it is bound, those that reach it where it is used."""
        bound = self.bindings.get(place(name.span))
        return (bound,) if bound is not None else self.uses.get(place(name.span), ())

    def references(self, bindings: Iterable[Binding]) -> list[Place]:
        """Every use that some of the bindings reach, in the order of the texts."""
        found_bindings = set(bindings)
        return sorted(where for where, found in self.uses.items() if not found_bindings.isdisjoint(found))

    def visible(self, offset: int) -> dict[str, Binding]:
        """The names in scope at an offset of the main file, each with its nearest binding before the offset.

        In a function all names of the file are in scope, since it looks them up when it is called.
        """
        here = [
            binding
            for binding in self.bindings.values()
            if binding.span.source is self.main.source
            and binding.scope is not None
            and binding.scope.start <= offset <= binding.scope.end
        ]
        in_function = any(isinstance(binding.node, tree.Definition) for binding in here if binding.kind == "parameter")
        of_file = {
            name: found[-1]
            for name, found in self.final.items()
            if found[-1].span.source is not self.main.source or in_function or found[-1].span.end < offset
        }
        for binding in self.bindings.values():
            if binding.scope is None and binding.span.source is self.main.source and binding.span.end < offset:
                known = of_file.get(binding.name)
                if known is None or known.span.source is not self.main.source or known.span.start < binding.span.start:
                    of_file[binding.name] = binding
        here.sort(key=lambda binding: (0 if binding.scope is None else binding.scope.start, binding.span.start))
        inner: dict[str, Binding] = {}
        for binding in here:
            earlier = inner.get(binding.name)
            behind = binding.span.start > offset
            if earlier is None or not behind or earlier.scope != binding.scope:
                inner[binding.name] = binding
        return of_file | inner


def resolve_names(main: tree.Module, load: Loader) -> NameIndex:
    """Resolves the names of a module and of the files that it loads."""
    found = NameIndex(main)
    _Resolver(found, load).run()
    return found


class _Names:
    """The names of one scope at one moment of the pass, and the scope around it."""

    def __init__(self, parent: _Names | None, scope: Span | None, *, is_file: bool = False) -> None:
        self.names: dict[str, tuple[Binding, ...]] = {}
        self.parent = parent
        self.scope = scope
        self.is_file = is_file

    def find(self, name: str) -> tuple[Binding, ...]:
        frame: _Names | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            if frame.is_file and name.startswith("_"):
                break
            frame = frame.parent
        return ()


class _Resolver:
    def __init__(self, result: NameIndex, load: Loader) -> None:
        self._result = result
        self._load = load
        self._loaded: dict[tree.Load, tree.Module | None] = {}
        self._loading: list[Source] = [result.main.source]
        #: Every definition of all files, by name: a function may call what stands in another file.
        self._definitions: dict[str, list[tree.Definition]] = {}
        #: Names that a function's body may look up; those in the body itself; those that functions of a name look up.
        self._words: dict[tree.Definition, frozenset[str]] = {}
        self._names: dict[tree.Definition, frozenset[str]] = {}
        self._behind: dict[str, frozenset[str]] = {}
        #: The scope in which each function was defined last.
        self._closures: dict[Binding, _Names] = {}
        self._running: set[Binding] = set()
        self._passed: set[tuple[object, ...]] = set()
        self._entered: set[Binding] = set()
        self._calls = 0
        self._loops = 0

    def run(self) -> None:
        self._collect(self._result.main)
        frame = _Names(None, None, is_file=True)
        self._module(self._result.main, frame)
        self._result.final = frame.names

    def _collect(self, module: tree.Module) -> None:
        """Reads the files that a module loads, and notes all definitions."""
        if module.source not in self._result.sources:
            self._result.sources.append(module.source)
        for node, _ in tree.walk(module):
            if isinstance(node, tree.Definition):
                self._definitions.setdefault(node.name.name, []).append(node)
            elif isinstance(node, tree.Load):
                loaded = self._load(node)
                if loaded is not None and any(loaded.source.name == open.name for open in self._loading):
                    loaded = None  # files that load each other: the compiler reports it
                self._loaded[node] = loaded
                if loaded is not None:
                    self._loading.append(loaded.source)
                    self._collect(loaded)
                    self._loading.pop()

    def _module(self, module: tree.Module, frame: _Names) -> None:
        self._statements(module.items, frame)

    # --- statements

    def _statements(self, statements: Sequence[tree.Item], frame: _Names) -> None:
        for statement in statements:
            self._statement(statement, frame)
        # A function that is not used here may be used by a file that loads this one.
        for statement in statements:
            if isinstance(statement, tree.Definition):
                binding = self._result.bindings[place(statement.name.span)]
                if binding not in self._entered:
                    self._call(binding)

    def _statement(self, statement: tree.Item, frame: _Names) -> None:
        match statement:
            case tree.ExpressionStatement(expression=expression):
                self._expression(expression, frame)
            case tree.Assignment(names=names, values=values):
                for given in values:
                    self._expression(given, frame)
                matched: Sequence[tree.Expression | None] = values if len(values) == len(names) else [None] * len(names)
                for name, value in zip(names, matched, strict=True):
                    self._bind(name, "value", statement, value, frame)
            case tree.Return(values=values):
                for value in values:
                    self._expression(value, frame)
            case tree.Definition(name=name):
                binding = self._bind(name, "function", statement, None, frame)
                self._closures[binding] = frame
            case tree.Loop():
                self._loop(statement, frame)
            case tree.Load():
                loaded = self._loaded.get(statement)
                if loaded is not None:
                    inner = _Names(frame, None, is_file=True)
                    self._module(loaded, inner)
                    frame.names |= {name: found for name, found in inner.names.items() if not name.startswith("_")}
            case tree.SetVocabulary(value=value) | tree.SetMaxLength(value=value) | tree.SetExample(value=value):
                self._expression(value, frame)
            case tree.Directive():
                pass

    def _loop(self, loop: tree.Loop, frame: _Names) -> None:
        """Visits the body twice: the second time with the names that the first has bound."""
        self._expression(loop.iterable, frame)
        before = dict(frame.names)
        self._loops += 1
        for _ in range(2 if self._loops <= _MAX_LOOPS else 1):
            for name in loop.names:
                self._bind(name, "loop variable", loop, None, frame)
            self._statements(loop.body, frame)
            frame.names = _joined(before, frame.names)
        self._loops -= 1

    def _bind(
        self, name: tree.Name, kind: BindingKind, node: tree.Tree, value: tree.Expression | None, frame: _Names
    ) -> Binding:
        binding = self._result.bindings.get(place(name.span))
        if binding is None:
            binding = Binding(name.name, name.span, kind, node, value, frame.scope)
            self._result.bindings[place(name.span)] = binding
        frame.names[name.name] = (binding,)
        return binding

    # --- expressions

    def _expression(self, expression: tree.Tree, frame: _Names) -> None:
        stack: list[tree.Tree] = [expression]
        while stack:
            node = stack.pop()
            match node:
                case tree.Name():
                    self._use(node, frame)
                case tree.ListComprehension(item=item, names=names, iterable=iterable):
                    self._comprehension(node, item, names, iterable, frame)
                case tree.DictComprehension(entry=entry, names=names, iterable=iterable):
                    self._comprehension(node, entry, names, iterable, frame)
                case _:
                    stack.extend(reversed(tree.children(node)))

    def _comprehension(
        self,
        node: tree.Tree,
        item: tree.Tree,
        names: Sequence[tree.Name],
        iterable: tree.Expression,
        frame: _Names,
    ) -> None:
        self._expression(iterable, frame)
        inner = _Names(frame, node.span)
        for name in names:
            self._bind(name, "loop variable", node, None, inner)
        self._expression(item, inner)

    def _use(self, name: tree.Name, frame: _Names) -> None:
        found = frame.find(name.name)
        where = place(name.span)
        known = self._result.uses.get(where, ())
        self._result.uses[where] = known + tuple([binding for binding in found if binding not in known])
        for binding in found:
            if binding.kind == "function":
                self._call(binding)

    def _call(self, binding: Binding) -> None:
        """Visits a function's body with the current names, unless it was visited with the same ones."""
        closure = self._closures[binding]
        definition = binding.node
        assert isinstance(definition, tree.Definition)
        if binding in self._running or self._calls >= _MAX_CALLS:
            return
        state = (binding, *[(word, closure.find(word)) for word in sorted(self._words_of(definition))])
        if state in self._passed:
            return
        self._passed.add(state)
        self._entered.add(binding)
        self._calls += 1
        self._running.add(binding)
        frame = _Names(closure, definition.span)
        for parameter in definition.parameters:
            self._bind(parameter, "parameter", definition, None, frame)
        self._statements(definition.body, frame)
        self._running.remove(binding)

    def _words_of(self, definition: tree.Definition) -> frozenset[str]:
        """The names that a function's body may look up, those of the functions that it may call among them."""
        known = self._words.get(definition)
        if known is None:
            own = self._names_in(definition)
            known = own.union(*[self._names_behind(name) for name in own])
            self._words[definition] = known
        return known

    def _names_behind(self, name: str) -> frozenset[str]:
        """The names that functions of this name may look up."""
        known = self._behind.get(name)
        if known is not None:
            return known
        found: set[str] = set()
        seen = {name}
        stack = [name]
        while stack:
            for definition in self._definitions.get(stack.pop(), ()):
                names = self._names_in(definition)
                found |= names
                stack.extend(names - seen)
                seen |= names
        self._behind[name] = frozenset(found)
        return self._behind[name]

    def _names_in(self, definition: tree.Definition) -> frozenset[str]:
        """The names in a function's body, those in functions inside it among them."""
        waiting = [] if definition in self._names else [definition]
        while waiting:
            names: set[str] = set()
            inside: list[tree.Definition] = []
            stack: list[tree.Tree] = list(waiting[-1].body)
            while stack:
                node = stack.pop()
                if isinstance(node, tree.Name):
                    names.add(node.name)
                elif isinstance(node, tree.Definition):
                    names.add(node.name.name)
                    inside.append(node)
                else:
                    stack.extend(tree.children(node))
            unread = [inner for inner in inside if inner not in self._names]
            if len(unread) == 0:
                self._names[waiting.pop()] = frozenset(names.union(*[self._names[inner] for inner in inside]))
            waiting += unread
        return self._names[definition]


def _joined(
    before: dict[str, tuple[Binding, ...]], after: dict[str, tuple[Binding, ...]]
) -> dict[str, tuple[Binding, ...]]:
    """The bindings of each name if either of two paths may have run; the later bindings last."""
    joined = dict(after)
    for name, found in before.items():
        later = joined.get(name, ())
        joined[name] = tuple([binding for binding in found if binding not in later]) + later
    return joined
