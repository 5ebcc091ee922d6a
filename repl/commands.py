"""The commands to the REPL itself: `:compile`, `:type` and the others."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..compiler.atomic import replace_files
from ..compiler.elaborate import elaborate
from ..compiler.elaborate.objects import Function, Object, error, kind
from ..compiler.graph import Constant, Graph, Indices, Program, Selector, SOp, Tokens
from ..compiler.graph_text import describe
from ..compiler.kinds import Kinds, infer, prints_truths
from ..editor.documentation import library
from ..rasp_grammar import tree
from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from ..rasp_grammar.parser import parse
from ..rasp_grammar.span import Source, Span
from .flow import depths, longest_chain
from .outcomes import Compiled, Described, Documented, Helped, Left, Outcome, Warned, Wrote
from .rendering import scalar_text
from .showing import NAMELESS, show, signature

if TYPE_CHECKING:
    from .conversation import Conversation

#: Values of a domain that are listed.
_LISTED = 12

_PLURALS = {"bool": "booleans", "number": "numbers", "string": "strings"}

_OPTIONS = {"-Os": "small", "--causal": "causal", "--uniform": "uniform"}


@dataclass(frozen=True)
class Command:
    """`usage` is what follows the name."""

    usage: str
    summary: str
    run: Callable[[Conversation, Source, int], Iterator[Outcome]]


def obey(conversation: Conversation, source: Source) -> Iterator[Outcome]:
    """The outcomes of a line that begins with `:`.  Raises RaspError."""
    match = re.match(r"\s*:[ \t]*([A-Za-z]*)", source.text)
    assert match is not None
    word = match[1]
    found = [name for name in COMMANDS if name.startswith(word)]
    if word in COMMANDS:
        found = [word]
    if word == "" or len(found) != 1:
        close = difflib.get_close_matches(word, COMMANDS, n=1)
        hint = f"did you mean `:{close[0]}`?" if close and not found else "`:help` lists the commands"
        if len(found) > 1 and word:
            hint = f"it could be {' or '.join([f'`:{name}`' for name in found])}"
        span = Span(source, match.start(1) - 1, match.end(1))
        raise error("unexpected-token", f"there is no command `:{word}`", span, hint)
    yield from COMMANDS[found[0]].run(conversation, source, match.end())


# ---- facts -----------------------------------------------------------------------------------------


def _type(conversation: Conversation, source: Source, start: int) -> Iterator[Outcome]:
    """The kinds that its values have, and which they are."""
    expression, value = _evaluated(conversation, source, start, "type")
    subject = expression.span.text
    match value:
        case SOp():
            yield Described(f"{subject}: s-op", tuple(_sop_facts(conversation, value)))
        case Selector():
            yield Described(f"{subject}: selector", tuple(_selector_facts(conversation, value)))
        case _:
            yield show(subject, value, None, None)


def _sop_facts(conversation: Conversation, node: SOp) -> Iterator[tuple[str, str]]:
    session = conversation.session
    example = conversation.sop_example
    if session.vocabulary is None:
        tokens = () if example is None else example.tokens
        yield "kind", f"{_kind_words(infer([node], tokens)[node])} (with the tokens of the example)"
    else:
        yield "kind", _kind_words(infer([node], session.vocabulary)[node])
    yield "values", _domain_text(conversation, node)


def _kind_words(kinds: Kinds) -> str:
    return " or ".join([_PLURALS[kind] for kind in sorted(kinds)]) or "nothing: undefined everywhere"


def _domain_text(conversation: Conversation, node: SOp) -> str:
    session = conversation.session
    missing = _missing(conversation)
    if session.vocabulary is None or session.max_length is None:
        return f"follow from the input space; say {' and '.join([lacking.example for lacking in missing])}"
    from ..compiler.analysis import Analysis
    from ..compiler.domains import Space

    try:
        domain = Analysis(Space(session.vocabulary, session.max_length)).domain(node)
    except RaspError as refusal:
        return refusal.diagnostics[0].message
    truths = prints_truths(infer([node], session.vocabulary)[node])
    text = domain.describe()
    if domain.values is not None and len(domain.values) <= _LISTED:
        shown = [bool(value) if truths and value in (0, 1) else value for value in domain.values]
        text = ", ".join([scalar_text(value) for value in shown])
    return text + ("; undefined on some inputs, perhaps" if domain.undefined else "")


def _selector_facts(conversation: Conversation, node: Selector) -> Iterator[tuple[str, str]]:
    yield "definition", _text(conversation, node, NAMELESS)
    session = conversation.session
    if session.vocabulary is None or session.max_length is None:
        lacking = " and ".join([lacking.example for lacking in _missing(conversation)])
        yield "selects", f"follows from the input space; say {lacking}"
        return
    from ..compiler.analysis import Analysis
    from ..compiler.domains import Space

    analysis = Analysis(Space(session.vocabulary, session.max_length))
    least = "at least one position" if analysis.never_empty(node) else "perhaps none"
    most = "at most one" if analysis.at_most_one(node) else f"at most {session.max_length}"
    both = "exactly one position" if (least, most) == ("at least one position", "at most one") else f"{least}, {most}"
    yield "selects", both


def _depth(conversation: Conversation, source: Source, start: int) -> Iterator[Outcome]:
    """How many layers of attention it takes, and the attention steps on the longest way."""
    expression, value = _evaluated(conversation, source, start, "depth")
    if not isinstance(value, (SOp, Selector)):
        hint = "only s-ops and selectors are computed by attention"
        raise error("wrong-kind", "this has no attention depth", expression.span, hint)
    facts = [("attention depth", str(depths([value])[value]))]
    name = expression.name if isinstance(expression, tree.Name) else NAMELESS
    for number, step in enumerate(longest_chain(value), 1):
        facts.append((f"step {number}", _text(conversation, step, name if step is value else "")))
    yield Described(expression.span.text, tuple(facts))


def _text(conversation: Conversation, node: SOp | Selector, name: str) -> str:
    """`name = definition`, with the names that the session has now."""
    naming = Graph()
    for known, label in conversation.node_names().items():
        naming.set_name(known, label)
    text = describe(naming, node, expand=True)
    label = naming.name(node) or name
    return text if label in ("", NAMELESS) or isinstance(node, (Tokens, Indices, Constant)) else f"{label} = {text}"


def _doc(conversation: Conversation, source: Source, start: int) -> Iterator[Outcome]:
    """What a name is for."""
    name, span = _rest(source, start)
    if name == "":
        raise error("unexpected-end", "`:doc` takes a name", span, "write `:doc aggregate`")
    if name in conversation.session.names:
        own = conversation.session.value(name)
        what = signature(own) if isinstance(own, Function) else f"{name}: {kind(own)}"
        yield Documented(what, conversation.comment(name) or "(a comment above its definition would stand here)")
        return
    known = library().get(name)
    if known is None:
        names = [*conversation.session.names, *library()]
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"the library has {', '.join(library())}"
        raise error("unknown-name", f"`{name}` is not defined", span, hint)
    yield Documented(known.signature, known.text)


# ---- files -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lacking:
    code: str
    message: str
    example: str


def _missing(conversation: Conversation) -> list[_Lacking]:
    """What the session has not said about the inputs."""
    found: list[_Lacking] = []
    if conversation.session.vocabulary is None:
        message = "the session does not say which tokens the model is for"
        found.append(_Lacking("no-vocabulary", message, '`set vocab "abc"`'))
    if conversation.session.max_length is None:
        message = "the session does not say how long the model's input may be"
        found.append(_Lacking("no-length", message, "`set max_length 16`"))
    return found


def _compile(conversation: Conversation, source: Source, start: int) -> Iterator[Outcome]:
    """Make a model: the same as `raspc compile` of the session's program."""
    started = time.perf_counter()
    rest, span = _rest(source, start)
    words = rest.split()
    options = {_OPTIONS[word]: True for word in words if word in _OPTIONS}
    named = [word for word in words if word not in _OPTIONS]
    unknown = [word for word in named if word.startswith("-")]
    if unknown:
        raise error(
            "unexpected-token", f"`:compile` has no option `{unknown[0]}`", span, f"it has {', '.join(_OPTIONS)}"
        )
    if len(named) > 2:
        raise error("unexpected-token", "`:compile` takes a name and a file", span, "write `:compile x x.safetensors`")
    missing = _missing(conversation)
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
    from ..compiler.artifact import pair_paths, write
    from ..compiler.causality import causal_warnings
    from ..compiler.pipeline import CompileOptions, compile_program

    weights = Path(named[1] if len(named) > 1 else f"{program.outputs[0][0].replace('.', '_')}.safetensors")
    pair_paths(weights)  # a wrong name is reported before the work, not after it
    made = CompileOptions(
        small="small" in options,
        uniform="uniform" in options,
        causal="causal" in options,
        max_parameters=200_000_000,
    )
    warnings = causal_warnings(program) if made.causal else ()
    if warnings:
        yield Warned(tuple(warnings))
    model = compile_program(program, made)
    write(model, conversation.session.base / weights)
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
            hint = "name it: `:compile x`, or type an expression first"
            raise error("no-output", "there is nothing to compile yet", span, hint)
        text += f"{conversation.asked};\n"
    elif name not in conversation.session.names:
        if name in conversation.session.visible():
            text += f"{name};\n"
            name = ""
        else:
            close = difflib.get_close_matches(name, conversation.session.names, n=1)
            hint = f"did you mean `{close[0]}`?" if close else f"name it first: `{name} = ...;`"
            raise error("unknown-name", f"`{name}` is not defined", span, hint)
    # The name stands in the manifest.  No ending: a file `session.rasp` may be loaded all the same.
    made = Source(str(conversation.session.base / "session"), text)
    return elaborate(
        made,
        entries=(name,) if name else (),
        base=conversation.session.base,
        loaded=conversation.session.loaded,
    )


def _save(conversation: Conversation, source: Source, start: int) -> Iterator[Outcome]:
    """Write the session as a program, with what was asked for last as its output."""
    name, span = _rest(source, start)
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
        reason = failure.strerror if isinstance(failure, OSError) else failure
        raise error("file", f"`{path}`: {reason}", span, "choose another name") from None
    yield Wrote(path)


# ---- help ------------------------------------------------------------------------------------------

_HELP = """\
Statements are RASP's (`x = select(tokens, "a", ==);`) and end with `;`, or with the line.
An s-op or selector is shown on the running example; x("abc") shows it on another input.

  set example "hello"        the running example; also a list, `set example [3, 1, 2]`
  show example               show it; `s-op example` and `selector example` are the two of them
  examples off, examples on  show names only, or values again; `s-op examples off` ...
  full seq display on, off   every value, instead of [5]*5
  load "file";               run a program's statements here
  draw(x, "abc");            draw how x is computed, to x.svg; draw(x, "abc", "file.pdf");
  set vocab "abc"            the tokens of a model ...
  set max_length 16          ... and its longest input, for :compile and :type
  exit()                     leave; so does Ctrl-D.  Ctrl-C drops a line, or stops what runs
"""


def _help(conversation: Conversation, source: Source, start: int) -> Iterator[Outcome]:
    """This page."""
    lines = [_HELP]
    width = max([len(f"{name} {command.usage}") for name, command in COMMANDS.items()]) + 3
    for name, command in COMMANDS.items():
        lines.append(f"  {f':{name} {command.usage}'.rstrip():<{width}}{command.summary}")
    yield Helped("\n".join(lines))


def _quit(conversation: Conversation, source: Source, start: int) -> Iterator[Outcome]:
    """Leave."""
    yield Left()


COMMANDS: dict[str, Command] = {
    "compile": Command(
        "[NAME] [FILE]", "a model of a name, or of what was shown last (-Os, --causal, --uniform)", _compile
    ),
    "type": Command("X", "what kind of values x has, and which", _type),
    "depth": Command("X", "how many layers of attention x takes, and which steps", _depth),
    "doc": Command("NAME", "what a function or a name is for", _doc),
    "save": Command("FILE", "write the session as a program", _save),
    "help": Command("", "this page", _help),
    "quit": Command("", "leave", _quit),
}


# ---- arguments -------------------------------------------------------------------------------------


def _rest(source: Source, start: int) -> tuple[str, Span]:
    """What follows the command, and its place (the command's own where nothing does)."""
    text = source.text[start:]
    argument = text.strip().rstrip(";").strip()
    if argument == "":
        line = len(source.text.rstrip())
        return "", Span(source, line - len(source.text.strip()), line)
    begin = start + text.index(argument[0])
    return argument, Span(source, begin, begin + len(argument))


def _evaluated(conversation: Conversation, source: Source, start: int, command: str) -> tuple[tree.Expression, Object]:
    """The expression that follows the command, and its value; nothing is given a name."""
    argument, span = _rest(source, start)
    hint = f"write `:{command} x`"
    if argument == "":
        raise error("unexpected-end", f"`:{command}` takes a name or an expression", span, hint)
    # Blank, so that places in the expression are places in the line.
    blanked = Source(source.name, " " * span.start + source.text[span.start :], source.first_line)
    items = parse(blanked).items
    if len(items) != 1 or not isinstance(items[0], tree.ExpressionStatement):
        raise error("unexpected-token", f"`:{command}` takes one expression", span, hint)
    expression = items[0].expression
    while isinstance(expression, tree.Group):
        expression = expression.inner
    return expression, conversation.session.evaluate(expression)
