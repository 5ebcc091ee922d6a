"""Heads from scores: the sharpness of the softmax, and the score of BOS.

A head has one of four levels:

- *retrieve*: at most one key is selected; its weight is 1.  BOS stands halfway between selected keys and others, and is
  attended to when no key is selected (there is no BOS score where some key always is).
- *mean*: the w selected keys tie; each has weight 1/w.  BOS as above.
- *pick*: of the selected keys one scores highest, by 1 at least; its weight is 1.  BOS stands 1 below the lowest score
  that a selected key can have, and 1 above the highest of the others (see `picks.py`).
- *count*: BOS stands `COUNT_BOS_NATS` = c above the selected keys.  Each selected key then has weight
  e^-c / (1 + w e^-c), so the sum of the selected values, scaled by e^c, is linear in them, with a relative error of at
  most w e^-c (below float32's resolution).  Widths and sums need no MLP, and over several heads they add up.  Ours; the
  published constructions read the width from 1 / (1 + w), which takes an MLP.
"""

from __future__ import annotations

from math import exp

from ....rasp_grammar.diagnostics import RaspError
from ...blocks.blocks import Head, Level
from ...blocks.times import Time
from ...graph.graph import Constant, Selector
from ...graph.walk import comparisons_of, picked_from
from ..context import Context
from .error_bounds import COUNT_BOS_NATS, ZERO_WEIGHT_NATS, bos_between, leaked_weight
from .selector_scores import ConjunctionScore

#: Sharpness of heads whose scores need not tie, or tie exactly: the first that gives other keys weight 0.
UNTIED_SHARPNESS = (128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0)
#: Sharpness of heads whose selected keys tie to within a score error only: the one with the least error.
TIED_SHARPNESS = (16.0, 32.0, 64.0, 128.0, 256.0, 512.0)
#: A head is refused if keys that are not selected may have more weight than this, relative to a selected key, or if the
#: weights of selected keys may differ by more than the second, relative to one of them.  Below that, both are part of
#: the bound on the head's output.
MAX_LEAKED_WEIGHT = 1 / 64
MAX_TIE_WEIGHT_ERROR = 1 / 4


class Heads:
    """Makes heads.  Memoised: heads with the same scores, level and time are one head with several payloads."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.analysis = context.analysis
        self._heads: dict[tuple[object, ...], Head] = {}

    def head(
        self, selector: Selector, score: ConjunctionScore, level: Level, *, with_bos: bool, earliest: Time
    ) -> Head:
        """The head with this score that reads at `earliest` or as soon as possible after it.

        `with_bos`: BOS is attended to when no key is selected.  Raises C213 if the score's error is too large for
        its gap."""
        time = earliest.first_attention_after
        key = (
            score.key_only.key(), None if score.query_only is None else score.query_only.key(),
            tuple((a.key(), b.key()) for a, b in score.pairs), level, with_bos, time,
        )  # fmt: skip
        if key not in self._heads:
            self._heads[key] = self._new_head(selector, score, level, with_bos=with_bos, time=time)
            self.context.heads.append(self._heads[key])
        return self._heads[key]

    def _new_head(
        self, selector: Selector, score: ConjunctionScore, level: Level, *, with_bos: bool, time: Time
    ) -> Head:
        fallback, half = bos_between(score.level, score.gap)
        if level == "pick":
            fallback, distance = score.level - score.gap, score.gap
        else:
            distance = half if with_bos and level != "count" else score.gap
        sharpness = self._sharpness(score, level, distance)
        weights_error = 0.0 if level in ("retrieve", "pick") else 2 * sharpness * score.error
        leaked = leaked_weight(sharpness, _margin(score, distance), self.analysis.space.max_length)
        if leaked > MAX_LEAKED_WEIGHT or weights_error > MAX_TIE_WEIGHT_ERROR:
            raise self._too_close(
                selector, distance=distance, error=score.error, weights_error=weights_error, leaked=leaked
            )
        bos: float | None = None
        if with_bos:
            bos = score.level + COUNT_BOS_NATS / sharpness if level == "count" else fallback
        return Head(
            time=time, selector=selector, label=self.context.describe(selector), level=level, score_kind=score.kind,
            why=score.why, sharpness=sharpness, key_only=score.key_only, query_only=score.query_only,
            pairs=score.pairs, bos=bos, scale=exp(COUNT_BOS_NATS) if level == "count" else 1.0,
            error=weights_error, score_error=score.error, tolerated=distance / 2,
        )  # fmt: skip

    def _sharpness(self, score: ConjunctionScore, level: Level, distance: float) -> float:
        margin = _margin(score, distance)
        if level in ("retrieve", "pick") or score.error == 0:
            return next(
                (choice for choice in UNTIED_SHARPNESS if choice * margin >= ZERO_WEIGHT_NATS), UNTIED_SHARPNESS[-1]
            )
        # The weights of tied keys differ in proportion to sharpness; the others' weight falls exponentially with it.
        longest = self.analysis.space.max_length
        return min(TIED_SHARPNESS, key=lambda choice: 2 * choice * score.error + leaked_weight(choice, margin, longest))

    def _too_close(
        self, selector: Selector, *, distance: float, error: float, weights_error: float, leaked: float
    ) -> RaspError:
        if 2 * error >= distance:
            why = f"scores that should differ by {distance:.2g} are known to within {error:.2g} only"
        elif leaked > MAX_LEAKED_WEIGHT:
            why = (
                f"scores that should differ by {distance:.2g} leave keys that are not selected {leaked:.0%} of a weight"
            )
        else:
            why = (
                f"keys that should weigh the same may differ by {weights_error:.0%}, as scores are known to {error:.2g}"
            )
        sizes = {
            f"`{self.context.quoted(side)}`: {self.analysis.domain(side).describe()}": None
            for atom in comparisons_of(picked_from(selector))
            for side in (atom.keys, atom.queries)
            if not isinstance(side, Constant)
        }
        hint = "use a shorter max_length or a smaller vocabulary, or compare numbers with fewer values"
        return self.context.refuse(selector, "C213", f"{why} ({', '.join(sizes)})", hint)


def _margin(score: ConjunctionScore, distance: float) -> float:
    """The distance of scores after all errors."""
    return max(0.0, distance - 2 * score.error)
