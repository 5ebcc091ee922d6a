"""The changes that `mutants.py` makes to a module's text, and the rules for changes that it leaves out.

A mutant changes one comparison, arithmetic or bitwise operation, `and`/`or`, `not`, sign, number (by one), boolean,
ternary (its branches), `min`/`max`, `any`/`all`, or augmented assignment.

Left out, and counted, are changes that affect only people or the type checker:

- *messages*: format strings, the arguments `why=`, `label=` and `text=`, and the arguments of functions that make a
  refusal;
- *texts*: functions that return a `str`;
- *assertions*, and `strict=True`: they hold in every correct program;
- *types*: annotations, decorators and `TypeVar`s.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

#: Replacements of operators and of called functions.
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATIONS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
#: Calls whose arguments are left out: they make a diagnostic or a type.
REPORTING_CALLS = {"refuse": "messages", "_too_noisy": "messages", "TypeVar": "types"}
#: Keyword arguments that are left out.
REPORTING_KEYWORDS = {"why": "messages", "label": "messages", "text": "messages", "strict": "assertions"}
#: Fields of definitions that are left out.
TYPE_FIELDS = ("annotation", "returns", "decorator_list")


@dataclass(frozen=True)
class Mutant:
    """One change: an expression or statement of a file, and the text that replaces it.

    `lines` are the first and last line of the statement around it (of the definition, for a default argument); None
    outside functions, where every import runs the statement.
    """

    file: str
    start: int
    end: int
    line: int
    before: str
    after: str
    lines: tuple[int, int] | None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {_one_line(self.before)}  ->  {_one_line(self.after)}"

    def applied(self, text: bytes) -> bytes:
        return text[: self.start] + self.after.encode() + text[self.end :]


@dataclass(frozen=True)
class _Place:
    """The surroundings of a node: in a function or not, `Mutant.lines`, and the reason to leave its changes out."""

    in_function: bool = False
    lines: tuple[int, int] | None = None
    left_out: str | None = None


def mutants_of(file: str, text: str) -> tuple[list[Mutant], Counter[str]]:
    """All mutants of a file, and the number of changes left out, by reason."""
    data = text.encode()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found: list[Mutant] = []
    left_out: Counter[str] = Counter()
    for node, replacement, place in _changes(ast.parse(text), _Place()):
        if place.left_out is not None:
            left_out[place.left_out] += 1
            continue
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        after = ast.unparse(replacement) if isinstance(replacement, ast.stmt) else f"({ast.unparse(replacement)})"
        found.append(Mutant(file, start, end, node.lineno, data[start:end].decode(), after, place.lines))
    return found, left_out


Changed = tuple[ast.expr | ast.stmt, ast.expr | ast.stmt, _Place]


def _changes(node: ast.AST, place: _Place) -> Iterator[Changed]:
    """The expressions and statements below a node, each with a replacement and its surroundings."""
    place = _entered(node, place)
    if isinstance(node, (ast.expr, ast.AugAssign)):
        yield from ((node, changed, place) for changed in _changed(node))
    for name, value in ast.iter_fields(node):
        inner = place
        if place.left_out is None:
            if name in TYPE_FIELDS:
                inner = _Place(place.in_function, place.lines, "types")
            elif isinstance(node, ast.Call) and name != "func":
                inner = _Place(place.in_function, place.lines, REPORTING_CALLS.get(_called(node)))
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _changes(child, inner)


def _entered(node: ast.AST, place: _Place) -> _Place:
    """The surroundings of a node whose parent has the surroundings `place`."""
    in_function, lines, left_out = place.in_function, place.lines, place.left_out
    match node:
        case ast.FunctionDef(returns=returns, end_lineno=end):
            in_function, lines = True, (node.lineno, end or node.lineno)
            if isinstance(returns, ast.Name) and returns.id == "str":
                left_out = left_out or "texts"
        case ast.stmt() if in_function:
            lines = node.lineno, _head_end(node)
        case ast.keyword(arg=arg) if arg is not None:
            left_out = left_out or REPORTING_KEYWORDS.get(arg)
        case _:
            pass
    if isinstance(node, (ast.JoinedStr, ast.Assert)):
        left_out = left_out or ("assertions" if isinstance(node, ast.Assert) else "messages")
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and _called(node.exc) == "AssertionError":
        left_out = left_out or "assertions"
    return _Place(in_function, lines, left_out)


def _head_end(node: ast.stmt) -> int:
    """The last line of a statement's head, before its nested statements."""
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not body:
        return node.end_lineno or node.lineno
    first = body[0].pattern if isinstance(body[0], ast.match_case) else body[0]
    return max(node.lineno, first.lineno - 1)


def _changed(node: ast.expr | ast.AugAssign) -> Iterator[ast.expr | ast.stmt]:
    match node:
        case ast.Compare(left=left, ops=[operator], comparators=comparators) if type(operator) in COMPARISONS:
            yield ast.Compare(left, [COMPARISONS[type(operator)]()], comparators)
        case ast.Compare(left=left, ops=operators, comparators=comparators):
            for place, operator in enumerate(operators):
                changed = [*operators[:place], COMPARISONS[type(operator)](), *operators[place + 1 :]]
                yield ast.Compare(left, changed, comparators)
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in OPERATIONS:
            yield ast.BinOp(left, OPERATIONS[type(operation)](), right)
        case ast.AugAssign(target=target, op=operation, value=value) if type(operation) in OPERATIONS:
            yield ast.AugAssign(target, OPERATIONS[type(operation)](), value)
        case ast.BoolOp(op=ast.And(), values=values):
            yield ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(op=ast.Or(), values=values):
            yield ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.IfExp(test=test, body=body, orelse=otherwise):
            yield ast.IfExp(ast.UnaryOp(ast.Not(), test), body, otherwise)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)
            yield ast.BinOp(ast.Constant(value), ast.Sub(), ast.Constant(1))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords) if name in CALLS:
            yield ast.Call(ast.Name(CALLS[name]), arguments, keywords)
        case _:
            return


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 90 else f"{text[:87]}..."
