"""The commands `:compile` and `:save`: they write the session as a model, and as a program."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

from ...compiler.artifact.atomic_files import replace_files
from ...compiler.elaborate import elaborate
from ...compiler.elaborate.declarations import missing_declarations
from ...compiler.graph.graph import Program
from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import Diagnostic, RaspError, did_you_mean, error, reason_of
from ...rasp_grammar.parser import parse
from ...rasp_grammar.span import Source
from .conversation import Conversation
from .read_statements import CommandLine
from .results import FileWritten, ModelWritten, Outcome, Warnings

_WAY_OUT = "name another file, as in `:compile x other.safetensors`"

#: A word that is meant as an option; `-x` may be an expression.
_OPTION = re.compile(r"--\w[\w-]*|-O\w*")

_FILE = re.compile(r"(?:^|\s)(?P<file>\S+\.(?:safetensors|manifest\.json))$")
_NAME_AND_FILE = re.compile(r"[A-Za-z_]\w*\s+(?P<file>[\w./-]*[\w])")

_OPTIONS = ("-Os", "--causal", "--uniform")


def compile_session(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Compile the session's program and write the model, as `raspc compile` does."""
    started = time.perf_counter()
    span = line.argument_span
    options, expression, file = _arguments(line)
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
    program = _program(conversation, expression, line)
    from ...compiler import CompileOptions, compile_program
    from ...compiler.artifact.model_files import require_room, write
    from ...compiler.warnings.causal import causal_warnings
    from ...compiler.warnings.outputs import output_warnings

    weights = Path(file if file is not None else f"{program.outputs[0][0].replace('.', '_')}.safetensors")
    place = conversation.session.base / weights
    inputs = [Path(source.name) for source in program.sources]
    require_room(place, inputs=inputs, way_out=_WAY_OUT)  # before the work, not after it
    made = CompileOptions(
        small="-Os" in options,
        uniform="--uniform" in options,
        causal="--causal" in options,
    )
    warnings = causal_warnings(program) if made.causal else ()
    if warnings:
        yield Warnings(tuple(warnings))
    model = compile_program(program, made)
    if doubts := output_warnings(program, model.manifest):
        yield Warnings(doubts)
    write(model, place, inputs=inputs, way_out=_WAY_OUT)
    conversation.asked = expression or conversation.asked
    conversation.compiled = model
    yield ModelWritten(weights, model.manifest.sizes(), time.perf_counter() - started)


def _arguments(line: CommandLine) -> tuple[set[str], str, str | None]:
    """The options, the expression (empty if there is none) and the file of `:compile`."""
    words = line.argument.split()
    options = {word for word in words if word in _OPTIONS}
    unknown = [word for word in words if _OPTION.fullmatch(word) and word not in _OPTIONS]
    if unknown:
        message = f"`:compile` has no option `{unknown[0]}`"
        raise error("unexpected-token", message, line.argument_span, f"it has {', '.join(_OPTIONS)}")
    text = re.sub("|".join(rf"(?<!\S){re.escape(word)}(?!\S)" for word in _OPTIONS), "", line.argument).strip()
    file = _FILE.search(text) or _NAME_AND_FILE.fullmatch(text)
    return (options, text, None) if file is None else (options, text[: file.start("file")].strip(), file["file"])


def _program(conversation: Conversation, name: str, line: CommandLine) -> Program:
    """The session as a program.  Its output is the expression, or without one the s-op that was shown last."""
    text, span = conversation.program, line.argument_span
    if name != "" and not name.isidentifier():
        items = parse(Source(line.source.name, f"{name};", line.source.position(0)[0])).items
        if len(items) != 1 or not isinstance(items[0], tree.ExpressionStatement):
            raise error("unexpected-token", "`:compile` takes one expression", span, "type the statements first")
        text += f"{name};\n"
        name = ""
    elif name == "":
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
