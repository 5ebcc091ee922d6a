"""Lowering: a simplified program graph comes in, blocks (attention heads, neuron groups, outputs) go out."""

from __future__ import annotations

from collections.abc import Callable

from ...rasp_grammar.diagnostics import RaspError
from ..analysis.node_facts import Analysis
from ..blocks.blocks import Blocks, needed_directions
from ..graph.graph import Node, Program
from ..graph.walk import attention_depths
from ..options import CompileOptions, Strategy
from .attention.aggregates import Aggregates
from .attention.picks import Slopes
from .attention.scores import Scores
from .attention.selector_scores import SelectorScores
from .attention.truth_sums import TruthSums
from .context import Context
from .neurons.joint_functions import JointFunctions
from .outputs import Outputs
from .ready_times import ReadyTimes
from .refusals import LoweringRefused
from .value_views import ValueViews

__all__ = ["LoweringRefused", "lower", "views_of"]


def lower(
    program: Program,
    analysis: Analysis,
    *,
    options: CompileOptions,
    describe: Callable[[Node], str],
    truths: frozenset[str],
    strategy: Strategy,
) -> Blocks:
    """Blocks that compute the program's outputs, without directions that no output depends on.

    `describe` gives a node's text for labels and messages; `truths` names the outputs that print 0 and 1 as truths.

    Raises LoweringRefused (C201 to C221) for what has no exact form with this strategy.
    """
    context = Context(analysis, options, describe, strategy)
    views = views_of(context)
    makers = Outputs(context, views)
    try:
        outputs = [makers.output(name, node, prints_truths=name in truths) for name, node in program.outputs]
    except RaspError as error:
        raise LoweringRefused(error, context.strategies_that_may_help(), context.meets_wide_orders) from None
    needed = needed_directions(outputs, context.heads, context.groups)
    for head in context.heads:
        head.payloads = [payload for payload in head.payloads if payload.direction in needed]
    for group in context.groups:
        group.outputs = [(direction, weights) for direction, weights in group.outputs if direction in needed]
    depths = attention_depths(node for _, node in program.outputs)
    return Blocks(
        [head for head in context.heads if head.payloads],
        [group for group in context.groups if group.outputs],
        outputs,
        max(depths[node] for _, node in program.outputs),
        context.split_orders,
        views.readings(),
    )


def views_of(context: Context) -> ValueViews:
    """The views of a lowering's values, with all makers connected."""
    times = ReadyTimes(context.analysis)
    views = ValueViews(context, times)
    joint = JointFunctions(context, times, views)
    scores = Scores(context, views, TruthSums(context, times, views, joint.neuron_count))
    aggregates = Aggregates(
        context, times, views, SelectorScores(context, times, scores, Slopes(context.analysis, views))
    )
    views.connect(joint, aggregates)  # the one knot: these makers read the values that the views ask them to make
    return views
