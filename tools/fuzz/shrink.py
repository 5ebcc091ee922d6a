"""Reduces a program while a predicate stays true.

Works on the text, by the spans of its syntax tree: drops statements, and replaces expressions by their parts, by the
definitions of their names, or by constants.  The predicate refuses candidates that are no programs.

Hypothesis does not replace this.  It reduces the random choices behind a program, not the program: measured on
programs of 24 expressions, its results are 2 to 5 times as long, and take 3 to 80 seconds instead of 0.1 to 0.6.
It also needs the generator, so that it cannot reduce a program from anywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import RaspError
from ...rasp_grammar.parser import parse
from ...rasp_grammar.span import Source, Span

#: Replacements for any expression, the simplest first.
SIMPLEST = ("0", "1", "True", "tokens", "indices", "full_s")

#: Default for the largest number of calls of the predicate.
MAX_TRIES = 1500

_EXPRESSIONS = tree.Expression.__args__
_STATEMENTS = (tree.ExpressionStatement, tree.Assignment, tree.Definition, tree.Loop, tree.Return)


def shrink(text: str, holds: Callable[[str], bool], max_tries: int = MAX_TRIES) -> str:
    """A program for which `holds` is true and for none of whose candidates it is, found greedily.

    `holds(text)` must be true.  After `max_tries` calls of `holds` the smallest program so far is returned.
    """
    tries = 0
    tried: set[str] = {text}
    improved = True
    while improved:
        improved = False
        for candidate in sorted(set(candidates(text)), key=_size):
            if candidate in tried or _size(candidate) >= _size(text):
                continue
            tried.add(candidate)
            tries += 1
            if tries > max_tries:
                return text
            if holds(candidate):
                text, improved = candidate, True
                break
    return text


def candidates(text: str) -> Iterator[str]:
    """Every text that is one step simpler; some are not programs."""
    try:
        module = parse(Source("fuzz.rasp", text))
    except RaspError:
        return
    definitions = _definitions(module)
    functions = {item.name.name: item for item in module.items if isinstance(item, tree.Definition)}
    for node, _ in tree.walk(module):
        if isinstance(node, _STATEMENTS):
            yield _replaced(text, node.span, "")
        if isinstance(node, tree.Loop):
            yield _replaced(text, node.span, "".join(_part(text, item.span) for item in node.body))
        if isinstance(node, tree.Assignment) and len(node.names) == 1 and node.names[0].name in definitions:
            yield _substituted(text, node, module)
        if isinstance(node, tree.SetMaxLength) and isinstance(node.value, tree.Number):
            yield from (_replaced(text, node.value.span, str(length)) for length in range(1, int(node.value.value)))
        if isinstance(node, tree.SetVocabulary):
            yield from _fewer_tokens(text, node.value)
        elif isinstance(node, _EXPRESSIONS):
            yield from _simpler(text, node, definitions, functions)


def _simpler(
    text: str,
    node: tree.Tree,
    definitions: dict[str, tree.Expression],
    functions: dict[str, tree.Definition],
) -> Iterator[str]:
    parts = [part for part in tree.children(node) if isinstance(part, _EXPRESSIONS)]
    parts += [inner for part in parts for inner in tree.children(part) if isinstance(inner, _EXPRESSIONS)]
    for part in parts:
        inner = _part(text, part.span)
        yield _replaced(text, node.span, inner)
        yield _replaced(text, node.span, f"({inner})")
    if not isinstance(node, tree.Name) or node.name not in SIMPLEST:
        yield from (_replaced(text, node.span, simplest) for simplest in SIMPLEST)
    match node:
        case tree.Number(value=value) if value not in (0, 1):
            yield from (_replaced(text, node.span, str(number)) for number in range(2, min(10, int(value))))
        case tree.Text(value=value) if len(value) > 1:
            yield _replaced(text, node.span, f'"{value[:-1]}"')
        case tree.Name(name=name) if name in definitions:
            yield _replaced(text, node.span, f"({_part(text, definitions[name].span)})")
        case tree.Call(function=tree.Name(name=name)) if name in functions:
            yield from _inlined(text, node, functions[name])
        case tree.ListDisplay(items=items) if len(items) > 1:
            yield from (_without(text, node.span, "[]", items, item) for item in items)
        case tree.DictDisplay(entries=entries) if len(entries) > 1:
            yield from (_without(text, node.span, "{}", entries, entry) for entry in entries)


def _definitions(module: tree.Module) -> dict[str, tree.Expression]:
    """The values of the names that are assigned exactly once."""
    found: dict[str, tree.Expression] = {}
    several: set[str] = set()
    for node, _ in tree.walk(module):
        if isinstance(node, tree.Assignment):
            for name in node.names:
                if name.name in found or len(node.names) > 1:
                    several.add(name.name)
                found[name.name] = node.values[0]
    return {name: value for name, value in found.items() if name not in several}


def _substituted(text: str, node: tree.Assignment, module: tree.Module) -> str:
    """The text without an assignment: its value replaces every use of its name."""
    name, value = node.names[0], node.values[0]
    body = _part(text, value.span)
    if not isinstance(value, (tree.Name, tree.Number, tree.Text, tree.Group, tree.Call)):
        body = f"({body})"
    uses = [use.span for use, _ in tree.walk(module) if isinstance(use, tree.Name) and use.name == name.name]
    for span in sorted(uses, key=lambda span: span.start, reverse=True):
        text = text[: span.start] + (body if span.start > node.span.end else name.name) + text[span.end :]
    return _replaced(text, node.span, "")


def _inlined(text: str, call: tree.Call, function: tree.Definition) -> Iterator[str]:
    """Replaces the call of a function that is a single `return` by the returned expression."""
    match function.body:
        case (tree.Return(values=(result,)),) if len(call.arguments) == len(function.parameters):
            body = _part(text, result.span)
            for parameter, argument in zip(function.parameters, call.arguments, strict=True):
                body = re.sub(rf"\b{parameter.name}\b", f"({_part(text, argument.span)})".replace("\\", r"\\"), body)
            called = text[: call.span.start] + f"({body})" + text[call.span.end :]
            yield called
            # If this was the only call, the definition can go too.  It precedes the call, so its span is still valid.
            yield _replaced(called, function.span, "")


def _fewer_tokens(text: str, vocabulary: tree.Expression) -> Iterator[str]:
    match vocabulary:
        case tree.Text(value=value) if len(value) > 1:
            for place in range(len(value)):
                yield _replaced(text, vocabulary.span, f'"{value[:place]}{value[place + 1 :]}"')
        case tree.ListDisplay(items=items) if len(items) > 1:
            yield from (_without(text, vocabulary.span, "[]", items, item) for item in items)
        case tree.Call(arguments=(tree.Number(value=value),)):
            yield from (_replaced(text, vocabulary.span, f"range({size})") for size in range(1, int(value)))


def _without(text: str, span: Span, brackets: str, items: tuple[tree.Tree, ...], item: tree.Tree) -> str:
    rest = ", ".join(_part(text, other.span) for other in items if other is not item)
    return _replaced(text, span, f"{brackets[0]}{rest}{brackets[1]}")


def _part(text: str, span: Span) -> str:
    return text[span.start : span.end]


def _replaced(text: str, span: Span, replacement: str) -> str:
    return re.sub(r"\n\s*\n", "\n", text[: span.start] + replacement + text[span.end :]).lstrip()


def _size(text: str) -> tuple[int, int, str]:
    """Number of words and signs, where the end of a statement counts three, then the number of characters."""
    words = re.findall(r"\w+|[^\w\s]", text)
    weight = sum(3 if word in (";", "{") else 1 if word not in "()," else 0 for word in words)
    return weight, len(text), text
