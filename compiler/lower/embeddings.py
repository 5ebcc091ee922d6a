"""Functions of the token alone or the index alone: directions that the embedding writes."""

from __future__ import annotations

from collections.abc import Sequence

from ..blocks.forms import Direction, LinearForm, Role, representation
from ..blocks.times import Time
from ..graph.graph import SOp, Tokens
from ..graph.values import Scalar
from .context import Context, as_form
from .targets import TargetFunction

#: So many functions of one leaf at a time, and at least one fewer than the leaf has values, are read off a one-hot.
MIN_FUNCTIONS_FOR_ONE_HOT = 3
#: A label lists at most so many values of a set.
MAX_LABEL_VALUES = 4


class Embeddings:
    """Makes embedded directions; functions that are affine in one another share one."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.analysis = context.analysis
        self._scalars: dict[tuple[str, tuple[float, ...]], tuple[Direction, float, float]] = {}
        self._one_hot: dict[SOp, tuple[Direction, ...]] = {}

    def functions(self, leaf: SOp, targets: Sequence[TargetFunction]) -> list[LinearForm]:
        """One form for each (not constant) target function of the tokens or the indices.

        Strings are one-hot unless the smallest model is asked for.  Raises C201 if the values are too many to list."""
        values = self.context.listed_values(leaf)
        numeric = self.analysis.domain(leaf).numeric
        many = len(targets) >= max(MIN_FUNCTIONS_FOR_ONE_HOT, len(values) - 1)
        if leaf in self._one_hot or many or (not numeric and not self.context.options.small):
            return [self._from_one_hot(leaf, target) for target in targets]
        return [self._from_scalar(leaf, target) for target in targets]

    def _from_one_hot(self, leaf: SOp, target: TargetFunction) -> LinearForm:
        if leaf not in self._one_hot:
            text = self.context.describe(leaf)
            values = self.context.listed_values(leaf)
            self._one_hot[leaf] = tuple(
                self.context.direction(
                    role=_role(leaf), node=leaf, kind="one-hot", label=f"{text} = {value}",
                    time=Time(0), low=0.0, high=1.0, error=0.0, value=value,
                    data=self._by_id(leaf, [float(other == place) for other in range(len(values))]),
                )
                for place, value in enumerate(values)
            )  # fmt: skip
        numbers = _filled(target)
        terms = tuple((d, number) for d, number in zip(self._one_hot[leaf], numbers, strict=True) if number != 0)
        return LinearForm(terms, 0.0, min(numbers), max(numbers), max(map(representation, numbers)))

    def _from_scalar(self, leaf: SOp, target: TargetFunction) -> LinearForm:
        numbers = _filled(target)
        role = _role(leaf)
        low, high = min(numbers), max(numbers)
        shape = tuple((number - low) / (high - low) for number in numbers)
        flipped = tuple((high - number) / (high - low) for number in numbers)
        for key, sign in ((shape, 1), (flipped, -1)):
            found = self._scalars.get((role, key))
            if found is not None:
                direction, first_low, first_high = found
                factor = sign * (high - low) / (first_high - first_low)
                start = low if sign == 1 else high
                return as_form(direction).scaled(factor, start - factor * first_low).bounded(low, high)
        values = self.context.listed_values(leaf)
        text = self.context.describe(leaf)
        identity = all(
            not isinstance(value, str) and number == value for number, value in zip(numbers, values, strict=True)
        )
        direction = self.context.direction(
            role=role, node=leaf, kind="scalar" if identity else "feature",
            label=text if identity else _function_label(text, values, numbers),
            time=Time(0), low=low, high=high, error=max(map(representation, numbers)), data=self._by_id(leaf, numbers),
        )  # fmt: skip
        self._scalars[role, shape] = (direction, low, high)
        return as_form(direction)

    def _by_id(self, leaf: SOp, numbers: Sequence[float]) -> tuple[float, ...]:
        """Numbers in the order of the leaf's domain, reordered by token id (indices stay as they are)."""
        if not isinstance(leaf, Tokens):
            return tuple(numbers)
        positions = self.analysis.domain(leaf).positions
        return tuple(numbers[positions[token]] for token in self.analysis.space.vocabulary)


def _role(leaf: SOp) -> Role:
    return "tokens" if isinstance(leaf, Tokens) else "indices"


def _filled(target: TargetFunction) -> list[float]:
    """The target's numbers; a don't-care gets the first number that is not one."""
    default = next(number for number in target if number is not None)
    return [default if number is None else number for number in target]


def _function_label(text: str, values: Sequence[Scalar], numbers: Sequence[float]) -> str:
    ones = [value for value, number in zip(values, numbers, strict=True) if number == 1.0]
    if set(numbers) <= {0.0, 1.0}:
        listed = ", ".join(map(str, ones[:MAX_LABEL_VALUES])) + (", ..." if len(ones) > MAX_LABEL_VALUES else "")
        return f"{text} = {listed}" if len(ones) == 1 else f"{text} in {{{listed}}}"
    return f"f({text})"
