"""Aggregates and widths as attention heads.

Three levels at which a head works:

- *retrieve*: at most one key is selected; its weight is 1.  BOS stands halfway between what is selected and what is
  not, and is read when nothing else is (omitted when something always is).
- *mean*: the selected keys tie; each weighs 1/w.  BOS as above.
- *count*: BOS stands `COUNT_LOG` = c nats above the selected keys.  Each selected key then weighs e^-c / (1 + w e^-c),
  so that the sum of the selected values, scaled back by e^c, is read off linearly, with a relative error of at most
  w e^-c (below float32's resolution).  Widths and sums therefore need no MLP, and over several heads they add up.
  This is ours: the published constructions read the width from 1 / (1 + w), which takes an MLP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp

from ....rasp_grammar.diagnostics import RaspError
from ...analysis.conjunctions import Conjunction, Predicates, RelationPredicate, TooManyBranches
from ...blocks.blocks import UNIT, Head, Level, LinearForm, Payload, constant_form, representation, sum_forms, to_float
from ...graph.graph import Aggregate, Attended, Constant, Selector, SelectorSum, SelectorWidth, SOp
from ...graph.values import Scalar
from ...graph.walk import comparisons_of
from ..context import Context, as_form
from ..value_views import Wanted
from .score_terms import TablePredicate
from .scores import HARMLESS, Scores
from .split_orders import SplitOrders

#: c, in nats: e^-32 keeps the relative error of a count of 4096 keys below 2^-34.
COUNT_LOG = 32.0
#: Sharpness of heads whose scores need not tie, or tie exactly: the first that gives losers no weight at all.
SHARP = (128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0)
#: Sharpness of heads whose selected keys tie to within a score error only.
GENTLE = (16.0, 32.0, 64.0, 128.0, 256.0, 512.0)
#: exp(-104) is zero in float32: what loses by this much gets no weight at all.
SURE = 104.0
#: More weight than this on keys that are not selected, or a larger relative error of a weight, is refused at once; up
#: to that both are part of the bound on what the head writes.
MOST_LEAKED = 1 / 64
MOST_UNEVEN = 1 / 4


@dataclass(frozen=True)
class ConjunctionScore:
    """One conjunction's scores: the pieces' sum, the level where all parts hold, the distance to where one does not."""

    forms: str
    why: str
    key_only: LinearForm
    query_only: LinearForm | None
    pairs: tuple[tuple[LinearForm, LinearForm], ...]
    level: float
    gap: float
    error: float

    @property
    def time(self) -> int:
        forms = [self.key_only, *(form for pair in self.pairs for form in pair)]
        forms += [] if self.query_only is None else [self.query_only]
        return max(form.time for form in forms)


class Heads:
    """Memoised: heads with the same scores, level and layer are one head with several payloads."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.analysis = context.analysis
        self.predicates = Predicates(context.analysis)
        self.scores = Scores(context)
        self.digits = SplitOrders(context, self.scores)
        self._heads: dict[tuple[object, ...], Head] = {}
        self._values: dict[tuple[object, ...], LinearForm] = {}
        self._scored: dict[tuple[object, ...], list[ConjunctionScore]] = {}

    # ---- when -----------------------------------------------------------------------------------

    def time(self, leaf: Attended) -> int:
        """When the leaf's value is written: after the attention layer that can first read all it needs."""
        features = self.context.features
        latest = 0
        for atom in comparisons_of(leaf.selector):
            latest = max(latest, features.function_time(atom.keys), features.function_time(atom.queries))
        if not isinstance(leaf, SelectorWidth):
            numeric = self.analysis.affine(leaf.values) is not None
            latest = max(latest, features.number_time(leaf.values) if numeric else features.function_time(leaf.values))
        return latest + latest % 2 + 1

    # ---- what -----------------------------------------------------------------------------------

    def conjunctions(self, selector: Selector) -> tuple[Conjunction, ...]:
        try:
            return self.predicates.conjunctions(selector)
        except TooManyBranches:
            raise self.context.refuse(
                selector,
                "C211",
                "the formula distinguishes too many cases",
                "split it into several selectors, or compute part of it as an s-op first",
            ) from None

    def width(self, node: SelectorWidth) -> LinearForm:
        """How many keys are selected, to within the count's error."""
        return self._sum(node.selector, node, constant_form(1.0), float(self.analysis.domain(node).highest))

    def total(self, node: SelectorSum) -> LinearForm:
        """The sum of the selected values."""
        tolerance = 2.0**-6 / self.analysis.space.max_length
        values = self.context.features.settled(node.values, tolerance)
        return self._sum(node.selector, node, values, float(self.analysis.space.max_length))

    def number(self, node: Aggregate) -> LinearForm:
        """The selected value, or the mean of the selected values, of a numeric aggregate."""
        domain = self.analysis.domain(node)
        if not self.analysis.domain(node.values).numeric and not self.context.features.carries(node):
            raise self.mixed(node)
        if self.context.features.carries(node):
            values = domain.values
            assert values is not None
            (form,) = self.retrieved(node, [tuple(map(to_float, values))], values)
            return form
        default = 0.0 if node.default is None else to_float(node.default)
        tolerance = 2.0**-5 / self.analysis.space.max_length**2
        (form,) = self._read(node, [self.context.features.settled(node.values, tolerance)], [default])
        return form

    def mixed(self, node: Aggregate) -> RaspError:
        """The refusal of a mean over values of both kinds."""
        return self.context.refuse(
            node,
            "C214",
            f"it averages where several positions are selected, and its values are "
            f"{self.analysis.domain(node.values).describe()}",
            "average numbers only, or select at most one position",
        )

    def retrieved(self, node: Aggregate, wanted: Sequence[Wanted], values: tuple[Scalar, ...]) -> list[LinearForm]:
        """Functions of the one selected value: the head moves f(v) instead of v.

        Strings move as one-hot unless the smallest model is asked for; then every function is linear in that."""
        inner = self.analysis.domain(node.values)
        assert inner.values is not None
        places = self.analysis.domain(node).positions
        default = node.default
        if default is None and not inner.textual:
            default = 0
        # Where nothing is ever missing, or a missing value is undefined, BOS is not needed and nothing is subtracted.
        spare: list[float | None] = [
            None if default is None else w[places[default]] if default in places else None for w in wanted
        ]
        if not inner.numeric and not self.context.options.small:
            size = len(inner.values)
            hot = [tuple(float(i == j) for j in range(size)) for i in range(size)]
            forms = self._read(node, self.context.features.functions(node.values, hot), [0.0] * size)
            result = []
            for want, base in zip(wanted, spare, strict=True):
                start = 0.0 if base is None else base
                numbers = [want[places[v]] for v in inner.values]
                steps = [(f, n - start) for f, n in zip(forms, numbers, strict=True) if n is not None]
                parts = [form.scaled(step) for form, step in steps if step != 0]
                result.append(sum_forms([*parts, constant_form(start)]))
            return result
        moved = [tuple(want[places[value]] for value in inner.values) for want in wanted]
        forms = self.context.features.functions(node.values, moved)
        return self._read(node, forms, [0.0 if base is None else base for base in spare])

    # ---- reading --------------------------------------------------------------------------------

    def _read(self, node: Aggregate, forms: Sequence[LinearForm], defaults: Sequence[float]) -> list[LinearForm]:
        """What heads read of `forms` over the node's selector, the defaults where nothing is selected."""
        selector = node.selector
        conjunctions = self.conjunctions(selector)
        if not conjunctions:
            return [constant_form(default) for default in defaults]
        strings_without_default = node.default is None and self.analysis.domain(node.values).textual
        always = self.analysis.never_empty(selector) or strings_without_default
        single = self.analysis.at_most_one(selector)
        if len(conjunctions) > 1:
            if not single:
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
        level: Level = "retrieve" if constant or self.analysis.retrieves(node) else "mean"
        (scored,) = self._score(selector, conjunctions, level, exact_level=not always)
        time = max(scored.time, *(form.time for form in forms))
        head = self._head(selector, scored, level, not always, time)
        return [
            self._payload(head, node, form, 0.0 if always else default, place, len(forms))
            for place, (form, default) in enumerate(zip(forms, defaults, strict=True))
        ]

    def _payload(
        self, head: Head, node: Aggregate, form: LinearForm, default: float, place: int, count: int
    ) -> LinearForm:
        key = ("payload", id(head), form.key(), default)
        if key not in self._values:
            moved = form.scaled(1.0, -default)
            size = max(moved.size, abs(form.low), abs(form.high))
            longest = self.analysis.space.max_length
            error = form.error + 2 * size * head.error
            if any(representation(coefficient) > 0 for _, coefficient in form.terms):
                error += 2 * UNIT * form.reach
            if not self.analysis.at_most_one(node.selector):  # weights that add up to 1 within rounding
                error += size * summing(longest)
            error += size * leak(head, longest)
            label = self.context.describe(node)
            one_hot = count > 1 and not self.analysis.domain(node.values).numeric and not self.context.options.small
            value = (self.analysis.domain(node.values).values or ())[place] if one_hot else None
            direction = self.context.direction(
                "head", node, "one-hot" if one_hot else "scalar", f"{label} = {value}" if one_hot else label,
                time=head.time + 1, low=min(moved.low, 0.0), high=max(moved.high, 0.0), error=error, value=value,
            )  # fmt: skip
            head.payloads.append(Payload(moved, direction))
            read = as_form(direction).scaled(1.0, default)
            self._values[key] = read.bounded(min(form.low, default), max(form.high, default))
        return self._values[key]

    def _sum(self, selector: Selector, node: SOp, form: LinearForm, most: float) -> LinearForm:
        """The sum of `form` over the selected keys, by count heads that write one direction."""
        key = ("sum", selector, form.key())
        if key in self._values:
            return self._values[key]
        conjunctions = self.conjunctions(selector)
        if not conjunctions or form.low == form.high == 0.0:
            return constant_form(0.0)
        scored = self._score(selector, conjunctions, "count", exact_level=True)
        heads = [self._head(selector, one, "count", True, max(one.time, form.time)) for one in scored]
        longest = self.analysis.space.max_length
        relative = max(head.error for head in heads) + summing(longest) + longest * exp(-COUNT_LOG)
        low, high = (min(0.0, form.low * most), max(0.0, form.high * most))
        leaked = sum(leak(head, longest) for head in heads)
        error = most * (form.error + form.size * relative) + form.size * leaked
        direction = self.context.direction(
            "head", node, "scalar", self.context.describe(node),
            time=max(head.time for head in heads) + 1, low=low, high=high, error=error,
        )  # fmt: skip
        for head in heads:
            head.payloads.append(Payload(form, direction))
        self._values[key] = as_form(direction)
        return self._values[key]

    # ---- scores ---------------------------------------------------------------------------------

    def _score(
        self, selector: Selector, conjunctions: tuple[Conjunction, ...], level: Level, exact_level: bool
    ) -> list[ConjunctionScore]:
        key = (selector, level, exact_level)
        if key not in self._scored:
            whole = [list(conjunction) for conjunction in conjunctions]
            found = None
            if level == "count":
                split = self.digits.split(conjunctions)
                if len(split) != len(whole):
                    found = [self._join(parts, level, exact_level) for parts in split]
            noisy = (
                found is not None and max(one.error for one in found) > HARMLESS[level] / self.analysis.space.max_length
            )
            # Digits of computed numbers have noise of their own; those of tokens and indices are exact.
            if found is None or (noisy and self.digits.splits_computed(conjunctions)):
                plain = [self._join(parts, level, exact_level) for parts in whole]
                if found is None or max(one.error for one in plain) < max(one.error for one in found):
                    found = plain
            if len(found) != len(whole):
                self.context.split_orders = True
            if len(found) > 1:
                found = [
                    replace(one, why=f"case {place} of {len(found)} that exclude each other: {one.why}")
                    for place, one in enumerate(found, 1)
                ]
            self._scored[key] = found
        return self._scored[key]

    def _join(
        self, parts: Sequence[RelationPredicate | TablePredicate], level: Level, exact_level: bool
    ) -> ConjunctionScore:
        pieces = self.scores.pieces(parts, level=level, exact_level=exact_level)
        key_only = [piece.key_only for piece in pieces if piece.key_only is not None]
        query_only = [piece.query_only for piece in pieces if piece.query_only is not None]
        return ConjunctionScore(
            " and ".join(piece.form for piece in pieces) or "everything",
            "; and ".join(piece.why for piece in pieces) or "nothing is left out",
            sum_forms(key_only),
            sum_forms(query_only) if query_only else None,
            tuple(pair for piece in pieces for pair in piece.pairs),
            sum(piece.level for piece in pieces),
            min((piece.gap for piece in pieces), default=1.0),
            sum(piece.error for piece in pieces),
        )

    def _head(self, selector: Selector, scored: ConjunctionScore, level: Level, with_bos: bool, earliest: int) -> Head:
        time = earliest + earliest % 2
        key = (
            scored.key_only.key(), None if scored.query_only is None else scored.query_only.key(),
            tuple((a.key(), b.key()) for a, b in scored.pairs), level, with_bos, time,
        )  # fmt: skip
        if key not in self._heads:
            self._heads[key] = self._new_head(selector, scored, level, with_bos, time)
            self.context.heads_made.append(self._heads[key])
        return self._heads[key]

    def _too_close(
        self, selector: Selector, distance: float, error: float, weights_error: float, leaked: float
    ) -> RaspError:
        if 2 * error >= distance:
            why = f"scores that should differ by {distance:.2g} are known to within {error:.2g} only"
        elif leaked > MOST_LEAKED:
            why = (
                f"scores that should differ by {distance:.2g} leave keys that are not selected {leaked:.0%} of a weight"
            )
        else:
            why = (
                f"keys that should weigh the same may differ by {weights_error:.0%}, as scores are known to {error:.2g}"
            )
        sizes = {
            f"`{self.context.quoted(side)}`: {self.analysis.domain(side).describe()}": None
            for atom in comparisons_of(selector)
            for side in (atom.keys, atom.queries)
            if not isinstance(side, Constant)
        }
        hint = "use a shorter max_length or a smaller vocabulary, or compare numbers with fewer values"
        return self.context.refuse(selector, "C213", f"{why} ({', '.join(sizes)})", hint)

    def _new_head(self, selector: Selector, scored: ConjunctionScore, level: Level, with_bos: bool, time: int) -> Head:
        fallback, half = between(scored.level, scored.gap)
        distance = half if with_bos and level != "count" else scored.gap
        margin = max(0.0, distance - 2 * scored.error)
        longest = self.analysis.space.max_length
        if level == "retrieve" or scored.error == 0:
            sharpness = next((choice for choice in SHARP if choice * margin >= SURE), SHARP[-1])
        else:
            # A tie is spoiled in proportion to sharpness, the losers shut out exponentially in it.
            sharpness = min(GENTLE, key=lambda choice: 2 * choice * scored.error + longest * exp(-choice * margin))
        weights_error = 0.0 if level == "retrieve" else 2 * sharpness * scored.error
        leaked = longest * exp(-sharpness * margin)
        if leaked > MOST_LEAKED or weights_error > MOST_UNEVEN:
            raise self._too_close(selector, distance, scored.error, weights_error, leaked)
        bos: float | None = None
        if with_bos:
            bos = scored.level + COUNT_LOG / sharpness if level == "count" else fallback
        return Head(
            time,
            selector,
            self.context.describe(selector),
            level,
            scored.forms,
            scored.why,
            sharpness,
            scored.key_only,
            scored.query_only,
            scored.pairs,
            bos,
            exp(COUNT_LOG) if level == "count" else 1.0,
            weights_error,
            scored.error,
            distance / 2,
        )


def summing(longest: int) -> float:
    """Relative float32 error of an average or a count over up to `longest` equal weights.

    Equal terms round the same way again and again, so this grows with their number, not with its root; matrix products
    add in blocks, which leaves a small part of it.  Measured with a plain softmax and matrix product: 8, 15, 62 and 164
    units at 64, 256, 1024 and 4096 keys (`tests/compiler/lower/test_refusals.py` holds compiled models to it)."""
    return (8 + longest / 16) * UNIT


def between(level: float, gap: float) -> tuple[float, float]:
    """BOS's score where it is read when nothing is selected, and its distance from a selected key's score and from the
    best that any other key can have."""
    half = min(gap, 1.0) / 2
    return level - half, half


def leak(head: Head, longest: int) -> float:
    """The weight that all losers together can have, relative to one selected key."""
    return 0.0 if head.sharpness * head.margin >= SURE else longest * exp(-head.sharpness * head.margin)
