"""Outputs that are undefined on some inputs: a warning with a witness, since the model answers there all the same.

The analysis says of each output whether it may be undefined, and errs on the side of yes.  The interpreter decides on
a sample of inputs; so every warning is true of the input that it shows, and a program that is undefined only on inputs
outside the sample goes without one.
"""

from __future__ import annotations

from ..rasp_grammar.diagnostics import Diagnostic
from .graph import Program, SOp, reachable
from .inputs import Input, sampled_inputs
from .interpreter import DEFINE_HINT, evaluate, shown_input
from .manifest import Manifest
from .values import Undefined

CODE = "sometimes-undefined"

#: Node evaluations for all inputs together: some tenths of a second.
WORK = 40_000

MOST_INPUTS = 200
FEWEST_INPUTS = 20

#: Tokens of the longest sampled inputs.
LONG = 16


def undefined_warnings(program: Program, manifest: Manifest) -> tuple[Diagnostic, ...]:
    """A warning for each output of the model that is undefined on some sampled input, with the shortest such input.

    program: what the model was compiled from.  manifest: the model's.
    """
    assert program.vocabulary is not None
    assert program.max_length is not None
    doubtful = {output.name for output in manifest.outputs if output.may_be_undefined}
    outputs = {name: output for name, output in program.outputs if name in doubtful}
    if len(outputs) == 0:
        return ()
    nodes = len(reachable(list(outputs.values())))
    count = max(FEWEST_INPUTS, min(MOST_INPUTS, WORK // max(1, nodes)))
    warnings: dict[str, Diagnostic] = {}
    for tokens in sorted(sampled_inputs(program.vocabulary, min(LONG, program.max_length), count), key=len):
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
                    what = "the output" if len(program.outputs) == 1 else f"the output `{name}`"
                    warnings[name] = _warning(what, outputs[name], value, position, tokens)
                    break
    return tuple(warnings[name] for name in outputs if name in warnings)


def _warning(what: str, output: SOp, value: Undefined, position: int, tokens: Input) -> Diagnostic:
    return Diagnostic(
        CODE,
        f"{what} at position {position} is undefined on the input `{shown_input(tokens)}`: {value.reason}; "
        "what the model says there means nothing",
        value.span if value.span is not None else output.span,
        DEFINE_HINT,
        "warning",
    )
