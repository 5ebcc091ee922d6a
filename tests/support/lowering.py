"""Lowerings that have made nothing yet, for tests of their makers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from raspc.compiler.analysis.domains import Space
from raspc.compiler.analysis.node_facts import Analysis
from raspc.compiler.blocks.forms import LinearForm
from raspc.compiler.blocks.times import Time
from raspc.compiler.graph.graph import SOp
from raspc.compiler.graph.values import Scalar
from raspc.compiler.lower import views_of
from raspc.compiler.lower.attention.selector_scores import SelectorScores
from raspc.compiler.lower.context import Context, as_form
from raspc.compiler.lower.value_views import ValueViews
from raspc.compiler.options import CompileOptions, Strategy
from raspc.rasp_grammar.diagnostics import RaspError


class Lowering:
    """A lowering over tokens of `vocabulary` and inputs of up to `longest` tokens."""

    def __init__(
        self,
        vocabulary: Sequence[Scalar],
        longest: int,
        options: CompileOptions | None = None,
        strategy: Strategy = Strategy.SMALLEST,
    ) -> None:
        self.analysis = Analysis(Space(tuple(vocabulary), longest))
        self.context = Context(self.analysis, options or CompileOptions(), lambda node: "it", strategy)
        self.views: ValueViews = views_of(self.context)

    @property
    def scores(self) -> SelectorScores:
        return self.views.aggregates.scores

    def noisy(self, node: SOp, *, low: float, high: float, error: float) -> LinearForm:
        """A number in `low..high` that some head has written with this error."""
        direction = self.context.direction(
            role="head", node=node, kind="scalar", label="n", time=Time(1), low=low, high=high, error=error
        )
        return as_form(direction)

    def neurons(self) -> int:
        """Neurons made so far, counted once for each direction that they feed."""
        return sum(len(weights) for group in self.context.groups for _, weights in group.outputs)


def code_of(error: pytest.ExceptionInfo[RaspError]) -> str:
    """The code of the one diagnostic of a refusal."""
    (diagnostic,) = error.value.diagnostics
    return diagnostic.code
