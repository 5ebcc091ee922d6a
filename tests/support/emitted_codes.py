"""Every diagnostic code that the package can emit, read off its own text."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: What makes diagnostics, and the place of the code among the arguments.
MAKERS = {"Diagnostic": 0, "error": 0, "_error": 0, "refuse": 1}

#: A code, wherever it stands: a name of its own, or a letter and three digits.
NUMBERED = re.compile(r"[A-Z]\d{3}")

FOLDERS = ("rasp_grammar", "compiler", "runner", "cli", "tools", "datasets", "interop")


def emitted_codes() -> dict[str, str]:
    """Each code and one place that emits it (`file:line`)."""
    found: dict[str, str] = {}
    for path in sorted([*ROOT.glob("*.py"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))]):
        module = ast.parse(path.read_text(encoding="utf-8"))
        constants = dict(_constants(module))
        for node in ast.walk(module):
            for code in _codes_of(node, constants):
                found.setdefault(code, f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")
    return found


def _codes_of(node: ast.AST, constants: dict[str, str]) -> list[str]:
    match node:
        case ast.Constant(value=str(text)) if NUMBERED.fullmatch(text):
            return [text]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in MAKERS:
            place = MAKERS[name]
            argument = args[place] if place < len(args) else None
            match argument:
                case ast.Constant(value=str(code)) if re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", code):
                    return [code]
                case ast.Name(id=constant) if constant in constants:
                    return [constants[constant]]
    return []


def _constants(module: ast.Module) -> list[tuple[str, str]]:
    """Module-level names for strings: `CODE = "reads-differently"`."""
    return [
        (name, text)
        for statement in module.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        for name, text in [_named_text(target, statement.value)]
        if name != ""
    ]


def _named_text(target: ast.expr, value: ast.expr) -> tuple[str, str]:
    match target, value:
        case ast.Name(id=name), ast.Constant(value=str(text)):
            return name, text
        case _:
            return "", ""
