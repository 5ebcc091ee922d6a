"""A program at every stage between its text and the arrays of its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .analysis.domains import Space
from .analysis.node_facts import Analysis
from .blocks.blocks import Blocks
from .blocks.layers import Schedule
from .graph.graph import Node, Program


@dataclass(frozen=True)
class Stages:
    """A program at every stage between its graph and its arrays.

    `images` maps each node of `program` that an output depends on to the node of `simplified` that replaced it."""

    program: Program
    space: Space
    simplified: Program
    images: Mapping[Node, Node]
    analysis: Analysis
    blocks: Blocks
    plan: Schedule
