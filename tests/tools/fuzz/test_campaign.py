"""Campaigns of random programs: counts, reproducibility, reports; and 300 programs whose models must be right."""

from __future__ import annotations

import json

import pytest
from raspc.cli.main import main
from raspc.compiler import pipeline
from raspc.compiler.artifact.model_files import CompiledModel
from raspc.compiler.graph.graph import Aggregate, Program
from raspc.compiler.graph.walk import reachable
from raspc.compiler.lower.attention import scores
from raspc.compiler.lower.neurons import joint_functions
from raspc.compiler.options import CompileOptions, Strategy
from raspc.datasets.random_programs.generator import program_text
from raspc.tools.fuzz import check
from raspc.tools.fuzz.campaign import CampaignSettings, Summary, one_thread, run
from raspc.tools.fuzz.check import CheckResult, check_program

#: Refused programs, of those of the run below.
MOST_REFUSED = 0.03

PROGRAMS = 300


def _mode(index: int) -> tuple[bool, bool]:
    """(small, causal): every second program is compiled with -Os, every eighth causal."""
    return index % 2 == 1, index % 8 == 7


@pytest.mark.parametrize("part", range(4))
def test_models_of_random_programs_equal_the_interpreter(part: int) -> None:
    refused: dict[int, str] = {}
    numbers = range(part, PROGRAMS, 4)
    for index in numbers:
        small, causal = _mode(index // 4)
        text = program_text(2024, index)
        with one_thread():
            result = check_program(text, 30, small, causal, str(index))
        assert not result.failed, f"program {index} (small={small}, causal={causal}): {result.detail}\n{text}"
        if result.status == "refused":
            refused[index] = result.reason
    assert len(refused) <= 2 * MOST_REFUSED * len(numbers), refused


def test_models_made_with_the_costliest_constructions_equal_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forces the constructions that the compiler uses only where cheaper ones have too large an error."""
    monkeypatch.setattr(pipeline, "Strategy", (Strategy.LOW_NOISE, Strategy.APPROXIMATE_OUTPUT))
    monkeypatch.setattr(joint_functions, "MAX_PREFERRED_ERROR", -1.0)
    monkeypatch.setattr(scores, "MAX_TIED_SCORE_ERROR", -1.0)
    for index in range(150):
        small, causal = _mode(index)
        text = program_text(77, index)
        with one_thread():
            result = check_program(text, 20, small, causal, str(index))
        assert not result.failed, f"program {index} (small={small}, causal={causal}): {result.detail}\n{text}"


def _as_text(summary: Summary) -> str:
    return repr(summary)


def test_summary_is_the_same_for_one_and_two_processes() -> None:
    settings = CampaignSettings(seed=3, inputs=6)
    assert _as_text(run(12, settings, jobs=1)) == _as_text(run(12, settings, jobs=2))


def test_progress_is_reported_after_each_program() -> None:
    told: list[tuple[int, int]] = []
    run(3, CampaignSettings(inputs=2), progress=lambda index, summary: told.append((index, summary.programs)))
    assert told == [(0, 1), (1, 2), (2, 3)]


@pytest.fixture
def broken_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails on every program that has an aggregate."""

    def breaks(program: Program, options: CompileOptions) -> CompiledModel:
        if any(isinstance(node, Aggregate) for node in reachable([node for _, node in program.outputs])):
            raise ZeroDivisionError("an aggregate")
        return pipeline.compile_program(program, options)

    monkeypatch.setattr(check, "compile_program", breaks)


@pytest.mark.usefixtures("broken_compiler")
def test_three_failures_of_a_cause_are_reduced_and_the_rest_counted() -> None:
    summary = run(20, CampaignSettings(inputs=4))
    assert summary.failed
    assert len(summary.internal_errors) == 3
    assert summary.further_failures.total() > 0
    for failure in summary.internal_errors:
        assert failure.result.detail.endswith("ZeroDivisionError: an aggregate\n")
        assert len(failure.reduced_text.splitlines()) == 3
        assert len(failure.reduced_text) <= len(failure.text)


@pytest.mark.usefixtures("broken_compiler")
def test_command_shows_failures_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--programs", "20", "--inputs", "4"]) == 1
    out, err = capsys.readouterr()
    assert "mismatches: 0\n" in out
    assert "ZeroDivisionError" in out
    assert "fuzz-failed" in err


@pytest.mark.usefixtures("broken_compiler")
def test_command_lists_failures_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--programs", "20", "--inputs", "4", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["programs"] == 20
    assert found["mismatches"] == []
    assert set(found["internal_errors"][0]) == {"program", "minimal", "text", "reason", "detail"}


def test_command_counts_refusals_by_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuses(text: str, inputs: int, small: bool, causal: bool, seed: str) -> CheckResult:
        return CheckResult("refused", "C202" if small and causal else "C201")

    monkeypatch.setattr("raspc.tools.fuzz.campaign.check_program", refuses)
    assert main(["fuzz", "--programs", "4", "-Os", "--causal"]) == 0
    out = capsys.readouterr().out
    assert out == (
        "4 programs, 0 inputs, 0 positions compared; 0 inputs left out, their output is undefined\n"
        "refused: 4 (100.00%)\n  C202: 4\nmismatches: 0\ninternal errors: 0\n"
    )
