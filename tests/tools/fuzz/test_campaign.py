"""Campaigns: what they count, that they are the same every time, and a run of 300 programs that must be clean."""

from __future__ import annotations

import json

import pytest
from raspc.cli.main import main
from raspc.compiler import pipeline
from raspc.compiler.artifact.model_files import CompiledModel
from raspc.compiler.graph.graph import Aggregate, Program
from raspc.compiler.graph.walk import reachable
from raspc.compiler.lower.attention import scores
from raspc.compiler.lower.neurons import joint_functions as joint
from raspc.compiler.options import CompileOptions, Strategy
from raspc.tools.fuzz import check
from raspc.tools.fuzz.campaign import Settings, Summary, one_thread, program_text, run
from raspc.tools.fuzz.check import Outcome, check_program

#: Refused programs, of those of the run below.
MOST_REFUSED = 0.03

PROGRAMS = 300


def _mode(index: int) -> tuple[bool, bool]:
    """Default and -Os take turns; one in eight is causal."""
    return index % 2 == 1, index % 8 == 7


@pytest.mark.parametrize("part", range(4))
def test_random_programs_compute_what_they_mean(part: int) -> None:
    refused: dict[int, str] = {}
    numbers = range(part, PROGRAMS, 4)
    for index in numbers:
        small, causal = _mode(index // 4)
        text = program_text(2024, index)
        with one_thread():
            outcome = check_program(text, 30, small, causal, str(index))
        assert not outcome.failed, f"program {index} (small={small}, causal={causal}): {outcome.detail}\n{text}"
        if outcome.status == "refused":
            refused[index] = outcome.reason
    assert len(refused) <= 2 * MOST_REFUSED * len(numbers), refused


def test_the_dearest_ways_compute_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the compiler does only where the cheap ways are too noisy, everywhere."""
    monkeypatch.setattr(pipeline, "Strategy", (Strategy.LOW_NOISE, Strategy.APPROXIMATE_OUTPUT))
    monkeypatch.setattr(joint, "NOISY", -1.0)
    monkeypatch.setattr(scores, "SPOILT", -1.0)
    for index in range(150):
        small, causal = _mode(index)
        text = program_text(77, index)
        with one_thread():
            outcome = check_program(text, 20, small, causal, str(index))
        assert not outcome.failed, f"program {index} (small={small}, causal={causal}): {outcome.detail}\n{text}"


def _as_text(summary: Summary) -> str:
    return repr(summary)


def test_a_campaign_is_the_same_in_several_processes() -> None:
    settings = Settings(seed=3, inputs=6)
    assert _as_text(run(12, settings, jobs=1)) == _as_text(run(12, settings, jobs=2))


def test_progress_is_told_after_each_program() -> None:
    told: list[tuple[int, int]] = []
    run(3, Settings(inputs=2), progress=lambda index, summary: told.append((index, summary.programs)))
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
def test_failures_are_made_small() -> None:
    summary = run(20, Settings(inputs=4))
    assert summary.failed
    assert len(summary.internal_errors) == 3
    assert summary.unshrunk.total() > 0
    for failure in summary.internal_errors:
        assert failure.outcome.detail.endswith("ZeroDivisionError: an aggregate\n")
        assert len(failure.minimal.splitlines()) == 3
        assert len(failure.minimal) <= len(failure.text)


@pytest.mark.usefixtures("broken_compiler")
def test_the_command_shows_them_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--programs", "20", "--inputs", "4"]) == 1
    out, err = capsys.readouterr()
    assert "mismatches: 0\n" in out
    assert "ZeroDivisionError" in out
    assert "fuzz-failed" in err


@pytest.mark.usefixtures("broken_compiler")
def test_the_command_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--programs", "20", "--inputs", "4", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["programs"] == 20
    assert found["mismatches"] == []
    assert set(found["internal_errors"][0]) == {"program", "minimal", "text", "reason", "detail"}


def test_the_command_counts_refusals(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuses(text: str, inputs: int, small: bool, causal: bool, seed: str) -> Outcome:
        return Outcome("refused", "C202" if small and causal else "C201")

    monkeypatch.setattr("raspc.tools.fuzz.campaign.check_program", refuses)
    assert main(["fuzz", "--programs", "4", "-Os", "--causal"]) == 0
    out = capsys.readouterr().out
    assert out == (
        "4 programs, 0 inputs, 0 positions compared; 0 inputs left out, their output is undefined\n"
        "refused: 4 (100.00%)\n  C202: 4\nmismatches: 0\ninternal errors: 0\n"
    )
