"""Errors and warnings of a model that continues its input."""

from __future__ import annotations

from collections.abc import Sequence

from ..compiler.artifact.manifest import Manifest
from ..compiler.graph.values import Scalar, show
from ..rasp_grammar.diagnostics import Diagnostic, RaspError

#: Tokens of an input that a message shows, the last ones.
SHOWN_TOKENS = 20


def require_causal(manifest: Manifest) -> None:
    """Raises RaspError for a model that cannot generate: a new token would change the values before it."""
    if not manifest.causal:
        raise RaspError(_NOT_CAUSAL)


def require_tokens(inputs: Sequence[Sequence[Scalar]]) -> None:
    """Raises RaspError for an input without tokens."""
    if any(len(tokens) == 0 for tokens in inputs):
        raise RaspError(_NOTHING_TO_CONTINUE)


def cut_short(made: int, count: int, max_length: int) -> Diagnostic:
    """The warning for a continuation of `made` tokens where `count` were asked for."""
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


def no_token(value: Scalar, tokens: Sequence[Scalar]) -> Diagnostic:
    """The error for an output `value` after `tokens` that the vocabulary does not have."""
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
