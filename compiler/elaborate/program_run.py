"""Runs the files of one program, statement by statement, into one graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, error
from ...rasp_grammar.parser import parse
from ...rasp_grammar.precedence_warnings import precedence_warnings
from ...rasp_grammar.source_file import read_source
from ...rasp_grammar.span import Source
from ...rasp_grammar.tokens import END_WORDS
from ..graph.graph import Graph
from ..graph.values import Scalar
from ..graph.walk import visited
from .builtins import OnDraw
from .declarations import max_length_of, refuse_bare_tokens, vocabulary_of
from .evaluate import Evaluator, Observer
from .prelude import prelude_scope
from .scope import Object, Poison, Poisoned, Scope
from .workspace import Budget, deep_recursion

#: A run ends after this many mistakes: those that follow are mostly consequences.
MAX_MISTAKES = 20

#: A file may load a file that loads a file, and so on, down to this depth.
MAX_LOADS = 50


#: Called for each `set example` and directive of a file, with the example's value.
OnSetting = Callable[[tree.SetExample | tree.Directive, Object | None], None]


@dataclass(frozen=True)
class Mistake:
    """An error, and the statement of the main file that ran into it; None when the main file does not parse."""

    diagnostic: Diagnostic
    statement: tree.Item | None


class RunEnded(Exception):
    """Raised when a mistake ends the whole run, not only its statement."""


class ProgramRun:
    """The state of a run: what the statements so far have defined, declared and got wrong.

    source: the main file.
    base: the folder that `load` starts from; None is the folder of the source's name.
    read: gives the text of a file that is loaded; raises RaspError.
    observer: called with each expression of the program and its value, each time that it is evaluated.
    on_statement: called with each statement of the files before it runs.
    on_draw: called for each `draw(x, ...)` with its arguments and the call.
    on_setting: see `OnSetting`.
    """

    def __init__(
        self,
        source: Source,
        *,
        base: Path | None = None,
        read: Callable[[Path], Source] = read_source,
        observer: Observer | None = None,
        on_statement: Callable[[tree.Item], None] | None = None,
        on_draw: OnDraw | None = None,
        on_setting: OnSetting | None = None,
    ) -> None:
        main = Path(source.name)
        prelude = prelude_scope(on_draw)
        self.source = source
        self.base = main.parent if base is None else base
        #: The names of the main file.
        self.scope = Scope(prelude, is_file=True)
        #: The values of `set vocab` and `set max_length`; None until they are declared.
        self.vocabulary: tuple[Scalar, ...] | None = None
        self.max_length: int | None = None
        #: The texts that were run, in order, the main file's first.
        self.sources: list[Source] = []
        self.mistakes: list[Mistake] = []
        self.warnings: list[Diagnostic] = []
        #: The values of the main file's expression statements, in order.
        self.results: list[tuple[tree.Expression, Object]] = []
        self.scope.folder = self.base
        self._evaluator = Evaluator(prelude, self._load, observer)
        self._read = read
        self._on_statement = on_statement
        self._on_setting = on_setting
        self._statement: tree.Item | None = None
        #: The files that are being run, each loaded by the one before.
        self._loading: list[Path] = [(self.base / main.name).resolve()]

    @property
    def graph(self) -> Graph:
        """The nodes of everything that was run."""
        return self._evaluator.workspace.graph

    def run(self) -> None:
        """Runs the main file.  Raises no RaspError; the errors are in `mistakes` afterwards."""
        with deep_recursion():
            try:
                self._file(self.source, self.scope)
            except RaspError as unparsed:
                self.mistakes += [Mistake(found, None) for found in unparsed.diagnostics]
            except RunEnded:
                pass

    def run_statement(self, item: tree.Item) -> None:
        """Runs one more statement of the main file.  Raises RaspError with its mistakes, those of loaded files too."""
        before = len(self.mistakes)
        try:
            with deep_recursion():
                self._item(item, self.scope)
        except RaspError as mistake:
            raise RaspError(self._located(mistake)) from None
        except RunEnded:
            pass
        if len(self.mistakes) > before:
            raise RaspError(dict.fromkeys(mistake.diagnostic for mistake in self.mistakes[before:]))

    def evaluate(self, expression: tree.Expression) -> Object:
        """The value of an expression in the main file.  Raises RaspError."""
        try:
            with deep_recursion():
                return self._evaluator.evaluate(expression, self.scope)
        except RaspError as mistake:
            raise RaspError(self._located(mistake)) from None

    def restart(self, budget: Budget | None = None) -> None:
        """Prepares for the next statement, also after a mistake.  `budget` replaces what is left of the old one."""
        self._evaluator.workspace.restart(budget)

    # --- files

    def _file(self, source: Source, scope: Scope) -> None:
        """Runs a file's statements, up to `exit()`.  One that fails is noted, and its names are poisoned."""
        module = parse(source)
        self.sources.append(source)
        self.warnings += precedence_warnings(module)
        for item in module.items:
            if ends_file(item, scope):
                return
            try:
                self._item(item, scope)
            except Poisoned:
                self._poison(item, scope)
            except RaspError as mistake:
                self.mistakes += [Mistake(found, self._statement) for found in self._located(mistake)]
                self._poison(item, scope)
                if mistake.diagnostics[0].code == "too-much-work" or len(self.mistakes) >= MAX_MISTAKES:
                    raise RunEnded from None

    def _located(self, mistake: RaspError) -> list[Diagnostic]:
        """The diagnostics of a mistake.  One inside the library is shown at the call, and names the function."""
        function = self._evaluator.workspace.library_function
        if function is None:
            return list(mistake.diagnostics)
        return [replace(found, message=f"in `{function}`: {found.message}") for found in mistake.diagnostics]

    def _poison(self, item: tree.Item, scope: Scope) -> None:
        self.restart()
        for statement in visited([item], lambda one: one.body if isinstance(one, tree.Loop) else ()):
            match statement:
                case tree.Assignment(names=names) | tree.Loop(names=names):
                    scope.names.update({name.name: Poison() for name in names})
                case tree.Definition(name=name):
                    scope.names[name.name] = Poison()
                case tree.Load():
                    scope.incomplete = True

    def _item(self, item: tree.Item, scope: Scope) -> None:
        is_main = scope is self.scope
        if is_main:
            self._statement = item
        if self._on_statement is not None:
            self._on_statement(item)
        match item:
            case tree.ExpressionStatement(expression=expression):
                value = self._evaluator.evaluate(expression, scope)
                scope.set_out(value)
                if is_main:
                    self.results.append((expression, value))
            case tree.SetVocabulary(value=value):
                refuse_bare_tokens(value, scope)
                vocabulary = vocabulary_of(self._evaluator.evaluate(value, scope), value.span)
                # The main file's declaration overrides that of a loaded file.
                if is_main or self.vocabulary is None:
                    self.vocabulary = vocabulary
            case tree.SetMaxLength(value=value):
                max_length = max_length_of(self._evaluator.evaluate(value, scope), value.span)
                if is_main or self.max_length is None:
                    self.max_length = max_length
            case tree.SetExample(value=value) if self._on_setting is not None:
                self._on_setting(item, self._evaluator.evaluate(value, scope))
            case tree.Directive() if self._on_setting is not None:
                self._on_setting(item, None)
            case tree.SetExample() | tree.Directive():
                pass  # only the REPL uses them
            case _:
                self._evaluator.execute(item, scope)

    def _load(self, load: tree.Load, scope: Scope) -> None:
        """Runs another file in a scope of its own, which sees this scope's names, and takes over its public ones."""
        node = load.path
        base = folder_of(scope)
        path, resolved = located_file(base, node)
        if resolved in self._loading:
            message = "this file loads itself" if resolved == self._loading[-1] else "these files load each other"
            raise error("load-cycle", message, node.span, "move what both need into a third file")
        if len(self._loading) > MAX_LOADS:
            raise error("load-too-deep", "files load files too deeply", node.span, f"at most {MAX_LOADS} levels")
        try:
            source = self._read(path)
        except RaspError as unreadable:
            (problem,) = unreadable.diagnostics
            hint = f"`load` starts from the folder of this file: {base}" if problem.code == "file-missing" else None
            raise error(problem.code, problem.message, node.span, hint or problem.hint) from None
        inner = Scope(scope, is_file=True)
        inner.folder = path.parent
        before = len(self.mistakes)
        self._loading.append(resolved)
        try:
            self._file(source, inner)
        finally:
            self._loading.pop()
        scope.names.update({name: value for name, value in inner.names.items() if not name.startswith("_")})
        scope.incomplete = scope.incomplete or inner.incomplete or len(self.mistakes) > before


def ends_file(item: tree.Item, scope: Scope) -> bool:
    """True for `exit()` and `quit()`, and for these words alone where they are no names of the program."""
    match item:
        case tree.Directive(words=(first, *_)):
            return first.startswith(tuple(END_WORDS))
        case tree.ExpressionStatement(expression=tree.Name(name=name)):
            return name in END_WORDS and name not in scope.visible()
        case _:
            return False


def folder_of(scope: Scope) -> Path:
    """The folder that a `load` in this scope starts from: that of its file."""
    file: Scope | None = scope
    while file is not None:
        if file.folder is not None:
            return file.folder
        file = file.parent
    raise AssertionError("only the library's scopes belong to no folder")


def located_file(base: Path, node: tree.Text) -> tuple[Path, Path]:
    """The path that a `load` names (`.rasp` may be left out), as written and without links.  Raises RaspError.

    base: the folder of the file that loads.  A file that is not there is sought in the working directory."""
    try:
        written = Path(node.value)
        named = [written]
        if written.suffix != ".rasp" and written.name:
            named.append(written.with_name(f"{written.name}.rasp"))
        places = [folder / path for folder in (base, Path()) for path in named]
        path = next((place for place in places if place.is_file()), base / named[-1])
        return path, path.resolve()
    except (OSError, RuntimeError, ValueError):  # a name too long, a ring of links, a zero byte
        raise error("file-unreadable", "this is no name that a file can have", node.span, "check the path") from None
