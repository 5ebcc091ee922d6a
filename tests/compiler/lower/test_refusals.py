"""Refusals of whole programs: which attempts are made, and the prices that are known before anything is built."""

from __future__ import annotations

import time

import pytest
from raspc.compiler import pipeline
from raspc.compiler.elaborate import elaborate
from raspc.compiler.options import CompileOptions, Strategy
from raspc.compiler.work_limit import WorkLimit
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.rasp_grammar.span import Source


def _attempts(text: str, monkeypatch: pytest.MonkeyPatch, *, small: bool = False) -> tuple[list[Strategy], RaspError]:
    """The strategies of the attempts that are made until a program is refused, and its refusal."""
    made: list[Strategy] = []
    compile_with = pipeline.compile_with

    def counted(*arguments: object) -> object:
        made.append(arguments[2])  # type: ignore[arg-type]
        return compile_with(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "compile_with", counted)
    with pytest.raises(RaspError) as refused:
        pipeline.stages(elaborate(Source("p.rasp", text)), CompileOptions(small=small))
    return made, refused.value


def test_a_refusal_that_no_strategy_avoids_ends_the_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    made, refusal = _attempts('set vocab "ab"; set max_length 4; tokens + 1;', monkeypatch)
    assert (made, refusal.diagnostics[0].code) == ([Strategy.SMALLEST], "C220")


def test_widths_of_orders_are_tried_where_there_is_a_wide_order_only(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = _attempts('set vocab "ab"; set max_length 4; tokens + 1;', monkeypatch, small=True)
    assert made == [Strategy.SMALLEST] * 2  # with and without `small`


def test_an_output_of_more_words_and_numbers_than_logits_tell_apart_is_refused_before_it_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = """set vocab "abcx"; set max_length 30;
    place = aggregate(select(tokens, "x", ==), indices);
    place if tokens == "x" else tokens;"""
    made, refusal = _attempts(text, monkeypatch)
    assert made == [Strategy.SMALLEST]
    assert refusal.diagnostics[0].code == "C221"
    assert "8,066 values" in refusal.diagnostics[0].message


SLOW = """set vocab range(16); set max_length 16;
q = tokens[-1];
lo = 0;
hi = length - 2;
for i in range(4) {
  mid = (lo + hi) // 2;
  v = tokens[mid];
  lo = mid + 1 if v < q else lo;
  hi = mid if v >= q else hi;
}
lo if tokens[lo] == q else -1;"""


def test_a_compilation_that_takes_too_many_steps_says_what_it_was_working_on() -> None:
    program = elaborate(Source("p.rasp", SLOW))
    told: list[str] = []
    with pytest.raises(RaspError) as refused:
        pipeline.compile_program(program, limit=WorkLimit(tell=told.append, max_steps=20_000))
    (refusal,) = refused.value.diagnostics
    assert refusal.code == "C231"
    assert told, "the steps are told"
    assert refusal.message.endswith(f"it was working on `{told[-1]}`")


def test_a_compilation_ends_when_its_time_is_used_up() -> None:
    program = elaborate(Source("p.rasp", SLOW))
    started = time.monotonic()
    with pytest.raises(RaspError) as refused:
        pipeline.compile_program(program, limit=WorkLimit(seconds=0.5))
    assert time.monotonic() - started < 5
    assert refused.value.diagnostics[0].message.startswith("the compilation took more than 0.5 s")


def test_steps_are_the_same_in_every_compilation() -> None:
    program = elaborate(Source("p.rasp", 'set vocab "abc"; set max_length 6; tokens[length - indices - 1];'))
    limits = [WorkLimit(), WorkLimit()]
    for limit in limits:
        pipeline.compile_program(program, limit=limit)
    assert limits[0].steps == limits[1].steps > 0
