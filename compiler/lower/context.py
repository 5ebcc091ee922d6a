"""The state of one lowering: the analysis, the options, the blocks made so far, and the wording of refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from math import isfinite

from ...rasp_grammar.codes import Code
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, shortened
from ..analysis.node_facts import Analysis
from ..blocks.blocks import Head, NeuronGroup
from ..blocks.forms import Direction, DirectionKind, LinearForm, Role, in_range
from ..blocks.times import Time
from ..graph.graph import Aggregate, Node, SOp
from ..graph.values import Scalar
from ..options import CompileOptions, Strategy


class NoiseRemoval(IntEnum):
    """The most input noise that a function may pass on.

    NONE: any.  STEP_FUNCTION: a fraction `MAX_DENOISED_ERROR` of the smallest step between its values, so that equal
    inputs give equal outputs to within rounding.  NESTED_STEP_FUNCTIONS: as before, by two step functions in a row,
    which keeps rounding small and costs one more layer."""

    NONE = 0
    STEP_FUNCTION = 1
    NESTED_STEP_FUNCTIONS = 2


#: The largest error that noise removal lets pass, as a fraction of the smallest step between two values.
MAX_DENOISED_ERROR = 2.0**-20


@dataclass
class Context:
    """One lowering.  `describe` gives the text of a node for labels and messages.

    `split_orders`: some order over many classes was split into two digits; `meets_wide_orders`: one could be.
    `noise_is_reducible`: a more expensive strategy could reduce the error of some form, or make one that was refused.
    `output_is_approximable`: an output was refused that could be given as an approximate number."""

    analysis: Analysis
    options: CompileOptions
    describe: Callable[[Node], str]
    strategy: Strategy = Strategy.APPROXIMATE_OUTPUT
    heads: list[Head] = field(default_factory=list)
    groups: list[NeuronGroup] = field(default_factory=list)
    direction_count: int = 0
    split_orders: bool = False
    meets_wide_orders: bool = False
    noise_is_reducible: bool = False
    output_is_approximable: bool = False
    _groups: dict[tuple[object, ...], NeuronGroup] = field(default_factory=dict)

    def strategies_that_may_help(self) -> frozenset[Strategy]:
        """The strategies that would take other steps than this lowering took until now."""
        possible = {
            Strategy.LOW_NOISE: self.noise_is_reducible,
            Strategy.APPROXIMATE_OUTPUT: self.output_is_approximable,
        }
        return frozenset(strategy for strategy, helps in possible.items() if helps)

    # ---- new blocks -----------------------------------------------------------------------------

    def direction(
        self,
        *,
        role: Role,
        node: SOp,
        kind: DirectionKind,
        label: str,
        time: Time,
        low: float,
        high: float,
        error: float,
        value: Scalar | None = None,
        data: tuple[float, ...] = (),
        rounding: float = 0.0,
    ) -> Direction:
        """A new direction of the residual stream; the arguments are `Direction`'s fields."""
        self.direction_count += 1
        return Direction(
            id=self.direction_count, role=role, node=node, kind=kind, value=value, label=label, time=time,
            low=low, high=high, error=error, data=data, rounding=rounding,
        )  # fmt: skip

    def group(self, form: LinearForm, node: SOp) -> NeuronGroup:
        """The neurons that read `form` in the earliest MLP that can; one group for each form."""
        time = form.time.first_mlp_after
        key = (time, form.key())
        if key not in self._groups:
            self._groups[key] = NeuronGroup(time, form, node, self.describe(node))
            self.groups.append(self._groups[key])
        return self._groups[key]

    # ---- refusals -------------------------------------------------------------------------------

    def listed_values(self, node: SOp) -> tuple[Scalar, ...]:
        """The node's listed domain.  Raises C201 when it is too large to be listed."""
        values = self.analysis.domain(node).values
        if values is None:
            raise self.too_many_values(node)
        return values

    def too_many_values(self, node: SOp) -> RaspError:
        """C201: the node needs a table over its values, and they are too many."""
        means = self.describe_means(node)
        return self.refuse(
            node,
            "C201",
            f"it can take too many values ({self.analysis.domain(node).describe()}) to be looked up in a table{means}",
            self.hint_for(node, "use a shorter max_length or a smaller vocabulary, or round the value first"),
        )

    def means_of(self, node: SOp) -> list[SOp]:
        """The means of several positions that an expression depends on, in the order of the program."""
        leaves = sorted(self.analysis.leaves(node), key=lambda leaf: leaf.id)
        return [
            leaf
            for leaf in leaves
            if isinstance(leaf, Aggregate)
            and not self.analysis.selectors.retrieves(leaf)
            and not self.analysis.domain(leaf).integer
        ]

    def describe_means(self, node: SOp) -> str:
        """Why an expression has so many values, if it depends on a mean; for messages, "" otherwise."""
        longest = self.analysis.space.max_length
        texts = []
        for mean in self.means_of(node):
            size = self.analysis.domain(mean).size
            values = f"any of {size:,} fractions" if size is not None else "too many fractions to list"
            texts.append(f"`{self.quoted(mean)}` is a mean of up to {longest} positions, so it can be {values}")
        return "".join(f"; {text}" for text in texts)

    def hint_for(self, node: SOp, otherwise: str) -> str:
        """What helps against the many values of an expression: one position instead of a mean, or `otherwise`."""
        means = self.means_of(node)
        if not means:
            return otherwise
        name = self.quoted(means[0])
        return f"if one position is meant by `{name}`, select one: aggregate(select_first(...), ...); or {otherwise}"

    def require_range(self, node: SOp, numbers: Iterable[float]) -> None:
        """Raises C205 for numbers that the residual stream cannot hold."""
        outside = next((number for number in numbers if not in_range(number)), None)
        if outside is not None:
            size = "large" if abs(outside) > 1 else "close to 0"
            text = f"{outside:.3g}" if isfinite(outside) else "10^308"
            raise self.refuse(
                node,
                "C205",
                f"numbers as {size} as {text} are beyond what float32 can be counted with",
                "use numbers of 10^-18 to 10^18",
            )

    def describe_leaves(self, node: SOp) -> str:
        """The leaves that an expression depends on and their domains, for messages."""
        leaves = sorted(self.analysis.leaves(node), key=lambda leaf: leaf.id)
        return ", ".join(f"`{self.quoted(leaf)}`: {self.analysis.domain(leaf).describe()}" for leaf in leaves)

    def quoted(self, node: Node) -> str:
        """A node's name in messages; without a name, its text in the program."""
        text = self.describe(node)
        return text if text.isidentifier() else shortened(" ".join(node.span.text.split())) or text

    def refuse(self, node: Node, code: Code, message: str, hint: str) -> RaspError:
        """The error for an expression that cannot be compiled; the caller raises it."""
        text = f"cannot compile `{self.quoted(node)}`: {message}"
        return RaspError(Diagnostic(code, text, node.span, hint))


def as_form(direction: Direction) -> LinearForm:
    """The form that reads one direction."""
    return LinearForm(((direction, 1.0),), 0.0, direction.low, direction.high, direction.error)
