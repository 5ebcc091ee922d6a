"""Diagnostics for texts that do not parse: a rule for each common mistake, tried in order.

A rule looks at the tokens around the one that the grammar does not allow.  It returns a diagnostic, or None if it does
not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .diagnostics import Diagnostic, shortened
from .foreign_words import KEYWORDS
from .span import Source, Span
from .tokens import Token

#: Characters of a token that a message quotes.
MAX_TOKEN = 20

_PAIRS = {"RPAR": "LPAR", "RSQB": "LSQB", "RBRACE": "LBRACE"}
_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_WORDS = frozenset({"DEF", "RETURN", "FOR", "IN", "IF", "ELSE", "AND", "OR", "NOT", "LOAD", "TRUE", "FALSE"})
_STATEMENT_STARTS = frozenset(
    {"NAME", "DEF", "RETURN", "FOR", "LOAD", "SET_VOCAB", "SET_MAX_LENGTH", "SET_EXAMPLE", "DIRECTIVE"}
)
_OPERANDS = frozenset({"NAME", "NUMBER", "STRING", "TRUE", "FALSE"})
_AUGMENTED = frozenset({"PLUS", "MINUS", "STAR", "SLASH", "DOUBLE_SLASH", "PERCENT", "CARET"})

#: Letters that Python takes before a string.
_PREFIXES = frozenset({"f", "r", "b", "u"})

_CHARACTERS = {
    "&": ("`&&` is not RASP", "write `and`"),
    "|": ("`||` is not RASP", "write `or`"),
    "!": ("`!` alone is not RASP", "write `not`"),
    "?": ("`?` is not RASP", "write `a if condition else b`"),
    "~": ("`~` is not RASP", "write `not`"),
    "@": ("`@` is not RASP", None),
    "\\": ("`\\` is not RASP", "a statement may go on over several lines without it"),
    "\u201c": ("this is a typographic quote", 'write `"`'),
    "\u201d": ("this is a typographic quote", 'write `"`'),
    "\u2018": ("this is a typographic quote", "write `'`"),
    "\u2019": ("this is a typographic quote", "write `'`"),
    "\u2212": ("this is a typographic minus", "write `-`"),
    "≤": ("`≤` is not RASP", "write `<=`"),
    "≥": ("`≥` is not RASP", "write `>=`"),
    "≠": ("`≠` is not RASP", "write `!=`"),
}


@dataclass(frozen=True)
class Place:
    """The place where the parser stopped: `tokens[index]`, or the end of the text.

    first: the index of the first token of the statement.  accepts: tells whether a terminal, or `$END`, may come next.
    """

    source: Source
    tokens: Sequence[Token]
    index: int
    first: int
    accepts: Callable[[str], bool]

    def at(self, offset: int) -> Token | None:
        """The token at a distance from the one that is not allowed; None outside the statement."""
        index = self.index + offset
        return self.tokens[index] if self.first <= index < len(self.tokens) else None

    def kind(self, offset: int) -> str:
        token = self.at(offset)
        return "" if token is None else token.kind

    def span(self, token: Token | None) -> Span:
        if token is None:
            # The end of the text has no characters: use those of the last token.
            token = self.tokens[-1]
            return Span(self.source, max(token.start, token.end - 1), token.end)
        return Span(self.source, token.start, token.end)

    @property
    def touching(self) -> bool:
        """True if the token follows the one before it without a space."""
        before, here = self.at(-1), self.at(0)
        return before is not None and here is not None and before.end == here.start

    @property
    def open(self) -> list[Token]:
        """The brackets that are open here, innermost last."""
        result: list[Token] = []
        for token in self.tokens[self.first : self.index]:
            if token.kind in _PAIRS.values():
                result.append(token)
            elif token.kind in _PAIRS and result and result[-1].kind == _PAIRS[token.kind]:
                result.pop()
        return result

    @property
    def starts(self) -> bool:
        """True if a statement may start here."""
        return self.accepts("DEF")


def explain(place: Place) -> Diagnostic:
    """The diagnostic of the first rule that applies."""
    for rule in _RULES:
        found = rule(place)
        if found is not None:
            return found
    return _unexpected(place)


def is_missing_semicolon(place: Place) -> bool:
    """True if a `;` before this token would let the parser go on."""
    before, here = place.at(-1), place.at(0)
    # Where a statement may start, a `;` would be one too, but an empty one.
    if before is None or not place.accepts("SEMICOLON") or place.accepts("DEF"):
        return False
    if here is None:
        return True
    if here.kind == "RBRACE":
        return bool(place.open) and place.open[-1].kind == "LBRACE"
    new_line = "\n" in place.source.text[before.end : here.start]
    return here.kind in _STATEMENT_STARTS and (new_line or here.kind != "NAME" or place.kind(1) in ("ASSIGN", "LPAR"))


def _foreign_word(place: Place) -> Diagnostic | None:
    before, here = place.at(-1), place.at(0)
    for token in (before, here):
        if token is None or token.text not in KEYWORDS:
            continue
        if token.text == "not" and not (token is here and place.kind(1) == "IN"):
            continue
        if token.text == "is" and not (token is here and place.accepts("EQUAL")):
            continue
        hint = KEYWORDS[token.text]
        word = "not in" if token.text == "not" else token.text
        return Diagnostic("foreign-word", f"RASP has no `{word}`", place.span(token), hint)
    return None


def _tuple(place: Place) -> Diagnostic | None:
    brackets = place.open
    if place.kind(0) != "COMMA" or not brackets or brackets[-1].kind != "LPAR":
        return None
    opening = brackets[-1]
    end = place.source.text.find(")", opening.end)
    inner = place.source.text[opening.end : end].strip() if end > 0 else "a, b"
    if "\n" in inner or "(" in inner:
        inner = "a, b"
    hint = f"write a list: `[{shortened(inner, MAX_TOKEN)}]`"
    return Diagnostic("foreign-word", "RASP has no tuples", place.span(opening), hint)


def _prefixed_string(place: Place) -> Diagnostic | None:
    before = place.at(-1)
    if before is None or place.kind(0) != "STRING" or not place.touching or before.text.lower() not in _PREFIXES:
        return None
    hint = 'join strings with `+`: `"a" + x`' if before.text.lower() == "f" else "remove the letter"
    return Diagnostic("foreign-word", f"RASP has no `{before.text}` before a string", place.span(before), hint)


def _unknown_character(place: Place) -> Diagnostic | None:
    here = place.at(0)
    if here is None or here.kind != "UNKNOWN":
        return None
    span = place.span(here)
    if here.text in "\"'":
        number = place.source.position(here.start)[0]
        rest = len(place.source.line(number)) - place.source.position(here.start)[1] + 1
        span = Span(place.source, here.start, here.start + max(1, rest))
        return Diagnostic("unterminated-string", "this string is not closed on its line", span, f"add `{here.text}`")
    if here.text == ".":
        if place.kind(-1) == "NUMBER" or place.kind(1) == "NUMBER":
            return Diagnostic("number-form", "a decimal has digits on both sides", span, "write `0.5` or `1.0`")
        return Diagnostic("unexpected-character", "`.` stands only in numbers", span, "write `f(x)`, not `x.f()`")
    if here.text in _CHARACTERS:
        message, hint = _CHARACTERS[here.text]
        if here.text == "!" and place.kind(-1) != "" and place.accepts("AND"):
            hint = "unequal is `!=`"
        following = place.at(1)
        if following is not None and following.text == here.text and following.start == here.end:
            span = Span(place.source, here.start, following.end)
        return Diagnostic("unexpected-character", message, span, hint)
    shown = here.text if here.text.isprintable() else f"U+{ord(here.text):04X}"
    return Diagnostic("unexpected-character", f"`{shown}` means nothing in RASP", span, "remove it")


def _joined_number(place: Place) -> Diagnostic | None:
    if place.kind(-1) != "NUMBER" or place.kind(0) != "NAME" or not place.touching:
        return None
    number, word = place.tokens[place.index - 1], place.tokens[place.index]
    span = Span(place.source, number.start, word.end)
    if word.text[0] in "eE":
        return Diagnostic("number-form", "numbers have no exponent", span, "write the number out: `1000`")
    return Diagnostic("number-form", f"`{span.text}` is neither a number nor a name", span, "put an operator between")


def _power(place: Place) -> Diagnostic | None:
    if place.kind(-1) == "STAR" and place.kind(0) == "STAR" and place.touching:
        span = place.span(place.at(-1)).to(place.span(place.at(0)))
        return Diagnostic("power", "`**` is not RASP", span, "a power is written `x ^ y`")
    return None


def _misspelt_comparison(place: Place) -> Diagnostic | None:
    if not place.touching:
        return None
    pair = place.tokens[place.index - 1].text + place.tokens[place.index].text
    known = {"=<": "<=", "=>": ">=", "<>": "!=", "===": "==", "!==": "!="}
    if pair not in known:
        return None
    span = place.span(place.at(-1)).to(place.span(place.at(0)))
    return Diagnostic("comparison-form", f"`{pair}` is not RASP", span, f"write `{known[pair]}`")


def _assign(place: Place) -> Diagnostic | None:
    here, following = place.at(0), place.at(1)
    if here is None or here.kind != "ASSIGN":
        return None
    span = place.span(here)
    if following is not None and following.start == here.end and following.kind in ("LESS", "GREATER"):
        span = span.to(place.span(following))
        return Diagnostic("comparison-form", f"`{span.text}` is not RASP", span, f"write `{following.text}=`")
    if place.kind(-1) in _AUGMENTED and place.touching:
        sign = place.tokens[place.index - 1].text
        span = place.span(place.at(-1)).to(span)
        name = place.tokens[place.index - 2].text if place.kind(-2) == "NAME" else "x"
        hint = f"write `{name} = {name} {sign} ...`"
        return Diagnostic("assignment-form", f"`{sign}=` is not RASP", span, hint)
    if place.kind(-1) == "EQUAL" and place.touching:
        return _misspelt_comparison(place)
    brackets = place.open
    statement = place.tokens[place.first]
    if statement.kind == "DEF" and [token.text for token in brackets] == ["("]:
        hint = "give every argument in the call"
        return Diagnostic("default-parameter", "parameters have no default values", span, hint)
    if brackets and brackets[-1].kind != "LBRACE":
        hint = "compare with `==`"
        opening = place.tokens.index(brackets[-1])
        is_call = opening > place.first and place.tokens[opening - 1].kind in ("NAME", "RPAR", "RSQB")
        if place.kind(-1) == "NAME" and is_call:
            hint += "; arguments are given by position"
        return Diagnostic("assignment-form", "`=` cannot stand inside an expression", span, hint)
    hint = "compare with `==`; to name a value, write `name = value;` as a statement of its own"
    return Diagnostic("assignment-form", "only names can be given a value, one `=` a statement", span, hint)


def _statement_words(place: Place) -> Diagnostic | None:
    here = place.at(0)
    if here is None:
        return None
    if here.kind == "IF" and place.starts:
        hint = "write a ternary: `x = a if condition else b;`"
        return Diagnostic("if-statement", "RASP has no `if` statement", place.span(here), hint)
    if here.kind == "ELSE":
        hint = "write `a if condition else b`"
        if place.starts:
            return Diagnostic("if-statement", "RASP has no `if` statement and no `else` block", place.span(here), hint)
        return Diagnostic("stray-else", "this `else` belongs to no `if`", place.span(here), hint)
    if place.kind(-1) == "LOAD":
        return Diagnostic("load-form", "`load` takes a file name in quotes", place.span(here), 'write `load "file";`')
    set_words = ("SET_VOCAB", "SET_MAX_LENGTH", "SET_EXAMPLE")
    if here.kind in (*set_words, "DIRECTIVE") and place.open and place.starts:
        word = here.text.split()[0]
        message = f"`{word}` stands only outside functions and loops"
        return Diagnostic("not-at-top-level", message, place.span(here), "move it to the top of the file")
    setting = place.at(-1)
    if setting is not None and setting.kind in set_words and here.kind in ("ASSIGN", "COLON"):
        line = place.source.line(place.source.position(here.start)[0])
        value = line[place.source.position(here.start)[1] :].strip().rstrip(";").rstrip()
        hint = f"write `{' '.join(setting.text.split())} {shortened(value or '...', MAX_TOKEN)}`"
        return Diagnostic("set-form", f"`set` takes no `{here.text}`", place.span(here), hint)
    before = place.at(-1)
    if before is not None and before.text == "set" and here.kind == "NAME":
        span = place.span(before).to(place.span(here))
        hint = 'write `set vocab "abc"`, `set max_length 16` or `set example "abc"`'
        return Diagnostic("set-form", f"`set {shortened(here.text, MAX_TOKEN)}` is not known", span, hint)
    return None


def _colon(place: Place) -> Diagnostic | None:
    here = place.at(0)
    if here is None or here.kind != "COLON":
        return None
    span = place.span(here)
    statement = place.tokens[place.first]
    brackets = place.open
    if brackets and brackets[-1].kind == "LSQB":
        hint = "of a list, write `[xs[i] for i in range(1, 3)]`; of an s-op, move it: `x[indices + 1]`"
        return Diagnostic("slice", "RASP has no slices", span, hint)
    if statement.kind in ("DEF", "FOR") or any(token.kind in ("DEF", "FOR") for token in _line(place)):
        hint = "write `def f(x) { ... return ...; }` and `for x in xs { ... }`"
        return Diagnostic("python-block", "a body stands in braces, not after a colon", span, hint)
    return Diagnostic("stray-colon", "`:` stands only in dicts, between key and value", span, "remove it")


def _line(place: Place) -> list[Token]:
    """The tokens of this line before the place."""
    line_start = place.source.text.rfind("\n", 0, place.tokens[place.index].start) + 1
    return [token for token in place.tokens[place.first : place.index] if token.start >= line_start]


def _keyword_as_name(place: Place) -> Diagnostic | None:
    here = place.at(0)
    if here is None or here.kind not in _WORDS or not place.accepts("NAME"):
        return None
    if place.kind(1) not in ("ASSIGN", "COMMA", "RPAR", "LPAR", "IN") and place.kind(-1) not in ("DEF", "FOR"):
        return None
    message = f"`{here.text}` is a word of the language"
    return Diagnostic("reserved-word", message, place.span(here), "choose another name")


def _name_equals_keyword(place: Place) -> Diagnostic | None:
    # `True = 3;` stops at the `=`.
    starts = place.kind(-2) in ("", "SEMICOLON", "LBRACE", "RBRACE")
    if place.kind(0) == "ASSIGN" and place.kind(-1) in _WORDS and starts:
        token = place.tokens[place.index - 1]
        message = f"`{token.text}` is a word of the language"
        return Diagnostic("reserved-word", message, place.span(token), "choose another name")
    return None


def _closing(place: Place) -> Diagnostic | None:
    here = place.at(0)
    if here is None or here.kind not in _PAIRS:
        return None
    brackets = place.open
    if not brackets:
        return Diagnostic("stray-bracket", f"this `{here.text}` closes nothing", place.span(here), "remove it")
    if brackets[-1].kind != _PAIRS[here.kind]:
        number, column = place.source.position(brackets[-1].start)
        expected = _CLOSERS[brackets[-1].text]
        message = f"`{here.text}` cannot close the `{brackets[-1].text}` of line {number}, column {column}"
        return Diagnostic("wrong-bracket", message, place.span(here), f"write `{expected}` first")
    return None


def _unclosed(place: Place) -> Diagnostic | None:
    here = place.at(0)
    brackets = place.open
    if not brackets:
        return None
    innermost = brackets[-1]
    ends = here is None or (here.kind in {"SEMICOLON"} | _STATEMENT_STARTS - {"NAME"} and innermost.kind != "LBRACE")
    if not ends or (here is not None and not place.accepts(_closer_kind(innermost)) and not place.accepts("COMMA")):
        return None
    hint = f"add `{_CLOSERS[innermost.text]}`"
    return Diagnostic("unclosed-bracket", f"this `{innermost.text}` is never closed", place.span(innermost), hint)


def _closer_kind(token: Token) -> str:
    return next(closing for closing, opening in _PAIRS.items() if opening == token.kind)


def _missing_else(place: Place) -> Diagnostic | None:
    if not place.accepts("ELSE") or place.accepts("SEMICOLON"):
        return None
    inside = place.open
    start = inside[-1].start if inside else 0
    condition = next((t for t in reversed(place.tokens[place.first : place.index]) if t.kind == "IF"), None)
    assert condition is not None
    words = [token.kind for token in place.tokens[place.first : place.index] if token.start >= start]
    if inside and "FOR" in words and words.index("FOR") < len(words) - 1 - words[::-1].index("IF"):
        message = "a comprehension has no filter"
        hint = "make the list in a `for` loop, or choose with a ternary before `for`"
        return Diagnostic("comprehension-filter", message, place.span(condition), hint)
    hint = "write `a if condition else b`"
    return Diagnostic("missing-else", "this `if` has no `else`", place.span(condition), hint)


def _missing_semicolon(place: Place) -> Diagnostic | None:
    if not is_missing_semicolon(place):
        return None
    before = place.at(-1)
    assert before is not None
    span = Span(place.source, before.end - 1 if before.end > before.start else before.end, before.end)
    return Diagnostic("missing-semicolon", "`;` is missing after this", span, "every statement ends with `;`")


def _no_operator(place: Place) -> Diagnostic | None:
    here, before = place.at(0), place.at(-1)
    if here is None or before is None or here.kind not in _OPERANDS or not place.accepts("AND"):
        return None
    message = f"nothing joins `{shortened(before.text, MAX_TOKEN)}` and `{shortened(here.text, MAX_TOKEN)}`"
    hint = "put an operator or a comma between them, or `;` to end the statement"
    return Diagnostic("missing-operator", message, place.span(here), hint)


def _missing_operand(place: Place) -> Diagnostic | None:
    before = place.at(-1)
    if before is None or not place.accepts("NAME") or not place.accepts("NUMBER") or place.starts:
        return None
    here = place.at(0)
    message = f"a value is missing after `{shortened(before.text, MAX_TOKEN)}`"
    if here is not None and here.text != "":
        message += f", before `{shortened(here.text, MAX_TOKEN)}`"
    return Diagnostic("missing-value", message, place.span(before), "write the value, or remove the sign")


def _unexpected(place: Place) -> Diagnostic:
    here = place.at(0)
    expected = [f"`{text}`" for kind, text in _EXPECTED if place.accepts(kind)]
    if place.accepts("NUMBER"):
        expected.insert(0, "a value")
    elif place.accepts("NAME"):
        expected.insert(0, "a name")
    hint = f"expected {' or '.join(expected[:4])}" if expected else None
    if here is None:
        return Diagnostic("unexpected-end", "the text ends in the middle of a statement", place.span(None), hint)
    return Diagnostic(
        "unexpected-token", f"`{shortened(here.text, MAX_TOKEN)}` cannot stand here", place.span(here), hint
    )


_EXPECTED = (
    ("SEMICOLON", ";"),
    ("LBRACE", "{"),
    ("LPAR", "("),
    ("RPAR", ")"),
    ("RSQB", "]"),
    ("RBRACE", "}"),
    ("COMMA", ","),
    ("COLON", ":"),
    ("IN", "in"),
    ("ASSIGN", "="),
)

_RULES: tuple[Callable[[Place], Diagnostic | None], ...] = (
    _unknown_character,
    _prefixed_string,
    _tuple,
    _joined_number,
    _power,
    _name_equals_keyword,
    _statement_words,
    _foreign_word,
    _assign,
    _misspelt_comparison,
    _keyword_as_name,
    _colon,
    _missing_else,
    _closing,
    _missing_semicolon,
    _unclosed,
    _no_operator,
    _missing_operand,
)
