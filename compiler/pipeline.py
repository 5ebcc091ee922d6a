"""The compiler: the stages of a program in order.  Read this file first.

    .rasp text --elaborate--> program graph --simplify, infer domains--> simplified graph, with its analysis
               --lower--> blocks --schedule--> layers --assemble--> arrays and manifest

`elaborate.elaborate` makes the program graph of a text, and `artifact.model_files.write` writes the model's two files.
The steps between them are here: `compile_program` takes them all, `compile_with` those up to the layers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

from ..rasp_grammar.diagnostics import RaspError, error
from .analysis.domains import Space
from .artifact.assemble import assemble
from .artifact.model_files import CompiledModel
from .blocks.layers import Schedule, parameter_count, schedule
from .elaborate import require_input_space
from .graph.graph import Node, Program
from .graph.print_graph import describe, format_graph
from .graph.result_types import infer, prints_truths
from .lower import LoweringRefused, lower
from .options import CompileOptions, Strategy
from .simplify.rewrite import Simplified, simplify
from .stages import Stages
from .work_limit import LimitReached, WorkLimit, limited

Stage = Literal["graph", "blocks", "layers"]

Simplify = Callable[[CompileOptions], Simplified]


def compile_program(
    program: Program, options: CompileOptions | None = None, limit: WorkLimit | None = None
) -> CompiledModel:
    """The model of an elaborated program.  Same program and options, same bytes.

    Raises RaspError when the program has no input space, has no exact form, or is larger than the options allow, and
    when the limit ends the compilation (C231).
    """
    options = options if options is not None else CompileOptions()
    layers = stages(program, options, limit)
    return assemble(layers, options)


def stages(program: Program, options: CompileOptions, limit: WorkLimit | None = None) -> Stages:
    """The program at every stage before the arrays, by the first strategy that succeeds.

    Of several settings (`CompileOptions.settings`) the one with the fewest layers is kept, then the one with the fewest
    parameters.  Raises the RaspError of the first strategy if all fail.  When the steps of the limit are used up, the
    attempts until then count; C231 if there are none, or if the time is used up.
    """
    limit = limit if limit is not None else WorkLimit()
    simplify = cache(lambda settings: simplify_for(program, settings))  # the strategies share it
    refusals: dict[CompileOptions, RaspError] = {}
    for strategy in Strategy:
        settings = [one for one in options.settings() if one not in refusals or _may_help(strategy, refusals[one])]
        attempts: dict[CompileOptions, Stages | RaspError] = {}
        try:
            with limited(limit):
                _attempt_all(attempts, program, settings, strategy, simplify)
        except LimitReached:
            if limit.late or not (attempts or refusals):
                raise _limit_reached(limit) from None
        made = [attempt for attempt in attempts.values() if isinstance(attempt, Stages)]
        if len(made) > 0:
            return min(made, key=lambda one: (len(one.plan.layers), parameter_count(one.plan, one.space)))
        refused = {one: attempt for one, attempt in attempts.items() if isinstance(attempt, RaspError)}
        refusals = refusals or refused
        too_large = any(isinstance(refusal, ModelTooLarge) for refusal in refused.values())
        if too_large or limit.steps > limit.max_steps:  # the later strategies make larger models
            break
    raise list(refusals.values())[-1]


def compile_with(program: Program, settings: CompileOptions, strategy: Strategy, simplify: Simplify) -> Stages:
    """The stages before the arrays, with one strategy.  Raises RaspError if it fails."""
    found = simplify(settings)
    simplified, analysis = found.program, found.analysis
    text, truths = _describer(simplified), _outputs_of_truths(program, analysis.space)
    blocks = lower(simplified, analysis, options=settings, describe=text, truths=truths, strategy=strategy)
    plan = schedule(blocks)
    _require_size(plan, analysis.space, settings)
    return Stages(program, analysis.space, simplified, found.images, analysis, blocks, plan)


def simplify_for(program: Program, settings: CompileOptions) -> Simplified:
    """The simplified program, with its domains inferred.  Raises RaspError for a program without an input space."""
    vocabulary, max_length = require_input_space(program)
    return simplify(program, Space(vocabulary, max_length, settings.causal), settings.widest_order)


def emit(program: Program, options: CompileOptions, stage: Stage, limit: WorkLimit | None = None) -> str:
    """One stage as stable text; raises as `compile_program`."""
    from .blocks.print_blocks import format_blocks, format_layers

    made = stages(program, options, limit)
    match stage:
        case "graph":
            return format_graph(made.simplified)
        case "blocks":
            return format_blocks(made.blocks)
        case "layers":
            return format_layers(made.plan, made.space)


class ModelTooLarge(RaspError):
    """A model of more parameters than the options allow (C230)."""


def _attempt_all(
    attempts: dict[CompileOptions, Stages | RaspError],
    program: Program,
    settings: Sequence[CompileOptions],
    strategy: Strategy,
    simplify: Simplify,
) -> None:
    """Adds to `attempts` the program compiled with each of the settings, or the reason why it cannot be.

    A width of orders shares the attempt of a narrower one that met no order which a width concerns."""
    narrowest: CompileOptions | None = None
    for one in settings:
        if one.small and narrowest is not None:
            first = attempts[narrowest]
            if isinstance(first, Stages):
                same = not first.blocks.split_orders
            else:
                same = isinstance(first, LoweringRefused) and not first.meets_wide_orders
                same = same and _text_of(simplify(one)) == _text_of(simplify(narrowest))
            if same:
                attempts[one] = first
                continue
        try:
            attempts[one] = compile_with(program, one, strategy, simplify)
        except RaspError as refusal:
            attempts[one] = refusal.with_traceback(None)  # a traceback would keep all blocks in memory
        if narrowest is None or not isinstance(attempts[narrowest], Stages):
            narrowest = one


def _may_help(strategy: Strategy, refusal: RaspError) -> bool:
    """The strategy may lead to another end than this refusal."""
    return isinstance(refusal, LoweringRefused) and strategy in refusal.may_help


def _text_of(simplified: Simplified) -> str:
    return format_graph(simplified.program)


def _limit_reached(limit: WorkLimit) -> RaspError:
    """C231: the compilation took too long, or too many steps."""
    if limit.late:
        message, hint = f"the compilation took more than {limit.seconds:g} s", "allow more time, or use"
    else:
        message, hint = "the compilation took too many steps", "use"
    if limit.expression:
        message += f"; it was working on `{limit.expression}`"
    span = None if limit.node is None else limit.node.span
    return error("C231", message, span, f"{hint} a smaller vocabulary or max_length, or fewer values in one expression")


def _describer(program: Program) -> Callable[[Node], str]:
    return lambda node: describe(program.graph, node)


def _outputs_of_truths(program: Program, space: Space) -> frozenset[str]:
    """The names of the outputs that print 0 and 1 as truth values."""
    kinds = infer([node for _, node in program.outputs], space.vocabulary)
    return frozenset(name for name, node in program.outputs if prints_truths(kinds[node]))


def _require_size(plan: Schedule, space: Space, options: CompileOptions) -> None:
    parameters = parameter_count(plan, space)
    if parameters > options.max_parameters:
        too_large = error(
            "C230",
            f"the model would have {parameters:,} parameters, more than the limit of {options.max_parameters:,}",
            plan.blocks.outputs[0].node.span,
            "use a smaller vocabulary or max_length, -Os, or raise --max-params",
        )
        raise ModelTooLarge(too_large.diagnostics)
