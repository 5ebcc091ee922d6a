"""A whole program: its file and the files that it loads, what it declares, and which s-op is its output."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, did_you_mean, error
from ...rasp_grammar.parser import parse
from ...rasp_grammar.precedence_warnings import precedence_warnings
from ...rasp_grammar.source_file import read_source
from ...rasp_grammar.span import Source, Span
from ..graph.graph import Program, Selector, SOp
from ..graph.values import Scalar
from .declarations import checked_vocabulary, max_length_of, vocabulary_of
from .evaluate import Evaluator, Observer
from .prelude import prelude_scope
from .scope import Builtin, Deferred, Function, Object, Poison, Poisoned, Scope, is_scalar, kind
from .workspace import deep_recursion

#: After so many mistakes the rest is noise.
MAX_MISTAKES = 20

#: Files that load files that load files.
MAX_LOADS = 50


def elaborate(
    source: Source,
    *,
    entries: Sequence[str] = (),
    vocabulary: tuple[Scalar, ...] | None = None,
    max_length: int | None = None,
    base: Path | None = None,
    loaded: Iterable[Source] | None = None,
    require_output: bool = True,
    observer: Observer | None = None,
) -> Program:
    """The graph of a program.

    entries: names of the outputs; none is the last expression statement that gives an s-op.
    vocabulary, max_length: instead of `set vocab` and `set max_length`; missing ones stay None in the result.
    base: the folder that `load` starts from; None is the folder of the source's name.
    loaded: the texts for `load`, in the order in which they are loaded (that of `Program.sources`), instead of files.
    require_output: False accepts a file that only defines things, and gives a program without outputs.
    observer: is told what each expression of the program's texts stands for, whenever it is evaluated.

    Raises RaspError with the mistakes of all statements that could be tried.
    """
    with deep_recursion():
        return _Elaboration(source, base, loaded, observer).run(entries, vocabulary, max_length, require_output)


def parse_vocabulary(spec: str) -> tuple[Scalar, ...]:
    """The vocabulary of `--vocab`: a JSON array, or a RASP expression that gives a string or a list.  RaspError."""
    source = Source("--vocab", spec)
    span = Span(source, 0, len(spec))
    listed = _json_array(spec)
    if listed is not None:
        return vocabulary_of(listed, span)
    items = parse(Source("--vocab", spec)).items
    if len(items) != 1 or not isinstance(items[0], tree.ExpressionStatement):
        hint = """write an expression, such as `'"abc"'`, `'["(", ")"]'` or `'range(10)'`"""
        raise error("wrong-vocabulary", "the vocabulary is not one expression", span, hint)
    with deep_recursion():
        scope = Scope(prelude_scope(), is_file=True)
        return vocabulary_of(Evaluator(scope).evaluate(items[0].expression, scope), span)


def _json_array(spec: str) -> tuple[Object, ...] | None:
    if not spec.lstrip().startswith("["):
        return None
    try:
        listed = json.loads(spec, parse_float=Fraction, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    if not isinstance(listed, list) or not all(isinstance(item, (str, int, Fraction)) for item in listed):
        return None
    return tuple(listed)


def _in_library(mistake: Diagnostic, owner: str | None) -> Diagnostic:
    """A mistake in a function of the library is shown where that is called; so it says which function it was."""
    return mistake if owner is None else replace(mistake, message=f"in `{owner}`: {mistake.message}")


def _locate(base: Path, node: tree.Text) -> tuple[Path, Path]:
    """The path that a `load` names (`.rasp` may be left out), as written and without links."""
    path = base / node.value
    try:
        if path.suffix != ".rasp" and path.name and not path.is_file():
            path = path.with_name(f"{path.name}.rasp")
        return path, path.resolve()
    except (OSError, RuntimeError, ValueError):  # a name too long, a ring of links, a zero byte
        raise error("file-unreadable", "this is no name that a file can have", node.span, "check the path") from None


class _Elaboration:
    """The files of one program, run one after the other into one graph."""

    def __init__(
        self, source: Source, base: Path | None, loaded: Iterable[Source] | None, observer: Observer | None
    ) -> None:
        self._source = source
        self._loaded = None if loaded is None else iter(loaded)
        main = Path(source.name)
        self._base = main.parent if base is None else base
        prelude = prelude_scope()
        self._evaluator = Evaluator(prelude, observer)
        self._scope = Scope(prelude, is_file=True)
        self._sources: list[Source] = []
        self._loading: list[Path] = [(self._base / main.name).resolve()]
        self._mistakes: list[Diagnostic] = []
        self._warnings: list[Diagnostic] = []
        self._vocabulary: tuple[Scalar, ...] | None = None
        self._max_length: int | None = None
        #: The values of the main file's expression statements, in order.
        self._statements: list[tuple[tree.Expression, Object]] = []

    def run(
        self,
        entries: Sequence[str],
        vocabulary: tuple[Scalar, ...] | None,
        max_length: int | None,
        require_output: bool,
    ) -> Program:
        self._file(self._source, self._scope, self._base)
        if self._mistakes:
            raise RaspError(self._mistakes)
        if entries:
            outputs = tuple([(name, self._entry(name)) for name in dict.fromkeys(entries)])
        else:
            outputs = self._last_statement(require_output)
        return Program(
            self._evaluator.graph,
            outputs,
            self._vocabulary if vocabulary is None else checked_vocabulary(vocabulary),
            self._max_length if max_length is None else max_length_of(max_length, None),
            tuple(self._sources),
            tuple(self._warnings),
            tuple(dict.fromkeys(entries)),
        )

    # --- files

    def _file(self, source: Source, scope: Scope, base: Path) -> None:
        """Runs a file's statements; one that fails is noted, and what it would have named is poisoned."""
        module = parse(source)
        self._sources.append(source)
        self._warnings += precedence_warnings(module)
        for item in module.items:
            try:
                self._item(item, scope, base)
            except Poisoned:
                self._poison(item, scope)
            except RaspError as mistake:
                owner = self._evaluator.owner
                self._mistakes += [_in_library(found, owner) for found in mistake.diagnostics]
                self._poison(item, scope)
                if mistake.diagnostics[0].code == "too-much-work" or len(self._mistakes) >= MAX_MISTAKES:
                    raise RaspError(self._mistakes) from None

    def _poison(self, item: tree.Item, scope: Scope) -> None:
        self._evaluator.restart()
        if isinstance(item, tree.Load):
            scope.incomplete = True
        stack: list[tree.Item] = [item]
        while stack:
            node = stack.pop()
            match node:
                case tree.Assignment(names=names):
                    scope.names.update({name.name: Poison() for name in names})
                case tree.Loop(names=names, body=body):
                    scope.names.update({name.name: Poison() for name in names})
                    stack.extend(body)
                case tree.Definition(name=name):
                    scope.names[name.name] = Poison()

    def _item(self, item: tree.Item, scope: Scope, base: Path) -> None:
        is_main = scope is self._scope
        match item:
            case tree.ExpressionStatement(expression=expression):
                value = self._evaluator.evaluate(expression, scope)
                if is_main:
                    self._statements.append((expression, value))
            case tree.Load(path=path):
                self._load(path, scope, base)
            case tree.SetVocabulary(value=value):
                vocabulary = vocabulary_of(self._evaluator.evaluate(value, scope), value.span)
                # What the main file says counts; a loaded file only fills in.
                if is_main or self._vocabulary is None:
                    self._vocabulary = vocabulary
            case tree.SetMaxLength(value=value):
                max_length = max_length_of(self._evaluator.evaluate(value, scope), value.span)
                if is_main or self._max_length is None:
                    self._max_length = max_length
            case tree.SetExample() | tree.Directive():
                pass  # for the REPL; meaning never depends on an example
            case _:
                self._evaluator.execute(item, scope)

    def _load(self, node: tree.Text, scope: Scope, base: Path) -> None:
        """Runs another file in a scope of its own, which sees this file's names, and takes over its public ones."""
        path, resolved = _locate(base, node)
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
        before = len(self._mistakes)
        self._loading.append(resolved)
        try:
            self._file(source, inner, path.parent)
        finally:
            self._loading.pop()
        scope.names.update({name: value for name, value in inner.names.items() if not name.startswith("_")})
        scope.incomplete = scope.incomplete or inner.incomplete or len(self._mistakes) > before

    def _read(self, path: Path) -> Source:
        if self._loaded is None:
            return read_source(path)
        source = next(self._loaded, None)
        if source is None:
            raise error("file-missing", f"the text of `{path}` is not among those that were kept", None, None)
        return source

    # --- outputs

    def _last_statement(self, required: bool) -> tuple[tuple[str, SOp], ...]:
        found = [pair for pair in self._statements if isinstance(pair[1], (SOp, Selector))]
        if not found:
            found = [pair for pair in self._statements if is_scalar(pair[1])]
        if found:
            expression, value = found[-1]
            return ((self._output_name(expression, value), self._output(value, expression.span, "the output")),)
        if required:
            raise self._no_output()
        return ()

    def _output_name(self, expression: tree.Expression, value: Object) -> str:
        while isinstance(expression, tree.Group):
            expression = expression.inner
        if isinstance(expression, tree.Name):
            return expression.name
        name = self._evaluator.graph.name(value) if isinstance(value, SOp) else None
        return "output" if name is None else name

    def _no_output(self) -> RaspError:
        text = self._source.text
        end = len(text.rstrip())
        span = Span(self._source, max(0, end - 1), end)
        sops = [name for name, value in self._scope.names.items() if isinstance(value, SOp)]
        example = sops[-1] if sops else "name"
        hint = f"end the file with an expression that is the output, such as `{example};`, or use --entry"
        return error("no-output", "the program has no output", span, hint)

    def _entry(self, name: str) -> SOp:
        found = self._scope.names.get(name)
        if found is None or isinstance(found, (Deferred, Poison)):
            names = [known for known, value in self._scope.names.items() if isinstance(value, SOp)]
            shown = ", ".join([f"`{known}`" for known in names[:8]])
            hint = did_you_mean(name, names, f"the program names {shown}" if names else None)
            raise error("unknown-entry", f"the program has nothing named `{name}`", self._start(), hint)
        return self._output(found, self._start(), f"`{name}`")

    def _start(self) -> Span:
        return Span(self._source, 0, min(1, len(self._source.text)))

    def _output(self, value: Object, span: Span, what: str) -> SOp:
        if isinstance(value, SOp):
            return value
        if is_scalar(value):
            return self._evaluator.graph.constant(value, span)
        hint = "an s-op can be the output"
        if isinstance(value, Selector):
            hint = "make an s-op of it: `selector_width(selector)` or `aggregate(selector, values)`"
        elif isinstance(value, (Function, Builtin)):
            hint = f"add a line that calls it, such as `{value.name}(tokens);`"
        raise error("wrong-output", f"{what} is {kind(value)}, not an s-op", span, hint)
