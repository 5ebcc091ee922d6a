"""Lowering: a simplified program graph becomes blocks (attention heads, neuron groups, logits)."""

from __future__ import annotations

from collections.abc import Callable

from ..analysis.node_facts import Analysis
from ..blocks.blocks import Blocks, needed_directions
from ..graph.graph import Node, Program
from ..graph.walk import attention_depths
from ..options import CompileOptions, Strategy
from .attention.heads import Heads
from .context import Context
from .outputs import Outputs
from .value_views import ValueViews

__all__ = ["CompileOptions", "Strategy", "lower"]


def lower(
    program: Program,
    analysis: Analysis,
    options: CompileOptions,
    describe: Callable[[Node], str],
    truths: frozenset[str],
    effort: Strategy,
) -> Blocks:
    """Blocks that compute the program's outputs, without what no output depends on.

    `describe` gives a node's text for labels and messages; `truths` names the outputs that print 0 and 1 as truths.

    Raises RaspError for what has no exact form or is too large; dearer forms (`effort`) may be exact.
    """
    context = Context(analysis, options, describe, effort)
    context.features = ValueViews(context)
    context.heads = Heads(context)
    outputs = [Outputs(context).output(name, node, name in truths) for name, node in program.outputs]
    needed = needed_directions(outputs, context.heads_made, context.groups_made)
    for head in context.heads_made:
        head.payloads = [payload for payload in head.payloads if payload.direction in needed]
    for group in context.groups_made:
        group.outputs = [(direction, weights) for direction, weights in group.outputs if direction in needed]
    depths = attention_depths(node for _, node in program.outputs)
    return Blocks(
        [head for head in context.heads_made if head.payloads],
        [group for group in context.groups_made if group.outputs],
        outputs,
        max(depths[node] for _, node in program.outputs),
        context.split_orders,
        context.features.readings(),
    )
