"""Refusals as values: the one place in the lowering that catches a diagnostic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ...rasp_grammar.diagnostics import RaspError

T = TypeVar("T")


@dataclass(frozen=True)
class Refusal:
    """A construction that is not possible; `error` tells the user why."""

    error: RaspError


def attempt(make: Callable[[], T]) -> T | Refusal:
    """The result of a construction, or its refusal."""
    try:
        return make()
    except RaspError as error:
        # A traceback would keep all that was made alive.
        return Refusal(error.with_traceback(None))
