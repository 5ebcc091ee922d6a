"""What the parts of the lowering share: the analysis, the options, and the registries of what has been made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from ...rasp_grammar.codes import Code
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, shortened
from ..analysis.node_facts import Analysis
from ..blocks.blocks import Direction, DirectionKind, Head, LinearForm, NeuronGroup, Role
from ..graph.graph import Node, SOp
from ..graph.values import Scalar
from ..options import CompileOptions, Strategy

if TYPE_CHECKING:
    from .attention.heads import Heads
    from .value_views import ValueViews


class NoiseRemoval(IntEnum):
    """Whether the error of what is read may pass through a function: yes, no, or no, nor its own rounding either."""

    NONE = 0
    STEP_FUNCTION = 1
    NESTED_STEP_FUNCTIONS = 2


@dataclass
class Context:
    """One lowering.  `describe` gives the text of a node for labels and messages.

    `improvable`: something that was made so far, or refused, might be better with more effort."""

    analysis: Analysis
    options: CompileOptions
    describe: Callable[[Node], str]
    effort: Strategy = Strategy.APPROXIMATE_OUTPUT
    heads_made: list[Head] = field(default_factory=list)
    groups_made: list[NeuronGroup] = field(default_factory=list)
    directions_made: int = 0
    split_orders: bool = False
    improvable: bool = False
    _groups: dict[tuple[object, ...], NeuronGroup] = field(default_factory=dict)

    features: ValueViews = field(init=False)
    heads: Heads = field(init=False)

    def direction(
        self,
        role: Role,
        node: SOp,
        kind: DirectionKind,
        label: str,
        *,
        time: int,
        low: float,
        high: float,
        error: float,
        value: Scalar | None = None,
        data: tuple[float, ...] = (),
        rounding: float = 0.0,
    ) -> Direction:
        """A new direction of the residual stream."""
        self.directions_made += 1
        return Direction(self.directions_made, role, node, kind, value, label, time, low, high, error, data, rounding)

    def group(self, form: LinearForm, node: SOp) -> NeuronGroup:
        """The neurons that read `form` in the earliest MLP that can."""
        time = next_mlp(form.time)
        key = (time, form.key())
        if key not in self._groups:
            self._groups[key] = NeuronGroup(time, form, node, self.describe(node))
            self.groups_made.append(self._groups[key])
        return self._groups[key]

    def quoted(self, node: Node) -> str:
        """How messages call a node: its name, or what stands in the program."""
        text = self.describe(node)
        return text if text.isidentifier() else shortened(" ".join(node.span.text.split())) or text

    def refuse(self, node: Node, code: Code, message: str, hint: str) -> RaspError:
        """The error for an expression that cannot be compiled; the caller raises it."""
        text = f"cannot compile `{self.quoted(node)}`: {message}"
        return RaspError(Diagnostic(code, text, node.span, hint))


def next_mlp(time: int) -> int:
    """When the first MLP reads that can read what is there at `time`."""
    return time | 1


def as_form(direction: Direction) -> LinearForm:
    """The form that reads one direction."""
    return LinearForm(((direction, 1.0),), 0.0, direction.low, direction.high, direction.error)
