"""Words of other languages that people write, and the hint for each.

`KEYWORDS` stand where a statement or an operator begins, and do not parse; `NAMES` parse, as names without a value.
tests/compiler/elaborate/test_foreign_words.py has a program for each, and the program after following the hint.
"""

from __future__ import annotations

_NO_CLASSES = "RASP has functions, lists and dicts, but no classes"
_VALUES = "RASP has no exceptions; choose the value with a ternary: `a if condition else b`"
_ASSIGN = "write `name = value;`"
_LOAD = 'read another file with `load "file";`'
_NO_VALUE = "there is no such value; leave the default out"
_POSITIONS = "the positions are the s-op `indices`: 0, 1, 2, ..."
_TOKENS = "the input is the s-op `tokens`"
_LOOP = "a loop goes through its whole list; choose with a ternary: `x = a if condition else x;`"

KEYWORDS = {
    "elif": "write a ternary: `x = a if condition else (b if other else c);`",
    "while": "loop over a list instead: `for i in range(10) { ... }`",
    "lambda": "define a function: `def f(x) { return ...; }`",
    "import": _LOAD,
    "from": _LOAD,
    "print": "write the expression alone: `x;`",
    "let": _ASSIGN,
    "var": _ASSIGN,
    "const": _ASSIGN,
    "function": "write `def f(x) { ... return ...; }`",
    "class": _NO_CLASSES,
    "is": "write `==`",
    "not": "write `not (x in xs)`",
    "try": _VALUES,
    "raise": _VALUES,
    "assert": "RASP has no assertions; a file of cases beside the program can test it",
    "with": _ASSIGN,
    "global": "functions see the names of their file; `return` the new value",
    "del": "a name may be given another value: `name = value;`",
}

NAMES = {
    "true": "in RASP it is `True`",
    "false": "in RASP it is `False`",
    "None": _NO_VALUE,
    "null": _NO_VALUE,
    "nil": _NO_VALUE,
    "sum": "add in a `for` loop; over positions, `aggregate(full_s, x) * length`",
    "mean": "`average(x)` is the mean over all positions, `aggregate(selector, x)` over the selected ones",
    "avg": "`average(x)` is the mean over all positions, `aggregate(selector, x)` over the selected ones",
    "floor": "write `x // 1`",
    "ceil": "write `-(-x // 1)`",
    "pow": "write `x ^ y`",
    "mod": "write `x % y`",
    "where": "write `a if condition else b`",
    "any": "write `contains(x, True)`",
    "all": "write `not contains(x, False)`",
    "sorted": "write `sort(x, key)`, for instance `sort(tokens, tokens)`",
    "reversed": "write `x[length - 1 - indices]`",
    "reverse": "write `x[length - 1 - indices]`",
    "enumerate": "the positions are the s-op `indices`; of a list, `for i in range(len(xs)) { x = xs[i]; }`",
    "map": "write a comprehension: `[f(x) for x in xs]`",
    "filter": "choose with a ternary: `[x if condition else other for x in xs]`",
    "list": "write `[a, b]`; `range(3)` is a list already",
    "tuple": "write a list: `[a, b]`",
    "set": "write a list: `[a, b]`",
    "dict": 'write `{"a": 1}`',
    "str": '`tokens_str` are the tokens as strings; of other values, a dict: `{0: "0", 1: "1"}[x]`',
    "int": "`tokens_int` are the tokens as numbers; `round(x)` rounds",
    "float": "`tokens_float` are the tokens as numbers; every number may be a fraction",
    "bool": "compare: `x != 0`; `tokens_bool` are the tokens as booleans",
    "print": "write the expression alone: `x;`",
    "position": _POSITIONS,
    "positions": _POSITIONS,
    "index": _POSITIONS,
    "pos": _POSITIONS,
    "input": _TOKENS,
    "sequence": _TOKENS,
    "seq": _TOKENS,
    "not_": "in RASP it is `not`",
    "pass": "remove it; a loop or function has at least one other statement",
    "break": _LOOP,
    "continue": _LOOP,
}
