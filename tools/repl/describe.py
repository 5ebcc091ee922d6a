"""The commands `:type`, `:depth` and `:doc`: facts about a value or a name."""

from __future__ import annotations

from collections.abc import Iterator

from ...compiler.elaborate.declarations import missing_declarations
from ...compiler.elaborate.library_docs import library
from ...compiler.elaborate.scope import Function, Object, kind
from ...compiler.graph.graph import Constant, Graph, Indices, Selector, SOp, Tokens
from ...compiler.graph.print_graph import describe
from ...compiler.graph.result_types import Kinds, infer, prints_truths
from ...compiler.graph.walk import attention_depths
from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import RaspError, did_you_mean, error
from ...rasp_grammar.parser import parse
from ...rasp_grammar.span import Source
from .conversation import Conversation
from .dataflow import longest_chain
from .read_statements import CommandLine
from .render import scalar_text
from .results import DocumentationShown, FactsShown, Outcome
from .show_values import NAMELESS, show, signature

#: Values of a domain that are listed.
_LISTED = 12

_PLURALS = {"bool": "booleans", "number": "numbers", "string": "strings"}


def show_type(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Show the kinds of an expression's values, and which values it can have."""
    expression, value = _evaluated(conversation, line, "type")
    subject = expression.span.text
    match value:
        case SOp():
            yield FactsShown(f"{subject}: s-op", tuple(_sop_facts(conversation, value)))
        case Selector():
            yield FactsShown(f"{subject}: selector", tuple(_selector_facts(conversation, value)))
        case _:
            yield show(subject, value, None, None)


def _evaluated(conversation: Conversation, line: CommandLine, command: str) -> tuple[tree.Expression, Object]:
    """The expression that follows the command, and its value.  Raises RaspError for anything but one expression."""
    source, span = line.source, line.argument_span
    hint = f"write `:{command} x`"
    if line.argument == "":
        raise error("unexpected-end", f"`:{command}` takes a name or an expression", span, hint)
    # Blanks in place of the command keep the positions of the expression.
    blanked = Source(source.name, " " * span.start + source.text[span.start :], source.first_line)
    items = parse(blanked).items
    if len(items) != 1 or not isinstance(items[0], tree.ExpressionStatement):
        raise error("unexpected-token", f"`:{command}` takes one expression", span, hint)
    expression = items[0].expression
    while isinstance(expression, tree.Group):
        expression = expression.inner
    return expression, conversation.session.evaluate(expression)


def _missing_text(conversation: Conversation) -> str:
    """The declarations that the session lacks, as a person would type them."""
    missing = missing_declarations(conversation.session.vocabulary, conversation.session.max_length)
    return " and ".join([f"`{one.example}`" for one in missing])


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
    if session.vocabulary is None or session.max_length is None:
        return f"follow from the input space; say {_missing_text(conversation)}"
    from ...compiler.analysis.domains import Space
    from ...compiler.analysis.node_facts import Analysis

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
        yield "selects", f"follows from the input space; say {_missing_text(conversation)}"
        return
    from ...compiler.analysis.domains import Space
    from ...compiler.analysis.node_facts import Analysis

    analysis = Analysis(Space(session.vocabulary, session.max_length))
    least = "at least one position" if analysis.selectors.never_empty(node) else "perhaps none"
    most = "at most one" if analysis.selectors.at_most_one(node) else f"at most {session.max_length}"
    both = "exactly one position" if (least, most) == ("at least one position", "at most one") else f"{least}, {most}"
    yield "selects", both


def show_depth(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Show the attention depth of an expression, and the attention steps of the longest chain."""
    expression, value = _evaluated(conversation, line, "depth")
    if not isinstance(value, (SOp, Selector)):
        hint = "only s-ops and selectors are computed by attention"
        raise error("wrong-kind", "this has no attention depth", expression.span, hint)
    facts = [("attention depth", str(attention_depths([value])[value]))]
    name = expression.name if isinstance(expression, tree.Name) else NAMELESS
    for number, step in enumerate(longest_chain(value), 1):
        facts.append((f"step {number}", _text(conversation, step, name if step is value else "")))
    yield FactsShown(expression.span.text, tuple(facts))


def _text(conversation: Conversation, node: SOp | Selector, name: str) -> str:
    """`name = definition`, with the names that the session has now."""
    naming = Graph()
    for known, label in conversation.node_names().items():
        naming.set_name(known, label)
    text = describe(naming, node, expand=True)
    label = naming.name(node) or name
    return text if label in ("", NAMELESS) or isinstance(node, (Tokens, Indices, Constant)) else f"{label} = {text}"


def show_documentation(conversation: Conversation, line: CommandLine) -> Iterator[Outcome]:
    """Show the documentation of a name: of the session, or of the library."""
    name, span = line.argument, line.argument_span
    if name == "":
        raise error("unexpected-end", "`:doc` takes a name", span, "write `:doc aggregate`")
    if name in conversation.session.names:
        own = conversation.session.value(name)
        what = signature(own) if isinstance(own, Function) else f"{name}: {kind(own)}"
        yield DocumentationShown(
            what, conversation.comment(name) or "(a comment above its definition would stand here)"
        )
        return
    known = library().get(name)
    if known is None:
        names = [*conversation.session.names, *library()]
        hint = did_you_mean(name, names, f"the library has {', '.join(library())}")
        raise error("unknown-name", f"`{name}` is not defined", span, hint)
    yield DocumentationShown(known.signature, known.text)
