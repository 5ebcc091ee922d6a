"""The vocabulary of a program and the length of its longest input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...rasp_grammar import tree
from ...rasp_grammar.codes import Code
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, error, shortened
from ...rasp_grammar.span import Span
from ..graph.graph import Program
from ..graph.print_graph import literal
from ..graph.values import Scalar, is_scalar, normal
from .scope import Object, Scope, kind

#: The attention pattern of a longer input would not fit into any memory.
MAX_LENGTH = 1 << 20

_VOCABULARY_HINT = 'write `set vocab "abc"`, `set vocab ["(", ")"]` or `set vocab range(10)`'


def vocabulary_of(value: Object, span: Span | None) -> tuple[Scalar, ...]:
    """The tokens that `set vocab` declares: the characters of a string, or the items of a list.  Raises RaspError."""
    if not isinstance(value, (str, tuple)):
        message = f"the vocabulary is {kind(value)}, not a string or list"
        raise error("wrong-vocabulary", message, span, _VOCABULARY_HINT)
    seen: set[Scalar] = set()
    tokens: list[Scalar] = []
    for token in value:
        if not is_scalar(token):
            message = f"a token of the vocabulary is {kind(token)}"
            raise error("wrong-vocabulary", message, span, "tokens are strings, numbers or booleans")
        if isinstance(token, str) and any("\ud800" <= character <= "\udfff" for character in token):
            hint = "half of a surrogate pair is no text"
            raise error("wrong-vocabulary", "a token of the vocabulary is not Unicode text", span, hint)
        if token in seen:
            hint = "name every token once; `True` is the same as 1, and `False` as 0"
            raise error("wrong-vocabulary", f"the vocabulary has {shortened(literal(token))} twice", span, hint)
        seen.add(token)
        tokens.append(normal(token))
    if len(tokens) == 0:
        raise error("wrong-vocabulary", "the vocabulary is empty", span, _VOCABULARY_HINT)
    return tuple(tokens)


def refuse_bare_tokens(value: tree.Expression, scope: Scope) -> None:
    """Raises RaspError for tokens without quotes: `set vocab abc`, `set vocab [a, b]`."""
    items = value.items if isinstance(value, tree.ListDisplay) else (value,)
    unknown = [item for item in items if isinstance(item, tree.Name) and scope.find(item.name) is None]
    if unknown:
        shown = ", ".join(literal(item.name) if isinstance(item, tree.Name) else item.span.text for item in items)
        hint = f"tokens stand in quotes: `{f'[{shown}]' if isinstance(value, tree.ListDisplay) else shown}`"
        raise error("unknown-name", f"`{shortened(unknown[0].name)}` is not defined", unknown[0].span, hint)


def max_length_of(value: Object, span: Span | None) -> int:
    """The length of the longest input, in tokens, that `set max_length` declares.  Raises RaspError."""
    if isinstance(value, bool) or not isinstance(value, int):
        message = (
            f"the longest input is {shortened(literal(value)) if is_scalar(value) else kind(value)}, not a whole number"
        )
        raise error("wrong-length", message, span, "write `set max_length 16`")
    if not 1 <= value <= MAX_LENGTH:
        hint = f"choose a number from 1 to {MAX_LENGTH:,}"
        raise error("wrong-length", f"the longest input cannot be {value:,} tokens", span, hint)
    return value


@dataclass(frozen=True)
class MissingDeclaration:
    """A declaration that a program or a session lacks: the code of its diagnostic, what is unknown, and an example."""

    code: Code
    unknown: str
    example: str


def missing_declarations(vocabulary: Sequence[Scalar] | None, max_length: int | None) -> list[MissingDeclaration]:
    """The declarations without which there is no model; None stands for one that was not made."""
    missing: list[MissingDeclaration] = []
    if vocabulary is None:
        missing.append(MissingDeclaration("no-vocabulary", "which tokens it is for", 'set vocab "abc"'))
    if max_length is None:
        missing.append(MissingDeclaration("no-length", "how long its input may be", "set max_length 16"))
    return missing


_MISSING_HINTS: dict[Code, str] = {
    "no-vocabulary": 'add the line `set vocab "abc"` with your tokens (or a list: `["(", ")"]`, `range(10)`), '
    "or use --vocab",
    "no-length": "add the line `set max_length 16` with the length that you need, or use --max-length",
}


def require_input_space(program: Program) -> tuple[tuple[Scalar, ...], int]:
    """The vocabulary and the longest input of a program.  Raises RaspError with the lines to add if one is missing."""
    if program.vocabulary is not None and program.max_length is not None:
        return program.vocabulary, program.max_length
    source = program.sources[0]
    start = Span(source, 0, min(1, len(source.text)))
    raise RaspError(
        [
            Diagnostic(one.code, f"the program does not say {one.unknown}", start, _MISSING_HINTS[one.code])
            for one in missing_declarations(program.vocabulary, program.max_length)
        ]
    )


def checked_vocabulary(vocabulary: Sequence[Scalar]) -> tuple[Scalar, ...]:
    """A vocabulary given by a flag or a caller, checked by the rules of `set vocab`.  Raises RaspError."""
    return vocabulary_of(tuple(vocabulary), None)
