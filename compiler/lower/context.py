"""What the parts of the lowering share: the analysis, the options, and the registries of what has been made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

from ...rasp_grammar.diagnostics import Diagnostic, RaspError, shortened
from ..analysis.node_facts import Analysis
from ..blocks.blocks import Direction, DirectionKind, Form, Head, NeuronGroup, Role
from ..graph.graph import Node, SOp
from ..graph.values import Scalar

if TYPE_CHECKING:
    from .attention.heads import Heads
    from .value_views import Features


class Snap(IntEnum):
    """Whether the error of what is read may pass through a function: yes, no, or no, nor its own rounding either."""

    NO = 0
    ONCE = 1
    TWICE = 2


class Effort(Enum):
    """How far the lowering goes; each is tried where the one before is refused.

    CHEAP: the cheapest forms.  CAREFUL: dearer ones wherever these are noisy, which may cost layers.  LENIENT: the
    cheapest forms again, and numbers that cannot be named are given as they are."""

    CHEAP = "cheap"
    CAREFUL = "careful"
    LENIENT = "lenient"


@dataclass(frozen=True)
class Options:
    """`small`: the smallest encoding of everything; otherwise categorical payloads and outputs stay one-hot.
    `max_parameters`: what is larger is refused before memory is spent.  `widest_order`: a comparison `k < q` over more
    classes than this is split into digits where the heads count."""

    small: bool = False
    uniform: bool = False
    causal: bool = False
    max_parameters: int = 200_000_000
    widest_order: int = 64


@dataclass
class Context:
    """One lowering.  `describe` gives the text of a node for labels and messages.

    `improvable`: something that was made so far, or refused, might be better with more effort."""

    analysis: Analysis
    options: Options
    describe: Callable[[Node], str]
    effort: Effort = Effort.LENIENT
    heads_made: list[Head] = field(default_factory=list)
    groups_made: list[NeuronGroup] = field(default_factory=list)
    directions_made: int = 0
    split_orders: bool = False
    improvable: bool = False
    _groups: dict[tuple[object, ...], NeuronGroup] = field(default_factory=dict)

    features: Features = field(init=False)
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

    def group(self, form: Form, node: SOp) -> NeuronGroup:
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

    def refuse(self, node: Node, code: str, message: str, hint: str) -> RaspError:
        """The error for an expression that cannot be compiled; the caller raises it."""
        text = f"cannot compile `{self.quoted(node)}`: {message}"
        return RaspError(Diagnostic(code, text, node.span, hint))


def next_mlp(time: int) -> int:
    """When the first MLP reads that can read what is there at `time`."""
    return time | 1


def as_form(direction: Direction) -> Form:
    """The form that reads one direction."""
    return Form(((direction, 1.0),), 0.0, direction.low, direction.high, direction.error)
