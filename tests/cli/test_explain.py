"""`raspc explain`: every code has a page, and its examples have the stated results."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from raspc.cli.explanation import Explanation, explanations
from raspc.compiler.elaborate import elaborate, require_input_space
from raspc.compiler.graph.graph import Program
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import compile_program, stages
from raspc.compiler.warnings.causal import causal_warnings
from raspc.compiler.warnings.outputs import output_warnings
from raspc.rasp_grammar.codes import CODES
from raspc.rasp_grammar.diagnostics import Diagnostic, RaspError
from raspc.rasp_grammar.span import Source

Call = Callable[..., CompletedProcess[str]]

#: Codes whose cause is no program text and no short session: the machine, a damaged file, a bug of raspc, a huge text.
WITHOUT_EXAMPLE = {
    "C211",  # takes minutes
    "C212",  # the known ways to it compile by now
    "M012",
    "M021",
    "M022",
    "M060",
    "M061",
    "M062",
    "M070",
    "build-clash",
    "build-executor",
    "build-worker",
    "not-expressible",
    "export-differs",
    "export-folder",
    "export-too-large",
    "missing-extra",
    "no-tokens",
    "nothing-to-build",
    "file",
    "file-encoding",
    "file-unreadable",
    "fuzz-failed",
    "input-encoding",
    "input-line",
    "internal-error",
    "load-cycle",  # takes two files
    "load-too-deep",
    "margin-broken",
    "model-differs",
    "nothing-compared",
    "number-too-long",
    "out-of-memory",
    "text-too-long",
    "too-deep",
}


def _elaborate(text: str) -> tuple[Diagnostic, ...]:
    return _program(text).warnings


def _with_output(text: str) -> tuple[Diagnostic, ...]:
    return elaborate(Source("program.rasp", text)).warnings


def _with_input_space(text: str) -> tuple[Diagnostic, ...]:
    require_input_space(_program(text))
    return ()


def _causal(text: str) -> tuple[Diagnostic, ...]:
    return causal_warnings(_program(text))


def _compile(text: str) -> tuple[Diagnostic, ...]:
    stages(_program(text), CompileOptions())
    return ()


def _sometimes_undefined(text: str) -> tuple[Diagnostic, ...]:
    program = _program(text)
    return output_warnings(program, compile_program(program, CompileOptions()).manifest)


def _program(text: str) -> Program:
    return elaborate(Source("program.rasp", text), require_output=False)


#: The stages that report mistakes, in the order in which they run.
CHECKS = (_elaborate, _with_output, _with_input_space, _causal, _compile, _sometimes_undefined)


def _codes(check: Callable[[str], tuple[Diagnostic, ...]], text: str) -> list[str]:
    try:
        return [found.code for found in check(text)]
    except RaspError as error:
        return [found.code for found in error.diagnostics]


def _with(language: str) -> list[Explanation]:
    return [one for one in explanations().values() if one.blocks(language)]


def _name(one: Explanation) -> str:
    return one.code


ROOT = Path(__file__).resolve().parents[2]

PROGRAMS = [one for one in _with("rasp") if not one.blocks("console")]


def test_every_code_is_explained() -> None:
    assert list(explanations()) == list(CODES)


def test_every_code_is_emitted_somewhere() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for folder in ("rasp_grammar", "compiler", "runner", "cli", "tools", "interop")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "codes.py"
    ]
    assert [code for code in CODES if not any(f'"{code}"' in text for text in texts)] == []


def test_every_code_has_an_example_where_it_can() -> None:
    shown = {one.code for one in _with("rasp")} | {one.code for one in _with("console")}
    assert sorted(explanations().keys() - shown) == sorted(WITHOUT_EXAMPLE)


@pytest.mark.parametrize("explanation", PROGRAMS, ids=_name)
def test_the_example_has_the_mistake_and_its_repair_has_not(explanation: Explanation) -> None:
    wrong, *repaired = explanation.blocks("rasp")
    check = next((check for check in CHECKS if explanation.code in _codes(check, wrong)), None)
    assert check is not None, "the example does not show the code"
    assert len(repaired) <= 1
    for text in repaired:
        assert _codes(check, text) == []


@pytest.mark.parametrize("explanation", _with("console"), ids=_name)
def test_the_session_ends_as_it_is_shown(explanation: Explanation, call: Call, tmp_path: Path) -> None:
    for text in explanation.blocks("rasp"):
        (tmp_path / "program.rasp").write_text(text)
    (session,) = explanation.blocks("console")
    shown = ""
    for line in session.splitlines():
        if line.startswith("$ raspc "):
            shown = _run(call, line.removeprefix("$ raspc "), tmp_path)
        elif line.startswith("$ "):
            subprocess.run(line.removeprefix("$ "), shell=True, check=True, cwd=tmp_path)
        else:
            assert _without_numbers(line) in _without_numbers(shown)
    assert f"[{explanation.code}]" in shown


def _without_numbers(text: str) -> str:
    """The text with every number replaced by N: model sizes are tested elsewhere."""
    return re.sub(r"\d[\d,]*", "N", text)


def _run(call: Call, arguments: str, folder: Path) -> str:
    return call(*shlex.split(arguments), folder=folder).stderr


def test_texts_fit_a_terminal() -> None:
    for explanation in explanations().values():
        assert explanation.summary.endswith("."), explanation.code
        assert len(explanation.code) + len(explanation.summary) < 110, explanation.code
        assert max(map(len, explanation.as_text().splitlines())) <= 120, explanation.code


def test_explain_prints_the_page_of_a_code(call: Call) -> None:
    result = call("explain", "unknown-name")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("unknown-name: A name that is not defined.\n\n")
    assert "\n    share = agregate(full_s, indices);\n" in result.stdout
    assert "```" not in result.stdout
    assert call("explain", "[C202]").stdout == call("explain", "c202").stdout


def test_explain_lists_all_codes(call: Call) -> None:
    lines = call("explain").stdout.splitlines()
    assert lines[0] == "The text of a program"
    listed = [line.split()[0] for line in lines if line.startswith("  ")]
    assert listed == list(explanations())
    assert len(call("explain", "--json").stdout.splitlines()) == len(listed)


def test_an_unknown_code(call: Call) -> None:
    result = call("explain", "unknown-nam")
    assert result.returncode == 2
    assert "No such code 'unknown-nam'. Did you mean 'unknown-name'?" in result.stderr
    assert "`raspc explain` lists the codes." in call("explain", "xyz").stderr
