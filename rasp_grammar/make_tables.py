"""Makes tables.json, the LALR tables of rasp.lark: `python -m raspc.rasp_grammar.make_tables`.

Lark needs 0.2 s to work them out and 0.05 s to be imported, a good part of what a whole compilation may take, so
this is done once and the result is committed; a test compares the two.  Nothing else imports Lark.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lark import Lark, Token
from lark.grammar import Rule
from lark.lexer import TerminalDef

FOLDER = Path(__file__).parent
GRAMMAR = FOLDER / "rasp.lark"
TABLES = FOLDER / "tables.json"

#: Terminals that no rule names but the lexer must know.
EXTRA = ("COMMENT", "NEWLINE", "UNKNOWN")


class KeepExtra:
    """Asks Lark to keep the terminals that only the lexer reads."""

    always_accept = EXTRA

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


def build() -> Lark:
    """The grammar in Lark; strict, so that a conflict or two terminals that match the same text are errors."""
    return Lark(
        GRAMMAR.read_text(encoding="utf-8"),
        parser="lalr",
        lexer="basic",
        keep_all_tokens=True,
        maybe_placeholders=False,
        postlex=KeepExtra(),
        strict=True,
    )


def tables() -> dict[str, object]:
    """The content of tables.json.

    "lexer": one regular expression, a named group for each terminal, in order of precedence; "keywords": the names
    that are terminals of their own; "rules": the rule that is reduced and how many symbols it takes; "states": for
    each state what a symbol does: a state to go to, or -1 - n to reduce rule n.  State 0 starts, "end" accepts.
    """
    grammar = build()
    data, memo = grammar.memo_serialize([TerminalDef, Rule])
    table = data["parser"]["parser"]
    symbols: dict[int, str] = table["tokens"]
    rules = sorted((_rule(item), number) for number, item in memo.items() if item["__type__"] == "Rule")
    rule_index = {number: index for index, (_, number) in enumerate(rules)}
    # States are numbered as they are reached from the start, so that Lark's own numbering does not matter.
    order = [table["start_states"]["start"]]
    rows: list[dict[str, tuple[int, int]]] = []
    for number in order:  # grows while it is read
        row: dict[str, tuple[int, int]] = {}
        for symbol, (kind, argument) in table["states"][number].items():
            # Lark's kind 0 is "shift", 1 is "reduce".
            row[symbols[symbol]] = (kind, argument if kind == 0 else rule_index[argument["@"]])
        rows.append(dict(sorted(row.items())))
        order += [state for kind, state in rows[-1].values() if kind == 0 and state not in order]
    state_index = {number: index for index, number in enumerate(order)}
    terminals = sorted(grammar.terminals, key=_precedence)
    words = [terminal for terminal in terminals if terminal.pattern.value.isalpha()]
    return {
        "lexer": "|".join(
            f"(?P<{terminal.name}>{terminal.pattern.to_regexp()})" for terminal in terminals if terminal not in words
        ),
        "keywords": {terminal.pattern.value: terminal.name for terminal in words},
        "rules": [[expansion[0], len(expansion) - 1] for expansion, _ in rules],
        "states": [
            {symbol: state_index[target] if kind == 0 else -1 - target for symbol, (kind, target) in row.items()}
            for row in rows
        ],
        "end": state_index[table["end_states"]["start"]],
    }


def _rule(item: dict[str, Any]) -> tuple[str, ...]:
    """The rule's name and the symbols that it takes."""
    return item["origin"]["name"], *(symbol["name"] for symbol in item["expansion"])


def _precedence(terminal: TerminalDef) -> tuple[int, int, int, str]:
    # The order in which Lark's own lexer tries terminals.
    return -terminal.priority, -terminal.pattern.max_width, -len(terminal.pattern.value), terminal.name


def text() -> str:
    """The file as it is committed: one state a line, so that a change of the grammar shows as one."""
    content = tables()
    lines = ["{"]
    for key in ("lexer", "keywords", "end"):
        lines.append(f"{json.dumps(key)}: {json.dumps(content[key], sort_keys=True)},")
    for key, comma in (("rules", ","), ("states", "")):
        rows = content[key]
        assert isinstance(rows, list)
        lines.append(f"{json.dumps(key)}: [")
        lines.append(",\n".join(json.dumps(row, separators=(",", ":")) for row in rows))
        lines.append(f"]{comma}")
    return "\n".join([*lines, "}"]) + "\n"


if __name__ == "__main__":
    TABLES.write_text(text(), encoding="utf-8")
