"""The committed parse tables are those of the grammar, and the grammar has no conflict."""

from __future__ import annotations

import subprocess
import sys

from raspc.rasp_grammar.build_tree import RULES
from raspc.rasp_grammar.make_tables import TABLES, build, text
from raspc.rasp_grammar.tables import tables


def test_the_grammar_is_lalr_without_conflicts_or_ambiguous_terminals() -> None:
    # `build` asks Lark to be strict: a conflict, or two terminals for the same text, raises.
    assert build().parse('set vocab "ab";x=select(tokens,tokens,==);').data == "start"


def test_the_committed_tables_are_up_to_date() -> None:
    assert TABLES.read_text(encoding="utf-8") == text(), "run python -m raspc.rasp_grammar.make_tables"


def test_every_rule_that_gives_a_node_is_built() -> None:
    assert {name for name, _ in tables().rules if not name.startswith("_")} - {"start"} == set(RULES)


def test_parsing_does_not_import_lark() -> None:
    program = (
        "import sys; from raspc.compiler.elaborate import elaborate; from raspc.rasp_grammar.span import Source; "
        "elaborate(Source('x', 'tokens;')); print(sorted({'lark', 'numpy', 'torch'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
