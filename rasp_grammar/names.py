"""Words that RASP keeps: those that cannot be names, and the names of the library."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

#: Words of the grammar (rasp.lark).
KEYWORDS = frozenset({"def", "return", "for", "in", "if", "else", "and", "or", "not", "load", "True", "False"})

#: Words that the reference implementation reserves.  The grammar accepts them as names; texts that raspc writes do
#: not use them, so that the reference reads these texts too.
REFERENCE_WORDS = frozenset(
    {"set", "show", "example", "examples", "on", "off", "selector", "draw", "exit", "quit", "get"}
)

#: The names that RASP has and cannot define in itself.
BUILTIN_NAMES = frozenset(
    {
        *("select", "select_first", "select_last", "select_nearest", "aggregate", "selector_width"),
        *("round", "indicator", "abs", "range", "zip", "len", "draw"),
        *("tokens", "indices", "tokens_str", "tokens_int", "tokens_float", "tokens_bool"),
    }
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_name(text: str) -> bool:
    """Whether the grammar reads the text as one name."""
    return _NAME.fullmatch(text) is not None and text not in KEYWORDS


@cache
def library_names() -> frozenset[str]:
    """Every name that a program has without defining it: the built-in ones and those of prelude.rasp."""
    prelude = (files(__package__) / "prelude.rasp").read_text(encoding="utf-8")
    return BUILTIN_NAMES | frozenset(re.findall(r"^(?:def )?(\w+)(?= =|\()", prelude, re.M))
