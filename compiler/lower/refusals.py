"""Refusals as values: the one place in the lowering that catches a diagnostic; and the refusal of a whole program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ...rasp_grammar.diagnostics import RaspError
from ..options import Strategy

T = TypeVar("T")


@dataclass(frozen=True)
class Refusal:
    """A construction that is not possible; `error` tells the user why."""

    error: RaspError


class LoweringRefused(RaspError):
    """A program that the lowering refuses.

    `may_help`: the strategies that may lead to another end; all others would take the same steps again.
    `meets_wide_orders`: another `widest_order` may lead to another end, too."""

    def __init__(self, error: RaspError, may_help: frozenset[Strategy], meets_wide_orders: bool) -> None:
        super().__init__(error.diagnostics)
        self.may_help = may_help
        self.meets_wide_orders = meets_wide_orders


def attempt(make: Callable[[], T]) -> T | Refusal:
    """The result of a construction, or its refusal."""
    try:
        return make()
    except RaspError as error:
        # A traceback would keep all that was made alive.
        return Refusal(error.with_traceback(None))
