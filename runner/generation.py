"""Continuing an input with a causal model: the output at the last position is the next token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..compiler.graph.values import Scalar, show
from ..rasp_grammar.diagnostics import Diagnostic, RaspError

if TYPE_CHECKING:
    from .model import Model

#: Tokens of an input that a message shows, the last ones.
SHOWN_TOKENS = 20


def continuations(
    model: Model, inputs: Sequence[Sequence[Scalar]], count: int, output: str | None
) -> list[list[Scalar]]:
    """What `Model.generate_batch` promises."""
    require_causal(model)
    if any(len(tokens) == 0 for tokens in inputs):
        raise RaspError(_NOTHING_TO_CONTINUE)
    model.encode(inputs)  # an input that has no room to be continued is checked too
    known = {token: token for token in model.vocabulary}
    sequences = [list(tokens) for tokens in inputs]
    for _ in range(count):
        growing = [tokens for tokens in sequences if len(tokens) < model.manifest.max_length]
        for tokens, values in zip(growing, model.run_batch(growing, output), strict=True):
            value = values[-1]
            if value not in known:
                raise RaspError(_no_token(value, tokens))
            tokens.append(known[value])  # `true` where the vocabulary has 1
    return [tokens[len(given) :] for given, tokens in zip(inputs, sequences, strict=True)]


def require_causal(model: Model) -> None:
    """Raises RaspError for a model that cannot generate: a new token would change what stood before it."""
    if not model.manifest.causal:
        raise RaspError(_NOT_CAUSAL)


def cut_short(made: int, count: int, max_length: int) -> Diagnostic:
    """What to say where only `made` tokens of `count` had room."""
    return Diagnostic(
        "generation-full",
        f"stopped after {made} of {count} tokens: input and continuation fill the model's {max_length} positions",
        None,
        "compile the program with a larger --max-length, or give a shorter input",
        "warning",
    )


_NOT_CAUSAL = Diagnostic(
    "not-causal",
    "only a causal model can continue its input",
    None,
    "compile the program with --causal: then no position depends on what comes after it",
)

_NOTHING_TO_CONTINUE = Diagnostic(
    "nothing-to-continue", "an input without tokens has no last position", None, "give at least one token"
)


def _no_token(value: Scalar, tokens: Sequence[Scalar]) -> Diagnostic:
    shown = " ".join(map(show, tokens[-SHOWN_TOKENS:]))
    before = "... " if len(tokens) > SHOWN_TOKENS else ""
    return Diagnostic(
        "output-no-token",
        f"the output after `{before}{shown}` is `{show(value)}`: that is no token of the vocabulary, so it cannot be "
        "fed back",
        None,
        f"generating needs a program whose output is always a token: give another value there, or add `{show(value)}` "
        "to the vocabulary",
    )
