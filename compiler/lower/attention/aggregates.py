"""Aggregates, widths and sums: what heads read, and the directions that they write."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from ....rasp_grammar.diagnostics import RaspError
from ...blocks.blocks import Head, Level, Payload
from ...blocks.forms import UNIT, LinearForm, constant_form, representation, sum_forms, to_float
from ...blocks.times import Time
from ...graph.graph import Aggregate, Selector, SelectorPick, SelectorSum, SelectorWidth, SOp
from ...graph.values import Scalar
from ...graph.walk import picked_from
from ..context import Context, as_form
from ..ready_times import ReadyTimes
from ..targets import TargetFunction
from ..views import Views
from .error_bounds import COUNT_BOS_NATS, averaging_error, leak
from .heads import Heads
from .selector_scores import SelectorScores

#: The error of a value under a sum, times the longest input, beyond which a step function removes its noise.
MAX_SUMMED_ERROR = 2.0**-6
#: The error of a value under a mean, times the square of the longest input, beyond which a step function removes its
#: noise: two means of n values may differ by 1/n^2.
MAX_AVERAGED_ERROR = 2.0**-5


class Aggregates:
    """Makes the values of aggregates, widths and sums."""

    def __init__(self, context: Context, times: ReadyTimes, views: Views, scores: SelectorScores) -> None:
        self.context = context
        self.analysis = context.analysis
        self.times = times
        self.views = views
        self.scores = scores
        self.heads = Heads(context)
        self._forms: dict[tuple[object, ...], LinearForm] = {}

    def width(self, node: SelectorWidth) -> LinearForm:
        """The number of selected keys."""
        most = float(self.analysis.domain(node).highest)
        return self._sum(node.selector, node, constant_form(1.0), most)

    def total(self, node: SelectorSum) -> LinearForm:
        """The sum of the selected values."""
        longest = self.analysis.space.max_length
        values = self.views.denoised(node.values, MAX_SUMMED_ERROR / longest)
        return self._sum(node.selector, node, values, float(longest))

    def number(self, node: Aggregate) -> LinearForm:
        """The selected value, or the mean of the selected values.  Raises C214 for a mean of strings."""
        domain = self.analysis.domain(node)
        if not self.analysis.domain(node.values).numeric and not self.times.carries_functions(node):
            raise self.mean_of_strings(node)
        if self.times.carries_functions(node):
            values = domain.values
            assert values is not None
            (form,) = self.retrieved(node, [tuple(map(to_float, values))], values)
            return form
        default = 0.0 if node.default is None else to_float(node.default)
        tolerance = MAX_AVERAGED_ERROR / self.analysis.space.max_length**2
        (form,) = self._read(node, [self.views.denoised(node.values, tolerance)], [default])
        return form

    def mean_of_strings(self, node: Aggregate) -> RaspError:
        """C214: the refusal of a mean of values that are not all numbers."""
        return self.context.refuse(
            node,
            "C214",
            f"it averages where several positions are selected, and its values are "
            f"{self.analysis.domain(node.values).describe()}",
            "average numbers only, or select at most one position",
        )

    def retrieved(
        self, node: Aggregate, targets: Sequence[TargetFunction], values: tuple[Scalar, ...]
    ) -> list[LinearForm]:
        """Target functions of the one selected value: the head moves f(v) instead of v.  `values`: the node's domain.

        Strings move as one-hot unless the smallest model is asked for; then every function is linear in that."""
        inner = self.analysis.domain(node.values)
        assert inner.values is not None
        places = self.analysis.domain(node).positions
        default = node.default
        if default is None and not inner.textual:
            default = 0
        # Where no value is missing, or a missing value is undefined, BOS is not needed and nothing is subtracted.
        default_numbers: list[float | None] = [
            None if default is None else target[places[default]] if default in places else None for target in targets
        ]
        if not inner.numeric and not self.context.options.small:
            size = len(inner.values)
            one_hot = [tuple(float(i == j) for j in range(size)) for i in range(size)]
            forms = self._read(node, self.views.functions(node.values, one_hot), [0.0] * size)
            result = []
            for target, number in zip(targets, default_numbers, strict=True):
                start = 0.0 if number is None else number
                numbers = [target[places[v]] for v in inner.values]
                steps = [(f, n - start) for f, n in zip(forms, numbers, strict=True) if n is not None]
                terms = [form.scaled(step) for form, step in steps if step != 0]
                result.append(sum_forms([*terms, constant_form(start)]))
            return result
        moved = [tuple(target[places[value]] for value in inner.values) for target in targets]
        forms = self.views.functions(node.values, moved)
        return self._read(node, forms, [0.0 if number is None else number for number in default_numbers])

    # ---- means and single values ----------------------------------------------------------------

    def _read(self, node: Aggregate, forms: Sequence[LinearForm], defaults: Sequence[float]) -> list[LinearForm]:
        """The means of `forms` over the node's selector, or the defaults where nothing is selected.

        Raises C212 for a mean that takes several heads."""
        selector = node.selector
        conjunctions = self.scores.conjunctions(picked_from(selector))
        if not conjunctions:
            return [constant_form(default) for default in defaults]
        strings_without_default = node.default is None and self.analysis.domain(node.values).textual
        always = self.analysis.selectors.never_empty(selector) or strings_without_default
        if len(conjunctions) > 1:
            if not self.analysis.selectors.at_most_one(selector):
                raise self.context.refuse(
                    node,
                    "C212",
                    "a mean over a selector that needs several heads has no exact form",
                    "combine the comparisons into one s-op on each side, and select on that",
                )
            return [
                self._sum(selector, node, form.scaled(1.0, -default), 1.0).scaled(1.0, default)
                for form, default in zip(forms, defaults, strict=True)
            ]
        # Weights need not tie where they do not matter: for one key, for a constant, and for strings, whose mean is
        # only defined when all the selected ones are equal.
        constant = all(not form.terms for form in forms)
        level: Level = "retrieve" if constant or self.analysis.selectors.retrieves(node) else "mean"
        if isinstance(selector, SelectorPick):
            level = "pick"
        (score,) = self.scores.scores(selector, level, level_is_exact=not always)
        time = Time.latest([score.time, *(form.time for form in forms)])
        head = self.heads.head(selector, score, level, with_bos=not always, earliest=time)
        label = self.context.describe(node)
        one_hot_values: Sequence[Scalar | None] = [None] * len(forms)
        if len(forms) > 1 and not self.analysis.domain(node.values).numeric and not self.context.options.small:
            one_hot_values = self.analysis.domain(node.values).values or ()
        return [
            self._payload(head, node, form, default=0.0 if always else default, label=label, value=value)
            for form, default, value in zip(forms, defaults, one_hot_values, strict=True)
        ]

    def _payload(
        self, head: Head, node: Aggregate, form: LinearForm, *, default: float, label: str, value: Scalar | None
    ) -> LinearForm:
        """The form of a value that a head moves.  `value`: of a one-hot direction, the value that it stands for."""
        key = ("payload", id(head), form.key(), default)
        if key not in self._forms:
            moved = form.scaled(1.0, -default)
            is_one_hot = value is not None
            direction = self.context.direction(
                role="head", node=node, kind="one-hot" if is_one_hot else "scalar",
                label=f"{label} = {value}" if is_one_hot else label, time=head.time.written,
                low=min(moved.low, 0.0), high=max(moved.high, 0.0),
                error=self._payload_error(head, node, form, moved), value=value,
            )  # fmt: skip
            head.payloads.append(Payload(moved, direction))
            read = as_form(direction).scaled(1.0, default)
            self._forms[key] = read.bounded(min(form.low, default), max(form.high, default))
        return self._forms[key]

    def _payload_error(self, head: Head, node: Aggregate, form: LinearForm, moved: LinearForm) -> float:
        """The error of a weighted mean; `moved` is the form less its default."""
        size = max(moved.size, abs(form.low), abs(form.high))
        longest = self.analysis.space.max_length
        error = form.error + 2 * size * head.error
        if any(representation(coefficient) > 0 for _, coefficient in form.terms):
            error += 2 * UNIT * form.reach
        if not self.analysis.selectors.at_most_one(node.selector):  # weights that add up to 1 within rounding
            error += size * averaging_error(longest)
        return error + size * leak(head, longest)

    # ---- sums -----------------------------------------------------------------------------------

    def _sum(self, selector: Selector, node: SOp, form: LinearForm, most: float) -> LinearForm:
        """The sum of `form` over the selected keys, at most `most` of them, by counting heads that write one
        direction."""
        key = ("sum", selector, form.key())
        if key in self._forms:
            return self._forms[key]
        if not self.scores.conjunctions(selector) or form.low == form.high == 0.0:
            return constant_form(0.0)
        scores = self.scores.scores(selector, "count", level_is_exact=True)
        heads = [
            self.heads.head(selector, score, "count", with_bos=True, earliest=Time.latest([score.time, form.time]))
            for score in scores
        ]
        longest = self.analysis.space.max_length
        relative = max(head.error for head in heads) + averaging_error(longest) + longest * exp(-COUNT_BOS_NATS)
        low, high = (min(0.0, form.low * most), max(0.0, form.high * most))
        leaked = sum(leak(head, longest) for head in heads)
        direction = self.context.direction(
            role="head", node=node, kind="scalar", label=self.context.describe(node),
            time=Time.latest(head.time for head in heads).written, low=low, high=high,
            error=most * (form.error + form.size * relative) + form.size * leaked,
        )  # fmt: skip
        for head in heads:
            head.payloads.append(Payload(form, direction))
        self._forms[key] = as_form(direction)
        return self._forms[key]
