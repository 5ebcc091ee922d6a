"""The text that an editor shows for the name under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...compiler.analysis.node_facts import Analysis
from ...compiler.elaborate.library_docs import Documented, comment_above, library, signature
from ...compiler.elaborate.scope import Builtin, Function, Object
from ...compiler.graph.graph import Node, Selector, SOp
from ...compiler.graph.print_graph import describe, literal
from ...compiler.graph.result_types import infer
from ...compiler.graph.values import is_scalar
from ...compiler.graph.walk import attention_depths
from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import RaspError, shortened
from ...rasp_grammar.span import Span
from ...rasp_grammar.text_words import name_around
from .document import DocumentAnalysis
from .name_resolution import Binding
from .observed_run import ObservedValues

#: Longest text of a value, in characters.
_MAX_TEXT = 200

_PLURALS = {"bool": "booleans", "number": "numbers", "string": "strings"}


@dataclass(frozen=True)
class Hover:
    """A hover text.  `code`: RASP text; `lines`: Markdown, one statement about the name in each."""

    code: str
    lines: tuple[str, ...]
    span: Span

    def markdown(self) -> str:
        return "\n\n".join([f"```rasp\n{self.code}\n```", *self.lines])

    def plain(self) -> str:
        return "\n".join([self.code, *(line.replace("`", "") for line in self.lines)])


def hover(analysed: DocumentAnalysis, offset: int, *, domains: bool = True) -> Hover | None:
    """The hover text for the name at an offset; None without a name, or if nothing is known of it.

    domains: whether to compute the set of values of an s-op, which can take seconds.
    """
    found = name_around(analysed.source, offset)
    if found is None:
        return None
    text, span = found
    name = analysed.index.name_at(offset)
    bindings: tuple[Binding, ...] = ()
    observed: ObservedValues | None = None
    if name is not None:
        bindings = analysed.index.definitions(name)
        observed = analysed.observed(name)
    else:
        # The statement does not parse: use the binding that is in scope.
        visible = analysed.index.visible(offset).get(text)
        bindings = () if visible is None else (visible,)
        observed = None if visible is None else analysed.value_of(visible)
    if len(bindings) == 0 and analysed.previous is not None:
        earlier = analysed.previous.index.final.get(text)
        if earlier is not None:
            analysed, bindings = analysed.previous, earlier
            observed = analysed.value_of(earlier[-1])
    if bindings:
        return _of_binding(analysed, bindings, observed, text, span, domains)
    known = library().get(text)
    return None if known is None else _of_library(analysed, known, observed, span, domains)


def _of_binding(
    analysed: DocumentAnalysis,
    bindings: tuple[Binding, ...],
    observed: ObservedValues | None,
    name: str,
    span: Span,
    domains: bool,
) -> Hover:
    binding = bindings[-1]
    if isinstance(binding.node, tree.Definition) and binding.kind == "function":
        comment = comment_above(binding.node.span)
        lines = (*([comment] if comment else []), *_origin(analysed, binding))
        return Hover(f"def {signature(binding.node)}", lines, span)
    origin = _origin(analysed, binding)
    comment = comment_above(binding.node.span) if isinstance(binding.node, tree.Assignment) else ""
    before = [comment] if comment else []
    if observed is None or not observed.values:
        role: str = binding.kind
        if isinstance(binding.node, tree.Definition):
            role = f"parameter of `{binding.node.name.name}`"
        return Hover(name, (*before, role, *origin), span)
    code = "\n".join([_code(analysed, name, value) for value in observed.values])
    return Hover(code, (*before, *_facts(analysed, observed, domains), *origin), span)


def _of_library(
    analysed: DocumentAnalysis, known: Documented, observed: ObservedValues | None, span: Span, domains: bool
) -> Hover:
    if known.is_function:
        code = known.signature if known.span is None else f"def {known.signature}"
        return Hover(code, (known.text, "library function"), span)
    facts = () if observed is None else _facts(analysed, observed, domains)
    return Hover(known.signature, (known.text, *facts, "library name"), span)


def _origin(analysed: DocumentAnalysis, binding: Binding) -> tuple[str, ...]:
    if binding.span.source.name == analysed.source.name:
        return ()
    return (f"from {Path(binding.span.source.name).name}, line {binding.span.line}",)


def _code(analysed: DocumentAnalysis, name: str, value: Object) -> str:
    if isinstance(value, Node):
        return f"{name} = {describe(analysed.graph, value, expand=True)}"
    if isinstance(value, Function):
        return f"{name} = {signature(value.definition)}"
    if isinstance(value, Builtin):
        return f"{name} = {value.usage}"
    return f"{name} = {shortened(shown(value), _MAX_TEXT)}"


def _facts(analysed: DocumentAnalysis, observed: ObservedValues, domains: bool) -> tuple[str, ...]:
    """Statements about the first value; other calls or loop iterations may have given other values."""
    value = observed.values[0]
    lines: list[str] = []
    match value:
        case SOp():
            lines += _of_sop(analysed, value, domains)
        case Selector():
            lines.append(f"selector, attention depth {attention_depths([value])[value]}")
        case _:
            lines.append(what(value))
    if len(observed.values) > 1:
        lines.append(f"evaluated {observed.times:,} times, with different values")
    return tuple(lines)


def _of_sop(analysed: DocumentAnalysis, node: SOp, domains: bool) -> list[str]:
    run = analysed.run
    kinds = ""
    if run is not None and run.vocabulary is not None:
        found = sorted(infer([node], run.vocabulary)[node])
        kinds = f" of {' or '.join([_PLURALS[kind] for kind in found])}" if found else ""
    lines = [f"s-op{kinds}, attention depth {attention_depths([node])[node]}"]
    if analysed.node_facts is None:
        lines.append("which values it takes follows from `set vocab` and `set max_length`")
    elif domains:
        lines += _domain(analysed, analysed.node_facts, node)
    return lines


def _domain(analysed: DocumentAnalysis, facts: Analysis, node: SOp) -> list[str]:
    try:
        with analysed.lock:
            domain = facts.domain(node)
    except RaspError:  # too many values: compiling reports it
        return []
    if domain.values is not None and len(domain.values) == 0:
        return ["undefined on every input"]
    shown_values = domain.describe()
    if domain.values is not None and len(domain.values) <= 12:
        shown_values = f"{{{', '.join([literal(value) for value in domain.values])}}}"
    ending = "; undefined on some inputs" if domain.undefined else ""
    return [f"values: {shortened(shown_values, _MAX_TEXT)}{ending}"]


def what(value: Object) -> str:
    """The kind of a value in words: `s-op`, `list of 3`."""
    match value:
        case SOp():
            return "s-op"
        case Selector():
            return "selector"
        case Function() | Builtin():
            return "function"
        case str():
            return "string"
        case bool():
            return "boolean"
        case tuple():
            return f"list of {len(value)}"
        case dict():
            return f"dict of {len(value)}"
        case tree.Operator():
            return "comparison"
        case _:
            return "number"


def shown(value: Object, room: int = _MAX_TEXT) -> str:
    """A plain value as RASP text, of about `room` characters; the rest is left out."""
    if is_scalar(value):
        return literal(value)
    if isinstance(value, tuple):
        return f"[{_items([(item,) for item in value[:room]], room)}]"
    if isinstance(value, dict):
        return f"{{{_items(list(value.items())[:room], room)}}}"
    if isinstance(value, tree.Operator):
        return value.symbol
    return what(value)


def _items(entries: Sequence[tuple[Object, ...]], room: int) -> str:
    parts: list[str] = []
    for entry in entries:
        parts.append(": ".join([shown(part, room // 2) for part in entry]))
        if sum(map(len, parts)) > room:
            break
    return ", ".join(parts)
