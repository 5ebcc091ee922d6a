"""Outputs: logits whose argmax is the value, or a number.

- One-hot: the logit of a value is its indicator.
- By code: a form y equals c_v where the output is v; the logit 2 (c_v - c) y - (c_v - c)^2 is largest for the nearest
  code.  c centres the codes.
"""

from __future__ import annotations

import itertools
from math import inf

from ...rasp_grammar.diagnostics import RaspError
from ..blocks.blocks import ClassDecode, NumberDecode, OutputBlock
from ..blocks.forms import UNIT, LinearForm, to_float
from ..graph.graph import SOp
from ..graph.values import Scalar, Undefined
from ..interpret.interpreter import define_hint, evaluate
from ..options import Strategy
from .context import Context
from .refusals import Refusal, attempt
from .views import Views

#: A number with at most this many values is always named exactly: by classes if not by the number itself.
MAX_EXACTLY_NAMED_VALUES = 1024
#: A number that cannot be named exactly is given as it is if its error is at most this fraction of its range.
MAX_APPROXIMATE_ERROR = 2.0**-10
#: The error of an indicator must be less: half of the distance at which two logits meet.
INDICATOR_TOLERANCE = 0.25


class Outputs:
    """Makes output blocks."""

    def __init__(self, context: Context, views: Views) -> None:
        self.context = context
        self.analysis = context.analysis
        self.views = views

    def output(self, name: str, node: SOp, *, prints_truths: bool) -> OutputBlock:
        """The block of one output.  `prints_truths`: 0 and 1 print as false and true.

        Raises C220 for an output that is always undefined, C221 for one whose values cannot be told apart."""
        domain = self.analysis.domain(node)
        if domain.values == ():
            raise self._always_undefined(node)
        values = self.context.listed_values(node) if not domain.numeric else domain.values
        if values is None:
            return self._number(name, node, prints_truths)
        if len(values) > 2 and not domain.numeric and not self.context.options.small:
            block = attempt(lambda: self._one_hot(name, node, values))
            if isinstance(block, OutputBlock):
                return block  # otherwise one number may still tell the values apart
        return self._by_code(name, node, values, prints_truths)

    def _always_undefined(self, node: SOp) -> RaspError:
        """The error for an output without a value, with the reason at the first position of one input."""
        vocabulary = self.analysis.space.vocabulary
        (value, *_) = evaluate([node], vocabulary[:1], causal=self.context.options.causal, vocabulary=vocabulary)[node]
        assert isinstance(value, Undefined)
        message = f"it is undefined on every input: {value.reason}"
        return self.context.refuse(node, "C220", message, define_hint(value))

    def _one_hot(self, name: str, node: SOp, values: tuple[Scalar, ...]) -> OutputBlock | None:
        """One logit for each value; None if they are too noisy."""
        forms = self.views.indicators(node, [frozenset({i}) for i in range(len(values))])
        error = max(form.error for form in forms)
        if error >= INDICATOR_TOLERANCE:
            return None
        undefined = self.analysis.domain(node).undefined
        return OutputBlock(name, node, ClassDecode(values, tuple(forms)), undefined, error, 2 * INDICATOR_TOLERANCE)

    def _by_code(self, name: str, node: SOp, values: tuple[Scalar, ...], prints_truths: bool) -> OutputBlock:
        """By the code nearest to a form: of numbers the value, of other values their position in the domain."""
        numeric = self.analysis.domain(node).numeric
        numbers = tuple(to_float(value) for value in values if not isinstance(value, str))
        codes = numbers if numeric else _places(values)
        if not numeric and _logit_rounding(codes) >= _tolerance(codes):
            raise self._too_many_classes(node, values)
        form = attempt(lambda: self.views.function(node, codes))
        if isinstance(form, Refusal):
            named = None
            if numeric and len(values) <= MAX_EXACTLY_NAMED_VALUES:
                named = self._by_place(name, node, values)
            if named is None:
                raise form.error
            return named
        limit, error = _tolerance(codes), _noise(codes, form)
        if error >= limit and numeric:
            # Without the rounding of logits, by which 4,096 numbers or more are never told apart.
            return self._number(name, node, prints_truths)
        if error >= limit:
            raise self._too_noisy(node, error, limit)
        return self._nearest(name, node, values, codes=codes, form=form)

    def _by_place(self, name: str, node: SOp, values: tuple[Scalar, ...]) -> OutputBlock | None:
        """A number by the positions of its values in the domain, or one-hot; None if both are too noisy.

        A value far from the others makes the number itself steep, but not its position."""
        places = _places(values)
        form = attempt(lambda: self.views.function(node, places))
        if isinstance(form, Refusal):
            return None
        if _noise(places, form) < _tolerance(places):
            return self._nearest(name, node, values, codes=places, form=form)
        block = attempt(lambda: self._one_hot(name, node, values))
        return None if isinstance(block, Refusal) else block

    def _nearest(
        self, name: str, node: SOp, values: tuple[Scalar, ...], *, codes: tuple[float, ...], form: LinearForm
    ) -> OutputBlock:
        """Logits that are largest for the code nearest to the form's value."""
        centre = codes[len(codes) // 2]
        logits = tuple(
            form.scaled(2 * (code - centre), -2 * (code - centre) * centre - (code - centre) ** 2) for code in codes
        )
        undefined = self.analysis.domain(node).undefined
        limit = _tolerance(codes)
        tolerated = limit if limit < inf else 1.0
        return OutputBlock(name, node, ClassDecode(values, logits), undefined, _noise(codes, form), tolerated)

    def _number(self, name: str, node: SOp, prints_truths: bool) -> OutputBlock:
        """The number itself, to be rounded to the nearest value that the output can take.

        If its error is too large for that, the values are named by position while they are few.  Otherwise the number
        is given as it is, with its error bound."""
        domain = self.analysis.domain(node)
        form = self.views.identity(node)
        error = form.error + 2 * UNIT * form.reach
        bound = domain.max_denominator if domain.values is None else None
        listed = domain.values
        if listed is not None:
            tolerance = _tolerance(tuple(map(to_float, listed)))
        else:
            tolerance = 0.0 if bound is None else 0.5 / (bound * bound)
        if error >= tolerance:
            if listed is not None and len(listed) <= MAX_EXACTLY_NAMED_VALUES:
                named = self._by_place(name, node, listed)
                if named is None:
                    raise self._too_noisy(node, error, tolerance)
                return named
            if prints_truths:
                raise self._truths_among_means(node)
            if error > MAX_APPROXIMATE_ERROR * float(domain.highest - domain.lowest):
                raise self._too_noisy(node, error, tolerance)
            if self.context.noise_is_reducible and self.context.strategy is not Strategy.APPROXIMATE_OUTPUT:
                self.context.output_is_approximable = True
                raise self._too_noisy(node, error, tolerance)
            bound, listed = None, None
        decode = NumberDecode(form, domain.lowest, domain.highest, bound, listed)
        return OutputBlock(name, node, decode, domain.undefined, error, tolerance if error < tolerance else 0.0)

    def _truths_among_means(self, node: SOp) -> RaspError:
        """C221: 0 and 1 print as false and true, so they must be told apart from the closest means."""
        return self.context.refuse(
            node,
            "C221",
            "the output is true, false, or a mean of such values, and its means are too fine a scale to tell apart",
            "use a shorter max_length, or add 0: a plain number is read out as it is, with its error bound",
        )

    def _too_many_classes(self, node: SOp, values: tuple[Scalar, ...]) -> RaspError:
        """C221: more strings and numbers than logits can tell apart."""
        return self.context.refuse(
            node,
            "C221",
            f"the output is one of {len(values):,} values, not all of them numbers; that is too many to tell apart",
            "use a shorter max_length, or round the output to fewer values",
        )

    def _too_noisy(self, node: SOp, error: float, limit: float) -> RaspError:
        return self.context.refuse(
            node,
            "C221",
            f"the output is known to {error:.2g} only, but must be known to {limit:.2g} to be told from its neighbours",
            "use a shorter max_length, or round the output to fewer values",
        )


def _places(values: tuple[Scalar, ...]) -> tuple[float, ...]:
    return tuple(map(float, range(len(values))))


def _tolerance(codes: tuple[float, ...]) -> float:
    """The error at which a code is no longer nearest to itself."""
    return min((b - a for a, b in itertools.pairwise(codes)), default=inf) / 2


def _noise(codes: tuple[float, ...], form: LinearForm) -> float:
    """The error of comparing two logits, in units of the code: the form's error and the rounding of the logits.

    The difference of neighbouring logits is 2 * gap * (y - midpoint); its rounding is relative to its terms."""
    tolerance = _tolerance(codes)
    if tolerance == 0:
        return inf
    centre = codes[len(codes) // 2]
    largest = max(abs(code - centre) for code in codes)
    reach = max(form.reach + abs(centre), largest)
    return form.error + 2 * UNIT * reach + UNIT * largest * reach / tolerance


def _logit_rounding(codes: tuple[float, ...]) -> float:
    """The least noise of any form, in units of the code: the rounding of the logits."""
    centre = codes[len(codes) // 2]
    largest = max(abs(code - centre) for code in codes)
    return UNIT * largest * largest / _tolerance(codes)
