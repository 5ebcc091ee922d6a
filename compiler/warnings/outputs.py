"""Warnings about outputs: approximate numbers, and inputs for which the output is undefined.

An output with too many values, too close together, is an approximate number with an error bound.  For an input whose
output is undefined, a model answers with some value all the same.  The analysis says which outputs may be undefined; it
is conservative, so the interpreter runs a sample of inputs.  Every warning shows an input for which it is true.  A
program that is undefined only on inputs outside the sample gets no warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...rasp_grammar.diagnostics import Diagnostic
from ..artifact.manifest import Manifest, NumberDecodeRecord
from ..graph.graph import Program, SOp
from ..graph.values import Undefined
from ..graph.walk import reachable
from ..interpret.interpreter import define_hint, evaluate, shown_input
from ..interpret.sample_inputs import Input, affordable, sampled_inputs
from .causal import causal_warnings

#: Inputs that are sampled for one program.
MAX_INPUTS = 200

#: Tokens of the longest sampled inputs.
MAX_TOKENS = 16


def model_warnings(program: Program, manifest: Manifest) -> tuple[Diagnostic, ...]:
    """Every warning of a program and the model that it was compiled into."""
    causal = causal_warnings(program) if manifest.causal else ()
    return (*program.warnings, *causal, *output_warnings(program, manifest))


def output_warnings(program: Program, manifest: Manifest) -> tuple[Diagnostic, ...]:
    """A warning for each output that is approximate, or is undefined on a sampled input; the shortest is shown.

    program: the program before simplification.  manifest: that of its model.
    """
    shown = {name: "the output" if len(program.outputs) == 1 else f"the output `{name}`" for name, _ in program.outputs}
    return (*_inexact(program, manifest, shown), *_undefined(program, manifest, shown))


def _inexact(program: Program, manifest: Manifest, shown: Mapping[str, str]) -> Iterator[Diagnostic]:
    spans = {name: output.span for name, output in program.outputs}
    for output in manifest.outputs:
        decode = output.decode
        if (
            isinstance(decode, NumberDecodeRecord)
            and decode.values is None
            and decode.max_denominator is None
            and output.error
        ):
            yield Diagnostic(
                "inexact-output",
                f"{shown[output.name]} has too many values, too close together, for the model to be exact: it gives "
                f"numbers within {output.error:.2g} of them",
                spans[output.name],
                "use a shorter max_length or a smaller vocabulary, or round the output to fewer values",
                "warning",
            )


def _undefined(program: Program, manifest: Manifest, shown: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    assert program.vocabulary is not None
    assert program.max_length is not None
    doubtful = {output.name for output in manifest.outputs if output.may_be_undefined}
    outputs = {name: output for name, output in program.outputs if name in doubtful}
    if len(outputs) == 0:
        return ()
    count = affordable(len(reachable(list(outputs.values()))), MAX_INPUTS)
    warnings: dict[str, Diagnostic] = {}
    for tokens in sorted(sampled_inputs(program.vocabulary, min(MAX_TOKENS, program.max_length), count), key=len):
        missing = [name for name in outputs if name not in warnings]
        if len(missing) == 0:
            break
        values = evaluate(
            [outputs[name] for name in missing], tokens, causal=manifest.causal, vocabulary=program.vocabulary
        )
        for name in missing:
            column = values[outputs[name]]
            for position, value in enumerate(column):
                if isinstance(value, Undefined):
                    warnings[name] = _warning(shown[name], outputs[name], value, position, tokens)
                    break
    return tuple(warnings[name] for name in outputs if name in warnings)


def _warning(what: str, output: SOp, value: Undefined, position: int, tokens: Input) -> Diagnostic:
    return Diagnostic(
        "sometimes-undefined",
        f"{what} at position {position} is undefined on the input `{shown_input(tokens)}`: {value.reason}; "
        "what the model says there means nothing",
        value.span if value.span is not None else output.span,
        define_hint(value),
        "warning",
    )
