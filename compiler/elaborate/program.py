"""Elaborates a whole program: runs its files and finds its outputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import RaspError, did_you_mean, error
from ...rasp_grammar.parser import parse
from ...rasp_grammar.source_file import read_source
from ...rasp_grammar.span import Source, Span
from ..graph.graph import Program, Selector, SOp
from ..graph.values import Scalar, is_scalar
from .declarations import checked_vocabulary, max_length_of, refuse_bare_tokens, vocabulary_of
from .evaluate import Evaluator, Observer
from .prelude import prelude_scope
from .program_run import ProgramRun
from .scope import Builtin, Deferred, Function, Object, Poison, Scope, kind
from .workspace import deep_recursion


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

    entries: names of the outputs; if empty, the output is the last expression statement that gives an s-op.
    vocabulary, max_length: override `set vocab` and `set max_length`; without either, they are None in the result.
    base: the folder that `load` starts from; None is the folder of the source's name.
    loaded: texts that `load` takes instead of files, in the order of loading (that of `Program.sources`).
    require_output: False accepts a file that only defines things, and gives a program without outputs.
    observer: called with each expression of the program and its value, each time that it is evaluated.

    Raises RaspError with the mistakes of all statements: one that fails does not end the run.
    """
    run = ProgramRun(source, base=base, read=read_source if loaded is None else _kept_texts(loaded), observer=observer)
    run.run()
    if run.mistakes:
        raise RaspError([mistake.diagnostic for mistake in run.mistakes])
    return Program(
        run.graph,
        outputs_of(run, entries, require_output),
        run.vocabulary if vocabulary is None else checked_vocabulary(vocabulary),
        run.max_length if max_length is None else max_length_of(max_length, None),
        tuple(run.sources),
        tuple(run.warnings),
        tuple(dict.fromkeys(entries)),
    )


def outputs_of(run: ProgramRun, entries: Sequence[str] = (), required: bool = True) -> tuple[tuple[str, SOp], ...]:
    """The names and s-ops of a program's outputs; arguments as for `elaborate`.  Raises RaspError."""
    if entries:
        return tuple([(name, _entry(run, name)) for name in dict.fromkeys(entries)])
    return _last_statement(run, required)


def _kept_texts(loaded: Iterable[Source]) -> Callable[[Path], Source]:
    """A reader for `load` that gives these texts one after the other."""
    texts = iter(loaded)

    def read(path: Path) -> Source:
        source = next(texts, None)
        if source is None:
            raise error("file-missing", f"the text of `{path}` is not among those that were kept", None, None)
        return source

    return read


_VOCABULARY_OPTION = """write an expression, such as `'"abc"'`, `'["(", ")"]'` or `'range(10)'`"""


def parse_vocabulary(spec: str) -> tuple[Scalar, ...]:
    """The vocabulary of `--vocab`: a JSON array, or a RASP expression for a string or a list.  Raises RaspError."""
    source = Source("--vocab", spec)
    span = Span(source, 0, len(spec))
    listed = _json_array(spec)
    if listed is not None:
        return vocabulary_of(listed, span)
    try:
        items = parse(Source("--vocab", spec)).items
    except RaspError as mistake:
        raise RaspError(replace(mistake.diagnostics[0], hint=_VOCABULARY_OPTION)) from None
    if len(items) != 1 or not isinstance(items[0], tree.ExpressionStatement):
        raise error("wrong-vocabulary", "the vocabulary is not one expression", span, _VOCABULARY_OPTION)
    with deep_recursion():
        scope = Scope(prelude_scope(), is_file=True)
        refuse_bare_tokens(items[0].expression, scope)
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


def _last_statement(run: ProgramRun, required: bool) -> tuple[tuple[str, SOp], ...]:
    found = [pair for pair in run.results if isinstance(pair[1], (SOp, Selector))]
    if not found:
        found = [pair for pair in run.results if is_scalar(pair[1])]
    if found:
        expression, value = found[-1]
        return ((_output_name(run, expression, value), _output(run, value, expression.span, "the output")),)
    if required:
        raise _no_output(run)
    return ()


def _output_name(run: ProgramRun, expression: tree.Expression, value: Object) -> str:
    while isinstance(expression, tree.Group):
        expression = expression.inner
    if isinstance(expression, tree.Name):
        return expression.name
    name = run.graph.name(value) if isinstance(value, SOp) else None
    return "output" if name is None else name


def _no_output(run: ProgramRun) -> RaspError:
    text = run.source.text
    end = len(text.rstrip())
    span = Span(run.source, max(0, end - 1), end)
    sops = [name for name, value in run.scope.names.items() if isinstance(value, SOp)]
    example = sops[-1] if sops else "name"
    hint = f"end the file with an expression that is the output, such as `{example};`, or use --entry"
    return error("no-output", "the program has no output", span, hint)


def _entry(run: ProgramRun, name: str) -> SOp:
    found = run.scope.names.get(name, run.scope.out if name == "out" else None)
    if found is None or isinstance(found, (Deferred, Poison)):
        names = [known for known, value in run.scope.names.items() if isinstance(value, SOp)]
        shown = ", ".join([f"`{known}`" for known in names[:8]])
        hint = did_you_mean(name, names, f"the program names {shown}" if names else None)
        raise error("unknown-entry", f"the program has nothing named `{name}`", _start(run), hint)
    return _output(run, found, _start(run), f"`{name}`")


def _start(run: ProgramRun) -> Span:
    return Span(run.source, 0, min(1, len(run.source.text)))


def _output(run: ProgramRun, value: Object, span: Span, what: str) -> SOp:
    if isinstance(value, SOp):
        return value
    if is_scalar(value):
        return run.graph.constant(value, span)
    hint = "an s-op can be the output"
    if isinstance(value, Selector):
        hint = "make an s-op of it: `selector_width(selector)` or `aggregate(selector, values)`"
    elif isinstance(value, (Function, Builtin)):
        hint = f"add a line that calls it, such as `{value.name}(tokens);`"
    raise error("wrong-output", f"{what} is {kind(value)}, not an s-op", span, hint)
