"""The names of `raspc.compiler`, and which stages they load."""

from __future__ import annotations

import subprocess
import sys

import pytest
from raspc import compiler


def test_the_facade_gives_the_names_of_the_pipeline() -> None:
    from raspc.compiler import options, pipeline, stages

    assert compiler.compile_program is pipeline.compile_program
    assert compiler.emit is pipeline.emit
    assert compiler.CompileOptions is options.CompileOptions
    assert compiler.Stages is stages.Stages
    with pytest.raises(AttributeError, match="no attribute 'optimise'"):
        compiler.optimise  # type: ignore[attr-defined]  # noqa: B018


def test_elaborating_a_program_loads_no_later_stage() -> None:
    script = """
import sys
from raspc.compiler.elaborate import elaborate
from raspc.rasp_grammar.span import Source
elaborate(Source("test.rasp", "tokens;"))
print(sorted({name.split(".")[2] for name in sys.modules if name.startswith("raspc.compiler.")}))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "['elaborate', 'graph', 'interpret']\n"
