"""`:compile` and `:save`: the session as a model, and as a program."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...compiler.artifact.atomic_files import replace_files
from ...compiler.elaborate import elaborate
from ...compiler.graph.graph import Program
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, did_you_mean, error, reason_of
from ...rasp_grammar.span import Source, Span
from .arguments import missing_declarations, rest_of
from .results import Compiled, Outcome, Warned, Wrote

if TYPE_CHECKING:
    from .conversation import Conversation

_OPTIONS = {"-Os": "small", "--causal": "causal", "--uniform": "uniform"}


def make_model(conversation: Conversation, source: Source, start: int) -> Iterator[Outcome]:
    """Make a model: the same as `raspc compile` of the session's program."""
    started = time.perf_counter()
    rest, span = rest_of(source, start)
    words = rest.split()
    options = {_OPTIONS[word]: True for word in words if word in _OPTIONS}
    named = [word for word in words if word not in _OPTIONS]
    unknown = [word for word in named if word.startswith("-")]
    if unknown:
        raise error(
            "unexpected-token", f"`:compile` has no option `{unknown[0]}`", span, f"it has {', '.join(_OPTIONS)}"
        )
    if len(named) > 2:
        raise error(
            "unexpected-token",
            "`:compile` takes a name and a file",
            span,
            "type an expression first; then `:compile` takes it",
        )
    missing = missing_declarations(conversation)
    if missing:
        hints = [f"type {lacking.example}, with what you need" for lacking in missing]
        raise RaspError(
            [
                Diagnostic(lacking.code, lacking.message, span, hint)
                for lacking, hint in zip(missing, hints, strict=True)
            ]
        )
    if named and (named[0].endswith(".safetensors") or "/" in named[0]) and len(named) == 1:
        named = ["", named[0]]
    name = named[0] if named else ""
    program = _program(conversation, name, span)
    from ...compiler.artifact.model_files import pair_paths, write
    from ...compiler.options import CompileOptions
    from ...compiler.pipeline import compile_program
    from ...compiler.warnings.causal import causal_warnings
    from ...compiler.warnings.outputs import output_warnings

    weights = Path(named[1] if len(named) > 1 else f"{program.outputs[0][0].replace('.', '_')}.safetensors")
    pair_paths(weights)  # a wrong name is reported before the work, not after it
    made = CompileOptions(
        small="small" in options,
        uniform="uniform" in options,
        causal="causal" in options,
    )
    warnings = causal_warnings(program) if made.causal else ()
    if warnings:
        yield Warned(tuple(warnings))
    model = compile_program(program, made)
    if doubts := output_warnings(program, model.manifest):
        yield Warned(doubts)
    write(model, conversation.session.base / weights)
    conversation.asked = name or conversation.asked
    layers = model.manifest.layers
    yield Compiled(
        weights,
        len(layers),
        sum([len(layer.heads) for layer in layers]),
        sum([tensor.size for tensor in model.tensors.values()]),
        time.perf_counter() - started,
    )


def _program(conversation: Conversation, name: str, span: Span) -> Program:
    """The session as a program, whose output is a name, or else what was asked for last."""
    text = conversation.program
    if name == "":
        if conversation.asked is None:
            hint = "type an expression first, or name it: `:compile x`"
            raise error("no-output", "there is nothing to compile yet", span, hint)
        text += f"{conversation.asked};\n"
    elif name not in conversation.session.names:
        if name in conversation.session.visible():
            text += f"{name};\n"
            name = ""
        else:
            hint = did_you_mean(name, conversation.session.names, f"name it first: `{name} = ...;`")
            raise error("unknown-name", f"`{name}` is not defined", span, hint)
    # The name stands in the manifest.  No ending: a file `session.rasp` may be loaded all the same.
    made = Source(str(conversation.session.base / "session"), text)
    return elaborate(
        made,
        entries=(name,) if name else (),
        base=conversation.session.base,
        loaded=conversation.session.loaded,
    )


def save_program(conversation: Conversation, source: Source, start: int) -> Iterator[Outcome]:
    """Write the session as a program, with what was asked for last as its output."""
    name, span = rest_of(source, start)
    if name == "":
        raise error("unexpected-end", "`:save` takes a file", span, "write `:save program.rasp`")
    path = Path(name if name.endswith(".rasp") else f"{name}.rasp")
    target = conversation.session.base / path
    text = conversation.program + ("" if conversation.asked is None else f"{conversation.asked};\n")
    if target.exists():
        raise error("file", f"`{path}` exists already", span, "choose another name, or remove it first")
    try:
        replace_files({target: [text.encode()]})
    except (OSError, ValueError) as failure:
        raise error("file", f"`{path}`: {reason_of(failure)}", span, "choose another name") from None
    yield Wrote(path)
