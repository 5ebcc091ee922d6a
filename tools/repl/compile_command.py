"""The commands `:compile` and `:save`: they write the session as a model, and as a program."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from ...compiler.artifact.atomic_files import replace_files
from ...compiler.elaborate import elaborate
from ...compiler.elaborate.declarations import missing_declarations
from ...compiler.graph.graph import Program
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, did_you_mean, error, reason_of
from ...rasp_grammar.span import Source, Span
from .conversation import Conversation
from .read_statements import CommandLine
from .results import FileWritten, ModelWritten, Outcome, Warnings

_WAY_OUT = "name another file, as in `:compile x other.safetensors`"

_OPTIONS = {"-Os": "small", "--causal": "causal", "--uniform": "uniform"}


def compile_session(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Compile the session's program and write the model, as `raspc compile` does."""
    started = time.perf_counter()
    words, span = line.argument.split(), line.argument_span
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
    missing = missing_declarations(conversation.session.vocabulary, conversation.session.max_length)
    if missing:
        raise RaspError(
            [
                Diagnostic(
                    one.code,
                    f"the session does not say {one.unknown}",
                    span,
                    f"type `{one.example}`, with what you need",
                )
                for one in missing
            ]
        )
    if named and (named[0].endswith(".safetensors") or "/" in named[0]) and len(named) == 1:
        named = ["", named[0]]
    name = named[0] if named else ""
    program = _program(conversation, name, span)
    from ...compiler import CompileOptions, compile_program
    from ...compiler.artifact.model_files import require_room, write
    from ...compiler.warnings.causal import causal_warnings
    from ...compiler.warnings.outputs import output_warnings

    weights = Path(named[1] if len(named) > 1 else f"{program.outputs[0][0].replace('.', '_')}.safetensors")
    place = conversation.session.base / weights
    inputs = [Path(source.name) for source in program.sources]
    require_room(place, inputs=inputs, way_out=_WAY_OUT)  # before the work, not after it
    made = CompileOptions(
        small="small" in options,
        uniform="uniform" in options,
        causal="causal" in options,
    )
    warnings = causal_warnings(program) if made.causal else ()
    if warnings:
        yield Warnings(tuple(warnings))
    model = compile_program(program, made)
    if doubts := output_warnings(program, model.manifest):
        yield Warnings(doubts)
    write(model, place, inputs=inputs, way_out=_WAY_OUT)
    conversation.asked = name or conversation.asked
    yield ModelWritten(weights, model.manifest.sizes(), time.perf_counter() - started)


def _program(conversation: Conversation, name: str, span: Span) -> Program:
    """The session as a program.  Its output is the name, or without a name the s-op that was shown last."""
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


def save_program(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Write the session as a program.  Its output is the s-op or value that was shown last."""
    name, span = line.argument, line.argument_span
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
    yield FileWritten(path)
