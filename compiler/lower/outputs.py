"""How an output is read from the residual stream: logits whose argmax is the value, or a number.

- One-hot: a value's logit is its indicator.
- By code: a form y that equals c_v where the output is v; the logit 2 (c_v - c) y - (c_v - c)^2 is largest for the
  nearest code (centred at c).
"""

from __future__ import annotations

import itertools
from math import inf

from ...rasp_grammar.diagnostics import RaspError
from ..blocks.blocks import UNIT, ClassDecode, LinearForm, NumberDecode, OutputBlock, to_float
from ..graph.graph import SOp
from ..graph.values import Scalar
from ..options import Strategy
from .context import Context

#: Outputs with at most this many values are always named exactly.
FEW = 1024
#: A number that cannot be named is of use when its error is at most this part of the range of its values.
MOST_INEXACT = 2.0**-10


class Outputs:
    """Makes output blocks."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.analysis = context.analysis

    def output(self, name: str, node: SOp, truths: bool) -> OutputBlock:
        """`truths`: 0 and 1 print as false and true."""
        domain = self.analysis.domain(node)
        if domain.values == ():
            raise self.context.refuse(
                node, "C220", "it is undefined on every input", "give `aggregate` a default, or guard the expression"
            )
        values = self.context.features.values(node) if not domain.numeric else domain.values
        if values is None:
            return self._number(name, node, truths)
        if len(values) > 2 and not domain.numeric and not self.context.options.small:
            try:
                forms = self.context.features.indicators(node, [frozenset({i}) for i in range(len(values))])
                if max(form.error for form in forms) < 0.25:
                    return self._one_hot(name, node, values, forms)
            except RaspError:
                pass  # too many values for one-hot; as one number they may still be told apart
        return self._by_code(name, node, values, truths)

    def _one_hot(self, name: str, node: SOp, values: tuple[Scalar, ...], forms: list[LinearForm]) -> OutputBlock:
        error = max(form.error for form in forms)
        undefined = self.analysis.domain(node).undefined
        return OutputBlock(name, node, ClassDecode(values, tuple(forms)), undefined, error, 0.5)

    def _by_code(self, name: str, node: SOp, values: tuple[Scalar, ...], truths: bool) -> OutputBlock:
        numeric = self.analysis.domain(node).numeric
        places = tuple(float(place) for place in range(len(values)))
        codes = tuple(to_float(value) for value in values if not isinstance(value, str)) if numeric else places
        try:
            form = self.context.features.function(node, codes)
        except RaspError:
            named = self._otherwise(name, node, values) if numeric and len(values) <= FEW else None
            if named is None:
                raise
            return named
        return self._nearest(name, node, values, codes, form, truths)

    def _otherwise(self, name: str, node: SOp, values: tuple[Scalar, ...]) -> OutputBlock | None:
        """A number's classes by their places or one-hot: a value far from the others makes the number itself steep."""
        places = tuple(float(place) for place in range(len(values)))
        try:
            form = self.context.features.function(node, places)
            if self._noise(places, form) < self._tolerated(places):
                return self._nearest(name, node, values, places, form, truths=False)
            forms = self.context.features.indicators(node, [frozenset({i}) for i in range(len(values))])
            if max(one.error for one in forms) < 0.25:
                return self._one_hot(name, node, values, forms)
        except RaspError:
            pass  # what is said is about the number
        return None

    def _tolerated(self, codes: tuple[float, ...]) -> float:
        """How far a code may be off and still be nearest to itself."""
        return min((b - a for a, b in itertools.pairwise(codes)), default=inf) / 2

    def _noise(self, codes: tuple[float, ...], form: LinearForm) -> float:
        """The error of a logit's comparison: that of the form, and the rounding of the logits.

        The difference of neighbouring logits is 2 * gap * (y - midpoint); its rounding is relative to the terms."""
        if self._tolerated(codes) == 0:
            return inf
        centre = codes[len(codes) // 2]
        largest = max(abs(code - centre) for code in codes)
        reach = max(form.reach + abs(centre), largest)
        return form.error + 2 * UNIT * reach + UNIT * largest * reach / self._tolerated(codes)

    def _nearest(
        self, name: str, node: SOp, values: tuple[Scalar, ...], codes: tuple[float, ...], form: LinearForm, truths: bool
    ) -> OutputBlock:
        """Logits that are largest for the code nearest to the form's value."""
        centre = codes[len(codes) // 2]
        limit, error = self._tolerated(codes), self._noise(codes, form)
        if error >= limit and self.analysis.domain(node).numeric:
            # Read without the logits' rounding, by which 4,096 numbers or more are never told apart.
            return self._number(name, node, truths)
        if error >= limit:
            raise self._too_noisy(node, error, limit)
        logits = tuple(
            form.scaled(2 * (code - centre), -2 * (code - centre) * centre - (code - centre) ** 2) for code in codes
        )
        undefined = self.analysis.domain(node).undefined
        tolerated = limit if limit < inf else 1.0
        return OutputBlock(name, node, ClassDecode(values, logits), undefined, error, tolerated)

    def _number(self, name: str, node: SOp, truths: bool) -> OutputBlock:
        """The number itself, to be moved to the nearest value that the output can take."""
        domain = self.analysis.domain(node)
        form = self.context.features.identity(node)
        error = form.error + 2 * UNIT * form.reach
        bound = domain.max_denominator if domain.values is None else None
        if domain.values is not None:
            numbers = list(map(to_float, domain.values))
            tolerance = min(b - a for a, b in itertools.pairwise(numbers)) / 2
        else:
            tolerance = 0.0 if bound is None else 0.5 / (bound * bound)
        listed = domain.values
        if error >= tolerance:
            if listed is not None and len(listed) <= FEW:
                named = self._otherwise(name, node, listed)
                if named is None:
                    raise self._too_noisy(node, error, tolerance)
                return named
            if truths:
                raise self._unnamed_truths(node)
            hopeful = self.context.improvable and self.context.effort is not Strategy.APPROXIMATE_OUTPUT
            if hopeful or error > MOST_INEXACT * float(domain.highest - domain.lowest):
                raise self._too_noisy(node, error, tolerance)
            bound, listed = None, None  # too fine a scale to name the value: the number itself, with its error bound
        decode = NumberDecode(form, domain.lowest, domain.highest, bound, listed)
        return OutputBlock(name, node, decode, domain.undefined, error, tolerance if error < tolerance else 0.0)

    def _unnamed_truths(self, node: SOp) -> Exception:
        """0 and 1 print as false and true, so they must be told from the means beside them, however near."""
        return self.context.refuse(
            node,
            "C221",
            "the output is true, false, or a mean of such values, and its means are too fine a scale to tell apart",
            "use a shorter max_length, or add 0: a plain number is read out as it is, with its error bound",
        )

    def _too_noisy(self, node: SOp, error: float, limit: float) -> Exception:
        return self.context.refuse(
            node,
            "C221",
            f"the output is known to {error:.2g} only, but must be known to {limit:.2g} to be told from its neighbours",
            "use a shorter max_length, or round the output to fewer values",
        )
