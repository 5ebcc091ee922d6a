"""The compiler, stage by stage.

    text --elaborate--> program graph --simplify--> program graph, with domains
         --lower--> blocks --schedule--> layers --assemble--> arrays and manifest

`elaborate` makes the first step; `compile_program` the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from .analysis.domains import Space
from .analysis.node_facts import Analysis
from .artifact.assemble import assemble
from .artifact.model_files import CompiledModel
from .blocks.blocks import Blocks
from .blocks.layers import Schedule, parameter_count, schedule
from .elaborate import require_input_space
from .graph.graph import Node, Program
from .graph.print_graph import describe, format_graph
from .graph.result_types import infer, prints_truths
from .lower import lower
from .options import CompileOptions, Strategy
from .simplify.rewrite import simplify_traced
from .stages import Stages

#: Widths of comparisons that `-Os` tries.
SMALL_ORDERS = (4, 12, 64)

Stage = Literal["graph", "blocks", "layers"]


@dataclass(frozen=True)
class _Candidate:
    """A simplified program, to be lowered with some options."""

    options: CompileOptions
    program: Program
    simplified: Program
    images: Mapping[Node, Node]
    analysis: Analysis
    truths: frozenset[str]

    @classmethod
    def of(cls, program: Program, options: CompileOptions) -> _Candidate:
        vocabulary, max_length = require_input_space(program)
        space = Space(vocabulary, max_length, options.causal)
        simplified, analysis, images = simplify_traced(program, space, options.widest_order)
        kinds = infer([node for _, node in program.outputs], vocabulary)
        truths = frozenset(name for name, node in program.outputs if prints_truths(kinds[node]))
        return cls(options, program, simplified, images, analysis, truths)

    def lowered(self, effort: Strategy) -> Blocks:
        def text(node: Node) -> str:
            return describe(self.simplified.graph, node)

        return lower(
            self.simplified,
            self.analysis,
            options=self.options,
            describe=text,
            truths=self.truths,
            strategy=effort,
        )

    def staged(self, blocks: Blocks) -> Stages:
        plan, space = schedule(blocks), self.analysis.space
        _check_size(plan, space, self.options)
        return Stages(self.program, space, self.simplified, self.images, self.analysis, blocks, plan)


def stages(program: Program, options: CompileOptions) -> Stages:
    """Everything but the arrays.  Raises RaspError for a program that cannot be compiled.

    `small` tries several ways of splitting wide comparisons and keeps the model with the fewest layers, then the
    fewest parameters.  What the cheapest forms do not promise is tried with dearer ones; the refusal of the cheapest
    is the one that is raised.
    """
    wide = [replace(options, widest_order=widest) for widest in SMALL_ORDERS] if options.small else []
    candidate = cache(lambda settings: _Candidate.of(program, settings))
    refused: RaspError | None = None
    for effort in Strategy:
        tried: list[Stages] = []
        too_large = False
        for settings in (*wide, replace(options, small=False)):
            if tried and settings.small and not tried[0].blocks.split_orders:
                continue  # where the narrowest limit splits nothing, a wider one does not either
            try:
                blocks = candidate(settings).lowered(effort)
                too_large = True
                tried.append(candidate(settings).staged(blocks))
            except RaspError as error:
                last = error.with_traceback(None)  # which would keep all that was made
        if len(tried) > 0:
            return min(tried, key=lambda made: (len(made.plan.layers), parameter_count(made.plan, made.space)))
        refused = refused or last
        if too_large:
            break  # dearer forms are larger yet
    assert refused is not None
    raise refused


def compile_program(program: Program, options: CompileOptions | None = None) -> CompiledModel:
    """The model of an elaborated program.  Same program and options, same bytes.

    Raises RaspError when the program has no input space, no exact form, or is larger than the options allow.
    """
    options = options if options is not None else CompileOptions()
    return assemble(stages(program, options), options)


def emit(program: Program, options: CompileOptions, stage: Stage) -> str:
    """One stage as stable text."""
    from .blocks.print_blocks import format_blocks, format_layers

    made = stages(program, options)
    match stage:
        case "graph":
            return format_graph(made.simplified)
        case "blocks":
            return format_blocks(made.blocks)
        case "layers":
            return format_layers(made.plan, made.space)


def _check_size(plan: Schedule, space: Space, options: CompileOptions) -> None:
    parameters = parameter_count(plan, space)
    if parameters <= options.max_parameters:
        return
    output = plan.blocks.outputs[0]
    raise RaspError(
        Diagnostic(
            "C230",
            f"the model would have {parameters:,} parameters, more than the limit of {options.max_parameters:,}",
            output.node.span,
            "use a smaller vocabulary or max_length, -Os, or raise --max-params",
        )
    )
